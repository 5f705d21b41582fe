package sqldb

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"habeas/requests/connect"
	"habeas/requests/connect/sqldb/dataset"
)

// source is one way into a table: an entrance, or a step from rows that the
// walk remembers. Its query selects key columns, and its own number joined with
// that of the form of an identity or of the row that led there (from 1).
type source struct {
	q     string
	args  []any
	entry *dataset.Entry
	step  *step
	from  []*rec // for step
	seeds []int  // for entry: the identity of each form
}

func (s source) viaOf(w *walk, ord int) string {
	if s.entry != nil {
		return w.via(w.seeds[s.seeds[max(ord-1, 0)]].via, s.step0()+s.entry.Column)
	}
	return w.via(s.from[max(ord-1, 0)].via, s.step.label)
}

func (s source) step0() string { return s.step.to.Name + "." }

// sources lists the ways into a leaf table: entrances first, then steps from
// rows of the person, then steps from shared rows. Their order decides by which
// path a row counts as found.
func (w *walk) sources(t *dataset.Table, first int) []source {
	var out []source
	key := make([]string, len(t.Key))
	for i, k := range t.Key {
		key[i] = fmt.Sprintf("%s as c%d", col("t", k), i)
	}
	what := func() string {
		return fmt.Sprintf("%s, %d + k.ord as way", strings.Join(key, ", "), int64(len(out))<<32)
	}
	for _, e := range t.Entries {
		if !e.Enter {
			continue
		}
		args := w.entryArgs(t, e, 0)
		if len(args.values) == 0 {
			continue
		}
		out = append(out, source{
			q: selectEntry(w.cat, t, e, what(), first), args: args.args(w.cat),
			entry: e, step: &step{to: t}, seeds: args.seeds,
		})
		first += len(out[len(out)-1].args)
	}
	for _, shared := range []bool{false, true} {
		for _, st := range w.d.links[t.Name].in {
			s := w.sets[st.from.Name]
			var from []string
			for k, r := range s.recs {
				if r.shared == shared && !(shared && st.ref.SamePerson) {
					from = append(from, k)
				}
			}
			if len(from) == 0 {
				continue
			}
			slices.Sort(from)
			recs := make([]*rec, len(from))
			for i, k := range from {
				recs[i] = s.recs[k]
			}
			args, err := keyArgs(w.cat, st.from, from)
			if err != nil {
				continue // keys come from the database in our own form
			}
			out = append(out, source{q: selectStep(w.cat, st, what(), first), args: args, step: st, from: recs})
			first += len(args)
		}
	}
	return out
}

// gather joins sources into one row per key: c0…, best (the first way in) and
// byref (the first step in).
func gather(t *dataset.Table, from []source) (string, []any, error) {
	var parts, cols []string
	var args []any
	steps := len(from)
	for i, s := range from {
		parts = append(parts, s.q)
		args = append(args, s.args...)
		if s.entry == nil {
			steps = min(steps, i)
		}
	}
	for i := range t.Key {
		cols = append(cols, fmt.Sprintf("u.c%d", i))
	}
	c := strings.Join(cols, ", ")
	return fmt.Sprintf("select %s, min(u.way) as best, min(case when u.way >= %d then u.way end) as byref from (%s) u group by %s",
		c, int64(steps)<<32, strings.Join(parts, " union all "), c), args, nil
}

// leaf streams a table from which nothing leads on, straight from the query.
func (e *emitter) leaf(ctx context.Context, t *dataset.Table) error {
	w := e.w
	from := w.sources(t, 1)
	if len(from) == 0 {
		return nil
	}
	p := w.d.proposer(w.cat, t, othersSQL(from))
	var q string
	var args []any
	if one := from[0]; len(from) == 1 && one.entry == nil && !one.step.up && byKey(one.step.from, one.step.ref) && !w.d.links[t.Name].mixed {
		// One reference leads here, so no row comes twice.
		p = w.d.proposer(w.cat, t, "")
		q = selectStep(w.cat, one.step, keyText(w.cat, t, "t")+", k.ord, k.ord"+selected(p.exprs), 1)
		args = one.args
	} else {
		g, gargs, err := gather(t, from)
		if err != nil {
			return err
		}
		var on []string
		for i, k := range t.Key {
			on = append(on, fmt.Sprintf("%s = g.c%d", col("t", k), i))
		}
		q = "select " + keyText(w.cat, t, "t") + ", g.best, g.byref" + selected(p.exprs) +
			" from (" + g + ") g" + w.cat.join() + relName(t) + " t on " + strings.Join(on, " and ")
		args = gargs
	}
	q += " order by " + w.cat.bytewise(keyText(w.cat, t, "t"))
	return w.tx.each(ctx, q, args, func(raw [][]byte) error {
		best, err := number(raw[1])
		if err != nil {
			return err
		}
		return e.send(p, e.leafRow(p, from, raw, best), raw[3:])
	})
}

// othersSQL says for which rows it matters to whom they refer: those entered
// whose person is not known, and those reached through other rows.
func othersSQL(from []source) string {
	out := "g.byref is null"
	for i, s := range from {
		if s.entry == nil && !s.step.from.Person {
			out += fmt.Sprintf(" or g.best >> 32 = %d", i)
		}
	}
	return out
}

// isMine reports whether an owner is one of the people found.
func (e *emitter) isMine(owner string) bool {
	if e.mine == nil {
		e.mine = map[string]bool{}
		for _, p := range e.w.people {
			e.mine[ownerName(p.table.Name, p.key)] = true
		}
	}
	return e.mine[owner]
}

// leafRow ties a streamed row to what led to it.
func (e *emitter) leafRow(p *proposer, from []source, raw [][]byte, best int64) row {
	w := e.w
	at := func(n int64) (source, int) { return from[n>>32], int(n & 0xffffffff) }
	src, ord := at(best)
	if src.entry == nil {
		r := row{key: string(raw[0]), via: src.viaOf(w, ord), match: connect.Derived}
		parent := src.from[ord-1]
		r.owner, r.others, r.shared = e.owner(parent), parent.others, parent.shared
		if w.ambiguous(parent) {
			r.match = connect.Ambiguous
		}
		if p.foreign >= 0 && !src.step.from.Person && !r.shared {
			if who := string(raw[3+p.foreign]); who != "" && !e.isMine(who) {
				r.others, r.shared = 1, true // of the same thread, say, but somebody else's
			}
		}
		return r
	}
	r := row{key: string(raw[0]), via: src.viaOf(w, ord), match: connect.Exact}
	owner := -1
	if raw[2] != nil {
		if n, err := number(raw[2]); err == nil {
			by, i := at(n)
			if parent := by.from[i-1]; !parent.shared {
				owner = w.ownerOf(parent)
				r.owner = e.owner(parent)
			}
		}
	}
	switch {
	case w.casts(src.seeds[ord-1], owner), owner >= 0 && w.doubtfulPeople[w.leader(owner)]:
		r.match = connect.Ambiguous
	case owner < 0 && p.foreign >= 0 && raw[3+p.foreign] != nil:
		r.owner = string(raw[3+p.foreign])
		if !e.search {
			r.match = connect.Ambiguous
		}
	}
	return r
}
