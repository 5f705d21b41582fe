package requests_test

import (
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
