package requests

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"habeas/requests/clock"
	"habeas/requests/connect"
	"habeas/requests/evidence"
	"habeas/requests/plan"
)

// activeHold is a hold in force, as plans weigh it.
type activeHold struct {
	ID                          uuid.UUID
	Scope, System, Ground, Cite string
	Person                      bool // it is on this person
	Lookups                     [][]byte
}

// weighing holds a plan in the making against the holds in force.
type weighing struct {
	ch      *change
	holds   []activeHold
	records map[string]map[string]activeHold     // system → digest of a record
	hanging map[string]map[string]activeHold     // system → types on which held records may hang
	tied    map[string]map[HeldRecord]activeHold // system → records on which held records hang
	kept    map[uuid.UUID]int
	hung    int // kept because of their type
	ties    int // kept because a held record refers to them
}

// lookupsOf are keyed digests, under every version of the key, of the
// identities that are proved to be the person's. What somebody merely claims
// does not count: their plan would tell whether another is held.
func (s *Service) lookupsOf(ids []connect.Identity) [][]byte {
	out := [][]byte{}
	for _, id := range ids {
		if id.Proven {
			out = append(out, s.ring.Lookups(id.Kind, id.Normal())...)
		}
	}
	return out
}

const activeHolds = `select h.id, h.scope, h.system, h.ground, h.cite, h.scope = 'person' and h.lookups && $1,
	case when h.scope = 'records' then h.lookups else '{}' end from holds h where h.lifted_at is null order by h.id`

// weigh reads the holds in force against what leads to the person.
func (ch *change) weigh(ctx context.Context, lookups [][]byte) (*weighing, error) {
	rows, err := ch.Query(ctx, activeHolds, lookups)
	if err != nil {
		return nil, fmt.Errorf("read holds: %w", err)
	}
	holds, err := pgx.CollectRows(rows, pgx.RowToStructByPos[activeHold])
	if err != nil {
		return nil, fmt.Errorf("read holds: %w", err)
	}
	w := &weighing{ch: ch, holds: holds, records: map[string]map[string]activeHold{}, kept: map[uuid.UUID]int{}}
	for _, h := range holds {
		for _, l := range h.Lookups {
			if w.records[h.System] == nil {
				w.records[h.System] = map[string]activeHold{}
			}
			w.records[h.System][string(l)] = h
		}
	}
	return w, nil
}

// on finds the hold that a record is under: the person's first, for it says
// most about this case.
func (w *weighing) on(r plan.Record) (activeHold, bool) {
	for _, h := range w.holds {
		if h.Person || h.Scope == "system" && h.System == r.System {
			return h, true
		}
	}
	if held := w.records[r.System]; held != nil {
		for _, l := range w.ch.s.ring.Lookups(heldRecord, recordName(r.System, r.Type, r.Key)) {
			if h, ok := held[string(l)]; ok {
				return h, true
			}
		}
	}
	return activeHold{}, false
}

// destroys says whether an action leaves less than there was.
func destroys(a connect.Action) bool {
	return a == connect.Erase || a == connect.Mask || a == connect.Detach
}

// alters says whether a hold stands against an action: evidence is kept as it is,
// so nothing is destroyed and nothing corrected.
func alters(a connect.Action) bool { return destroys(a) || a == connect.Correct }

// keep turns what would be destroyed or corrected into kept, with the hold's
// ground. The fingerprint stays as proposed: a hold is no drift of the record.
func (w *weighing) keep(e *plan.Entry) {
	if e.Record.Right != "erasure" && e.Record.Action != connect.Correct {
		return
	}
	h, ok := w.on(e.Record)
	if !ok {
		w.hangs(e)
		return
	}
	e.Note.Hold = h.ID.String()
	w.kept[h.ID]++
	if !alters(e.Record.Action) {
		return // kept already, on a ground of its own or until the desk decides
	}
	e.Record.Action, e.Record.Fields, e.Record.Ground = connect.Keep, nil, w.ch.c.holdGround(h, e.Record.Right)
}

// holdGround is what a held record is kept on: the law's exemption, with the
// statute that was named. An article of another privacy law is told by what it
// is under that of the case.
func (c *Case) holdGround(h activeHold, right string) string {
	law, err := c.LawRow()
	if err != nil {
		return h.Cite
	}
	g, found := law.Ground(right, h.Cite)
	statute := ""
	switch {
	case found && g.Scope != clock.ScopeRequest:
	case law.Cites(h.Cite):
		g = clock.Ground{Cite: h.Cite, Text: map[string]string{"litigation": "legal claims"}[h.Ground]}
		if g.Text == "" {
			g.Text = "a legal duty to keep it"
		}
		found = true
	default:
		statute, _ = ownWords(h.Cite)
		g, found = c.holdExemption(law, right, h)
	}
	if !found {
		g = clock.Ground{Cite: firstOf(law.Rights[right], law.Cite), Text: "a legal duty to keep it"}
	}
	if h.Ground == "person_at_risk" {
		return g.Cite // whoever asks reads it, and may be the one who is feared: the article says no more
	}
	return g.Write(statute, "")
}

