package connecttest

import (
	"context"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"habeas/requests/connect"
)

func describe(t *testing.T, w World) {
	d := w.System.Describe()
	if d.Name == "" || d.Title == "" || d.Kind == "" || len(d.Hash) != 64 || d.Slots < 1 {
		t.Errorf("a description needs name, title, kind, a SHA-256 and slots: %q %q %q %q %d", d.Name, d.Title, d.Kind, d.Hash, d.Slots)
	}
	if d2 := w.System.Describe(); d2.Hash != d.Hash {
		t.Errorf("the hash changes by itself: %s, %s", d.Hash, d2.Hash)
	}
	for _, typ := range d.Types {
		if typ.Title == "" || len(typ.Fields) == 0 {
			t.Errorf("type %s needs a title and fields", typ.Name)
		}
	}
}

func check(t *testing.T, w World) {
	faults, err := w.System.Check(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if faults = connect.Standing(faults); len(faults) > 0 {
		t.Errorf("the world of this suite must be as described: %+v", faults)
	}
}

func findEverything(t *testing.T, w World) {
	found, learned := Find(t, w.System, w.Person)
	if !sorted(found) {
		t.Errorf("not sorted by type and key: %v", names(found))
	}
	got, want := names(found), slices.Clone(w.Records)
	slices.Sort(got)
	slices.Sort(want)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("records (-want +got):\n%s", d)
	}
	for _, f := range found {
		n := name(f.Type, f.Key)
		if f.Match == connect.Ambiguous || f.Via == "" || f.Access == nil || f.Erasure == nil {
			t.Errorf("%s: match %q, via %q, access %v, erasure %v", n, f.Match, f.Via, f.Access, f.Erasure)
		}
		if shared := slices.Contains(w.Shared, n); shared != (f.Shared > 0) {
			t.Errorf("%s: shared %d", n, f.Shared)
		} else if shared && f.Erasure.Action == connect.Erase {
			t.Errorf("%s is used by others and would be destroyed", n)
		}
		if f.Erasure.Action == connect.Keep && f.Erasure.Ground == "" {
			t.Errorf("%s is kept without a ground", n)
		}
	}
	if slices.ContainsFunc(learned.Entered, func(e connect.Entrance) bool { return e.People > 1 }) || len(learned.Entered) == 0 {
		t.Errorf("the identities of one person: %+v", learned.Entered)
	}
	again, _ := Find(t, w.System, w.Person)
	if d := cmp.Diff(found, again); d != "" {
		t.Errorf("a second walk differs (-first +second):\n%s", d)
	}
}

func findReadOnly(t *testing.T, w World) {
	before := w.Snapshot(t)
	for _, who := range [][]connect.Identity{w.Person, w.Ambiguous, w.Unproven, w.Nobody} {
		Find(t, w.System, who)
	}
	if d := cmp.Diff(before, w.Snapshot(t)); d != "" {
		t.Errorf("finding changed something:\n%s", d)
	}
}

func findNobody(t *testing.T, w World) {
	found, f := Find(t, w.System, w.Nobody)
	if len(found) > 0 || len(f.Learned) > 0 || len(f.Candidates) > 0 || len(f.Points) > 0 || len(f.Entered) > 0 {
		t.Errorf("an unknown person has %d records, %+v", len(found), f)
	}
	found, _ = Find(t, w.System, nil)
	if len(found) > 0 {
		t.Errorf("nobody at all has %v", names(found))
	}
}

func findAmbiguous(t *testing.T, w World) {
	if w.Ambiguous == nil {
		return
	}
	found, f := Find(t, w.System, w.Ambiguous)
	if len(found) < 2 {
		t.Fatalf("an identity of two people leads to %v", names(found))
	}
	for _, x := range found {
		if x.Match != connect.Ambiguous {
			t.Errorf("%s: match %q", name(x.Type, x.Key), x.Match)
		}
	}
	if !slices.ContainsFunc(f.Warnings, func(x connect.Warning) bool { return x.Code == "ambiguous" }) {
		t.Errorf("no warning: %+v", f.Warnings)
	}
	if !slices.ContainsFunc(f.Entered, func(e connect.Entrance) bool {
		return slices.ContainsFunc(w.Ambiguous, e.Identity.Same) && e.People == 2
	}) {
		t.Errorf("it does not say to how many people the identity leads: %+v", f.Entered)
	}
}

func findUnproven(t *testing.T, w World) {
	if w.Unproven == nil {
		return
	}
	found, f := Find(t, w.System, w.Unproven)
	if len(found) > 0 {
		t.Errorf("an unproven identity leads to records: %v", names(found))
	}
	if len(f.Candidates) == 0 {
		t.Errorf("an unproven identity leads to no candidates")
	}
	// Beside a proven one it adds none either.
	with, _ := Find(t, w.System, append(slices.Clone(w.Person), w.Unproven...))
	without, _ := Find(t, w.System, w.Person)
	if d := cmp.Diff(names(without), names(with)); d != "" {
		t.Errorf("an unproven identity adds records:\n%s", d)
	}
}

func read(t *testing.T, w World, targets []connect.Target) []connect.Row {
	t.Helper()
	var out []connect.Row
	err := w.System.(connect.Reader).Read(context.Background(), Stream(targets), func(r connect.Row) error {
		out = append(out, r)
		return nil
	})
	if err != nil {
		t.Fatalf("read: %v", err)
	}
	return out
}

func readInOrder(t *testing.T, w World) {
	found, _ := Find(t, w.System, w.Person)
	targets := Access(found)
	for i := range targets {
		targets[i].Action, targets[i].Fields = connect.Disclose, nil
	}
	slices.Reverse(targets)
	rows := read(t, w, targets)
	if len(rows) != len(targets) {
		t.Fatalf("%d rows of %d targets", len(rows), len(targets))
	}
	types := map[string]connect.Type{}
	for _, typ := range w.System.Describe().Types {
		types[typ.Name] = typ
	}
	for i, r := range rows {
		if r.Type != targets[i].Type || r.Key != targets[i].Key {
			t.Fatalf("row %d is %s/%s, want %s/%s", i, r.Type, r.Key, targets[i].Type, targets[i].Key)
		}
		if len(r.Values) != len(types[r.Type].Fields) {
			t.Fatalf("%s has %d values", r.Type, len(r.Values))
		}
		for j, v := range r.Values {
			if v.Field != types[r.Type].Fields[j].Name || v.Redacted || !validJSON(v.Data) {
				t.Errorf("%s.%s: field %d is %q, redacted %v, valid %v", r.Type, types[r.Type].Fields[j].Name, j, v.Field, v.Redacted, validJSON(v.Data))
			}
		}
	}
}

func readRedacts(t *testing.T, w World) {
	found, _ := Find(t, w.System, w.Person)
	targets := Access(found)
	black := 0
	for i, r := range read(t, w, targets) {
		for _, v := range r.Values {
			hide := targets[i].Action == connect.Redact && (len(targets[i].Fields) == 0 || slices.Contains(targets[i].Fields, v.Field))
			if hide != v.Redacted || (hide && v.Data != nil) {
				t.Errorf("%s.%s: redacted %v, want %v", r.Type, v.Field, v.Redacted, hide)
			}
			if hide {
				black++
			}
		}
	}
	if black == 0 {
		t.Errorf("the world of this suite should have something to redact")
	}
}
