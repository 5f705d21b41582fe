package sqldb_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// quoted quotes a name for the dialect.
func (s *rSchema) quoted(name string) string {
	if s.dialect == "mariadb" {
		return "`" + strings.ReplaceAll(name, "`", "``") + "`"
	}
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}

func (s *rSchema) rel(x *rTable) string { return s.quoted(s.schema) + "." + s.quoted(x.rel) }

func (s *rSchema) names(x *rTable, cols []int) string {
	out := make([]string, len(cols))
	for i, c := range cols {
		out[i] = s.quoted(x.cols[c].name)
	}
	return strings.Join(out, ", ")
}

// literal writes a value.
func (s *rSchema) literal(v cell) string {
	if v == null {
		return "null"
	}
	text := strings.ReplaceAll(string(v), "'", "''")
	if s.dialect == "mariadb" {
		text = strings.ReplaceAll(text, `\`, `\\`)
	}
	return "'" + text + "'"
}

func (s *rSchema) typ(c *rColumn) string {
	switch {
	case c.typ == "unsigned" && s.dialect == "mariadb":
		return "bigint unsigned"
	case c.typ == "unsigned":
		return "numeric(20)"
	case c.typ == "text" && s.dialect == "mariadb":
		return "varchar(64)"
	}
	return c.typ
}

// ddl writes the tables and their constraints.
func (s *rSchema) ddl() string {
	var b strings.Builder
	for _, x := range s.tables {
		fmt.Fprintf(&b, "create table %s (\n", s.rel(x))
		for _, c := range x.cols {
			fmt.Fprintf(&b, "  %s %s", s.quoted(c.name), s.typ(c))
			if c.notNull {
				b.WriteString(" not null")
			}
			if c.unique {
				b.WriteString(" unique")
			}
			b.WriteString(",\n")
		}
		fmt.Fprintf(&b, "  primary key (%s));\n", s.names(x, x.key))
	}
	for _, x := range s.tables {
		for _, r := range x.refs {
			if r.fk == "" {
				continue
			}
			fmt.Fprintf(&b, "alter table %s add foreign key (%s) references %s (%s) on delete %s", s.rel(x), s.names(x, r.cols), s.rel(r.to), s.names(r.to, r.toCols), r.fk)
			if r.deferrable {
				b.WriteString(" deferrable")
			}
			b.WriteString(";\n")
		}
	}
	return b.String()
}

// fill writes the rows: references to later rows last.
func (p *rPeople) fill() string {
	s := p.s
	var b, later strings.Builder
	for _, x := range s.tables {
		var late []*rRef
		for _, r := range x.refs {
			if r.fk != "" && r.to.at >= x.at {
				late = append(late, r)
			}
		}
		var rows []string
		for _, r := range p.rows[x.at] {
			v := slices.Clone(r.v)
			for _, ref := range late {
				for _, c := range ref.cols {
					if v[c] != null && !x.cols[c].notNull {
						fmt.Fprintf(&later, "update %s set %s = %s where %s;\n", s.rel(x), s.quoted(x.cols[c].name), s.literal(v[c]), s.isRow(r))
						v[c] = null
					}
				}
			}
			out := make([]string, len(v))
			for i := range v {
				out[i] = s.literal(v[i])
			}
			rows = append(rows, "("+strings.Join(out, ", ")+")")
		}
		if len(rows) > 0 {
			fmt.Fprintf(&b, "insert into %s values %s;\n", s.rel(x), strings.Join(rows, ", "))
		}
	}
	return b.String() + later.String()
}

func (s *rSchema) isRow(r *rRow) string {
	parts := make([]string, len(r.t.key))
	for i, k := range r.t.key {
		parts[i] = s.quoted(r.t.cols[k].name) + " = " + s.literal(r.v[k])
	}
	return strings.Join(parts, " and ")
}

// dataset writes the dataset file.
func (s *rSchema) dataset() string {
	var b strings.Builder
	fmt.Fprintf(&b, "version: 1\nschema: %s\ntables:\n", strconv.Quote(s.schema))
	for _, x := range s.tables {
		x.describe(&b)
	}
	return b.String()
}

func (x *rTable) describe(b *strings.Builder) {
	q := strconv.Quote
	p := func(format string, args ...any) { fmt.Fprintf(b, format+"\n", args...) }
	p("  %s:", q(x.name))
	if x.rel != x.name {
		p("    table: %s", q(x.rel))
	}
	p("    key: %s", x.list(x.key))
	if x.person {
		p("    person: true")
	}
	if len(x.where) > 0 {
		p("    where: %s", x.conds(x.where))
	}
	switch x.erase {
	case "never":
		p("    never_erase: Law §1")
	case "keep":
		p("    erase: {keep: Law §2%s%s}", x.ends(), map[bool]string{true: ", then: " + x.then}[x.then != ""])
	default:
		p("    erase: %s", x.erase)
	}
	for i, h := range x.shared {
		if i == 0 {
			p("    shared_by:")
		}
		if h.person < 0 {
			p("      - %s", q(h.by.name+"."+h.by.cols[h.col].name))
		} else {
			p("      - {table: %s, column: %s, person: %s}", q(h.by.name), q(h.by.cols[h.col].name), q(h.by.cols[h.person].name))
		}
	}
	if x.sharedErase != "" {
		p("    shared_erase: %s", x.sharedErase)
	}
	p("    columns:")
	for i, c := range x.cols {
		p("      %s: {%s}", q(c.name), strings.Join(x.about(i, c), ", "))
	}
	for i, e := range x.entriesOf(true) {
		if i == 0 {
			p("    identities:")
		}
		p("      - {%s}", strings.Join(x.composed(e), ", "))
	}
	for i, r := range x.refs {
		if i == 0 {
			p("    references:")
		}
		p("      %s: {to: %s, direction: %s%s}", q(plain(x, r.cols)), q(r.to.name+"."+plain(r.to, r.toCols)), r.direction(), map[bool]string{true: ", same_person: true"}[r.same])
	}
}

func plain(x *rTable, cols []int) string {
	out := make([]string, len(cols))
	for i, c := range cols {
		out[i] = x.cols[c].name
	}
	return strings.Join(out, ", ")
}

func (x *rTable) list(cols []int) string {
	out := make([]string, len(cols))
	for i, c := range cols {
		out[i] = strconv.Quote(x.cols[c].name)
	}
	return "[" + strings.Join(out, ", ") + "]"
}

func (x *rTable) ends() string {
	if x.until < 0 {
		return ""
	}
	u := x.cols[x.until].name
	if x.endOfYear {
		u = "end of year " + u
	}
	return fmt.Sprintf(", until: %s", strconv.Quote(fmt.Sprintf("%s + %d years", u, x.years)))
}

func (x *rTable) conds(conds []rCond) string {
	var out []string
	for _, c := range conds {
		var vals []string
		for _, v := range c.vals {
			if v == null {
				vals = append(vals, "null")
			} else {
				vals = append(vals, strconv.Quote(string(v)))
			}
		}
		is := "[" + strings.Join(vals, ", ") + "]"
		if len(vals) == 1 {
			is = vals[0]
		}
		if c.not {
			is = "{not: " + is + "}"
		}
		out = append(out, strconv.Quote(x.cols[c.col].name)+": "+is)
	}
	return "{" + strings.Join(out, ", ") + "}"
}

// entriesOf lists the entries of two columns, or of one.
func (x *rTable) entriesOf(composed bool) []*rEntry {
	var out []*rEntry
	for _, e := range x.entries {
		if e.composed() == composed {
			out = append(out, e)
		}
	}
	return out
}

func (x *rTable) about(i int, c *rColumn) []string {
	var out []string
	if c.category != "" {
		out = append(out, "category: "+c.category)
	}
	if c.freeText {
		out = append(out, "free_text: true")
	}
	if c.others {
		out = append(out, "others: true")
	}
	switch c.mask {
	case "null", "random":
		out = append(out, "erase: "+c.mask)
	case "keep":
		out = append(out, "erase: {keep: Law §3}")
	case "text":
		out = append(out, "erase: {text: Erased}")
	case "until":
		out = append(out, "erase: {keep: Law §4"+x.ends()+"}")
	}
	for _, e := range x.entriesOf(false) {
		if e.col != i {
			continue
		}
		if e.enter {
			out = append(out, "identity: "+e.kind, "match: "+e.match)
		}
		if e.learn != "" {
			out = append(out, "learn: {as: "+e.kind+x.proven(e)+"}")
		}
	}
	return out
}

func (x *rTable) proven(e *rEntry) string {
	switch e.learn {
	case "always":
		return ", proven: always"
	case "cond":
		return fmt.Sprintf(", proven: {%s: \"on\"}", strconv.Quote(x.cols[e.state].name))
	}
	return ""
}

func (x *rTable) composed(e *rEntry) []string {
	col := map[string]string{"handle": "name", "social_id": "id"}[e.kind]
	out := []string{"kind: " + e.kind, col + ": " + strconv.Quote(x.cols[e.col].name), "match: " + e.match}
	if e.network >= 0 {
		out = append(out, "network: "+strconv.Quote(x.cols[e.network].name))
	} else {
		out = append(out, "network: {text: "+e.text+"}")
	}
	if !e.enter {
		out = append(out, "enter: false")
	}
	if e.learn != "" {
		out = append(out, "learn: true"+x.proven(e))
	}
	if e.confirm {
		out = append(out, "confirm: social_id")
	}
	return out
}
