package requests

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"habeas/requests/clock"
	"habeas/requests/evidence"
)

// setClock computes the case's deadlines from its receipt and clock events.
// The case is due when the first of its rights is.
func (s *Service) setClock(c *Case) error {
	all, due, err := c.legal().deadlines(s.now())
	if err != nil {
		return unlawful(err)
	}
	c.Deadlines = all
	c.DueOn = dateTime(due.Due)
	return nil
}

func dateTime(d clock.Date) time.Time {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC)
}

// unlawful turns the clock's refusal, which names the article, into ours.
func unlawful(err error) error {
	var ce *clock.Error
	if errors.As(err, &ce) {
		e := refuse(Unlawful, "not-lawful", ce.Error())
		e.Cause = err
		return e
	}
	return err
}

// Step is what a data protection officer asks to do to a case.
type Step struct {
	Right  string `json:"right"`
	Ground string `json:"ground"`
	Reason string `json:"reason"`
	// Until is the day announced, where a law lets the controller name one
	// instead of setting a figure (DPO Art. 18).
	Until clock.Date `json:"until,omitzero"`
}

const maxReason = 2000

func (ch *change) today() clock.Date {
	loc, err := time.LoadLocation(ch.c.Zone)
	if err != nil {
		loc = time.UTC
	}
	return clock.DateIn(ch.s.now(), loc)
}

// dueOf is the due date of a right as its clock stands: the one in force, or
// the base one before any extension.
func (ch *change) dueOf(right string, base bool) clock.Date {
	res, err := ch.c.legal().of(right, ch.s.now())
	if err != nil {
		y, m, d := ch.c.DueOn.Date()
		return clock.Date{Year: y, Month: m, Day: d}
	}
	if d, ok := res.Get("respond"); ok && base {
		return d.Due
	}
	return res.Due().Due
}

// extended says whether the time of a right was extended.
func (c *Case) extended(right string) bool {
	return slices.ContainsFunc(c.ClockEvents, func(e clock.Event) bool {
		return e.Kind == clock.Extended && (e.Right == "" || e.Right == right)
	})
}

// allowed asks the law table about a step, for the right named or for all.
func (ch *change) allowed(do string, st Step) error {
	if len(st.Reason) > maxReason {
		return invalid(FieldError{Field: "reason", Message: fmt.Sprintf("A reason has at most %d letters.", maxReason)})
	}
	rights := ch.c.Rights
	if st.Right != "" {
		if !slices.Contains(rights, st.Right) {
			return invalid(FieldError{Field: "right", Message: "The request does not ask for this right."})
		}
		rights = []string{st.Right}
	}
	for _, right := range rights {
		err := clock.Allowed(clock.Step{
			Law: ch.c.Law, Right: right, Do: do, Ground: st.Ground, Reason: st.Reason,
			On: ch.today(), Due: ch.dueOf(right, do == clock.Extend), Extended: ch.c.extended(right), PausePolicy: ch.c.PausePolicy, Laws: ch.c.laws,
		})
		if err != nil {
			return unlawful(err)
		}
	}
	return nil
}

// Pause stops the clock for a question, where the law has that.
func (s *Service) Pause(ctx context.Context, by Actor, id uuid.UUID, st Step) (*Case, error) {
	return s.decideClock(ctx, id, func(ch *change) error { return ch.pause(by, st) })
}

func (ch *change) pause(by Actor, st Step) error {
	if ch.c.Has(Paused) {
		return refuse(Conflict, "already-paused", "The clock is paused already.")
	}
	if strings.TrimSpace(st.Ground) == "" {
		return invalid(FieldError{Field: "ground", Message: "Say what the pause is for: identity, clarification or fee."})
	}
	if err := ch.allowed(clock.Pause, st); err != nil {
		return err
	}
	ch.c.setFlag(Paused, true)
	ch.c.ClockEvents = append(slices.Clone(ch.c.ClockEvents), clock.Event{Kind: clock.PauseKind(st.Ground), From: ch.today(), Right: st.Right})
	if err := ch.s.setClock(ch.c); err != nil {
		return err
	}
	ch.record(by, evidence.ClockPaused{
		Cite: ch.cite(st), From: evidence.Date(ch.today().String()), Ground: evidence.Code(clock.PauseKind(st.Ground)),
		Reason: ch.reasonDigest(st.Reason), Right: evidence.Code(st.Right),
	})
	return nil
}

// Resume lets the clock run on and computes the deadlines anew.
func (s *Service) Resume(ctx context.Context, by Actor, id uuid.UUID, st Step) (*Case, error) {
	return s.decideClock(ctx, id, func(ch *change) error {
		if !ch.c.Has(Paused) {
			return refuse(Conflict, "not-paused", "The clock is not paused.")
		}
		ch.c.setFlag(Paused, false)
		open := slices.IndexFunc(ch.c.ClockEvents, func(e clock.Event) bool { return e.Kind != clock.Extended && e.To.IsZero() })
		if open < 0 {
			return refuse(Conflict, "not-paused", "The clock is not paused.")
		}
		ch.c.ClockEvents = slices.Clone(ch.c.ClockEvents)
		last := &ch.c.ClockEvents[open]
		last.To = ch.today()
		if err := ch.s.setClock(ch.c); err != nil {
			return err
		}
		ch.record(by, evidence.ClockResumed{
			Cite: ch.cite(st), From: evidence.Date(last.From.String()), To: evidence.Date(last.To.String()), DueOn: evidence.Day(ch.c.DueOn),
			Right: evidence.Code(st.Right),
		})
		return nil
	})
}

