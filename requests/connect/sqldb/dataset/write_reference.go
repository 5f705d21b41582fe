package dataset

import (
	"strings"
)

func (w *writer) identities(t *Table) {
	head := false
	for _, e := range t.Entries {
		if !e.Composed() {
			continue
		}
		if !head {
			w.line("    ", "identities:")
			head = true
		}
		column := "name"
		if e.Kind == "social_id" {
			column = "id"
		}
		parts := []string{"kind: " + e.Kind, column + ": " + scalarYAML(e.Column)}
		if e.NetworkText != "" {
			parts = append(parts, "network: {text: "+scalarYAML(e.NetworkText)+"}")
		} else {
			parts = append(parts, "network: "+scalarYAML(e.Network))
		}
		if e.Match != standardMatch(e.Kind) {
			parts = append(parts, "match: "+string(e.Match))
		}
		if !e.Enter {
			parts = append(parts, "enter: false")
		}
		if e.ChangedAt != "" {
			parts = append(parts, "changed_at: "+scalarYAML(e.ChangedAt))
		}
		if e.Learn {
			parts = append(parts, "learn: true")
		}
		if p := provenYAML(e); p != "" {
			parts = append(parts, p)
		}
		if e.Confirm != "" {
			parts = append(parts, "confirm: "+e.Confirm)
		}
		w.line("      ", "- "+flowYAML(parts))
	}
}

// references writes those inside the file and those to other systems. Several
// on the same columns stand in a list.
func (w *writer) references(t *Table) {
	var order []string
	by := map[string][]string{}
	add := func(columns []string, value string) {
		k := strings.Join(columns, ", ")
		if by[k] == nil {
			order = append(order, k)
		}
		by[k] = append(by[k], value)
	}
	for _, ref := range t.Refs {
		add(ref.Columns, refYAML(ref))
	}
	for _, e := range t.Entries {
		if e.System != "" {
			add([]string{e.Column}, elsewhereYAML(e))
		}
	}
	if len(order) == 0 {
		return
	}
	w.line("    ", "references:")
	for _, k := range order {
		w.comment("      ", w.notes[t.Name+"."+k+" >"])
		if list := by[k]; len(list) > 1 {
			w.line("      ", scalarYAML(k)+":")
			for _, v := range list {
				w.line("      ", "  - "+v)
			}
		} else {
			w.line("      ", scalarYAML(k)+": "+list[0])
		}
	}
}

func refYAML(ref *Ref) string {
	direction := "none"
	switch {
	case ref.Up && ref.Down:
		direction = "both"
	case ref.Up:
		direction = "to"
	case ref.Down:
		direction = "from"
	}
	parts := []string{"to: " + scalarYAML(ref.To+"."+strings.Join(ref.ToColumns, ", "))}
	standard := "from"
	if ref.SamePerson {
		standard = "both"
	}
	if direction != standard {
		parts = append(parts, "direction: "+direction)
	}
	if ref.SamePerson {
		parts = append(parts, "same_person: true")
	}
	if ref.Handler {
		parts = append(parts, "handler: true")
	}
	if len(parts) == 1 {
		return strings.TrimPrefix(parts[0], "to: ")
	}
	return flowYAML(parts)
}

func elsewhereYAML(e *Entry) string {
	parts := []string{"to: {system: " + scalarYAML(e.System) + ", kind: " + scalarYAML(e.Kind) + "}"}
	switch {
	case e.Enter && e.Learn:
		parts = append(parts, "direction: both")
	case e.Enter:
		parts = append(parts, "direction: from")
	}
	if e.Match != standardMatch(e.Kind) {
		parts = append(parts, "match: "+string(e.Match))
	}
	if e.Learn && !e.Always {
		parts = append(parts, "proven: "+condsYAML(e.Proven))
	}
	return flowYAML(parts)
}
