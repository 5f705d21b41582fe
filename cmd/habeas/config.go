package main

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"habeas/requests"
	"habeas/requests/connect"
	"habeas/requests/mail"
)

// Config is habeas.yaml. Secrets stand in files of their own or in the
// environment, never here; docs/operator.md explains every key.
type Config struct {
	Company struct {
		Name         string            `yaml:"name"`
		Contact      string            `yaml:"contact"`       // e-mail address for privacy questions
		Address      string            `yaml:"address"`       // postal address, one line
		Officer      string            `yaml:"officer"`       // data protection officer
		Transfers    string            `yaml:"transfers"`     // third countries and safeguards (Art. 15(2))
		Automated    string            `yaml:"automated"`     // automated decisions (Art. 15(1)(h))
		Authority    string            `yaml:"authority"`     // supervisory authority for complaints
		AuthorityURL string            `yaml:"authority_url"` // and where to reach it
		BaseURL      string            `yaml:"base_url"`      // https://privacy.acme.example
		Logo         string            `yaml:"logo"`          // file, SVG or PNG
		Colour       string            `yaml:"colour"`        // brand colour, #rrggbb
		Languages    []string          `yaml:"languages"`     // that customers may choose, best first (default en, de, fr, es)
		Laws         []string          `yaml:"laws"`          // that it does business under (EU, CA, …): `config check` holds its grounds against them (default all)
		Glossary     map[string]string `yaml:"glossary"`      // by language, the file with the company's texts in it
	} `yaml:"company"`
	Listen         string `yaml:"listen"`          // address of the portal
	ListenInternal string `yaml:"listen_internal"` // address for /metrics and /readyz; empty: on the portal's
	Database       struct {
		URLFile      string `yaml:"url_file"`       // connects as habeas_app; env DATABASE_URL
		OwnerURLFile string `yaml:"owner_url_file"` // for migrate; env DATABASE_OWNER_URL
	} `yaml:"database"`
	Redis struct {
		URLFile string `yaml:"url_file"` // env REDIS_URL
		Prefix  string `yaml:"prefix"`   // key prefix (default habeas)
	} `yaml:"redis"`
	Keys string `yaml:"keys"` // key ring file; env HABEAS_KEYS holds its text instead
	Log  struct {
		Origin       string        `yaml:"origin"` // name of the evidence log, e.g. privacy.acme.example/log
		Key          string        `yaml:"key"`    // signing key file; only the worker reads it
		PublishEvery time.Duration `yaml:"publish_every"`
	} `yaml:"log"`
	Blobs string `yaml:"blobs"` // folder shared by portal and workers
	Mail  struct {
		From     string `yaml:"from"`
		Host     string `yaml:"host"`
		Port     int    `yaml:"port"`
		User     string `yaml:"user"`
		PassFile string `yaml:"password_file"`
		TLS      string `yaml:"tls"`
	} `yaml:"mail"`
	Approvals struct {
		Erasure int `yaml:"erasure"`
		Release int `yaml:"release"`
	} `yaml:"approvals"`
	Erasure struct {
		Wait    *time.Duration `yaml:"wait"`
		Backups time.Duration  `yaml:"backups"` // how long backups of the systems live: answers tell it
	} `yaml:"erasure"`
	Unsearched []string        `yaml:"unsearched"` // categories of records that no search reaches (11 CCR 7024(c)(4))
	Rescans    []time.Duration `yaml:"rescans"`
	Package    struct {
		For time.Duration `yaml:"for"`
	} `yaml:"package"`
	Unverified struct {
		After time.Duration `yaml:"after"` // when other ways to prove an identity are mailed (default 168h)
	} `yaml:"unverified"`
	Keep struct {
		Recourse time.Duration `yaml:"recourse"` // after an answer, how long it stays provable (default 8760h)
		Requests time.Duration `yaml:"requests"` // after a request's end, until its key is destroyed (default 26280h, never under 24 months)
		Backups  time.Duration `yaml:"backups"`  // how long backups of the database live
	} `yaml:"keep"`
	Clock    ClockConfig        `yaml:"clock"`
	Purposes []requests.Purpose `yaml:"purposes"`
	GPC      struct {
		Purposes []string `yaml:"purposes"` // those that are a sale or sharing (11 CCR 7025)
		Origins  []string `yaml:"origins"`  // own sites that pass the browser's signal on
		Since    string   `yaml:"since"`    // YYYY-MM-DD, for /.well-known/gpc.json
	} `yaml:"gpc"`
	Register    []requests.Processing         `yaml:"register"`    // of processing: what Art. 15 GDPR wants told
	Recipients  []requests.Recipient          `yaml:"recipients"`  // who gets data, and is told of erasures (Art. 19)
	Grounds     []requests.CompanyGround      `yaml:"grounds"`     // own reasons to keep records, and what they are under each law
	Authorities map[string]requests.Authority `yaml:"authorities"` // whom letters name under a law, in place of ours
	Systems     []System                      `yaml:"systems"`
	Worker      struct {
		Concurrency int           `yaml:"concurrency"`
		Lease       time.Duration `yaml:"lease"`
	} `yaml:"worker"`
	TrustedProxies []string `yaml:"trusted_proxies"` // whose X-Forwarded-For counts
	Limits         Limits   `yaml:"limits"`

	databaseURL, ownerURL, redisURL string
	glossary                        requests.Glossary
}

