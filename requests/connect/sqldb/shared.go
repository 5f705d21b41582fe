package sqldb

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"habeas/requests/connect/sqldb/dataset"
)

// usersSQL selects (k.ord, person table, person key) for everybody who uses the
// rows of t whose keys are the parameters from $first on: those whom shared_by
// names, and those to whom the row itself refers.
func usersSQL(cat *catalog, d *dataset.Dataset, t *dataset.Table, first int) string {
	var parts []string
	for _, s := range t.SharedBy {
		by := d.Table(s.Table)
		table, who := s.Table, keyText(cat, by, "b")
		if s.Person != "" {
			table, who = personOf(by, s.Person), textOf(cat, by, "b", s.Person)
		}
		k := cat.params(first, "k", cat.attr(by, s.Column))
		parts = append(parts, fmt.Sprintf("select k.ord, %s as kind, %s as who from %s%s%s b on %s = %s where %s is not null",
			literal(cat, table), who, k.from, cat.join(), relName(by), col("b", s.Column), k.cols[0], who))
	}
	k := keyParams(cat, t, first, "k")
	for _, ref := range personRefs(d, t) {
		to := d.Table(ref.To)
		parts = append(parts, fmt.Sprintf("select k.ord, %s as kind, %s as who from %s%s%s t on %s%s%s p on %s",
			literal(cat, to.Name), keyText(cat, to, "p"), k.from, cat.join(), relName(t), equalKey(t, "t", k), cat.join(), relName(to),
			joinOn(cat, to, "p", ref.ToColumns, t, "t", ref.Columns)))
	}
	return strings.Join(parts, " union ")
}

// personOf returns the table of people to which a column refers.
func personOf(t *dataset.Table, column string) string {
	for _, ref := range t.Refs {
		if len(ref.Columns) == 1 && ref.Columns[0] == column {
			return ref.To
		}
	}
	return ""
}

// release counts who else uses the rows held back, and lets those go on that
// nobody else uses.
func (w *walk) release(ctx context.Context) (freed bool, err error) {
	for _, t := range w.d.data.Tables {
		s := w.sets[t.Name]
		if len(s.hold) == 0 {
			continue
		}
		slices.Sort(s.hold)
		hold := s.hold
		for _, k := range hold {
			s.recs[k].others, s.recs[k].users = 0, ""
		}
		q := usersSQL(w.cat, w.d.data, t, 1) + " order by 1, 2, 3"
		args, err := keyArgs(w.cat, t, hold)
		if err != nil {
			return false, err
		}
		mine := map[[2]string]bool{}
		for _, p := range w.people {
			mine[[2]string{p.table.Name, p.key}] = true
		}
		users := map[string][]string{}
		err = w.tx.each(ctx, q, args, func(row [][]byte) error {
			ord, err := number(row[0])
			if err != nil {
				return err
			}
			key, kind, who := hold[ord-1], string(row[1]), string(row[2])
			if mine[[2]string{kind, who}] {
				users[key] = append(users[key], ownerName(kind, who))
			} else {
				s.recs[key].others++
			}
			return nil
		})
		if err != nil {
			return false, err
		}
		s.hold = nil
		for _, k := range hold {
			r := s.recs[k]
			if len(t.SharedBy) > 0 {
				r.users = ownerList(users[k])
			}
			r.shared = r.others > 0
			if r.shared {
				s.hold = append(s.hold, k)
			} else {
				s.next = append(s.next, k)
				freed = true
			}
		}
	}
	return freed, nil
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
