package requests

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"habeas/requests/evidence"
	"habeas/requests/identity"
)

// Runnable is a task that can be handed to a worker now.
type Runnable struct {
	ID     uuid.UUID
	System string
}

// ToDispatch picks what to hand out: due, not paused, not handed out within
// again, at most free per system, earliest deadline first and one case's tasks
// after another's. It marks what it picked.
func (s *Service) ToDispatch(ctx context.Context, again time.Duration) ([]Runnable, error) {
	rows, err := s.db.Query(ctx, `with free as (
			select s.system, count(*) filter (where s.task_id is null or s.lease_until < now()) - (select count(*) from tasks t where t.system = s.system and t.status = 'waiting' and t.dispatched_at > now() - $1::interval) as n
			from slots s where not exists (select 1 from systems y where y.name in (s.system, '*') and y.paused)
			group by s.system),
		picked as (
			select t.id from free f cross join lateral (
				select t.id, t.due_on, row_number() over (partition by t.case_id order by t.id) as turn from (
					select t.id, t.due_on, t.case_id from tasks t
					where t.system = f.system and t.status = 'waiting' and t.next_attempt_at <= now()
						and (t.dispatched_at is null or t.dispatched_at <= now() - $1::interval)
					order by t.due_on, t.next_attempt_at limit greatest(f.n, 0) * 2) t
				order by turn, t.due_on, t.id limit greatest(f.n, 0)) t)
		update tasks t set dispatched_at = now() from picked where t.id = picked.id and t.status = 'waiting' returning t.id, t.system`, again)
	if err != nil {
		return nil, fmt.Errorf("pick tasks: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Runnable])
}

// PutBack returns a task that was handed out and could not be claimed, so that
// it is handed out again as soon as its system has a free slot.
func (s *Service) PutBack(ctx context.Context, id uuid.UUID) error {
	if _, err := s.db.Exec(ctx, `update tasks set dispatched_at = null where id = $1 and status = 'waiting'`, id); err != nil {
		return fmt.Errorf("put task back: %w", err)
	}
	return nil
}

// Forget takes back everything handed out: the queue lost it.
func (s *Service) Forget(ctx context.Context) error {
	if _, err := s.db.Exec(ctx, `update tasks set dispatched_at = null where status = 'waiting' and dispatched_at is not null`); err != nil {
		return fmt.Errorf("take back dispatched tasks: %w", err)
	}
	return nil
}

// Reap returns tasks whose worker let the lease run out. What belongs to a case
// that ended, or to a plan no longer in force, is not done again.
func (s *Service) Reap(ctx context.Context) (int64, error) {
	tag, err := s.db.Exec(ctx, `with dead as (
			update tasks t set lease_until = null, dispatched_at = null,
				status = case when c.status in ('closed', 'refused', 'expired', 'withdrawn') and t.stage <> 'resume' or t.plan_id <> c.plan_id or t.plan_id is not null and c.plan_id is null
					then 'cancelled' else 'waiting' end
			from cases c where c.id = t.case_id and t.status = 'running' and t.lease_until < now() returning t.id, t.system, t.slot),
		freed as (update slots s set task_id = null, lease_until = null from dead t where s.system = t.system and s.n = t.slot and s.task_id = t.id)
		select 1 from dead`)
	if err != nil {
		return 0, fmt.Errorf("reap tasks: %w", err)
	}
	return tag.RowsAffected(), nil
}

// Sweep looks after what no task moves: overdue cases, unverified ones,
// cases that could go on, and what has run out.
func (s *Service) Sweep(ctx context.Context) error {
	return errors.Join(s.recountPaused(ctx), s.markOverdue(ctx), s.remind(ctx), s.remindUnverified(ctx), s.remindShort(ctx), s.expireUnverified(ctx), s.nudge(ctx), s.dropReplies(ctx), s.dropEndedDocuments(ctx), s.clean(ctx), s.resumeLeft(ctx), s.retire(ctx), s.CountFigures(ctx))
}

func (s *Service) each(ctx context.Context, fn func(*change) error, query string, args ...any) error {
	rows, err := s.db.Query(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("sweep: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return fmt.Errorf("sweep: %w", err)
	}
	for _, id := range ids {
		if err := s.within(ctx, id, fn); err != nil && AsError(err).Kind != Conflict {
			return err
		}
	}
	return nil
}

// deskLooks says that a proof lies with the desk: who waits for us is neither
// reminded nor does the request expire.
const deskLooks = `exists (select 1 from attachments a where a.case_id = c.id and a.kind = 'document')`

// remindUnverified sends the UNVERIFIED letter: a request never lapses in silence.
func (s *Service) remindUnverified(ctx context.Context) error {
	return s.each(ctx, func(ch *change) error {
		if ch.c.Status != Filed || ch.c.Unverified != nil {
			return nil
		}
		ch.c.Unverified = new(ch.at)
		return ch.letterUnproved(ctx)
	}, `select c.id from cases c where c.status = 'filed' and c.unverified_at is null and c.email_lookup is not null and c.filed_at < $1 and not `+deskLooks+` limit 500`,
		s.now().Add(-s.set.UnverifiedAfter))
}

// remindShort sends the same letter in a request whose address was proved, and of
// whose facts too few agreed: as long after that as in every other one, whether
// the person is known or not (11 CCR 7022(a), 7024(a)).
func (s *Service) remindShort(ctx context.Context) error {
	return s.each(ctx, func(ch *change) error {
		if ch.c.Status != Review || ch.c.Unverified != nil {
			return nil
		}
		ch.c.Unverified = new(ch.at)
		return ch.letterUnproved(ctx)
	}, `select c.id from cases c join identity_doubts d on d.case_id = c.id and d.reason = $2 and d.settled_at is null
		where c.status = 'review' and c.unverified_at is null and c.email_lookup is not null and c.verified_at < $1 limit 500`,
		s.now().Add(-s.set.UnverifiedAfter), identity.FactsShort)
}

// expireUnverified ends a request that nobody proved: counted as a denial.
func (s *Service) expireUnverified(ctx context.Context) error {
	return s.each(ctx, func(ch *change) error {
		if ch.c.Status != Filed || ch.c.Unverified == nil {
			return nil
		}
		ch.record(Actor{Role: "system"}, evidence.RequestExpired{Cause: "unverified", Counted: "denied", SentAt: evidence.At(*ch.c.Unverified)})
		if err := ch.become(Actor{Role: "system"}, Expired); err != nil {
			return err
		}
		return ch.letter(ctx, "expired")
	}, `select c.id from cases c where c.status = 'filed' and c.unverified_at < $1 and not `+deskLooks+` limit 500`, s.now().Add(-identity.ExpiresAfter))
}

// nudge advances cases that wait for nothing: time has passed, or another case
// has ended.
func (s *Service) nudge(ctx context.Context) error {
	return s.each(ctx, func(ch *change) error { return ch.advance(ctx) },
		`select c.id from cases c where c.status in ('discovering', 'executing', 'verifying')
			and not exists (select 1 from tasks t where t.case_id = c.id and t.status in ('waiting', 'running', 'open', 'failed') and t.stage <> 'rescan')
		union all
		select c.id from cases c where c.status = 'completed' and c.completed_at < $1
			and not exists (select 1 from tasks t where t.case_id = c.id and t.status in ('waiting', 'running', 'open', 'failed'))
		limit 500`, s.now().Add(-s.lastRescan()))
}

func (s *Service) lastRescan() time.Duration {
	var last time.Duration
	for _, d := range s.set.Rescans {
		last = max(last, d)
	}
	return last
}

// clean deletes what has run out: drafts, stored answers, tokens, misses, and
// packages past their time.
func (s *Service) clean(ctx context.Context) error {
	b := &pgx.Batch{}
	b.Queue(`delete from drafts where expires_at < now()`)
	b.Queue(`delete from idempotency where expires_at < now()`)
	b.Queue(`delete from customer_tokens where expires_at < now()`)
	b.Queue(`delete from code_misses where at < now() - interval '2 days'`)
	if err := s.db.SendBatch(ctx, b).Close(); err != nil {
		return fmt.Errorf("clean: %w", err)
	}
	return s.each(ctx, func(ch *change) error {
		// Another sweep may have been here since the list was read.
		if ch.c.PackageName == "" || ch.c.PackageSize == 0 || ch.c.PackageUntil == nil || ch.c.PackageUntil.After(s.now()) {
			return nil
		}
		if err := s.blobs.Delete(ctx, ch.c.PackageName); err != nil {
			return err
		}
		ch.c.PackageSize = 0
		ch.record(Actor{Role: "system"}, evidence.PackageDeleted{Cause: "expired", Package: evidence.ID(ch.c.ID.String())})
		return nil
	}, `select c.id from cases c where c.package_until < $1::timestamptz and c.package_size > 0
		and not (c.law = 'PIPEDA' and `+recourseOpen+`) limit 100`, s.now()) // PIPEDA 8(8): what was asked for is kept until recourse has ended
}
