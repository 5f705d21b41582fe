package dataset

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strconv"
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

func (w *writer) columns(t *Table) {
	w.line("    ", "columns:")
	for _, c := range t.Columns {
		w.comment("      ", w.notes[t.Name+"."+c.Name])
		w.line("      ", scalarYAML(c.Name)+": "+flowYAML(columnParts(t, c)))
	}
}

// columnParts are a column's keys in the order in which people read them.
func columnParts(t *Table, c *Column) []string {
	var parts []string
	add := func(key, value string) {
		if value != "" {
			parts = append(parts, key+": "+value)
		}
	}
	if c.Title != c.Name && c.Title != "" {
		add("title", scalarYAML(c.Title))
	}
	if c.Category != "" {
		add("category", scalarYAML(c.Category))
	}
	if c.FreeText {
		add("free_text", "true")
	}
	if c.Others {
		add("others", "true")
	}
	if c.Provided != "" {
		add("provided", c.Provided)
	}
	for _, e := range t.Entries {
		if e.Column == c.Name && !e.Composed() && e.System == "" {
			parts = append(parts, entryParts(e)...)
		}
	}
	if c.Explicit {
		add("erase", eraseYAML(c))
	}
	if c.PointsTo != "" {
		add("points_to", scalarYAML(c.PointsTo))
	}
	return parts
}

// entryParts writes an identity that stands in one column. One that only
// learns has no match to write.
func entryParts(e *Entry) []string {
	var parts []string
	if e.Enter {
		parts = append(parts, "identity: "+scalarYAML(e.Kind))
		if e.Match != standardMatch(e.Kind) {
			parts = append(parts, "match: "+string(e.Match))
		}
		if e.ChangedAt != "" {
			parts = append(parts, "changed_at: "+scalarYAML(e.ChangedAt))
		}
	}
	if e.Learn {
		as := []string{}
		if !e.Enter {
			as = append(as, "as: "+scalarYAML(e.Kind))
		}
		if p := provenYAML(e); p != "" {
			as = append(as, p)
		}
		learn := "learn: true"
		if len(as) > 0 {
			learn = "learn: " + flowYAML(as)
		}
		parts = append(parts, learn)
	}
	return parts
}

func provenYAML(e *Entry) string {
	switch {
	case e.Always:
		return "proven: always"
	case len(e.Proven) > 0:
		return "proven: " + condsYAML(e.Proven)
	}
	return ""
}

func eraseYAML(c *Column) string {
	switch {
	case c.Mask == SetText:
		return "{text: " + scalarYAML(c.Text) + "}"
	case c.Mask == KeepValue && c.Ground != "":
		parts := []string{"keep: " + scalarYAML(c.Ground)}
		if c.Until != nil {
			parts = append(parts, "until: "+scalarYAML(c.Until.String()))
		}
		return flowYAML(parts)
	case c.Mask == Leave:
		return ""
	}
	return string(c.Mask)
}

func (w *writer) identities(t *Table) {
	head := false
	for _, e := range t.Entries {
		if !e.Composed() {
			continue
		}
		if !head {
			w.line("    ", "identities:")
			head = true
		}
		column := "name"
		if e.Kind == "social_id" {
			column = "id"
		}
		parts := []string{"kind: " + e.Kind, column + ": " + scalarYAML(e.Column)}
		if e.NetworkText != "" {
			parts = append(parts, "network: {text: "+scalarYAML(e.NetworkText)+"}")
		} else {
			parts = append(parts, "network: "+scalarYAML(e.Network))
		}
		if e.Match != standardMatch(e.Kind) {
			parts = append(parts, "match: "+string(e.Match))
		}
		if !e.Enter {
			parts = append(parts, "enter: false")
		}
		if e.ChangedAt != "" {
			parts = append(parts, "changed_at: "+scalarYAML(e.ChangedAt))
		}
		if e.Learn {
			parts = append(parts, "learn: true")
		}
		if p := provenYAML(e); p != "" {
			parts = append(parts, p)
		}
		if e.Confirm != "" {
			parts = append(parts, "confirm: "+e.Confirm)
		}
		w.line("      ", "- "+flowYAML(parts))
	}
}

