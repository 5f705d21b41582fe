package dataset

import (
	"errors"
	"os"
	"regexp"
	"strings"
	"testing"
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

// Whatever bytes come: no panic, faults with lines, and a parsed file hashes.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"version: 1\ntables:\n  a:\n    key: id\n    erase: delete\n    where: {x: {not: [1, null]}}\n    columns: {id: {}, e: {identity: email, learn: {proven: {x: true}}}}",
		"version: 1\ntables: {p: {key: id, person: true, erase: mask, columns: {id: {}, n: {erase: {text: x}}}, identities: [{kind: handle, name: n, network: {text: m}}]}}",
	} {
		f.Add([]byte(seed))
	}
	f.Add([]byte("version: 1\ntables: {t: {key: [a, a], erase: {keep: x, until: end of year a + 9999 days}, columns: {a: null}, references: {a: t.a}}}"))
	f.Fuzz(func(t *testing.T, text []byte) {
		d, err := Parse("x", text)
		if err == nil {
			_ = d.Hash()
			return
		}
		var faults *FaultsError
		if !errors.As(err, &faults) || len(faults.Faults) == 0 {
			t.Fatalf("not faults: %v", err)
		}
	})
}
