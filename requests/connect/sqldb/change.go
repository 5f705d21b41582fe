package sqldb

import (
	"fmt"
	"slices"
	"strings"

	"habeas/requests/connect"
	"habeas/requests/connect/sqldb/dataset"
)

// Marks by which a random value is recognised later.
const (
	randomText = "erased-"
	randomUUID = "e7a5ed00"
	randomHost = "@erased.invalid"
)

// minRandom is how long a column must be to take a random value that is unique.
const minRandom = 23

// maskFields are the columns that a mask concerns: those planned, else those of
// the dataset.
func maskFields(t *dataset.Table, fields []string) []string {
	if len(fields) > 0 {
		return fields
	}
	var out []string
	for _, c := range t.Columns {
		if c.Mask == dataset.SetNull || c.Mask == dataset.SetText || c.Mask == dataset.SetRandom {
			out = append(out, c.Name)
		}
	}
	return out
}

// maskedValue is the expression that a masked column is set to.
func maskedValue(cat *catalog, t *dataset.Table, name string) string {
	c, a := t.Column(name), cat.attr(t, name)
	switch c.Mask {
	case dataset.SetText:
		return quoteText(c.Text)
	case dataset.SetRandom:
		if a.base == "uuid" {
			return "('" + randomUUID + "' || substr(gen_random_uuid()::text, 9))::uuid"
		}
		digits, host := 32, ""
		if c.Email {
			host = randomHost
		}
		if a.length > 0 {
			digits = max(min(digits, a.length-len(randomText)-len(host)), 0)
		}
		return fmt.Sprintf("'%s' || left(replace(gen_random_uuid()::text, '-', ''), %d) || '%s'", randomText, digits, host)
	}
	return "null" // also for a column that the desk wants masked though the file keeps it
}

// isMasked says that a column has its masked value.
func isMasked(cat *catalog, t *dataset.Table, alias, name string) string {
	c, v := t.Column(name), col(alias, name)
	switch c.Mask {
	case dataset.SetText:
		return v + " is not distinct from " + quoteText(c.Text)
	case dataset.SetRandom:
		if cat.attr(t, name).base == "uuid" {
			return "coalesce(" + v + "::text like '" + randomUUID + "-%', false)"
		}
		return "coalesce(" + v + "::text like '" + randomText + "%', false)"
	}
	return v + " is null"
}

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

func assignedValue(a dataset.Assignment) string {
	switch {
	case a.Now:
		return "now()"
	case a.Value.Null:
		return "null"
	}
	return quoteText(a.Value.Text)
}

// doneSQL says that row t, planned for an action, is in its target state. k
// names the parameters of keys and owners: k.owners is a JSON array of names.
func doneSQL(cat *catalog, d *dataset.Dataset, t *dataset.Table, action connect.Action, fields []string) string {
	var parts []string
	switch action {
	case connect.Mask:
		for _, f := range maskFields(t, fields) {
			parts = append(parts, isMasked(cat, t, "t", f))
		}
	case connect.Detach:
		if len(fields) == 0 {
			return "not " + usedSQL(cat, d, t, "= any(array(select jsonb_array_elements_text(k.owners::jsonb)))")
		}
		for _, f := range fields {
			parts = append(parts, isMasked(cat, t, "t", f))
		}
	case connect.Suppress:
		for _, a := range assignments(t, fields) {
			if a.Now {
				parts = append(parts, col("t", a.Column)+" is not null")
			} else {
				parts = append(parts, col("t", a.Column)+" is not distinct from "+assignedValue(a))
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

// usedSQL says that people, whose names are compared as given, use the shared
// row t.
func usedSQL(cat *catalog, d *dataset.Dataset, t *dataset.Table, compare string) string {
	var parts []string
	for _, s := range t.SharedBy {
		by := d.Table(s.Table)
		on := joinOn(cat, by, "b", []string{s.Column}, t, "t", t.Key)
		parts = append(parts, fmt.Sprintf("exists (select 1 from %s b where %s and %s %s)", relName(by), on, userSQL(by, s), compare))
	}
	if len(parts) == 0 {
		return "false"
	}
	return "(" + strings.Join(parts, " or ") + ")"
}

// userSQL names the person who uses a shared row, as Found.Owner does.
func userSQL(by *dataset.Table, s dataset.SharedBy) string {
	if s.Person == "" {
		return quoteText(by.Name+"/") + " || " + keyText(by, "b")
	}
	return quoteText(personOf(by, s.Person)+"/") + " || " + col("b", s.Person) + "::text"
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

// changeSQL writes the statement of an action on the rows t for which where
// holds; "" when there is nothing to set.
func changeSQL(cat *catalog, t *dataset.Table, action connect.Action, fields []string, where string) string {
	var set []string
	switch action {
	case connect.Erase:
		return "delete from " + relName(t) + " t where " + where
	case connect.Mask, connect.Detach:
		if action == connect.Mask {
			fields = maskFields(t, fields)
		}
		for _, f := range fields {
			v := "null"
			if action == connect.Mask || t.Column(f).Explicit {
				v = maskedValue(cat, t, f)
			}
			set = append(set, quote(f)+" = "+v)
		}
	case connect.Suppress:
		for _, a := range assignments(t, fields) {
			set = append(set, quote(a.Column)+" = "+assignedValue(a))
		}
	}
	if len(set) == 0 {
		return ""
	}
	return "update " + relName(t) + " t set " + strings.Join(set, ", ") + " where " + where
}
