package sqldb

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"habeas/requests/connect"
	"habeas/requests/connect/sqldb/dataset"
)

// source is one way into a table: an entrance, or a step from rows that the
// walk remembers. Its query selects key columns, and its own number joined with
// that of the form of an identity or of the row that led there (from 1).
type source struct {
	q      string
	args   []any
	entry  *dataset.Entry
	step   *step
	from   []*rec // for step
	seeds  []int  // for entry: the identity of each form
	shared bool   // for step: from rows that others use, too
	sure   bool   // leads to rows beyond doubt
}

func (s source) viaOf(w *walk, ord int) string {
	if s.entry != nil {
		return w.via(w.seeds[s.seeds[max(ord-1, 0)]].via, s.step0()+s.entry.Column)
	}
	return w.via(s.from[max(ord-1, 0)].via, s.step.label)
}

func (s source) step0() string { return s.step.to.Name + "." }

// sources lists the ways into a leaf table: entrances first, then steps from
// rows of the person, then steps from shared rows, and among each those beyond
// doubt first. Their order decides by which path a row counts as found.
func (w *walk) sources(t *dataset.Table, first int) []source {
	var out []source
	key := make([]string, len(t.Key))
	for i, k := range t.Key {
		key[i] = fmt.Sprintf("%s as c%d", col("t", k), i)
	}
	what := func() string {
		return fmt.Sprintf("%s, %d + k.ord as way", strings.Join(key, ", "), int64(len(out))<<32)
	}
	for _, sure := range []bool{true, false} {
		for _, e := range t.Entries {
			if !e.Enter {
				continue
			}
			args := w.entryArgs(t, e, nil).only(func(seed int) bool { return w.clean(seed) == sure })
			if len(args.values) == 0 {
				continue
			}
			out = append(out, source{
				q: selectEntry(w.cat, t, e, what(), first), args: args.args(w.cat),
				entry: e, step: &step{to: t}, seeds: args.seeds, sure: sure,
			})
			first += len(out[len(out)-1].args)
		}
	}
	for _, shared := range []bool{false, true} {
		for _, sure := range []bool{true, false} {
			for _, st := range w.d.links[t.Name].in {
				if s, ok := w.stepsFrom(st, shared, sure, what(), first); ok {
					out = append(out, s)
					first += len(s.args)
				}
			}
		}
	}
	return out
}

// stepsFrom is the way into a leaf table by one step, from the rows remembered
// that are (or are not) shared and beyond doubt. Rows that only others use lead
// on as shared ones do.
func (w *walk) stepsFrom(st *step, shared, sure bool, what string, first int) (source, bool) {
	if shared && st.ref.SamePerson {
		return source{}, false
	}
	s := w.sets[st.from.Name]
	var from []string
	for k, r := range s.recs {
		if (r.shared || r.foreign != "") == shared && r.sure == sure {
			from = append(from, k)
		}
	}
	slices.Sort(from)
	recs := make([]*rec, len(from))
	for i, k := range from {
		recs[i] = s.recs[k]
	}
	args, err := keyArgs(w.cat, st.from, from)
	if err != nil || len(from) == 0 {
		return source{}, false // keys come from the database in our own form
	}
	return source{q: selectStep(w.cat, st, what, first), args: args, step: st, from: recs, shared: shared, sure: sure}, true
}

// gather joins sources into one row per key: c0…, best (the first way in), byref
// (the first step in) and beside (the first step from a shared row beyond doubt).
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
	return fmt.Sprintf("select %s, min(u.way) as best, min(case when u.way >= %d then u.way end) as byref, %s as beside from (%s) u group by %s",
		c, int64(steps)<<32, besideSQL(from), strings.Join(parts, " union all "), c), args, nil
}

// besideSQL selects the first way of those sources that lead from shared rows
// beyond doubt; they stand side by side.
func besideSQL(from []source) string {
	beside := func(s source) bool { return s.shared && s.sure }
	first := slices.IndexFunc(from, beside)
	if first < 0 {
		return "null"
	}
	end := first
	for end < len(from) && beside(from[end]) {
		end++
	}
	return fmt.Sprintf("min(case when u.way >= %d and u.way < %d then u.way end)", int64(first)<<32, int64(end)<<32)
}

