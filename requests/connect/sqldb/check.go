package sqldb

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"habeas/requests/connect"
	"habeas/requests/connect/sqldb/dataset"
)

// checker compares the dataset with the catalog.
type checker struct {
	d      *DB
	cat    *catalog
	faults []connect.Fault
}

func (c *checker) fault(line int, format string, args ...any) {
	c.faults = append(c.faults, connect.Fault{Where: fmt.Sprintf("dataset:%d", line), Text: fmt.Sprintf(format, args...)})
}

// Check implements connect.Connector. It reads the catalog only.
func (d *DB) Check(ctx context.Context) ([]connect.Fault, error) {
	d.forgetCatalog()
	c := &checker{d: d}
	err := d.readOnly(ctx, func(tx session) (err error) {
		if c.cat, err = d.engine.load(ctx, tx, d.data); err != nil {
			return err
		}
		for _, t := range d.data.Tables {
			c.table(t)
		}
		c.order()
		return nil
	})
	return c.faults, err
}

func (c *checker) table(t *dataset.Table) {
	rel := c.cat.of(t)
	if rel == nil {
		c.fault(t.Line, "table %s.%s does not exist, or its schema may not be used", t.Schema, t.Rel)
		return
	}
	if !rel.sel {
		c.fault(t.Line, "the database user may not read %s.%s: grant select", t.Schema, t.Rel)
	}
	known := map[string]bool{}
	need := func(line int, name string) bool {
		if _, ok := rel.columns[name]; ok {
			return true
		}
		if !known[name] {
			known[name] = true
			c.fault(line, "column %s does not exist in %s.%s", name, t.Schema, t.Rel)
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
	}
	if !uniqueOn(rel, t.Key) {
		c.fault(t.Line, "key %s of %s is not unique in the database: add a primary key or a unique index", strings.Join(t.Key, ", "), t.Name)
	}
	for _, ref := range t.Refs {
		c.reference(t, ref)
	}
	for _, s := range t.SharedBy {
		c.sharedBy(s)
	}
	c.rights(t, rel)
	c.cascades(t)
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

// column checks a column's erase strategy against the table.
func (c *checker) column(t *dataset.Table, rel *relation, col *dataset.Column) {
	a := rel.columns[col.Name]
	masks := t.Erase.Do == dataset.MaskRow || t.Erase.Then == dataset.MaskRow || t.SharedErase == dataset.MaskRow || (t.Erase.Do == dataset.DetachRow && col.Explicit)
	if !masks || col.Mask == dataset.Leave || col.Mask == dataset.KeepValue || t.Never != "" {
		return
	}
	if a.generated {
		c.fault(col.Line, "column %s is generated and cannot be masked; mask what it is made of", col.Name)
	}
	if !a.update && rel.kind == "r" {
		c.fault(col.Line, "the database user may not update column %s of %s", col.Name, t.Name)
	}
	switch col.Mask {
	case dataset.SetNull:
		if a.notNull {
			c.fault(col.Line, "column %s is NOT NULL and cannot be erased to null: give it a text or random", col.Name)
		}
	case dataset.SetText:
		if !a.textual() {
			c.fault(col.Line, "column %s takes no text; erase it to null", col.Name)
		}
		if n := len([]rune(col.Text)); a.length > 0 && n > a.length {
			c.fault(col.Line, "the text for column %s has %d characters, the column takes %d", col.Name, n, a.length)
		}
		if uniqueWith(rel, col.Name) {
			c.fault(col.Line, "column %s is unique; the same text for everybody would break that: use random or null", col.Name)
		}
	case dataset.SetRandom:
		least := minRandom
		if col.Email {
			least += len(randomHost)
		}
		if a.base != "uuid" && !a.textual() {
			c.fault(col.Line, "column %s takes no random value: only text and uuid columns do", col.Name)
		} else if a.length > 0 && a.length < least {
			c.fault(col.Line, "column %s takes %d characters, a random value needs %d", col.Name, a.length, least)
		}
	}
}

func uniqueWith(rel *relation, name string) bool {
	return slices.ContainsFunc(rel.indexes, func(ix index) bool {
		return ix.unique && len(ix.keys) == 1 && (unquoted(ix.keys[0]) == name || strings.Contains(ix.keys[0], "("+name))
	})
}

// entrance checks that looking an identity up is served by an index.
func (c *checker) entrance(t *dataset.Table, rel *relation, e *dataset.Entry) {
	a := rel.columns[e.Column]
	plain := quoteIfNeeded(e.Column)
	want := []string{plain}
	if a.category == "S" && a.base != "citext" {
		switch e.Match {
		case dataset.MatchFold:
			want = []string{"lower(" + plain + ")", "lower(" + plain + "::text)"}
		case dataset.MatchNormal:
			want = nil
			// The database prints expressions in its own way, so only the start
			// is compared.
			for _, ix := range rel.indexes {
				if len(ix.keys) > 0 && strings.Contains(ix.keys[0], "(") && strings.Contains(ix.keys[0], plain) {
					return
				}
			}
			c.fault(e.Line, "looking up %s in %s has no index: create index on %s (%s)", e.Kind, t.Name, relName(t), c.cat.normal(e.Kind, plain))
			return
		}
	}
	if e.Network != "" {
		want = append(want, quoteIfNeeded(e.Network))
	}
	for _, ix := range rel.indexes {
		if !ix.partial && len(ix.keys) > 0 && slices.Contains(want, ix.keys[0]) {
			return
		}
	}
	c.fault(e.Line, "looking up %s in %s has no index: create index on %s (%s)", e.Kind, t.Name, relName(t), want[0])
}

func quoteIfNeeded(name string) string {
	for i, r := range name {
		if r != '_' && (r < 'a' || r > 'z') && (i == 0 || r < '0' || r > '9') {
			return quote(name)
		}
	}
	return name
}

func indexed(rel *relation, cols []string) bool {
	return slices.ContainsFunc(rel.indexes, func(ix index) bool {
		return !ix.partial && len(ix.keys) > 0 && slices.ContainsFunc(cols, func(c string) bool { return unquoted(ix.keys[0]) == c })
	})
}

func (c *checker) reference(t *dataset.Table, ref *dataset.Ref) {
	to := c.d.data.Table(ref.To)
	rel, toRel := c.cat.of(t), c.cat.of(to)
	if toRel == nil {
		return // said already
	}
	for i := range ref.Columns {
		a, b := c.cat.attr(t, ref.Columns[i]), c.cat.attr(to, ref.ToColumns[i])
		if a.base != "" && b.base != "" && !c.cat.alike(a, b) {
			c.fault(ref.Line, "%s.%s (%s) and %s.%s (%s) are of unlike types; they are compared as texts, without an index",
				t.Name, ref.Columns[i], a.base, to.Name, ref.ToColumns[i], b.base)
		}
		if t.Erase.Do == dataset.DetachRow && ref.Down && a.notNull {
			c.fault(ref.Line, "column %s of %s is NOT NULL and cannot be detached", ref.Columns[i], t.Name)
		}
	}
	if ref.Down && !indexed(rel, ref.Columns) {
		c.fault(ref.Line, "following %s from %s to %s has no index: create index on %s (%s)",
			ref.Columns[0], to.Name, t.Name, relName(t), quoteIfNeeded(ref.Columns[0]))
	}
	if ref.Up && !indexed(toRel, ref.ToColumns) {
		c.fault(ref.Line, "following %s to %s has no index: create index on %s (%s)",
			ref.Columns[0], to.Name, relName(to), quoteIfNeeded(ref.ToColumns[0]))
	}
}

func (c *checker) sharedBy(s dataset.SharedBy) {
	by := c.d.data.Table(s.Table)
	rel := c.cat.of(by)
	if rel == nil {
		return
	}
	if !indexed(rel, []string{s.Column}) {
		c.fault(s.Line, "counting who uses a row by %s.%s has no index: create index on %s (%s)", by.Name, s.Column, relName(by), quoteIfNeeded(s.Column))
	}
	if s.Person == "" && c.cat.attr(by, s.Column).notNull {
		c.fault(s.Line, "column %s of %s is NOT NULL, so nobody can be detached from it", s.Column, by.Name)
	}
}
