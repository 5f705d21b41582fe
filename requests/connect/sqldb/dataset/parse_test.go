package dataset

import (
	"errors"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The example in the docs is the format's first user.
func TestParseDocsExample(t *testing.T) {
	doc, err := os.ReadFile("../../../../docs/datasets.md")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile("(?s)```yaml\n(version: 1.*?)```").FindSubmatch(doc)
	d, err := Parse("docs/datasets.md", m[1])
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Tables) != 3 || d.Tables[0].Name != "contacts" || !d.Tables[0].Person {
		t.Fatalf("parsed %+v", d)
	}
}

// Every fault is named with its line.
func TestParseFaults(t *testing.T) {
	const head = "version: 1\ntables:\n  t:\n    key: id\n    erase: delete\n"
	tests := []struct{ name, text, want string }{
		{"nothing", "", ":1: the file must hold exactly one document"},
		{"no version", "tables: {t: {key: id, erase: delete, columns: {id: {}}}}", ":1: version must be 1"},
		{"other version", "version: 2\ntables: {t: {key: id, erase: delete, columns: {id: {}}}}", ":1: version must be 1"},
		{"unknown key", head + "    colour: red\n    columns: {id: {}}", `:6: unknown key "colour" in table t`},
		{"unknown column key", head + "    columns:\n      id: {titel: x}", `:7: unknown key "titel" in column id`},
		{"twice", head + "    columns:\n      id: {}\n      id: {}", ":8"},
		{"anchor", head + "    columns: &c {id: {}}", ":6: anchors, aliases, tags"},
		{"no erase", "version: 1\ntables:\n  t:\n    key: id\n    columns: {id: {}}", ":3: table t needs erase"},
		{"keep without ground", "version: 1\ntables:\n  t:\n    key: id\n    erase: keep\n    columns: {id: {}}", ":5: erase of table t must be"},
		{"key unknown", head + "    columns: {no: {}}", ":3: key of table t names column id"},
		{"reference", head + "    columns: {id: {}, p: {}}\n    references:\n      p: people.id", ":8: reference points to people, which is not a table"},
		{"to people", "version: 1\ntables:\n  p:\n    key: id\n    person: true\n    erase: delete\n    columns: {id: {}, boss: {}}\n    references:\n      boss: p.id", ":9: p holds people"},
		{"handle on a column", head + "    columns:\n      id: {identity: handle}", ":7: handle is made of two columns"},
		{"shared destroyed", head + "    shared_erase: delete\n    columns: {id: {}}", ":6: shared_erase must be"},
		{"until", "version: 1\ntables:\n  t:\n    key: id\n    erase: {keep: law, until: forever and a day}\n    columns: {id: {}}", ":5: until must be"},
		{"masked until", head + "    columns: {id: {}, a: {erase: {keep: law, until: later}}}", ":6: until of table t names column later"},
		{"lookup with erase", head + "    lookup: true\n    columns: {id: {}}", ":5: table t is a lookup"},
		{"order of nobody", head + "    erase_after: u\n    columns: {id: {}}", ":6: the order of t names u"},
		{"order of itself", head + "    erase_before: t\n    columns: {id: {}}", ":6: table t cannot be erased before or after itself"},
		{
			"order in a circle", "version: 1\ntables:\n  a: {key: id, erase: delete, erase_after: b, columns: {id: {}}}\n" +
				"  b: {key: id, erase: delete, erase_before: c, columns: {id: {}}}\n  c: {key: id, erase: delete, erase_before: b, columns: {id: {}}}",
			":4: the order of erasure is a circle: b before c before b (lines 4, 5)",
		},
		{"handler is the person", "version: 1\ntables:\n  p:\n    key: id\n    person: true\n    erase: delete\n    columns: {id: {}, boss: {}}\n    references:\n      boss: {to: p.id, same_person: true, handler: true}", ":9: who handled a row"},
		{"elsewhere without kind", head + "    columns: {id: {}}\n    references:\n      id: {to: {system: support}}", ":8: a reference to another system needs both"},
		{"elsewhere unknown column", head + "    columns: {id: {}}\n    references:\n      no: {to: {system: support, kind: n}}", ":8: identity of table t names column no"},
		{"condition without a value", head + "    columns: {id: {}}\n    where:\n      id: {}", ":8: where: column id needs a value"},
		{"masked key", head + "    columns:\n      id: {erase: random}", ":7: column id is part of the key"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse("x.yaml", []byte(tt.text))
			var faults *FaultsError
			if !errors.As(err, &faults) || !strings.Contains(err.Error(), "dataset x.yaml"+tt.want) {
				t.Errorf("faults %v, want %q", err, tt.want)
			}
		})
	}
}

