package requests

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"habeas/requests/clock"
	"habeas/requests/connect"
	"habeas/requests/evidence"
	"habeas/requests/plan"
)

// Decision changes what a plan does to one record.
type Decision struct {
	System string         `json:"system"`
	Type   string         `json:"type"`
	Key    string         `json:"key"`
	Right  string         `json:"right,omitempty"`
	Action connect.Action `json:"action"`
	Fields []string       `json:"fields,omitempty"`
	Ground string         `json:"ground"`
}

// Decide changes records of the plan, each with a ground. The plan gets a new
// hash, and earlier approvals fall.
func (s *Service) Decide(ctx context.Context, by Actor, id uuid.UUID, decisions []Decision) (hash string, err error) {
	if len(decisions) == 0 {
		return "", invalid(FieldError{Field: "records", Message: "Name at least one record."})
	}
	for i, d := range decisions {
		if strings.TrimSpace(d.Ground) == "" || len(d.Ground) > maxReason {
			return "", invalid(FieldError{Field: fmt.Sprintf("records[%d].ground", i), Message: "Every decision needs its ground."})
		}
	}
	err = s.within(ctx, id, func(ch *change) error {
		if ch.c.Status != Review {
			return refuse(Conflict, "not-in-review", "The plan can be changed only while the request is in review.")
		}
		used := make([]bool, len(decisions))
		about := map[[3]string][]int{} // a plan may have a million records
		for i, d := range decisions {
			record := [3]string{d.System, d.Type, d.Key}
			about[record] = append(about[record], i)
		}
		grounds := ""
		p, err := ch.rewrite(ctx, func(e *plan.Entry) (bool, error) {
			for _, i := range about[[3]string{e.Record.System, e.Record.Type, e.Record.Key}] {
				d := decisions[i]
				if d.Right != "" && d.Right != e.Record.Right {
					continue
				}
				if err := ch.decidable(d, *e); err != nil {
					return false, err
				}
				if err := held(d, *e); err != nil {
					return false, err
				}
				if err := ch.forbidden(&d, *e); err != nil {
					return false, err
				}
				if err := ch.grounded(&d, *e); err != nil {
					return false, err
				}
				used[i] = true
				e.Record.Action, e.Record.Fields, e.Record.Ground = d.Action, slices.Sorted(slices.Values(d.Fields)), d.Ground
				e.Note.Undecided, e.Note.ByDesk = false, true
				grounds += d.Ground + "\n"
			}
			return true, nil
		}, by, &grounds)
		if err != nil {
			return err
		}
		if i := slices.Index(used, false); i >= 0 {
			return invalid(FieldError{Field: fmt.Sprintf("records[%d]", i), Message: "The plan has no such record."})
		}
		hash = p.Hash
		return nil
	})
	return hash, err
}

// decidable refuses an action that makes no sense for the right or that the
// system cannot do.
func (ch *change) decidable(d Decision, e plan.Entry) error {
	if err := ch.fieldsOf(d); err != nil {
		return err
	}
	allowed := []connect.Action{connect.Keep}
	switch e.Record.Right {
	case "access", "portability":
		allowed = append(allowed, connect.Disclose, connect.Redact)
	case "erasure":
		allowed = append(allowed, connect.Erase, connect.Mask, connect.Detach)
		if conn, ok := ch.s.System(d.System); ok && d.Action != connect.Keep {
			for _, t := range conn.Describe().Types {
				if t.Name == d.Type && !slices.Contains(t.Actions, d.Action) {
					return invalid(FieldError{Field: "records", Message: fmt.Sprintf("The system cannot %s records of type %s.", d.Action, d.Type)})
				}
			}
		}
	default:
		allowed = append(allowed, connect.Suppress)
	}
	if !slices.Contains(allowed, d.Action) {
		return invalid(FieldError{Field: "records", Message: fmt.Sprintf("For this right a record can be: %v.", allowed)})
	}
	return nil
}

// fieldsOf refuses fields that the record does not have: a word misspelt
// would leave open what somebody meant to hide.
func (ch *change) fieldsOf(d Decision) error {
	conn, ok := ch.s.System(d.System)
	if !ok || len(d.Fields) == 0 {
		return nil
	}
	for _, t := range conn.Describe().Types {
		if t.Name != d.Type {
			continue
		}
		for _, f := range d.Fields {
			if !slices.ContainsFunc(t.Fields, func(known connect.Field) bool { return known.Name == f }) {
				return invalid(FieldError{Field: "records", Message: fmt.Sprintf("Records of type %s have no such field.", d.Type)})
			}
		}
	}
	return nil
}

