package plan_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"habeas/requests/connect"
	"habeas/requests/plan"
)

var header = plan.Header{
	V: plan.Version, Case: "0193f0e2-7a1b-7c3d-8e4f-5a6b7c8d9e0f", Rights: []string{"access", "erasure"},
	Nonce: "000102030405060708090a0b0c0d0e0f", Datasets: map[string]string{"social": "bb", "crm": "aa"}, Config: "cc",
}

func records() []plan.Record {
	return []plan.Record{
		{System: "crm", Type: "contacts", Key: "17", Right: "access", Action: connect.Disclose, Via: "contacts.email", Owner: "contacts/17"},
		{
			System: "crm", Type: "contacts", Key: "17", Right: "erasure", Action: connect.Erase, Fields: []string{},
			Ground: "GDPR Art. 17(1)", Via: "contacts.email", Owner: "contacts/17",
		},
		{
			System: "crm", Type: "invoices", Key: `[9,"é"]`, Right: "erasure", Action: connect.Keep, Fields: []string{"gross", "net"},
			Ground: "HGB §257(1) no. 4", Via: "contacts.email > invoices.customer_no", Owner: "contacts/17", Fingerprint: strings.Repeat("ab", 32),
		},
	}
}

func hashOf(t interface{ Fatal(...any) }, h plan.Header, list []plan.Record, manual ...plan.Manual) string {
	hs, err := plan.NewHasher(h)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range list {
		if _, err := hs.Add(r); err != nil {
			t.Fatal(err)
		}
	}
	for _, m := range manual {
		if err := hs.AddManual(m); err != nil {
			t.Fatal(err)
		}
	}
	return hs.Sum()
}

// The lines are written out by hand: sha256sum over them gives the hash.
func TestHashOfAKnownPlan(t *testing.T) {
	t.Parallel()
	wantLines := []string{
		`{"action":"disclose","fields":[],"fingerprint":"","ground":"","key":"17","owner":"contacts/17","right":"access","system":"crm","type":"contacts","via":"contacts.email"}`,
		`{"action":"erase","fields":[],"fingerprint":"","ground":"GDPR Art. 17(1)","key":"17","owner":"contacts/17","right":"erasure","system":"crm","type":"contacts","via":"contacts.email"}`,
		`{"action":"keep","fields":["gross","net"],"fingerprint":"` + strings.Repeat("ab", 32) + `","ground":"HGB §257(1) no. 4","key":"[9,\"é\"]","owner":"contacts/17","right":"erasure","system":"crm","type":"invoices","via":"contacts.email > invoices.customer_no"}`,
	}
	for i, r := range records() {
		line, err := plan.Line(r)
		if err != nil || string(line) != wantLines[i] {
			t.Errorf("line %d: %v\n got %s\nwant %s", i, err, line, wantLines[i])
		}
	}
	head, err := plan.Line(header)
	if want := `{"case":"0193f0e2-7a1b-7c3d-8e4f-5a6b7c8d9e0f","config":"cc","datasets":{"crm":"aa","social":"bb"},"nonce":"000102030405060708090a0b0c0d0e0f","rights":["access","erasure"],"v":1}`; err != nil || string(head) != want {
		t.Errorf("header: %v\n got %s\nwant %s", err, head, want)
	}
	got := hashOf(t, header, records(), plan.Manual{System: "archive", Right: "erasure", Instructions: "Take the folder out.", Within: 120})
	if want := "243354af35b7fe3db99be26c6ded6db669c8330537fd0af6af3ecb151de173f8"; got != want {
		t.Errorf("hash %s, want %s", got, want)
	}
}

