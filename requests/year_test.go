package requests_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"habeas/requests"
	"habeas/requests/clock"
)

// place is where a simulated person lives, and what the oracle makes of it.
type place struct{ country, region, law, set, zone string }

// simulated are all laws, the Union's with several sets of holidays.
func simulated() []place {
	places := []place{
		{"DE", "", "EU", "DE", "Europe/Berlin"},
		{"FR", "", "EU", "FR", "Europe/Paris"},
		{"IE", "", "EU", "IE", "Europe/Dublin"},
		{"FI", "", "EU", "none", "Europe/Helsinki"},
		{"JP", "", "EU", "none", "Europe/Brussels"},
		{"GB", "", "UK", "EW", "Europe/London"},
		{"GB", "SCT", "UK", "SC", "Europe/London"},
		{"CA", "", "PIPEDA", "none", "America/Toronto"},
		{"CA", "QC", "QC", "none", "America/Toronto"},
		{"BR", "", "BR", "none", "America/Sao_Paulo"},
		{"CH", "", "CH", "none", "Europe/Zurich"},
		{"US", "WY", "CA", "US", "America/Los_Angeles"},
	}
	for code, l := range olaws {
		if l.zone != "" && len(code) == 2 && !slices.Contains([]string{"UK", "BR", "CH", "QC", "OK"}, code) {
			places = append(places, place{"US", code, code, l.set, l.zone})
		}
	}
	slices.SortFunc(places, func(a, b place) int { return strings.Compare(a.country+a.region, b.country+b.region) })
	return places
}

// oracleOf is the oracle's view of a request filed from a place.
func oracleOf(t testing.TB, p place, rights []string, at time.Time, suspend bool) *ocase {
	t.Helper()
	zone, err := time.LoadLocation(p.zone)
	if err != nil {
		t.Fatal(err)
	}
	return &ocase{law: p.law, set: p.set, zone: zone, suspend: suspend, rights: rights, at: at}
}

// act is one thing that a desk does on a day.
type act struct {
	kind  string // pause, resume, extend, refuse, law, move
	what  string // of a pause
	right string
	until oday
	to    place
}

// draw makes up what happens next.
func draw(rng *rand.Rand, o *ocase, places []place, today oday) act {
	a := act{kind: []string{"pause", "resume", "resume", "extend", "refuse", "law", "move", "move"}[rng.IntN(8)], until: noDay}
	a.what = []string{"id", "fee", "clarify"}[rng.IntN(3)]
	if rng.IntN(3) == 0 {
		a.right = o.rights[rng.IntN(len(o.rights))]
	}
	if a.kind == "law" {
		a.to = places[rng.IntN(len(places))]
	}
	if olaws[o.law].announced != (rng.IntN(8) == 0) {
		a.until = today + oday(rng.IntN(90))
	}
	return a
}

func rightsFor(rng *rand.Rand, from []string) []string {
	var out []string
	for range 1 + rng.IntN(2) {
		if r := from[rng.IntN(len(from))]; !slices.Contains(out, r) {
			out = append(out, r)
		}
	}
	slices.Sort(out)
	return out
}

// life is the state table as DESIGN.md draws it.
var life = map[requests.Status][]requests.Status{
	requests.Filed:       {requests.Verified, requests.Refused, requests.Expired, requests.Discovering, requests.Withdrawn},
	requests.Verified:    {requests.Discovering, requests.Review, requests.Withdrawn}, // an appeal or complaint searches nothing
	requests.Discovering: {requests.Review, requests.Executing, requests.Withdrawn},
	requests.Review:      {requests.Discovering, requests.Executing, requests.Refused, requests.Completed, requests.Withdrawn}, // the decision of an appeal or complaint
	requests.Executing:   {requests.Verifying, requests.Review, requests.Withdrawn},
	requests.Verifying:   {requests.Completed, requests.Review}, // what a hold stopped between two looks is decided anew
	requests.Completed:   {requests.Closed, requests.Review},
}

