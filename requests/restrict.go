package requests

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"habeas/requests/connect"
	"habeas/requests/consent"
	"habeas/requests/evidence"
	"habeas/requests/mail"
)

// Restriction is a restriction of processing (GDPR Art. 18).
type Restriction struct {
	Ground   string // code of Art. 18(1)(a) to (d)
	Since    time.Time
	WarnedAt *time.Time // when the person was told that it ends (Art. 18(3))
	LiftOn   *time.Time // the first day on which it may be lifted
	LiftedAt *time.Time
}

// warnBefore is how long before a restriction is lifted the person is told.
const warnBefore = 7 * 24 * time.Hour

// restrict puts everybody and everything that leads to the person on the
// suppression list: what the systems hold is stored and nothing else
// (Art. 18(2)). Asked at the time of use, the ledger refuses every purpose.
func (ch *change) restrict(ctx context.Context) error {
	if !ch.c.Asks("restriction") || !ch.grants("restriction") {
		return nil
	}
	law, err := ch.c.LawRow()
	if err != nil {
		return err
	}
	subject, err := openSubject(ch.key, ch.c.sealed)
	if err != nil {
		return fmt.Errorf("open case: %w", err)
	}
	ground, cite := firstOf(subject.Restriction, "requested"), law.Rights["restriction"]
	if g, ok := law.Grants("restriction", subject.Restriction); ok {
		ground, cite = g.Code, g.Cite
	} else if g, ok := law.Grant("restriction", ch.c.Rights); ok {
		ground, cite = g.Code, g.Cite
	}
	tag, err := ch.Exec(ctx, `insert into restrictions (case_id, ground, since) values ($1, $2, $3) on conflict (case_id) do nothing`, ch.c.ID, ground, ch.at)
	if err != nil {
		return fmt.Errorf("insert restriction: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return nil
	}
	ch.record(workerActor, evidence.RestrictionSet{Cite: evidence.Cite(firstOf(cite, law.Cite)), Ground: evidence.Code(ground)})
	r, err := ch.ledgerRestriction(ctx)
	if err != nil || len(r.Identities) == 0 {
		return err
	}
	stopped, err := consent.Restrict(ctx, ch.Tx, ch.s.ring, r)
	if err != nil {
		return err
	}
	ch.recordUses(workerActor, stopped, false)
	return nil
}

// ledgerRestriction is the case's restriction as the consent ledger takes it: on
// everything that is proved to lead to the person.
func (ch *change) ledgerRestriction(ctx context.Context) (consent.Restriction, error) {
	r := consent.Restriction{Case: ch.c.ID.String(), At: ch.at}
	for _, p := range ch.s.set.Purposes {
		r.Purposes = append(r.Purposes, p.Name)
	}
	var err error
	r.Identities, err = ch.provedToLead(ctx)
	return r, err
}

// recordUses writes what a restriction stopped, or gave back, into the log.
func (ch *change) recordUses(by Actor, uses []consent.Use, allowed bool) {
	for _, u := range uses {
		ch.record(by, evidence.ConsentChanged{
			Allowed: allowed, Purpose: evidence.Code(u.Purpose), Source: "restriction",
			Subject: evidence.Digest(ch.key.Digest("identity", u.Identity.Kind, u.Identity.Normal)),
		})
	}
}

// refuseUse puts everything that is proved to lead to the person on the
// suppression list in each scope, so that it is refused at the time of use.
func (ch *change) refuseUse(ctx context.Context, scopes ...string) error {
	who, err := ch.provedToLead(ctx)
	if err != nil || len(who) == 0 {
		return err
	}
	digests := consent.Digests(ch.s.ring, who...)
	for _, scope := range scopes {
		if err := consent.Suppress(ctx, ch.Tx, consent.Suppression{Scope: scope, Since: ch.at, Case: ch.c.ID.String()}, digests); err != nil {
			return err
		}
	}
	return nil
}

// provedToLead are the identities that the last plan's search found and that are
// proved to be the person's.
func (ch *change) provedToLead(ctx context.Context) ([]consent.Identity, error) {
	var sealed []byte
	err := ch.QueryRow(ctx, `select p.sealed from plans p where p.case_id = $1 order by p.version desc limit 1`, ch.c.ID).Scan(&sealed)
	if err != nil {
		return nil, fmt.Errorf("read plan: %w", err)
	}
	var way foundOnTheWay
	if err := openJSON(ch.key, "plan", sealed, &way); err != nil {
		return nil, err
	}
	return provenOf(way.Identities), nil
}

func provenOf(ids []connect.Identity) []consent.Identity {
	var who []consent.Identity
	for _, id := range ids {
		if id.Proven {
			who = append(who, consent.Identity{Kind: id.Kind, Normal: id.Normal()})
		}
	}
	return who
}

// Restriction returns the restriction of a case; nil when there is none.
func (s *Service) Restriction(ctx context.Context, c *Case) (*Restriction, error) {
	return restrictionOf(ctx, s.db, c.ID)
}

func restrictionOf(ctx context.Context, q querier, id uuid.UUID) (*Restriction, error) {
	var r Restriction
	err := q.QueryRow(ctx, `select r.ground, r.since, r.warned_at, r.lift_on, r.lifted_at from restrictions r where r.case_id = $1`, id).
		Scan(&r.Ground, &r.Since, &r.WarnedAt, &r.LiftOn, &r.LiftedAt)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read restriction: %w", err)
	}
	return &r, nil
}