func TestRecordsOutOfOrderAreRefused(t *testing.T) {
	t.Parallel()
	list := records()
	for name, order := range map[string][]plan.Record{
		"swapped": {list[1], list[0]}, "twice": {list[0], list[0]}, "type before": {list[2], list[1]},
	} {
		h, err := plan.NewHasher(header)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.Add(order[0]); err != nil {
			t.Fatal(err)
		}
		if _, err := h.Add(order[1]); !errors.Is(err, plan.ErrOrder) {
			t.Errorf("%s: %v", name, err)
		}
	}
	h, err := plan.NewHasher(header)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.AddManual(plan.Manual{System: "archive"}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Add(list[0]); !errors.Is(err, plan.ErrOrder) {
		t.Errorf("a record after a manual task: %v", err)
	}
}

func word() *rapid.Generator[string] {
	return rapid.OneOf(rapid.SampledFrom([]string{"", "a", "b", "crm", "ä"}), rapid.StringN(0, 6, 24))
}

func record() *rapid.Generator[plan.Record] {
	return rapid.Custom(func(t *rapid.T) plan.Record {
		return plan.Record{
			System: word().Draw(t, "system"), Type: word().Draw(t, "type"), Key: word().Draw(t, "key"), Right: word().Draw(t, "right"),
			Action: connect.Action(word().Draw(t, "action")), Fields: rapid.SliceOfN(word(), 0, 3).Draw(t, "fields"),
			Ground: word().Draw(t, "ground"), Via: word().Draw(t, "via"), Owner: word().Draw(t, "owner"), Fingerprint: word().Draw(t, "fingerprint"),
		}
	})
}

// same reports whether two records are signed as the same.
func same(a, b plan.Record) bool {
	fields := slices.Equal(a.Fields, b.Fields)
	a.Fields, b.Fields = nil, nil
	return fields && fmt.Sprintf("%q", a) == fmt.Sprintf("%q", b)
}

func TestHashChangesExactlyWithWhatIsSigned(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, other := record().Draw(t, "a"), record().Draw(t, "b")
		b := a
		switch rapid.IntRange(0, 11).Draw(t, "change") {
		case 1:
			b.System = other.System
		case 2:
			b.Type = other.Type
		case 3:
			b.Key = other.Key
		case 4:
			b.Right = other.Right
		case 5:
			b.Action = other.Action
		case 6:
			b.Fields = other.Fields
		case 7:
			b.Ground = other.Ground
		case 8:
			b.Via = other.Via
		case 9:
			b.Owner = other.Owner
		case 10:
			b.Fingerprint = other.Fingerprint
		case 11:
			b = other
		}
		ha, hb := hashOf(t, header, []plan.Record{a}), hashOf(t, header, []plan.Record{b})
		if (ha == hb) != same(a, b) {
			t.Fatalf("same %v, hashes %s and %s\n%+v\n%+v", same(a, b), ha, hb, a, b)
		}
	})
}

func TestEveryPartOfTheHeaderIsSigned(t *testing.T) {
	t.Parallel()
	before := hashOf(t, header, nil)
	for name, edit := range map[string]func(*plan.Header){
		"version": func(h *plan.Header) { h.V++ }, "case": func(h *plan.Header) { h.Case = "other" },
		"rights": func(h *plan.Header) { h.Rights = []string{"access"} }, "nonce": func(h *plan.Header) { h.Nonce = "ff" },
		"datasets": func(h *plan.Header) { h.Datasets = map[string]string{"crm": "aa"} }, "config": func(h *plan.Header) { h.Config = "dd" },
	} {
		h := header
		if edit(&h); hashOf(t, h, nil) == before {
			t.Errorf("%s is not signed", name)
		}
	}
	if hashOf(t, header, nil, plan.Manual{System: "archive"}) == before {
		t.Error("manual work is not signed")
	}
}

// found draws a small set of findings with distinct keys, in order.
func found() *rapid.Generator[[]connect.Found] {
	return rapid.Custom(func(t *rapid.T) []connect.Found {
		keys := rapid.SliceOfNDistinct(rapid.IntRange(0, 7), 0, 8, rapid.ID[int]).Draw(t, "keys")
		slices.Sort(keys)
		var out []connect.Found
		for _, k := range keys {
			f := connect.Found{
				Type: "t", Key: fmt.Sprint(k), Via: rapid.SampledFrom([]string{"p", "q"}).Draw(t, "via"),
				Owner: rapid.SampledFrom([]string{"o", "p"}).Draw(t, "owner"), Match: connect.Exact,
				Guard: []byte(rapid.SampledFrom([]string{"", "1", "2"}).Draw(t, "guard")),
			}
			f.Erasure = &connect.Proposal{Action: rapid.SampledFrom([]connect.Action{connect.Erase, connect.Mask, connect.Keep, connect.Detach}).Draw(t, "action")}
			f.Access = &connect.Proposal{Action: connect.Disclose}
			out = append(out, f)
		}
		return out
	})
}

func propose(list []connect.Found) []plan.Entry {
	p := plan.Proposer{System: "s", Rights: []string{"erasure", "access"}, Fingerprint: func(g []byte) string { return "fp" + string(g) }}
	var out []plan.Entry
	for _, f := range list {
		out = append(out, p.Propose(f)...)
	}
	return out
}

