package fides

import (
	"slices"
	"strings"

	"habeas/requests/connect/sqldb/dataset"
)

// references takes over a table's references. In Fides each field names the
// fields that it follows from (direction from), leads to (to), or both.
func (im *importer) references(m *made) {
	for _, f := range m.fields {
		for _, r := range f.references {
			if !im.plain(m, f, "a reference") {
				continue
			}
			im.reference(m, f, r)
		}
	}
}

func (im *importer) reference(m *made, f *field, r reference) {
	key := r.dataset
	if key == "" {
		key = m.from.of.key
	}
	name, rest, ok := strings.Cut(r.field, ".")
	if !ok || rest == "" {
		im.say(m, r.line, f.name, "the reference of %s.%s to %q is left out: it names no collection and field", m.t.Name, f.name, r.field)
		return
	}
	if system, other := im.elsewhere(key); other {
		im.leaves(m, f, r, system, key+"."+r.field)
		return
	}
	to := im.tables[key+"."+name]
	if to == nil {
		im.say(m, r.line, f.name, "the reference of %s.%s to %s is left out: that collection is not imported", m.t.Name, f.name, r.field)
		return
	}
	column, inner, nested := strings.Cut(rest, ".")
	if nested {
		im.say(m, r.line, f.name, "the reference of %s.%s to %s is left out: %s is inside a nested value", m.t.Name, f.name, r.field, inner)
		return
	}
	if to.t.Column(column) == nil {
		to.t.Columns = append(to.t.Columns, &dataset.Column{Name: column, Title: column})
		im.say(to, r.line, column, "%s.%s is not among the fields in Fides, but referred to", to.t.Name, column)
	}
	ref := &dataset.Ref{Columns: []string{f.name}, To: to.t.Name, ToColumns: []string{column}, SamePerson: true, Line: r.line}
	switch r.direction {
	case "from":
		ref.Down = true
	case "to":
		ref.Up = true
	default:
		ref.Up, ref.Down = true, true
	}
	if slices.ContainsFunc(m.t.Refs, func(o *dataset.Ref) bool {
		return o.To == ref.To && o.Columns[0] == f.name && o.ToColumns[0] == column
	}) {
		return
	}
	m.t.Refs = append(m.t.Refs, ref)
	im.say(m, r.line, f.name+" >", "same_person as in Fides: is a row of %s always the same human being's as the row of %s that it is tied to?", m.t.Name, to.t.Name)
}

// elsewhere reports whether a dataset lies in another system, and in which.
func (im *importer) elsewhere(key string) (string, bool) {
	if system := im.opt.Elsewhere[key]; system != "" {
		return system, true
	}
	return key, !slices.ContainsFunc(im.sources, func(s *source) bool { return s.key == key })
}

// leaves makes an identity of a reference to another database. Its kind is the
// field that is referred to, so that both sides name it alike.
func (im *importer) leaves(m *made, f *field, r reference, system, kind string) {
	e := im.across(m, f, system, kind, r.line)
	e.Enter = r.direction == "from" || r.direction == ""
	e.Learn = r.direction == "to" || r.direction == ""
	e.Always = e.Learn
	im.say(m, r.line, f.name+" >", "this leads to another database: check that the system %q is the one, and that its dataset file names the identity %q", system, kind)
}

func (im *importer) across(m *made, f *field, system, kind string, line int) *dataset.Entry {
	for _, e := range m.t.Entries {
		if e.System == system && e.Kind == kind && e.Column == f.name {
			return e
		}
	}
	e := &dataset.Entry{Kind: kind, Column: f.name, System: system, Match: dataset.MatchExact, Line: line}
	m.t.Entries = append(m.t.Entries, e)
	return e
}

// fromElsewhere gives our tables the other end of references that stand in the
// datasets of other databases.
func (im *importer) fromElsewhere() {
	for _, s := range im.sources {
		system := im.opt.Elsewhere[s.key]
		if system == "" {
			continue
		}
		for _, c := range s.collections {
			for _, f := range flatten(c.fields) {
				for _, r := range f.references {
					im.otherEnd(s, system, r)
				}
			}
		}
	}
}

func (im *importer) otherEnd(s *source, system string, r reference) {
	name, column, _ := strings.Cut(r.field, ".")
	m := im.tables[r.dataset+"."+name]
	if m == nil || r.dataset == s.key || m.t.Column(column) == nil {
		return
	}
	e := im.across(m, &field{name: column}, system, r.dataset+"."+r.field, r.line)
	e.Learn = e.Learn || r.direction == "from" || r.direction == ""
	e.Enter = e.Enter || r.direction == "to" || r.direction == ""
	e.Always = e.Learn
}

// people finds the tables whose rows stand for people: an identity enters, and
// other tables hang on their rows.
func (im *importer) people() {
	for _, m := range im.order {
		if !slices.ContainsFunc(m.t.Entries, func(e *dataset.Entry) bool { return e.Enter && e.System == "" }) {
			continue
		}
		var by []string
		for _, o := range im.order {
			if o != m && slices.ContainsFunc(o.t.Refs, func(r *dataset.Ref) bool { return r.To == m.t.Name && r.Down }) {
				by = append(by, o.t.Name)
			}
		}
		if len(by) == 0 {
			continue
		}
		m.t.Person = true
		im.say(m, m.from.line, "", "person: an identity enters %s and %s hang on its rows; take it off if a row is not one human being", m.t.Name, strings.Join(by, ", "))
	}
}

