package draft

import (
	"fmt"
	"slices"
	"strings"

	"habeas/requests/connect/sqldb/dataset"
)

// head says what the draft is, and what is not in it.
func (d *drafter) head() {
	notes := []string{
		"A first draft from the catalogue of the database; no row was read. Every guess says why it was made. Go through it table by table: " +
			"what is personal, whose a row is, what an erasure does, and the titles and purposes that customers read. Then run `habeas systems check`.",
	}
	if len(d.left) > 0 {
		notes = append(notes, "Left out:")
		notes = append(notes, d.left...)
	}
	if !slices.ContainsFunc(d.all, func(n *node) bool { return n.t.Person }) {
		notes = append(notes, "No table looks like one of people. Give the one that is person: true, and say where an identity enters.")
	}
	if !slices.ContainsFunc(d.all, func(n *node) bool { return len(n.t.Entries) > 0 }) {
		notes = append(notes, "No column looks like an e-mail address, telephone number or handle: say where identities enter (identity: …).")
	}
	d.notes[""] = notes
}

// indexes names the look-ups that no index serves.
func (d *drafter) indexes(n *node) {
	pg := d.db.Engine == "postgresql"
	for _, e := range n.t.Entries {
		c := n.live.Column(e.Column)
		want := []string{e.Column}
		expr := quoted(d.db, e.Column)
		switch {
		case !pg || c.Sort != Text || c.Type == "citext":
		case e.Match == dataset.MatchFold:
			want = []string{"lower(" + pgName(e.Column) + ")", "lower(" + pgName(e.Column) + "::text)"}
			expr = "lower(" + pgName(e.Column) + ")"
		case e.Match == dataset.MatchNormal:
			if slices.ContainsFunc(n.live.Indexes, func(ix Index) bool {
				return strings.Contains(ix.Keys[0], "(") && strings.Contains(ix.Keys[0], e.Column)
			}) {
				continue
			}
			d.note(n, e.Column, "Looking up %s here has no index: `habeas systems check` prints the expression. Where all numbers are stored alike, match: exact does with an index on the column.", e.Kind)
			continue
		}
		if e.Network != "" && n.live.leads(e.Network) || n.live.leads(want...) {
			continue
		}
		d.note(n, e.Column, "Looking up %s here has no index: create index on %s (%s)", e.Kind, relation(d.db, n.live), expr)
	}
	for _, r := range n.t.Refs {
		if r.Down && !n.live.leads(r.Columns...) {
			d.note(n, strings.Join(r.Columns, ", ")+" >", "Following it has no index: create index on %s (%s)", relation(d.db, n.live), quoted(d.db, r.Columns[0]))
		}
		if to := d.byName(r.To); r.Up && !to.live.leads(r.ToColumns...) {
			d.note(n, strings.Join(r.Columns, ", ")+" >", "Following it has no index: create index on %s (%s)", relation(d.db, to.live), quoted(d.db, r.ToColumns[0]))
		}
	}
	for _, s := range n.t.SharedBy {
		if g := d.byName(s.Table); !g.live.leads(s.Column) {
			d.note(n, "", "Counting who uses a row has no index: create index on %s (%s)", relation(d.db, g.live), quoted(d.db, s.Column))
		}
	}
}

func relation(db *Database, t *Table) string {
	return quoted(db, t.Schema) + "." + quoted(db, t.Name)
}

// quoted writes a name as the database takes it.
func quoted(db *Database, name string) string {
	if db.Engine == "postgresql" {
		return pgName(name)
	}
	return "`" + strings.ReplaceAll(name, "`", "``") + "`"
}

// pgName quotes a name where PostgreSQL prints it quoted.
func pgName(name string) string {
	for i, r := range name {
		if r != '_' && (r < 'a' || r > 'z') && (i == 0 || r < '0' || r > '9') {
			return fmt.Sprintf("%q", name)
		}
	}
	return name
}
