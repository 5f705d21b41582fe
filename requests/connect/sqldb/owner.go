package sqldb

import (
	"fmt"
	"slices"
	"strings"

	"habeas/requests/connect/sqldb/dataset"
)

// owners are the people of a job, by table of people. In a statement they are
// parameters, numbered as they are used.
type owners struct {
	keys  map[string][]string
	names []string // "contacts/17"

	first int
	param map[string]int
	args  []any
}

// from returns the same people for a statement whose parameters from $first on
// are free.
func (o owners) from(first int) *owners {
	return &owners{keys: o.keys, names: o.names, first: first, param: map[string]int{}}
}

// use returns the parameter that holds the people of a table.
func (o *owners) use(table string) (int, bool) {
	if o.keys[table] == nil {
		return 0, false
	}
	if o.param[table] == 0 {
		o.param[table] = o.first + len(o.args)
		o.args = append(o.args, o.keys[table])
	}
	return o.param[table], true
}

// ownersOf collects the people whom targets belong to.
func (d *DB) ownersOf(names map[string]bool) (owners, error) {
	o := owners{keys: map[string][]string{}}
	for n := range names {
		parts, err := splitOwner(n)
		if err != nil {
			return o, err
		}
		for _, p := range parts {
			t := d.data.Table(p[0])
			if t == nil || !t.Person {
				return o, errOwner
			}
			if !slices.Contains(o.keys[p[0]], p[1]) {
				o.keys[p[0]] = append(o.keys[p[0]], p[1])
				o.names = append(o.names, ownerName(p[0], p[1]))
			}
		}
	}
	slices.Sort(o.names)
	for _, k := range o.keys {
		slices.Sort(k)
	}
	return o, nil
}

// ownedSQL says that a row belongs to one of the people, by any path of the
// dataset that leads from them to it. It returns "" where no path does, and
// looks is true where the answer depends on rows other than the row and its
// parents, which the same job may change first.
func (d *DB) ownedSQL(cat *catalog, o *owners, t *dataset.Table, alias string, seen []*dataset.Table) (sql string, looks bool) {
	var alts []string
	add := func(s string, l bool) {
		if s != "" && !slices.Contains(alts, s) {
			alts = append(alts, s)
			looks = looks || l
		}
	}
	seen = append(slices.Clip(seen), t)
	inner := fmt.Sprintf("o%d", len(seen))
	for _, st := range d.links[t.Name].in {
		s := st.from
		if slices.Contains(seen, s) {
			continue
		}
		on := joinOn(cat, t, alias, st.ref.Columns, s, inner, st.ref.ToColumns)
		if st.up {
			on = joinOn(cat, t, alias, st.ref.ToColumns, s, inner, st.ref.Columns)
		}
		if !s.Person {
			if deeper, l := d.ownedSQL(cat, o, s, inner, seen); deeper != "" {
				add("exists (select 1 from "+relName(s)+" "+inner+" where "+on+" and "+deeper+")", l || st.up)
			}
			continue
		}
		if n, ok := o.use(s.Name); ok {
			add(personIs(cat, st.up, t, alias, st.ref.Columns, s, st.ref.ToColumns, inner, on, n), st.up)
		}
	}
	for _, st := range d.links[t.Name].out {
		if !st.up || !st.ref.SamePerson || !st.to.Person {
			continue
		}
		if n, ok := o.use(st.to.Name); ok {
			on := joinOn(cat, t, alias, st.ref.Columns, st.to, inner, st.ref.ToColumns)
			add(personIs(cat, false, t, alias, st.ref.Columns, st.to, st.ref.ToColumns, inner, on, n), false)
		}
	}
	if len(alts) == 0 {
		return "", false
	}
	return "(" + strings.Join(alts, " or ") + ")", looks
}

// personIs says that the row refers to (or, up: is referred to by) one of the
// people in parameter n.
func personIs(cat *catalog, up bool, t *dataset.Table, alias string, cols []string, p *dataset.Table, toCols []string, inner, on string, n int) string {
	if !up && len(p.Key) == 1 && len(cols) == 1 && toCols[0] == p.Key[0] {
		a := cat.attr(t, cols[0])
		if cat.alike(a, cat.attr(p, p.Key[0])) {
			return cat.in(a, col(alias, cols[0]), n)
		}
		return cat.in(attribute{}, textOf(cat, t, alias, cols[0]), n)
	}
	return fmt.Sprintf("exists (select 1 from %s %s where %s and %s)", relName(p), inner, on, cat.in(attribute{}, keyText(cat, p, inner), n))
}