// WarnRestriction tells the person that the restriction will be lifted, and
// why: without it none is lifted (Art. 18(3)).
func (s *Service) WarnRestriction(ctx context.Context, by Actor, id uuid.UUID, reason string) (*Restriction, error) {
	if strings.TrimSpace(reason) == "" || len(reason) > maxReason {
		return nil, invalid(FieldError{Field: "reason", Message: "Say why the restriction ends: the person reads it."})
	}
	var out *Restriction
	err := s.within(ctx, id, func(ch *change) error {
		r, err := restrictionOf(ctx, ch.Tx, id)
		switch {
		case err != nil:
			return err
		case r == nil || r.LiftedAt != nil:
			return refuse(Conflict, "not-restricted", "There is no restriction in force in this request.")
		case r.WarnedAt != nil:
			return refuse(Conflict, "already-warned", "The person was told already.")
		}
		lift := ch.local(ch.at.Add(warnBefore))
		if _, err := ch.Exec(ctx, `update restrictions set warned_at = $2, lift_on = $3, by_user = $4 where case_id = $1`, id, ch.at, lift.Format(time.DateOnly), userOf(by)); err != nil {
			return fmt.Errorf("warn of restriction: %w", err)
		}
		ch.record(by, evidence.RestrictionWarned{LiftOn: evidence.Day(lift), Reason: ch.reasonDigest(reason)})
		if err := ch.write(ctx, mail.RestrictionEnds, func(d *mail.Slots) { d.Rights, d.Until, d.Why = []string{"restriction"}, lift, reason }); err != nil {
			return err
		}
		out, err = restrictionOf(ctx, ch.Tx, id)
		return err
	})
	return out, err
}

// LiftRestriction ends a restriction of whose end the person was told in time.
func (s *Service) LiftRestriction(ctx context.Context, by Actor, id uuid.UUID) (*Restriction, error) {
	var out *Restriction
	err := s.within(ctx, id, func(ch *change) error {
		r, err := restrictionOf(ctx, ch.Tx, id)
		switch {
		case err != nil:
			return err
		case r == nil || r.LiftedAt != nil:
			return refuse(Conflict, "not-restricted", "There is no restriction in force in this request.")
		case r.WarnedAt == nil:
			return refuse(Unlawful, "not-warned", "GDPR Art. 18(3): tell the person first that the restriction ends, and why.")
		case r.LiftOn != nil && ch.local(s.now()).Format(time.DateOnly) < r.LiftOn.Format(time.DateOnly):
			return refuse(Unlawful, "too-early", "GDPR Art. 18(3): the person was told of "+r.LiftOn.Format(time.DateOnly)+"; not before that day.")
		case ch.c.Status.Open():
			return refuse(Conflict, "still-carried-out", "This request is still being carried out. Its restriction can be lifted once it is completed.")
		}
		if err := ch.endRestriction(ctx, by, *r.WarnedAt); err != nil {
			return err
		}
		out, err = restrictionOf(ctx, ch.Tx, id)
		return err
	})
	return out, err
}

// endRestriction gives back what it stopped, in the ledger at once and in the
// systems by tasks. warned is zero where the person took the request back.
func (ch *change) endRestriction(ctx context.Context, by Actor, warned time.Time) error {
	if _, err := ch.Exec(ctx, `update restrictions set lifted_at = $2, by_user = $3 where case_id = $1`, ch.c.ID, ch.at, userOf(by)); err != nil {
		return fmt.Errorf("lift restriction: %w", err)
	}
	lifted := evidence.RestrictionLifted{}
	if !warned.IsZero() {
		lifted.WarnedAt = evidence.At(warned)
	}
	ch.record(by, lifted)
	r, err := ch.ledgerRestriction(ctx)
	if err != nil {
		return err
	}
	back, err := consent.Lift(ctx, ch.Tx, ch.s.ring, r)
	if err != nil {
		return err
	}
	ch.recordUses(by, back, true)
	return ch.resume(ctx)
}

// restrictionTakenBack ends a restriction whose request the person took back:
// nobody has to be told of what they asked for.
func (ch *change) restrictionTakenBack(ctx context.Context, by Actor) error {
	if !ch.c.Asks("restriction") {
		return nil
	}
	r, err := restrictionOf(ctx, ch.Tx, ch.c.ID)
	if err != nil || r == nil || r.LiftedAt != nil {
		return err
	}
	return ch.endRestriction(ctx, by, time.Time{})
}

// Restricted reports whether what a person's identity leads to may only be
// stored.
func (s *Service) Restricted(ctx context.Context, id connect.Identity) (bool, error) {
	list, err := consent.Suppressed(ctx, s.db, s.ring, consent.Identity{Kind: id.Kind, Normal: id.Normal()})
	if err != nil {
		return false, err
	}
	for _, x := range list {
		if x.Scope == consent.Restricted {
			return true, nil
		}
	}
	return false, nil
}

// found reports whether a plan's search found anything of the person.
func (ch *change) found(p *storedPlan) bool {
	var way foundOnTheWay
	return openJSON(ch.key, "plan", p.sealed, &way) == nil && way.Found
}

// remaining names, in a language and under a law, what goes on after a withdrawal, with its
// other legal basis: GDPR Art. 7(3), 17(1)(b).
func (s Settings) remaining(lang, law string) []string {
	var out []string
	for _, p := range s.Register {
		if p.Basis != "consent" {
			out = append(out, s.Glossary.In(lang, p.In(lang))+": "+s.basis(lang, law, p))
		}
	}
	return out
}
