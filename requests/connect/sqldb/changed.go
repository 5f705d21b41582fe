package sqldb

import (
	"context"
	"slices"
	"time"

	"habeas/requests/connect"
	"habeas/requests/connect/sqldb/dataset"
)

// entrances tells of the given identities to how many people they lead, and
// when each last changed where the dataset file knows it (changed_at).
func (w *walk) entrances(ctx context.Context) ([]connect.Entrance, error) {
	changed := make([]*time.Time, len(w.seeds))
	for _, t := range w.d.data.Tables {
		for _, e := range t.Entries {
			if e.Enter && e.ChangedAt != "" {
				if err := w.changedAt(ctx, t, e, changed); err != nil {
					return nil, err
				}
			}
		}
	}
	var out []connect.Entrance
	for i, s := range w.seeds {
		if len(s.from) == 0 && (s.people > 0 || changed[i] != nil) {
			out = append(out, connect.Entrance{Identity: s.id, People: s.people, ChangedOn: changed[i]})
		}
	}
	return out, nil
}

// changedAt reads the latest change of an entry's identities. A value from which
// no day can be computed (infinity, MySQL's zeros) is none.
func (w *walk) changedAt(ctx context.Context, t *dataset.Table, e *dataset.Entry, latest []*time.Time) error {
	given := make([]bool, len(w.seeds))
	for i, s := range w.seeds {
		given[i] = len(s.from) == 0
	}
	args := w.entryArgs(t, e, given)
	if len(args.values) == 0 {
		return nil
	}
	day := w.cat.day(col("t", e.ChangedAt))
	q := selectEntry(w.cat, t, e, "k.ord, "+day, 1) + " and " + col("t", e.ChangedAt) + " is not null group by 1, 2 order by 1, 2"
	return w.tx.each(ctx, q, args.args(w.cat), func(row [][]byte) error {
		ord, err := number(row[0])
		if err != nil {
			return err
		}
		on, err := time.Parse(time.DateOnly, string(row[1]))
		if err != nil {
			return nil
		}
		if at := &latest[args.seeds[ord-1]]; *at == nil || (*at).Before(on) {
			*at = &on
		}
		return nil
	})
}

// moments are the types of columns that say when something was.
var moments = []string{"date", "timestamp", "timestamptz", "datetime"}

// moment checks that a column says when something was.
func (c *checker) moment(t *dataset.Table, rel *relation, e *dataset.Entry) {
	if a := rel.columns[e.ChangedAt]; !slices.Contains(moments, a.base) {
		c.say(searching, t, e.Line, "changed_at of %s names column %s of type %s; a date or a time is needed", t.Name, e.ChangedAt, a.base)
	}
}
