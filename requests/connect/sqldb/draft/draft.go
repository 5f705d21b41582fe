package draft

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"habeas/requests/connect/sqldb/dataset"
)

// Write drafts a dataset file for a database. The text parses, and passes
// `habeas systems check` but for look-ups without an index, each of which it
// names. An error says that there is nothing to describe.
func Write(db *Database) ([]byte, error) {
	d := &drafter{db: db, out: &dataset.Dataset{Version: 1, Title: title(db.Schema)}, notes: dataset.Comments{}}
	d.choose()
	if len(d.all) == 0 {
		return nil, fmt.Errorf("no table here can be described: %s", strings.Join(d.left, "; "))
	}
	for _, n := range d.all {
		d.columns(n)
	}
	d.people()
	for _, n := range d.all {
		d.guessColumns(n)
	}
	for _, n := range d.all {
		d.links(n)
	}
	d.belong()
	for _, n := range d.all {
		for _, l := range n.links {
			d.reference(n, l)
		}
	}
	d.lookups()
	d.erase()
	for _, n := range d.all {
		d.indexes(n)
	}
	d.head()
	slices.SortFunc(d.out.Tables, func(a, b *dataset.Table) int { return strings.Compare(a.Name, b.Name) })
	return dataset.Write(d.out, d.notes), nil
}

type drafter struct {
	db    *Database
	out   *dataset.Dataset
	notes dataset.Comments
	all   []*node
	left  []string // tables left out, with the reason
}

// node is a table in the making.
type node struct {
	t     *dataset.Table
	live  *Table
	links []link
	// level is how far from a person the table is by references: 0 a table of
	// people, 1 also one in which identities stand; -1 nothing leads here.
	level  int
	guests []*node // tables that lead to this one, whose rows others may use too
}

// link is a foreign key, or a guess at one.
type link struct {
	ForeignKey
	to      *node
	guessed bool
}

// choose takes the tables that can be described, and says why others cannot.
func (d *drafter) choose() {
	names := map[string]int{}
	for _, t := range d.db.Tables {
		names[recordType(t.Name)]++
	}
	for _, t := range d.db.Tables {
		if why := unfit(t); why != "" {
			d.left = append(d.left, t.Schema+"."+t.Name+": "+why)
			continue
		}
		name := recordType(t.Name)
		if names[name] > 1 {
			name = recordType(t.Schema + "_" + t.Name)
		}
		for slices.ContainsFunc(d.all, func(n *node) bool { return n.t.Name == name }) {
			name += "_"
		}
		n := &node{live: t, level: -1, t: &dataset.Table{
			Name: name, Schema: t.Schema, Rel: t.Name, Title: title(t.Name), Key: t.Key, SharedErase: dataset.KeepRow,
			AnySchema: d.db.Engine != "postgresql" && t.Schema == d.db.Schema && !strings.Contains(t.Name, "."),
		}}
		d.all = append(d.all, n)
		d.out.Tables = append(d.out.Tables, n.t)
		if t.Comment != "" {
			d.note(n, "", "The database says: %s", t.Comment)
		}
		if !t.Primary {
			d.note(n, "", "No primary key; a unique index stands for it.")
		}
	}
}

// unfit says why a table cannot be described.
func unfit(t *Table) string {
	switch {
	case t.Kind == View:
		return "a view; describe the tables below it (a materialized view is to be refreshed after an erasure)"
	case t.Kind == Foreign:
		return "a foreign table; describe it in the database where it lives"
	case t.Kind == Part:
		return "rows of " + t.Of + " (a partition, or it inherits from it); describe it instead if it has columns of its own"
	case len(t.Key) == 0:
		return "no primary key or unique index, so that a row could not be told from another: add one"
	case strings.Contains(t.Schema, "."):
		return "the name of its schema has a dot, which a dataset file cannot say"
	case slices.ContainsFunc(t.Key, awkward):
		return "the name of a key column has a comma or begins or ends with a space, which a dataset file cannot say"
	}
	return ""
}

// awkward names cannot stand in a list of columns.
func awkward(name string) bool { return strings.Contains(name, ",") || strings.TrimSpace(name) != name }