// A year of ten thousand requests through the law table and the state table:
// all laws and rights, filed at any second of the year, paused, extended,
// refused, corrected to another law, appealed. Every due date is the oracle's,
// every step that the law refuses is refused with its article, and no state is
// entered that the table does not have.
func TestAYearOfTenThousandRequests(t *testing.T) {
	t.Parallel()
	const n, workers = 10000, 4
	places := simulated()
	for w := range workers {
		t.Run(fmt.Sprint(w), func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(2026, uint64(w)))
			for range n / workers {
				pureLife(t, rng, places)
				if t.Failed() {
					return
				}
			}
		})
	}
}

func pureLife(t *testing.T, rng *rand.Rand, places []place) {
	p := places[rng.IntN(len(places))]
	at := noon(2026, 7, 1).Add(time.Duration(rng.IntN(365*24*3600)) * time.Second)
	o := oracleOf(t, p, rightsFor(rng, clock.Rights), at, rng.IntN(2) == 0)
	choice := clock.Builtin().AppliesOn(clock.DateIn(at, time.UTC), p.country, p.region)
	if (choice != clock.Choice{Law: p.law, Set: p.set, Zone: p.zone}) {
		t.Errorf("%s-%s has %v, want %v", p.country, p.region, choice, p)
	}
	c := &requests.Case{
		Status: requests.Filed, Rights: o.rights, Law: p.law, HolidaySet: p.set, Zone: p.zone, ReceivedAt: at, PausePolicy: clock.Strict,
	}
	if o.suspend {
		c.PausePolicy = clock.Suspend
	}
	if rng.IntN(4) == 0 { // a day that the company itself keeps
		o.own = []oday{o.received() + oday(20+rng.IntN(30))}
		c.Holidays = []clock.Holiday{{Date: o.own[0].date(), Name: "own"}}
	}
	now := at
	for range 2 + rng.IntN(7) {
		now = now.Add(time.Duration(rng.IntN(20*24*3600)) * time.Second)
		today := dayIn(now, o.zone)
		if next := requests.Statuses[rng.IntN(len(requests.Statuses))]; c.Status.CanBecome(next) != slices.Contains(life[c.Status], next) {
			t.Fatalf("%s to %s: %v", c.Status, next, c.Status.CanBecome(next))
		} else if c.Status.CanBecome(next) {
			c.Status = next
		}
		if c.Status.Open() {
			if a := draw(rng, o, places, today); a.kind != "law" && a.kind != "move" && a.kind != "refuse" {
				pureStep(t, c, o, a, now)
			}
		}
		same(t, c, o, now)
	}
	if c.Status == requests.Refused && len(o.events) == 0 {
		appealed(t, c, o, now)
	}
}

// pureStep takes a step where the law table allows it, and wants the oracle to
// agree.
func pureStep(t *testing.T, c *requests.Case, o *ocase, a act, now time.Time) {
	today := dayIn(now, o.zone)
	open := slices.IndexFunc(c.ClockEvents, func(e clock.Event) bool { return e.Kind != clock.Extended && e.To.IsZero() })
	switch {
	case a.kind == "resume" && open >= 0:
		c.ClockEvents = slices.Clone(c.ClockEvents)
		c.ClockEvents[open].To = today.date()
		o.events[open].to = today
	case a.kind == "pause" && open < 0:
		if lawful(t, c, o, a, clock.Pause, a.what, now) != o.mayPause(a.what, a.right, today) {
			t.Fatalf("%s %v: pause for %s on %s, oracle says %v", c.Law, c.Rights, a.what, today, o.mayPause(a.what, a.right, today))
		}
		if o.mayPause(a.what, a.right, today) {
			c.ClockEvents = append(slices.Clone(c.ClockEvents), clock.Event{Kind: a.what, From: today.date(), Right: a.right})
			o.events = append(o.events, oevent{kind: a.what, from: today, to: noDay, right: a.right})
		}
	case a.kind == "extend":
		if !olaws[o.law].announced {
			a.until = noDay
		} else if a.until == noDay || a.until <= o.base(o.concerned(a.right)[0], today) {
			return // the service refuses it: tested there
		}
		if lawful(t, c, o, a, clock.Extend, "complexity", now) != o.mayExtend(a.right, today, a.until) {
			t.Fatalf("%s %v: extension of %q on %s, oracle says %v", c.Law, c.Rights, a.right, today, o.mayExtend(a.right, today, a.until))
		}
		if o.mayExtend(a.right, today, a.until) {
			e := clock.Event{Kind: clock.Extended, From: today.date(), Right: a.right}
			if a.until != noDay {
				e.To = a.until.date()
			}
			c.ClockEvents = append(slices.Clone(c.ClockEvents), e)
			o.events = append(o.events, oevent{kind: "extension", from: today, to: noDay, until: a.until, right: a.right})
		}
	}
}

