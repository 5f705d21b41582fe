package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"habeas/migrations"
	"habeas/requests"
	"habeas/requests/embedded"
	"habeas/requests/mail"
	"habeas/requests/seal"
	"habeas/requests/testkit/acme"
)

// DemoCmd starts everything on one machine: PostgreSQL, Redis, portal, worker,
// a mail sink, and the sample company Acme Outdoor.
type DemoCmd struct {
	Listen    string          `default:"127.0.0.1:8080" help:"Address of the portal."`
	Data      string          `default:"demo-data" help:"Folder that keeps everything; it survives restarts." type:"path"`
	Rescans   []time.Duration `default:"1m,5m,15m" help:"How long after its completion erased records are looked for again; the request closes with the last." placeholder:"DURATION,…"`
	ReadyFile string          `help:"Write addresses and sign-ins as JSON to this file when all is ready." type:"path" placeholder:"FILE"`
}

// ready is what --ready-file holds (API.md).
type ready struct {
	URL         string        `json:"url"`
	MailURL     string        `json:"mail_url"`
	DatabaseURL string        `json:"database_url"`
	CRMURL      string        `json:"crm_url"`
	RedisURL    string        `json:"redis_url"`
	Staff       []staffSignIn `json:"staff"`
	Subjects    []demoSubject `json:"subjects"`
}

type staffSignIn struct {
	Role     string `json:"role"`
	Name     string `json:"name"`
	Email    string `json:"email"`
	Password string `json:"password"`
	Token    string `json:"api_token"`
}

type demoSubject struct {
	Email string `json:"email"`
	Name  string `json:"name"`
}

// demo is what a running demo holds.
type demo struct {
	pg    *embedded.Postgres
	redis *embedded.Redis
	sink  *mail.Sink
	app   *app
}

// Run starts the demo and stops all of it when told to.
func (c *DemoCmd) Run(ctx context.Context) (err error) {
	log, err := c.logTo()
	if err != nil {
		return err
	}
	slog.SetDefault(log)
	listener, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("cannot listen on %s: choose another address with --listen: %w", c.Listen, err)
	}
	d := &demo{}
	defer func() { err = errors.Join(err, d.stop()) }()
	info, err := d.start(ctx, c, "http://"+listener.Addr().String(), log)
	if err != nil {
		listener.Close()
		return quiet(ctx, err)
	}
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error { return d.app.work(gctx) })
	g.Go(func() error {
		return d.app.serve(gctx, listener, portalOptions{demo: true, mails: d.sink.Messages, staff: info.Staff})
	})
	g.Go(func() error { return c.announce(gctx, info, d.redis.Volatile()) })
	return quiet(ctx, g.Wait())
}

// logTo sends the log to a file beside the data, so that what people read
// stays readable.
func (c *DemoCmd) logTo() (*slog.Logger, error) {
	if err := os.MkdirAll(c.Data, 0o755); err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(c.Data, "habeas.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("log file: %w", err)
	}
	return slog.New(slog.NewJSONHandler(io.Writer(f), nil)), nil
}

const (
	demoDB  = "habeas"
	demoCRM = "acme_crm"
	appRole = "habeas_app"
)

func (d *demo) start(ctx context.Context, c *DemoCmd, base string, log *slog.Logger) (*ready, error) {
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		d.pg, err = embedded.StartPostgres(gctx, embedded.Options{URL: os.Getenv("DATABASE_URL"), DataDir: filepath.Join(c.Data, "postgres"), Log: log})
		return err
	})
	g.Go(func() (err error) {
		d.redis, err = embedded.StartRedis(gctx, embedded.RedisOptions{URL: os.Getenv("REDIS_URL"), DataDir: filepath.Join(c.Data, "redis"), Log: log})
		return err
	})
	if err := g.Wait(); err != nil {
		return nil, err
	}
	if err := d.databases(ctx, c.Data); err != nil {
		return nil, err
	}
	cfg, err := d.config(c, base)
	if err != nil {
		return nil, err
	}
	if d.app, err = open(ctx, cfg, true); err != nil {
		return nil, err
	}
	staff, err := d.staff(ctx, filepath.Join(c.Data, "sign-ins.json"))
	if err != nil {
		return nil, err
	}
	info := &ready{
		URL: base, MailURL: base + "/demo/mail.json", DatabaseURL: d.pg.URL(demoDB), CRMURL: d.pg.URL(demoCRM), RedisURL: d.redis.URL(), Staff: staff,
	}
	for _, s := range acme.Subjects() {
		info.Subjects = append(info.Subjects, demoSubject{Email: s.Email, Name: s.Name})
	}
	return info, nil
}

