package sqldb

import (
	"slices"

	"habeas/requests/connect/sqldb/dataset"
)

// ordering says in which order tables lose rows.
type ordering struct {
	tables []*dataset.Table
	// cut lists, before a table's turn, references to null in rows that will be
	// deleted later: what breaks a cycle.
	cut map[*dataset.Table][]foreignKey
	// cyclic tables are looked at before anything changes.
	cyclic map[*dataset.Table]bool
	// deferred is set when a cycle is broken by deferrable constraints.
	deferred bool
}

// childrenFirst orders tables so that no row goes before those that refer to
// it, by the constraints of the database and the references of the dataset, and
// as the dataset orders them itself, which counts more than its references.
func childrenFirst(d *dataset.Dataset, cat *catalog) ordering {
	out := ordering{cut: map[*dataset.Table][]foreignKey{}, cyclic: map[*dataset.Table]bool{}}
	byRel := map[[2]string]*dataset.Table{}
	for _, t := range d.Tables {
		byRel[[2]string{t.Schema, t.Rel}] = t
	}
	soft := map[*dataset.Table][]*dataset.Table{} // parent → children, by the dataset
	for _, t := range d.Tables {
		for _, r := range t.Refs {
			if p := d.Table(r.To); p != t {
				soft[p] = append(soft[p], t)
			}
		}
	}
	hard := map[*dataset.Table][]foreignKey{} // parent → constraints on it
	for _, f := range cat.fks {
		p, c := byRel[f.parent], byRel[f.child]
		if p != nil && c != nil && p != c {
			hard[p] = append(hard[p], f)
		}
	}
	left := slices.Clone(d.Tables)
	waits := func(t *dataset.Table) (byData bool, by []foreignKey) {
		for _, c := range soft[t] {
			byData = byData || slices.Contains(left, c)
		}
		for _, f := range hard[t] {
			if slices.Contains(left, byRel[f.child]) {
				by = append(by, f)
			}
		}
		return byData, by
	}
	// Of tables that wait for each other one goes first; a table that only waits
	// for them does not.
	all := map[*dataset.Table][]*dataset.Table{}
	for _, t := range d.Tables {
		all[t] = slices.Clone(soft[t])
		for _, f := range hard[t] {
			all[t] = append(all[t], byRel[f.child])
		}
		for _, o := range t.After {
			all[t] = append(all[t], d.Table(o.Table))
		}
	}
	entangled := func(t *dataset.Table) bool {
		for c := range behind(t, all, left) {
			if !behind(c, all, left)[t] {
				return false
			}
		}
		return true
	}
	for len(left) > 0 {
		pick, level := 0, 6
		for i, t := range left {
			if !entangled(t) {
				continue
			}
			byData, by := waits(t)
			asked := slices.ContainsFunc(t.After, func(o dataset.Order) bool { return slices.Contains(left, d.Table(o.Table)) })
			if l := rank(byData, asked, by); l < level {
				pick, level = i, l
			}
		}
		t := left[pick]
		_, by := waits(t)
		for _, f := range by {
			out.cyclic[t], out.cyclic[byRel[f.child]] = true, true
			switch {
			case f.nullable:
				out.cut[t] = append(out.cut[t], f)
			case f.deferrable:
				out.deferred = true
			}
		}
		if level > 0 {
			// Whether rows of tables to come are still the person's may be
			// asked of rows that go now.
			for _, x := range left {
				out.cyclic[x] = true
			}
		}
		out.tables = append(out.tables, t)
		left = slices.Delete(left, pick, pick+1)
	}
	return out
}

// behind are the tables of left for which t waits, also by way of others.
func behind(t *dataset.Table, waits map[*dataset.Table][]*dataset.Table, left []*dataset.Table) map[*dataset.Table]bool {
	seen := map[*dataset.Table]bool{}
	next := []*dataset.Table{t}
	for len(next) > 0 {
		x := next[0]
		next = next[1:]
		for _, c := range waits[x] {
			if !seen[c] && slices.Contains(left, c) {
				seen[c] = true
				next = append(next, c)
			}
		}
	}
	return seen
}

// rank says how well a table may go next: 0 nothing waits for it, 1 only
// references of the dataset, 2 constraints that can be nulled, 3 deferred, 4 it
// is asked to go later, 5 a constraint forbids it.
func rank(byData, asked bool, by []foreignKey) int {
	level := 0
	if byData {
		level = 1
	}
	for _, f := range by {
		switch {
		case f.nullable:
			level = max(level, 2)
		case f.deferrable:
			level = max(level, 3)
		default:
			level = 5
		}
	}
	if asked {
		level = max(level, 4)
	}
	return level
}