// lawful asks the law table about a step, for every right it is about.
func lawful(t *testing.T, c *requests.Case, o *ocase, a act, do, ground string, now time.Time) bool {
	for _, right := range o.concerned(a.right) {
		one := *c
		one.Rights = []string{right}
		all, due, err := one.Clock(now, c.ClockEvents)
		if err != nil {
			t.Fatal(err)
		}
		if i := slices.IndexFunc(all, func(d clock.Deadline) bool { return d.Name == "respond" }); do == clock.Extend && i >= 0 {
			due = all[i]
		}
		err = clock.Allowed(clock.Step{
			Law: c.Law, Right: right, Do: do, Ground: ground, On: dayIn(now, o.zone).date(), Due: due.Due,
			Extended: o.extension(right) != nil, PausePolicy: c.PausePolicy,
		})
		var ce *clock.Error
		if err != nil {
			if !errors.As(err, &ce) || !ce.Unlawful || ce.Cite == "" {
				t.Fatalf("%s refuses %s without an article: %v", c.Law, do, err)
			}
			return false
		}
	}
	return true
}

// same holds the program's due date against the oracle's.
func same(t testing.TB, c *requests.Case, o *ocase, now time.Time) {
	t.Helper()
	_, due, err := c.Clock(now, nil)
	if err != nil {
		t.Fatalf("%s %v received %s, events %v: %v", c.Law, c.Rights, c.ReceivedAt, c.ClockEvents, err)
	}
	if want := o.dueAll(dayIn(now, o.zone)); due.Due != want.date() {
		t.Fatalf("%s %v set %s received %s (%s), policy %s, events %v, on %s: due %s, oracle %s\n%v",
			c.Law, c.Rights, c.HolidaySet, c.ReceivedAt, o.received(), c.PausePolicy, o.events, dayIn(now, o.zone), due.Due, want, due.Rules)
	}
	if due.Target.After(due.Due) || len(due.Rules) == 0 {
		t.Fatalf("target %s of %s, rules %v", due.Target, due.Due, due.Rules)
	}
}

// appeals are the days for one after a denial: the first decision, and the
// decision when it was extended.
var appeals = map[string][]int{
	"VA": {60}, "CT": {60}, "TX": {60}, "TN": {60}, "MT": {60}, "DE": {60}, "NH": {60}, "NE": {60}, "IN": {60}, "KY": {60}, "MD": {60}, "RI": {60},
	"CO": {45, 105}, "MN": {45, 105}, "OR": {45}, "NJ": {45}, "IA": {60}, "FL": {60},
}

// appealed holds the clock of an appeal against a denial of this day.
func appealed(t *testing.T, c *requests.Case, o *ocase, now time.Time) {
	res, err := clock.Compute(clock.Input{Law: c.Law, Set: c.HolidaySet, Zone: c.Zone, Right: c.Rights[0], Received: clock.At(now)})
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range []string{"appeal", "extended_appeal"} {
		d, has := res.Get(name)
		if want := i < len(appeals[c.Law]); has != want {
			t.Fatalf("%s has %s: %v", c.Law, name, has)
		} else if want && d.Due != (dayIn(now, o.zone)+oday(appeals[c.Law][i])).date() {
			t.Fatalf("%s: %s of a denial on %s is due %s", c.Law, name, dayIn(now, o.zone), d.Due)
		}
	}
}