// databases makes Habeas' own database and the sample company's, once.
func (d *demo) databases(ctx context.Context, dir string) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		if err := d.pg.CreateDatabase(ctx, demoDB); err != nil {
			return err
		}
		if err := migrations.Up(ctx, d.pg.URL(demoDB)); err != nil {
			return err
		}
		return d.pg.CreateRole(ctx, appRole)
	})
	g.Go(func() error { return d.company(ctx, filepath.Join(dir, "acme-loaded")) })
	return g.Wait()
}

// company loads the sample company, once; the file loaded says that it was.
func (d *demo) company(ctx context.Context, loaded string) error {
	if _, err := os.Stat(loaded); err == nil {
		return nil
	}
	if err := d.pg.CreateDatabase(ctx, demoCRM); err != nil {
		return err
	}
	if err := acme.CreateOn(ctx, d.pg.URL(demoCRM), time.Now()); err != nil {
		return err
	}
	return os.WriteFile(loaded, []byte(time.Now().UTC().Format(time.RFC3339)+"\n"), 0o600)
}

// config is the demo's habeas.yaml.
func (d *demo) config(c *DemoCmd, base string) (*Config, error) {
	var err error
	dir := c.Data
	if d.sink, err = mail.OpenSink(mail.SinkConfig{File: filepath.Join(dir, "mail.jsonl"), Keep: 10000}); err != nil {
		return nil, err
	}
	smtp := d.sink.SMTP("Acme Outdoor <privacy@acme.example>")
	cfg := &Config{databaseURL: d.pg.URLAs(appRole, demoDB), redisURL: d.redis.URL()}
	if err := cfg.sample(); err != nil {
		return nil, err
	}
	cfg.Company.BaseURL = base
	cfg.Keys = filepath.Join(dir, "keys.json")
	cfg.Log.Origin, cfg.Log.Key = "privacy.acme.example/log", filepath.Join(dir, "log.key")
	cfg.Blobs = filepath.Join(dir, "blobs")
	cfg.Mail.Host, cfg.Mail.Port, cfg.Mail.From, cfg.Mail.TLS = smtp.Host, smtp.Port, smtp.From, smtp.TLS
	cfg.Erasure.Wait = new(time.Duration(0))
	cfg.Rescans = c.Rescans
	cfg.Limits = Limits{FilingsPerMinute: 1200, CallsPerSecond: 100}
	crm := d.pg.URL(demoCRM)
	cfg.Systems = []System{
		{Name: "crm", Kind: "postgresql", Title: "Customer database", Dataset: acme.CRM, url: crm, Slots: 8},
		{Name: "social", Kind: "postgresql", Title: "Linked social records", Dataset: acme.Social, url: crm, Slots: 8},
		{Name: acme.Archive, Kind: "manual", Title: "Paper archive", Options: map[string]string{
			"instructions": "Find the folder named in the customer record, take out what concerns this person, copy or shred it as the request asks, and note the folder's number here.",
			"within":       "120h",
		}},
	}
	cfg.defaults()
	if _, err := os.Stat(cfg.Keys); errors.Is(err, os.ErrNotExist) {
		if _, err := seal.CreateRing(cfg.Keys); err != nil {
			return nil, err
		}
	}
	return cfg, errors.Join(cfg.check()...)
}

