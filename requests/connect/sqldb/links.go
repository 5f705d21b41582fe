package sqldb

import (
	"slices"

	"habeas/requests/connect/sqldb/dataset"
)

// step is one way a walk may go: along ref, whose columns stand in holder. up
// goes from holder to the table referred to, down the other way.
type step struct {
	from, to *dataset.Table
	ref      *dataset.Ref
	holder   *dataset.Table
	up       bool
	label    string // for Via: "tickets.contact_id"
}

// links are the steps out of and into a table.
type links struct {
	out, in []*step
	// back are the ways back of same_person references to people that are walked
	// up only: from the person to the rows that say to be the same.
	back []*step
	// leaf: nothing leads on from here, so that rows can be streamed without
	// being remembered.
	leaf bool
	// mayShare: rows may be reached through a shared row.
	mayShare bool
	// refers are the references to people that make them users of a row. A
	// same_person reference that is walked up is none: it leads to its person.
	refers []*dataset.Ref
	// winding: a way from a person to a row here may lead twice through one table
	// (an answer to an answer), so that no fixed condition describes all ways.
	winding bool
	// sole: the only way to a row leads from one person, so that no other
	// person's case can want it.
	sole bool
}

// linksOf derives the walk's steps from the dataset, in a fixed order.
func linksOf(d *dataset.Dataset) map[string]*links {
	out := map[string]*links{}
	for _, t := range d.Tables {
		out[t.Name] = &links{mayShare: len(t.SharedBy) > 0}
	}
	add := func(s *step) {
		out[s.from.Name].out = append(out[s.from.Name].out, s)
		out[s.to.Name].in = append(out[s.to.Name].in, s)
	}
	for _, t := range d.Tables {
		for _, ref := range t.Refs {
			to := d.Table(ref.To)
			label := t.Name + "." + ref.Columns[0]
			if ref.Down {
				add(&step{from: to, to: t, ref: ref, holder: t, label: label})
			}
			if ref.Up && !ref.Down && ref.SamePerson && to.Person && !t.Person {
				out[to.Name].back = append(out[to.Name].back, &step{from: to, to: t, ref: ref, holder: t, label: label})
			}
			if ref.Up {
				add(&step{from: t, to: to, ref: ref, holder: t, up: true, label: label})
			}
		}
	}
	for _, t := range d.Tables {
		l := out[t.Name]
		for _, ref := range personRefs(d, t) {
			if !ref.SamePerson || !ref.Up {
				l.refers = append(l.refers, ref)
			}
		}
		l.mayShare = l.mayShare || slices.ContainsFunc(l.in, func(s *step) bool { return l.asks(d, s) }) ||
			(len(l.refers) > 0 && slices.ContainsFunc(t.Entries, func(e *dataset.Entry) bool { return e.Enter }))
	}
	for changed := true; changed; {
		changed = false
		for _, l := range out {
			for _, s := range l.out {
				if to := out[s.to.Name]; l.mayShare && !to.mayShare {
					to.mayShare, changed = true, true
				}
			}
		}
	}
	for _, t := range d.Tables {
		learns := slices.ContainsFunc(t.Entries, func(e *dataset.Entry) bool { return e.Learn || e.Confirm != "" })
		l := out[t.Name]
		l.leaf = len(l.out) == 0 && !t.Person && !learns && len(t.SharedBy) == 0
	}
	markWinding(d, out)
	for changed := true; changed; {
		changed = false
		for _, t := range d.Tables {
			if l := out[t.Name]; !l.sole && l.hangsOnOne(t, out) {
				l.sole, changed = true, true
			}
		}
	}
	return out
}

// markWinding finds the tables on circles of steps, and those behind them.
func markWinding(d *dataset.Dataset, all map[string]*links) {
	behind := func(t *dataset.Table) map[*dataset.Table]bool {
		seen := map[*dataset.Table]bool{}
		next := []*dataset.Table{t}
		for len(next) > 0 {
			x := next[0]
			next = next[1:]
			for _, s := range all[x.Name].out {
				if !s.to.Person && !seen[s.to] {
					seen[s.to] = true
					next = append(next, s.to)
				}
			}
		}
		return seen
	}
	for _, t := range d.Tables {
		if t.Person {
			continue
		}
		if b := behind(t); b[t] {
			for x := range b {
				all[x.Name].winding = true
			}
		}
	}
}

// hangsOnOne reports whether rows are reached over one reference only, from
// people or from rows that are.
func (l *links) hangsOnOne(t *dataset.Table, all map[string]*links) bool {
	if t.Person || l.mayShare || l.winding || len(l.in) != 1 || len(l.refers) > 1 ||
		slices.ContainsFunc(t.Entries, func(e *dataset.Entry) bool { return e.Enter }) {
		return false
	}
	in := l.in[0]
	return !in.up && !in.ref.SamePerson && (in.from.Person || all[in.from.Name].sole)
}

// personRefs are the references by which a row belongs to a person. Where row
// and person are one human being but only the row hangs on the person (as in
// imported files), an identity that stands in the row is that human being's
// too, so it is no sign of somebody else.
func personRefs(d *dataset.Dataset, t *dataset.Table) []*dataset.Ref {
	var out []*dataset.Ref
	for _, ref := range t.Refs {
		if to := d.Table(ref.To); to.Person && !t.Person && !ref.Handler && (ref.Up || ref.Down && !ref.SamePerson) {
			out = append(out, ref)
		}
	}
	return out
}

// asks reports whether a row reached by s may be used by somebody else, so that
// it has to be asked to whom it refers: always, unless it was reached by its one
// reference to a person's whole key.
func (l *links) asks(d *dataset.Dataset, s *step) bool {
	if len(l.refers) == 0 {
		return false
	}
	one := l.refers[0]
	return len(l.refers) > 1 || s.up || s.ref != one || !byKey(d.Table(one.To), one)
}

// byKey reports whether the reference points at the whole key of its table, so
// that the key's values are enough to follow it.
func byKey(to *dataset.Table, ref *dataset.Ref) bool {
	if len(to.Key) != len(ref.ToColumns) {
		return false
	}
	for _, k := range to.Key {
		if !slices.Contains(ref.ToColumns, k) {
			return false
		}
	}
	return true
}

// selectStep writes the query of one step for keys of s.from given as
// parameters from $first on: the columns in what, of rows t of s.to, with the
// number k.ord of the key that led there.
func selectStep(cat *catalog, s *step, what string, first int) string {
	k := keyParams(cat, s.from, first, "k")
	head := "select " + what + " from " + k.from
	if !s.up && byKey(s.from, s.ref) {
		on := ""
		for i, c := range s.ref.Columns {
			at := slices.Index(s.from.Key, s.ref.ToColumns[i])
			if i > 0 {
				on += " and "
			}
			a := cat.attr(s.to, c)
			if cat.alike(a, cat.attr(s.from, s.ref.ToColumns[i])) {
				on += col("t", c) + " = " + k.cols[at]
			} else {
				on += cat.text(a, col("t", c)) + " = " + k.texts[at]
			}
		}
		return head + cat.join() + relName(s.to) + " t on " + on + " where " + live(cat, s.to, "t")
	}
	on := ""
	if s.up {
		on = joinOn(cat, s.to, "t", s.ref.ToColumns, s.from, "f", s.ref.Columns)
	} else {
		on = joinOn(cat, s.to, "t", s.ref.Columns, s.from, "f", s.ref.ToColumns)
	}
	return head + cat.join() + relName(s.from) + " f on " + equalKey(s.from, "f", k) +
		cat.join() + relName(s.to) + " t on " + on + " where " + live(cat, s.to, "t")
}
