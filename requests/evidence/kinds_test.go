package evidence

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gowebpki/jcs"
)

// allowed are the only types of which payloads are made.
var allowed = map[reflect.Type]string{
	reflect.TypeFor[ID]():     "id",
	reflect.TypeFor[Code]():   "code",
	reflect.TypeFor[Digest](): "digest",
	reflect.TypeFor[Cite]():   "cite",
	reflect.TypeFor[Date]():   "date",
	reflect.TypeFor[Count]():  "count",
	reflect.TypeFor[Time]():   "time",
	reflect.TypeFor[bool]():   "boolean",
}

// walk calls leaf for every member of a payload, embedded ones included.
func walk(t *testing.T, typ reflect.Type, prefix string, leaf func(path, kind string, optional bool)) {
	t.Helper()
	for i := range typ.NumField() {
		f := typ.Field(i)
		if f.Anonymous {
			walk(t, f.Type, prefix, leaf)
			continue
		}
		name, opts, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" || !f.IsExported() {
			t.Fatalf("%s.%s has no JSON name", typ, f.Name)
		}
		if opts != "" && opts != "omitempty" && opts != "omitzero" {
			t.Fatalf("%s.%s: option %q", typ, f.Name, opts)
		}
		path := prefix + name
		elem := f.Type
		if elem.Kind() == reflect.Slice {
			elem, path = elem.Elem(), path+"[]"
		}
		switch kind, ok := allowed[elem]; {
		case ok:
			leaf(path, kind, opts != "")
		case elem.Kind() == reflect.Struct:
			walk(t, elem, path+".", leaf)
		default:
			t.Errorf("%s.%s is a %s: only ids, codes, digests, citations, dates, times, counts and booleans may be logged", typ, f.Name, f.Type)
		}
	}
}

func TestPayloadsHoldNoFreeText(t *testing.T) {
	seen := make(map[string]bool)
	for _, d := range Kinds() {
		if seen[d.Kind()] {
			t.Errorf("kind %s twice", d.Kind())
		}
		seen[d.Kind()] = true
		if !regexp.MustCompile(`^[a-z_]+\.[a-z_]+$`).MatchString(d.Kind()) {
			t.Errorf("kind %q is malformed", d.Kind())
		}
		n := 0
		walk(t, reflect.TypeOf(d), "", func(string, string, bool) { n++ })
		if n == 0 {
			t.Errorf("%s holds nothing", d.Kind())
		}
	}
	// API.md "Event line".
	for _, kind := range strings.Fields(`request.filed identity.verified identity.failed plan.made plan.changed plan.approved
		drift.found task.started task.finished task.failed record.read record.erased record.masked record.kept record.detached
		record.suppressed record.corrected outcome.verified outcome.reappeared clock.paused clock.resumed clock.extended
		request.refused request.withdrawn letter.sent package.built package.downloaded evidence.downloaded personal_data.viewed
		hold.set hold.lifted request.completed request.closed key.destroyed user.changed config.changed`) {
		if !seen[kind] {
			t.Errorf("kind %s of API.md is missing", kind)
		}
	}
}

// fill sets every member to a valid random value.
func fill(v reflect.Value, r *rand.Rand) {
	switch p := v.Addr().Interface().(type) {
	case *ID:
		*p = ID(fmt.Sprintf("dpo:%x", r.Uint64()))
	case *Code:
		*p = Code([]string{"crm", "no_data_held", "Europe/Berlin", "e-mail", "A+"}[r.IntN(5)])
	case *Digest:
		*p = Digest(fmt.Sprintf("%064x", r.Uint64()))
	case *Cite:
		*p = Cite([]string{"GDPR Art. 12(3)", "HGB § 257", "11 CCR 7021(b)"}[r.IntN(3)])
	case *Date:
		*p = Day(time.Unix(r.Int64N(4e9), 0).UTC())
	case *Count:
		*p = Count(r.Int64N(maxCount + 1))
	case *Time:
		*p = At(time.UnixMilli(r.Int64N(4e12)))
	case *bool:
		*p = r.IntN(2) == 1
	default:
		switch v.Kind() {
		case reflect.Struct:
			for i := range v.NumField() {
				fill(v.Field(i), r)
			}
		case reflect.Slice:
			v.Set(reflect.MakeSlice(v.Type(), 1+r.IntN(3), 4))
			for i := range v.Len() {
				fill(v.Index(i), r)
			}
		}
	}
}

