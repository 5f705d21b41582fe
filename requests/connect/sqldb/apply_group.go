package sqldb

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"habeas/requests/connect"
)

// detachesShared reports whether the group takes people out of shared rows.
func (g *group) detachesShared() bool { return g.action == connect.Detach && len(g.fields) == 0 }

func (g *group) acts() bool {
	switch g.action {
	case connect.Erase, connect.Mask, connect.Detach, connect.Suppress, connect.Correct:
		return true
	}
	return false
}

// owned writes the check that rows still belong to the people of the job, with
// parameters from $first on.
func (j *job) owned(g *group, first int) (sql string, looks bool, args []any) {
	if !g.owned || g.t.Person {
		return "", false, nil
	}
	if j.d.links[g.t.Name].winding {
		return "", true, nil
	}
	o := j.people.from(first)
	sql, looks = j.d.ownedSQL(j.cat, o, g.t, "t", nil)
	if sql == "" {
		return "", false, nil
	}
	return " and " + sql, looks, o.args
}

// keyCount is how many parameters hold the keys of a group.
func (j *job) keyCount(g *group) int { return keyParams(j.cat, g.t, 1, "k").n }

// looksFirst reports whether a group must be checked before anything changes,
// because the job itself changes what the check looks at.
func (j *job) looksFirst(g *group, ord ordering) bool {
	if !g.acts() || g.detachesShared() {
		return false
	}
	_, looks, _ := j.owned(g, j.keyCount(g)+1)
	return looks || ord.cyclic[g.t] || (g.action == connect.Erase && len(g.t.SharedBy) > 0)
}

// look locks the rows of a group, in the order of their keys, and checks that
// they are still the people's, and used by nobody else where they would go.
func (j *job) look(ctx context.Context, g *group) error {
	n := j.keyCount(g)
	owned, _, oargs := j.owned(g, n+1)
	ok := "true" + owned
	if g.action == connect.Erase && len(g.t.SharedBy) > 0 {
		mine := n + len(oargs) + 1
		ok += " and not " + usedSQL(j.cat, j.d.data, g.t, func(user string) string { return "not (" + j.cat.in(attribute{}, user, mine) + ")" })
		oargs = append(slices.Clip(oargs), j.people.names)
	}
	if g.action != connect.Correct {
		ok = "(" + ok + ") or " + doneSQL(j.cat, j.d.data, g.t, g.action, g.fields, "")
	}
	if j.d.links[g.t.Name].winding && g.owned {
		if err := j.walkFromPeople(ctx); err != nil {
			return err
		}
	}
	what := keyText(j.cat, g.t, "t") + ", coalesce(" + ok + ", false), coalesce(" + doneSQL(j.cat, j.d.data, g.t, g.action, g.fields, "") + ", false)"
	for part := range g.keys.chunks(batchSize) {
		r, err := j.cat.keyed(j.cat, g.t, part)
		if err != nil {
			return err
		}
		q := j.cat.selecting(what, relName(g.t), "t", r, "true") +
			" order by " + j.cat.bytewise(keyText(j.cat, g.t, "t")) + j.cat.locking()
		fine := true
		err = j.tx.each(ctx, q, append(slices.Clip(r.args), oargs...), func(row [][]byte) error {
			fine = fine && truth(row[1]) && (truth(row[2]) || j.leadsTo(g, string(row[0])))
			return nil
		})
		if err != nil {
			return err
		}
		if !fine {
			return drifted(g)
		}
	}
	return nil
}

// walkFromPeople walks from the people of the job to everything that hangs on
// them, where no condition of a fixed length says what does.
func (j *job) walkFromPeople(ctx context.Context) error {
	if j.ways != nil {
		return nil
	}
	w := j.d.newWalk(j.tx, j.cat, nil)
	w.fromPeople = true
	for table, keys := range j.people.keys {
		s := w.sets[table]
		for _, k := range keys {
			s.recs[k] = &rec{owner: w.newPerson(s.t, k), person: true, rooted: true}
			s.next = append(s.next, k)
		}
	}
	j.ways = w
	return w.follow(ctx, false)
}

// leadsTo reports whether some way leads from the people of the job to a row.
func (j *job) leadsTo(g *group, key string) bool {
	return j.ways == nil || !g.owned || !j.d.links[g.t.Name].winding || j.ways.sets[g.t.Name].recs[key] != nil
}

func drifted(g *group) error {
	return connect.Drift("not-as-planned", "Records of "+g.t.Name+" are not as they were planned: they belong to somebody else, or others use them now; nothing was changed.")
}

// cut nulls a reference in rows that will be deleted later.
func (j *job) cut(ctx context.Context, f foreignKey) error {
	for _, g := range j.groups {
		if g.action != connect.Erase || g.t.Schema != f.child[0] || g.t.Rel != f.child[1] {
			continue
		}
		var set []assignment
		for _, c := range f.columns {
			set = append(set, assignment{c, "null"})
		}
		for part := range g.keys.chunks(batchSize) {
			r, err := j.cat.keyed(j.cat, g.t, part)
			if err != nil {
				return err
			}
			if _, err := j.tx.exec(ctx, j.cat.updating(relName(g.t), "t", set, r, "true"), r.args); err != nil {
				return err
			}
		}
	}
	return nil
}