func TestDriftAgainstSets(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		was, is := found().Draw(t, "was"), found().Draw(t, "is")
		if rapid.Bool().Draw(t, "unchanged") {
			is = was
		}
		planned := propose(was)
		d := plan.NewDrift(func() (plan.Record, bool, error) {
			if len(planned) == 0 {
				return plan.Record{}, false, nil
			}
			r := planned[0].Record
			planned = planned[1:]
			return r, true, nil
		})
		for _, e := range propose(is) {
			if err := d.See(e); err != nil {
				t.Fatal(err)
			}
		}
		if err := d.End(); err != nil {
			t.Fatal(err)
		}

		id := func(r plan.Record) string { return r.Key + "/" + r.Right }
		before, after := map[string]plan.Record{}, map[string]plan.Record{}
		for _, e := range propose(was) {
			before[id(e.Record)] = e.Record
		}
		for _, e := range propose(is) {
			after[id(e.Record)] = e.Record
		}
		var missing, added, moved, changed int
		for k, a := range before {
			b, ok := after[k]
			switch {
			case !ok:
				missing++
			case a.Via != b.Via || a.Owner != b.Owner:
				moved++
			case (a.Action == connect.Keep || a.Action == connect.Mask || a.Action == connect.Detach) && a.Fingerprint != b.Fingerprint:
				changed++
			}
		}
		for k := range after {
			if _, ok := before[k]; !ok {
				added++
			}
		}
		if d.Missing != missing || d.Added != added || d.Moved != moved || d.Changed != changed {
			t.Fatalf("got %d missing %d added %d moved %d changed, want %d %d %d %d", d.Missing, d.Added, d.Moved, d.Changed, missing, added, moved, changed)
		}
		if d.Found() != (missing+added+moved+changed > 0) || d.Found() == (d.String() == "") {
			t.Fatalf("found %v, %q", d.Found(), d.String())
		}
	})
}

func TestDriftReportsBrokenPlans(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	d := plan.NewDrift(func() (plan.Record, bool, error) { return plan.Record{}, false, broken })
	if err := d.End(); !errors.Is(err, broken) {
		t.Errorf("End: %v", err)
	}
	d = plan.NewDrift(func() (plan.Record, bool, error) { return plan.Record{}, false, broken })
	if err := d.See(plan.Entry{}); !errors.Is(err, broken) {
		t.Errorf("See: %v", err)
	}
}

func TestPropose(t *testing.T) {
	t.Parallel()
	until := time.Date(2033, 12, 31, 0, 0, 0, 0, time.UTC)
	full := connect.Found{
		Type: "t", Key: "1", Match: connect.Exact, Guard: []byte("g"),
		Access:   &connect.Proposal{Action: connect.Disclose},
		Erasure:  &connect.Proposal{Action: connect.Keep, Fields: []string{"b", "a", "b"}, Ground: "law", Until: &until},
		Withdraw: &connect.Proposal{Action: connect.Suppress, Purposes: []string{"news"}},
	}
	p := plan.Proposer{System: "s", Rights: []string{"opt_out", "erasure", "access"}, Purposes: []string{"news"}, Fingerprint: func(g []byte) string { return "fp" + string(g) }}
	got := p.Propose(full)
	if len(got) != 3 || got[0].Record.Right != "access" || got[1].Record.Right != "erasure" || got[2].Record.Right != "opt_out" {
		t.Fatalf("%+v", got)
	}
	if r := got[1].Record; r.Fingerprint != "fpg" || !slices.Equal(r.Fields, []string{"a", "b"}) || got[1].Note.Until != "2033-12-31" {
		t.Errorf("%+v", got[1])
	}
	if got[0].Record.Fingerprint != "" || got[0].Note.Undecided {
		t.Errorf("%+v", got[0])
	}
	p.Purposes = []string{"ads"}
	if got := p.Propose(full); len(got) != 2 {
		t.Errorf("a record that serves other purposes is suppressed: %+v", got)
	}
	p.Rights = []string{"rectification"}
	if got := p.Propose(full); len(got) != 0 {
		t.Errorf("%+v", got)
	}
	p.Rights = []string{"erasure", "access"}
	full.Match = connect.Ambiguous
	for _, e := range p.Propose(full) {
		if e.Record.Action != connect.Keep || e.Record.Ground != plan.AmbiguousGround || !e.Note.Undecided || len(e.Record.Fields) > 0 {
			t.Errorf("ambiguous: %+v", e)
		}
	}
	full.Match, full.Access = connect.Derived, &connect.Proposal{Action: connect.Redact, Fields: []string{"body"}}
	if e := p.Propose(full)[0]; e.Record.Action != connect.Redact || !e.Note.Undecided {
		t.Errorf("free text: %+v", e)
	}
}

// Whatever a system calls its records, a line is one line of canonical JSON
// that reads back as what was signed.
func FuzzLine(f *testing.F) {
	f.Add("crm", "contacts", "17", "email", "GDPR Art. 17(1)")
	f.Add("", "\u2028", "[1,\"a\\\"b\"]", "\x00\n", "\xff\xfe")
	f.Fuzz(func(t *testing.T, system, typ, key, field, ground string) {
		r := plan.Record{System: system, Type: typ, Key: key, Fields: []string{field}, Ground: ground}
		line, err := plan.Line(r)
		if err != nil {
			return
		}
		if slices.Contains(line, '\n') {
			t.Fatalf("a line with a newline: %q", line)
		}
		again, err := plan.Line(r)
		if err != nil || string(again) != string(line) {
			t.Fatalf("not the same twice: %q and %q, %v", line, again, err)
		}
		var back plan.Record
		if err := json.Unmarshal(line, &back); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if third, err := plan.Line(back); err != nil || string(third) != string(line) {
			t.Fatalf("does not read back: %q and %q, %v", line, third, err)
		}
	})
}
