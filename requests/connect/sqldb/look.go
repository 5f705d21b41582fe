package sqldb

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"habeas/requests/connect"
	"habeas/requests/connect/sqldb/dataset"
)

// Look implements connect.Looker: what is there now, whatever was planned.
func (d *DB) Look(ctx context.Context, targets iter.Seq2[connect.Target, error], emit func(connect.Result) error) error {
	return d.snapshot(ctx, func(tx pgx.Tx, cat *catalog) error {
		return d.batches(targets, func(b *batch) error {
			return d.lookBatch(ctx, tx, cat, b, emit)
		})
	})
}

func (d *DB) lookBatch(ctx context.Context, tx pgx.Tx, cat *catalog, b *batch, emit func(connect.Result) error) error {
	t := b.t
	if b.action == connect.Detach && len(b.fields) == 0 && len(t.SharedBy) == 0 {
		b.fields = detachFields(t)
	}
	args, err := splitKeys(t, b.keys)
	if err != nil {
		return err
	}
	n := len(args)
	done := doneSQL(cat, d.data, t, b.action, b.fields)
	var more []string
	switch b.action {
	case connect.Detach:
		if len(b.fields) == 0 {
			more, err = ownerLists(b.owners)
		}
	case connect.Correct:
		more, done = corrections(b.values), correctedSQL(t)
	}
	if err != nil {
		return connect.Permanent("bad-owner", "A record's owner is not a person of this system.", nil)
	}
	var arrays, names, on []string
	for i, k := range t.Key {
		arrays = append(arrays, fmt.Sprintf("$%d::text[]", i+1))
		names = append(names, fmt.Sprintf("v%d", i))
		on = append(on, fmt.Sprintf("%s = k.v%d::%s", col("t", k), i, castType(cat.attr(t, k))))
	}
	if more != nil {
		args = append(args, more)
		arrays = append(arrays, fmt.Sprintf("$%d::text[]", n+1))
		names = append(names, "owners")
	}
	guard := "''"
	if t.Erase.Do != dataset.DeleteRow || d.links[t.Name].mayShare {
		guard = guardSQL(t, "t")
	}
	q := fmt.Sprintf("select k.ord, coalesce(%s, false), %s from unnest(%s) with ordinality k(%s, ord) join %s t on %s order by k.ord",
		done, guard, strings.Join(arrays, ", "), strings.Join(names, ", "), relName(t), strings.Join(on, " and "))
	rows, err := tx.Query(ctx, q, args...)
	if err != nil {
		return err
	}
	next := 0
	absentUpTo := func(end int) error {
		for ; next < end; next++ {
			if err := emit(connect.Result{Type: t.Name, Key: b.keys[next], State: connect.Absent}); err != nil {
				return emitError{err}
			}
		}
		return nil
	}
	var ord int64
	var ok bool
	var guarded string
	_, err = pgx.ForEachRow(rows, []any{&ord, &ok, &guarded}, func() error {
		if err := absentUpTo(int(ord - 1)); err != nil {
			return err
		}
		next++
		r := connect.Result{Type: t.Name, Key: b.keys[ord-1], State: connect.Present}
		if ok {
			r.State = stateOf(b.action)
		}
		if guarded != "" {
			r.Guard = []byte(guarded)
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
func corrections(targets []connect.Target) []string {
	out := make([]string, len(targets))
	for i, x := range targets {
		out[i] = valuesJSON(x)
	}
	return out
}

func valuesJSON(x connect.Target) string {
	b, err := json.Marshal(x.Values)
	if err != nil {
		return "{}"
	}
	return string(b)
}

// correctedSQL says that every field of k.owners (a JSON object here) has its
// new value in row t.
func correctedSQL(t *dataset.Table) string {
	var parts []string
	for _, c := range t.Columns {
		if slices.Contains(t.Key, c.Name) {
			continue
		}
		name := quoteText(c.Name)
		parts = append(parts, fmt.Sprintf(
			"(not (k.owners::jsonb ? %s) or to_jsonb(%s) is not distinct from to_jsonb((jsonb_populate_record(null::%s, k.owners::jsonb)).%s))",
			name, col("t", c.Name), relName(t), quote(c.Name)))
	}
	if len(parts) == 0 {
		return "true"
	}
	return strings.Join(parts, " and ")
}
