package requests

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"habeas/requests/blob"
	"habeas/requests/connect"
	"habeas/requests/evidence"
	"habeas/requests/plan"
)

// Planned is one record of a claim's plan, in plan order.
type Planned struct {
	Ord    int64
	Record plan.Record
	Values map[string]json.RawMessage // of a correction
}

// Target is the record as a connector takes it.
func (p Planned) Target() connect.Target {
	t := p.Record.Target()
	t.Values = p.Values
	return t
}

// Planned yields the records of the claim's system with one of the actions;
// no action means all.
func (s *Service) Planned(ctx context.Context, cl *Claim, actions ...connect.Action) iter.Seq2[Planned, error] {
	return func(yield func(Planned, error) bool) {
		for r, err := range recordsOf(ctx, s.db, cl.Key, *cl.PlanID, cl.System, actions) {
			if !yield(Planned{Ord: r.Ord, Record: r.Record, Values: r.Note.Values}, err) || err != nil {
				return
			}
		}
	}
}

// Receipts opens the receipts of this attempt for events of one kind.
func (s *Service) Receipts(ctx context.Context, cl *Claim, kind string) (*evidence.Receipts, error) {
	return evidence.OpenReceipts(ctx, s.db, evidence.ReceiptsOf{
		Case: cl.CaseID.String(), Task: cl.ID.String(), System: cl.System, Kind: kind, Attempt: int64(cl.Attempt),
	})
}

// ReceiptFor is the receipt of one planned record.
func (s *Service) ReceiptFor(cl *Claim, r plan.Record, outcome string) evidence.Receipt {
	return evidence.Receipt{
		Type: r.Type, Key: cl.Key.Digest("record", r.System, r.Type, r.Key), Right: r.Right, Outcome: outcome, At: s.now(),
	}
}

// Receipt is the receipt of a record that need not be in the plan.
func (s *Service) Receipt(cl *Claim, typ, key, right, outcome string) evidence.Receipt {
	return s.ReceiptFor(cl, plan.Record{System: cl.System, Type: typ, Key: key, Right: right}, outcome)
}

// OutcomeNames are all outcomes of records, in the order in which events list
// them.
var OutcomeNames = []string{
	"disclosed", "redacted", "kept", "verified_absent", "verified_masked", "verified_detached", "verified_suppressed",
	"verified_corrected", "accepted", "purge_pending", "failed", "reappeared",
}

// Advice is what a failed task's error says to do next.
func Advice(err error) *connect.Error { return connect.Advice(err) }

// Stage begins the sealed stream that this attempt collects into.
func (s *Service) Stage(ctx context.Context, cl *Claim) (blob.Writer, error) {
	return s.blobs.Create(ctx, stageName(cl.CaseID, cl.ID, cl.Attempt))
}

func stageName(caseID, task uuid.UUID, attempt int) string {
	return fmt.Sprintf("stage/%s/%s-%d", caseID, task, attempt)
}

// Collected ends a collection.
func (s *Service) Collected(ctx context.Context, cl *Claim, read evidence.Chunk) error {
	err := s.finish(ctx, cl, int64(read.Count), func(ch *change) error {
		ch.record(workerActor, evidence.RecordRead{Chunk: read})
		return nil
	})
	if errors.Is(err, ErrFenced) { // nobody will read this attempt's stage
		err = errors.Join(err, s.blobs.Delete(context.WithoutCancel(ctx), stageName(cl.CaseID, cl.ID, cl.Attempt)))
	}
	return err
}

// Comparison is what a check needs: what was planned, how to propose anew,
// and what to enter with.
type Comparison struct {
	Drift    *plan.Drift
	Proposer plan.Proposer
	Who      []connect.Identity
	Dataset  string // the description's hash at planning
	stop     func()
}

// Close frees what a comparison holds.
func (c *Comparison) Close() { c.stop() }

