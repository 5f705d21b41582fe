package requests_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"habeas/requests"
	"habeas/requests/clock"
	"habeas/requests/connect"
	"habeas/requests/testkit/company"
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

// lived is one request of the year that goes through the service.
type lived struct {
	id    uuid.UUID
	o     *ocase
	place place
}

// Several hundred of the year go through the service itself and PostgreSQL:
// filed, proved, paused, resumed, extended, refused, withdrawn, corrected to
// another law, overdue, expired. After each step the case, its log alone and
// the oracle have the same due date, and a step that was refused changed
// nothing.
func TestAYearThroughTheService(t *testing.T) {
	t.Parallel()
	const n, days = 300, 365
	c, clk := still(t, noon(2026, 7, 1), requests.Settings{PausePolicy: "suspend"})
	rng := rand.New(rand.NewPCG(7, 2026))
	places := simulated()
	var open []*lived
	filed := 0
	for day := range days {
		start := noon(2026, 7, 1).AddDate(0, 0, day)
		for filed < n*(day+1)/days {
			clk.put(start.Add(time.Duration(rng.IntN(12*3600)) * time.Second))
			open = append(open, fileOne(c, rng, places, clk.now()))
			filed++
		}
		clk.put(start.Add(12 * time.Hour))
		for i := range open {
			if rng.IntN(14) == 0 {
				serviceStep(c, rng, open[i], draw(rng, open[i].o, places, dayIn(clk.now(), open[i].o.zone)), clk.now())
			}
		}
		if day%10 == 9 {
			sweep(c)
			open = slices.DeleteFunc(open, func(l *lived) bool { return !settled(c, l, clk.now()) })
		}
		if t.Failed() {
			return
		}
	}
}

func fileOne(c *company.Company, rng *rand.Rand, places []place, now time.Time) *lived {
	p := places[rng.IntN(len(places))]
	f := requests.Filing{
		Rights: rightsFor(rng, []string{"access", "erasure", "opt_out", "consent_withdrawal"}), Country: p.country, Region: p.region, Locale: "en",
		Identities: []connect.Identity{{Kind: "email", Value: fmt.Sprintf("year.%d@people.example", rng.Uint64())}},
	}
	at := now
	if rng.IntN(3) == 0 { // a letter that was opened late
		at = now.Add(-time.Duration(1+rng.IntN(20*24*3600)) * time.Second)
		f.ReceivedAt, f.Channel, f.Reason = &at, "letter", "postmark"
	}
	r, err := c.Svc.File(c.Context(), c.Agent, f)
	must(c.TB, err)
	return &lived{id: r.ID, place: p, o: oracleOf(c.TB, p, f.Rights, at, true)}
}

// settled holds a case against the oracle and its own log; false once it has
// ended.
func settled(c *company.Company, l *lived, now time.Time) bool {
	k := get(c, l.id)
	if !k.Status.Open() {
		return false
	}
	same(c.TB, k, l.o, now)
	today := dayIn(now, l.o.zone)
	if late := l.o.late(today); late != k.Has(requests.Overdue) {
		c.Fatalf("%s %v received %s, events %v: due %s on %s, flags %v", k.Law, k.Rights, l.o.received(), l.o.events, k.DueOn.Format(time.DateOnly), today, k.Flags)
	}
	return true
}

