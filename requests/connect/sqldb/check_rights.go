package sqldb

import (
	"slices"
	"strings"

	"habeas/requests/connect/sqldb/dataset"
)

// rights checks that the database user may do what the dataset says.
func (c *checker) rights(t *dataset.Table, rel *relation) {
	if t.Never == "" && rel.kind != "r" && rel.kind != "p" {
		c.fault(t.Line, "%s is a view or foreign table and cannot be erased from: describe the tables below it", t.Name)
		return
	}
	deletes := t.Erase.Do == dataset.DeleteRow || t.Erase.Then == dataset.DeleteRow
	updates := t.Erase.Do == dataset.MaskRow || t.Erase.Do == dataset.DetachRow || t.Erase.Then == dataset.MaskRow || t.SharedErase == dataset.MaskRow || t.Suppress != nil
	if deletes && t.Never == "" && !rel.del {
		c.fault(t.Line, "the database user may not delete from %s: grant delete", t.Name)
	}
	if updates && (t.Never == "" || t.Suppress != nil) && !rel.upd {
		c.fault(t.Line, "the database user may not update %s: grant update", t.Name)
	}
	if t.Suppress == nil {
		return
	}
	for _, a := range t.Suppress.Set {
		if at := rel.columns[a.Column]; !a.Now && a.Value.Null && at.notNull {
			c.fault(a.Line, "column %s is NOT NULL and cannot be set to null", a.Column)
		}
	}
}

// cascades names rows that the database would take along with deleted ones.
func (c *checker) cascades(t *dataset.Table) {
	if t.Never != "" || (t.Erase.Do != dataset.DeleteRow && t.Erase.Then != dataset.DeleteRow) {
		return
	}
	for _, f := range c.cat.fks {
		if f.parent != [2]string{t.Schema, t.Rel} {
			continue
		}
		child := slices.IndexFunc(c.d.data.Tables, func(o *dataset.Table) bool { return o.Schema == f.child[0] && o.Rel == f.child[1] })
		name := f.child[0] + "." + f.child[1] + "." + strings.Join(f.columns, ", ")
		switch {
		case child < 0 && f.onDelete == "c":
			c.fault(t.Line, "deleting from %s would delete rows along (%s), which this file does not describe", t.Name, name)
		case child < 0 && (f.onDelete == "n" || f.onDelete == "d"):
			c.fault(t.Line, "deleting from %s would change rows (%s), which this file does not describe", t.Name, name)
		case child < 0:
			c.fault(t.Line, "deleting from %s fails while rows refer to it (%s), which this file does not describe", t.Name, name)
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
	name := child.Name + "." + strings.Join(f.columns, ", ")
	switch {
	case ref == nil:
		c.fault(child.Line, "%s refers to %s in the database; describe it under references, so that its rows are found before %s loses its own", name, parent.Name, parent.Name)
	case !ref.Down:
		// Rows of others may refer to the person's row; then the delete fails, and
		// the plan says so. Nothing to do about it in general.
	case parent.Erase.Do == dataset.KeepRow:
		// Both stay for a while; whether their reasons end together is the
		// author's to know.
	case child.Never != "" || child.Erase.Do == dataset.KeepRow:
		c.fault(child.Line, "rows of %s are kept and refer to %s, whose rows are deleted: mask %s instead", name, parent.Name, parent.Name)
	case child.Erase.Do == dataset.MaskRow:
		if col := child.Column(f.columns[0]); col.Mask != dataset.SetNull {
			c.fault(child.Line, "rows of %s are masked and go on referring to %s, whose rows are deleted: erase the column to null, or mask %s", name, parent.Name, parent.Name)
		}
	}
}

// order names cycles of constraints that nothing breaks.
func (c *checker) order() {
	ord := childrenFirst(c.d.data, c.cat)
	place := map[[2]string]int{}
	for i, t := range ord.tables {
		place[[2]string{t.Schema, t.Rel}] = i
	}
	for _, f := range c.cat.fks {
		p, ok := place[f.parent]
		ch, ok2 := place[f.child]
		if ok && ok2 && ch > p && !f.nullable && !f.deferrable {
			c.fault(ord.tables[ch].Line, "constraint %s is part of a cycle: make its column nullable, or the constraint deferrable", f.name)
		}
	}
}