// recordType is a table's name as a record type, which takes neither slashes
// nor dots.
func recordType(name string) string {
	return strings.Map(func(r rune) rune {
		if r == '/' || r == '.' || r == ',' || unicode.IsControl(r) {
			return '_'
		}
		return r
	}, strings.TrimSpace(name))
}

// title is a name as people read it.
func title(name string) string {
	s := strings.Join(strings.FieldsFunc(name, func(r rune) bool { return r == '_' || unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
	if s == "" {
		return name
	}
	rs := []rune(s)
	rs[0] = unicode.ToUpper(rs[0])
	return string(rs)
}

// note stands above a table, or above a column or (with " >") a reference.
func (d *drafter) note(n *node, about, format string, args ...any) {
	key := n.t.Name
	if about != "" {
		key += "." + about
	}
	d.notes[key] = append(d.notes[key], fmt.Sprintf(format, args...))
}

func (d *drafter) columns(n *node) {
	for _, c := range n.live.Columns {
		n.t.Columns = append(n.t.Columns, &dataset.Column{Name: c.Name, Title: title(c.Name)})
		if c.Comment != "" {
			d.note(n, c.Name, "The database says: %s", c.Comment)
		}
	}
}

// people finds the tables whose rows stand for people.
func (d *drafter) people() {
	for _, n := range d.all {
		mail, named := "", ""
		for _, c := range n.live.Columns {
			g, ok := guessColumn(c, true)
			if !ok {
				continue
			}
			if g.identity == "email" && n.live.Unique(c.Name) {
				mail = c.Name
			}
			if g.identity != "" || g.category == "identity.name" || g.category == "identity.birth_date" {
				named = c.Name
			}
		}
		switch {
		case isPeople(n.live.Name) && named != "":
			n.t.Person = true
			d.note(n, "", "A guess: one row is one person, by the name of the table and its column %s.", named)
		case mail != "" && !slices.ContainsFunc(n.live.ForeignKeys, func(f ForeignKey) bool { return isPeople(f.ToName) }):
			n.t.Person = true
			d.note(n, "", "A guess: one row is one person, for %s is unique.", mail)
		}
		if n.t.Person {
			n.level = 0
		}
	}
}

// guessColumns says which columns look like personal data, and where
// identities stand.
func (d *drafter) guessColumns(n *node) {
	for i, c := range n.live.Columns {
		if slices.ContainsFunc(n.live.ForeignKeys, func(f ForeignKey) bool { return slices.Contains(f.Columns, c.Name) }) {
			continue
		}
		g, ok := guessColumn(c, n.t.Person || isGroup(n.live.Name))
		if !ok {
			continue
		}
		col := n.t.Columns[i]
		col.Category, col.FreeText, col.Others = g.category, g.freeText, g.others
		if !slices.Contains(n.t.Key, c.Name) {
			col.Mask = dataset.SetNull
		}
		d.note(n, c.Name, "%s: %s.", g.category, g.why)
		d.identity(n, c, g)
	}
}

func (d *drafter) identity(n *node, c Column, g guess) {
	e := &dataset.Entry{Kind: g.identity, Column: c.Name, Enter: true, Match: dataset.MatchExact}
	switch g.identity {
	case "":
		return
	case "email":
		e.Match = dataset.MatchFold
	case "phone":
		e.Match = dataset.MatchNormal
	case "customer_id":
		if !n.t.Person {
			return
		}
	case "handle":
		e.Match = dataset.MatchFold
		if e.NetworkText = g.network; g.network == "" {
			for _, o := range n.live.Columns {
				if w := words(o.Name); o.Sort == Text && len(w) > 0 && slices.Contains([]string{"network", "platform", "netzwerk", "reseau", "red", "provider"}, w[len(w)-1]) {
					e.Network = o.Name
				}
			}
			if e.Network == "" {
				return
			}
		}
	}
	if at := changedAt(n.live.Columns, c.Name); at != "" {
		e.ChangedAt = at
		d.note(n, c.Name, "%s looks like when it last changed: an address that was put here days ago proves little, and the desk decides who is asking.", at)
	}
	n.t.Entries = append(n.t.Entries, e)
}