// Compare prepares the drift check of the claim's system.
func (s *Service) Compare(ctx context.Context, cl *Claim) (*Comparison, error) {
	c, err := s.load(ctx, s.db, cl.CaseID)
	if err != nil {
		return nil, err
	}
	p, err := readPlan(ctx, s.db, *cl.PlanID)
	if err != nil {
		return nil, err
	}
	var in []byte
	err = s.db.QueryRow(ctx, `select t.sealed_in from tasks t where t.case_id = $1 and t.system = $2 and t.stage = 'discover' and t.status = 'done'
		order by t.round desc limit 1`, cl.CaseID, cl.System).Scan(&in)
	if err != nil {
		return nil, fmt.Errorf("read entry identities: %w", err)
	}
	cmp := &Comparison{Proposer: s.proposer(cl.Key, cl.System, c), Dataset: p.Header.Datasets[cl.System]}
	if err := openJSON(cl.Key, "task", in, &cmp.Who); err != nil {
		return nil, err
	}
	uses, chosen, err := s.stopping(ctx, s.db, c)
	if err != nil {
		return nil, err
	}
	cmp.Proposer.Stops = stops(uses, chosen)
	if cmp.Proposer.Corrections, err = corrections(ctx, s.db, cl.Key, cl.CaseID, cl.System); err != nil {
		return nil, err
	}
	next, stop := iter.Pull2(recordsOf(ctx, s.db, cl.Key, *cl.PlanID, cl.System, nil))
	cmp.stop = stop
	cmp.Drift = plan.NewDrift(func() (plan.Record, bool, error) {
		r, err, ok := next()
		for ok && err == nil && r.Note.Carried { // done before: what is gone since is no drift
			r, err, ok = next()
		}
		return r.Record, ok && err == nil, err
	})
	return cmp, nil
}

// Checked ends a check that found nothing changed.
func (s *Service) Checked(ctx context.Context, cl *Claim, records int64) error {
	return s.finish(ctx, cl, records, func(*change) error { return nil })
}

// maxDrifts is how often in a row a case is planned anew by itself.
const maxDrifts = 5

// Drifted returns a case for approval because a system is not what was
// approved: nothing planned goes on, and every system is searched again.
func (s *Service) Drifted(ctx context.Context, cl *Claim, code string, records int64) error {
	return s.within(ctx, cl.CaseID, func(ch *change) error {
		if err := ch.end(ctx, cl, "cancelled", records); err != nil {
			return err
		}
		p, err := ch.plan(ctx)
		if err != nil {
			return err
		}
		ch.record(workerActor, evidence.DriftFound{
			Code: evidence.Code(code), PlanHash: evidence.Digest(p.Hash), Records: evidence.Count(records),
			System: evidence.Code(cl.System), Task: evidence.ID(cl.ID.String()),
		})
		return ch.replan(ctx, p)
	})
}

// Applied ends an act with what it did, one event per kind, count zero too.
func (s *Service) Applied(ctx context.Context, cl *Claim, did []evidence.Data, records int64) error {
	return s.finish(ctx, cl, records, func(ch *change) error {
		for _, d := range did {
			ch.record(workerActor, d)
		}
		return nil
	})
}

// Outcome is what was seen of one planned record.
type Outcome struct {
	Ord     int64
	Outcome string
	Until   time.Time
}

// SetOutcomes writes outcomes of this attempt's looks.
func (s *Service) SetOutcomes(ctx context.Context, cl *Claim, batch []Outcome) error {
	ords, outcomes, untils := make([]int64, len(batch)), make([]string, len(batch)), make([]*time.Time, len(batch))
	for i, o := range batch {
		ords[i], outcomes[i] = o.Ord, o.Outcome
		if !o.Until.IsZero() {
			untils[i] = &batch[i].Until
		}
	}
	_, err := s.db.Exec(ctx, `update plan_records r set outcome = u.outcome, until = u.until
		from unnest($3::bigint[], $4::text[], $5::timestamptz[]) as u (ord, outcome, until), tasks t
		where t.id = $1 and t.attempt = $2 and t.status = 'running' and r.plan_id = t.plan_id and r.ord = u.ord`,
		cl.ID, cl.Attempt, ords, outcomes, untils)
	if err != nil {
		return fmt.Errorf("write outcomes: %w", err)
	}
	return nil
}

