package clock_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"habeas/requests/clock"

	"pgregory.net/rapid"
)

func drawInput(t *rapid.T) clock.Input {
	epoch := clock.Date{Year: 2020, Month: time.January, Day: 1}
	in := clock.Input{
		Law:      rapid.SampledFrom(clock.Builtin().Codes()).Draw(t, "law"),
		Set:      rapid.SampledFrom(clock.Sets()).Draw(t, "set"),
		Right:    rapid.SampledFrom(clock.Rights).Draw(t, "right"),
		Zone:     rapid.SampledFrom([]string{"", "Europe/Berlin", "Pacific/Apia", "America/Los_Angeles"}).Draw(t, "zone"),
		Received: clock.On(epoch.AddDays(rapid.IntRange(0, 40*365).Draw(t, "day"))),
	}
	if in.Law == "OK" {
		in.Received.Date.Year += 10
	}
	in.PausePolicy = rapid.SampledFrom([]string{clock.Strict, clock.Suspend}).Draw(t, "policy")
	return in
}

func drawEvents(t *rapid.T, received clock.Date) []clock.Event {
	var events []clock.Event
	for range rapid.IntRange(0, 4).Draw(t, "events") {
		from := received.AddDays(rapid.IntRange(0, 120).Draw(t, "asked"))
		to := from.AddDays(rapid.IntRange(0, 40).Draw(t, "for"))
		kind := rapid.SampledFrom([]string{clock.Identity, clock.Fee, clock.Clarify}).Draw(t, "kind")
		events = append(events, clock.Event{Kind: kind, From: from, To: to})
	}
	return events
}

func compute(t *rapid.T, in clock.Input) clock.Result {
	res, err := clock.Compute(in)
	if err != nil {
		t.Fatalf("%+v: %v", in, err)
	}
	return res
}

// laterNeverEarlier: each deadline of a and its namesake of b.
func notEarlier(t *rapid.T, a, b clock.Result, why string) {
	for _, x := range a.Deadlines {
		y, ok := b.Get(x.Name)
		if !ok {
			t.Fatalf("%s: %s is gone", why, x.Name)
		}
		if y.At.Before(x.At) {
			t.Fatalf("%s: %s moved from %s to %s", why, x.Name, x.At, y.At)
		}
	}
}

func TestReceivedLaterIsNeverDueEarlier(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := drawInput(t)
		// On a law's first day a deadline may appear; none disappears.
		first := compute(t, in)
		in.Received.Date = in.Received.Date.AddDays(rapid.IntRange(1, 70).Draw(t, "later"))
		notEarlier(t, first, compute(t, in), "received later")
	})
}

func TestAddingAHolidayNeverShortens(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := drawInput(t)
		in.Events = drawEvents(t, in.Received.Date)
		first := compute(t, in)
		in.Holidays = []clock.Holiday{{Date: in.Received.Date.AddDays(rapid.IntRange(0, 140).Draw(t, "holiday"))}}
		notEarlier(t, first, compute(t, in), "a holiday more")
	})
}

func TestEndsOnAWorkingDay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := drawInput(t)
		in.Law = rapid.SampledFrom([]string{"EU", "UK"}).Draw(t, "rolling law")
		in.Events = drawEvents(t, in.Received.Date)
		for _, x := range compute(t, in).Deadlines {
			if x.Hours {
				continue
			}
			days, err := clock.Holidays(in.Set, x.Due.Year)
			if err != nil {
				t.Fatal(err)
			}
			for _, h := range days {
				if h.Date == x.Due {
					t.Fatalf("%s ends on %s", x.Name, h.Name)
				}
			}
			if w := x.Due.Weekday(); w == time.Saturday || w == time.Sunday {
				t.Fatalf("%s ends on a %s", x.Name, w)
			}
		}
	})
}

func TestEveryResultIsWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := drawInput(t)
		in.Events = drawEvents(t, in.Received.Date)
		res := compute(t, in)
		if res.Due().Name == "" {
			t.Fatalf("no binding deadline (%s) in %+v", res.Binding, res)
		}
		for _, x := range res.Deadlines {
			if len(x.Rules) < 2 || x.Due.IsZero() || x.At.IsZero() || x.Target.After(x.Due) {
				t.Fatalf("%+v", x)
			}
			for _, r := range x.Rules {
				if r.Cite == "" || r.Code == "" || !strings.HasSuffix(r.Text, ".") || strings.Contains(r.Text, "%!") {
					t.Fatalf("%+v", r)
				}
			}
			var back clock.Deadline
			if j, err := json.Marshal(x); err != nil || json.Unmarshal(j, &back) != nil || back.Name != x.Name || back.Hours != x.Hours || (!x.Hours && back.Due != x.Due) {
				t.Fatalf("%s: %+v came back as %+v (%v)", j, x, back, err)
			}
		}
	})
}

// An instant counts with the controller's date, whatever the clock it is
// written in.
func TestInstantCountsWithLocalDate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := drawInput(t)
		in.Zone = "Europe/Berlin"
		loc, err := time.LoadLocation(in.Zone)
		if err != nil {
			t.Fatal(err)
		}
		at := time.Date(2028, 1, 1, 0, 0, rapid.IntRange(0, 365*24*3600).Draw(t, "second"), 0, time.UTC)
		in.Received = clock.At(at)
		byInstant := compute(t, in)
		in.Received = clock.On(clock.DateIn(at, loc))
		for _, x := range compute(t, in).Deadlines {
			if y, _ := byInstant.Get(x.Name); !x.Hours && y.Due != x.Due {
				t.Fatalf("%s: %s by instant, %s by date", x.Name, y.Due, x.Due)
			}
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"2026-02-28", "2026-03-31T23:30Z", "2026-03-27T17:30:00+01:00", "id=2026-01-01", "cl=2026-01-01/2026-01-02", "extension=2026-01-01", "id=", "=", "2026-02-30", "9999-12-31"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if date, err := clock.ParseDate(s); err == nil && date.String() != s {
			t.Errorf("date %q reads as %s", s, date)
		}
		when, err := clock.ParseWhen(s)
		e, eventErr := clock.ParseEvent(s)
		if err != nil && eventErr != nil {
			return
		}
		in := clock.Input{Law: "EU", Set: "DE", Received: when, PausePolicy: clock.Suspend}
		if eventErr == nil {
			in.Received = clock.On(clock.Date{Year: 2026, Month: time.January, Day: 1})
			in.Events = []clock.Event{e}
		}
		if res, err := clock.Compute(in); err == nil && res.Due().Due.IsZero() {
			t.Errorf("%q: no due date", s)
		}
	})
}

func FuzzLoad(f *testing.F) {
	f.Add("- {code: X, name: X, family: US, cite: X 1, zone: UTC, set: none, clocks: [{name: respond, n: 45, unit: day}]}")
	f.Add("- {code: VB, like: VA, name: B, cite: B 1}")
	f.Add("- {code: VB, like: VB}")
	f.Add("[[]]")
	f.Add("! {0}") // panics in the YAML decoder
	f.Fuzz(func(t *testing.T, s string) {
		laws, err := clock.Builtin().Load(strings.NewReader(s))
		if err != nil {
			return
		}
		for _, code := range laws.Codes() {
			in := clock.Input{Law: code, Laws: laws, Received: clock.On(clock.Date{Year: 2030, Month: time.May, Day: 17})}
			if _, err := clock.Compute(in); err != nil && !strings.Contains(err.Error(), "in force") {
				t.Errorf("%s loads and does not compute: %v", code, err)
			}
		}
	})
}
