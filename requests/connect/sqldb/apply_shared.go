package sqldb

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"habeas/requests/connect"
	"habeas/requests/connect/sqldb/dataset"
)

// detachShared takes people out of shared rows: the reference in the person's
// row becomes null, the row that joins them goes. $1 are keys, $2 the owners of
// each as a JSON array.
func (j *job) detachShared(ctx context.Context, g *group) error {
	for at := 0; at < g.keys.len(); at += batchSize {
		end := min(at+batchSize, g.keys.len())
		part := g.keys.slice(at, end)
		if err := j.unlink(ctx, g, part, g.owners[at:end]); err != nil {
			return err
		}
		r, err := j.cat.keyed(j.cat, g.t, part)
		if err != nil {
			return err
		}
		there := map[string]bool{}
		q := j.cat.selecting(keyText(j.cat, g.t, "t"), relName(g.t), "t", r, "true")
		if err := j.tx.each(ctx, q, r.args, func(row [][]byte) error { there[string(row[0])] = true; return nil }); err != nil {
			return err
		}
		for _, k := range part {
			if !there[k] {
				g.gone(k)
			}
		}
	}
	return nil
}

// leaveShared takes the people of the job out of rows that will be deleted, so
// that rows of theirs that stay do not refer to them.
func (j *job) leaveShared(ctx context.Context, g *group) error {
	all := oneOwner("")
	if len(j.people.names) > 0 {
		all = ownerList(j.people.names)
		if all[0] != '[' {
			all = oneOwner(all)
		}
	}
	for part := range g.keys.chunks(batchSize) {
		owners := make([]string, len(part))
		for i := range owners {
			owners[i] = all
		}
		if err := j.unlink(ctx, g, part, owners); err != nil {
			return err
		}
	}
	return nil
}

func (j *job) unlink(ctx context.Context, g *group, keys, owners []string) error {
	for _, s := range g.t.SharedBy {
		by := j.d.data.Table(s.Table)
		k := j.cat.params(1, "k", j.cat.attr(by, s.Column), attribute{})
		owners := owners
		if s.Person == "" {
			owners = j.staying(by, owners)
		}
		r := rowset{from: k.from, on: col("b", s.Column) + " = " + k.cols[0], hint: j.cat.hint(j.cat, by, []string{s.Column}), args: j.cat.args([][]string{keys, owners})}
		theirs := userIs(j.cat, j.d.data, by, s, func(user string) string { return j.cat.listed(user, k.texts[1]) })
		q := j.cat.updating(relName(by), "b", []assignment{{s.Column, "null"}}, r, theirs)
		if s.Person != "" && !s.Clear {
			q = j.cat.deleting(relName(by), "b", r, theirs)
		}
		if _, err := j.tx.exec(ctx, q, r.args); err != nil {
			return err
		}
	}
	return nil
}

// staying takes those people out of lists of names whose own rows the job
// erases: their reference goes with them, and might not take null.
func (j *job) staying(people *dataset.Table, lists []string) []string {
	going := map[string]bool{}
	for _, g := range j.groups {
		if g.t != people || g.action != connect.Erase {
			continue
		}
		for i := range g.keys.len() {
			going[ownerName(people.Name, g.keys.at(i))] = true
		}
	}
	if len(going) == 0 {
		return lists
	}
	out := make([]string, len(lists))
	for i, list := range lists {
		var names []string
		if err := json.Unmarshal([]byte(list), &names); err != nil {
			panic(fmt.Sprintf("sqldb: our own list of names: %v", err))
		}
		names = slices.DeleteFunc(names, func(n string) bool { return going[n] })
		if b, err := json.Marshal(append([]string{}, names...)); err == nil {
			out[i] = string(b)
		}
	}
	return out
}

// correct sets new values, row by row: they differ from row to row.
func (j *job) correct(ctx context.Context, g *group) error {
	for _, x := range g.values {
		if err := correctable(g.t, x); err != nil {
			return err
		}
		r, err := j.cat.keyed(j.cat, g.t, []string{x.Key})
		if err != nil {
			return err
		}
		byKey := r.args
		set, from, args := j.cat.correct(j.cat, g.t, x.Values, len(byKey)+1)
		if from != "" {
			r.from = from
		}
		owned, _, oargs := j.owned(g, len(byKey)+len(args)+1)
		n, err := j.tx.exec(ctx, j.cat.updating(relName(g.t), "t", set, r, "true"+owned), slices.Concat(byKey, args, oargs))
		if err != nil {
			return err
		}
		if n == 1 {
			continue
		}
		if r, err = j.cat.keyed(j.cat, g.t, []string{x.Key}); err != nil {
			return err
		}
		there := false
		if err := j.tx.each(ctx, j.cat.selecting("1", relName(g.t), "t", r, "true"), r.args, func([][]byte) error { there = true; return nil }); err != nil {
			return err
		}
		if there {
			return drifted(g)
		}
		g.gone(x.Key)
	}
	return nil
}

// correctable refuses to correct what the dataset does not describe.
func correctable(t *dataset.Table, x connect.Target) error {
	if len(x.Values) == 0 {
		return connect.Permanent("no-values", "A correction without values.", nil)
	}
	for f := range x.Values {
		if t.Column(f) == nil || slices.Contains(t.Key, f) {
			return connect.Permanent("unknown-field", "This field of "+t.Name+" cannot be corrected.", nil)
		}
	}
	return nil
}
