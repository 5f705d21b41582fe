package dataset

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Parse reads a dataset file. file names it in faults. The error is a
// *FaultsError with everything that is wrong, each with its line.
func Parse(file string, text []byte) (*Dataset, error) {
	r := &reader{file: file}
	d := r.dataset(text)
	if len(r.faults) == 0 {
		r.resolve(d)
	}
	if len(r.faults) > 0 {
		return nil, &FaultsError{Faults: r.faults}
	}
	return d, nil
}

func (r *reader) dataset(text []byte) *Dataset {
	n, ok := r.root(text)
	if !ok {
		return nil
	}
	r.known(n, "the dataset", keys["dataset"]...)
	d := &Dataset{File: r.file, Version: 1, Title: r.str(n, "title")}
	if v := n.get("version"); v == nil || v.text != "1" || v.typed != "int" {
		r.fault(n.line, "version must be 1")
	}
	schema := r.str(n, "schema")
	tables := n.get("tables")
	if tables == nil || tables.kind != mapping || len(tables.keys) == 0 {
		r.fault(n.line, "tables must name at least one table")
		return d
	}
	for i, name := range tables.keys {
		r.name(tables.lines[i], name)
		if strings.Contains(name, "/") {
			r.fault(tables.lines[i], "a record type takes no slash; give the table's name under table")
		}
		if t := r.table(name, schema, tables.vals[i], tables.lines[i]); t != nil {
			d.Tables = append(d.Tables, t)
		}
	}
	slices.SortFunc(d.Tables, func(a, b *Table) int { return strings.Compare(a.Name, b.Name) })
	return d
}

// name refuses names that no database takes, so that quoting is always exact.
func (r *reader) name(line int, names ...string) {
	for _, n := range names {
		if n == "" || utf8.RuneCountInString(n) > 64 || strings.ContainsRune(n, 0) || !utf8.ValidString(n) {
			r.fault(line, "%q is not a name of 1 to 64 characters", n)
		}
	}
}

func (r *reader) table(name, schema string, n *node, line int) *Table {
	if !r.known(n, "table "+name, keys["table"]...) {
		return nil
	}
	t := &Table{
		Name: name, Schema: schema, AnySchema: schema == "", Rel: name,
		Title: r.str(n, "title"), Purpose: r.str(n, "purpose"), Source: r.str(n, "source"),
		Recipient: r.str(n, "recipient"), Retention: r.str(n, "retention"), Provided: r.provided(n),
		Social: r.boolean(n, "social"), Person: r.boolean(n, "person"),
		Never: r.str(n, "never_erase"), Lookup: r.boolean(n, "lookup"), Line: line,
	}
	if t.Title == "" {
		t.Title = name
	}
	if rel := r.str(n, "table"); rel != "" {
		t.Rel = rel
		if s, after, ok := strings.Cut(rel, "."); ok {
			t.Schema, t.AnySchema, t.Rel = s, false, after
		}
	}
	if t.AnySchema {
		t.Schema = "public"
	}
	r.name(line, t.Schema, t.Rel)
	if k := n.get("key"); k != nil {
		t.Key = r.strs(k, "key")
	}
	if len(t.Key) == 0 {
		r.fault(line, "table %s needs a key", name)
	}
	if w := n.get("where"); w != nil {
		t.Where = r.conds(w, "where")
	}
	r.rowErase(t, n, line)
	r.eraseOrder(t, n)
	r.shared(t, n)
	if s := n.get("suppress"); s != nil {
		t.Suppress = r.suppress(s)
	}
	r.columns(t, n, line)
	if ids := n.get("identities"); ids != nil {
		r.identities(t, ids)
	}
	if refs := n.get("references"); refs != nil {
		r.references(t, refs)
	}
	r.defaults(t)
	return t
}

// defaults fills in what the file leaves out about masking.
func (r *reader) defaults(t *Table) {
	for _, c := range t.Columns {
		if !c.Explicit && c.Category != "" {
			c.Mask = SetNull
		}
		c.Email = c.Category == "contact.email"
		for _, e := range t.Entries {
			if e.Column == c.Name && e.Kind == "email" {
				c.Email = true
			}
		}
	}
}

func (r *reader) columns(t *Table, n *node, line int) {
	cols := n.get("columns")
	if cols == nil || cols.kind != mapping || len(cols.keys) == 0 {
		r.fault(line, "table %s needs columns", t.Name)
		return
	}
	for i, name := range cols.keys {
		v, at := cols.vals[i], cols.lines[i]
		r.name(at, name)
		c := &Column{Name: name, Title: name, Line: at}
		t.Columns = append(t.Columns, c)
		if v.kind == null {
			continue
		}
		if !r.known(v, "column "+name, keys["column"]...) {
			continue
		}
		if s := r.str(v, "title"); s != "" {
			c.Title = s
		}
		c.Category = r.str(v, "category")
		c.FreeText, c.Others = r.boolean(v, "free_text"), r.boolean(v, "others")
		c.Provided = r.provided(v)
		c.PointsTo = r.str(v, "points_to")
		if e := v.get("erase"); e != nil {
			r.columnErase(c, e)
		}
		r.columnIdentity(t, c, v, at)
	}
}

