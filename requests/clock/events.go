package clock

import (
	"slices"
	"strings"
)

// Kinds of events that can move a clock.
const (
	Identity  = "id"        // From asked (may be unknown), To proof received
	Fee       = "fee"       // From asked (may be unknown), To paid
	Clarify   = "clarify"   // From asked, To answered; in EU rows identity or scope
	Extended  = "extension" // From notice sent, To the date announced (laws without a figure)
	maxEvents = 100
)

// Event is something that happened to a request. A zero To means that the
// pause is still open: its days count up to Input.Now.
type Event struct {
	Kind string `json:"kind"`
	From Date   `json:"from,omitzero"`
	To   Date   `json:"to,omitzero"`
	// Right limits the event to the clock of one right of a case; "" is all.
	Right string `json:"right,omitempty"`
}

// ParseEvent reads id=DATE, fee=DATE, clarify=FROM/TO (also cl=), and
// extension=DATE or extension=NOTICE/DATE.
func ParseEvent(s string) (Event, error) {
	kind, dates, ok := strings.Cut(s, "=")
	if kind == "cl" {
		kind = Clarify
	}
	if !ok || !slices.Contains([]string{Identity, Fee, Clarify, Extended}, kind) {
		return Event{}, badInput("event", "%q is no event; write id=DATE, fee=DATE, clarify=FROM/TO or extension=DATE.", clip(s))
	}
	first, second, two := strings.Cut(dates, "/")
	a, err := ParseDate(first)
	if err != nil {
		return Event{}, badInput("event", "%s: %s.", kind, err)
	}
	var b Date
	if two {
		if b, err = ParseDate(second); err != nil {
			return Event{}, badInput("event", "%s: %s.", kind, err)
		}
	}
	e := Event{Kind: kind, From: a, To: b}
	switch {
	case kind == Clarify && !two:
		return Event{}, badInput("event", "A clarification needs both days; write clarify=ASKED/ANSWERED.")
	case (kind == Identity || kind == Fee) && !two:
		e = Event{Kind: kind, To: a}
	}
	return e, nil
}

func (r *run) checkEvent(e Event) error {
	if len(r.in.Events) > maxEvents {
		return badInput("event", "There are more than %d events; give those that move the clock.", maxEvents)
	}
	if !slices.Contains([]string{Identity, Fee, Clarify, Extended}, e.Kind) {
		return badInput("event", "%q is no event; use id, fee, clarify or extension.", clip(e.Kind))
	}
	for _, d := range []Date{e.From, e.To} {
		if !d.IsZero() && !d.Valid() {
			return badInput("event", "The %s event has a date that the calendar does not have; write YYYY-MM-DD.", e.Kind)
		}
	}
	needsFrom := e.Kind == Clarify || e.Kind == Extended
	switch {
	case needsFrom && e.From.IsZero():
		return badInput("event", "The %s event has no first day; give the day on which it was sent.", e.Kind)
	case e.From.IsZero() && e.To.IsZero():
		return badInput("event", "The %s event has no date; give the day on which it came in.", e.Kind)
	case !e.From.IsZero() && !e.To.IsZero() && e.To.Before(e.From):
		return badInput("event", "The %s event ends on %s, before it begins on %s; swap the days.", e.Kind, e.To.Long(), e.From.Long())
	case needsFrom && e.From.Before(r.received):
		return badInput("event", "The %s event of %s lies before the receipt on %s; correct one of them.", e.Kind, e.From.Long(), r.received.Long())
	}
	if e.Kind == Extended {
		if !r.today.IsZero() && e.From.After(r.today) {
			return badInput("event", "The extension notice of %s lies in the future; give the day on which it was sent.", e.From.Long())
		}
		return nil
	}
	if e.To.IsZero() && r.today.IsZero() {
		return badInput("event", "The %s event of %s is still open; give the day on which it was answered.", e.Kind, e.From.Long())
	}
	if !r.today.IsZero() && (e.To.After(r.today) || e.From.After(r.today)) {
		return badInput("event", "The %s event lies in the future; give a day up to today.", e.Kind)
	}
	return nil
}

// until is the last day of an event; of an open one, today.
func (r *run) until(e Event) Date {
	if e.To.IsZero() {
		return r.today
	}
	return e.To
}