// change does what a group is planned for, in batches of keys. A table that
// refers to itself is done in one statement, at whose end the database checks.
func (j *job) change(ctx context.Context, g *group, looked bool) error {
	switch {
	case g.action == connect.Correct:
		return j.correct(ctx, g)
	case g.detachesShared():
		return j.detachShared(ctx, g)
	}
	parts := g.keys.chunks(batchSize)
	if g.action == connect.Erase {
		if len(g.t.SharedBy) > 0 {
			if err := j.leaveShared(ctx, g); err != nil {
				return err
			}
		}
		if own := j.ownKeys(g.t); len(own) > 0 && !j.cat.rowwise() {
			parts = g.keys.chunks(g.keys.len())
		} else if len(own) > 0 {
			var err error
			if parts, err = j.childRowsFirst(ctx, g, own); err != nil {
				return err
			}
		}
	}
	owned, oargs := "", []any(nil)
	if !looked {
		owned, _, oargs = j.owned(g, j.keyCount(g)+1)
	}
	where := "true" + owned
	if g.action == connect.Erase {
		where += " and " + live(j.cat, g.t, "t")
	} else {
		where += " and not " + doneSQL(j.cat, j.d.data, g.t, g.action, g.fields, "")
	}
	for part := range parts {
		if g.action == connect.Erase {
			if err := j.cascades(ctx, g, part); err != nil {
				return err
			}
		}
		n, err := j.changeRows(ctx, g, part, where, oargs)
		if err != nil {
			return err
		}
		if n == int64(len(part)) {
			continue
		}
		if err := j.leftover(ctx, g, part); err != nil {
			return err
		}
	}
	return nil
}

// changeRows changes the rows with these keys and returns how many it changed.
func (j *job) changeRows(ctx context.Context, g *group, part []string, where string, oargs []any) (int64, error) {
	spans, err := j.cat.spans(j.cat, g.t, part)
	if err != nil {
		return 0, err
	}
	total := int64(0)
	for _, r := range spans {
		q := changeSQL(j.cat, g.t, g.action, g.fields, r, where, j.secret)
		if q == "" {
			continue
		}
		n, err := j.tx.exec(ctx, q, append(slices.Clip(r.args), oargs...))
		if err != nil {
			return 0, err
		}
		total += n
	}
	return total, nil
}

// leftover settles rows that a statement did not change: gone or in their
// target state already, which is a success; anything else is drift.
func (j *job) leftover(ctx context.Context, g *group, part []string) error {
	r, err := j.cat.keyed(j.cat, g.t, part)
	if err != nil {
		return err
	}
	q := j.cat.selecting(keyText(j.cat, g.t, "t")+", "+doneSQL(j.cat, j.d.data, g.t, g.action, g.fields, ""), relName(g.t), "t", r, "true")
	there := map[string]bool{}
	err = j.tx.each(ctx, q, r.args, func(row [][]byte) error {
		if !truth(row[1]) {
			return drifted(g)
		}
		there[string(row[0])] = true
		return nil
	})
	if err != nil || g.action == connect.Erase {
		return err
	}
	for _, k := range part {
		if !there[k] {
			g.gone(k)
		}
	}
	return nil
}

func (g *group) gone(key string) {
	if g.absent == nil {
		g.absent = map[string]bool{}
	}
	g.absent[key] = true
}

// cascades refuses to delete rows when the database would delete or change
// other rows along with them.
func (j *job) cascades(ctx context.Context, g *group, part []string) error {
	for _, f := range j.cat.fks {
		if f.parent != [2]string{g.t.Schema, g.t.Rel} || (f.onDelete != "c" && f.onDelete != "n" && f.onDelete != "d") {
			continue
		}
		var on []string
		for i := range f.columns {
			on = append(on, col("c", f.columns[i])+" = "+col("t", f.toColumns[i]))
		}
		child := quote(f.child[0]) + "." + quote(f.child[1])
		where := "true"
		if f.child == f.parent {
			where = "not (" + j.cat.among(j.cat, g.t, "c", 1) + ")"
		}
		r, err := j.cat.keyed(j.cat, g.t, part)
		if err != nil {
			return err
		}
		q := j.cat.selecting("1", relName(g.t), "t", r, "exists (select 1 from "+child+" c where "+strings.Join(on, " and ")+" and "+where+")") + " limit 1"
		more := false
		if err := j.tx.each(ctx, q, r.args, func([][]byte) error { more = true; return nil }); err != nil {
			return err
		}
		if !more {
			continue
		}
		for _, t := range j.d.data.Tables {
			if t.Schema == f.child[0] && t.Rel == f.child[1] {
				return connect.Drift("more-rows", "More rows of "+t.Name+" hang on rows of "+g.t.Name+" than were planned; nothing was changed.")
			}
		}
		return connect.Permanent("cascade", fmt.Sprintf("Deleting from %s would change rows of %s.%s, which the dataset file does not describe.", g.t.Name, f.child[0], f.child[1]), nil)
	}
	return nil
}
