package requests

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"habeas/requests/evidence"
	"habeas/requests/mail"
)

// minRetention is what the records of a request are kept at least: 24 months
// (11 CCR 7101(a); 4 CCR 904-3 Rule 6.11).
const minRetention = 2 * 366 * 24 * time.Hour

// keepFor sets, with a step of the case, until when what was answered stays
// provable and when the case's key is destroyed.
func (ch *change) keepFor(next Status) {
	day := func(d time.Duration) *time.Time {
		y, m, dd := ch.local(ch.at).Add(d).Date()
		return new(time.Date(y, m, dd, 0, 0, 0, 0, time.UTC))
	}
	switch next {
	case Completed, Refused, Expired:
		ch.c.RecourseUntil = day(ch.s.set.Recourse)
	}
	switch next {
	case Closed, Refused, Expired, Withdrawn:
		ch.c.RetainUntil = day(ch.s.set.Retention)
	}
}

// close ends a case that was answered.
func (ch *change) close(by Actor) error {
	ch.keepFor(Closed)
	ch.record(by, evidence.RequestClosed{RetainUntil: evidence.Day(*ch.c.RetainUntil)})
	return ch.become(by, Closed)
}

// recourseOpen says whether somebody may still have to prove what was answered:
// the time for it runs, or an appeal, a complaint or what was done again
// because of it has not ended. $1 is a date.
const recourseOpen = `(c.recourse_until >= ($1::timestamptz)::date or exists (select 1 from cases m where m.of_case = c.id and (m.status not in ('completed', 'closed', 'refused', 'expired', 'withdrawn')
	or m.recourse_until >= ($1::timestamptz)::date
	or exists (select 1 from cases r where r.of_case = m.id and (r.status not in ('completed', 'closed', 'refused', 'expired', 'withdrawn') or r.recourse_until >= ($1::timestamptz)::date)))))`

// recourseOpen tells it of one case today.
func (s *Service) recourseOpen(ctx context.Context, q querier, c *Case) (open bool, err error) {
	err = q.QueryRow(ctx, `select `+recourseOpen+` from cases c where c.id = $2`, s.now(), c.ID).Scan(&open)
	if err != nil {
		return false, fmt.Errorf("look for recourse: %w", err)
	}
	return open, nil
}

// retire destroys the keys of cases whose retention has ended: everything
// sealed with them becomes unreadable, and the log's digests unlinkable. A hold
// keeps the key, and so do recourse that is open and a restriction in force: of
// its end the person has to be told.
func (s *Service) retire(ctx context.Context) error {
	return s.each(ctx, func(ch *change) error {
		if ch.c.wrapped == nil || ch.c.RetainUntil == nil || !ch.c.RetainUntil.Before(s.now()) {
			return nil
		}
		held, err := ch.holdsKey(ctx)
		if err != nil || held {
			return err
		}
		if r, err := restrictionOf(ctx, ch.Tx, ch.c.ID); err != nil || r != nil && r.LiftedAt == nil {
			return err
		}
		if open, err := s.recourseOpen(ctx, ch.Tx, ch.c); err != nil || open {
			return err
		}
		return ch.destroyKey(ctx)
	}, `select c.id from cases c where c.key_wrapped is not null and c.retain_until < ($1::timestamptz)::date and not `+recourseOpen+`
		and not exists (select 1 from restrictions r where r.case_id = c.id and r.lifted_at is null)
		and not exists (select 1 from holds h join hold_cases hc on hc.hold_id = h.id where h.lifted_at is null and hc.case_id = c.id)
		order by c.retain_until, c.id limit 200`, s.now())
}

// destroyKey makes a case unreadable for good. Its events and figures stay.
func (ch *change) destroyKey(ctx context.Context) error {
	id := ch.c.ID
	if err := ch.s.dropStage(ctx, id); err != nil {
		return err
	}
	if err := ch.s.blobs.DeletePrefix(ctx, "package/"+id.String()); err != nil {
		return fmt.Errorf("delete packages: %w", err)
	}
	if err := ch.dropDocuments(ctx, sweepActor, "ended"); err != nil {
		return err
	}
	if err := mail.Forget(ctx, ch.Tx, id.String()); err != nil {
		return err
	}
	b := &pgx.Batch{}
	b.Queue(`delete from attachments where case_id = $1`, id)
	b.Queue(`delete from customer_tokens where case_id = $1`, id)
	b.Queue(`delete from codes where case_id = $1`, id)
	b.Queue(`update cases set email_lookup = null, subject_lookup = '{}' where id = $1`, id)
	b.Queue(`update plans set lookups = '{}' where case_id = $1`, id)
	b.Queue(`delete from signal_links where case_id = $1`, id)
	b.Queue(`delete from restriction_stops where case_id = $1`, id)
	b.Queue(`select unlink_case($1)`, id)
	if err := ch.SendBatch(ctx, b).Close(); err != nil {
		return fmt.Errorf("forget case: %w", err)
	}
	if ch.c.PackageSize > 0 {
		ch.c.PackageSize = 0
		ch.record(Actor{Role: "system"}, evidence.PackageDeleted{Cause: "closed", Package: evidence.ID(id.String())})
	}
	ch.c.wrapped, ch.c.sealed, ch.c.PlanID = nil, nil, nil
	final := ch.local(ch.at.Add(ch.s.set.Backups))
	ch.record(Actor{Role: "system"}, evidence.KeyDestroyed{FinalOn: evidence.Day(final)})
	return nil
}
