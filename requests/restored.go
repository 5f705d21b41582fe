package requests

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"habeas/requests/connect"
	"habeas/requests/evidence"
)

// Restored is what follows from a backup that came back.
type Restored struct {
	Looked     int // requests whose records are looked for again
	Suppressed int // requests whose opt-outs are written into the system again
}

// Restored says that a system came back from a backup, with what was erased or
// stopped in it since. Our own list refuses every use all the while; now the
// system is told again of each opt-out that still stands, and everything that was
// erased, masked, detached or corrected there is looked for at once: what is back
// returns its request for review (11 CCR 7022(d); GDPR Art. 17(1)). Requests that
// are closed are past their last re-scan, which has to lie behind the oldest
// backup.
func (s *Service) Restored(ctx context.Context, by Actor, name string) (Restored, error) {
	var out Restored
	if _, ok := s.System(name); !ok {
		return out, refuse(NotFound, "no-such-system", "There is no such system.")
	}
	err := s.each(ctx, func(ch *change) error {
		if ch.c.Status != Completed || ch.c.PlanID == nil || ch.c.wrapped == nil {
			return nil
		}
		p, err := ch.plan(ctx)
		if err != nil {
			return err
		}
		stands, err := ch.stillStopped(ctx)
		if err != nil {
			return err
		}
		if stands && slices.Contains(ch.suppressing(p), name) {
			if err := ch.onceMore(ctx, name, Suppress); err != nil {
				return err
			}
			out.Suppressed++
		}
		if !slices.Contains(p.systems(connect.Erase, connect.Mask, connect.Detach, connect.Correct), name) {
			return nil
		}
		out.Looked++
		return ch.onceMore(ctx, name, Rescan)
	}, `select c.id from cases c where c.status = 'completed' and c.plan_id is not null order by c.id`)
	if err != nil {
		return out, err
	}
	err = pgx.BeginFunc(ctx, s.db, func(tx pgx.Tx) error {
		return evidence.AppendSystem(ctx, tx, evidence.Event{Actor: by.String(), Data: evidence.SystemRestored{
			Looked: evidence.Count(out.Looked), Suppressed: evidence.Count(out.Suppressed), System: evidence.Code(name),
		}})
	})
	if err != nil {
		return out, fmt.Errorf("note restored system: %w", err)
	}
	s.wake(ctx)
	return out, nil
}

// onceMore adds one more task of a stage that has run.
func (ch *change) onceMore(ctx context.Context, system string, stage Stage) error {
	var round int
	if err := ch.QueryRow(ctx, `select coalesce(max(t.round), 0) + 1 from tasks t where t.case_id = $1 and t.system = $2 and t.stage = $3`,
		ch.c.ID, system, stage).Scan(&round); err != nil {
		return fmt.Errorf("number task: %w", err)
	}
	return ch.addTask(ctx, system, stage, round, ch.at, nil)
}

// stillStopped reports whether the request stopped uses of the person's data, and
// none of them was allowed again since.
func (ch *change) stillStopped(ctx context.Context) (bool, error) {
	var stopped bool
	err := ch.QueryRow(ctx, `
		with stopped as (
			select l.lookup, l.purpose, l.since from consent_ledger l where l.case_id = $1 and not l.allowed and l.voided_at is null
			union all
			select s.lookup, s.scope, s.since from suppressions s where s.case_id = $1 and s.voided_at is null)
		select count(*) > 0 and not bool_or(exists (select 1 from consent_ledger l
			where l.lookup = x.lookup and l.allowed and l.since > x.since and l.voided_at is null and (x.purpose = '*' or l.purpose = x.purpose)))
		from stopped x`, ch.c.ID).Scan(&stopped)
	if err != nil {
		return false, fmt.Errorf("read consent: %w", err)
	}
	return stopped, nil
}

// AfterRestore reports whether a re-scan is one that nobody had scheduled: a
// backup came back.
func (s *Service) AfterRestore(cl *Claim) bool {
	return cl.Stage == Rescan && cl.Round > len(s.set.Rescans)
}

// Unlooked says where backups outlive the last re-scan: what such a backup brings
// back, nobody looks for.
func (s Settings) Unlooked() []string {
	s = s.withDefaults()
	last := time.Duration(0)
	if len(s.Rescans) > 0 {
		last = slices.Max(s.Rescans)
	}
	if s.SystemBackups <= last {
		return nil
	}
	return []string{fmt.Sprintf("rescans: the last comes %d days after an erasure, but backups of the systems live %d days: what an older one brings back is not looked for. Let the last be later than erasure.backups.",
		int(last.Hours()/24), int(s.SystemBackups.Hours()/24))}
}
