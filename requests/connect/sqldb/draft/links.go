package draft

import (
	"slices"
	"strings"

	"habeas/requests/connect/sqldb/dataset"
)

// links takes foreign keys, and where there is none, columns named after a
// table.
func (d *drafter) links(n *node) {
	for _, f := range n.live.ForeignKeys {
		to := d.node(f.ToSchema, f.ToName)
		switch {
		case to == nil:
			d.note(n, "", "%s refers to %s.%s, which is not in this file.", strings.Join(f.Columns, ", "), f.ToSchema, f.ToName)
		case slices.ContainsFunc(f.Columns, awkward) || slices.ContainsFunc(f.ToColumns, awkward):
			d.note(n, "", "A reference to %s has a column whose name this file cannot say in a list.", to.t.Name)
		default:
			n.links = append(n.links, link{ForeignKey: f, to: to})
		}
	}
	for _, c := range n.live.Columns {
		if awkward(c.Name) || slices.ContainsFunc(n.links, func(l link) bool { return slices.Contains(l.Columns, c.Name) }) {
			continue
		}
		if to := d.namedAfter(n, c); to != nil {
			n.links = append(n.links, link{to: to, guessed: true, ForeignKey: ForeignKey{
				Columns: []string{c.Name}, ToSchema: to.live.Schema, ToName: to.live.Name, ToColumns: to.live.Key,
			}})
		}
	}
}

func (d *drafter) node(schema, name string) *node {
	for _, n := range d.all {
		if n.live.Schema == schema && n.live.Name == name {
			return n
		}
	}
	return nil
}

// namedAfter finds the table that a column without a foreign key is named
// after: customer_id, customerId, kunden_nr.
func (d *drafter) namedAfter(n *node, c Column) *node {
	w := words(c.Name)
	if len(w) < 2 || !slices.Contains([]string{"id", "nr", "no", "key", "uuid", "fk", "ref"}, w[len(w)-1]) {
		return nil
	}
	stem := w[len(w)-2]
	for _, to := range d.all {
		if to == n || to.live.Schema != n.live.Schema || len(to.live.Key) != 1 || awkward(to.live.Key[0]) {
			continue
		}
		tw := words(to.live.Name)
		last := tw[len(tw)-1:]
		k := to.live.Column(to.live.Key[0])
		if len(last) == 1 && (last[0] == stem || singular(last[0]) == stem) && k != nil && k.Sort == c.Sort {
			return to
		}
	}
	return nil
}

// belong measures how far tables are from people, along references from rows
// to those they hang on.
func (d *drafter) belong() {
	d.spread()
	for _, n := range d.all {
		if n.level < 0 && len(n.t.Entries) > 0 {
			n.level = 1
		}
	}
	d.spread()
}

func (d *drafter) spread() {
	for changed := true; changed; {
		changed = false
		for _, n := range d.all {
			if n.t.Person {
				continue
			}
			for _, l := range n.links {
				if l.to == n || l.to.level < 0 || d.handles(l) {
					continue
				}
				if at := l.to.level + 1; n.level < 0 || at < n.level {
					n.level, changed = at, true
				}
			}
		}
	}
}

// handles reports whether a reference names who worked on a row.
func (d *drafter) handles(l link) bool {
	if !l.to.t.Person {
		return false
	}
	own := words(l.to.live.Name) // employee_id → employees says nothing about a role
	return slices.ContainsFunc(l.Columns, func(c string) bool {
		return slices.ContainsFunc(words(c), func(w string) bool {
			return slices.Contains(handlers, w) && !slices.ContainsFunc(own, func(o string) bool { return o == w || singular(o) == w })
		})
	})
}

