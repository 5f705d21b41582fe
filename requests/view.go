package requests

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"habeas/requests/connect"
	"habeas/requests/evidence"
	"habeas/requests/identity"
	"habeas/requests/plan"
	"habeas/requests/seal"
)

// Get returns a case that the actor may see. A customer sees the own one; for
// everything else the answer is that there is none.
func (s *Service) Get(ctx context.Context, by Actor, id uuid.UUID) (*Case, error) {
	if by.Role == Customer && by.ID != id.String() {
		return nil, errNotFound()
	}
	if by.Role == Admin || by.Role == ServiceRole {
		return nil, errNotFound()
	}
	if by.Role == Customer && by.Grant != "" {
		return s.granted(ctx, by, id)
	}
	return s.load(ctx, s.db, id)
}

// granted is Get for a browser that was let in a while ago: the access may have
// ended since, because somebody else goes on with the request.
func (s *Service) granted(ctx context.Context, by Actor, id uuid.UUID) (*Case, error) {
	var still bool
	c, err := s.scan(s.db.QueryRow(ctx, `select `+caseColumns+`, exists (select 1 from customer_tokens t
		where t.hash = decode($2, 'hex') and t.case_id = c.id and t.kind = 'access') from cases c where c.id = $1`, id, by.Grant), &still)
	if err == nil && !still {
		return nil, refuse(Unauthorized, "access-ended", "Your access to this request has ended. Ask for a new code to open it again.")
	}
	return c, err
}

// TaskView is a task as people see it.
type TaskView struct {
	ID           uuid.UUID
	System       string
	Stage        Stage
	Round        int
	Status       string // waiting, running, done, failed, cancelled, open
	Attempts     int
	Failures     int
	Next         time.Time
	Error        string // code
	ErrorText    string
	Count        int64
	Result       string // of manual work
	Due          *time.Time
	CreatedAt    time.Time
	FinishedAt   *time.Time
	Instructions string
}

// Tasks lists a case's tasks in the order they were made.
func (s *Service) Tasks(ctx context.Context, c *Case) ([]TaskView, error) {
	rows, err := s.db.Query(ctx, `select t.id, t.system, t.stage, t.round, t.status, t.attempt, t.attempts_failed, t.next_attempt_at, t.error_code, t.error_text,
		t.done_count, t.due_at, t.created_at, t.finished_at, t.sealed_in from tasks t where t.case_id = $1 order by t.id`, c.ID)
	if err != nil {
		return nil, fmt.Errorf("read tasks: %w", err)
	}
	key, keyErr := s.ring.Unwrap(c.wrapped)
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (TaskView, error) {
		var t TaskView
		var sealed []byte
		err := row.Scan(&t.ID, &t.System, &t.Stage, &t.Round, &t.Status, &t.Attempts, &t.Failures, &t.Next, &t.Error, &t.ErrorText,
			&t.Count, &t.Due, &t.CreatedAt, &t.FinishedAt, &sealed)
		if err == nil && t.Stage == ByHand {
			t.Result, t.Error = t.Error, ""
			if keyErr == nil {
				if raw, err := key.Open("task", sealed); err == nil {
					t.Instructions = string(raw)
				}
			}
		}
		return t, err
	})
}

// PlanView is a plan as stored.
type PlanView struct {
	ID        uuid.UUID
	Version   int
	Hash      string
	CreatedAt time.Time
	Total     int64
	Undecided int
	Stale     bool
	Counts    []PlanCount
	Records   []PlanRecord
	Manual    []plan.Manual
	Warnings  []connect.Warning
	Next      string // cursor
}

// PlanCount counts a plan's records.
type PlanCount = planCount

// PlanRecord is one record of a plan with its note and outcome.
type PlanRecord struct {
	plan.Record
	Note    plan.Note
	Decided bool
	Outcome string
	Until   *time.Time
}

const maxPlanPage = 1000