// FoundIdentities is every identity that the plan holds, to search by again.
func (s *Service) FoundIdentities(ctx context.Context, cl *Claim) ([]connect.Identity, error) {
	p, err := readPlan(ctx, s.db, *cl.PlanID)
	if err != nil {
		return nil, err
	}
	var way foundOnTheWay
	if err := openJSON(cl.Key, "plan", p.sealed, &way); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(way.Identities, func(id connect.Identity) bool { return !id.Proven }), nil
}

// PlannedAction returns what is planned for a record under a right, and false
// when the plan does not have it.
func (s *Service) PlannedAction(ctx context.Context, cl *Claim, typ, key, right string) (connect.Action, bool, error) {
	var a connect.Action
	err := s.db.QueryRow(ctx, `select r.action from plan_records r where r.plan_id = $1 and r.key_digest = $2 and r."right" = $3`,
		*cl.PlanID, keyDigest(cl.Key, cl.System, typ, key), right).Scan(&a)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", false, nil
	}
	return a, err == nil, err
}

// Looked is what a verify or re-scan found.
type Looked struct {
	Seen     evidence.Chunk // receipts of every record
	Outcomes []evidence.OutcomeCount
	Back     evidence.Chunk // receipts of those that are there again
}

// LookedAgain ends a verify or a re-scan. A record that reappeared returns a
// completed case for review.
func (s *Service) LookedAgain(ctx context.Context, cl *Claim, l Looked) error {
	return s.finish(ctx, cl, int64(l.Seen.Count), func(ch *change) error {
		round := evidence.Code("after_act")
		if cl.Stage == Rescan {
			round = evidence.Code(fmt.Sprintf("rescan_%d", cl.Round))
		}
		ch.record(workerActor, evidence.OutcomeVerified{
			Attempt: l.Seen.Attempt, Count: l.Seen.Count, SHA256: l.Seen.SHA256, System: l.Seen.System, Task: l.Seen.Task,
			Outcomes: l.Outcomes, Round: round,
		})
		if l.Back.Count == 0 {
			return nil
		}
		ch.record(workerActor, evidence.OutcomeReappeared{
			Attempt: l.Back.Attempt, Count: l.Back.Count, SHA256: l.Back.SHA256, System: l.Back.System, Task: l.Back.Task, Round: round,
		})
		ch.c.setFlag(Attention, true)
		p, err := ch.plan(ctx)
		if err != nil {
			return err
		}
		if ch.c.Status == Verifying { // the plan lacks a record: a new one carries what is done
			return ch.replan(ctx, p)
		}
		if ch.c.Status != Completed {
			return nil // another system's look took the plan back before
		}
		if err := ch.cancelTasks(ctx); err != nil {
			return err
		}
		// the plan was carried out; what is there now needs a new search
		if _, err := ch.Exec(ctx, `update plans set stale = true where id = $1`, p.ID); err != nil {
			return fmt.Errorf("mark plan stale: %w", err)
		}
		return ch.become(workerActor, Review)
	})
}

// outcomeCount counts records of the plan by outcome.
type outcomeCount struct {
	Outcome string
	Count   int64
}

func (ch *change) outcomes(ctx context.Context) ([]outcomeCount, error) {
	rows, err := ch.Query(ctx, `select r.outcome, count(*) from plan_records r where r.plan_id = $1 group by r.outcome order by r.outcome`, ch.c.PlanID)
	if err != nil {
		return nil, fmt.Errorf("count outcomes: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[outcomeCount])
}

// suppressFound puts everything that leads to the person on our own list
// before it is erased: afterwards nothing is left to opt out.
func (ch *change) suppressFound(ctx context.Context, p *storedPlan) error {
	var way foundOnTheWay
	if err := openJSON(ch.key, "plan", p.sealed, &way); err != nil {
		return err
	}
	return ch.suppress(ctx, way.Identities)
}