// move is what the law says of an event for this right; nil when it leaves
// the clock alone.
func (r *run) move(kind string) *Move { return r.law.move(kind, r.right, r.in.PausePolicy) }

func (w *Law) move(kind, right, policy string) *Move {
	for i, m := range w.Moves {
		if m.Event == kind && fits(right, m.Rights, nil) && (m.Policy == "" || m.Policy == policy) {
			return &w.Moves[i]
		}
	}
	return nil
}

// MovedBy says whether an event of that kind moves the clock of a right under a
// pause policy.
func (w *Law) MovedBy(kind, right, policy string) bool { return w.move(kind, right, policy) != nil }

// settled is what the events make of one period.
type settled struct {
	start Date  // the receipt, or the latest event with which the law lets the period begin
	by    Event // that event
	open  []Event
	late  []Event // asked after the due date of that moment: they move nothing
	none  []Event // the law does not let them move this clock
}

// settle takes the events in the order in which they were asked, each against
// the due date of that moment.
func (r *run) settle(t Term) settled {
	s := settled{start: r.received}
	events := slices.Clone(r.in.Events)
	slices.SortStableFunc(events, func(a, b Event) int { return a.From.Compare(b.From) })
	for _, e := range events {
		m := r.move(e.Kind)
		due := r.count(s.start, t).AddDays(len(r.idle(s.start, s.open)))
		if r.law.Roll != nil {
			due = r.cal.roll(due)
		}
		switch {
		case e.Kind == Extended:
		case m == nil:
			s.none = append(s.none, e)
		case e.From.After(due):
			s.late = append(s.late, e)
		case m.Effect == "pause":
			s.open = append(s.open, e)
		case r.until(e).After(s.start):
			s.start, s.by = r.until(e), e
		}
	}
	return s
}

// idle is the union of the days of pauses after the start.
func (r *run) idle(start Date, pauses []Event) map[Date]bool {
	days := map[Date]bool{}
	for _, e := range pauses {
		from := e.From
		if from.IsZero() {
			from = r.received
		}
		if !from.After(start) {
			from = start.AddDays(1)
		}
		for d := from; !d.After(r.until(e)); d = d.AddDays(1) {
			days[d] = true
		}
	}
	return days
}

// pauses moves the end by the days that do not count and says why, event by
// event.
func (r *run) pauses(s settled, end Date, d *Deadline) Date {
	for _, e := range s.none {
		d.rule("no_pause", r.keepCite(e.Kind), r.facts(e), "%s does not move this clock.", happened(e))
	}
	days := 0
	for i, e := range s.open {
		total := len(r.idle(s.start, s.open[:i+1]))
		if n := total - days; n > 0 {
			days = total
			facts := r.facts(e)
			facts.N, facts.Day = n, end.AddDays(days)
			facts.Holiday = r.cal.holiday(facts.Day) != ""
			d.rule("paused", r.move(e.Kind).Cite, facts, "%s: %s not count, so the period ends %s.", happened(e), doDays(n), r.describe(end.AddDays(days)))
		}
	}
	for _, e := range s.late {
		d.rule("late_pause", r.move(e.Kind).Cite, r.facts(e), "%s: this was after the due date and moves nothing.", happened(e))
	}
	return end.AddDays(days)
}

func (r *run) facts(e Event) Facts { return Facts{What: e.Kind, From: e.From, To: e.To} }

// keepCite is the article that keeps an event from moving the clock.
func (r *run) keepCite(kind string) string {
	for _, m := range r.law.Moves {
		if m.Event == kind {
			return m.Cite
		}
	}
	return r.law.Keeps
}

// checkExtension refuses an extension that the law does not have, a second
// one and one announced after the base due date. True when there is one.
func (r *run) checkExtension(res Result) (bool, error) {
	var seen *Event
	for i, e := range r.in.Events {
		if e.Kind != Extended {
			continue
		}
		base, _ := res.Get("respond")
		if err := r.law.mayExtend(r.right, base.Due, e.From, seen != nil); err != nil {
			return false, err
		}
		seen = &r.in.Events[i]
	}
	if seen == nil {
		return false, nil
	}
	if _, ok := res.Get("extended"); !ok {
		return false, unlawful(r.law.Extension.Cite, "The extension needs the date that was announced; write extension=NOTICE/DATE.")
	}
	return true, nil
}