// Plan returns the plan in force, a page at a time, as stored. limit 0 leaves
// the records out; it is at most 1,000.
func (s *Service) Plan(ctx context.Context, c *Case, cursor string, limit int) (*PlanView, error) {
	if c.PlanID == nil {
		return nil, refuse(NotFound, "no-plan", "There is no plan yet: the systems are still being searched.")
	}
	p, err := readPlan(ctx, s.db, *c.PlanID)
	if err != nil {
		return nil, err
	}
	v := &PlanView{
		ID: p.ID, Version: p.Version, Hash: p.Hash, CreatedAt: p.CreatedAt, Total: p.Records, Undecided: p.Undecided, Stale: p.Stale,
		Counts: p.Counts, Manual: p.Manual, Warnings: p.Warnings,
	}
	if limit <= 0 {
		return v, nil
	}
	from := int64(-1)
	if cursor != "" {
		if from, err = strconv.ParseInt(cursor, 10, 64); err != nil || from < 0 {
			return nil, invalid(FieldError{Field: "cursor", Message: "This cursor is not one of ours. Start from the first page."})
		}
	}
	key, err := s.ring.Unwrap(c.wrapped)
	if err != nil {
		return nil, fmt.Errorf("case key: %w", err)
	}
	limit = min(limit, maxPlanPage)
	rows, err := recordBatch(ctx, s.db, key, p.ID, "", nil, from, limit+1)
	if err != nil {
		return nil, err
	}
	if len(rows) > limit {
		rows = rows[:limit]
		v.Next = strconv.FormatInt(rows[limit-1].Ord, 10)
	}
	for _, r := range rows {
		v.Records = append(v.Records, PlanRecord{Record: r.Record, Note: r.Note, Decided: r.Decided, Outcome: r.Outcome, Until: r.Until})
	}
	return v, nil
}

// ApprovalView is one person's approval.
type ApprovalView struct {
	User uuid.UUID
	Hash string
	At   time.Time
}

// Approvals of the plan in force, and how many it needs.
func (s *Service) Approvals(ctx context.Context, c *Case) (given []ApprovalView, needed int, err error) {
	needed = approvalsNeeded(s.set, c)
	if c.PlanID == nil {
		return nil, needed, nil
	}
	p, err := readPlan(ctx, s.db, *c.PlanID)
	if err != nil {
		return nil, needed, err
	}
	needed = p.needed(s.set, c)
	rows, err := s.db.Query(ctx, `select a.user_id, a.plan_hash, a.at from approvals a where a.plan_id = $1 order by a.at`, *c.PlanID)
	if err != nil {
		return nil, needed, fmt.Errorf("read approvals: %w", err)
	}
	given, err = pgx.CollectRows(rows, pgx.RowToStructByPos[ApprovalView])
	return given, needed, err
}

// needed is how many people approve this plan: nothing found is answered by
// one, whatever was asked for.
func (p *storedPlan) needed(set Settings, c *Case) int {
	if p.Records == 0 && len(p.Manual) == 0 {
		return set.ApprovalsRelease
	}
	return approvalsNeeded(set, c)
}

// ProofView is one proof of identity, without values.
type ProofView struct {
	Kind   string
	ByUser *uuid.UUID
	At     time.Time
}

// Proofs of identity recorded in a case.
func (s *Service) Proofs(ctx context.Context, c *Case) ([]ProofView, error) {
	return proofsOf(ctx, s.db, c.ID)
}

