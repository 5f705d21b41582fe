package sqldb

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"

	"habeas/requests/connect"
	"habeas/requests/connect/sqldb/dataset"
)

// Look implements connect.Looker: what is there now, whatever was planned.
func (d *DB) Look(ctx context.Context, targets iter.Seq2[connect.Target, error], emit func(connect.Result) error) error {
	return d.snapshot(ctx, func(tx session, cat *catalog) error {
		return d.batches(targets, func(b *batch) error {
			return d.lookBatch(ctx, tx, cat, b, emit)
		})
	})
}

func (d *DB) lookBatch(ctx context.Context, tx session, cat *catalog, b *batch, emit func(connect.Result) error) error {
	t := b.t
	if b.action == connect.Detach && len(b.fields) == 0 && len(t.SharedBy) == 0 {
		b.fields = detachFields(t)
	}
	cols, err := keyColumns(cat, t, b.keys)
	if err != nil {
		return err
	}
	like := make([]attribute, len(cols), len(cols)+1)
	for i, k := range t.Key {
		like[i] = cat.attr(t, k)
	}
	list := ""
	var more []string
	switch b.action {
	case connect.Detach:
		if len(b.fields) == 0 {
			more, err = ownerLists(b.owners)
		}
	case connect.Correct:
		more = corrections(cat, b.values, t)
	}
	if err != nil {
		return connect.Permanent("bad-owner", "A record's owner is not a person of this system.", nil)
	}
	if more != nil {
		cols, like = append(cols, more), append(like, attribute{})
	}
	k := cat.params(1, "k", like...)
	if more != nil {
		list = k.texts[len(t.Key)]
	}
	done := doneSQL(cat, d.data, t, b.action, b.fields, list)
	if b.action == connect.Correct {
		done = correctedSQL(cat, t, list)
	}
	guard := literal(cat, "")
	if t.Erase.Do != dataset.DeleteRow || d.links[t.Name].mayShare {
		guard = guardSQL(cat, t, "t")
	}
	q := fmt.Sprintf("select k.ord, coalesce(%s, false), %s from %s%s%s t on %s order by k.ord",
		done, guard, k.from, cat.join(), relName(t), equalKey(t, "t", k))
	next := 0
	absentUpTo := func(end int) error {
		for ; next < end; next++ {
			if err := emit(connect.Result{Type: t.Name, Key: b.keys[next], State: connect.Absent}); err != nil {
				return emitError{err}
			}
		}
		return nil
	}
	err = tx.each(ctx, q, cat.args(cols), func(row [][]byte) error {
		ord, err := number(row[0])
		if err != nil {
			return err
		}
		if err := absentUpTo(int(ord - 1)); err != nil {
			return err
		}
		next++
		r := connect.Result{Type: t.Name, Key: b.keys[ord-1], State: connect.Present}
		if truth(row[1]) {
			r.State = stateOf(b.action)
		}
		if len(row[2]) > 0 {
			r.Guard = slices.Clone(row[2])
		}
		if err := emit(r); err != nil {
			return emitError{err}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return absentUpTo(len(b.keys))
}

// ownerLists writes every owner as a JSON array.
func ownerLists(owners []string) ([]string, error) {
	out := make([]string, len(owners))
	for i, o := range owners {
		if _, err := splitOwner(o); err != nil {
			return nil, err
		}
		switch {
		case o == "":
			out[i] = "[]"
		case o[0] == '[':
			out[i] = o
		default:
			out[i] = oneOwner(o)
		}
	}
	return out, nil
}

// corrections are the new values of each target as JSON.
func corrections(cat *catalog, targets []connect.Target, t *dataset.Table) []string {
	out := make([]string, len(targets))
	for i, x := range targets {
		out[i] = cat.correction(cat, t, x.Values)
	}
	return out
}

// correctedSQL says that every field of a JSON object has its value in row t.
func correctedSQL(cat *catalog, t *dataset.Table, object string) string {
	var parts []string
	for _, c := range t.Columns {
		if !slices.Contains(t.Key, c.Name) {
			parts = append(parts, cat.corrected(cat.attr(t, c.Name), t, c.Name, object))
		}
	}
	if len(parts) == 0 {
		return "true"
	}
	return strings.Join(parts, " and ")
}
