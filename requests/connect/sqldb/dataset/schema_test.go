package dataset

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

const docsRoot = "../../../../docs/"

func compiled(t testing.TB) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	if err := c.AddResource("dataset.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("dataset.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// instance is a YAML tree as JSON Schema sees it.
func instance(n *node) any {
	switch n.kind {
	case mapping:
		m := map[string]any{}
		for i, k := range n.keys {
			m[k] = instance(n.vals[i])
		}
		return m
	case list:
		l := []any{}
		for _, v := range n.vals {
			l = append(l, instance(v))
		}
		return l
	case null:
		return nil
	}
	switch n.typed {
	case "int", "float":
		if json.Valid([]byte(n.text)) {
			return json.Number(n.text)
		}
	case "bool":
		return n.text == "true"
	}
	return n.text
}

// conforms reports whether the schema accepts a text; ok is false when it is
// not the YAML that the format takes.
func conforms(s *jsonschema.Schema, text []byte) (err error, ok bool) { //nolint:revive
	r := &reader{}
	n, ok := r.root(text)
	if !ok {
		return nil, false
	}
	return s.Validate(instance(n)), true
}

// Every key that the parser knows is in the schema, and no other.
func TestSchemaHasTheParsersKeys(t *testing.T) {
	var doc struct {
		Defs map[string]struct {
			Properties map[string]any `json:"properties"`
		} `json:"$defs"`
	}
	if err := json.Unmarshal(Schema, &doc); err != nil {
		t.Fatal(err)
	}
	for name, want := range keys {
		got := slices.Sorted(maps.Keys(doc.Defs[name].Properties))
		if d := cmp.Diff(slices.Sorted(slices.Values(want)), got); d != "" {
			t.Errorf("%s:\n%s", name, d)
		}
	}
	for name, def := range doc.Defs {
		if _, ok := keys[name]; !ok && len(def.Properties) > 0 {
			t.Errorf("the schema has %s, which the parser does not know", name)
		}
	}
	source := ""
	for _, f := range []string{"parse.go", "parse_links.go"} {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		source += string(b)
	}
	calls, listed := strings.Count(source, "r.known("), len(regexp.MustCompile(`r\.known\(.*keys\["`).FindAllString(source, -1))
	if calls == 0 || calls != listed {
		t.Errorf("%d of %d mappings are read by the key lists", listed, calls)
	}
}

// The published schema is the one that the program prints.
func TestSchemaIsPublished(t *testing.T) {
	b, err := os.ReadFile(docsRoot + "dataset.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b, Schema) {
		t.Error("docs/dataset.schema.json differs from what habeas systems schema prints: copy requests/connect/sqldb/dataset/schema.json")
	}
}

// examples are the dataset files of the repository and those in the docs.
func examples(t testing.TB) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	root := filepath.Clean("../../../..")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && path != root || d.Name() == "node_modules") {
			return filepath.SkipDir
		}
		ext := filepath.Ext(path)
		if ext != ".yaml" && ext != ".yml" && ext != ".md" {
			return nil
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if ext == ".md" {
			for _, m := range regexp.MustCompile("(?s)```yaml\n(version: 1\n.*?)```").FindAllSubmatch(b, -1) {
				out[path+": "+string(m[1][:min(len(m[1]), 40)])] = m[1]
			}
		} else if regexp.MustCompile(`(?m)^version: 1$`).Match(b) && regexp.MustCompile(`(?m)^tables:`).Match(b) {
			out[path] = b
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Every dataset file of the repository passes the parser and the schema.
func TestSchemaAcceptsExamples(t *testing.T) {
	s := compiled(t)
	all := examples(t)
	if len(all) < 4 {
		t.Fatalf("found %d dataset files only", len(all))
	}
	for name, text := range all {
		if _, err := Parse(name, text); err != nil {
			t.Errorf("%v", err)
		}
		if err, ok := conforms(s, text); err != nil || !ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What is wrong with the form of a file is refused by both. Faults of meaning
// (a name that leads nowhere) are the parser's alone.
func TestSchemaRefusesWhatTheParserRefuses(t *testing.T) {
	s := compiled(t)
	const head = "version: 1\ntables:\n  t:\n    key: id\n    erase: delete\n"
	for _, text := range []string{
		"tables: {t: {key: id, erase: delete, columns: {id: {}}}}",
		"version: 2\ntables: {t: {key: id, erase: delete, columns: {id: {}}}}",
		"version: 1\ntables: {}",
		"version: 1\ntables: {a/b: {key: id, erase: delete, columns: {id: {}}}}",
		"version: 1\ntables: {t: {key: [], erase: delete, columns: {id: {}}}}",
		"version: 1\ntables: {t: {key: id, columns: {id: {}}}}",
		"version: 1\ntables: {t: {erase: delete, columns: {id: {}}}}",
		"version: 1\ntables: {t: {key: id, erase: destroy, columns: {id: {}}}}",
		"version: 1\ntables: {t: {key: id, erase: {keep: law, then: perhaps}, columns: {id: {}}}}",
		"version: 1\ntables: {t: {key: id, erase: {keep: \"\"}, columns: {id: {}}}}",
		"version: 1\ntables: {t: {key: id, erase: {keep: law, until: some day, or never}, columns: {id: {}}}}",
		head + "    colour: red\n    columns: {id: {}}",
		head + "    columns: {}",
		head + "    columns: {id: {titel: x}}",
		head + "    columns: {id: {title: [x]}}",
		head + "    columns: {id: {free_text: 1}}",
		head + "    columns: {id: {erase: shred}}",
		head + "    columns: {id: {erase: {text: [1]}}}",
		head + "    columns: {id: {}, a: {erase: {keep: x, then: delete}}}",
		head + "    columns: {id: {match: near, identity: email}}",
		head + "    columns: {id: {identity: handle}}",
		head + "    columns: {id: {changed_at: id}}",
		head + "    columns: {id: {identity: x, changed_at: [id]}}",
		head + "    columns: {id: {}, n: {}}\n    identities: [{kind: handle, name: id, network: n, enter: false, learn: true, changed_at: id}]",
		head + "    columns: {id: {identity: x, learn: {proven: sometimes}}}",
		head + "    columns: {id: {}}\n    where: {id: []}",
		head + "    columns: {id: {}}\n    where: {id: {}}",
		head + "    columns: {id: {}}\n    where: [id]",
		head + "    columns: {id: {}}\n    references: {id: nowhere}",
		head + "    columns: {id: {}}\n    references: {id: {to: t.id, direction: up}}",
		head + "    columns: {id: {}}\n    references: {id: {to: {system: x}}}",
		head + "    columns: {id: {}}\n    references: {id: {to: {system: x, kind: y}, same_person: true}}",
		head + "    columns: {id: {}}\n    references: {id: {to: {system: x, kind: y}, direction: none}}",
		head + "    columns: {id: {}}\n    identities: [{kind: email, name: id, network: id}]",
		head + "    columns: {id: {}}\n    identities: [{kind: handle, network: id}]",
		head + "    columns: {id: {}}\n    identities: {kind: handle}",
		head + "    columns: {id: {}}\n    shared_by: t",
		head + "    columns: {id: {}}\n    shared_by: [{table: t}]",
		head + "    columns: {id: {}}\n    shared_erase: delete",
		head + "    columns: {id: {}}\n    suppress: {}",
		head + "    columns: {id: {}}\n    suppress: {set: {id: [1]}}",
		head + "    columns: {id: {}}\n    suppress: {set: {id: 1}, purposes: {col: id}}",
		head + "    columns: {id: {}}\n    erase_after: {t: 1}",
		head + "    columns: {id: {}}\n    lookup: perhaps",
		"version: 1\ntables: {" + strings.Repeat("x", 65) + ": {key: id, erase: delete, columns: {id: {}}}}",
	} {
		var faults *FaultsError
		if _, err := Parse("", []byte(text)); !errors.As(err, &faults) {
			t.Errorf("the parser accepts\n%s", text)
		}
		if err, ok := conforms(s, []byte(text)); ok && err == nil {
			t.Errorf("the schema accepts\n%s", text)
		}
	}
}
