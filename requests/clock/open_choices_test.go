package clock_test

import (
	"strings"
	"testing"

	"habeas/requests/clock"
)

func load(t *testing.T, text string) *clock.Laws {
	t.Helper()
	l, err := clock.Builtin().Load(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func dueBy(t *testing.T, in clock.Input, name string) clock.Deadline {
	t.Helper()
	res, err := clock.Compute(in)
	if err != nil {
		t.Fatal(err)
	}
	d, ok := res.Get(name)
	if !ok {
		t.Fatalf("%s has no %s", in.Law, name)
	}
	return d
}

// Each choice that the law leaves open can be made in a file of rows, without
// saying the rest of the row again (law.md §9).
func TestOpenChoicesAreRows(t *testing.T) {
	received := clock.On(clock.Date{Year: 2026, Month: 3, Day: 4}) // a Wednesday
	for _, c := range []struct {
		name, rows, law, right, clock, due, target string
	}{
		// One month from 4 March ends on Saturday before Easter, a day less on Good Friday.
		{"UK as shipped: target the day before", "", "UK", "access", "respond", "2026-04-07", "2026-04-06"},
		{"UK beginning with the day of receipt", "- {code: UK, like: UK, first_day: true}", "UK", "access", "respond", "2026-04-07", "2026-04-06"},
		{"CA as shipped: target day 44", "", "CA", "access", "respond", "2026-04-18", "2026-04-17"},
		{"CA day of receipt is day 1", "- {code: CA, like: CA, first_day: true}", "CA", "access", "respond", "2026-04-17", "2026-04-16"},
		{"Canada's weekends roll", "- {code: PIPEDA, like: PIPEDA, roll: {cite: Interpretation Act s. 26}}", "PIPEDA", "access", "respond", "2026-04-03", "2026-04-03"},
		{"CA business days by another set", "- {code: CA, like: CA, set: none}", "CA", "opt_out", "opt_out", "2026-03-25", "2026-03-25"},
		{"a new state", "- {code: AL, like: VA, name: Alabama, cite: Ala. Code 8-19, counsel: true}", "AL", "access", "respond", "2026-04-18", "2026-04-18"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := dueBy(t, clock.Input{Law: c.law, Right: c.right, Received: received, Laws: load(t, c.rows)}, c.clock)
			if d.Due.String() != c.due || d.Target.String() != c.target {
				t.Errorf("due %s, target %s; want %s and %s: %v", d.Due, d.Target, c.due, c.target, d.Rules)
			}
			if len(d.Rules) == 0 || d.Rules[0].Cite == "" {
				t.Errorf("no derivation: %v", d.Rules)
			}
		})
	}
}

func TestUKBeginningWithTheDayOfReceiptEndsADayEarlier(t *testing.T) {
	in := clock.Input{Law: "UK", Received: clock.On(clock.Date{Year: 2026, Month: 6, Day: 10})}
	if d := dueBy(t, in, "respond"); d.Due.String() != "2026-07-10" {
		t.Errorf("as shipped: %s", d.Due)
	}
	in.Laws = load(t, "- {code: UK, like: UK, first_day: true}")
	d := dueBy(t, in, "respond")
	if d.Due.String() != "2026-07-09" || !strings.Contains(d.Rules[0].Text, "that day is day 1") {
		t.Errorf("due %s: %v", d.Due, d.Rules)
	}
}

func TestTargetsAreConfigured(t *testing.T) {
	l, err := clock.Builtin().Aim(map[string]int{"EU": 5, "*": 2})
	if err != nil {
		t.Fatal(err)
	}
	received := clock.On(clock.Date{Year: 2026, Month: 3, Day: 4})
	for law, want := range map[string]string{"EU": "2026-04-01", "BR": "2026-03-17"} {
		if d := dueBy(t, clock.Input{Law: law, Received: received, Laws: l}, "respond"); d.Target.String() != want {
			t.Errorf("%s: due %s, target %s, want %s", law, d.Due, d.Target, want)
		}
	}
	if d := dueBy(t, clock.Input{Law: "EU", Received: received}, "respond"); d.Target != d.Due {
		t.Error("the shipped table was changed")
	}
	for _, days := range []map[string]int{{"XX": 1}, {"EU": 31}, {"EU": -1}} {
		if _, err := clock.Builtin().Aim(days); err == nil {
			t.Errorf("%v was taken", days)
		}
	}
}

func TestAStateWithARowOfItsOwnHasItsLaw(t *testing.T) {
	l := load(t, "- {code: AL, like: VA, name: Alabama, cite: Ala. Code 8-19}")
	if got := l.Applies("US", "AL"); got.Law != "AL" {
		t.Errorf("got %v", got)
	}
	if got := clock.Applies("US", "AL"); got.Law != "CA" {
		t.Errorf("without the row: %v", got)
	}
}

func TestOverridesAreChecked(t *testing.T) {
	for _, o := range []clock.Overrides{{"Germany": {Law: "EU"}}, {"DE": {Law: "XX"}}, {"DE": {Set: "XX"}}, {"*": {Zone: "Mars/Olympus"}}} {
		if err := o.Check(clock.Builtin()); err == nil {
			t.Errorf("%v was taken", o)
		}
	}
	if err := (clock.Overrides{"US-CA": {Law: "CA"}, "*": {Zone: "Europe/Berlin", Set: "DE"}}).Check(nil); err != nil {
		t.Error(err)
	}
}
