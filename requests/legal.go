package requests

import (
	"errors"
	"slices"
	"time"

	"habeas/requests/clock"
)

// legal is all that the deadlines of a case are computed from. It comes from
// the case's row, or from its events alone.
type legal struct {
	laws           *clock.Laws
	law, set, zone string
	policy         string
	rights         []string
	received       time.Time
	events         []clock.Event
	holidays       []clock.Holiday
}

// deadlines computes every deadline of every right, each once, and the one that
// the case is due by: the earliest of those that bind.
func (l legal) deadlines(now time.Time) (all []clock.Deadline, due clock.Deadline, err error) {
	for _, right := range l.rights {
		res, err := l.of(right, now)
		if err != nil {
			return nil, clock.Deadline{}, err
		}
		for _, d := range res.OfRequest() {
			if !slices.ContainsFunc(all, func(have clock.Deadline) bool { return have.Name == d.Name && have.Due == d.Due }) {
				all = append(all, d)
			}
		}
		if d := res.Due(); due.Due.IsZero() || d.Due.Before(due.Due) {
			due = d
		}
	}
	return all, due, nil
}

// of computes the deadlines of one right.
func (l legal) of(right string, now time.Time) (clock.Result, error) {
	return clock.Compute(clock.Input{
		Law: l.law, Set: l.set, Zone: l.zone, Right: right, Received: clock.At(l.received), Events: l.events,
		PausePolicy: l.policy, Holidays: l.holidays, Now: now, Laws: l.laws,
	})
}

// carry is what becomes of the clock's events under another law or zone, on the
// day of that correction: what lay beyond the receipt or that day is taken to
// it, and an extension that the law does not have falls.
func (l legal) carry(today clock.Date) legal {
	loc := zone(l.zone)
	first := clock.DateIn(l.received, loc)
	within := func(d clock.Date) clock.Date {
		switch {
		case d.IsZero():
			return d
		case d.Before(first):
			return first
		case d.After(today):
			return today
		}
		return d
	}
	l.events = slices.Clone(l.events)
	for i, e := range l.events {
		l.events[i].From = within(e.From)
		if e.Kind != clock.Extended {
			l.events[i].To = within(e.To)
		}
	}
	_, _, err := l.deadlines(time.Date(today.Year, today.Month, today.Day, 23, 59, 59, 0, loc))
	var ce *clock.Error
	if errors.As(err, &ce) && ce.Unlawful {
		l.events = slices.DeleteFunc(l.events, func(e clock.Event) bool { return e.Kind == clock.Extended })
	}
	return l
}

// legal are the facts of the case's own row.
func (c *Case) legal() legal {
	return legal{
		laws: c.laws, law: c.Law, set: c.HolidaySet, zone: c.Zone, policy: c.PausePolicy, rights: c.Rights,
		received: c.ReceivedAt, events: c.ClockEvents, holidays: c.Holidays,
	}
}

// Clock computes the case's deadlines anew, with their derivations, and the one
// it is due by. events stand for the case's own where something is only
// thought of, such as an extension.
func (c *Case) Clock(now time.Time, events []clock.Event) (all []clock.Deadline, due clock.Deadline, err error) {
	l := c.legal()
	if events != nil {
		l.events = events
	}
	all, due, err = l.deadlines(now)
	return all, due, unlawful(err)
}

// ownDays are the company's holidays that can matter to a request received on a
// day: those of the next 400 days, where the law moves ends to working days.
func (s *Service) ownDays(law string, received clock.Date) []clock.Holiday {
	row, err := s.set.Laws.Law(law)
	if err != nil || row.Roll == nil {
		return nil
	}
	var out []clock.Holiday
	for _, h := range s.set.Holidays {
		if h.Date.After(received) && h.Date.Before(received.AddDays(400)) {
			out = append(out, h)
		}
	}
	return out
}

// choose is which law, holiday set and zone a place has here for a request
// received at that time.
func (s *Service) choose(country, region string, received time.Time) clock.Choice {
	c := s.set.Laws.AppliesOn(clock.DateIn(received, time.UTC), country, region, s.set.Applies)
	row, err := s.set.Laws.Law(c.Law)
	if s.set.HolidaySet != "" && err == nil && row.Roll != nil {
		c.Set = s.set.HolidaySet
	}
	c.Zone = firstOf(s.set.Zone, c.Zone)
	return c
}

// countedBy is the article by which the time of a filing is counted.
func (s *Service) countedBy(f Filing) string {
	row, _, err := s.LawOf(f.Country, f.Region)
	if err != nil {
		return "Reg. 1182/71 Art. 3(1)"
	}
	return firstOf(row.CountCite, row.Cite)
}

// Laws is the law table in force.
func (s *Service) Laws() *clock.Laws { return s.set.Laws }

// Law finds a row of the law table in force.
func (s *Service) Law(code string) (*clock.Law, error) { return s.set.Laws.Law(code) }

// Foresee is the case that a filing would begin now: the law it would run
// under and its clock, as a person is told before filing. Nothing is stored.
func (s *Service) Foresee(f Filing) (*Case, error) {
	return s.newCase(Actor{Role: Public}, f, s.now())
}

// RightDue is the deadline by which one right of a case is to be answered.
type RightDue struct {
	Right string
	clock.Deadline
}

// DueByRight is when each right of the case is to be answered.
func (c *Case) DueByRight(now time.Time) ([]RightDue, error) {
	var out []RightDue
	for _, right := range c.Rights {
		res, err := c.legal().of(right, now)
		if err != nil {
			return nil, unlawful(err)
		}
		out = append(out, RightDue{right, res.Due()})
	}
	return out, nil
}

// LawOf is the law that a place has here.
func (s *Service) LawOf(country, region string) (*clock.Law, clock.Choice, error) {
	c := s.choose(country, region, s.now())
	row, err := s.set.Laws.Law(c.Law)
	return row, c, unlawful(err)
}