// provided says who gave the data: only what the person gave, or what was
// observed of the person, is portable (Art. 20; WP 242).
func (r *reader) provided(n *node) string {
	if n.get("provided") == nil {
		return ""
	}
	return r.choice(n, "provided", "subject", "observed", "derived")
}

func (r *reader) columnErase(c *Column, v *node) {
	c.Explicit = true
	switch {
	case v.kind == null, v.kind == scalar && v.text == "null":
		c.Mask = SetNull
	case v.kind == scalar && slices.Contains([]Masking{SetRandom, SetHash, SetYear}, Masking(v.text)):
		c.Mask = Masking(v.text)
	case v.kind == scalar && v.text == "keep":
		c.Mask = KeepValue
	case v.kind == mapping && v.get("text") != nil:
		r.known(v, "erase", keys["erase_text"]...)
		c.Mask, c.Text = SetText, r.str(v, "text")
	case v.kind == mapping && v.get("keep") != nil:
		r.known(v, "erase", keys["erase_keep"]...)
		c.Mask, c.Ground = KeepValue, r.str(v, "keep")
		c.Until = r.until(v)
	default:
		r.fault(v.line, "erase of column %s must be null, random, hash, year, keep, {text: …} or {keep: ground, until: …}", c.Name)
	}
}

func (r *reader) rowErase(t *Table, n *node, line int) {
	e := n.get("erase")
	if t.Lookup {
		for _, key := range []string{"erase", "never_erase", "person", "suppress", "shared_by", "shared_erase"} {
			if v := n.get(key); v != nil {
				r.fault(v.line, "table %s is a lookup: it holds nothing personal, so it takes no %s", t.Name, key)
			}
		}
		t.Erase = RowErase{Do: KeepRow}
		return
	}
	if t.Never != "" {
		if e != nil {
			r.fault(e.line, "table %s has never_erase, so it takes no erase", t.Name)
		}
		t.Erase = RowErase{Do: KeepRow, Ground: t.Never}
		return
	}
	switch {
	case e == nil:
		r.fault(line, "table %s needs erase (delete, mask, detach, or keep with a ground) or never_erase", t.Name)
	case e.kind == scalar && slices.Contains([]Strategy{DeleteRow, MaskRow, DetachRow}, Strategy(e.text)):
		t.Erase.Do = Strategy(e.text)
	case e.kind == mapping && e.get("keep") != nil:
		r.known(e, "erase", keys["keep_row"]...)
		t.Erase = RowErase{
			Do: KeepRow, Ground: r.str(e, "keep"), Until: r.until(e),
			Then: Strategy(r.choice(e, "then", string(DeleteRow), string(MaskRow))),
		}
		if t.Erase.Ground == "" {
			r.fault(e.line, "keep needs its ground, with the citation")
		}
	default:
		r.fault(e.line, "erase of table %s must be delete, mask, detach or {keep: ground, until: …}", t.Name)
	}
}

var untilForm = regexp.MustCompile(`^(end of year\s+)?([^\s+]+)(?:\s*\+\s*(\d{1,4})\s+(year|month|day)s?)?$`)

func (r *reader) until(n *node) *Until {
	v := n.get("until")
	if v == nil {
		return nil
	}
	m := untilForm.FindStringSubmatch(strings.TrimSpace(v.text))
	if v.kind != scalar || m == nil {
		r.fault(v.line, "until must be COLUMN, COLUMN + 8 years (months, days), or end of year COLUMN + 8 years")
		return nil
	}
	u := &Until{Column: m[2], EndOfYear: m[1] != ""}
	count, _ := strconv.Atoi(m[3]) // at most four digits
	switch m[4] {
	case "year":
		u.Years = count
	case "month":
		u.Months = count
	case "day":
		u.Days = count
	}
	return u
}

// conds reads `where` and `proven`.
func (r *reader) conds(n *node, what string) []Cond {
	if n.kind != mapping {
		r.fault(n.line, "%s must be a mapping of columns to values", what)
		return nil
	}
	var out []Cond
	for i, col := range n.keys {
		v := n.vals[i]
		c := Cond{Column: col, Line: n.lines[i]}
		if v.kind == mapping {
			r.known(v, what, keys["condition"]...)
			c.Not = true
			if v = v.get("not"); v == nil {
				r.fault(c.Line, "%s: column %s needs a value, a list of values, null or {not: …}", what, col)
				continue
			}
		}
		switch v.kind {
		case scalar, null:
			c.Values = []Literal{literal(v)}
		case list:
			for _, item := range v.vals {
				if item.kind != scalar && item.kind != null {
					r.fault(item.line, "%s takes plain values", what)
					continue
				}
				c.Values = append(c.Values, literal(item))
			}
		}
		if len(c.Values) == 0 {
			r.fault(c.Line, "%s: column %s needs a value, a list of values, null or {not: …}", what, col)
		}
		out = append(out, c)
	}
	return out
}
