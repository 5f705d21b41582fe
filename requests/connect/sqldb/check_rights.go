package sqldb

import (
	"fmt"
	"slices"
	"strings"

	"habeas/requests/connect"
	"habeas/requests/connect/sqldb/dataset"
)

// deletes reports whether rows of a table may go by the file.
func deletes(t *dataset.Table) bool {
	return t.Never == "" && !t.Lookup && (t.Erase.Do == dataset.DeleteRow || t.Erase.Do == dataset.KeepRow && t.Erase.Then == dataset.DeleteRow)
}

// rights checks that the database user may do what the dataset says.
func (c *checker) rights(t *dataset.Table, rel *relation) {
	if t.Never == "" && !t.Lookup && rel.kind != "r" && rel.kind != "p" {
		c.say(on("view", connect.Erase, connect.Mask, connect.Detach), t, t.Line, "%s is a view or foreign table and cannot be erased from: describe the tables below it", t.Name)
		return
	}
	if rel.loose != "" && t.Never == "" && !t.Lookup {
		c.say(on("loose", connect.Erase, connect.Mask, connect.Detach), t, t.Line, "%s %s", t.Name, rel.loose)
	}
	if c.facts != nil {
		f := c.facts
		key := [2]string{t.Schema, t.Rel}
		if f.hidden[key] {
			c.say(on("row-security"), t, t.Line, "row security hides rows of %s from the database user: give it a policy that shows all rows, or BYPASSRLS", t.Name)
		}
		for _, col := range t.Columns {
			if f.unreadable[key][col.Name] {
				c.say(on("permission"), t, col.Line, "the database user may not read column %s of %s: grant select (%s)", col.Name, t.Name, c.name(col.Name))
			}
		}
	}
	updates := slices.ContainsFunc(t.Columns, func(col *dataset.Column) bool { return col.Mask.Changes() && len(masks(t, col)) > 0 })
	if deletes(t) && !rel.del {
		c.say(on("permission", connect.Erase), t, t.Line, "the database user may not delete from %s: grant delete", t.Name)
	}
	if updates && !rel.upd {
		c.say(on("permission", connect.Mask, connect.Detach), t, t.Line, "the database user may not update %s: grant update", t.Name)
	}
	if deletes(t) && rel.del && !rel.upd && len(t.SharedBy) > 0 {
		c.say(on("permission", connect.Erase), t, t.Line, "rows of %s are locked before they go, which needs the right to update: grant update", t.Name)
	}
	if t.Suppress != nil {
		c.suppress(t, rel)
	}
}

func (c *checker) suppress(t *dataset.Table, rel *relation) {
	act := func(code string) about { return on(code, connect.Suppress) }
	for _, a := range t.Suppress.Set {
		at, ok := rel.columns[a.Column]
		switch {
		case !ok: // said already
		case !a.Now && a.Value.Null && at.notNull:
			c.say(act("not-null"), t, a.Line, "column %s is NOT NULL and cannot be set to null", a.Column)
		case at.generated:
			c.say(act("generated"), t, a.Line, "column %s is generated and cannot be set", a.Column)
		case !at.update:
			c.say(act("permission"), t, a.Line, "the database user may not update column %s of %s: grant update (%s)", a.Column, t.Name, c.name(a.Column))
		}
	}
}

// cascades names rows that the database would take along with deleted ones.
func (c *checker) cascades(t *dataset.Table) {
	if !deletes(t) {
		return
	}
	act := func(code string) about { return on(code, connect.Erase) }
	for _, f := range c.cat.fks {
		if f.parent != [2]string{t.Schema, t.Rel} {
			continue
		}
		child := slices.IndexFunc(c.d.data.Tables, func(o *dataset.Table) bool { return o.Schema == f.child[0] && o.Rel == f.child[1] })
		name := f.child[0] + "." + f.child[1] + "." + strings.Join(f.columns, ", ")
		switch {
		case child < 0 && f.onDelete == "c":
			c.say(act("cascade"), t, t.Line, "deleting from %s would delete rows along (%s), which this file does not describe: describe them, or mask %s", t.Name, name, t.Name)
		case child < 0 && (f.onDelete == "n" || f.onDelete == "d"):
			c.say(act("cascade"), t, t.Line, "deleting from %s would change rows (%s), which this file does not describe: describe them, or mask %s", t.Name, name, t.Name)
		case child < 0:
			c.say(act("foreign-key"), t, t.Line, "deleting from %s fails while rows refer to it (%s), which this file does not describe: describe them, or mask %s", t.Name, name, t.Name)
		default:
			c.childStays(t, c.d.data.Tables[child], f)
		}
	}
}

