package sqldb

import (
	"context"
	"maps"
	"slices"

	"habeas/requests/connect/sqldb/dataset"
)

// settle decides, when everything is found, what is in doubt.
func (w *walk) settle(ctx context.Context) error {
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
	for _, l := range w.skipped {
		if l.from.rooted || l.to.recs[l.key] != nil {
			continue
		}
		for _, i := range l.from.seeds {
			w.seeds[i].ambiguous = true
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
