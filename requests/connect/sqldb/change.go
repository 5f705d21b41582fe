package sqldb

import (
	"fmt"
	"slices"
	"strings"

	"habeas/requests/connect"
	"habeas/requests/connect/sqldb/dataset"
)

// assignments are the columns that suppression sets: those planned, else all.
func assignments(t *dataset.Table, fields []string) []dataset.Assignment {
	if t.Suppress == nil {
		return nil
	}
	if len(fields) == 0 {
		return t.Suppress.Set
	}
	var out []dataset.Assignment
	for _, a := range t.Suppress.Set {
		if slices.Contains(fields, a.Column) {
			out = append(out, a)
		}
	}
	return out
}

func assignedValue(cat *catalog, t *dataset.Table, a dataset.Assignment) string {
	switch {
	case a.Now:
		return "now()"
	case a.Value.Null:
		return "null"
	}
	return cat.value(cat.attr(t, a.Column), a.Value.Text)
}

// doneSQL says that row t, planned for an action, is in its target state.
// people is, for a shared row to be detached, a JSON array of their names.
func doneSQL(cat *catalog, d *dataset.Dataset, t *dataset.Table, action connect.Action, fields []string, people string) string {
	var parts []string
	switch action {
	case connect.Mask:
		for _, f := range maskFields(t, fields) {
			parts = append(parts, isMasked(cat, t, "t", f))
		}
	case connect.Detach:
		if len(fields) == 0 {
			return "not " + usedSQL(cat, d, t, func(user string) string { return cat.listed(user, people) })
		}
		for _, f := range fields {
			parts = append(parts, isMasked(cat, t, "t", f))
		}
	case connect.Suppress:
		for _, a := range assignments(t, fields) {
			if a.Now {
				parts = append(parts, col("t", a.Column)+" is not null")
			} else {
				parts = append(parts, cat.same(cat.attr(t, a.Column), col("t", a.Column), assignedValue(cat, t, a)))
			}
		}
	default:
		return "false"
	}
	if len(parts) == 0 {
		return "true"
	}
	return "(" + strings.Join(parts, " and ") + ")"
}

// usedSQL says that people use the shared row t; whose says of the name of a
// user whether it is one of them.
func usedSQL(cat *catalog, d *dataset.Dataset, t *dataset.Table, whose func(user string) string) string {
	var parts []string
	for _, s := range t.SharedBy {
		by := d.Table(s.Table)
		on := joinOn(cat, by, "b", []string{s.Column}, t, "t", t.Key)
		parts = append(parts, fmt.Sprintf("exists (select 1 from %s b where %s and %s)", relName(by), on, userIs(cat, d, by, s, whose)))
	}
	if len(parts) == 0 {
		return "false"
	}
	return "(" + strings.Join(parts, " or ") + ")"
}

// userIs says of row b, which shows who uses a shared row, whether it is one of
// the people whose says it of, by their names as in Found.Owner.
func userIs(cat *catalog, d *dataset.Dataset, by *dataset.Table, s dataset.SharedBy, whose func(user string) string) string {
	ref := personOf(d, by, s.Person)
	if ref == nil {
		return whose(literal(cat, by.Name+"/") + " || " + keyText(cat, by, "b"))
	}
	to := d.Table(ref.To)
	return "exists (select 1 from " + relName(to) + " p where " + joinOn(cat, to, "p", ref.ToColumns, by, "b", ref.Columns) +
		" and " + whose(literal(cat, to.Name+"/")+" || "+keyText(cat, to, "p")) + ")"
}

// stateOf is the state that an action leads to.
func stateOf(a connect.Action) connect.State {
	switch a {
	case connect.Erase:
		return connect.Absent
	case connect.Mask:
		return connect.Masked
	case connect.Detach:
		return connect.Detached
	case connect.Suppress:
		return connect.Suppressed
	case connect.Correct:
		return connect.Corrected
	}
	return connect.Present
}

// changeSQL writes the statement of an action on those rows of r for which
// where holds; "" when there is nothing to set.
func changeSQL(cat *catalog, t *dataset.Table, action connect.Action, fields []string, r rowset, where, secret string) string {
	var set []assignment
	switch action {
	case connect.Erase:
		return cat.deleting(relName(t), "t", r, where)
	case connect.Mask, connect.Detach:
		if action == connect.Mask {
			fields = maskFields(t, fields)
		}
		for _, f := range fields {
			v := "null"
			if action == connect.Mask || t.Column(f).Explicit {
				v = maskedValue(cat, t, f, secret)
			}
			set = append(set, assignment{f, v})
		}
	case connect.Suppress:
		for _, a := range assignments(t, fields) {
			set = append(set, assignment{a.Column, assignedValue(cat, t, a)})
		}
	}
	if len(set) == 0 {
		return ""
	}
	return cat.updating(relName(t), "t", set, r, where)
}
