package sqldb

import (
	"fmt"
	"slices"
	"strings"

	"habeas/requests/connect"
	"habeas/requests/connect/sqldb/dataset"
)

// entrance checks that looking an identity up is served by an index.
func (c *checker) entrance(t *dataset.Table, rel *relation, e *dataset.Entry) {
	a := rel.columns[e.Column]
	by, create := c.cat.served(a, e)
	for _, ix := range rel.indexes {
		if ix.partial || len(ix.keys) == 0 {
			continue
		}
		if by(ix.keys[0]) || (e.Network != "" && unquoted(ix.keys[0]) == e.Network) {
			return
		}
	}
	c.say(slow, t, e.Line, "looking up %s in %s has no index: %s", e.Kind, t.Name, strings.ReplaceAll(create, "TABLE", c.rel(t)))
}

func indexed(rel *relation, cols []string) bool {
	return slices.ContainsFunc(rel.indexes, func(ix index) bool {
		return !ix.partial && len(ix.keys) > 0 && slices.ContainsFunc(cols, func(c string) bool { return unquoted(ix.keys[0]) == c })
	})
}

// incomparable are types that have no equality, so that nothing can be looked
// up by them.
var incomparable = []string{"json", "xml", "point", "line", "lseg", "box", "path", "polygon", "circle", "geometry", "geography"}

// comparable checks that keys, references, identities and conditions stand in
// columns that can be compared.
func (c *checker) comparable(t *dataset.Table, rel *relation) {
	check := func(line int, what, column string) {
		if a, ok := rel.columns[column]; ok && slices.Contains(incomparable, a.base) {
			c.say(on("type"), t, line, "%s of %s is in column %s of type %s, which cannot be compared; use another column", what, t.Name, column, a.base)
		}
	}
	for _, k := range t.Key {
		check(t.Line, "the key", k)
	}
	for _, ref := range t.Refs {
		for _, k := range ref.Columns {
			check(ref.Line, "a reference", k)
		}
	}
	for _, e := range t.Entries {
		if e.Enter {
			check(e.Line, "the identity "+e.Kind, e.Column)
		}
	}
	for _, w := range t.Where {
		check(w.Line, "a condition", w.Column)
	}
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
			c.say(about{code: "unlike-types", advice: true}, t, ref.Line, "%s.%s (%s) and %s.%s (%s) are of unlike types; they are compared as texts, without an index",
				t.Name, ref.Columns[i], a.base, to.Name, ref.ToColumns[i], b.base)
		}
		if t.Erase.Do == dataset.DetachRow && ref.Down && a.notNull {
			c.say(on("not-null", connect.Detach), t, ref.Line, "column %s of %s is NOT NULL and cannot be detached: drop NOT NULL, or delete or mask the rows", ref.Columns[i], t.Name)
		}
	}
	if ref.Down && !indexed(rel, ref.Columns) {
		c.say(slow, t, ref.Line, "following %s from %s to %s has no index: create index on %s (%s)",
			ref.Columns[0], to.Name, t.Name, c.rel(t), c.name(ref.Columns[0]))
	}
	if ref.Up && !indexed(toRel, ref.ToColumns) {
		c.say(slow, t, ref.Line, "following %s to %s has no index: create index on %s (%s)",
			ref.Columns[0], to.Name, c.rel(to), c.name(ref.ToColumns[0]))
	}
}

func (c *checker) sharedBy(t *dataset.Table, s dataset.SharedBy) {
	by := c.d.data.Table(s.Table)
	rel := c.cat.of(by)
	if rel == nil {
		return
	}
	if !indexed(rel, []string{s.Column}) {
		c.say(slow, t, s.Line, "counting who uses a row by %s.%s has no index: create index on %s (%s)", by.Name, s.Column, c.rel(by), c.name(s.Column))
	}
	if t.SharedErase != dataset.DetachRow {
		return
	}
	clears := s.Person == "" || s.Clear
	a := c.cat.attr(by, s.Column)
	switch {
	case clears && a.notNull:
		c.say(on("not-null", connect.Detach), t, s.Line, "column %s of %s is NOT NULL, so nobody can be detached from it: drop NOT NULL, or use shared_erase: mask or keep", s.Column, by.Name)
	case clears && !a.update:
		c.say(on("permission", connect.Detach), t, s.Line, "the database user may not update column %s of %s, so nobody can be detached from it: grant update (%s)", s.Column, by.Name, c.name(s.Column))
	case !clears && !rel.del:
		c.say(on("permission", connect.Detach), t, s.Line, "the database user may not delete from %s, so nobody can be detached from %s: grant delete", by.Name, t.Name)
	}
}

// spreads finds walks that do not narrow down to one person: up from a row to
// one that others use, and down again to theirs.
func (c *checker) spreads() {
	for _, t := range c.d.data.Tables {
		for _, ref := range t.Refs {
			to := c.d.data.Table(ref.To)
			if !ref.Up || ref.SamePerson || stops(to) || c.unique(t, ref.Columns) {
				continue
			}
			if back := c.downTo(to, t); back != nil {
				c.say(on("spreads"), t, ref.Line, "a walk from %s goes up to %s and down again by %s.%s to rows of everybody who uses the same row of %s; "+
					"it never narrows to one person: give one of them another direction, or say under shared_by of %s who uses its rows",
					t.Name, to.Name, back.holder.Name, strings.Join(back.ref.Columns, ", "), to.Name, to.Name)
			}
		}
	}
}

// stops reports whether a walk waits at a table until it is known that nobody
// else uses the row.
func stops(t *dataset.Table) bool { return len(t.SharedBy) > 0 || t.Person }

func (c *checker) unique(t *dataset.Table, cols []string) bool {
	rel := c.cat.of(t)
	return rel != nil && uniqueOn(rel, cols)
}

// downTo finds the step down by which a walk comes back from a table.
func (c *checker) downTo(from, back *dataset.Table) *step {
	type at struct {
		t    *dataset.Table
		down *step // the first step down on the way, if any
	}
	seen := map[string]bool{}
	for todo := []at{{from, nil}}; len(todo) > 0; todo = todo[1:] {
		for _, st := range c.d.links[todo[0].t.Name].out {
			down := todo[0].down
			if down == nil && !st.up && !c.unique(st.holder, st.ref.Columns) {
				down = st
			}
			if st.to == back && down != nil {
				return down
			}
			key := fmt.Sprintf("%s %t", st.to.Name, down != nil)
			if !seen[key] && !stops(st.to) {
				seen[key] = true
				todo = append(todo, at{st.to, down})
			}
		}
	}
	return nil
}
