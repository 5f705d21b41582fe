package dataset

import (
	"bytes"
	"strings"
)

// Comments stand above what they are about: "" for the head of the file, a
// record type, or a record type and a column or reference ("orders.owner_id").
type Comments map[string][]string

// Write writes a dataset of at least one table as a file for people to go on
// from; Parse reads the same dataset from it.
func Write(d *Dataset, notes Comments) []byte {
	w := &writer{notes: notes, schema: d.Tables[0].Schema}
	for _, t := range d.Tables {
		if t.AnySchema || t.Schema != w.schema {
			w.schema = ""
		}
	}
	w.comment("", notes[""])
	w.line("", "version: 1")
	w.text("", "title", d.Title)
	w.text("", "schema", w.schema)
	w.line("", "")
	w.line("", "tables:")
	for _, t := range d.Tables {
		w.table(t)
	}
	return w.buf.Bytes()
}

type writer struct {
	buf    bytes.Buffer
	notes  Comments
	schema string // of all tables; empty where they differ or name none
}

func (w *writer) line(indent, s string) {
	if s != "" {
		w.buf.WriteString(indent + s)
	}
	w.buf.WriteByte('\n')
}

// comment writes notes, wrapped at about 80 characters.
func (w *writer) comment(indent string, notes []string) {
	for _, n := range notes {
		line := indent + "#"
		for _, word := range strings.Fields(n) {
			if len(line)+len(word) > 79 && len(line) > len(indent)+1 {
				w.line("", line)
				line = indent + "#  "
			}
			line += " " + word
		}
		w.line("", line)
	}
}

func (w *writer) text(indent, key, value string) {
	if value != "" {
		w.line(indent, key+": "+scalarYAML(value))
	}
}

func (w *writer) flag(indent, key string, on bool) {
	if on {
		w.line(indent, key+": true")
	}
}

func (w *writer) table(t *Table) {
	const in = "    "
	w.line("", "")
	w.comment("  ", w.notes[t.Name])
	w.line("  ", scalarYAML(t.Name)+":")
	rel := t.Rel
	if !t.AnySchema && (t.Schema != w.schema || strings.Contains(t.Rel, ".")) {
		rel = t.Schema + "." + t.Rel
	}
	if rel != t.Name {
		w.text(in, "table", rel)
	}
	if t.Title != t.Name {
		w.text(in, "title", t.Title)
	}
	w.text(in, "purpose", t.Purpose)
	w.text(in, "source", t.Source)
	w.text(in, "recipient", t.Recipient)
	w.text(in, "retention", t.Retention)
	w.text(in, "provided", t.Provided)
	w.flag(in, "social", t.Social)
	w.line(in, "key: "+listYAML(t.Key))
	w.flag(in, "person", t.Person)
	if len(t.Where) > 0 {
		w.line(in, "where: "+condsYAML(t.Where))
	}
	w.erase(t)
	for _, s := range t.SharedBy {
		if s == t.SharedBy[0] {
			w.line(in, "shared_by:")
		}
		item := "{table: " + scalarYAML(s.Table) + ", column: " + scalarYAML(s.Column)
		if s.Person != "" {
			item += ", person: " + scalarYAML(s.Person)
			if s.Clear {
				item += ", clear: true"
			}
		}
		w.line(in, "  - "+item+"}")
	}
	if standard := t.SharedErase == KeepRow || t.SharedErase == ""; len(t.SharedBy) > 0 && t.SharedErase != DetachRow || len(t.SharedBy) == 0 && !standard {
		w.text(in, "shared_erase", string(t.SharedErase))
	}
	w.suppress(t.Suppress)
	w.columns(t)
	w.identities(t)
	w.references(t)
}

func (w *writer) erase(t *Table) {
	const in = "    "
	switch {
	case t.Lookup:
		w.line(in, "lookup: true")
	case t.Never != "":
		w.text(in, "never_erase", t.Never)
	case t.Erase.Do == KeepRow:
		parts := []string{"keep: " + scalarYAML(t.Erase.Ground)}
		if t.Erase.Until != nil {
			parts = append(parts, "until: "+scalarYAML(t.Erase.Until.String()))
		}
		if t.Erase.Then == MaskRow {
			parts = append(parts, "then: mask")
		}
		w.line(in, "erase: "+flowYAML(parts))
	default:
		w.text(in, "erase", string(t.Erase.Do))
	}
	if len(t.After) > 0 {
		var names []string
		for _, o := range t.After {
			names = append(names, o.Table)
		}
		w.line(in, "erase_after: "+listYAML(names))
	}
}

func (w *writer) suppress(s *Suppress) {
	if s == nil {
		return
	}
	const in = "    "
	w.line(in, "suppress:")
	var set []string
	for _, a := range s.Set {
		v := literalYAML(a.Value)
		if a.Now {
			v = "now"
		}
		set = append(set, scalarYAML(a.Column)+": "+v)
	}
	w.line(in, "  set: "+flowYAML(set))
	switch {
	case s.PurposeColumn != "":
		w.line(in, "  purposes: {column: "+scalarYAML(s.PurposeColumn)+"}")
	case len(s.Purposes) > 0:
		w.line(in, "  purposes: "+listYAML(s.Purposes))
	}
}