// sample is what the sample company says of itself.
func (c *Config) sample() error {
	c.Company.Name, c.Company.Contact = "Acme Outdoor", "privacy@acme.example"
	c.Company.Address, c.Company.Officer = "Acme Outdoor, Waldweg 12, 10115 Berlin", "Dana Okafor, dana@acme.example"
	c.Company.Transfers = "Only for advertising in social networks, and only a hash of your e-mail address: to the United States, under the adequacy decision (EU) 2023/1795. All else stays in the European Economic Area."
	c.Company.Automated = "None. Nobody is decided about by a machine alone."
	c.Company.Authority, c.Company.AuthorityURL = "Berlin Commissioner for Data Protection and Freedom of Information", "https://authority.example"
	c.Company.Glossary = acme.Glossaries()
	c.GPC.Purposes, c.GPC.Since = []string{"social_ads"}, "2026-11-21"
	if err := decode([]byte(acme.Register), c); err != nil {
		return fmt.Errorf("register of the sample company: %w", err)
	}
	return nil
}

// staff makes the demo's people once; their sign-ins stand beside the data.
func (d *demo) staff(ctx context.Context, path string) ([]staffSignIn, error) {
	var people []staffSignIn
	if raw, err := os.ReadFile(path); err == nil {
		return people, json.Unmarshal(raw, &people)
	}
	for _, p := range []staffSignIn{
		{Role: "dpo", Name: "Dana Okafor"},
		{Role: "dpo", Name: "Iris Lindholm"},
		{Role: "agent", Name: "Tomas Vega"},
		{Role: "auditor", Name: "Yuki Arai"},
		{Role: "admin", Name: "Sam Brandt"},
	} {
		first, _, _ := strings.Cut(strings.ToLower(p.Name), " ")
		p.Email = first + "@acme.example"
		p.Password = "trail-" + uuid.NewString()[:13] + "-" + first
		u, err := d.app.svc.AddUser(ctx, operator, requests.Role(p.Role), p.Name, p.Email, p.Password)
		if err != nil {
			return nil, err
		}
		if p.Token, err = d.app.svc.NewToken(ctx, operator, &u.ID, ""); err != nil {
			return nil, err
		}
		people = append(people, p)
	}
	raw, err := json.MarshalIndent(people, "", "  ")
	if err != nil {
		return nil, err
	}
	return people, os.WriteFile(path, raw, 0o600)
}

// announce prints addresses and sign-ins once the portal answers, and writes
// the ready file.
func (c *DemoCmd) announce(ctx context.Context, info *ready, volatile bool) error {
	if err := answers(ctx, info.URL+"/readyz"); err != nil {
		return err
	}
	fmt.Printf("\nHabeas is ready.\n\n  Customers   %s\n  Staff       %s/desk\n  Mail        %s/demo/mail\n\n", info.URL, info.URL, info.URL)
	for _, s := range info.Staff {
		fmt.Printf("  %-8s  %-22s  %s\n", s.Role, s.Email, s.Password)
	}
	fmt.Printf("\n  Try it as %s <%s>.\n", info.Subjects[0].Name, info.Subjects[0].Email)
	if volatile {
		fmt.Println("\n  No Redis was found: an imitation runs inside, and its queue is lost at the end. PostgreSQL keeps what is to do.")
	}
	fmt.Println("\n  Ctrl-C stops everything.")
	if c.ReadyFile == "" {
		return nil
	}
	raw, err := json.MarshalIndent(info, "", "  ")
	if err != nil {
		return err
	}
	tmp := c.ReadyFile + ".tmp"
	if err := os.WriteFile(tmp, raw, 0o600); err != nil {
		return fmt.Errorf("ready file: %w", err)
	}
	return os.Rename(tmp, c.ReadyFile)
}

// stop ends everything that was started, the newest first.
func (d *demo) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), 9*time.Second)
	defer cancel()
	var errs []error
	if d.app != nil {
		errs = append(errs, d.app.close())
	}
	if d.sink != nil {
		errs = append(errs, d.sink.Close())
	}
	if d.redis != nil {
		errs = append(errs, d.redis.Stop(ctx))
	}
	if d.pg != nil {
		errs = append(errs, d.pg.Stop(ctx))
	}
	return errors.Join(errs...)
}