// Limits are calls per client.
type Limits struct {
	FilingsPerMinute int `yaml:"filings_per_minute"` // per address (default 20)
	CallsPerSecond   int `yaml:"calls_per_second"`   // per token (default 20)
}

// System is one entry of `systems`.
type System struct {
	Name    string            `yaml:"name"`
	Kind    string            `yaml:"kind"`
	Title   string            `yaml:"title"`
	URLFile string            `yaml:"url_file"` // file with the system's URL; or env HABEAS_SYSTEM_<NAME>_URL
	Dataset string            `yaml:"dataset"`  // file
	Slots   int               `yaml:"slots"`
	Options map[string]string `yaml:"options"`

	url string
}

// loadConfig reads the file at path and the environment. Every fault is named
// at once.
func loadConfig(path string) (*Config, error) {
	var c Config
	if path == "" {
		return nil, usage("no configuration: give --config FILE or set HABEAS_CONFIG")
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	if err := decode(raw, &c); err != nil {
		return nil, fmt.Errorf("%s is not as expected:\n%w", path, err)
	}
	faults := c.fill()
	faults = append(faults, c.check()...)
	return &c, errors.Join(faults...)
}

// decode reads YAML and refuses unknown keys. The library panics on some
// malformed texts; that is an error too.
func decode(raw []byte, into any) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = errors.New("it is not YAML that can be read")
		}
	}()
	if err := yaml.UnmarshalWithOptions(raw, into, yaml.Strict()); err != nil {
		return errors.New(yaml.FormatError(err, false, true))
	}
	return nil
}

// fill takes secrets from files and environment and sets defaults.
func (c *Config) fill() []error {
	var faults []error
	secret := func(env, file, what string) string {
		if v := os.Getenv(env); v != "" {
			return v
		}
		if file == "" {
			faults = append(faults, fmt.Errorf("%s is missing: set %s or name a file", what, env))
			return ""
		}
		raw, err := os.ReadFile(file)
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", what, err))
		}
		return strings.TrimSpace(string(raw))
	}
	c.databaseURL = secret("DATABASE_URL", c.Database.URLFile, "database.url_file")
	c.redisURL = secret("REDIS_URL", c.Redis.URLFile, "redis.url_file")
	if os.Getenv("DATABASE_OWNER_URL") != "" || c.Database.OwnerURLFile != "" {
		c.ownerURL = secret("DATABASE_OWNER_URL", c.Database.OwnerURLFile, "database.owner_url_file")
	}
	for i := range c.Systems {
		s := &c.Systems[i]
		if s.Kind != "manual" {
			s.url = secret("HABEAS_SYSTEM_"+strings.ToUpper(strings.ReplaceAll(s.Name, "-", "_"))+"_URL", s.URLFile, "systems."+s.Name+".url_file")
		}
	}
	c.defaults()
	return faults
}

