package clock_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"habeas/requests/clock"
)

// The oracle shares no code and no table with the package: its figures are
// typed from the reference, it walks day by day and keeps pauses as sets of
// days.

type figure struct {
	n    int
	unit byte // m months, d days, b business days
	roll bool
}

var rolled1, rolled3 = figure{1, 'm', true}, figure{3, 'm', true}

func d(n int) figure { return figure{n, 'd', false} }

func b(n int) figure { return figure{n, 'b', false} }

func state(appeal ...figure) map[string]figure {
	out := map[string]figure{"respond": d(45), "extended": d(90)}
	for i, f := range appeal {
		out[[]string{"appeal", "extended_appeal"}[i]] = f
	}
	return out
}

var figures = map[string]map[string]figure{
	"EU": {"respond": rolled1, "extended": rolled3},
	"UK": {"respond": rolled1, "extended": rolled3, "complaint": {30, 'd', true}},
	"CA": {"acknowledge": b(10), "respond": d(45), "extended": d(90), "opt_out": b(15), "notify_people": d(30), "notify_authority": d(15)},
	"VA": state(d(60)), "CT": state(d(60)), "TX": state(d(60)), "TN": state(d(60)), "MT": state(d(60)), "DE": state(d(60)),
	"NH": state(d(60)), "NE": state(d(60)), "IN": state(d(60)), "KY": state(d(60)), "MD": state(d(60)), "RI": state(d(60)), "OK": state(d(60)),
	"CO": state(d(45), d(105)), "MN": state(d(45), d(105)), "OR": state(d(45)), "NJ": state(d(45)), "UT": state(),
	"IA": {"respond": d(90), "extended": d(135), "appeal": d(60)},
	"FL": {"respond": d(45), "extended": d(60), "appeal": d(60)},
	"BR": {"respond": d(15), "notify_people": b(3), "notify_authority": b(3)},
	// extended of CH has no figure.
	"PIPEDA": {"respond": d(30), "extended": d(60)}, "QC": {"respond": d(30)}, "CH": {"respond": d(30)},
}

type oracle struct {
	in   clock.Input
	days map[clock.Date]bool // holidays
}

func newOracle(t *testing.T, in clock.Input) *oracle {
	o := &oracle{in: in, days: map[clock.Date]bool{}}
	for y := in.Received.Date.Year; y <= in.Received.Date.Year+2; y++ {
		list, err := clock.Holidays(in.Set, y)
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range list {
			o.days[h.Date] = true
		}
	}
	for _, h := range in.Holidays {
		o.days[h.Date] = true
	}
	return o
}

func next(x clock.Date) clock.Date {
	y := time.Date(x.Year, x.Month, x.Day+1, 12, 0, 0, 0, time.UTC)
	return clock.Date{Year: y.Year(), Month: y.Month(), Day: y.Day()}
}

func before(x, y clock.Date) bool { return x.String() < y.String() }

func (o *oracle) works(x clock.Date) bool {
	w := time.Date(x.Year, x.Month, x.Day, 12, 0, 0, 0, time.UTC).Weekday()
	return w > time.Sunday && w < time.Saturday && !o.days[x]
}

func (o *oracle) roll(x clock.Date, f figure) clock.Date {
	for f.roll && !o.works(x) {
		x = next(x)
	}
	return x
}

// end walks from the start; a month is over on the same day number, or on the
// last day before the month changes.
func (o *oracle) end(x clock.Date, f figure) clock.Date {
	start := x
	switch f.unit {
	case 'm':
		for months := 0; ; {
			y := next(x)
			if y.Month != x.Month {
				if months == f.n {
					return x
				}
				months++
			}
			if x = y; months == f.n && x.Day == start.Day {
				return x
			}
		}
	case 'b':
		for n := f.n; n > 0; {
			if x = next(x); o.works(x) {
				n--
			}
		}
	default:
		for range f.n {
			x = next(x)
		}
	}
	return x
}

