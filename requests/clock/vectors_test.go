package clock_test

import (
	"encoding/csv"
	"os"
	"strings"
	"testing"
	"time"

	"habeas/requests/clock"
)

// vector is one row of testdata/deadlines.csv.
type vector struct {
	law, set, clock, received, events, due, day string
}

func vectors(t *testing.T) []vector {
	t.Helper()
	f, err := os.Open("testdata/deadlines.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out []vector
	for _, r := range rows[1:] {
		out = append(out, vector{r[0], r[1], r[2], r[3], r[4], r[5], r[6]})
	}
	return out
}

// input turns a row into an Input and the name of the deadline it is about.
func (v vector) input(t *testing.T) (clock.Input, string) {
	t.Helper()
	law, suffix, _ := strings.Cut(v.law, "-")
	in := clock.Input{Law: law, Set: v.set}
	name := "respond"
	switch suffix {
	case "ack":
		name = "acknowledge"
	case "optout":
		name, in.Right = "opt_out", clock.OptOut
	case "appeal", "complaint":
		name = suffix
	case "breach":
		name = "notify_people"
	case "AG":
		name = "notify_authority"
	case "strict", "suspend":
		in.PausePolicy = suffix
	case "erase":
		in.Right = clock.Erasure
	}
	switch law + v.clock {
	case "EU3m", "UK3m", "CA90d", "VA90d", "IA135d", "FL60d", "PIPEDA60d":
		name = "extended"
	case "CO105d":
		name = "extended_appeal"
	}
	when, err := clock.ParseWhen(v.received)
	if err != nil {
		t.Fatal(err)
	}
	in.Received = when
	for _, s := range strings.FieldsFunc(v.events, func(r rune) bool { return r == ';' }) {
		e, err := clock.ParseEvent(s)
		if err != nil {
			t.Fatal(err)
		}
		in.Events = append(in.Events, e)
	}
	return in, name
}

func TestVectors(t *testing.T) {
	rows := vectors(t)
	if len(rows) != 53 {
		t.Fatalf("%d vectors, want 53", len(rows))
	}
	for _, v := range rows {
		t.Run(strings.Join([]string{v.law, v.set, v.clock, v.received, v.events}, " "), func(t *testing.T) {
			in, name := v.input(t)
			res, err := clock.Compute(in)
			if err != nil {
				t.Fatal(err)
			}
			d, ok := res.Get(name)
			if !ok {
				t.Fatalf("no deadline %s in %+v", name, res)
			}
			if d.Due.String() != v.due || d.Due.Weekday().String()[:3] != v.day {
				t.Errorf("%s due %s (%s), want %s (%s); rules: %v", name, d.Due, d.Due.Weekday(), v.due, v.day, d.Rules)
			}
			if d.Rules[len(d.Rules)-1].Cite == "" {
				t.Errorf("a rule without its article: %v", d.Rules)
			}
		})
	}
}

func TestBreachAcrossClockChange(t *testing.T) {
	aware, err := clock.ParseWhen("2026-03-27T17:30+01:00")
	if err != nil {
		t.Fatal(err)
	}
	res, err := clock.Compute(clock.Input{Law: "EU", Set: "DE", Received: aware})
	if err != nil {
		t.Fatal(err)
	}
	d, _ := res.Get("notify_authority")
	if got := d.At.Format(time.RFC3339); got != "2026-03-30T18:30:00+02:00" {
		t.Errorf("72 hours end %s", got)
	}
	j, err := d.MarshalJSON()
	if err != nil || !strings.Contains(string(j), `"due":"2026-03-30T16:30:00Z"`) {
		t.Errorf("%s %v", j, err)
	}
}