// shared says who else may use the rows to which references lead: an address
// that two customers have is not one customer's to destroy.
func (im *importer) shared(m *made) {
	if m.t.Person {
		return
	}
	for _, o := range im.order {
		for _, r := range o.t.Refs {
			if !r.Up || r.To != m.t.Name || o == m {
				continue
			}
			if r.ToColumns[0] != firstKey(m) {
				im.say(o, r.Line, r.Columns[0]+" >", "%s does not lead to the key of %s, so it cannot be counted who shares such rows: say it under shared_by", r.Columns[0], m.t.Name)
				continue
			}
			s := dataset.SharedBy{Table: o.t.Name, Column: r.Columns[0]}
			if !o.t.Person {
				if s.Person = im.personOf(o); s.Person == "" {
					if hasPersonal(m.t) {
						im.say(o, r.Line, r.Columns[0]+" >", "whose row of %s this is cannot be told from %s; if people share such rows, name who uses them under shared_by", m.t.Name, o.t.Name)
					}
					continue
				}
				s.Clear = true
			}
			m.t.SharedBy = append(m.t.SharedBy, s)
		}
	}
	if !hasPersonal(m.t) || len(m.t.SharedBy) == 0 {
		m.t.SharedBy = nil
		return
	}
	m.t.SharedErase = dataset.DetachRow
	im.say(m, m.from.line, "", "people may share a row of %s: it is masked when nobody else uses it, otherwise the person is taken out of it", m.t.Name)
}

// personOf is the one column by which a row names a person.
func (im *importer) personOf(o *made) string {
	for _, r := range o.t.Refs {
		to := im.byName(r.To)
		if to.t.Person && r.ToColumns[0] == firstKey(to) {
			return r.Columns[0]
		}
	}
	return ""
}

// firstKey is the key of a table if it has one column, as Fides or the database
// says.
func firstKey(m *made) string {
	if m.live != nil && len(m.live.Key) == 1 {
		return m.live.Key[0]
	}
	only := ""
	for _, f := range m.fields {
		if f.key {
			if only != "" && only != f.name {
				return ""
			}
			only = f.name
		}
	}
	if only == "" && m.t.Column("id") != nil {
		return "id"
	}
	return only
}

func (im *importer) byName(name string) *made {
	i := slices.IndexFunc(im.order, func(m *made) bool { return m.t.Name == name })
	return im.order[i]
}

func hasPersonal(t *dataset.Table) bool {
	return slices.ContainsFunc(t.Columns, func(c *dataset.Column) bool { return c.Category != "" })
}

// sameIdentity ties rows of two tables of people that hold the same identity:
// for Fides, which knows no people, both are simply found.
func (im *importer) sameIdentity() {
	for i, a := range im.order {
		if !a.t.Person {
			continue
		}
		for _, b := range im.order[:i] {
			if !b.t.Person {
				continue
			}
			for _, e := range a.t.Entries {
				for _, o := range b.t.Entries {
					if e.Kind != o.Kind || !e.Enter || !o.Enter || e.System != "" || o.System != "" {
						continue
					}
					a.t.Refs = append(a.t.Refs, &dataset.Ref{
						Columns: []string{e.Column}, To: b.t.Name, ToColumns: []string{o.Column}, Up: true, Down: true, SamePerson: true, Line: e.Line,
					})
					im.say(a, e.Line, e.Column+" >", "the same %s in %s and %s counts as one human being, as for Fides; take this line off if it need not be", e.Kind, a.t.Name, b.t.Name)
				}
			}
		}
	}
}

// eraseOrder takes over erase_after. `after` orders reads, which here are one
// walk in one snapshot.
func (im *importer) eraseOrder(m *made) {
	for _, name := range m.after {
		to := im.tables[name]
		if to == nil {
			to = im.tables[m.from.of.key+"."+name]
		}
		switch {
		case to == nil:
			im.say(m, m.from.line, "", "erase_after %s is left out: it is in another database, or not imported", name)
		case to != m && !slices.ContainsFunc(m.t.After, func(o dataset.Order) bool { return o.Table == to.t.Name }):
			m.t.After = append(m.t.After, dataset.Order{Table: to.t.Name, Line: m.from.line})
		}
	}
}

// widens warns of rows that are found through a person who may not be theirs.
func (im *importer) widens(m *made) {
	if m.t.Person || !slices.ContainsFunc(m.t.Entries, func(e *dataset.Entry) bool { return e.Enter && e.System == "" }) {
		return
	}
	for _, r := range m.t.Refs {
		if to := im.byName(r.To); to.t.Person && r.Down {
			im.say(m, r.Line, r.Columns[0]+" >", "an identity stands in %s itself, and all rows tied to a row of %s are found too: somebody else's as well, where %s only handled them; then make it direction: none", m.t.Name, to.t.Name, to.t.Name)
		}
	}
}
