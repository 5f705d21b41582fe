package requests

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"habeas/requests/connect"
	"habeas/requests/evidence"
	"habeas/requests/seal"
)

// Stage is what a task does in its system.
type Stage string

// The stages of a case, in the order in which they run.
const (
	Discover Stage = "discover" // find every record
	Collect  Stage = "collect"  // read what an access case discloses
	Check    Stage = "check"    // read again: has anything changed since the plan
	Package  Stage = "package"  // build the customer's package
	Suppress Stage = "suppress" // opt out
	Erase    Stage = "erase"    // erase, mask, detach, correct
	Verify   Stage = "verify"   // look again
	Rescan   Stage = "rescan"   // look again days later
	ByHand   Stage = "manual"   // a person does it
	Match    Stage = "match"    // compare what a person says of themselves
	Resume   Stage = "resume"   // give back what a restriction stopped, after it was lifted
)

// OwnSystem is the system name of work that happens in Habeas itself.
const OwnSystem = "habeas"

// Task is one (case, system, stage), with its own row, attempts and receipts.
type Task struct {
	ID       uuid.UUID
	CaseID   uuid.UUID
	System   string
	Stage    Stage
	Round    int
	PlanID   *uuid.UUID
	Status   string
	Attempt  int
	Failed   int // attempts that failed
	IntentAt *time.Time
	sealedIn []byte
}

// Claim is a task that this worker holds under a lease. Everything written
// for it is fenced by the attempt: once another worker holds a newer one,
// writes fail with ErrFenced.
type Claim struct {
	Task
	Rights   []string
	Purposes []string
	Key      seal.Key
	// Again says that an earlier attempt may have acted: what is gone since is
	// a result, not drift.
	Again bool
}

// ErrFenced says that the task is no longer this worker's.
var ErrFenced = errors.New("requests: the task was taken over by another attempt")

// ErrNotNow says that a task cannot be claimed at the moment: it is done,
// taken, paused, not due, or its system has no free slot.
var ErrNotNow = errors.New("requests: the task cannot be claimed now")

var workerActor = Actor{Role: Worker}

func (ch *change) addTask(ctx context.Context, system string, stage Stage, round int, at time.Time, sealedIn []byte) error {
	_, err := ch.Exec(ctx, `insert into tasks (id, case_id, system, stage, round, plan_id, status, created_at, due_on, next_attempt_at, sealed_in)
		values ($1, $2, $3, $4, $5, $6, 'waiting', $7, $8, $9, $10)`,
		newID(), ch.c.ID, system, stage, round, ch.c.PlanID, ch.at, ch.c.DueOn, at, sealedIn)
	if err != nil {
		return fmt.Errorf("insert task: %w", err)
	}
	ch.woke = true
	return nil
}

// claim is one statement and one commit: it locks the case, takes a free slot
// and the task, and writes the intent. No row: it cannot be had now.
// claim: a search and a giving back wait until no act of their case is under way, for what that
// does would look like drift; nothing is erased before every hold was weighed.
const claim = `with held as (
		select c.id, t.system from cases c join tasks t on t.case_id = c.id
		where t.id = $1 and t.status = 'waiting' and t.next_attempt_at <= now() for update of c),
	slot as (
		select s.system, s.n from slots s join held h on h.system = s.system
		where s.task_id is null or s.lease_until < now()
		order by s.n limit 1 for update of s skip locked),
	claimed as (
		update tasks t set status = 'running', attempt = t.attempt + 1, lease_until = now() + $2::interval, worker = $3, slot = slot.n,
			intent_at = coalesce(t.intent_at, case when t.stage in ('suppress', 'erase', 'resume') then now() end)
		from slot where t.id = $1 and t.status = 'waiting'
			and not exists (select 1 from systems y where y.name in (t.system, '*') and y.paused)
			and not (t.stage in ('discover', 'check', 'resume') and exists (select 1 from tasks o
				where o.case_id = t.case_id and o.status = 'running' and o.stage in ('suppress', 'erase', 'resume')))
			and not (t.stage = 'erase' and ` + unweighed + `)
		returning t.id, t.case_id, t.system, t.stage, t.round, t.plan_id, t.attempt, t.attempts_failed, t.attempt > 1 and t.intent_at is not null as again, t.sealed_in),
	taken as (
		update slots s set task_id = $1, lease_until = now() + $2::interval from slot, claimed
		where s.system = slot.system and s.n = slot.n),
	told as (
		update cases c set event_seq = c.event_seq + 1, event_at = date_trunc('milliseconds', greatest(clock_timestamp(), c.event_at)),
			acted_at = case when t.stage = 'erase' then coalesce(c.acted_at, clock_timestamp()) else c.acted_at end
		from claimed t where c.id = t.case_id
		returning c.id as case_id, c.event_seq, c.event_at, $4::text as actor, $5::text as salt, t.attempt, t.stage, t.system, t.id as task,
			c.rights, c.purposes, c.key_wrapped),
	` + evidence.StartedSQL + `
	select t.id, t.case_id, t.system, t.stage, t.round, t.plan_id, t.attempt, t.attempts_failed, t.again, t.sealed_in, n.rights, n.purposes, n.key_wrapped
	from claimed t join told n on n.task = t.id`