func proofsOf(ctx context.Context, q querier, id uuid.UUID) ([]ProofView, error) {
	rows, err := q.Query(ctx, `select p.kind, p.by_user, p.at from proofs p where p.case_id = $1 order by p.id`, id)
	if err != nil {
		return nil, fmt.Errorf("read proofs: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[ProofView])
}

func kindsOf(proofs []ProofView) []identity.Proof {
	kinds := make([]identity.Proof, len(proofs))
	for i, p := range proofs {
		kinds[i] = identity.Proof(p.Kind)
	}
	return kinds
}

// OutcomeView is what became of one record. Key is opaque: a keyed digest.
type OutcomeView struct {
	System, Type, Key, Right, Outcome, Ground string
	Until                                     *time.Time
}

// Outcomes lists what became of the first limit records.
func (s *Service) Outcomes(ctx context.Context, c *Case, limit int) ([]OutcomeView, error) {
	if c.PlanID == nil {
		return nil, nil
	}
	key, err := s.ring.Unwrap(c.wrapped)
	if err != nil {
		return nil, fmt.Errorf("case key: %w", err)
	}
	var out []OutcomeView
	for r, err := range recordsOf(ctx, s.db, key, *c.PlanID, "", nil) {
		if err != nil {
			return nil, err
		}
		if len(out) == limit {
			break
		}
		if r.Outcome == "" {
			continue
		}
		out = append(out, OutcomeView{
			System: r.Record.System, Type: r.Record.Type, Right: r.Record.Right, Outcome: r.Outcome, Ground: c.citedGround(r), Until: r.Until,
			Key: key.Digest("record", r.Record.System, r.Record.Type, r.Record.Key),
		})
	}
	return out, nil
}

// SealedGround stands for a reason in a person's own words where auditors
// read: it may hold personal data, and stays sealed in the case.
const SealedGround = "Decided by the desk; the reason is sealed in the case."

// citedGround is a record's ground as everybody may read it: the description's
// own, or the law's when a person named one.
func (c *Case) citedGround(r planRow) string {
	if !r.Note.ByDesk {
		return c.told(r.Record.Right, r.Record.Ground)
	}
	if l, err := c.LawRow(); err == nil {
		if g, ok := l.Ground(r.Record.Right, r.Record.Ground); ok {
			return g.Cite
		}
	}
	return SealedGround
}

// OutcomeTotal counts a case's records by system, right and outcome.
type OutcomeTotal struct {
	System, Type, Right, Action, Outcome string
	Count                                int64
}

// OutcomeTotals counts what became of a case's records.
func (s *Service) OutcomeTotals(ctx context.Context, c *Case) ([]OutcomeTotal, error) {
	if c.PlanID == nil {
		return nil, nil
	}
	rows, err := s.db.Query(ctx, `select r.system, r.type, r."right", r.action, r.outcome, count(*) from plan_records r where r.plan_id = $1
		group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4, 5`, *c.PlanID)
	if err != nil {
		return nil, fmt.Errorf("count outcomes: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[OutcomeTotal])
}

// KeptView is a record kept, with its ground, for the customer and the desk.
type KeptView struct {
	System, Type, Ground, Until string
	Cited                       string // the ground as auditors may read it
	Count                       int
}

// Kept groups what a case keeps by type and ground.
func (s *Service) Kept(ctx context.Context, c *Case) ([]KeptView, error) {
	if c.PlanID == nil || c.wrapped == nil {
		return nil, nil
	}
	key, err := s.ring.Unwrap(c.wrapped)
	if err != nil {
		return nil, fmt.Errorf("case key: %w", err)
	}
	var out []KeptView
	for r, err := range recordsOf(ctx, s.db, key, *c.PlanID, "", []connect.Action{connect.Keep}) {
		if err != nil {
			return nil, err
		}
		v := KeptView{System: r.Record.System, Type: r.Record.Type, Ground: c.told(r.Record.Right, r.Record.Ground), Cited: c.citedGround(r), Until: r.Note.Until}
		found := false
		for i := range out {
			if out[i].System == v.System && out[i].Type == v.Type && out[i].Ground == v.Ground && out[i].Until == v.Until {
				out[i].Count++
				found = true
			}
		}
		if !found {
			v.Count = 1
			out = append(out, v)
		}
	}
	return out, nil
}

// Events are a case's events with their places in the log.
func (s *Service) Events(ctx context.Context, c *Case) ([]evidence.Line, error) {
	return s.log.CaseLines(ctx, c.ID.String())
}

// LetterView is one letter of a case as stored.
type LetterView struct {
	ID      string
	Kind    string
	Locale  string
	Version string
	Status  string
	At      time.Time
}

// Letters lists a case's letters without their text.
func (s *Service) Letters(ctx context.Context, c *Case) ([]LetterView, error) {
	rows, err := s.db.Query(ctx, `select o.id::text, o.kind, o.locale, o.version, o.status, coalesce(o.sent_at, o.created_at) from outbox o
		where o.case_id = $1 order by o.created_at, o.id`, c.ID)
	if err != nil {
		return nil, fmt.Errorf("read letters: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[LetterView])
}

// Subject opens the case's own particulars, for the customer's own page and
// for staff who named a purpose.
func (s *Service) subject(c *Case) (Subject, error) {
	_, subject, err := s.opened(c)
	return subject, err
}

// opened is a case's key with the particulars that it opens.
func (s *Service) opened(c *Case) (seal.Key, Subject, error) {
	key, err := s.ring.Unwrap(c.wrapped)
	if err != nil {
		return seal.Key{}, Subject{}, fmt.Errorf("case key: %w", err)
	}
	subject, err := openSubject(key, c.sealed)
	if err != nil {
		return seal.Key{}, Subject{}, fmt.Errorf("open case: %w", err)
	}
	return key, subject, nil
}