// Extend takes the one extension that the law has, with its reason: of a request
// or, where there is one, of an appeal.
func (s *Service) Extend(ctx context.Context, by Actor, id uuid.UUID, st Step) (*Case, error) {
	return s.moveClock(ctx, id, func(ch *change) error {
		if ch.c.Matter() {
			return ch.extendAppeal(ctx, by, st)
		}
		if err := ch.allowed(clock.Extend, st); err != nil {
			return err
		}
		if err := ch.announced(st); err != nil {
			return err
		}
		right := firstOf(st.Right, ch.c.Rights[0])
		before := dateTime(ch.dueOf(right, true))
		ch.c.setFlag(Extended, true)
		ch.c.ClockEvents = append(slices.Clone(ch.c.ClockEvents), clock.Event{Kind: clock.Extended, From: ch.today(), To: st.Until, Right: st.Right})
		if err := ch.s.setClock(ch.c); err != nil {
			return err
		}
		after := dateTime(ch.dueOf(right, false))
		ch.record(by, evidence.ClockExtended{
			Cite: ch.cite(st), From: evidence.Day(before), To: evidence.Day(after), Ground: evidence.Code(firstOf(st.Ground, "reason")),
			On: evidence.Date(ch.today().String()), Reason: ch.reasonDigest(st.Reason), Right: evidence.Code(st.Right), Until: evidence.Date(st.Until.String()),
		})
		return ch.letterExtension(ctx, before, st)
	})
}

// Announces says whether the law of the case lets us name the day of a later
// answer instead of setting a figure (CH: DPO Art. 18).
func (c *Case) Announces() bool {
	law, err := c.LawRow()
	return err == nil && slices.ContainsFunc(law.Terms, func(t clock.Term) bool { return t.Name == "extended" && t.Unit == "announced" })
}

// announced holds the day promised against the law: one that sets a figure
// takes none, one without wants a day after the base due date.
func (ch *change) announced(st Step) error {
	law, err := ch.c.LawRow()
	if err != nil {
		return unlawful(err)
	}
	names := ch.c.Announces()
	base := ch.dueOf(firstOf(st.Right, ch.c.Rights[0]), true)
	switch {
	case names && !st.Until.Valid():
		return invalid(FieldError{Field: "until", Message: "Name the day on which the answer will come (" + law.Extension.Cite + ")."})
	case names && !st.Until.After(base):
		return invalid(FieldError{Field: "until", Message: "The day announced lies after the due date, " + base.Long() + " (" + law.Extension.Cite + ")."})
	case !names && !st.Until.IsZero():
		return invalid(FieldError{Field: "until", Message: "The law sets the new date itself (" + law.Extension.Cite + "); leave this out."})
	}
	return nil
}

// decideClock is moveClock for what only requests have.
func (s *Service) decideClock(ctx context.Context, id uuid.UUID, fn func(*change) error) (*Case, error) {
	return s.moveClock(ctx, id, func(ch *change) error {
		if err := ch.notForMatter(); err != nil {
			return err
		}
		return fn(ch)
	})
}

// moveClock runs a step after which a case may be due on another day.
func (s *Service) moveClock(ctx context.Context, id uuid.UUID, fn func(*change) error) (*Case, error) {
	var c *Case
	err := s.within(ctx, id, func(ch *change) error {
		c = ch.c
		if !ch.c.Status.Open() {
			return refuse(Conflict, "case-ended", "The request has ended; its clock no longer runs.")
		}
		if err := fn(ch); err != nil {
			return err
		}
		if !ch.past() {
			ch.c.setFlag(Overdue, false) // the date moved
		}
		_, err := ch.Exec(ctx, `update tasks set due_on = $2 where case_id = $1 and status in ('waiting', 'running', 'open')`, id, ch.c.DueOn)
		return err
	})
	return c, err
}

// past says whether the due date of a right lies behind, where the controller
// is. A right whose clock stands is not late, whatever the day.
func (ch *change) past() bool {
	if !dateTime(ch.today()).After(ch.c.DueOn) {
		return false
	}
	return slices.ContainsFunc(ch.c.Rights, func(right string) bool {
		return !ch.c.stands(right) && ch.today().After(ch.dueOf(right, false))
	})
}

// stands says whether the clock of a right is stopped now.
func (c *Case) stands(right string) bool {
	law, err := c.LawRow()
	return err == nil && slices.ContainsFunc(c.ClockEvents, func(e clock.Event) bool {
		return e.Kind != clock.Extended && e.To.IsZero() && (e.Right == "" || e.Right == right) && law.MovedBy(e.Kind, right, c.PausePolicy)
	})
}

// cite is the article a step on the clock rests on.
func (ch *change) cite(st Step) evidence.Cite {
	law, err := ch.c.LawRow()
	if err != nil {
		return "–"
	}
	if g, ok := law.Ground(firstOf(st.Right, ch.c.Rights[0]), st.Ground); ok {
		return evidence.Cite(g.Cite)
	}
	for _, m := range law.Moves {
		if m.Event == clock.PauseKind(st.Ground) {
			return evidence.Cite(m.Cite)
		}
	}
	if law.Extension != nil {
		return evidence.Cite(law.Extension.Cite)
	}
	return evidence.Cite(law.Cite)
}

// reasonDigest is the keyed digest that stands for free words in the log.
func (ch *change) reasonDigest(reason string) evidence.Digest {
	if reason == "" {
		return ""
	}
	return evidence.Digest(ch.key.Digest("reason", reason))
}

// groundTitle is what a ground means, in plain words.
func (c *Case) groundTitle(st Step) string {
	l, err := c.LawRow()
	if err != nil {
		return st.Ground
	}
	if g, ok := l.Ground(st.Right, st.Ground); ok {
		return g.Text
	}
	return st.Ground
}
