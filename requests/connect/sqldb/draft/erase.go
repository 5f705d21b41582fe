package draft

import (
	"fmt"
	"slices"
	"strings"

	"habeas/requests/connect/sqldb/dataset"
)

// erase proposes to delete rows, and to mask where the database would refuse a
// delete or take along rows that nobody describes.
func (d *drafter) erase() {
	for _, n := range d.all {
		n.t.Erase.Do = dataset.DeleteRow
		if n.t.Lookup {
			n.t.Erase.Do = dataset.KeepRow
			continue
		}
		if hasWord(n.live.Name, ledgers) {
			d.note(n, "", "Looks like accounts. If a law asks you to keep them: erase: {keep: \"the law\", until: end of year COLUMN + 10 years}.")
		}
		if n.level < 0 && len(n.guests) == 0 {
			d.note(n, "", "No reference leads here from a person. If rows are of people, say by which column; otherwise take the table out.")
		}
		if by := d.undescribed(n); by != "" {
			n.t.Erase.Do = dataset.MaskRow
			d.note(n, "", "Masked, not deleted: %s refers to it, which this file does not describe.", by)
		}
	}
	for _, n := range d.circles() {
		n.t.Erase.Do = dataset.MaskRow
		d.note(n, "", "Masked, not deleted: its foreign keys go round in a circle that nothing breaks (a column that may be null, or a deferrable constraint).")
	}
	for changed := true; changed; {
		changed = false
		for _, n := range d.all {
			if !d.remains(n) {
				continue
			}
			for _, l := range n.links {
				if l.to != n && !l.guessed && l.to.t.Erase.Do == dataset.DeleteRow && d.holds(n, l) {
					l.to.t.Erase.Do, changed = dataset.MaskRow, true
					d.note(l.to, "", "Masked, not deleted: rows of %s stay and refer to it.", n.t.Name)
				}
			}
		}
	}
	for _, n := range d.all {
		d.masks(n)
	}
}

func (d *drafter) remains(n *node) bool {
	return n.t.Erase.Do == dataset.MaskRow || n.t.Erase.Do == dataset.KeepRow
}

// holds reports whether a row that stays would go on referring.
func (d *drafter) holds(n *node, l link) bool {
	return slices.ContainsFunc(n.t.Refs, func(r *dataset.Ref) bool {
		return r.To == l.to.t.Name && r.Down && slices.Equal(r.Columns, l.Columns)
	})
}

// undescribed names a table that is left out and refers to n.
func (d *drafter) undescribed(n *node) string {
	for _, t := range d.db.Tables {
		if d.node(t.Schema, t.Name) != nil || t.Kind == Part {
			continue
		}
		for _, f := range t.ForeignKeys {
			if f.ToSchema == n.live.Schema && f.ToName == n.live.Name {
				return fmt.Sprintf("%s.%s (%s)", t.Schema, t.Name, strings.Join(f.Columns, ", "))
			}
		}
	}
	for _, o := range d.all {
		for _, f := range o.live.ForeignKeys {
			said := slices.ContainsFunc(o.links, func(l link) bool { return slices.Equal(l.Columns, f.Columns) && l.to == n })
			if f.ToSchema == n.live.Schema && f.ToName == n.live.Name && !said {
				return fmt.Sprintf("%s (%s)", o.t.Name, strings.Join(f.Columns, ", "))
			}
		}
	}
	return ""
}

// circles finds tables whose foreign keys refer to each other so that no order
// of deletes would do.
func (d *drafter) circles() []*node {
	hard := func(n *node) []*node {
		var out []*node
		for _, l := range n.links {
			nullable := !slices.ContainsFunc(l.Columns, func(c string) bool { return n.live.Column(c).NotNull })
			if l.to != n && !l.guessed && !nullable && !l.Deferrable {
				out = append(out, l.to)
			}
		}
		return out
	}
	var out []*node
	for _, n := range d.all {
		seen := map[*node]bool{}
		todo := hard(n)
		for len(todo) > 0 {
			at := todo[0]
			todo = todo[1:]
			if seen[at] {
				continue
			}
			seen[at] = true
			todo = append(todo, hard(at)...)
		}
		if seen[n] {
			out = append(out, n)
		}
	}
	return out
}

// masks gives the columns of rows that are masked what their table takes.
func (d *drafter) masks(n *node) {
	for _, c := range n.t.Columns {
		if slices.Contains(n.t.Key, c.Name) {
			continue
		}
		if n.t.Erase.Do != dataset.MaskRow {
			continue
		}
		if why, _ := Fit(n.live, c); why != "" {
			d.note(n, c.Name, "%s.", strings.ToUpper(why[:1])+why[1:])
		}
	}
}