func (c *Config) defaults() {
	if c.Redis.Prefix == "" {
		c.Redis.Prefix = "habeas"
	}
	if c.Listen == "" {
		c.Listen = "127.0.0.1:8080"
	}
	if c.Limits.FilingsPerMinute == 0 {
		c.Limits.FilingsPerMinute = 20
	}
	if c.Limits.CallsPerSecond == 0 {
		c.Limits.CallsPerSecond = 20
	}
	if c.Erasure.Wait == nil {
		c.Erasure.Wait = new(24 * time.Hour)
	}
}

// check names everything that is wrong.
func (c *Config) check() []error {
	var faults []error
	bad := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if c.Company.Name == "" {
		bad("company.name is missing: letters and pages name the controller")
	}
	if u, err := url.Parse(c.Company.BaseURL); err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" {
		bad("company.base_url is not an address such as https://privacy.acme.example")
	}
	if c.Company.Contact == "" {
		bad("company.contact is missing: people need an address for their questions")
	}
	if c.Company.Authority == "" {
		bad("company.authority is missing: letters under EU law must name your supervisory authority")
	}
	if c.Log.Origin == "" {
		bad("log.origin is missing: it names the evidence log, such as privacy.acme.example/log")
	}
	if c.Keys == "" && os.Getenv("HABEAS_KEYS") == "" {
		bad("keys is missing: name the key ring file (habeas keys create makes one) or set HABEAS_KEYS")
	}
	if c.Blobs == "" {
		bad("blobs is missing: name a folder that portal and workers share")
	}
	if err := c.smtp().Check(); err != nil {
		bad("mail: %w", err)
	}
	if c.Approvals.Erasure < 0 || c.Approvals.Release < 0 {
		bad("approvals cannot be negative")
	}
	faults = append(faults, c.Clock.load()...)
	faults = append(faults, c.readGlossary()...)
	faults = append(faults, c.settings().CheckGPC(), c.settings().CheckRegister(), c.settings().CheckLanguages(), c.settings().CheckGlossary())
	faults = append(faults, c.settings().CheckGrounds()...)
	faults = append(faults, c.settings().CheckAuthorities()...)
	seen := map[string]bool{}
	for _, s := range c.Systems {
		if s.Name == "" || seen[s.Name] || s.Name == requests.OwnSystem || s.Name == requests.AllSystems {
			bad("systems: every system needs a name of its own, and %q is taken", s.Name)
		}
		seen[s.Name] = true
		if _, ok := connectors[s.Kind]; !ok {
			bad("systems.%s.kind %q is unknown: use one of %s", s.Name, s.Kind, strings.Join(kinds(), ", "))
		}
	}
	return faults
}

func (c *Config) smtp() mail.SMTP {
	m := c.Mail
	return mail.SMTP{Host: m.Host, Port: m.Port, User: m.User, PassFile: m.PassFile, TLS: m.TLS, From: m.From}
}

func (c *Config) settings() requests.Settings {
	set := requests.Settings{
		Company: c.Company.Name, Contact: c.Company.Contact, Address: c.Company.Address, Officer: c.Company.Officer,
		Transfers: c.Company.Transfers, Automated: c.Company.Automated, Colour: c.Company.Colour, Authority: c.Company.Authority, AuthorityAt: c.Company.AuthorityURL,
		Languages: c.Company.Languages, Glossary: c.glossary,
		BaseURL:          strings.TrimSuffix(c.Company.BaseURL, "/"),
		ApprovalsErasure: c.Approvals.Erasure, ApprovalsRelease: c.Approvals.Release, ErasureWait: *c.Erasure.Wait,
		Rescans: c.Rescans, PackageFor: c.Package.For, Purposes: c.Purposes,
		UnverifiedAfter: c.Unverified.After, Recourse: c.Keep.Recourse, Retention: c.Keep.Requests, Backups: c.Keep.Backups,
		SystemBackups: c.Erasure.Backups, Unsearched: c.Unsearched,
		GPC: requests.GPC(c.GPC), Register: c.Register, Recipients: c.Recipients, Grounds: c.Grounds, UnderLaws: c.Company.Laws, Authorities: c.Authorities,
	}
	c.Clock.into(&set)
	return set
}

func (s System) config() connect.Config {
	return connect.Config{
		Name: s.Name, Kind: s.Kind, Title: s.Title, URL: s.url, Dataset: s.Dataset, Slots: s.Slots, Options: s.Options, Now: time.Now,
	}
}
