package requests

import (
	"context"
	"fmt"
	"slices"
	"time"

	"habeas/requests/connect"
	"habeas/requests/evidence"
)

// advance takes the case as far as its finished tasks allow. It runs at the
// end of every transaction that ends a task, and again from the sweeper.
func (ch *change) advance(ctx context.Context) error {
	for {
		before := ch.c.Status
		waits, err := ch.step(ctx)
		if err != nil {
			return err
		}
		if waits || ch.c.Status == before {
			return nil
		}
	}
}

// step does the next thing in the case's status. It returns true when the
// case has to wait: for tasks, for people, for time.
func (ch *change) step(ctx context.Context) (waits bool, err error) {
	switch ch.c.Status {
	case Discovering:
		return ch.stepDiscovering(ctx)
	case Executing:
		return ch.stepExecuting(ctx)
	case Verifying:
		return ch.stepVerifying(ctx)
	case Completed:
		return ch.stepCompleted(ctx)
	}
	return true, nil
}

// stage is how far the tasks of one stage are.
type stageState struct{ total, open, failed int }

func (ch *change) stage(ctx context.Context, stage Stage) (stageState, error) {
	var st stageState
	err := ch.QueryRow(ctx, `select count(*), count(*) filter (where t.status in ('waiting', 'running', 'open')), count(*) filter (where t.status = 'failed')
		from tasks t where t.case_id = $1 and t.stage = $2 and (t.plan_id = $3 or t.stage = 'manual' and t.plan_id is null) and t.status <> 'cancelled'`, ch.c.ID, stage, ch.c.PlanID).
		Scan(&st.total, &st.open, &st.failed)
	if err != nil {
		return st, fmt.Errorf("count tasks: %w", err)
	}
	return st, nil
}

// run makes a stage's tasks where it has none yet, and reports whether the
// case has to wait for them.
func (ch *change) run(ctx context.Context, stage Stage, systems []string, at time.Time) (waits bool, err error) {
	st, err := ch.stage(ctx, stage)
	if err != nil {
		return true, err
	}
	if st.total > 0 {
		return st.open > 0 || st.failed > 0, nil
	}
	for _, system := range systems {
		if err := ch.addTask(ctx, system, stage, 1, at, nil); err != nil {
			return true, err
		}
	}
	return len(systems) > 0, nil
}

// stepExecuting: every system passes the drift check before any acts; the
// package is stored before anything is suppressed, and suppressed before
// anything is erased.
func (ch *change) stepExecuting(ctx context.Context) (bool, error) {
	plan, err := ch.plan(ctx)
	if err != nil {
		return true, err
	}
	if waits, err := ch.run(ctx, Check, ch.s.finders(), ch.at); waits || err != nil {
		return true, err
	}
	if plan.concerns("access", "portability") && !ch.c.packaged() { // a package too where all is withheld: it says so
		if waits, err := ch.run(ctx, Package, []string{OwnSystem}, ch.at); waits || err != nil {
			return true, err
		}
	}
	if err := ch.restrict(ctx); err != nil {
		return true, err
	}
	if err := ch.object(ctx); err != nil {
		return true, err
	}
	if waits, err := ch.run(ctx, Suppress, ch.suppressing(plan), ch.at); waits || err != nil {
		return true, err
	}
	if waits, err := ch.runErase(ctx, plan); waits || err != nil {
		return true, err
	}
	if st, err := ch.stage(ctx, ByHand); err != nil || st.open > 0 {
		return true, err
	}
	return false, ch.become(workerActor, Verifying)
}

// suppressing are the systems in which the plan suppresses. A case that needed
// no proof goes into every one: what it writes does not tell where the person
// is known.
func (ch *change) suppressing(plan *storedPlan) []string {
	if NeedsProof(ch.c.Rights) {
		return plan.systems(connect.Suppress)
	}
	return slices.DeleteFunc(ch.s.finders(), func(name string) bool {
		c, _ := ch.s.System(name)
		_, ok := c.(connect.Applier)
		return !ok
	})
}

func (ch *change) runErase(ctx context.Context, plan *storedPlan) (waits bool, err error) {
	systems := plan.systems(connect.Erase, connect.Mask, connect.Detach, connect.Correct)
	st, err := ch.stage(ctx, Erase)
	if err != nil || st.total > 0 || len(systems) == 0 {
		return st.open > 0 || st.failed > 0, err
	}
	if !plan.concerns("erasure") { // a correction takes nothing away, and waits for nothing
		return ch.run(ctx, Erase, systems, ch.at)
	}
	if other, err := ch.copyOutstanding(ctx); err != nil || other {
		return true, err
	}
	if err := ch.suppressFound(ctx, plan); err != nil {
		return true, err
	}
	at := ch.at
	if ch.c.WaitUntil != nil && ch.c.WaitUntil.After(at) {
		at = *ch.c.WaitUntil
	}
	return ch.run(ctx, Erase, systems, at)
}

