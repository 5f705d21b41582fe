package sqldb

import (
	"slices"
	"strings"

	"habeas/requests/connect"
	"habeas/requests/connect/sqldb/dataset"
)

// masks says by which actions columns of a table get new values.
func masks(t *dataset.Table, col *dataset.Column) []connect.Action {
	if t.Never != "" || t.Lookup {
		return nil
	}
	var out []connect.Action
	if t.Erase.Do == dataset.MaskRow || t.Erase.Then == dataset.MaskRow && t.Erase.Do == dataset.KeepRow || t.SharedErase == dataset.MaskRow {
		out = append(out, connect.Mask)
	}
	if t.Erase.Do == dataset.DetachRow && col.Explicit {
		out = append(out, connect.Detach)
	}
	return out
}

// column checks a column's erase strategy against the table.
func (c *checker) column(t *dataset.Table, rel *relation, col *dataset.Column) {
	a := rel.columns[col.Name]
	by := masks(t, col)
	if len(by) == 0 || !col.Mask.Changes() {
		return
	}
	if a.generated {
		c.say(on("generated", by...), t, col.Line, "column %s is generated and cannot be masked; mask what it is made of", col.Name)
		return
	}
	if !a.update && (rel.kind == "r" || rel.kind == "p") {
		c.say(on("permission", by...), t, col.Line, "the database user may not update column %s of %s: grant update (%s)", col.Name, t.Name, c.name(col.Name))
	}
	switch col.Mask {
	case dataset.SetNull:
		if a.notNull {
			c.say(on("not-null", by...), t, col.Line, "column %s is NOT NULL and cannot be erased to null: give it a text or random", col.Name)
		}
	case dataset.SetText:
		c.fixedText(t, rel, col, by)
	case dataset.SetRandom, dataset.SetHash:
		c.ownText(t, rel, col, by)
	case dataset.SetYear:
		if !a.dated() {
			c.say(on("type", by...), t, col.Line, "column %s (%s) has no year to truncate to: only dates and times do", col.Name, a.base)
		} else if uniqueWith(rel, col.Name) {
			c.say(on("unique", by...), t, col.Line, "column %s is unique; the first day of a year is not: use random or null", col.Name)
		}
	}
	c.constrained(t, col, by)
}

func (c *checker) fixedText(t *dataset.Table, rel *relation, col *dataset.Column, by []connect.Action) {
	a := rel.columns[col.Name]
	if !a.textual() {
		c.say(on("type", by...), t, col.Line, "column %s takes no text; erase it to null", col.Name)
	}
	if n := len([]rune(col.Text)); a.length > 0 && n > a.length {
		c.say(on("too-long", by...), t, col.Line, "the text for column %s has %d characters, the column takes %d", col.Name, n, a.length)
	}
	if uniqueWith(rel, col.Name) {
		c.say(on("unique", by...), t, col.Line, "column %s is unique; the same text for everybody would break that: use random or null", col.Name)
	}
}

// ownText checks columns whose new value is made for each row.
func (c *checker) ownText(t *dataset.Table, rel *relation, col *dataset.Column, by []connect.Action) {
	a := rel.columns[col.Name]
	takes := a.base == "uuid" || a.textual()
	if col.Mask == dataset.SetRandom {
		takes = takes || a.whole() || a.dated()
	}
	least := minRandom
	if col.Email {
		least += len(randomHost)
	}
	switch {
	case !takes && col.Mask == dataset.SetRandom:
		c.say(on("type", by...), t, col.Line, "column %s (%s) takes no random value: only texts, uuids, whole numbers, dates and times do", col.Name, a.base)
	case !takes:
		c.say(on("type", by...), t, col.Line, "column %s (%s) takes no digest: only texts and uuids do", col.Name, a.base)
	case a.textual() && a.length > 0 && a.length < least:
		c.say(on("too-long", by...), t, col.Line, "column %s takes %d characters, a random value needs %d", col.Name, a.length, least)
	}
}

// dated reports whether the column holds dates or times of a day.
func (a attribute) dated() bool {
	return slices.Contains([]string{"date", "timestamp", "timestamptz", "datetime"}, a.base)
}

func uniqueWith(rel *relation, name string) bool {
	return slices.ContainsFunc(rel.indexes, func(ix index) bool {
		return ix.unique && len(ix.keys) == 1 && (unquoted(ix.keys[0]) == name || strings.Contains(ix.keys[0], "("+name))
	})
}

// constrained looks at constraints that may refuse a new value.
func (c *checker) constrained(t *dataset.Table, col *dataset.Column, by []connect.Action) {
	if c.facts == nil {
		return
	}
	for _, k := range c.facts.checks[[2]string{t.Schema, t.Rel}] {
		if !slices.Contains(k.columns, col.Name) {
			continue
		}
		switch k.refuses[col.Name] {
		case refused:
			c.say(on("check", by...), t, col.Line, "constraint %s refuses what column %s of %s is erased to: give it a value that the constraint takes", k.name, col.Name, t.Name)
		case unknown:
			c.say(on("check", by...).look(), t, col.Line, "constraint %s looks at column %s of %s: see that it takes what the column is erased to", k.name, col.Name, t.Name)
		}
	}
}
