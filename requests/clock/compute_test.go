package clock_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"habeas/requests/clock"
)

func received(t *testing.T, law, on string) clock.Input {
	t.Helper()
	return clock.Input{Law: law, Received: clock.On(day(t, on))}
}

func names(r clock.Result) string {
	var out []string
	for _, d := range r.Deadlines {
		out = append(out, d.Name)
	}
	return strings.Join(out, " ")
}

// Which deadlines each law sets, by the first day of 2027 unless stated.
func TestNames(t *testing.T) {
	tests := []struct{ law, right, on, want, binding string }{
		{"EU", "access", "2027-01-01", "respond extended notify_authority", "respond"},
		{"UK", "access", "2027-01-01", "respond extended complaint notify_authority", "respond"},
		{"UK", "access", "2026-06-18", "respond extended notify_authority", "respond"},
		{"CA", "access", "2027-01-01", "acknowledge respond extended opt_out notify_people notify_authority", "respond"},
		{"CA", "opt_out", "2027-01-01", "opt_out notify_people notify_authority", "opt_out"},
		{"CA", "limit", "2027-01-01", "opt_out notify_people notify_authority", "opt_out"},
		{"CO", "access", "2027-01-01", "respond extended appeal extended_appeal", "respond"},
		{"UT", "access", "2027-01-01", "respond extended", "respond"},
		{"OR", "consent_withdrawal", "2027-01-01", "respond appeal", "respond"},
		{"BR", "access", "2027-01-01", "respond notify_people notify_authority", "respond"},
		{"QC", "access", "2027-01-01", "respond", "respond"},
		{"CH", "access", "2027-01-01", "respond", "respond"},
	}
	for _, tt := range tests {
		in := received(t, tt.law, tt.on)
		in.Right = tt.right
		res, err := clock.Compute(in)
		if err != nil {
			t.Fatal(err)
		}
		if got := names(res); got != tt.want || res.Binding != tt.binding {
			t.Errorf("%s %s: %s (binding %s)", tt.law, tt.right, got, res.Binding)
		}
	}
}