// references writes those inside the file and those to other systems. Several
// on the same columns stand in a list.
func (w *writer) references(t *Table) {
	var order []string
	by := map[string][]string{}
	add := func(columns []string, value string) {
		k := strings.Join(columns, ", ")
		if by[k] == nil {
			order = append(order, k)
		}
		by[k] = append(by[k], value)
	}
	for _, ref := range t.Refs {
		add(ref.Columns, refYAML(ref))
	}
	for _, e := range t.Entries {
		if e.System != "" {
			add([]string{e.Column}, elsewhereYAML(e))
		}
	}
	if len(order) == 0 {
		return
	}
	w.line("    ", "references:")
	for _, k := range order {
		w.comment("      ", w.notes[t.Name+"."+k+" >"])
		if list := by[k]; len(list) > 1 {
			w.line("      ", scalarYAML(k)+":")
			for _, v := range list {
				w.line("      ", "  - "+v)
			}
		} else {
			w.line("      ", scalarYAML(k)+": "+list[0])
		}
	}
}

func refYAML(ref *Ref) string {
	direction := "none"
	switch {
	case ref.Up && ref.Down:
		direction = "both"
	case ref.Up:
		direction = "to"
	case ref.Down:
		direction = "from"
	}
	parts := []string{"to: " + scalarYAML(ref.To+"."+strings.Join(ref.ToColumns, ", "))}
	standard := "from"
	if ref.SamePerson {
		standard = "both"
	}
	if direction != standard {
		parts = append(parts, "direction: "+direction)
	}
	if ref.SamePerson {
		parts = append(parts, "same_person: true")
	}
	if ref.Handler {
		parts = append(parts, "handler: true")
	}
	if len(parts) == 1 {
		return strings.TrimPrefix(parts[0], "to: ")
	}
	return flowYAML(parts)
}

func elsewhereYAML(e *Entry) string {
	parts := []string{"to: {system: " + scalarYAML(e.System) + ", kind: " + scalarYAML(e.Kind) + "}"}
	switch {
	case e.Enter && e.Learn:
		parts = append(parts, "direction: both")
	case e.Enter:
		parts = append(parts, "direction: from")
	}
	if e.Match != standardMatch(e.Kind) {
		parts = append(parts, "match: "+string(e.Match))
	}
	if e.Learn && !e.Always {
		parts = append(parts, "proven: "+condsYAML(e.Proven))
	}
	return flowYAML(parts)
}

// String writes an Until as the file has it.
func (u *Until) String() string {
	s := u.Column
	if u.EndOfYear {
		s = "end of year " + s
	}
	for _, part := range []struct {
		n    int
		unit string
	}{{u.Years, "years"}, {u.Months, "months"}, {u.Days, "days"}} {
		if part.n > 0 {
			s += " + " + strconv.Itoa(part.n) + " " + part.unit
		}
	}
	return s
}

func condsYAML(conds []Cond) string {
	var parts []string
	for _, c := range conds {
		vals := make([]string, len(c.Values))
		for i, v := range c.Values {
			vals[i] = literalYAML(v)
		}
		v := "[" + strings.Join(vals, ", ") + "]"
		if len(vals) == 1 {
			v = vals[0]
		}
		if c.Not {
			v = "{not: " + v + "}"
		}
		parts = append(parts, scalarYAML(c.Column)+": "+v)
	}
	return flowYAML(parts)
}

func flowYAML(parts []string) string { return "{" + strings.Join(parts, ", ") + "}" }

func listYAML(items []string) string {
	if len(items) == 1 {
		return scalarYAML(items[0])
	}
	quoted := make([]string, len(items))
	for i, s := range items {
		quoted[i] = scalarYAML(s)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

func literalYAML(v Literal) string {
	if v.Null {
		return "null"
	}
	return scalarYAML(v.Text)
}

var plainYAML = regexp.MustCompile(`^[\pL_][\pL\pN_./@-]*( [\pL\pN_./@+-]+)*$`)

// notText are plain scalars that YAML of one version or another takes for
// something else than text.
var notText = []string{"null", "true", "false", "yes", "no", "on", "off", "y", "n"}

// scalarYAML writes a text so that YAML reads the same text. Numbers and truth
// values count as their text in the format, but are quoted all the same.
func scalarYAML(s string) string {
	if plainYAML.MatchString(s) && !slices.Contains(notText, strings.ToLower(s)) {
		return s
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < ' ' || r == 0x7f || r == 0xfeff || r >= 0x80 && r < 0xa0 || r == 0x2028 || r == 0x2029:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
