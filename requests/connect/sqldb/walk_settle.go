package sqldb

import (
	"context"
	"maps"
	"slices"

	"habeas/requests/connect/sqldb/dataset"
)

// settle decides, when everything is found, what is in doubt.
func (w *walk) settle(ctx context.Context) error {
	w.taughtTwice()
	for _, t := range w.d.data.Tables {
		if err := w.foreigners(ctx, t); err != nil {
			return err
		}
	}
	for _, l := range w.astray {
		if r := l.to.recs[l.key]; r != nil {
			r.seeds = append(r.seeds, l.seed)
		} else {
			w.seeds[l.seed].ambiguous = true
		}
	}
	for _, ways := range w.skipped {
		for _, way := range ways {
			w.strange(way.from)
		}
	}
	w.ambiguities()
	if len(w.doubtfulPeople) > 0 {
		for _, t := range w.d.data.Tables {
			if err := w.usedInDoubt(ctx, t); err != nil {
				return err
			}
		}
	}
	w.doubt()
	return nil
}

// taughtTwice lets an identity lead to a row that teaches it when another row
// teaches it, too: alone, a row is no evidence for what it says itself.
func (w *walk) taughtTwice() {
	for i, s := range w.seeds {
		for _, r := range s.within {
			if len(s.from) > 1 && !slices.Contains(r.seeds, i) {
				r.seeds = append(r.seeds, i)
			}
		}
	}
}

// strange casts doubt on the identities that stand in a row, or that it teaches,
// when the row is known by learned identities only and is the same human being
// as somebody who was not found.
func (w *walk) strange(r *rec) {
	if r.rooted {
		return
	}
	for i, s := range w.seeds {
		s.ambiguous = s.ambiguous || slices.Contains(r.seeds, i) || slices.Contains(s.from, r)
	}
}

// usedInDoubt finds rows that somebody uses who is in doubt.
func (w *walk) usedInDoubt(ctx context.Context, t *dataset.Table) error {
	s := w.sets[t.Name]
	if t.Person {
		return nil
	}
	return w.users(ctx, t, slices.Sorted(maps.Keys(s.recs)), personRefs(w.d.data, t), func(key string, u usage) {
		for _, p := range u.mine {
			s.recs[key].doubted = s.recs[key].doubted || w.doubtfulPeople[w.leader(p)]
		}
	})
}

// foreigners finds rows in which an identity of the person stands, but which
// only other people use.
func (w *walk) foreigners(ctx context.Context, t *dataset.Table) error {
	s := w.sets[t.Name]
	if w.d.links[t.Name].leaf || t.Person {
		return nil
	}
	var own []string
	for k, r := range s.recs {
		if len(r.seeds) > 0 {
			own = append(own, k)
		}
	}
	slices.Sort(own)
	return w.users(ctx, t, own, personRefs(w.d.data, t), func(key string, u usage) {
		r := s.recs[key]
		if len(u.mine) == 0 && len(u.others) > 0 {
			r.foreign = u.others[0]
			if len(t.SharedBy) == 0 {
				r.shared, r.others = false, 0
			}
		}
	})
}
