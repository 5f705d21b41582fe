package dataset

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

var sameMeaning = cmp.Options{
	cmpopts.IgnoreFields(Dataset{}, "File"),
	cmpopts.IgnoreFields(Table{}, "Line"),
	cmpopts.IgnoreFields(Column{}, "Line"),
	cmpopts.IgnoreFields(Entry{}, "Line"),
	cmpopts.IgnoreFields(Ref{}, "Line"),
	cmpopts.IgnoreFields(Cond{}, "Line"),
	cmpopts.IgnoreFields(SharedBy{}, "Line"),
	cmpopts.IgnoreFields(Assignment{}, "Line"),
	cmpopts.IgnoreFields(Order{}, "Line"),
	cmpopts.IgnoreUnexported(Table{}),
	cmpopts.EquateEmpty(),
	cmpopts.SortSlices(func(a, b *Entry) bool { return a.Kind+"/"+a.Column < b.Kind+"/"+b.Column }),
}

// What is written is read as the same dataset: of every example, and of one
// with everything that the language has.
func TestWrite(t *testing.T) {
	all := examples(t)
	all["everything"] = []byte(everything)
	for name, text := range all {
		d, err := Parse(name, text)
		if err != nil {
			t.Fatal(err)
		}
		out := Write(d, Comments{"": {"Written by a test."}, d.Tables[0].Name: {strings.Repeat("a long remark ", 20)}})
		again, err := Parse("written", out)
		if err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
			continue
		}
		if diff := cmp.Diff(d, again, sameMeaning); diff != "" {
			t.Errorf("%s:\n%s\n%s", name, diff, out)
		}
	}
}

const everything = `version: 1
title: "All: of it"
schema: crm
tables:
  people:
    table: "Odd Schema.people of 2020"
    title: People
    purpose: 'to "serve"'
    source: "them: here"
    recipient: nobody
    retention: 1 year
    social: true
    key: [a, b]
    person: true
    where: {state: [open, 1, null], gone: null, kind: {not: x}, k2: {not: [a, null]}}
    erase: {keep: "HGB §257, no. 4", until: end of year born + 8 years, then: mask}
    erase_before: rest
    shared_erase: mask
    suppress:
      set: {wants: false, since: now, by: null}
      purposes: [mail, "on"]
    columns:
      a: {}
      b:
      born: {category: identity.birth_date, erase: year}
      e: {title: "E, mail", category: contact.email, identity: email, match: exact, changed_at: since, learn: {proven: {ok: true}}, erase: random}
      phone: {identity: phone, learn: true, erase: "null"}
      old: {category: c, learn: {as: email, proven: always}, erase: hash}
      text: {free_text: true, others: true, erase: {text: "null"}}
      kept: {category: c, erase: keep}
      grounded: {category: c, erase: {keep: law, until: born + 3 months}}
      file: {points_to: archive}
      wants: {}
      since: {}
      by: {}
      name: {}
      net: {}
      uid: {}
      main_a: {}
      main_b: {}
    identities:
      - {kind: handle, name: name, network: net, match: exact, changed_at: since, confirm: social_id}
      - {kind: social_id, id: uid, network: {text: mastodon}, enter: false, learn: true, proven: {ok: 1}}
    references:
      main_a, main_b: {to: "people.a, b", same_person: true}
      file: {to: {system: support, kind: no}, direction: both, match: fold, proven: {x: 1}}
      net: [{to: rest.id, direction: to}, {to: rest.n, direction: none}, {to: {system: x, kind: y}}]
  rest:
    key: id
    erase: detach
    shared_by: [{table: rows, column: rest, person: a, clear: true}]
    columns: {id: {}, n: {}}
  rows:
    key: id
    never_erase: law
    columns: {id: {}, rest: {}, a: {}}
    references: {a: {to: people.a, handler: true}, rest: {to: rest.id, direction: both}}
  list: {key: id, lookup: true, columns: {id: {}}}
`

// Names and texts of any characters come back as they were.
func TestWriteScalars(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringN(1, 20, 64).Filter(func(s string) bool { return !strings.ContainsRune(s, 0) }).Draw(t, "text")
		d, err := Parse("", fmt.Appendf(nil, "version: 1\ntitle: %s\ntables: {t: {key: id, erase: delete, columns: {id: {}}}}\n", scalarYAML(s)))
		if err != nil {
			t.Fatalf("%q as %s: %v", s, scalarYAML(s), err)
		}
		if d.Title != s {
			t.Fatalf("%q as %s is read as %q", s, scalarYAML(s), d.Title)
		}
	})
}
