package sqldb

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"habeas/requests/connect/sqldb/dataset"
)

// usersSQL selects (k.ord, person table, person key, by) for everybody who uses
// the rows of t whose keys are the parameters from $first on: those whom
// shared_by names (by is 1), and those to whom the row itself refers by refs.
func usersSQL(cat *catalog, d *dataset.Dataset, t *dataset.Table, refs []*dataset.Ref, first int) string {
	k := keyParams(cat, t, first, "k")
	rows := k.from + cat.join() + relName(t) + " t on " + equalKey(t, "t", k)
	var parts []string
	for _, s := range t.SharedBy {
		by := d.Table(s.Table)
		who, person := by, "b"
		from := rows + cat.join() + relName(by) + " b on " + joinOn(cat, by, "b", []string{s.Column}, t, "t", t.Key)
		if ref := personOf(d, by, s.Person); ref != nil {
			who, person = d.Table(ref.To), "p"
			from += cat.join() + relName(who) + " p on " + joinOn(cat, who, "p", ref.ToColumns, by, "b", ref.Columns)
		}
		parts = append(parts, fmt.Sprintf("select k.ord, %s as kind, %s as who, 1 as by_row from %s", literal(cat, who.Name), keyText(cat, who, person), from))
	}
	for _, ref := range refs {
		to := d.Table(ref.To)
		parts = append(parts, fmt.Sprintf("select k.ord, %s as kind, %s as who, 0 as by_row from %s%s%s p on %s",
			literal(cat, to.Name), keyText(cat, to, "p"), rows, cat.join(), relName(to),
			joinOn(cat, to, "p", ref.ToColumns, t, "t", ref.Columns)))
	}
	return strings.Join(parts, " union ")
}

// personOf returns the reference of a column to a table of people.
func personOf(d *dataset.Dataset, t *dataset.Table, column string) *dataset.Ref {
	for _, ref := range t.Refs {
		if len(ref.Columns) == 1 && ref.Columns[0] == column && d.Table(ref.To).Person {
			return ref
		}
	}
	return nil
}

// usage is who uses one row: people found, by their number, those of them whom
// shared_by names, and others by name.
type usage struct {
	mine, byRow []int
	others      []string
}

// users asks who uses rows.
func (w *walk) users(ctx context.Context, t *dataset.Table, keys []string, refs []*dataset.Ref, fn func(key string, u usage)) error {
	if len(keys) == 0 || (len(refs) == 0 && len(t.SharedBy) == 0) {
		for _, key := range keys {
			fn(key, usage{})
		}
		return nil
	}
	found := map[[2]string]int{}
	for i, p := range w.people {
		found[[2]string{p.table.Name, p.key}] = i
	}
	q := usersSQL(w.cat, w.d.data, t, refs, 1) + " order by 1, 2, 3"
	for part := range slices.Chunk(keys, chunk) {
		args, err := keyArgs(w.cat, t, part)
		if err != nil {
			return err
		}
		all := make([]usage, len(part))
		err = w.tx.each(ctx, q, args, func(row [][]byte) error {
			ord, err := number(row[0])
			if err != nil {
				return err
			}
			u := &all[ord-1]
			kind, who := string(row[1]), string(row[2])
			p, ok := found[[2]string{kind, who}]
			switch {
			case !ok && !slices.Contains(u.others, ownerName(kind, who)):
				u.others = append(u.others, ownerName(kind, who))
			case ok && !slices.Contains(u.mine, p):
				u.mine = append(u.mine, p)
			}
			if ok && truth(row[3]) {
				u.byRow = append(u.byRow, p)
			}
			return nil
		})
		if err != nil {
			return err
		}
		for i, key := range part {
			fn(key, all[i])
		}
	}
	return nil
}

// release counts who else uses the rows held back, and lets those go on that
// nobody else uses.
func (w *walk) release(ctx context.Context) (freed bool, err error) {
	for _, t := range w.d.data.Tables {
		s := w.sets[t.Name]
		hold := s.hold
		s.hold = nil
		slices.Sort(hold)
		err := w.users(ctx, t, hold, w.d.links[t.Name].refers, func(key string, u usage) {
			r := s.recs[key]
			r.others, r.shared, r.users = len(u.others), len(u.others) > 0, w.ownerList(u.byRow)
			if r.shared {
				s.hold = append(s.hold, key)
			} else {
				w.free(s, key)
				freed = true
			}
		})
		if err != nil {
			return false, err
		}
	}
	return freed, nil
}

func (w *walk) ownerList(people []int) string {
	names := make([]string, len(people))
	for i, p := range people {
		names[i] = ownerName(w.people[p].table.Name, w.people[p].key)
	}
	return ownerList(names)
}

func ownerList(names []string) string {
	switch len(names) {
	case 0:
		return ""
	case 1:
		return names[0]
	}
	b, err := json.Marshal(names)
	if err != nil {
		panic(fmt.Sprintf("sqldb: strings are JSON: %v", err))
	}
	return string(b)
}

// oneOwner writes one owner in the form of several.
func oneOwner(name string) string {
	b, err := json.Marshal([]string{name})
	if err != nil {
		panic(fmt.Sprintf("sqldb: strings are JSON: %v", err))
	}
	return string(b)
}