// rewrite makes the next plan from the one in force, letting edit change or
// drop records. Outcomes are carried over; approvals are not.
func (ch *change) rewrite(ctx context.Context, edit func(*plan.Entry) (keep bool, err error), by Actor, grounds *string) (*storedPlan, error) {
	old, err := ch.plan(ctx)
	if err != nil {
		return nil, err
	}
	var fallen int
	if err := ch.QueryRow(ctx, `select count(*) from approvals a where a.plan_id = $1`, old.ID).Scan(&fallen); err != nil {
		return nil, fmt.Errorf("count approvals: %w", err)
	}
	var way foundOnTheWay
	if err := openJSON(ch.key, "plan", old.sealed, &way); err != nil {
		return nil, err
	}
	w, err := ch.newPlan(ctx)
	if err != nil {
		return nil, err
	}
	w.p.Warnings = slices.DeleteFunc(slices.Clone(old.Warnings), func(w connect.Warning) bool { return w.Code == keptApart })
	together := apart{needs: way.Needs, kept: map[[2]string]bool{}, erased: map[[2]string]bool{}}
	w.p.Manual = slices.DeleteFunc(slices.Clone(old.Manual), func(m plan.Manual) bool {
		d := ch.c.decision(m.Right)
		return d != nil && d.Decision == "refused"
	})
	changed := 0
	for r, err := range recordsOf(ctx, ch.Tx, ch.key, old.ID, "", nil) {
		if err != nil {
			return nil, err
		}
		e := plan.Entry{Record: r.Record, Note: r.Note}
		keep, err := edit(&e)
		if err != nil {
			return nil, err
		}
		if !keep || e.Record.Action != r.Record.Action || e.Record.Ground != r.Record.Ground {
			changed++
		}
		if keep {
			together.see(e)
			if err := w.add(ctx, e, r.Outcome, r.Until); err != nil {
				return nil, err
			}
		}
	}
	w.p.Warnings = append(w.p.Warnings, together.warnings(ch.s)...)
	if err := w.close(ctx, way); err != nil {
		return nil, err
	}
	// what was collected stays valid: redaction is applied when the package is built
	if _, err := ch.Exec(ctx, `update tasks set plan_id = $3 where case_id = $1 and plan_id = $2 and stage in ('collect', 'manual')`, ch.c.ID, old.ID, w.p.ID); err != nil {
		return nil, fmt.Errorf("carry collected data over: %w", err)
	}
	ch.record(by, evidence.PlanChanged{
		Changed: evidence.Count(changed), Counts: w.p.actionCounts(), Fallen: evidence.Count(fallen), Manual: evidence.Count(len(w.p.Manual)),
		PlanHash: evidence.Digest(w.p.Hash), Previous: evidence.Digest(old.Hash), Reason: ch.reasonDigest(*grounds),
	})
	if w.p.Undecided == 0 {
		if err := ch.calm(ctx); err != nil {
			return nil, err
		}
	}
	return w.p, nil
}

// Refuse refuses one right, or the request. It needs a ground that the law
// has; without one the answer names the article.
func (s *Service) Refuse(ctx context.Context, by Actor, id uuid.UUID, st Step) (*Case, error) {
	var c *Case
	err := s.within(ctx, id, func(ch *change) error {
		c = ch.c
		if ch.c.Status != Review && ch.c.Status != Filed {
			return refuse(Conflict, "not-in-review", "A request can be refused while it waits for proof of identity or is in review.")
		}
		if err := ch.allowed(clock.Refuse, st); err != nil {
			return err
		}
		if err := ch.refusableObjection(ctx, st); err != nil {
			return err
		}
		refused := slices.DeleteFunc(slices.Clone(ch.c.Rights), func(right string) bool {
			d := ch.c.decision(right)
			return (st.Right != "" && right != st.Right) || (d != nil && d.Decision == "refused")
		})
		if len(refused) == 0 {
			return refuse(Conflict, "already-refused", "This right was refused already.")
		}
		for _, right := range refused {
			cite := string(ch.cite(Step{Right: right, Ground: st.Ground}))
			code := ch.c.groundCode(right, st.Ground)
			ch.c.Decisions = append(ch.c.Decisions, RightDecision{Right: right, Decision: "refused", Ground: cite, Code: code})
			ch.record(by, evidence.RequestRefused{
				Cite: evidence.Cite(cite), Ground: evidence.Code(code), Reason: ch.reasonDigest(st.Reason), Right: evidence.Code(right),
			})
		}
		left := slices.ContainsFunc(ch.c.Rights, func(right string) bool {
			d := ch.c.decision(right)
			return d == nil || d.Decision != "refused"
		})
		if !left {
			if err := ch.cancelTasks(ctx); err != nil {
				return err
			}
			if err := ch.become(by, Refused); err != nil {
				return err
			}
			return ch.letterRefusal(ctx, st)
		}
		ch.c.setFlag(Partial, true)
		if ch.c.PlanID == nil {
			return ch.letterRefusal(ctx, st)
		}
		if _, err := ch.rewrite(ctx, func(e *plan.Entry) (bool, error) { return e.Record.Right != st.Right, nil }, by, &st.Reason); err != nil {
			return err
		}
		return ch.letterRefusal(ctx, st)
	})
	if err == nil && c.Status == Refused {
		err = s.dropStage(ctx, id)
	}
	return c, err
}

func (c *Case) groundCode(right, ground string) string {
	l, err := c.LawRow()
	if err != nil {
		return ground
	}
	if g, ok := l.Ground(right, ground); ok {
		return g.Code
	}
	return ground
}

// Rediscover searches every system again and makes a new plan.
func (s *Service) Rediscover(ctx context.Context, by Actor, id uuid.UUID) (*Case, error) {
	var c *Case
	err := s.within(ctx, id, func(ch *change) error {
		c = ch.c
		if ch.c.Status != Review {
			return refuse(Conflict, "not-in-review", "A new search can be started only while the request is in review.")
		}
		return ch.startDiscovery(ctx, by)
	})
	return c, err
}

func isUnique(err error) bool {
	var pe interface{ SQLState() string }
	return errors.As(err, &pe) && pe.SQLState() == "23505"
}
