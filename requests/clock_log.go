package requests

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"habeas/requests/clock"
	"habeas/requests/evidence"
)

// ClockFrom computes a case's deadlines from its events alone, by the law table
// as shipped. An open pause counts up to the last event.
func ClockFrom(lines []evidence.Line) ([]clock.Deadline, error) {
	return clockFrom(lines, nil, time.Time{})
}

// ClockFrom is the function of that name by the law table in force here.
func (s *Service) ClockFrom(lines []evidence.Line) ([]clock.Deadline, error) {
	return clockFrom(lines, s.set.Laws, time.Time{})
}

// ClockAt is ClockFrom at a later moment: an open pause counts up to then.
func (s *Service) ClockAt(lines []evidence.Line, now time.Time) ([]clock.Deadline, error) {
	return clockFrom(lines, s.set.Laws, now)
}

func clockFrom(lines []evidence.Line, laws *clock.Laws, now time.Time) ([]clock.Deadline, error) {
	l, err := legalFrom(lines, laws)
	if err != nil {
		return nil, err
	}
	if now.IsZero() {
		now = lines[len(lines)-1].At
	}
	if m, ok := matterOf(lines); ok {
		return matterDeadlines(l, string(m.Matter), now)
	}
	out, _, err := l.deadlines(now)
	if err != nil {
		return nil, fmt.Errorf("recompute clock: %w", err)
	}
	return out, nil
}

// legalFrom folds the events of a case into what its deadlines are computed
// from.
func legalFrom(lines []evidence.Line, laws *clock.Laws) (legal, error) {
	l := legal{laws: laws, policy: clock.Strict}
	stated := false // whether the log says the pause policy; older logs do not
	filed := false
	for _, line := range lines {
		payload, err := line.Payload()
		if err != nil {
			return l, err
		}
		if d, ok := payload.(evidence.RequestFiled); ok {
			filed = true
			l.law, l.set, l.zone, l.received = string(d.Law), string(d.Holidays), string(d.Zone), d.ReceivedAt.Time
			l.holidays = daysOf(d.OwnDays)
			for _, r := range d.Rights {
				l.rights = append(l.rights, string(r))
			}
			if stated = d.Policy != ""; stated {
				l.policy = string(d.Policy)
			}
			continue
		}
		if d, ok := payload.(evidence.MatterFiled); ok {
			filed = true
			l.law, l.set, l.zone, l.received = string(d.Law), string(d.Holidays), string(d.Zone), d.ReceivedAt.Time
			l.holidays = daysOf(d.OwnDays)
			for _, r := range d.Rights {
				l.rights = append(l.rights, string(r))
			}
			continue
		}
		if !filed {
			continue
		}
		l.fold(line, payload)
		if _, paused := payload.(evidence.ClockPaused); paused && !stated {
			l.policy = clock.Suspend // a pause that the strict policy refuses is not in the log
		}
	}
	if !filed {
		return l, errors.New("requests: the events do not say when the request was received")
	}
	return l, nil
}

// matterOf is the event that began an appeal or complaint.
func matterOf(lines []evidence.Line) (evidence.MatterFiled, bool) {
	for _, line := range lines {
		if payload, err := line.Payload(); err == nil {
			if d, ok := payload.(evidence.MatterFiled); ok {
				return d, true
			}
		}
	}
	return evidence.MatterFiled{}, false
}

// matterDeadlines are those of an appeal or complaint: the law's time for an
// appeal; for a complaint, which laws want acknowledged (UK: 30 days, DPA 2018
// s164A) and answered without undue delay, as long as a request has. The last
// of them is the one that it is due by.
func matterDeadlines(l legal, kind string, now time.Time) ([]clock.Deadline, error) {
	extended := slices.ContainsFunc(l.events, func(e clock.Event) bool { return e.Kind == clock.Extended })
	l.events = nil
	res, err := l.of("access", now)
	if err != nil {
		return nil, unlawful(err)
	}
	names := []string{"complaint", "respond"}
	if kind == KindAppeal {
		if names = []string{"appeal"}; extended {
			names = append(names, "extended_appeal")
		}
	}
	var out []clock.Deadline
	for _, name := range names {
		if d, ok := res.Get(name); ok {
			out = append(out, d)
		}
	}
	return out, nil
}

// fold takes one event that moves the clock.
func (l *legal) fold(line evidence.Line, payload evidence.Data) {
	switch d := payload.(type) {
	case evidence.ClockPaused:
		l.events = append(l.events, clock.Event{Kind: string(d.Ground), From: date(d.From), Right: string(d.Right)})
	case evidence.ClockResumed:
		for i, e := range slices.Backward(l.events) {
			if e.Kind != clock.Extended && e.To.IsZero() {
				l.events[i].To = date(d.To)
				break
			}
		}
	case evidence.ClockExtended:
		on := date(d.On)
		if on.IsZero() {
			on = clock.DateIn(line.At, zone(l.zone))
		}
		l.events = append(l.events, clock.Event{Kind: clock.Extended, From: on, To: date(d.Until), Right: string(d.Right)})
	case evidence.LawCorrected:
		l.law, l.set, l.zone, l.holidays = string(d.Law), string(d.Holidays), string(d.Zone), daysOf(d.OwnDays)
		*l = l.carry(date(d.On))
	}
}

func daysOf(days []evidence.Date) []clock.Holiday {
	var out []clock.Holiday
	for _, d := range days {
		out = append(out, clock.Holiday{Date: date(d)})
	}
	return out
}

func zone(name string) *time.Location {
	loc, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC
	}
	return loc
}