// Claim takes a waiting task under a lease and commits the intent, as an
// event, before anything is done. ErrNotNow if it cannot be had.
func (s *Service) Claim(ctx context.Context, id uuid.UUID, worker string, lease time.Duration) (*Claim, error) {
	cl, err := s.claim(ctx, id, worker, lease)
	if !errors.Is(err, ErrNotNow) {
		return cl, err
	}
	clear, werr := s.weighAgain(ctx, id)
	switch {
	case werr != nil:
		return nil, werr
	case !clear:
		return nil, ErrNotNow
	}
	return s.claim(ctx, id, worker, lease)
}

func (s *Service) claim(ctx context.Context, id uuid.UUID, worker string, lease time.Duration) (*Claim, error) {
	var cl Claim
	var wrapped []byte
	err := s.db.QueryRow(ctx, claim, id, lease, worker, workerActor.String(), evidence.NewSalt()).Scan(
		&cl.ID, &cl.CaseID, &cl.System, &cl.Stage, &cl.Round, &cl.PlanID, &cl.Attempt, &cl.Failed, &cl.Again, &cl.sealedIn,
		&cl.Rights, &cl.Purposes, &wrapped)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil, ErrNotNow
	case err != nil:
		return nil, fmt.Errorf("claim: %w", err)
	}
	if cl.Key, err = s.ring.Unwrap(wrapped); err != nil {
		return nil, fmt.Errorf("case key: %w", err)
	}
	return &cl, nil
}

// Heartbeat renews a claim's lease. ErrFenced if it is lost.
func (s *Service) Heartbeat(ctx context.Context, cl *Claim, lease time.Duration) error {
	tag, err := s.db.Exec(ctx, `with t as (
			update tasks set lease_until = now() + $3::interval where id = $1 and attempt = $2 and status = 'running' returning id, system, slot)
		update slots s set lease_until = now() + $3::interval from t where s.system = t.system and s.n = t.slot and s.task_id = t.id`, cl.ID, cl.Attempt, lease)
	if err != nil {
		return fmt.Errorf("heartbeat: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return ErrFenced
	}
	return nil
}

// finish ends a claim in one transaction: fn writes its results, the task is
// done, and whoever finished the last task of a stage advances the case.
func (s *Service) finish(ctx context.Context, cl *Claim, records int64, fn func(*change) error) error {
	b := &pgx.Batch{}
	b.Queue(lockCase, cl.CaseID)
	b.Queue(endTask, cl.ID, cl.Attempt, "done", records) // a statement of its own: it sees what was committed before the lock
	p, res, err := s.begin(ctx, b)
	if err != nil {
		return err
	}
	tx := pipedTx{p}
	defer tx.Rollback(context.WithoutCancel(ctx))
	ch := &change{Tx: tx, s: s}
	var others bool
	if ch.c, err = s.scan(res.QueryRow(), &ch.at); err == nil {
		err = res.QueryRow().Scan(&others)
	}
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrFenced
	}
	if cerr := res.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return fmt.Errorf("end task: %w", err)
	}
	return ch.commit(ctx, func(ch *change) error {
		if err := fn(ch); err != nil {
			return err
		}
		ch.record(workerActor, evidence.TaskFinished{
			Attempt: evidence.Count(cl.Attempt), Records: evidence.Count(records), Result: "done",
			Stage: evidence.Code(cl.Stage), System: evidence.Code(cl.System), Task: evidence.ID(cl.ID.String()),
		})
		if others {
			return nil // whoever finishes the last of them goes on
		}
		return ch.advance(ctx)
	})
}

