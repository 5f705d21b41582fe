package requests_test

import (
	"slices"
	"sync"
	"time"

	"habeas/requests/clock"
)

// This oracle computes due dates by itself. It shares no code and no table with
// the program: figures are typed from the reference, days are counted one by
// one, pauses are sets of days. Of the program it takes only the dates of the
// holidays.

// oday is a day, counted from 1 January 1970.
type oday int

const noDay oday = -1 << 30

func civil(y int, m time.Month, d int) oday {
	return oday(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

func dayIn(at time.Time, zone *time.Location) oday {
	y, m, d := at.In(zone).Date()
	return civil(y, m, d)
}

func (d oday) time() time.Time { return time.Unix(int64(d)*86400, 0).UTC() }

func (d oday) date() clock.Date {
	y, m, dd := d.time().Date()
	return clock.Date{Year: y, Month: m, Day: dd}
}

func (d oday) String() string { return d.time().Format(time.DateOnly) }

// oterm is a period: n months, days or business days, one of the three.
type oterm struct{ months, days, business int }

// olaw is a law as the reference has it.
type olaw struct {
	respond, extended oterm
	none              bool // no extension at all
	announced         bool // its extension is a date that the controller names
	rolls             bool
	zone, set         string
	restart           []string // events with which the period begins
	pause             []string // events whose days do not count
	pauseOnly         string   // the one right that a clarification pauses
	policy            bool     // pauses count under the policy suspend alone
	optOut            oterm    // opt-out and limit, where they have a clock of their own
	withdrawal        int      // days for a withdrawn consent, where they are fewer; never extended
}

func us(days, extended int, zone string) olaw {
	return olaw{respond: oterm{days: days}, extended: oterm{days: extended}, zone: zone, set: "none"}
}

func quick(l olaw, days int) olaw {
	l.withdrawal = days
	return l
}

var olaws = func() map[string]olaw {
	month, three := oterm{months: 1}, oterm{months: 3}
	east, central, mountain, west := "America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles"
	m := map[string]olaw{
		"EU": {respond: month, extended: three, rolls: true, pause: []string{"id", "clarify"}, policy: true},
		"UK": {respond: month, extended: three, rolls: true, restart: []string{"id", "fee"}, pause: []string{"clarify"}, pauseOnly: "access", zone: "Europe/London", set: "EW"},
		"CA": {respond: oterm{days: 45}, extended: oterm{days: 90}, optOut: oterm{business: 15}, zone: west, set: "US"},
		"CT": quick(us(45, 90, east), 15), "RI": quick(us(45, 90, east), 15), "OR": quick(us(45, 90, west), 15), "NJ": quick(us(45, 90, east), 15),
		"IA": us(90, 135, central), "FL": us(45, 60, east), "UT": us(45, 90, mountain), "CO": us(45, 90, mountain),
		"BR":     {respond: oterm{days: 15}, none: true, zone: "America/Sao_Paulo", set: "none"},
		"PIPEDA": us(30, 60, "America/Toronto"),
		"QC":     {respond: oterm{days: 30}, none: true, zone: "America/Toronto", set: "none"},
		"CH":     {respond: oterm{days: 30}, announced: true, restart: []string{"fee"}, zone: "Europe/Zurich", set: "none"},
	}
	for code, zone := range map[string]string{
		"VA": east, "TX": central, "TN": central, "MT": mountain, "DE": east, "NH": east, "NE": central, "IN": "America/Indiana/Indianapolis",
		"KY": east, "MD": east, "MN": central, "OK": central,
	} {
		m[code] = us(45, 90, zone)
	}
	return m
}()

// oevent is something that happened to the clock. to is noDay while it is open.
type oevent struct {
	kind            string // id, fee, clarify, extension
	from, to, until oday
	right           string
}

// ocase is what the oracle knows of a request.
type ocase struct {
	law, set string
	zone     *time.Location
	suspend  bool
	rights   []string
	at       time.Time // of receipt
	events   []oevent
	own      []oday
}

func (o *ocase) received() oday { return dayIn(o.at, o.zone) }

// holidaysRead are the holidays of every set, read from the program: the only
// thing shared.
var holidaysRead = sync.OnceValue(func() map[string]map[oday]bool {
	out := map[string]map[oday]bool{}
	for _, set := range clock.Sets() {
		out[set] = map[oday]bool{}
		for y := 2024; y <= 2029; y++ {
			list, err := clock.Holidays(set, y)
			if err != nil {
				panic(err)
			}
			for _, h := range list {
				out[set][civil(h.Date.Year, h.Date.Month, h.Date.Day)] = true
			}
		}
	}
	return out
})

func (o *ocase) working(d oday) bool {
	days := holidaysRead()[o.set]
	weekday := (int(d)%7 + 7 + 4) % 7 // 1 January 1970 was a Thursday
	return weekday != 0 && weekday != 6 && !days[d] && !slices.Contains(o.own, d)
}

func (o *ocase) rolled(d oday) oday {
	for olaws[o.law].rolls && !o.working(d) {
		d++
	}
	return d
}

func (o *ocase) count(start oday, t oterm) oday {
	switch {
	case t.months > 0:
		y, m, d := start.time().Date()
		next := civil(y, m+time.Month(t.months), 1)
		for day := next; ; day++ {
			if _, mm, dd := day.time().Date(); dd == d {
				return day
			} else if _, nm, _ := next.time().Date(); mm != nm {
				return day - 1 // the month is over: its last day
			}
		}
	case t.business > 0:
		d := start
		for n := t.business; n > 0; {
			if d++; o.working(d) {
				n--
			}
		}
		return d
	}
	return start + oday(t.days)
}

// effect is what an event does to the clock of a right: restart, pause or "".
func (o *ocase) effect(kind, right string) string {
	l := olaws[o.law]
	switch {
	case slices.Contains(l.restart, kind):
		return "restart"
	case slices.Contains(l.pause, kind) && (!l.policy || o.suspend) && (l.pauseOnly == "" || l.pauseOnly == right):
		return "pause"
	}
	return ""
}

// end is when a period ends for a right, as events stand on a day.
func (o *ocase) end(right string, t oterm, today oday) oday {
	start := o.received()
	idle := map[oday]bool{}
	stands := func() int {
		n := 0
		for d := range idle {
			if d > start {
				n++
			}
		}
		return n
	}
	for _, e := range o.events {
		what := o.effect(e.kind, right)
		if e.kind == "extension" || what == "" || e.right != "" && e.right != right {
			continue
		}
		if e.from > o.rolled(o.count(start, t)+oday(stands())) {
			continue // asked after the due date of that moment
		}
		to := e.to
		if to == noDay {
			to = today
		}
		if what == "restart" {
			start = max(start, to)
			continue
		}
		for d := e.from; d <= to; d++ {
			idle[d] = true
		}
	}
	return o.rolled(o.count(start, t) + oday(stands()))
}

// base is the due date of a right before any extension.
func (o *ocase) base(right string, today oday) oday {
	l := olaws[o.law]
	switch {
	case o.optsOut(right): // a clock of its own, which nothing moves
		return o.count(o.received(), l.optOut)
	case l.withdrawal > 0 && right == "consent_withdrawal":
		return o.end(right, oterm{days: l.withdrawal}, today)
	}
	return o.end(right, l.respond, today)
}

func (o *ocase) optsOut(right string) bool {
	return olaws[o.law].optOut != oterm{} && (right == "opt_out" || right == "limit")
}

// extendable says whether the law extends the time for a right at all.
func (o *ocase) extendable(right string) bool {
	l := olaws[o.law]
	return !l.none && !o.optsOut(right) && (l.withdrawal == 0 || right != "consent_withdrawal")
}

func (o *ocase) extension(right string) *oevent {
	for i, e := range o.events {
		if e.kind == "extension" && (e.right == "" || e.right == right) {
			return &o.events[i]
		}
	}
	return nil
}

// due is the due date of a right, dueAll that of the request.
func (o *ocase) due(right string, today oday) oday {
	x := o.extension(right)
	switch {
	case x == nil:
		return o.base(right, today)
	case olaws[o.law].announced:
		return x.until
	}
	return o.end(right, olaws[o.law].extended, today)
}

func (o *ocase) dueAll(today oday) oday {
	due := o.due(o.rights[0], today)
	for _, r := range o.rights[1:] {
		due = min(due, o.due(r, today))
	}
	return due
}

// late says whether a right whose clock runs is past its due date.
func (o *ocase) late(today oday) bool {
	for _, r := range o.rights {
		stands := slices.ContainsFunc(o.events, func(e oevent) bool {
			return e.kind != "extension" && e.to == noDay && (e.right == "" || e.right == r) && o.effect(e.kind, r) != ""
		})
		if !stands && o.due(r, today) < today {
			return true
		}
	}
	return false
}

// concerned are the rights that a step is about.
func (o *ocase) concerned(right string) []string {
	if right != "" {
		return []string{right}
	}
	return o.rights
}

// mayPause says whether the law lets the clock stand for this.
func (o *ocase) mayPause(kind, right string, today oday) bool {
	for _, r := range o.concerned(right) {
		if o.effect(kind, r) == "" || today > o.due(r, today) {
			return false
		}
	}
	return true
}

// mayExtend says whether the time can be extended now.
func (o *ocase) mayExtend(right string, today, until oday) bool {
	for _, r := range o.concerned(right) {
		if !o.extendable(r) || o.extension(r) != nil || today > o.base(r, today) {
			return false
		}
	}
	if olaws[o.law].announced {
		return until != noDay && until > o.base(o.concerned(right)[0], today)
	}
	return until == noDay
}

// carried is what a correction of law or zone leaves of the events.
func (o *ocase) carried(today oday) {
	within := func(d oday) oday {
		if d == noDay {
			return d
		}
		return min(max(d, o.received()), today)
	}
	for i := range o.events {
		e := &o.events[i]
		e.from = within(e.from)
		if e.kind != "extension" {
			e.to = within(e.to)
		}
	}
	for _, e := range o.events {
		if e.kind != "extension" {
			continue
		}
		for _, r := range o.concerned(e.right) {
			if !o.extendable(r) || e.from > o.base(r, today) || olaws[o.law].announced && e.until == noDay {
				o.events = slices.DeleteFunc(o.events, func(e oevent) bool { return e.kind == "extension" })
				return
			}
		}
	}
}
