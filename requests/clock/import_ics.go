package clock

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	ics "github.com/arran4/golang-ical"
)

// maxEventDays bounds one event: a longer one is a mistake, or no holiday.
const maxEventDays = 31

// icsEvent is one VEVENT with the lines on which its properties stand.
type icsEvent struct {
	props map[string]*ics.BaseProperty
	lines map[string]int
	begin int
}

// ics reads the events of an iCalendar file. The library reads each content
// line; which line it was, and what is supported, is known here.
func (f *holidayFile) ics(raw []byte) {
	var open []string
	var ev *icsEvent
	calendars := 0
	for line, text := range unfolded(raw) {
		p := f.property(line, text)
		if p == nil {
			continue
		}
		name := strings.ToUpper(p.IANAToken)
		value := strings.ToUpper(strings.TrimSpace(p.Value))
		switch {
		case name == "BEGIN":
			if len(open) == 0 && value != "VCALENDAR" {
				f.bad(line, "RFC 5545 3.4: a file begins with BEGIN:VCALENDAR", "BEGIN:%s stands outside of a calendar", clip(p.Value))
				return
			}
			if value == "VCALENDAR" {
				calendars++
			}
			open = append(open, value)
			if value == "VEVENT" {
				ev = &icsEvent{props: map[string]*ics.BaseProperty{}, lines: map[string]int{}, begin: line}
			}
		case name == "END":
			if len(open) == 0 || open[len(open)-1] != value {
				f.bad(line, "RFC 5545 3.6: every BEGIN has its END", "END:%s ends nothing that is open", clip(p.Value))
				return
			}
			open = open[:len(open)-1]
			if value == "VEVENT" {
				f.event(ev)
				ev = nil
			}
		case len(open) == 0:
			f.bad(line, "RFC 5545 3.4: a file begins with BEGIN:VCALENDAR", "%s stands outside of a calendar", clip(name))
			return
		case ev != nil && open[len(open)-1] == "VEVENT":
			if _, twice := ev.props[name]; twice && (name == "DTSTART" || name == "DTEND" || name == "RRULE") {
				f.bad(line, "RFC 5545 3.6.1: "+name+" stands once in an event", "%s stands here again", name)
			}
			ev.props[name], ev.lines[name] = p, line
		}
	}
	if len(open) > 0 {
		f.bad(bytes.Count(raw, []byte("\n"))+1, "RFC 5545 3.6: every BEGIN has its END", "the file ends before END:%s", clip(open[len(open)-1]))
	} else if calendars == 0 && len(f.faults) == 0 {
		f.bad(1, "RFC 5545 3.4: a file begins with BEGIN:VCALENDAR", "this is no iCalendar file")
	}
}

// property reads one content line, nil when it is none. The library panics on
// no input known to us; foreign bytes are still kept from ending the program.
func (f *holidayFile) property(line int, text string) (p *ics.BaseProperty) {
	defer func() {
		if recover() != nil {
			p = nil
			f.bad(line, "RFC 5545 3.1: a line is NAME:value", "%q is not such a line", clip(text))
		}
	}()
	p, err := ics.ParseProperty(ics.ContentLine(text))
	if err != nil || p == nil {
		f.bad(line, "RFC 5545 3.1: a line is NAME:value", "%q is not such a line", clip(text))
		return nil
	}
	return p
}

// unfolded are the content lines of a file with the line on which each begins.
func unfolded(raw []byte) func(func(int, string) bool) {
	return func(yield func(int, string) bool) {
		at, text := 0, ""
		for i, l := range strings.Split(strings.TrimPrefix(string(raw), "\uFEFF"), "\n") {
			l = strings.TrimSuffix(l, "\r")
			if at > 0 && l != "" && (l[0] == ' ' || l[0] == '\t') {
				text += l[1:]
				continue
			}
			if strings.TrimSpace(text) != "" && !yield(at, text) {
				return
			}
			at, text = i+1, l
		}
		if strings.TrimSpace(text) != "" {
			yield(at, text)
		}
	}
}