// serviceStep takes one step and compares what became of it.
func serviceStep(c *company.Company, rng *rand.Rand, l *lived, a act, now time.Time) {
	before := get(c, l.id)
	if !before.Status.Open() {
		return
	}
	o, today, ctx, by := l.o, dayIn(now, l.o.zone), c.Context(), c.DPOs[0]
	paused := slices.IndexFunc(o.events, func(e oevent) bool { return e.kind != "extension" && e.to == noDay })
	st := requests.Step{Right: a.right, Ground: a.what, Reason: "as the file says"}
	if before.Has(requests.Paused) != (paused >= 0) {
		c.Fatalf("flags %v, oracle's events %v", before.Flags, o.events)
	}
	var err error
	may := true
	switch a.kind {
	case "pause":
		may = paused < 0 && o.mayPause(a.what, a.right, today)
		if _, err = c.Svc.Pause(ctx, by, l.id, st); may {
			o.events = append(o.events, oevent{kind: a.what, from: today, to: noDay, right: a.right})
		}
	case "resume":
		may = paused >= 0
		if _, err = c.Svc.Resume(ctx, by, l.id, requests.Step{}); may {
			o.events[paused].to = today
		}
	case "extend":
		st.Ground = "complexity"
		if a.until != noDay {
			st.Until = a.until.date()
		}
		may = o.mayExtend(a.right, today, a.until)
		if _, err = c.Svc.Extend(ctx, by, l.id, st); may {
			o.events = append(o.events, oevent{kind: "extension", from: today, to: noDay, until: a.until, right: a.right})
		}
	case "refuse": // without a ground first: no law lets that pass
		_, err = c.Svc.Refuse(ctx, by, l.id, requests.Step{Reason: "because"})
		may = false
	case "law":
		may = a.to.law != o.law || a.to.set != o.set || a.to.zone != o.zone.String() || a.to.country != before.Country || a.to.region != before.Region
		if _, err = c.Svc.CorrectLaw(ctx, c.Agent, l.id, requests.LawChange{Country: a.to.country, Region: a.to.region, Reason: "moved house"}); may {
			o.law, o.set, o.zone = a.to.law, a.to.set, oracleOf(c.TB, a.to, nil, now, true).zone
			today = dayIn(now, o.zone)
			o.carried(today)
		}
	case "move":
		move(c, rng, before, l.id)
	}
	if may != (err == nil) {
		c.Fatalf("%s %v: %s %q of %q on %s, until %s, events %v: %v, oracle says %v", o.law, o.rights, a.kind, a.what, a.right, today, a.until, o.events, err, may)
	}
	after := get(c, l.id)
	if err != nil {
		e := requests.AsError(err)
		if e.Kind == requests.Internal || e.Kind == requests.Unlawful && !strings.Contains(e.Safe, "(") {
			c.Fatalf("%s refused without an article: %v", a.kind, err)
		}
		if !after.DueOn.Equal(before.DueOn) || len(after.ClockEvents) != len(before.ClockEvents) || after.Status != before.Status {
			c.Fatalf("%s was refused and changed the case", a.kind)
		}
	}
	if after.Status != before.Status && !slices.Contains(life[before.Status], after.Status) && !slices.Contains(life[requests.Verified], after.Status) {
		c.Fatalf("%s became %s", before.Status, after.Status)
	}
	if !after.Status.Open() {
		return
	}
	if want := o.dueAll(today); a.kind != "move" && err == nil && dayIn(after.DueOn, time.UTC) != want {
		c.Fatalf("%s %v after %s on %s, events %v: due %s, oracle %s", o.law, o.rights, a.kind, today, o.events, after.DueOn.Format(time.DateOnly), want)
	}
	same(c.TB, after, o, now)
	fromLog(c, l.id, after, now)
}

// fromLog computes the clock from the case's events alone.
func fromLog(c *company.Company, id uuid.UUID, k *requests.Case, now time.Time) {
	c.Helper()
	lines, err := c.Svc.Events(c.Context(), k)
	must(c.TB, err)
	again, err := c.Svc.ClockAt(lines, now)
	must(c.TB, err)
	all, due, err := k.Clock(now, nil)
	must(c.TB, err)
	for _, list := range [][]clock.Deadline{again, all} {
		if !slices.ContainsFunc(list, func(d clock.Deadline) bool { return d.Due == due.Due }) {
			c.Fatalf("%s: due %s, from the log %v", id, due.Due, list)
		}
	}
	if len(again) != len(all) {
		c.Fatalf("%s: %d deadlines from the log, %d in the case", id, len(again), len(all))
	}
	for i := range all {
		if all[i].Name != again[i].Name || all[i].Due != again[i].Due || len(all[i].Rules) != len(again[i].Rules) {
			c.Fatalf("%s: %v from the log, %v in the case", id, again[i], all[i])
		}
	}
}

// move takes a case on in its life as the desk or the customer does.
func move(c *company.Company, rng *rand.Rand, k *requests.Case, id uuid.UUID) {
	var err error
	switch rng.IntN(4) {
	case 0:
		_, err = c.Svc.ProveByHand(c.Context(), c.DPOs[0], id, "identity card compared at the counter")
	case 1:
		_, err = c.Svc.Withdraw(c.Context(), requests.Actor{Role: requests.Customer, ID: id.String()}, id)
	case 2:
		law, lerr := k.LawRow()
		must(c.TB, lerr)
		for _, g := range law.Grounds(k.Rights[0]) {
			if g.Scope != clock.ScopeRecord {
				_, err = c.Svc.Refuse(c.Context(), c.DPOs[0], id, requests.Step{Right: k.Rights[0], Ground: g.Code, Reason: "as the file says"})
				break
			}
		}
	}
	if err != nil && !slices.Contains([]requests.Kind{requests.Conflict, requests.Unlawful}, requests.AsError(err).Kind) {
		c.Fatal(err)
	}
}