// endTask closes a running attempt, fenced, frees its slot, and says whether
// the stage has other tasks to wait for.
const endTask = `with t as (
		update tasks set status = $3, finished_at = clock_timestamp(), lease_until = null, done_count = $4, error_code = '', error_text = ''
		where id = $1 and attempt = $2 and status = 'running' returning id, case_id, system, slot, stage, plan_id),
	freed as (update slots s set task_id = null, lease_until = null from t where s.system = t.system and s.n = t.slot and s.task_id = t.id)
	select exists (select 1 from tasks o where o.case_id = t.case_id and o.stage = t.stage and o.id <> t.id
		and o.plan_id is not distinct from t.plan_id and o.status in ('waiting', 'running')) from t`

// end closes a running attempt, fenced, and frees its slot.
func (ch *change) end(ctx context.Context, cl *Claim, status string, records int64) error {
	var others bool
	err := ch.QueryRow(ctx, endTask, cl.ID, cl.Attempt, status, records).Scan(&others)
	if errors.Is(err, pgx.ErrNoRows) {
		return ErrFenced
	}
	if err != nil {
		return fmt.Errorf("end task: %w", err)
	}
	return nil
}

// Backoff is how long after its nth failure (from 1) a task waits.
func Backoff(n int) time.Duration {
	return min(time.Second<<min(n, 20), 15*time.Minute)
}

// Fail ends a claim that did not work out, as the error advises: another
// attempt later, a manual task, back to review, or attention.
func (s *Service) Fail(ctx context.Context, cl *Claim, cause error) error {
	advice := connect.Advice(cause)
	if advice.Next == connect.Drifted {
		return s.Drifted(ctx, cl, advice.Code, 0)
	}
	return s.within(ctx, cl.CaseID, func(ch *change) error {
		failed := evidence.TaskFailed{
			Attempt: evidence.Count(cl.Attempt), Code: evidence.Code(advice.Code), Next: evidence.Code(advice.Next),
			Stage: evidence.Code(cl.Stage), System: evidence.Code(cl.System), Task: evidence.ID(cl.ID.String()),
		}
		status, next := "waiting", ch.at.Add(max(advice.After, Backoff(cl.Failed+1)))
		switch advice.Next {
		case connect.Retry:
			if !ch.wanted(cl) {
				status = "cancelled"
				break
			}
			failed.RetryAt = evidence.At(next)
		case connect.ByHand:
			status = "done" // a person's task takes its place
			ch.c.setFlag(Attention, true)
		case connect.Stop:
			status = "failed"
			ch.c.setFlag(Attention, true)
		}
		tag, err := ch.Exec(ctx, `with t as (
				update tasks set status = $3, attempts_failed = attempts_failed + 1, lease_until = null, dispatched_at = null,
					next_attempt_at = $4, error_code = $5, error_text = $6
				where id = $1 and attempt = $2 and status = 'running' returning id, system, slot),
			freed as (update slots s set task_id = null, lease_until = null from t where s.system = t.system and s.n = t.slot and s.task_id = t.id)
			select 1 from t`, cl.ID, cl.Attempt, status, next, advice.Code, advice.Text)
		if err != nil {
			return fmt.Errorf("fail task: %w", err)
		}
		if tag.RowsAffected() == 0 {
			return ErrFenced
		}
		ch.record(workerActor, failed)
		if advice.Next == connect.ByHand {
			if err := ch.addManual(ctx, cl.System, advice.Text, 0); err != nil {
				return err
			}
			return ch.advance(ctx)
		}
		return nil
	})
}

// wanted reports whether a task still serves its case: the case goes on, and
// under the same plan. What a restriction stopped is given back after its case
// has ended too.
func (ch *change) wanted(cl *Claim) bool {
	if !ch.c.Status.Open() && ch.c.Status != Completed && cl.Stage != Resume {
		return false
	}
	return cl.PlanID == nil || ch.c.PlanID != nil && *cl.PlanID == *ch.c.PlanID
}