// reference writes a link as a reference, with a direction.
func (d *drafter) reference(n *node, l link) {
	ref := &dataset.Ref{Columns: l.Columns, To: l.to.t.Name, ToColumns: l.ToColumns}
	why := ""
	switch {
	case l.to == n && n.t.Person && hasWord(strings.Join(l.Columns, "_"), merges):
		ref.Up, ref.Down, ref.SamePerson = true, true, true
		why = "A guess: both rows are the same person, by the name of the column."
	case l.to == n:
		why = "Rows of the same table: a person's row does not lead to another's."
	case l.to.t.Person && n.t.Person && d.oneToOne(n, l):
		ref.Up, ref.Down, ref.SamePerson = true, true, true
		why = "A guess: both rows are the same person, for the column is unique."
	case l.to.t.Person && n.t.Person:
		why = "From one person to another: not the same person, unless you say same_person: true."
	case l.to.t.Person && d.handles(l):
		why = "A guess: who worked on the row, not whose it is."
	case l.to.t.Person:
		ref.Down = true
	case n.t.Person, n.level >= 0 && l.to.level < 0:
		ref.Up = true
		l.to.guests = append(l.to.guests, n)
	case n.level >= 0 && l.to.level < n.level:
		ref.Down = true
	case n.level >= 0:
		why = "Both hang on people by other references; it only fixes the order of deletes."
	default:
		why = "No person leads here; it only fixes the order of deletes."
	}
	if l.guessed {
		why = strings.TrimSpace("A guess by the name of the column; the database has no such foreign key. " + why)
	}
	n.t.Refs = append(n.t.Refs, ref)
	if why != "" {
		d.note(n, strings.Join(l.Columns, ", ")+" >", "%s", why)
	}
}

// oneToOne reports whether each row has a row of its own there.
func (d *drafter) oneToOne(n *node, l link) bool {
	return slices.Equal(n.t.Key, l.Columns) || len(l.Columns) == 1 && n.live.Unique(l.Columns[0])
}

// lookups settles the tables to which references lead up: lists that hold
// nothing personal, or rows that several people use.
func (d *drafter) lookups() {
	for _, n := range d.all {
		if len(n.guests) == 0 || n.t.Person {
			continue
		}
		personal := slices.ContainsFunc(n.t.Columns, func(c *dataset.Column) bool { return c.Category != "" })
		if !personal {
			n.t.Lookup = true
			d.note(n, "", "A guess: no column looks personal, so it is a list that rows refer to. Disclosed, and untouched by erasure.")
			continue
		}
		for _, g := range n.guests {
			d.guest(n, g)
		}
		if len(n.t.SharedBy) > 0 {
			n.t.SharedErase = dataset.DetachRow
			if d.stuck(n) {
				n.t.SharedErase = dataset.KeepRow
			}
			d.note(n, "", "A guess: several people may share a row.")
		} else {
			d.note(n, "", "Several people may share a row, but who uses one cannot be told from the references: say it under shared_by.")
			d.unlead(n)
		}
	}
}

// guest names one table whose rows show who uses a row of n.
func (d *drafter) guest(n, g *node) {
	for _, r := range g.t.Refs {
		if !r.Up || r.To != n.t.Name || len(r.Columns) != 1 || !slices.Equal(r.ToColumns, n.t.Key) {
			continue
		}
		s := dataset.SharedBy{Table: g.t.Name, Column: r.Columns[0]}
		if !g.t.Person {
			if s.Person = d.personColumn(g); s.Person == "" {
				continue
			}
			c := g.live.Column(s.Column)
			s.Clear = !c.NotNull && !slices.Contains(g.t.Key, s.Column)
		}
		if !slices.Contains(n.t.SharedBy, s) {
			n.t.SharedBy = append(n.t.SharedBy, s)
		}
	}
}

// personColumn is the column by which a row names its person.
func (d *drafter) personColumn(g *node) string {
	for _, r := range g.t.Refs {
		to := d.byName(r.To)
		if to.t.Person && r.Down && len(r.Columns) == 1 && slices.Equal(r.ToColumns, to.t.Key) {
			return r.Columns[0]
		}
	}
	return ""
}

func (d *drafter) byName(name string) *node {
	return d.all[slices.IndexFunc(d.all, func(n *node) bool { return n.t.Name == name })]
}

// stuck reports whether somebody could not be taken out of a shared row.
func (d *drafter) stuck(n *node) bool {
	return slices.ContainsFunc(n.t.SharedBy, func(s dataset.SharedBy) bool {
		g := d.byName(s.Table)
		return s.Person == "" && (g.live.Column(s.Column).NotNull || slices.Contains(g.t.Key, s.Column))
	})
}

// unlead takes back references up to a table whose users nobody knows.
func (d *drafter) unlead(n *node) {
	for _, g := range n.guests {
		for _, r := range g.t.Refs {
			if r.To == n.t.Name && r.Up && !r.SamePerson {
				r.Up = false
				d.note(g, strings.Join(r.Columns, ", ")+" >", "Not followed: who else uses a row of %s is not known.", n.t.Name)
			}
		}
	}
}
