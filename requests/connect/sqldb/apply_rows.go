package sqldb

import (
	"context"
	"iter"
	"slices"
	"strings"

	"habeas/requests/connect/sqldb/dataset"
)

// ownKeys are the constraints by which rows of a table refer to rows of the
// same table.
func (j *job) ownKeys(t *dataset.Table) []foreignKey {
	self := [2]string{t.Schema, t.Rel}
	return slices.DeleteFunc(slices.Clone(j.cat.fks), func(f foreignKey) bool {
		return f.parent != self || f.child != self
	})
}

// childRowsFirst puts the rows of one table into portions of which none refers
// to rows of an earlier one: for databases that check every single row. What
// may be null is nulled first.
func (j *job) childRowsFirst(ctx context.Context, g *group, own []foreignKey) (iter.Seq[[]string], error) {
	waits := map[string][]string{} // row → rows that it refers to
	for _, f := range own {
		if f.nullable {
			if err := j.cut(ctx, f); err != nil {
				return nil, err
			}
			continue
		}
		if err := j.parents(ctx, g, f, waits); err != nil {
			return nil, err
		}
	}
	if len(waits) == 0 {
		return g.keys.chunks(batchSize), nil
	}
	children := map[string]int{} // row → rows that still refer to it
	for _, parents := range waits {
		for _, p := range parents {
			children[p]++
		}
	}
	var rounds [][]string
	left := g.keys.slice(0, g.keys.len())
	for len(left) > 0 {
		var free, held []string
		for _, k := range left {
			if children[k] == 0 {
				free = append(free, k)
			} else {
				held = append(held, k)
			}
		}
		if len(free) == 0 {
			free, held = held, nil // a circle: the database says what it makes of it
		}
		for _, k := range free {
			for _, p := range waits[k] {
				children[p]--
			}
		}
		rounds = slices.AppendSeq(rounds, slices.Chunk(free, batchSize))
		left = held
	}
	return slices.Values(rounds), nil
}

// parents reads to which other rows of their table the rows of a group refer.
func (j *job) parents(ctx context.Context, g *group, f foreignKey, waits map[string][]string) error {
	var on, self []string
	for i := range f.columns {
		on = append(on, col("p", f.toColumns[i])+" = "+col("t", f.columns[i]))
	}
	for _, k := range g.t.Key {
		self = append(self, col("p", k)+" = "+col("t", k))
	}
	for part := range g.keys.chunks(batchSize) {
		r, err := j.cat.keyed(j.cat, g.t, part)
		if err != nil {
			return err
		}
		q := j.cat.selecting(keyText(j.cat, g.t, "t")+", (select "+keyText(j.cat, g.t, "p")+" from "+relName(g.t)+" p where "+
			strings.Join(on, " and ")+" and not ("+strings.Join(self, " and ")+"))", relName(g.t), "t", r, "true")
		err = j.tx.each(ctx, q, r.args, func(row [][]byte) error {
			if row[1] != nil {
				waits[string(row[0])] = append(waits[string(row[0])], string(row[1]))
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