func (f *holidayFile) event(ev *icsEvent) {
	before := len(f.faults)
	for _, name := range []string{"RDATE", "EXDATE", "EXRULE", "RECURRENCE-ID", "DURATION"} {
		if line, ok := ev.lines[name]; ok {
			f.bad(line, "a holiday is a day, or the same day every year", "%s is not supported: write each day as an event of its own", name)
		}
	}
	if p := ev.props["STATUS"]; p != nil && strings.EqualFold(p.Value, "CANCELLED") {
		return
	}
	start, ok := ev.props["DTSTART"]
	if !ok {
		f.bad(ev.begin, "RFC 5545 3.6.1: an event has a DTSTART", "the event has none")
		return
	}
	first := f.day(ev, "DTSTART", start)
	last := first
	if end, ok := ev.props["DTEND"]; ok && !first.IsZero() {
		last = f.day(ev, "DTEND", end)
		if !last.IsZero() && !strings.Contains(end.Value, "T") {
			last = last.AddDays(-1) // a DTEND of a whole day is the first day after
		}
		if !last.IsZero() && last.Before(first) {
			f.bad(ev.lines["DTEND"], "RFC 5545 3.8.2.2: DTEND is later than DTSTART", "the event ends before it begins")
		} else if !last.IsZero() && last.After(first.AddDays(maxEventDays-1)) {
			f.bad(ev.lines["DTEND"], fmt.Sprintf("a holiday has at most %d days", maxEventDays), "the event is longer")
		}
	}
	var every *yearRule
	if p, ok := ev.props["RRULE"]; ok && !first.IsZero() {
		every = f.yearly(ev.lines["RRULE"], p.Value, first)
	}
	if len(f.faults) > before {
		return
	}
	name := ""
	if p := ev.props["SUMMARY"]; p != nil {
		name = ics.FromText(p.Value)
	}
	for d := first; !d.After(last); d = d.AddDays(1) {
		f.add(ev.lines["DTSTART"], d, name, every != nil, every.keeps)
	}
}

// day reads a DATE, or the day of a DATE-TIME; a day that the calendar does not
// have is a fault.
func (f *holidayFile) day(ev *icsEvent, name string, p *ics.BaseProperty) Date {
	value, _, _ := strings.Cut(strings.TrimSpace(p.Value), "T")
	if len(value) == 8 {
		if d, err := ParseDate(value[:4] + "-" + value[4:6] + "-" + value[6:]); err == nil {
			return d
		}
	}
	f.bad(ev.lines[name], "RFC 5545 3.3.4: a date is YYYYMMDD, a day of the calendar", "%s is %q", name, clip(p.Value))
	return Date{}
}

// yearRule is RRULE:FREQ=YEARLY with its end.
type yearRule struct {
	count int
	until Date
}

// keeps says whether the n-th day of the series, from 1, belongs to it.
func (y *yearRule) keeps(d Date, n int) bool {
	return y == nil || ((y.count == 0 || n <= y.count) && (y.until.IsZero() || !d.After(y.until)))
}

const yearlyRule = "a holiday recurs by RRULE:FREQ=YEARLY, with COUNT or UNTIL at most"

// yearly reads a recurrence. Only the same day every year is supported: a rule
// that is followed in part would make holidays of working days.
func (f *holidayFile) yearly(line int, value string, first Date) *yearRule {
	y := &yearRule{}
	freq := ""
	for part := range strings.SplitSeq(value, ";") {
		name, v, _ := strings.Cut(strings.ToUpper(strings.TrimSpace(part)), "=")
		n, err := strconv.Atoi(v)
		ok := false
		switch name {
		case "FREQ":
			freq, ok = v, v == "YEARLY"
		case "INTERVAL":
			ok = v == "1"
		case "BYMONTH":
			ok = err == nil && n == int(first.Month)
		case "BYMONTHDAY":
			ok = err == nil && n == first.Day
		case "WKST":
			ok = true
		case "COUNT":
			y.count, ok = n, err == nil && n >= 1
		case "UNTIL":
			day, _, _ := strings.Cut(v, "T")
			if len(day) == 8 {
				y.until, err = ParseDate(day[:4] + "-" + day[4:6] + "-" + day[6:])
				ok = err == nil
			}
		}
		if !ok {
			f.bad(line, yearlyRule, "%q is not supported: write each day as an event of its own", clip(part))
			return nil
		}
	}
	if freq == "" {
		f.bad(line, yearlyRule, "the rule has no FREQ")
		return nil
	}
	return y
}
