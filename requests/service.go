// Package requests is the life of a privacy request: it is filed, its filer is
// verified, the person's records are discovered and planned, a data
// protection officer decides, systems act, and what they did is looked at
// again. One verb per file; README.md shows the states.
package requests

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"habeas/requests/blob"
	"habeas/requests/clock"
	"habeas/requests/connect"
	"habeas/requests/evidence"
	"habeas/requests/identity"
	"habeas/requests/mail"
	"habeas/requests/seal"
)

// Settings are what a company decides about its requests.
type Settings struct {
	Company     string   // as letters and packages name the controller
	Contact     string   // where privacy questions go, an e-mail address
	Address     string   // postal address, one line
	Officer     string   // data protection officer, if there is one
	Transfers   string   // third countries and their safeguards (Art. 15(2))
	Automated   string   // automated decisions: logic and consequences (Art. 15(1)(h))
	Authority   string   // the supervisory authority's name, for EU controllers
	AuthorityAt string   // and its address
	Colour      string   // #rrggbb, in letters
	BaseURL     string   // where customers reach the portal, without a trailing slash
	Languages   []string // that customers may choose, the company's own first (default: all there are)
	Glossary    Glossary // the company's texts in them

	ApprovalsErasure int                  // distinct people who approve an erasure (default 2)
	ApprovalsRelease int                  // people who approve a release (default 1)
	ErasureWait      time.Duration        // between approval and erasure; the customer can still cancel
	Rescans          []time.Duration      // after completion, when erased records are looked for again
	PackageFor       time.Duration        // how long a package can be fetched (default 14 days)
	PausePolicy      string               // strict or suspend: EU clocks while identity is open
	Purposes         []Purpose            // what people consented to
	Zone             string               // the controller's time zone; empty: as the law says
	HolidaySet       string               // the controller's holidays; empty: as the country says
	Holidays         []clock.Holiday      // days of its own, where ends of periods move to working days
	Laws             *clock.Laws          // the table of laws; nil: as shipped
	Applies          clock.Overrides      // which law a place has, where the company decided otherwise
	Remind           []int                // days before a due date at which the desk is told (default 14, 7, 2, 1)
	Register         []Processing         // of processing, for Art. 15
	Recipients       []Recipient          // who got data, and is told (Art. 19)
	GPC              GPC                  // opt-out preference signals of browsers
	Recourse         time.Duration        // after an answer, how long what it rests on stays provable (default a year)
	Retention        time.Duration        // after its end, how long a case can be read (default 3 years, never below 24 months)
	Backups          time.Duration        // how long backups of the database live: a destroyed key is gone with the last
	SystemBackups    time.Duration        // how long backups of the systems live: what was erased is gone with the last
	Unsearched       []string             // categories of records that no search reaches (11 CCR 7024(c)(4))
	Grounds          []CompanyGround      // its own reasons to keep records, and what they are under each law
	Authorities      map[string]Authority // whom letters name under a law, where it is not ours to know or has changed
	UnderLaws        []string             // the laws it does business under; empty: all
	UnverifiedAfter  time.Duration        // without proof of identity, when other ways to prove it are mailed (default 7 days)
}

// Purpose is a use of personal data that rests on consent.
type Purpose struct {
	Name   string            `yaml:"name"`
	Title  string            `yaml:"title"`
	Titles map[string]string `yaml:"titles"` // by language, for who reads another one
	// Sensitive uses sensitive data for more than what was asked for: the right
	// to limit stops it (Cal. Civ. Code 1798.121; 11 CCR 7027).
	Sensitive bool `yaml:"sensitive"`
}

// In is what the purpose is called in a language.
func (p Purpose) In(lang string) string { return firstOf(p.Titles[lang], p.Title, p.Name) }

func (s Settings) withDefaults() Settings {
	if s.ApprovalsErasure == 0 {
		s.ApprovalsErasure = 2
	}
	if s.ApprovalsRelease == 0 {
		s.ApprovalsRelease = 1
	}
	if s.PackageFor == 0 {
		s.PackageFor = 14 * 24 * time.Hour
	}
	if len(s.Languages) == 0 {
		s.Languages = Languages
	}
	if s.PausePolicy == "" {
		s.PausePolicy = "strict"
	}
	if s.Recourse == 0 {
		s.Recourse = 365 * 24 * time.Hour
	}
	if s.Retention == 0 {
		s.Retention = 3 * 365 * 24 * time.Hour
	}
	s.Retention = max(s.Retention, minRetention)
	if s.UnverifiedAfter == 0 {
		s.UnverifiedAfter = identity.UnverifiedAfter
	}
	if s.Remind == nil {
		s.Remind = []int{14, 7, 2, 1}
	}
	if s.Rescans == nil {
		day := 24 * time.Hour
		s.Rescans = []time.Duration{day, 30 * day, 90 * day}
	}
	return s
}

// Service carries out the verbs. It is safe for concurrent use.
type Service struct {
	db      *pgxpool.Pool
	ring    *seal.Ring
	blobs   blob.Store
	systems []connect.Connector
	log     *evidence.Log
	set     Settings
	now     func() time.Time
	wake    func(context.Context)
}

// Parts are what a Service is made of.
type Parts struct {
	DB       *pgxpool.Pool
	Ring     *seal.Ring
	Blobs    blob.Store
	Systems  []connect.Connector
	Log      *evidence.Log
	Settings Settings
	Now      func() time.Time      // default time.Now
	Wake     func(context.Context) // called after a commit that made work; may be nil
}

// New returns a Service.
func New(p Parts) *Service {
	if p.Now == nil {
		p.Now = time.Now
	}
	if p.Wake == nil {
		p.Wake = func(context.Context) {}
	}
	systems := slices.Clone(p.Systems)
	slices.SortFunc(systems, func(a, b connect.Connector) int {
		if a.Describe().Name < b.Describe().Name {
			return -1
		}
		return 1
	})
	return &Service{
		db: p.DB, ring: p.Ring, blobs: p.Blobs, systems: systems, log: p.Log,
		set: p.Settings.withDefaults(), now: p.Now, wake: p.Wake,
	}
}

// Settings returns the settings in force.
func (s *Service) Settings() Settings { return s.set }

// Log returns the evidence log.
func (s *Service) Log() *evidence.Log { return s.log }

// System returns the configured system of that name.
func (s *Service) System(name string) (connect.Connector, bool) {
	for _, c := range s.systems {
		if c.Describe().Name == name {
			return c, true
		}
	}
	return nil, false
}

// SystemNames lists the configured systems in order.
func (s *Service) SystemNames() []string {
	names := make([]string, 0, len(s.systems))
	for _, c := range s.systems {
		names = append(names, c.Describe().Name)
	}
	return names
}

// CaseKey returns the key under which a case's personal data is sealed.
func (s *Service) CaseKey(ctx context.Context, id string) (seal.Key, error) {
	if id == mail.SystemCase {
		return s.ring.System(), nil // a letter to staff
	}
	var wrapped []byte
	if err := s.db.QueryRow(ctx, `select c.key_wrapped from cases c where c.id = $1`, id).Scan(&wrapped); err != nil {
		return seal.Key{}, fmt.Errorf("read case key: %w", err)
	}
	if wrapped == nil {
		return seal.Key{}, refuse(Gone, "key-destroyed", "The personal data of this request was destroyed at the end of its retention.")
	}
	return s.ring.Unwrap(wrapped)
}

// newID returns a time-ordered id.
func newID() uuid.UUID { return uuid.Must(uuid.NewV7()) }

// querier is a pool or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}
