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
	for len(left) > 0 {
		pick, level := 0, 6
		for i, t := range left {
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