// leaf streams a table from which nothing leads on, straight from the query.
func (e *emitter) leaf(ctx context.Context, t *dataset.Table) error {
	w := e.w
	from := w.sources(t, 1)
	if len(from) == 0 {
		return nil
	}
	p := w.d.proposer(w.cat, t, w.othersSQL(t, from))
	var q string
	var args []any
	if one := from[0]; len(from) == 1 && one.entry == nil && !one.step.up && byKey(one.step.from, one.step.ref) && !w.d.links[t.Name].asks(w.d.data, one.step) {
		// One reference leads here, so no row comes twice.
		p = w.d.proposer(w.cat, t, "")
		q = selectStep(w.cat, one.step, keyText(w.cat, t, "t")+", k.ord, k.ord, null"+selected(p.exprs), 1)
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
		q = "select " + keyText(w.cat, t, "t") + ", g.best, g.byref, g.beside" + selected(p.exprs) +
			" from (" + g + ") g" + w.cat.join() + relName(t) + " t on " + strings.Join(on, " and ")
		args = gargs
	}
	q += " order by " + w.cat.bytewise(keyText(w.cat, t, "t"))
	return w.tx.each(ctx, q, args, func(raw [][]byte) error {
		best, err := number(raw[1])
		if err != nil {
			return err
		}
		r, err := e.leafRow(p, from, raw, best)
		if err != nil {
			return err
		}
		return e.send(p, r, raw[4:])
	})
}

// othersSQL says for which rows it matters to whom they refer: those in which
// an identity stands, and those not reached by their one reference to a person.
func (w *walk) othersSQL(t *dataset.Table, from []source) string {
	var asked []string
	for i, s := range from {
		if s.entry != nil || w.d.links[t.Name].asks(w.d.data, s.step) {
			asked = append(asked, strconv.Itoa(i))
		}
	}
	if len(asked) == 0 {
		return ""
	}
	return "g.best >> 32 in (" + strings.Join(asked, ", ") + ")"
}

// mineOf divides the people who use a row into those found, by their number,
// and others.
func (e *emitter) mineOf(p *proposer, vals [][]byte) (mine []int, others []string, err error) {
	if e.mine == nil {
		e.mine = map[string]int{}
		for i, p := range e.w.people {
			e.mine[ownerName(p.table.Name, p.key)] = i
		}
	}
	var names []string
	for _, at := range p.users {
		var some []string
		if vals[at] == nil {
			continue
		}
		if err := json.Unmarshal(vals[at], &some); err != nil {
			return nil, nil, errOwner
		}
		names = append(names, some...)
	}
	slices.Sort(names)
	for _, n := range slices.Compact(names) {
		if i, ok := e.mine[n]; ok {
			mine = append(mine, i)
		} else {
			others = append(others, n)
		}
	}
	return mine, others, nil
}

// leafRow ties a streamed row to what led to it.
func (e *emitter) leafRow(p *proposer, from []source, raw [][]byte, best int64) (row, error) {
	w := e.w
	at := func(n int64) (source, int) { return from[n>>32], int(n & 0xffffffff) }
	src, ord := at(best)
	r := row{key: string(raw[0]), via: src.viaOf(w, ord), match: connect.Derived}
	mine, others, err := e.mineOf(p, raw[4:])
	if err != nil {
		return r, err
	}
	sure := src.sure
	if src.entry == nil {
		parent := src.from[ord-1]
		r.owner, r.others, r.shared = e.owner(parent), parent.others, parent.shared
		if !r.shared && len(others) > 0 {
			r.others, r.shared = len(others), true // of the same thread, say, but somebody else's, too
		}
	} else if sure, err = e.enteredRow(&r, src, at, raw[2], mine, others); err != nil {
		return r, err
	}
	// What others use, too, is the person's beyond doubt when a row is that they
	// share with the same people.
	if r.shared && !sure && raw[3] != nil {
		n, err := number(raw[3])
		if err != nil {
			return r, err
		}
		by, i := at(n)
		r.owner, sure = e.owner(by.from[i-1]), true
	}
	doubted := slices.ContainsFunc(mine, func(i int) bool { return w.doubtfulPeople[w.leader(i)] })
	if !sure || doubted {
		r.match = connect.Ambiguous
	}
	return r, nil
}

// enteredRow says whose a streamed row is in which an identity stands, and
// whether that is beyond doubt.
func (e *emitter) enteredRow(r *row, src source, at func(int64) (source, int), byref []byte, mine []int, others []string) (sure bool, err error) {
	r.match, sure = connect.Exact, src.sure
	if byref != nil {
		n, err := number(byref)
		if err != nil {
			return false, err
		}
		by, i := at(n)
		if parent := by.from[i-1]; !by.shared && (parent.sure || !sure) {
			r.owner = e.owner(parent)
			sure = sure || parent.sure
		}
	}
	if r.owner == "" && len(mine) > 0 {
		p := e.w.people[mine[0]]
		r.owner = ownerName(p.table.Name, p.key)
	}
	switch {
	case len(mine) == 0 && len(others) > 0:
		r.owner = others[0]
		sure = e.search && sure // where nothing was walked, nobody is known whom it could contradict
	case len(others) > 0:
		r.others, r.shared = len(others), true
	}
	return sure, nil
}