func TestOfRequest(t *testing.T) {
	res, err := clock.Compute(received(t, "CA", "2027-01-01"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range res.OfRequest() {
		got = append(got, d.Name)
	}
	if want := []string{"acknowledge", "respond", "extended"}; !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
}

func TestWithdrawalOfConsentInOregon(t *testing.T) {
	in := received(t, "OR", "2027-01-01")
	in.Right = clock.ConsentWithdrawal
	res, err := clock.Compute(in)
	if err != nil || res.Due().Due != day(t, "2027-01-16") {
		t.Errorf("due %s, %v", res.Due().Due, err)
	}
}

func TestDerivation(t *testing.T) {
	in := received(t, "EU", "2026-01-31")
	in.Set = "DE"
	res, err := clock.Compute(in)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range res.Due().Rules {
		got = append(got, r.String())
	}
	want := []string{
		"Received 31 January 2026; that day is not counted. (Reg. 1182/71 Art. 3(1))",
		"One month ends 28 February 2026, a Saturday. (GDPR Art. 12(3); Reg. 1182/71 Art. 3(2)(c))",
		"Moved to Monday 2 March 2026, the next working day. (Reg. 1182/71 Art. 3(4))",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if at := res.Due().At.Format(time.RFC3339); at != "2026-03-02T23:59:59+01:00" {
		t.Errorf("ends %s", at)
	}
}

func TestInternalTarget(t *testing.T) {
	for law, want := range map[string]string{"EU": "2026-04-10", "UK": "2026-04-09", "CA": "2026-04-23", "VA": "2026-04-24"} {
		res, err := clock.Compute(received(t, law, "2026-03-10"))
		if err != nil || res.Due().Target != day(t, want) {
			t.Errorf("%s aims at %s, want %s (%v)", law, res.Due().Target, want, err)
		}
	}
}

// A row that is like another one never cites the other's articles.
func TestRowsCiteTheirOwnLaw(t *testing.T) {
	home := map[string]string{} // article → law that wrote it
	for _, code := range []string{"VA", "CO", "OR"} {
		law, err := clock.Builtin().Law(code)
		if err != nil {
			t.Fatal(err)
		}
		home[law.Cite] = code
	}
	for _, code := range clock.Builtin().Codes() {
		law, err := clock.Builtin().Law(code)
		if err != nil {
			t.Fatal(err)
		}
		var cites []string
		for _, right := range clock.Rights {
			in := received(t, code, "2027-03-01")
			in.Right, in.Events = right, []clock.Event{{Kind: clock.Clarify, From: day(t, "2027-03-02"), To: day(t, "2027-03-03")}}
			res, err := clock.Compute(in)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range res.Deadlines {
				for _, r := range d.Rules {
					cites = append(cites, r.Cite)
				}
			}
			for _, g := range law.Grounds(right) {
				cites = append(cites, g.Cite)
			}
			cites = append(cites, law.Rights[right])
		}
		for _, r := range law.Remedies {
			cites = append(cites, r.Cite)
		}
		if law.Extension != nil {
			cites = append(cites, law.Extension.Cite)
		}
		for _, c := range cites {
			if from := home[c]; from != "" && from != code {
				t.Errorf("%s cites %s", code, c)
				break
			}
		}
	}
}

// The clock that law.md §8, assertion 8, speaks of: the clarification moves
// access alone, proof of identity moves every right; California neither.
func TestPausesByRight(t *testing.T) {
	asked, answered := day(t, "2026-06-03"), day(t, "2026-06-09")
	tests := []struct {
		law, right, kind, want string
	}{
		{"UK", "access", clock.Clarify, "2026-07-08"},
		{"UK", "erasure", clock.Clarify, "2026-07-01"},
		{"UK", "erasure", clock.Identity, "2026-07-09"},
		{"EU", "access", clock.Clarify, "2026-07-01"},
		{"CA", "access", clock.Clarify, "2026-07-16"},
		{"CA", "erasure", clock.Identity, "2026-07-16"},
		{"CO", "access", clock.Clarify, "2026-07-16"},
		{"CH", "access", clock.Fee, "2026-07-09"},
	}
	for _, tt := range tests {
		in := received(t, tt.law, "2026-06-01")
		in.Right, in.Events = tt.right, []clock.Event{{Kind: tt.kind, From: asked, To: answered}}
		res, err := clock.Compute(in)
		if err != nil || res.Due().Due != day(t, tt.want) {
			t.Errorf("%s %s %s: due %s, want %s (%v)", tt.law, tt.right, tt.kind, res.Due().Due, tt.want, err)
		}
	}
}

// A question counts if it was asked on or before the due date of that moment,
// which earlier questions may have moved.
func TestQuestionsAskedLate(t *testing.T) {
	id := func(from, to string) clock.Event {
		return clock.Event{Kind: clock.Identity, From: day(t, from), To: day(t, to)}
	}
	fee := clock.Event{Kind: clock.Fee, From: day(t, "2026-06-10"), To: day(t, "2026-06-20")}
	clarify := clock.Event{Kind: clock.Clarify, From: day(t, "2026-06-29"), To: day(t, "2026-07-10")}
	tests := []struct {
		name   string
		events []clock.Event
		want   string
	}{
		{"on the due date", []clock.Event{id("2026-07-01", "2026-07-06")}, "2026-08-06"},
		{"a day late", []clock.Event{id("2026-07-02", "2026-07-06")}, "2026-07-01"},
		{"late but for the fee", []clock.Event{id("2026-07-02", "2026-07-06"), fee}, "2026-08-06"},
		{"late but for the clarification", []clock.Event{id("2026-07-13", "2026-07-14"), clarify}, "2026-08-14"},
		{"late even so", []clock.Event{id("2026-07-14", "2026-07-15"), clarify}, "2026-07-13"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := received(t, "UK", "2026-06-01")
			in.Events = tt.events
			res, err := clock.Compute(in)
			if err != nil || res.Due().Due != day(t, tt.want) {
				t.Errorf("due %s, want %s (%v)\n%v", res.Due().Due, tt.want, err, res.Due().Rules)
			}
		})
	}
}

func TestOpenPauseCountsUpToToday(t *testing.T) {
	in := received(t, "UK", "2026-06-01")
	in.Events = []clock.Event{{Kind: clock.Clarify, From: day(t, "2026-06-03")}}
	if _, err := clock.Compute(in); err == nil || !strings.Contains(err.Error(), "still open") {
		t.Errorf("without a today: %v", err)
	}
	in.Now = time.Date(2026, 6, 9, 12, 0, 0, 0, time.UTC)
	res, err := clock.Compute(in)
	if err != nil || res.Due().Due != day(t, "2026-07-08") {
		t.Errorf("due %s, %v", res.Due().Due, err)
	}
}

func TestExtension(t *testing.T) {
	in := received(t, "EU", "2026-03-05")
	in.Set = "DE"
	in.Events = []clock.Event{{Kind: clock.Extended, From: day(t, "2026-04-07")}}
	res, err := clock.Compute(in)
	if err != nil || res.Binding != "extended" || res.Due().Due != day(t, "2026-06-05") {
		t.Errorf("%s due %s, %v", res.Binding, res.Due().Due, err)
	}
	// A pause moves the day by which the extension must be announced.
	in = received(t, "UK", "2026-03-02")
	in.Events = []clock.Event{
		{Kind: clock.Clarify, From: day(t, "2026-03-04"), To: day(t, "2026-03-10")},
		{Kind: clock.Extended, From: day(t, "2026-04-09")},
	}
	if res, err = clock.Compute(in); err != nil || res.Due().Due != day(t, "2026-06-09") {
		t.Errorf("due %s, %v", res.Due().Due, err)
	}
	in = received(t, "CH", "2026-12-01")
	in.Events = []clock.Event{{Kind: clock.Extended, From: day(t, "2026-12-20"), To: day(t, "2027-02-01")}}
	if res, err = clock.Compute(in); err != nil || res.Due().Due != day(t, "2027-02-01") {
		t.Errorf("due %s, %v", res.Due().Due, err)
	}
}

// In a case with several rights an extension of one leaves the others alone.
func TestEventOfOneRight(t *testing.T) {
	in := received(t, "CA", "2026-03-02")
	in.Events = []clock.Event{{Kind: clock.Extended, From: day(t, "2026-03-20"), Right: clock.Access}}
	for right, want := range map[string]string{clock.Access: "extended", clock.Erasure: "respond", clock.OptOut: "opt_out"} {
		in.Right = right
		if res, err := clock.Compute(in); err != nil || res.Binding != want {
			t.Errorf("%s is bound by %s, %v", right, res.Binding, err)
		}
	}
}

func TestComputeRefuses(t *testing.T) {
	event := func(kind, from, to string) []clock.Event {
		e := clock.Event{Kind: kind}
		if from != "" {
			e.From = day(t, from)
		}
		if to != "" {
			e.To = day(t, to)
		}
		return []clock.Event{e}
	}
	noon := time.Date(2026, 3, 20, 12, 0, 0, 0, time.UTC)
	tests := []struct {
		name   string
		change func(*clock.Input)
		want   string
	}{
		{"unknown law", func(in *clock.Input) { in.Law = "MARS" }, `no law "MARS"`},
		{"unknown set", func(in *clock.Input) { in.Set = "ZZ" }, `no holiday set "ZZ"`},
		{"unknown zone", func(in *clock.Input) { in.Zone = "../etc/passwd" }, "no time zone"},
		{"local zone", func(in *clock.Input) { in.Zone = "Local" }, "no time zone"},
		{"unknown right", func(in *clock.Input) { in.Right = "forget" }, `no right "forget"`},
		{"unknown policy", func(in *clock.Input) { in.PausePolicy = "loose" }, "strict or suspend"},
		{"no receipt", func(in *clock.Input) { in.Received = clock.When{} }, "missing or impossible"},
		{"impossible receipt", func(in *clock.Input) { in.Received = clock.On(clock.Date{Year: 2026, Month: 2, Day: 30}) }, "missing or impossible"},
		{"a year without holidays", func(in *clock.Input) { in.Received = clock.On(clock.Date{Year: 1999, Month: 2, Day: 3}) }, "from 2000-01-01"},
		{"future day", func(in *clock.Input) { in.Now = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC) }, "lies in the future"},
		{"future hour", func(in *clock.Input) { in.Now = noon; in.Received = clock.At(noon.Add(time.Minute)) }, "lies in the future"},
		{"future answer", func(in *clock.Input) { in.Now = noon; in.Events = event(clock.Identity, "", "2026-03-21") }, "lies in the future"},
		{"future notice", func(in *clock.Input) { in.Now = noon; in.Events = event(clock.Extended, "2026-03-21", "") }, "lies in the future"},
		{"backward pause", func(in *clock.Input) { in.Events = event(clock.Clarify, "2026-03-09", "2026-03-08") }, "swap the days"},
		{"asked before receipt", func(in *clock.Input) { in.Events = event(clock.Clarify, "2026-03-01", "2026-03-08") }, "before the receipt"},
		{"pause without beginning", func(in *clock.Input) { in.Events = event(clock.Clarify, "", "2026-03-08") }, "no first day"},
		{"event without date", func(in *clock.Input) { in.Events = event(clock.Identity, "", "") }, "no date"},
		{"unknown event", func(in *clock.Input) { in.Events = event("rain", "2026-03-09", "") }, "no event"},
		{"impossible event", func(in *clock.Input) {
			in.Events = []clock.Event{{Kind: clock.Identity, To: clock.Date{Year: 2026, Month: 4, Day: 31}}}
		}, "does not have"},
		{"bad extra holiday", func(in *clock.Input) { in.Holidays = []clock.Holiday{{Name: "Fair"}} }, `holiday "Fair"`},
		{"late extension", func(in *clock.Input) { in.Events = event(clock.Extended, "2026-04-08", "") }, "base due date, 7 April 2026; it can no longer be extended (GDPR Art. 12(3))"},
		{"second extension", func(in *clock.Input) {
			in.Events = append(event(clock.Extended, "2026-03-08", ""), event(clock.Extended, "2026-03-09", "")...)
		}, "no second extension (GDPR Art. 12(3))"},
		{"no extension", func(in *clock.Input) { in.Law = "QC"; in.Events = event(clock.Extended, "2026-03-08", "") }, "has no extension"},
		{"Swiss extension without date", func(in *clock.Input) { in.Law = "CH"; in.Events = event(clock.Extended, "2026-03-08", "") }, "date that was announced"},
		{"law not in force", func(in *clock.Input) { in.Law = "OK" }, "in force from 1 January 2027"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := received(t, "EU", "2026-03-05")
			in.Set = "DE"
			tt.change(&in)
			res, err := clock.Compute(in)
			var refusal *clock.Error
			if !errors.As(err, &refusal) || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("got %v, want %q", err, tt.want)
			}
			if len(res.Deadlines) != 0 {
				t.Error("deadlines beside an error")
			}
		})
	}
}