// holdExemption is what a hold is under a law: what the article that it names
// is there, else what its ground is.
func (c *Case) holdExemption(law *clock.Law, right string, h activeHold) (clock.Ground, bool) {
	if _, was, ok := law.Elsewhere(c.laws, right, h.Cite); ok && h.Cite != "" {
		if g, ok := law.Near(right, was.Code); ok {
			return g, true
		}
	}
	for _, code := range append(slices.Clone(holdCode[h.Ground]), "legal_compliance", "legal_duty") {
		if g, ok := law.Ground(right, code); ok {
			return g, true
		}
	}
	return clock.Ground{}, false
}

// weighed notes which holds a new plan took account of, and which of them keep
// something back.
func (w *weighing) weighed(ctx context.Context, p *storedPlan, lookups [][]byte) error {
	ids := make([]uuid.UUID, len(w.holds))
	for i, h := range w.holds {
		ids[i] = h.ID
	}
	if _, err := w.ch.Exec(ctx, `update plans set lookups = $2, holds = $3 where id = $1`, p.ID, lookups, ids); err != nil {
		return fmt.Errorf("note holds: %w", err)
	}
	for _, h := range w.holds {
		n := w.kept[h.ID]
		if n == 0 {
			continue
		}
		ground, _, _ := (&Hold{Scope: h.Scope, Ground: h.Ground}).logged(w.ch.key)
		w.ch.record(workerActor, evidence.HoldFound{Ground: evidence.Code(ground), Hold: evidence.ID(h.ID.String()), Records: evidence.Count(n)})
		if _, err := w.ch.Exec(ctx, `insert into hold_cases (hold_id, case_id, at) values ($1, $2, $3) on conflict do nothing`, h.ID, w.ch.c.ID, w.ch.at); err != nil {
			return fmt.Errorf("note held case: %w", err)
		}
	}
	return nil
}

// held refuses a decision that would destroy what a hold keeps, or that comes
// after the act.
func held(d Decision, e plan.Entry) error {
	if e.Note.Carried {
		return refuse(Conflict, "already-done", "This record was dealt with under an earlier plan of the request. That cannot be decided again.")
	}
	if e.Note.Hold == "" || !alters(d.Action) {
		return nil
	}
	return errHeld(e.Record.Ground)
}

func errHeld(ground string) error {
	return &Error{Kind: Unlawful, Code: "held", Safe: "A hold keeps this record as it is (" + ground + "). It can be erased or corrected once a data protection officer has lifted the hold."}
}

// heldCorrection refuses to correct a record that a hold keeps as it is. What was
// decided before the hold was set is planned as kept.
func (ch *change) heldCorrection(ctx context.Context, list []Correction) error {
	if ch.c.PlanID == nil {
		return nil
	}
	var lookups [][]byte
	if err := ch.QueryRow(ctx, `select p.lookups from plans p where p.id = $1`, *ch.c.PlanID).Scan(&lookups); err != nil {
		return fmt.Errorf("read plan: %w", err)
	}
	w, err := ch.weigh(ctx, lookups)
	if err != nil {
		return err
	}
	for _, x := range list {
		if h, ok := w.on(plan.Record{System: x.System, Type: x.Type, Key: x.Key}); ok && x.Decision == "correct" {
			return errHeld(ch.c.holdGround(h, "rectification"))
		}
	}
	return nil
}

// unweighed says whether an erase task waits for holds that its plan did not
// take account of. The claim refuses it meanwhile.
const unweighed = `exists (select 1 from holds h join plans p on p.id = t.plan_id where h.lifted_at is null and not h.id = any(p.holds))`

// weighAgain holds an approved plan against holds that were set since: where one
// is on the person, a system or a record that the plan would destroy, nothing
// acts any more and the case goes back for a new plan. It reports whether the
// task may be claimed after all.
func (s *Service) weighAgain(ctx context.Context, task uuid.UUID) (clear bool, err error) {
	var id uuid.UUID
	err = s.db.QueryRow(ctx, `select t.case_id from tasks t where t.id = $1 and t.stage = 'erase' and t.status = 'waiting' and t.next_attempt_at <= now() and `+unweighed, task).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look for holds: %w", err)
	}
	err = s.within(ctx, id, func(ch *change) error {
		if ch.c.Status != Executing || ch.c.PlanID == nil {
			return nil
		}
		p, err := ch.plan(ctx)
		if err != nil {
			return err
		}
		var lookups [][]byte
		if err := ch.QueryRow(ctx, `select p.lookups from plans p where p.id = $1`, p.ID).Scan(&lookups); err != nil {
			return fmt.Errorf("read plan: %w", err)
		}
		w, err := ch.weigh(ctx, lookups)
		if err != nil {
			return err
		}
		n, system, err := w.bites(ctx, p)
		if err != nil {
			return err
		}
		if n == 0 {
			clear = true
			ids := make([]uuid.UUID, len(w.holds))
			for i, h := range w.holds {
				ids[i] = h.ID
			}
			_, err := ch.Exec(ctx, `update plans set holds = $2 where id = $1`, p.ID, ids)
			return err
		}
		ch.record(workerActor, evidence.DriftFound{
			Code: "hold-set", PlanHash: evidence.Digest(p.Hash), Records: evidence.Count(n), System: evidence.Code(system), Task: evidence.ID(task.String()),
		})
		if err := ch.letterHeld(ctx, w, p); err != nil {
			return err
		}
		return ch.replan(ctx, p)
	})
	return clear, err
}

