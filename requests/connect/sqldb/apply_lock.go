package sqldb

import (
	"context"
	"slices"

	"habeas/requests/connect/sqldb/dataset"
)

// lock locks, before anything is looked at or changed, every row that another
// job might want as well: the people's own, and those that several people use. Tables come by name and rows by key, the same for every job, so that of
// two jobs one waits for the other and never each for the other. What hangs on
// one person alone is guarded by that person's row.
func (j *job) lock(ctx context.Context) error {
	for _, t := range j.d.data.Tables {
		rel := j.cat.of(t)
		if rel.kind == "v" || !rel.upd {
			continue // the database locks for those only who may change
		}
		for part := range slices.Chunk(j.contended(t), batchSize) {
			r, err := j.cat.keyed(j.cat, t, part)
			if err != nil {
				return err
			}
			q := j.cat.selecting("1", relName(t), "t", r, "true") + " order by " + j.cat.bytewise(keyText(j.cat, t, "t")) + j.cat.locking()
			if err := j.tx.each(ctx, q, r.args, func([][]byte) error { return nil }); err != nil {
				return err
			}
		}
	}
	return nil
}

// contended are the keys of a table's rows that other jobs may want, sorted.
func (j *job) contended(t *dataset.Table) []string {
	out := slices.Clone(j.people.keys[t.Name])
	for _, g := range j.groups {
		if g.t == t && g.acts() && !(g.owned && j.d.links[t.Name].sole) {
			out = append(out, g.keys.slice(0, g.keys.len())...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
