package requests

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"habeas/requests/clock"
	"habeas/requests/connect"
	"habeas/requests/consent"
	"habeas/requests/evidence"
)

// GPC is how the company honours opt-out preference signals (Cal. Civ. Code
// 1798.135; 11 CCR 7025). It applies only where personal data is sold or
// shared: with no purposes named, signals change nothing.
type GPC struct {
	Purposes []string // which purposes are a sale or sharing
	Origins  []string // of the company's own sites that pass the signal on
	Since    string   // YYYY-MM-DD, for /.well-known/gpc.json
}

// On reports whether signals are honoured.
func (g GPC) On() bool { return len(g.Purposes) > 0 }

// SignalState is what holds for a browser.
type SignalState struct {
	OptedOut bool
	Since    time.Time
	Purposes []string // titles of what was opted out of
	// AskAgainFrom is the first day on which the person may be asked to opt in
	// again: 12 months after opting out (1798.135(c)(4)).
	AskAgainFrom time.Time
}

// deviceKind and visitorKind are identities that only signals use: a browser's
// pseudonym here, and what the company's own site calls a visitor.
const (
	deviceKind  = "device"
	visitorKind = "visitor_id"
	maxVisitor  = 128
)

// promptAfter is how long nobody may be asked to opt in again.
func promptAfter(since time.Time) time.Time { return since.AddDate(1, 0, 0) }

// HonourSignal opts a browser out of sale and sharing: the ledger, the
// suppression list and the log, in one transaction. device is the browser's
// random pseudonym; visitor, if given, is what the company's own site calls
// it. A browser that is opted out already changes nothing, and so does the
// absence of a signal: nothing here ever opts anybody in.
func (s *Service) HonourSignal(ctx context.Context, device, visitor, source string) error {
	if !s.set.GPC.On() {
		return nil
	}
	if !pseudonym(device) || len(visitor) > maxVisitor || !plainText(visitor) {
		return invalid(FieldError{Field: "visitor", Message: fmt.Sprintf("A visitor's id has at most %d letters.", maxVisitor)})
	}
	who := []consent.Identity{{Kind: deviceKind, Normal: device}}
	if visitor != "" {
		who = append(who, consent.Identity{Kind: visitorKind, Normal: visitor})
	}
	return pgx.BeginFunc(ctx, s.db, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `insert into signals (device, since, source) values ($1, clock_timestamp(), $2) on conflict (device) do nothing`,
			s.ring.Lookup(deviceKind, device), source)
		if err != nil {
			return fmt.Errorf("keep signal: %w", err)
		}
		if tag.RowsAffected() == 0 {
			if visitor == "" {
				return nil
			}
			if who, err = s.notOptedOut(ctx, tx, who[1:]); err != nil || len(who) == 0 {
				return err
			}
		}
		return s.optOut(ctx, tx, who)
	})
}