// weighToApprove holds the plan in force against holds that were set since it
// was made: where one bites, the plan is never approved; every system is
// searched again, and the new plan keeps what is held.
func (s *Service) weighToApprove(ctx context.Context, id uuid.UUID) error {
	var bites bool
	err := s.within(ctx, id, func(ch *change) error {
		if ch.c.Status != Review || ch.c.PlanID == nil {
			return nil
		}
		p, err := ch.plan(ctx)
		if err != nil {
			return err
		}
		var lookups [][]byte
		var since bool
		if err := ch.QueryRow(ctx, `select p.lookups, exists (select 1 from holds h where h.lifted_at is null and not h.id = any(p.holds)) from plans p where p.id = $1`,
			p.ID).Scan(&lookups, &since); err != nil {
			return fmt.Errorf("look for holds: %w", err)
		}
		if !since || p.Stale {
			return nil
		}
		w, err := ch.weigh(ctx, lookups)
		if err != nil {
			return err
		}
		n, _, err := w.bites(ctx, p)
		if err != nil || n == 0 {
			return err
		}
		bites = true
		if _, err := ch.Exec(ctx, `update plans set stale = true where id = $1`, p.ID); err != nil {
			return fmt.Errorf("mark plan stale: %w", err)
		}
		return ch.startDiscovery(ctx, workerActor)
	})
	if err == nil && bites {
		return refuse(Conflict, "hold-set", "A hold was set since this plan was made, and the plan would destroy or change what it keeps. Every system is searched again; approve the new plan.")
	}
	return err
}

// bites counts the plan's records that would still be destroyed or corrected and
// are held.
func (w *weighing) bites(ctx context.Context, p *storedPlan) (n int, system string, err error) {
	actions := []connect.Action{connect.Erase, connect.Mask, connect.Detach, connect.Correct}
	for r, err := range recordsOf(ctx, w.ch.Tx, w.ch.key, p.ID, "", actions) {
		if err != nil {
			return 0, "", err
		}
		if r.Outcome != "" || r.Note.Carried {
			continue // done before
		}
		if _, ok := w.on(r.Record); ok {
			n++
			system = firstOf(system, r.Record.System)
		}
	}
	return n, system, nil
}

// replan takes an approved plan back: nothing of it goes on, and every system
// is searched again. After several plans in a row it waits for a person.
func (ch *change) replan(ctx context.Context, p *storedPlan) error {
	if err := ch.cancelTasks(ctx); err != nil {
		return err
	}
	if _, err := ch.Exec(ctx, `update plans set stale = true where id = $1`, p.ID); err != nil {
		return fmt.Errorf("mark plan stale: %w", err)
	}
	if err := ch.become(workerActor, Review); err != nil {
		return err
	}
	if p.Version >= maxDrifts {
		ch.c.setFlag(Attention, true)
		return nil
	}
	return ch.startDiscovery(ctx, workerActor)
}

// holdsKey says whether a hold keeps a case's key from being destroyed: one on
// its person, on a system in which it has records, or on records it kept back.
func (ch *change) holdsKey(ctx context.Context) (bool, error) {
	var held bool
	err := ch.QueryRow(ctx, `select exists (select 1 from holds h join cases c on c.id = $1 where h.lifted_at is null and (
			h.scope = 'person' and (h.lookups && c.subject_lookup or exists (select 1 from plans p where p.case_id = c.id and p.lookups && h.lookups))
			or h.scope = 'system' and exists (select 1 from plan_records r join plans p on p.id = r.plan_id where p.case_id = c.id and r.system = h.system)
			or exists (select 1 from hold_cases hc where hc.hold_id = h.id and hc.case_id = c.id)))`, ch.c.ID).Scan(&held)
	if err != nil {
		return false, fmt.Errorf("look for holds: %w", err)
	}
	return held, nil
}

// ReviewsDue counts the holds in force whose review is due on a day.
func (s *Service) ReviewsDue(ctx context.Context, on time.Time) (int, error) {
	list, err := s.Holds(ctx, Actor{Role: "system"}, false)
	if err != nil {
		return 0, err
	}
	return len(slices.DeleteFunc(list, func(h *Hold) bool { return h.ReviewOn.After(on) })), nil
}