// A company's own rows replace single laws and leave the built-in table alone.
func TestLoad(t *testing.T) {
	own, err := clock.Builtin().Load(strings.NewReader(`
- {code: CO, like: CO2, name: x, cite: x}
`))
	if err == nil || !strings.Contains(err.Error(), "CO is like CO2") {
		t.Errorf("%v %v", own, err)
	}
	own, err = clock.Builtin().Load(strings.NewReader(`
- {code: AL, like: CO, name: Alabama law, cite: Ala. Code 1, zone: America/Chicago}
- {code: QC, name: Quebec law, family: QC, cite: s. 32, zone: America/Toronto, set: none, clocks: [{name: respond, n: 20, unit: day}]}
`))
	if err != nil {
		t.Fatal(err)
	}
	for law, want := range map[string]string{"AL": "2026-02-15", "QC": "2026-01-21"} {
		in := received(t, law, "2026-01-01")
		in.Laws = own
		res, err := clock.Compute(in)
		if err != nil || res.Due().Due != day(t, want) {
			t.Errorf("%s: %s %v", law, res.Due().Due, err)
		}
		if cite := res.Due().Rules[1].Cite; strings.Contains(cite, "C.R.S.") {
			t.Errorf("%s cites another law: %s", law, cite)
		}
	}
	res, err := clock.Compute(received(t, "QC", "2026-01-01"))
	if err != nil || res.Due().Due != day(t, "2026-01-31") {
		t.Errorf("the built-in table changed: %s %v", res.Due().Due, err)
	}
	for _, bad := range []string{
		"- {code: X}",
		"- {code: X, name: X, family: US, cite: X, zone: Moon, set: none, clocks: [{name: respond, n: 1, unit: day}]}",
		"- {code: X, name: X, family: US, cite: X, zone: UTC, set: moon, clocks: [{name: respond, n: 1, unit: day}]}",
		"- {code: X, name: X, family: US, cite: X, zone: UTC, set: none, clocks: [{name: respond, n: 1, unit: moon}]}",
		"- {code: X, name: X, family: US, cite: X, zone: UTC, set: none, clocks: [{name: respond, n: 0, unit: day}]}",
		"- {code: X, name: X, family: US, cite: X, zone: UTC, set: none, clocks: [{name: moon, n: 1, unit: day}]}",
		"- {code: X, name: X, family: US, cite: X, zone: UTC, set: none, moon: 1, clocks: [{name: respond, n: 1, unit: day}]}",
		"- {code: X, name: X, family: US, cite: X, zone: UTC, set: none, in_force: 2026-02-30, clocks: [{name: respond, n: 1, unit: day}]}",
	} {
		if _, err := clock.Builtin().Load(strings.NewReader(bad)); err == nil {
			t.Errorf("loads: %s", bad)
		}
	}
}
