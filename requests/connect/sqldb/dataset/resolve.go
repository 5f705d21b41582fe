package dataset

import "slices"

// resolve checks that every name in the dataset leads somewhere.
func (r *reader) resolve(d *Dataset) {
	rels := map[[2]string]string{}
	r.resolveOrder(d)
	for _, t := range d.Tables {
		rel := [2]string{t.Schema, t.Rel}
		if other, twice := rels[rel]; twice {
			r.fault(t.Line, "%s and %s describe the same table", other, t.Name)
		}
		rels[rel] = t.Name
		r.resolveColumns(t)
		for _, ref := range t.Refs {
			r.resolveRef(d, t, ref)
		}
		for _, s := range t.SharedBy {
			r.resolveShared(d, t, s)
		}
	}
}

func (r *reader) resolveColumns(t *Table) {
	need := func(line int, what, col string) {
		if col != "" && t.Column(col) == nil {
			r.fault(line, "%s of table %s names column %s, which is not under its columns", what, t.Name, col)
		}
	}
	seen := map[string]bool{}
	for _, k := range t.Key {
		need(t.Line, "key", k)
		if seen[k] {
			r.fault(t.Line, "key of table %s names %s twice", t.Name, k)
		}
		seen[k] = true
	}
	conds := t.Where
	for _, e := range t.Entries {
		need(e.Line, "identity", e.Column)
		need(e.Line, "identity", e.Network)
		need(e.Line, "changed_at", e.ChangedAt)
		conds = append(slices.Clip(conds), e.Proven...)
		if e.Confirm != "" && !slices.ContainsFunc(t.Entries, func(o *Entry) bool { return o.Kind == e.Confirm && o.Composed() }) {
			r.fault(e.Line, "confirm needs an identity of kind %s on the same table", e.Confirm)
		}
	}
	for _, c := range conds {
		r.name(c.Line, c.Column) // need not be disclosed, so need not be under columns
	}
	for _, c := range t.Columns {
		if c.Until != nil {
			need(c.Line, "until", c.Until.Column)
		}
		if slices.Contains(t.Key, c.Name) {
			if c.Explicit && c.Mask != KeepValue {
				r.fault(c.Line, "column %s is part of the key and cannot be masked", c.Name)
			}
			c.Mask = Leave
		}
	}
	if t.Erase.Until != nil {
		need(t.Line, "until", t.Erase.Until.Column)
	}
	if t.Suppress != nil {
		for _, a := range t.Suppress.Set {
			need(a.Line, "suppress", a.Column)
		}
		need(t.Line, "suppress", t.Suppress.PurposeColumn)
	}
	if t.Erase.Do == DetachRow && len(t.SharedBy) == 0 && !slices.ContainsFunc(t.Refs, func(ref *Ref) bool { return ref.Down }) {
		r.fault(t.Line, "table %s has erase: detach but no reference that could be detached", t.Name)
	}
}

func (r *reader) resolveRef(d *Dataset, t *Table, ref *Ref) {
	for _, c := range ref.Columns {
		if t.Column(c) == nil {
			r.fault(ref.Line, "reference names column %s, which is not under the columns of %s", c, t.Name)
		}
	}
	to := d.Table(ref.To)
	if to == nil {
		r.fault(ref.Line, "reference points to %s, which is not a table of this file", ref.To)
		return
	}
	for _, c := range ref.ToColumns {
		if to.Column(c) == nil {
			r.fault(ref.Line, "reference points to column %s, which is not under the columns of %s", c, to.Name)
		}
	}
	if ref.Handler && ref.SamePerson {
		r.fault(ref.Line, "who handled a row is not the same person as the row's: same_person and handler exclude each other")
	}
	if ref.Up && to.Person && !ref.SamePerson {
		r.fault(ref.Line, "%s holds people: a reference leads there only with same_person: true", to.Name)
	}
	if ref.Down && t.Person && !ref.SamePerson {
		r.fault(ref.Line, "%s holds people: a reference leads to its rows only with same_person: true (or give it direction: to or none)", t.Name)
	}
}

func (r *reader) resolveShared(d *Dataset, t *Table, s SharedBy) {
	if len(t.Key) != 1 {
		r.fault(s.Line, "shared_by needs a key of one column in %s", t.Name)
	}
	by := d.Table(s.Table)
	if by == nil {
		r.fault(s.Line, "shared_by names %s, which is not a table of this file", s.Table)
		return
	}
	for _, c := range []string{s.Column, s.Person} {
		if c != "" && by.Column(c) == nil {
			r.fault(s.Line, "shared_by names column %s, which is not under the columns of %s", c, by.Name)
		}
	}
	if s.Person == "" {
		if !by.Person {
			r.fault(s.Line, "%s holds no people: say which column is the person: {table: %s, column: %s, person: …}", by.Name, s.Table, s.Column)
		}
		return
	}
	for _, ref := range by.Refs {
		if len(ref.Columns) == 1 && ref.Columns[0] == s.Person && d.Table(ref.To) != nil && d.Table(ref.To).Person {
			return
		}
	}
	r.fault(s.Line, "shared_by: column %s of %s needs a reference to a table of people", s.Person, by.Name)
}
