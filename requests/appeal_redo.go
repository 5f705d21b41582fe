package requests

import (
	"context"
	"fmt"
	"slices"

	"habeas/requests/clock"
	"habeas/requests/connect"
	"habeas/requests/evidence"
)

// redo files the request once more for the rights that were granted, on the
// proofs that there are.
func (ch *change) redo(ctx context.Context, by Actor, first *Case, rights []string) (*Case, error) {
	key, err := ch.s.ring.Unwrap(first.wrapped)
	if err != nil {
		return nil, fmt.Errorf("case key: %w", err)
	}
	subject, err := openSubject(key, first.sealed)
	if err != nil {
		return nil, fmt.Errorf("open case: %w", err)
	}
	now := ch.s.now()
	c := &Case{
		ID: newID(), Reference: newReference(), Status: Filed, Rights: slices.Sorted(slices.Values(rights)), Purposes: first.Purposes,
		Country: first.Country, Region: first.Region, Law: first.Law, HolidaySet: first.HolidaySet, Zone: first.Zone, PausePolicy: first.PausePolicy,
		Locale: first.Locale, laws: first.laws, Channel: ch.c.Kind, ReceivedAt: now, FiledAt: now, Kind: KindRequest, Of: new(ch.c.ID),
	}
	c.Holidays = ch.s.ownDays(c.Law, clock.DateIn(c.ReceivedAt, zone(c.Zone)))
	if err := ch.s.setClock(c); err != nil {
		return nil, err
	}
	if err := ch.insertLinked(ctx, c, subject); err != nil {
		return nil, err
	}
	err = ch.alongside(ctx, c.ID, func(r *change) error {
		c = r.c
		r.record(by, r.filed(Filing{OnBehalf: subject.OnBehalf}))
		return r.restart(ctx, by, first, subject.Identities)
	})
	return c, err
}

// restart proves and starts a request that is done again.
func (ch *change) restart(ctx context.Context, by Actor, first *Case, ids []connect.Identity) error {
	if _, err := ch.Exec(ctx, `insert into identity_facts (case_id, agreed, declared_at) select $1, f.agreed, f.declared_at from identity_facts f where f.case_id = $2`, ch.c.ID, first.ID); err != nil {
		return fmt.Errorf("carry facts: %w", err)
	}
	tag, err := ch.Exec(ctx, `insert into proofs (case_id, kind, by_user, at) select $1, p.kind, p.by_user, $3 from proofs p where p.case_id = $2`, ch.c.ID, first.ID, ch.at)
	if err != nil {
		return fmt.Errorf("carry proofs: %w", err)
	}
	if err := ch.withdrawAtOnce(ctx, by, ids); err != nil {
		return err
	}
	switch {
	case !NeedsProof(ch.c.Rights):
		return ch.startDiscovery(ctx, by)
	case tag.RowsAffected() == 0: // nobody had proved who asks
		_, err := ch.sendCode(ctx)
		return err
	}
	ch.c.VerifiedAt = new(ch.at)
	ch.record(by, evidence.IdentityVerified{ByHand: true, Proof: "carried", Use: "verification"})
	if err := ch.become(by, Verified); err != nil {
		return err
	}
	if err := ch.letterAck(ctx); err != nil {
		return err
	}
	return ch.startDiscovery(ctx, by)
}