// childStays names rows that stay and would go on referring to deleted ones.
func (c *checker) childStays(parent, child *dataset.Table, f foreignKey) {
	if parent == child || slices.ContainsFunc(parent.SharedBy, func(s dataset.SharedBy) bool { return s.Table == child.Name && f.columns[0] == s.Column }) {
		return
	}
	var ref *dataset.Ref
	for _, r := range child.Refs {
		if r.To == parent.Name && slices.Equal(r.Columns, f.columns) {
			ref = r
		}
	}
	act := on("foreign-key", connect.Erase)
	name := child.Name + "." + strings.Join(f.columns, ", ")
	switch {
	case ref == nil:
		c.say(act, parent, child.Line, "%s refers to %s in the database; describe it under references, so that its rows are found before %s loses its own", name, parent.Name, parent.Name)
	case !ref.Down:
		// Rows of others may refer to the person's row; then the delete fails, and
		// the plan says so. Nothing to do about it in general.
	case parent.Erase.Do == dataset.KeepRow:
		// Both stay for a while; whether their reasons end together is the
		// author's to know.
	case child.Never != "" || child.Lookup || child.Erase.Do == dataset.KeepRow:
		c.say(act, parent, child.Line, "rows of %s are kept and refer to %s, whose rows are deleted: mask %s instead", name, parent.Name, parent.Name)
	case child.Erase.Do == dataset.MaskRow:
		if col := child.Column(f.columns[0]); col.Mask != dataset.SetNull {
			c.say(act, parent, child.Line, "rows of %s are masked and go on referring to %s, whose rows are deleted: erase the column to null, or mask %s", name, parent.Name, parent.Name)
		}
	}
}

// order names cycles of constraints that nothing breaks, and orders of the file
// that a constraint forbids.
func (c *checker) order() {
	ord := childrenFirst(c.d.data, c.cat)
	place := map[[2]string]int{}
	for i, t := range ord.tables {
		place[[2]string{t.Schema, t.Rel}] = i
	}
	for _, f := range c.cat.fks {
		p, ok := place[f.parent]
		ch, ok2 := place[f.child]
		if !ok || !ok2 || f.nullable || f.deferrable {
			continue
		}
		if p == ch {
			if t := ord.tables[p]; deletes(t) && c.cat.rowwise() {
				c.say(on("cycle", connect.Erase).look(), t, t.Line, "rows of %s that refer to themselves or in a circle over constraint %s cannot be deleted here: make its column nullable", t.Name, f.name)
			}
			continue
		}
		parent, child := ord.tables[p], ord.tables[ch]
		if !deletes(parent) || !deletes(child) {
			continue
		}
		if i := slices.IndexFunc(child.After, func(o dataset.Order) bool { return o.Table == parent.Name }); i >= 0 {
			c.say(on("order", connect.Erase), child, child.After[i].Line, "%s is to be erased after %s, but constraint %s wants its rows to go first: make its column nullable, or the constraint deferrable, or leave the order out",
				child.Name, parent.Name, f.name)
			continue
		}
		if ch > p {
			c.say(on("cycle", connect.Erase), child, child.Line, "constraint %s is part of a cycle: make its column nullable, or the constraint deferrable", f.name)
		}
	}
}

// along names triggers, which run with what an erasure does.
func (c *checker) along(t *dataset.Table, rel *relation) {
	if c.facts == nil {
		return
	}
	changes := t.Suppress != nil || slices.ContainsFunc(t.Columns, func(col *dataset.Column) bool { return col.Mask.Changes() && len(masks(t, col)) > 0 })
	for _, tr := range c.facts.triggers[[2]string{t.Schema, t.Rel}] {
		var when []string
		var actions []connect.Action
		if tr.del && deletes(t) {
			when, actions = append(when, "deleted"), append(actions, connect.Erase)
		}
		if tr.upd && changes {
			when, actions = append(when, "changed"), append(actions, connect.Mask, connect.Detach, connect.Suppress)
		}
		if len(when) > 0 {
			c.say(on("trigger", actions...).look(), t, t.Line, "trigger %s runs when rows of %s are %s: see that it does not refuse, and describe what it copies them to (a history table, say)",
				tr.name, t.Name, strings.Join(when, " or "))
		}
	}
}

// readOnly says that nothing can be changed here at all.
func (c *checker) readOnly() {
	if c.facts == nil || c.facts.readOnly == "" {
		return
	}
	for _, t := range c.d.data.Tables {
		if t.Never != "" && t.Suppress == nil || t.Lookup {
			continue
		}
		c.say(on("read-only", connect.Erase, connect.Mask, connect.Detach, connect.Suppress), t, t.Line, "rows of %s cannot be changed: %s", t.Name, c.facts.readOnly)
		if len(c.d.data.Tables) > 1 {
			c.findings[len(c.findings)-1].Text = fmt.Sprintf("rows cannot be changed: %s", c.facts.readOnly)
		}
		// One is enough for check; a plan is told whatever types it has.
		c.findings[len(c.findings)-1].table = ""
		return
	}
}