func filled(d Data, r *rand.Rand) Data {
	v := reflect.New(reflect.TypeOf(d)).Elem()
	fill(v, r)
	return v.Interface().(Data)
}

func TestLinesAreCanonicalAndReadBack(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, zero := range Kinds() {
		for range 20 {
			d := filled(zero, r)
			raw, err := encode(caseA, noon, 7, strings.Repeat("0a", 16), Event{"dpo:0193", d})
			if err != nil {
				t.Fatalf("%s: %v", d.Kind(), err)
			}
			canonical, err := jcs.Transform(raw)
			if err != nil || !bytes.Equal(canonical, raw) {
				t.Fatalf("%s is not canonical (fields in the order of their JSON names?)\n%s\n%s", d.Kind(), raw, canonical)
			}
			line, err := ParseLine(raw)
			if err != nil {
				t.Fatalf("%s: %v", raw, err)
			}
			got, err := line.Payload()
			if err != nil || !reflect.DeepEqual(got, d) {
				t.Fatalf("%s read back: %+v %v, want %+v", d.Kind(), got, err, d)
			}
			if w := Words(line); w == "" || strings.HasPrefix(w, "event of kind") {
				t.Errorf("%s has no words", d.Kind())
			}
		}
	}
}

func TestALineIsAsTheContractSays(t *testing.T) {
	raw, err := encode(caseA, time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC), 7, strings.Repeat("0a", 16),
		Event{"dpo:0193", StatusChanged{From: "filed", To: "verified"}})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"actor":"dpo:0193","at":"2026-11-21T10:00:00.000Z","case":"` + caseA + `","data":{"from":"filed","to":"verified"},` +
		`"kind":"status.changed","salt":"` + strings.Repeat("0a", 16) + `","seq":7,"v":1}`
	if string(raw) != want {
		t.Errorf("\n%s\n%s", raw, want)
	}
}

func TestValuesRefuseFreeText(t *testing.T) {
	for _, d := range []Data{
		StatusChanged{From: "Erika Mustermann", To: "verified"},
		StatusChanged{From: "erika@acme.example", To: "verified"},
		StatusChanged{From: "filed"},
		StatusChanged{From: "filed\n", To: "verified"},
		StatusChanged{From: "filed", To: `a"b`},
		StatusChanged{From: "filed", To: "Müller"},
		StatusChanged{From: Code(strings.Repeat("x", 81)), To: "verified"},
		RequestJoined{Into: "a b"},
		RequestJoined{Into: "a@b"},
		PackageDownloaded{Package: "p", SHA256: "abc"},
		PackageDownloaded{Package: "p", SHA256: Digest(strings.Repeat("AB", 32))},
		RequestRefused{Ground: "g", Cite: "a@b.example"},
		RequestRefused{Ground: "g", Cite: "<b>"},
		RequestRefused{Ground: "g", Cite: "\u2028"},
		KeyDestroyed{FinalOn: "2026-02-30"},
		KeyDestroyed{FinalOn: "tomorrow"},
		RequestWithdrawn{Begun: -1, Cause: "customer"},
		RequestWithdrawn{Begun: 1 << 53, Cause: "customer"},
		RequestExpired{Cause: "unverified"},
	} {
		if raw, err := encode(caseA, noon, 1, strings.Repeat("0a", 16), Event{"system", d}); err == nil {
			t.Errorf("written: %s", raw)
		} else if strings.Contains(err.Error(), "Erika") || strings.Contains(err.Error(), "acme.example") {
			t.Errorf("the error holds what it refuses: %v", err)
		}
	}
	for _, actor := range []string{"", "a b", "a@b.example", `"`} {
		if _, err := encode(caseA, noon, 1, "", Event{actor, StatusChanged{"a", "b"}}); err == nil {
			t.Errorf("actor %q is written", actor)
		}
	}
}

