package fides

import (
	"slices"
	"strings"

	"habeas/requests/connect/sqldb/dataset"
	"habeas/requests/connect/sqldb/draft"
)

// key settles a table's key: Fides' own, the database's, else a guess.
func (im *importer) key(m *made) {
	for _, f := range m.fields {
		if f.key && !slices.Contains(m.t.Key, f.name) {
			m.t.Key = append(m.t.Key, f.name)
		}
	}
	if m.live != nil && len(m.live.Key) > 0 {
		for _, k := range m.live.Key {
			if m.t.Column(k) == nil {
				m.t.Columns = append(m.t.Columns, &dataset.Column{Name: k, Title: k})
			}
		}
		if len(m.t.Key) > 0 && !slices.Equal(slices.Sorted(slices.Values(m.t.Key)), slices.Sorted(slices.Values(m.live.Key))) {
			im.say(m, m.from.line, "", "the key in Fides is %s, in the database %s; the database counts", strings.Join(m.t.Key, ", "), strings.Join(m.live.Key, ", "))
		}
		m.t.Key = m.live.Key
		return
	}
	if len(m.t.Key) > 0 {
		return
	}
	if m.t.Column("id") != nil {
		m.t.Key = []string{"id"}
		im.say(m, m.from.line, "", "Fides names no primary_key of %s; id is taken. Check it, or import with --url to take it from the database", m.t.Name)
		return
	}
	for _, c := range m.t.Columns {
		m.t.Key = append(m.t.Key, c.Name)
	}
	im.say(m, m.from.line, "", "Fides names no primary_key of %s, and it has no id: all its columns (%s) are taken together, which identifies a row only if no two are alike. "+
		"Add `primary_key: True` in Fides, or correct key here, or import with --url to take it from the database", m.t.Name, strings.Join(m.t.Key, ", "))
}

// erase settles what an erasure does to the rows.
func (im *importer) erase(m *made) {
	t := m.t
	if !hasPersonal(t) && len(t.Entries) == 0 {
		t.Lookup = true
		t.Erase.Do = dataset.KeepRow
		im.say(m, m.from.line, "", "no field of %s is personal by its data_categories: rows are disclosed, and no erasure touches them", t.Name)
		return
	}
	t.Erase.Do = dataset.MaskRow
	for _, c := range t.Columns {
		if !slices.Contains(t.Key, c.Name) {
			im.fits(m, c)
			continue
		}
		// The key stays, whatever its category.
		if c.Explicit && c.Mask != dataset.KeepValue {
			im.say(m, c.Line, c.Name, "%s is part of the key and cannot be masked", c.Name)
		}
		c.Explicit, c.Mask = false, dataset.Leave
		enters := slices.ContainsFunc(t.Entries, func(e *dataset.Entry) bool { return e.Column == c.Name && e.System == "" })
		if c.Category != "" && (c.Category != "identity.number" || enters) && t.Erase.Do != dataset.DeleteRow {
			t.Erase.Do = dataset.DeleteRow
			im.say(m, m.from.line, "", "%s is personal and part of the key, which cannot be masked: rows of %s are deleted", c.Name, t.Name)
		}
	}
	switch m.from.override {
	case "":
	case "delete":
		t.Erase.Do = dataset.DeleteRow
	default:
		im.say(m, m.from.line, "", "the masking strategy %s of %s has nothing like it here: rows are masked column by column", m.from.override, t.Name)
	}
	if t.Erase.Do == dataset.MaskRow {
		im.unlink(m)
	}
}

// unlink clears, in rows that are masked, references to rows that people share.
func (im *importer) unlink(m *made) {
	for _, r := range m.t.Refs {
		to := im.byName(r.To)
		c := m.t.Column(r.Columns[0])
		if !r.Up || len(to.t.SharedBy) == 0 || c.Explicit || slices.Contains(m.t.Key, c.Name) {
			continue
		}
		if live := liveColumn(m, c.Name); live != nil && live.NotNull {
			to.t.SharedErase = dataset.KeepRow
			im.say(to, m.from.line, "", "%s.%s is NOT NULL, so nobody can be taken out of a shared row of %s: it is kept", m.t.Name, c.Name, to.t.Name)
			continue
		}
		c.Mask, c.Explicit = dataset.SetNull, true
	}
}

func liveColumn(m *made, name string) *draft.Column {
	if m.live == nil {
		return nil
	}
	return m.live.Column(name)
}

// fits replaces a null that the database would refuse.
func (im *importer) fits(m *made, c *dataset.Column) {
	if m.live == nil {
		return
	}
	if why, _ := draft.Fit(m.live, c); why != "" {
		im.say(m, c.Line, c.Name, "%s.%s: %s", m.t.Name, c.Name, why)
	}
}