// What the language says about order, columns and other systems is kept.
func TestParseMeaning(t *testing.T) {
	d, err := Parse("x", []byte(`version: 1
tables:
  a:
    key: id
    erase: mask
    erase_after: [b, c]
    columns:
      id: {}
      name: {category: identity.name, erase: hash}
      born: {category: identity.birth_date, erase: year}
      seats: {category: travel.seat, erase: random}
      bank: {category: financial.account, erase: {keep: "HGB §257", until: end of year born + 8 years}}
      support_no: {category: identity.customer_number}
      legacy_no: {}
    references:
      support_no: {to: {system: support, kind: support_no}}
      legacy_no: {to: {system: legacy, kind: legacy_no}, direction: both, proven: {name: {not: null}}, match: fold}
  b: {key: id, erase: delete, erase_before: a, columns: {id: {}}}
  c: {key: id, lookup: true, columns: {id: {}, name: {}}}
`))
	if err != nil {
		t.Fatal(err)
	}
	a := d.Table("a")
	want := map[string]Masking{"id": Leave, "name": SetHash, "born": SetYear, "seats": SetRandom, "bank": KeepValue, "support_no": SetNull, "legacy_no": Leave}
	for name, mask := range want {
		if got := a.Column(name).Mask; got != mask || mask.Changes() != (mask != Leave && mask != KeepValue) {
			t.Errorf("%s is %q, changes %v", name, got, mask.Changes())
		}
	}
	if d := cmp.Diff([]Order{{Table: "b", Line: 6}, {Table: "c", Line: 6}}, a.After); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]*Entry{
		{Kind: "support_no", Column: "support_no", Match: MatchExact, Learn: true, Always: true, System: "support", Line: 16},
		{Kind: "legacy_no", Column: "legacy_no", Match: MatchFold, Enter: true, Learn: true, System: "legacy", Line: 17, Proven: []Cond{{Column: "name", Not: true, Values: []Literal{{Null: true}}, Line: 17}}},
	}, a.Entries); d != "" {
		t.Error(d)
	}
	if c := d.Table("c"); !c.Lookup || c.Erase.Do != KeepRow || !c.AnySchema {
		t.Errorf("lookup %+v", c)
	}
	d.DefaultSchema("shop")
	if a.Schema != "shop" {
		t.Errorf("schema %s", a.Schema)
	}
}

// Layout, comments and the order of tables do not change the description;
// what is done does.
func TestHash(t *testing.T) {
	hash := func(text string) string {
		t.Helper()
		d, err := Parse("", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return d.Hash()
	}
	a := hash("version: 1\ntables:\n  a: {key: id, erase: delete, columns: {id: {}}}\n  b: {key: id, erase: delete, columns: {id: {}}}")
	if b := hash("# same\nversion: 1\ntables:\n  b:\n    key: [id]\n    erase: delete\n    columns:\n      id:\n  a: {key: id, erase: delete, columns: {id: {}}}"); a != b {
		t.Error("layout changed the hash")
	}
	if b := hash("version: 1\ntables:\n  a: {key: id, erase: mask, columns: {id: {}}}\n  b: {key: id, erase: delete, columns: {id: {}}}"); a == b {
		t.Error("another erase strategy has the same hash")
	}
}

// Whatever bytes come: no panic, faults with lines, a parsed file hashes, and
// the JSON Schema accepts it.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"version: 1\ntables:\n  a:\n    key: id\n    erase: delete\n    where: {x: {not: [1, null]}}\n    columns: {id: {}, e: {identity: email, learn: {proven: {x: true}}}}",
		"version: 1\ntables: {p: {key: id, person: true, erase: mask, columns: {id: {}, n: {erase: {text: x}}}, identities: [{kind: handle, name: n, network: {text: m}}]}}",
	} {
		f.Add([]byte(seed))
	}
	f.Add([]byte("version: 1\ntables: {t: {key: [a, a], erase: {keep: x, until: end of year a + 9999 days}, columns: {a: null}, references: {a: t.a}}}"))
	for _, text := range examples(f) {
		f.Add(text)
	}
	schema := compiled(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		d, err := Parse("x", text)
		if err == nil {
			_ = d.Hash()
			if err, ok := conforms(schema, text); err != nil || !ok {
				t.Fatalf("the schema refuses what the parser accepts: %v", err)
			}
			return
		}
		var faults *FaultsError
		if !errors.As(err, &faults) || len(faults.Faults) == 0 {
			t.Fatalf("not faults: %v", err)
		}
	})
}