func TestParseLineRefuses(t *testing.T) {
	good := `{"actor":"system","at":"2026-11-21T10:00:00.000Z","case":"` + caseA + `","data":{"from":"a","to":"b"},"kind":"status.changed","salt":"` + strings.Repeat("0a", 16) + `","seq":7,"v":1}`
	if _, err := ParseLine([]byte(good)); err != nil {
		t.Fatal(err)
	}
	for _, c := range [][2]string{
		{`"v":1`, `"v":2`},
		{`"v":1`, `"v":1,"w":1`},
		{`,"v":1`, ``},
		{`"seq":7`, `"seq":0`},
		{`"seq":7`, `"seq":7.0`},
		{`"seq":7`, `"seq":"7"`},
		{`"seq":7`, `"seq":null`},
		{`"seq":7`, `"seq":-7`},
		{`.000Z`, `Z`},
		{`.000Z`, `.000+00:00`},
		{`T10`, `T25`},
		{caseA, strings.ToUpper(caseA)},
		{caseA, "x"},
		{`"actor":"system",`, ``},
		{`"system"`, `"a b"`},
		{`"system"`, `null`},
		{`0a0a`, `0A0a`},
		{`{"from":"a","to":"b"}`, `{"to":"b","from":"a"}`},
		{`{"from":"a","to":"b"}`, `[]`},
		{`{"from":"a","to":"b"}`, `null`},
		{`{"from":"a","to":"b"}`, `{"from":"a","from":"a","to":"b"}`},
		{`status.changed`, `status\u002echanged`},
		{`status.changed`, `Status Changed`},
	} {
		bad := strings.Replace(good, c[0], c[1], 1)
		if bad == good {
			t.Fatalf("nothing to change: %s", c[0])
		}
		if _, err := ParseLine([]byte(bad)); err == nil {
			t.Errorf("accepted: %s", bad)
		}
	}
	for _, bad := range []string{"", "null", "[]", "{}", good + "\n", " " + good, good + good, strings.Repeat(`{"a":`, 20000)} {
		if _, err := ParseLine([]byte(bad)); err == nil {
			t.Errorf("accepted: %.40q", bad)
		}
	}
}

// docs/events.md has, for every kind, a table of exactly its members.
func TestEventsAreDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/events.md")
	if err != nil {
		t.Fatal(err)
	}
	got := make(map[string][]string)
	var order []string
	kind := ""
	row := regexp.MustCompile("^\\| `([^`]+)` \\| ([a-z]+)(, optional)? \\| \\S.*\\|$")
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if head, ok := strings.CutPrefix(line, "### `"); ok {
			kind = strings.TrimSuffix(head, "`")
			got[kind] = nil
			order = append(order, kind)
		}
		if m := row.FindStringSubmatch(line); m != nil && kind != "" {
			got[kind] = append(got[kind], m[1]+" "+m[2]+m[3])
		}
	}
	var kinds []string
	for _, d := range Kinds() {
		kinds = append(kinds, d.Kind())
		var want []string
		walk(t, reflect.TypeOf(d), "", func(path, kind string, optional bool) {
			if optional {
				kind += ", optional"
			}
			want = append(want, path+" "+kind)
		})
		if !slices.Equal(got[d.Kind()], want) {
			t.Errorf("docs/events.md on %s:\n  has %q\nwants %q", d.Kind(), got[d.Kind()], want)
		}
	}
	if !slices.Equal(order, kinds) {
		t.Errorf("docs/events.md has kinds %q, kinds.go %q", order, kinds)
	}
}

func TestCountsReadPlainDigitsOnly(t *testing.T) {
	for _, bad := range []string{"01", "1e3", "1.0", "-1", `"1"`, "9007199254740992", "99999999999999999999", "null"} {
		var c Count
		if err := json.Unmarshal([]byte(bad), &c); err == nil && bad != "null" {
			t.Errorf("%s is read as %d", bad, c)
		}
	}
}