// pseudonym is the form of a browser's cookie value: 256 random bits, base64.
func pseudonym(v string) bool {
	return len(v) == 43 && strings.Trim(v, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") == ""
}

// notOptedOut leaves out who is opted out of everything already.
func (s *Service) notOptedOut(ctx context.Context, db consent.DB, who []consent.Identity) ([]consent.Identity, error) {
	var out []consent.Identity
	for _, id := range who {
		for _, p := range s.set.GPC.Purposes {
			st, err := consent.Check(ctx, db, s.ring, id, p)
			if err != nil {
				return nil, err
			}
			if st.Allowed || st.Since.IsZero() {
				out = append(out, id)
				break
			}
		}
	}
	return out, nil
}

// optOut writes what a signal changes.
func (s *Service) optOut(ctx context.Context, tx pgx.Tx, who []consent.Identity) error {
	var at time.Time
	if err := tx.QueryRow(ctx, `select clock_timestamp()`).Scan(&at); err != nil {
		return fmt.Errorf("read clock: %w", err)
	}
	key := s.ring.System()
	var events []evidence.Event
	for _, p := range s.set.GPC.Purposes {
		if _, err := consent.Record(ctx, tx, s.ring, consent.Entry{Identities: who, Purpose: p, Since: at, Source: "gpc"}); err != nil {
			return err
		}
		err := consent.Suppress(ctx, tx, consent.Suppression{Scope: p, Since: at}, consent.Digests(s.ring, who...))
		if err != nil {
			return err
		}
		for _, id := range who {
			events = append(events, evidence.Event{Actor: string(Public), Data: evidence.ConsentChanged{
				Purpose: evidence.Code(p), Source: "gpc", Subject: evidence.Digest(key.Digest("identity", id.Kind, id.Normal)),
			}})
		}
	}
	return evidence.AppendSystem(ctx, tx, events...)
}

// Signal tells what holds for a browser.
func (s *Service) Signal(ctx context.Context, device string) (SignalState, error) {
	var st SignalState
	if !s.set.GPC.On() || !pseudonym(device) {
		return st, nil
	}
	for _, p := range s.set.GPC.Purposes {
		c, err := consent.Check(ctx, s.db, s.ring, consent.Identity{Kind: deviceKind, Normal: device}, p)
		if err != nil {
			return st, err
		}
		if c.Allowed || c.Since.IsZero() {
			continue
		}
		st.OptedOut = true
		st.Purposes = append(st.Purposes, s.purposeTitle(p))
		if c.Since.After(st.Since) {
			st.Since = c.Since
		}
	}
	if st.OptedOut {
		st.AskAgainFrom = promptAfter(st.Since)
	}
	return st, nil
}

func (s *Service) purposeTitle(name string) string {
	for _, p := range s.set.Purposes {
		if p.Name == name {
			return firstOf(p.Title, p.Name)
		}
	}
	return name
}

// LinkSignal carries a browser's opt-out over to the person who has just
// proved an address in it: an opt-out request of theirs, which needs no proof
// and goes into every system (11 CCR 7025(c)(1)). It is filed once per browser
// and person, and not at all for who is opted out already.
func (s *Service) LinkSignal(ctx context.Context, by Actor, device string) error {
	if !s.set.GPC.On() || by.Role != Customer || !pseudonym(device) {
		return nil
	}
	id, err := uuid.Parse(by.ID)
	if err != nil {
		return errNotFound()
	}
	c, err := s.load(ctx, s.db, id)
	if err != nil || c.wrapped == nil {
		return err
	}
	subject, err := s.subject(c)
	if err != nil || subject.Email == "" || c.VerifiedAt == nil || subject.OnBehalf != nil {
		return err // a browser in which somebody asks for another says nothing of that person
	}
	email := connect.Identity{Kind: "email", Value: subject.Email}
	link := &signalLink{device: s.ring.Lookup(deviceKind, device), person: email}
	if wanted, err := s.wantsLink(ctx, s.db, link); err != nil || !wanted {
		return err
	}
	_, err = s.File(ctx, Actor{Role: Public}, Filing{
		Rights: []string{signalRight(c.Law)}, Country: c.Country, Region: c.Region, Locale: c.Locale, Name: subject.Name,
		Identities: []connect.Identity{email}, Purposes: s.set.GPC.Purposes, signal: link,
	})
	if errors.Is(err, errLinked) {
		return nil
	}
	return err
}

// signalLink is a browser's signal on its way to a person.
type signalLink struct {
	device []byte // keyed digest
	person connect.Identity
}

// errLinked says that the signal was carried over meanwhile.
var errLinked = errors.New("requests: the signal counts for this person already")

// wantsLink reports whether a signal has still to be carried over.
func (s *Service) wantsLink(ctx context.Context, db consent.DB, l *signalLink) (bool, error) {
	var known, linked bool
	err := db.QueryRow(ctx, `select exists (select 1 from signals s where s.device = $1),
			exists (select 1 from signal_links l where l.device = $1 and l.person = any($2))`,
		l.device, s.ring.Lookups(l.person.Kind, l.person.Normal())).Scan(&known, &linked)
	if err != nil {
		return false, fmt.Errorf("read signal: %w", err)
	}
	if !known || linked {
		return false, nil
	}
	left, err := s.notOptedOut(ctx, db, []consent.Identity{{Kind: l.person.Kind, Normal: l.person.Normal()}})
	return len(left) > 0, err
}

// linkOnce carries a signal over in the transaction that files its case, one
// after another for each person: two tabs, or two browsers, file once. Whoever
// comes second finds it done, and files nothing.
func (s *Service) linkOnce(ctx context.Context, tx pgx.Tx, l *signalLink, file func() error, id uuid.UUID) error {
	person := s.ring.Lookup(l.person.Kind, l.person.Normal())
	if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock(hashtextextended(encode($1::bytea, 'hex'), 7025))`, person); err != nil {
		return fmt.Errorf("lock person: %w", err)
	}
	wanted, err := s.wantsLink(ctx, tx, l)
	if err != nil {
		return err
	}
	if !wanted {
		return errLinked
	}
	if err := file(); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `insert into signal_links (device, person, case_id, at) values ($1, $2, $3, clock_timestamp())`, l.device, person, id)
	if err != nil {
		return fmt.Errorf("link signal: %w", err)
	}
	return nil
}

// signalRight is what a signal is under a law: an opt-out where there is one,
// a withdrawn consent elsewhere.
func signalRight(law string) string {
	l, err := clock.Builtin().Law(law)
	if err == nil {
		if _, ok := l.Rights["opt_out"]; ok {
			return "opt_out"
		}
	}
	return "consent_withdrawal"
}

// CheckGPC names what is wrong with the settings of signals.
func (s Settings) CheckGPC() error {
	var faults []error
	for _, p := range s.GPC.Purposes {
		if !slices.ContainsFunc(s.Purposes, func(known Purpose) bool { return known.Name == p }) {
			faults = append(faults, fmt.Errorf("gpc.purposes: %q is not among the purposes", p))
		}
	}
	for _, o := range s.GPC.Origins {
		if !originForm.MatchString(o) {
			faults = append(faults, fmt.Errorf("gpc.origins: %q is not an origin such as https://www.acme.example", o))
		}
	}
	if _, err := time.Parse(time.DateOnly, s.GPC.Since); s.GPC.Since != "" && err != nil {
		faults = append(faults, errors.New("gpc.since is a date such as 2026-01-31"))
	}
	if len(s.GPC.Origins) > 0 && !s.GPC.On() {
		faults = append(faults, errors.New("gpc.purposes is missing: name the purposes that are a sale or sharing"))
	}
	return errors.Join(faults...)
}
