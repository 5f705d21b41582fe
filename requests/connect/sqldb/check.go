package sqldb

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"habeas/requests/connect"
	"habeas/requests/connect/sqldb/dataset"
)

// finding is one thing that check found out: where the dataset and the database
// do not go together, or what somebody should look at.
type finding struct {
	connect.Fault
	code  string
	table string // record type that it concerns
	// actions run into it; none where a search does already.
	actions []connect.Action
}

// checker compares the dataset with the catalog.
type checker struct {
	d        *DB
	cat      *catalog
	facts    *facts // nil where the engine tells no more than the catalog
	findings []finding
}

// about is the kind of a finding.
type about struct {
	code    string
	advice  bool
	actions []connect.Action
}

// search findings stop a search already; slow ones make it slow.
var (
	searching = about{code: "schema"}
	slow      = about{code: "no-index", advice: true}
)

func on(code string, actions ...connect.Action) about { return about{code: code, actions: actions} }

// look makes advice of it.
func (a about) look() about {
	a.advice = true
	return a
}

func (c *checker) say(a about, t *dataset.Table, line int, format string, args ...any) {
	c.findings = append(c.findings, finding{
		Fault: connect.Fault{Where: c.d.data.Place(line), Text: fmt.Sprintf(format, args...), Advice: a.advice},
		code:  a.code, table: t.Name, actions: a.actions,
	})
}

// Check implements connect.Connector. It reads the catalog only.
func (d *DB) Check(ctx context.Context) ([]connect.Fault, error) {
	d.forgetCatalog()
	var out []connect.Fault
	err := d.readOnly(ctx, func(tx session) error {
		cat, err := d.engine.load(ctx, tx, d.data)
		if err != nil {
			return err
		}
		found, err := d.examine(ctx, tx, cat)
		for _, f := range found {
			out = append(out, f.Fault)
		}
		return err
	})
	return out, err
}

// examine holds the whole dataset against the catalog.
func (d *DB) examine(ctx context.Context, tx session, cat *catalog) ([]finding, error) {
	c := &checker{d: d, cat: cat}
	if in, ok := d.engine.(inspector); ok {
		var err error
		if c.facts, err = in.inspect(ctx, tx, cat, d.data); err != nil {
			return nil, err
		}
	}
	for _, t := range d.data.Tables {
		c.table(t)
	}
	c.order()
	c.spreads()
	c.readOnly()
	return c.findings, nil
}

func (c *checker) table(t *dataset.Table) {
	rel := c.cat.of(t)
	if rel == nil {
		c.say(searching, t, t.Line, "table %s.%s does not exist, or its schema may not be used", t.Schema, t.Rel)
		return
	}
	if !rel.sel {
		c.say(on("permission"), t, t.Line, "the database user may not read %s.%s: grant select", t.Schema, t.Rel)
	}
	known := map[string]bool{}
	need := func(line int, name string) bool {
		if _, ok := rel.columns[name]; ok {
			return true
		}
		if !known[name] {
			known[name] = true
			c.say(searching, t, line, "column %s does not exist in %s.%s%s", name, t.Schema, t.Rel, nearest(rel, name))
		}
		return false
	}
	for _, col := range t.Columns {
		if need(col.Line, col.Name) {
			c.column(t, rel, col)
		}
	}
	for _, cond := range t.Where {
		need(cond.Line, cond.Column)
	}
	for _, e := range t.Entries {
		for _, cond := range e.Proven {
			need(cond.Line, cond.Column)
		}
		if e.Enter && need(e.Line, e.Column) {
			c.entrance(t, rel, e)
		}
		if e.ChangedAt != "" && need(e.Line, e.ChangedAt) {
			c.moment(t, rel, e)
		}
	}
	if !uniqueOn(rel, t.Key) {
		c.say(on("key"), t, t.Line, "key %s of %s is not unique in the database: add a primary key or a unique index", strings.Join(t.Key, ", "), t.Name)
	}
	for _, ref := range t.Refs {
		c.reference(t, ref)
	}
	for _, s := range t.SharedBy {
		c.sharedBy(t, s)
	}
	c.comparable(t, rel)
	c.rights(t, rel)
	c.cascades(t)
	c.along(t, rel)
}

// nearest names the column that may have been meant.
func nearest(rel *relation, name string) string {
	for have := range rel.columns {
		if strings.EqualFold(have, name) {
			return fmt.Sprintf("; there is %s", have)
		}
	}
	return ""
}

func uniqueOn(rel *relation, cols []string) bool {
	return slices.ContainsFunc(rel.indexes, func(ix index) bool {
		return ix.unique && !ix.partial && len(ix.keys) == len(cols) && !slices.ContainsFunc(cols, func(k string) bool {
			return !slices.ContainsFunc(ix.keys, func(have string) bool { return unquoted(have) == k })
		})
	})
}

// unquoted takes the quotes off a name as the database prints it.
func unquoted(name string) string {
	if len(name) > 1 && name[0] == '"' {
		return strings.ReplaceAll(name[1:len(name)-1], `""`, `"`)
	}
	return name
}

// name and rel are names as the database's own prompt takes them.
func (c *checker) name(column string) string {
	if c.d.engine.kind() == "mysql" {
		return "`" + strings.ReplaceAll(column, "`", "``") + "`"
	}
	return quoteIfNeeded(column)
}

func (c *checker) rel(t *dataset.Table) string { return c.name(t.Schema) + "." + c.name(t.Rel) }

func quoteIfNeeded(name string) string {
	for i, r := range name {
		if r != '_' && (r < 'a' || r > 'z') && (i == 0 || r < '0' || r > '9') {
			return quote(name)
		}
	}
	return name
}
