package dataset

func (w *writer) columns(t *Table) {
	w.line("    ", "columns:")
	for _, c := range t.Columns {
		w.comment("      ", w.notes[t.Name+"."+c.Name])
		w.line("      ", scalarYAML(c.Name)+": "+flowYAML(columnParts(t, c)))
	}
}

// columnParts are a column's keys in the order in which people read them.
func columnParts(t *Table, c *Column) []string {
	var parts []string
	add := func(key, value string) {
		if value != "" {
			parts = append(parts, key+": "+value)
		}
	}
	if c.Title != c.Name && c.Title != "" {
		add("title", scalarYAML(c.Title))
	}
	if c.Category != "" {
		add("category", scalarYAML(c.Category))
	}
	if c.FreeText {
		add("free_text", "true")
	}
	if c.Others {
		add("others", "true")
	}
	if c.Provided != "" {
		add("provided", c.Provided)
	}
	for _, e := range t.Entries {
		if e.Column == c.Name && !e.Composed() && e.System == "" {
			parts = append(parts, entryParts(e)...)
		}
	}
	if c.Explicit {
		add("erase", eraseYAML(c))
	}
	if c.PointsTo != "" {
		add("points_to", scalarYAML(c.PointsTo))
	}
	return parts
}

// entryParts writes an identity that stands in one column. One that only
// learns has no match to write.
func entryParts(e *Entry) []string {
	var parts []string
	if e.Enter {
		parts = append(parts, "identity: "+scalarYAML(e.Kind))
		if e.Match != standardMatch(e.Kind) {
			parts = append(parts, "match: "+string(e.Match))
		}
		if e.ChangedAt != "" {
			parts = append(parts, "changed_at: "+scalarYAML(e.ChangedAt))
		}
	}
	if e.Learn {
		as := []string{}
		if !e.Enter {
			as = append(as, "as: "+scalarYAML(e.Kind))
		}
		if p := provenYAML(e); p != "" {
			as = append(as, p)
		}
		learn := "learn: true"
		if len(as) > 0 {
			learn = "learn: " + flowYAML(as)
		}
		parts = append(parts, learn)
	}
	return parts
}

func provenYAML(e *Entry) string {
	switch {
	case e.Always:
		return "proven: always"
	case len(e.Proven) > 0:
		return "proven: " + condsYAML(e.Proven)
	}
	return ""
}

func eraseYAML(c *Column) string {
	switch {
	case c.Mask == SetText:
		return "{text: " + scalarYAML(c.Text) + "}"
	case c.Mask == KeepValue && c.Ground != "":
		parts := []string{"keep: " + scalarYAML(c.Ground)}
		if c.Until != nil {
			parts = append(parts, "until: "+scalarYAML(c.Until.String()))
		}
		return flowYAML(parts)
	case c.Mask == Leave:
		return ""
	}
	return string(c.Mask)
}
