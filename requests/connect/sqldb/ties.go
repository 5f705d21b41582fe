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

// Ties implements connect.Tier: it follows the foreign keys of the targets from
// row to row, level by level. Memory grows with the targets and with what they
// refer to, never with what else the person has. Look-up tables lose no rows, so
// that nothing has to stay for them.
func (d *DB) Ties(ctx context.Context, targets iter.Seq2[connect.Target, error], emit func(connect.Tie) error) error {
	return d.snapshot(ctx, func(tx session, cat *catalog) error {
		next, seen := map[*dataset.Table][]string{}, map[[2]string]bool{}
		see := func(t *dataset.Table, key string) {
			if at := [2]string{t.Name, key}; !seen[at] {
				seen[at] = true
				next[t] = append(next[t], key)
			}
		}
		for x, err := range targets {
			if err != nil {
				return emitError{err}
			}
			t := d.data.Table(x.Type)
			if t == nil {
				return connect.Permanent(errType, "The dataset file has no such record type.", nil)
			}
			see(t, x.Key)
		}
		for len(next) > 0 {
			level := next
			next = map[*dataset.Table][]string{}
			for _, t := range d.data.Tables {
				for part := range slices.Chunk(level[t], batchSize) {
					if err := d.tiesOf(ctx, tx, cat, t, part, func(to *dataset.Table, from, key string) error {
						see(to, key)
						return emit(connect.Tie{Type: t.Name, Key: from, NeedsType: to.Name, NeedsKey: key})
					}); err != nil {
						return err
					}
				}
			}
		}
		return nil
	})
}

// tiesOf emits the rows to which some rows of a table refer by a foreign key.
func (d *DB) tiesOf(ctx context.Context, tx session, cat *catalog, t *dataset.Table, from []string, emit func(to *dataset.Table, from, key string) error) error {
	args, err := keyArgs(cat, t, from)
	if err != nil {
		return err
	}
	k := keyParams(cat, t, 1, "k")
	for _, f := range cat.fks {
		if f.child != [2]string{t.Schema, t.Rel} {
			continue
		}
		on := make([]string, len(f.columns))
		for i := range f.columns {
			on[i] = col("p", f.toColumns[i]) + " = " + col("t", f.columns[i])
		}
		for _, to := range d.data.Tables {
			if f.parent != [2]string{to.Schema, to.Rel} || to.Lookup {
				continue
			}
			q := fmt.Sprintf("select k.ord, %s from %s%s%s t on %s%s%s p on %s where %s order by k.ord", keyText(cat, to, "p"), k.from,
				cat.join(), relName(t), equalKey(t, "t", k), cat.join(), relName(to), strings.Join(on, " and "), live(cat, to, "p"))
			err := tx.each(ctx, q, args, func(row [][]byte) error {
				ord, err := number(row[0])
				if err != nil {
					return err
				}
				key := string(row[1])
				if to == t && key == from[ord-1] {
					return nil // a row that refers to itself
				}
				if err := emit(to, from[ord-1], key); err != nil {
					return emitError{err}
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}