// due is the oracle's answer for one name.
func (o *oracle) due(name string, f figure) clock.Date {
	start := o.in.Received.Date
	moves := name == "respond" || name == "extended"
	uk := o.in.Law == "UK"
	access := o.in.Right == clock.Access
	eu := o.in.Law == "EU" && o.in.PausePolicy == clock.Suspend
	var asked []clock.Event
	for _, e := range o.in.Events {
		switch {
		case !moves:
		case uk && e.Kind != clock.Clarify, o.in.Law == "CH" && e.Kind == clock.Fee:
			if before(start, e.To) {
				start = e.To
			}
		case uk && access, eu && e.Kind != clock.Fee:
			if e.From.IsZero() {
				e.From = o.in.Received.Date
			}
			asked = append(asked, e)
		}
	}
	slices.SortFunc(asked, func(a, b clock.Event) int {
		switch {
		case before(a.From, b.From):
			return -1
		case before(b.From, a.From):
			return 1
		}
		return 0
	})
	base := o.end(start, f)
	idle := map[clock.Date]bool{}
	moved := func() clock.Date {
		x := base
		for range idle {
			x = next(x)
		}
		return x
	}
	for _, e := range asked {
		if before(o.roll(moved(), f), e.From) {
			continue
		}
		for x := e.From; !before(e.To, x); x = next(x) {
			if before(start, x) {
				idle[x] = true
			}
		}
	}
	return o.roll(moved(), f)
}

func randomInput(r *rand.Rand) clock.Input {
	codes := clock.Builtin().Codes()
	pick := func(list []string) string { return list[r.IntN(len(list))] }
	law := pick(codes)
	if r.IntN(2) == 0 {
		law = pick([]string{"EU", "UK", "CA", "CH"})
	}
	day := clock.Date{Year: 2027, Month: time.January, Day: 1}.AddDays(r.IntN(365 * 3))
	in := clock.Input{
		Law: law, Set: pick(clock.Sets()), Zone: "UTC", Received: clock.On(day),
		Right:       pick([]string{clock.Access, clock.Erasure, clock.Portability, clock.Rectification}),
		PausePolicy: pick([]string{clock.Strict, clock.Suspend}),
	}
	for range r.IntN(4) {
		from := day.AddDays(r.IntN(130))
		to := from.AddDays(r.IntN(20))
		switch r.IntN(4) {
		case 0:
			in.Events = append(in.Events, clock.Event{Kind: clock.Identity, To: to})
		case 1:
			in.Events = append(in.Events, clock.Event{Kind: clock.Fee, To: to})
		default:
			in.Events = append(in.Events, clock.Event{Kind: clock.Clarify, From: from, To: to})
		}
	}
	for range r.IntN(6) {
		in.Holidays = append(in.Holidays, clock.Holiday{Date: day.AddDays(r.IntN(150)), Name: "Fair"})
	}
	return in
}

func TestOracle(t *testing.T) {
	r := rand.New(rand.NewPCG(1182, 71))
	for range 10_000 {
		in := randomInput(r)
		res, err := clock.Compute(in)
		if err != nil {
			t.Fatalf("%+v: %v", in, err)
		}
		o := newOracle(t, in)
		for name, f := range figures[in.Law] {
			got, ok := res.Get(name)
			if want := o.due(name, f); !ok || got.Due != want {
				t.Fatalf("%s %s due %v, the oracle says %s\n%+v\n%v", in.Law, name, got.Due, want, in, got.Rules)
			}
		}
		for _, got := range res.Deadlines {
			if _, ok := figures[in.Law][got.Name]; !ok && !got.Hours {
				t.Fatalf("%s has a deadline %s that the reference does not know", in.Law, got.Name)
			}
		}
	}
}

func TestOracleKnowsEveryLaw(t *testing.T) {
	for _, code := range clock.Builtin().Codes() {
		if figures[code] == nil {
			t.Errorf("no figures for %s", code)
		}
	}
	if len(figures) != len(clock.Builtin().Codes()) {
		t.Error("the reference has laws that the table lacks")
	}
}