// copyOutstanding reports whether the person has another open access case
// whose package is not stored yet: what is erased cannot be disclosed. Past
// the due date it no longer waits.
func (ch *change) copyOutstanding(ctx context.Context) (bool, error) {
	var waits bool
	err := ch.QueryRow(ctx, `select exists (select 1 from cases o join cases c on c.id = $1
		where o.id <> c.id and o.subject_lookup && c.subject_lookup and o.rights && '{access,portability}'
			and o.status in ('verified', 'discovering', 'review', 'executing') and o.package_name = '' and $2::date < c.due_on)`,
		ch.c.ID, ch.at).Scan(&waits)
	if err != nil {
		return false, fmt.Errorf("look for open access cases: %w", err)
	}
	return waits, nil
}

func (ch *change) stepVerifying(ctx context.Context) (bool, error) {
	plan, err := ch.plan(ctx)
	if err != nil {
		return true, err
	}
	systems := plan.systems(connect.Erase, connect.Mask, connect.Detach, connect.Correct, connect.Suppress, connect.Keep)
	if !NeedsProof(ch.c.Rights) {
		systems = ch.suppressing(plan)
	}
	if waits, err := ch.run(ctx, Verify, systems, ch.at); waits || err != nil {
		return true, err
	}
	return ch.complete(ctx, plan)
}

// complete ends a case whose every record has a good outcome.
func (ch *change) complete(ctx context.Context, plan *storedPlan) (waits bool, err error) {
	outcomes, err := ch.outcomes(ctx)
	if err != nil {
		return true, err
	}
	var event []evidence.OutcomeCount
	for _, o := range outcomes {
		switch o.Outcome {
		case "", "failed", "reappeared":
			ch.c.setFlag(Attention, true)
			return true, nil
		case "accepted", "purge_pending":
			ch.c.setFlag(Unproven, true)
		case "kept":
			ch.c.setFlag(Partial, true)
		}
		event = append(event, evidence.OutcomeCount{Outcome: evidence.Code(o.Outcome), Count: evidence.Count(o.Count)})
	}
	if n, err := ch.refusedFields(ctx); err != nil {
		return true, err
	} else if n > 0 {
		ch.c.setFlag(Partial, true)
	}
	ch.c.Result = "done"
	if plan.Records == 0 && !ch.found(plan) {
		ch.c.Result = "no_data_held"
	}
	for _, right := range ch.c.Rights {
		if ch.c.decision(right) == nil {
			ch.c.Decisions = append(ch.c.Decisions, RightDecision{Right: right, Decision: ch.granted(right)})
		}
	}
	if err := ch.become(workerActor, Completed); err != nil {
		return true, err
	}
	ch.record(workerActor, evidence.RequestCompleted{Decisions: decided(ch.c.Decisions), Flags: flagCodes(ch.c.Flags), Outcomes: event, Result: evidence.Code(ch.c.Result)})
	if err := ch.tellRecipients(ctx); err != nil {
		return true, err
	}
	if err := ch.letterDone(ctx, plan, outcomes); err != nil {
		return true, err
	}
	for i, after := range ch.s.set.Rescans {
		for _, system := range plan.systems(connect.Erase, connect.Mask, connect.Detach) {
			if err := ch.addTask(ctx, system, Rescan, i+1, ch.at.Add(after), nil); err != nil {
				return true, err
			}
		}
	}
	return false, nil
}

func (ch *change) granted(right string) string {
	if ch.c.Has(Partial) && slices.Contains([]string{"access", "erasure", "objection", "rectification"}, right) {
		return "partial"
	}
	return "granted"
}

// stepCompleted closes a case after its last re-scan.
func (ch *change) stepCompleted(ctx context.Context) (bool, error) {
	st, err := ch.stage(ctx, Rescan)
	if err != nil || st.open > 0 || st.failed > 0 {
		return true, err
	}
	if rescans := ch.s.set.Rescans; len(rescans) > 0 && ch.at.Before(ch.c.CompletedAt.Add(slices.Max(rescans))) {
		return true, nil
	}
	if n, byHand, err := ch.untold(ctx); err != nil || n > 0 {
		ch.c.setFlag(Attention, byHand > 0 || ch.c.Has(Attention))
		return true, err
	}
	return false, ch.close(workerActor)
}

func (c *Case) decision(right string) *RightDecision {
	for i := range c.Decisions {
		if c.Decisions[i].Right == right {
			return &c.Decisions[i]
		}
	}
	return nil
}

func decided(list []RightDecision) []evidence.RightDecided {
	out := make([]evidence.RightDecided, len(list))
	for i, d := range list {
		out[i] = evidence.RightDecided{Decision: evidence.Code(d.Decision), Right: evidence.Code(d.Right)}
	}
	return out
}

func flagCodes(flags []Flag) []evidence.Code {
	out := make([]evidence.Code, len(flags))
	for i, f := range flags {
		out[i] = evidence.Code(f)
	}
	return out
}

// finders are the systems that can be searched.
func (s *Service) finders() []string {
	var names []string
	for _, c := range s.systems {
		if _, ok := c.(connect.Finder); ok {
			names = append(names, c.Describe().Name)
		}
	}
	return names
}
