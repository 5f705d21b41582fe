package sqldb

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"habeas/requests/connect"
	"habeas/requests/connect/sqldb/dataset"
)

// Find implements connect.Finder.
func (d *DB) Find(ctx context.Context, who []connect.Identity, emit func(connect.Found) error) (connect.Findings, error) {
	var out connect.Findings
	err := d.snapshot(ctx, func(tx session, cat *catalog) error {
		var proven, unproven []connect.Identity
		for _, id := range who {
			if id.Proven {
				proven = append(proven, id)
			} else {
				unproven = append(unproven, id)
			}
		}
		known, err := d.known(ctx, tx)
		if err != nil {
			return err
		}
		w := d.newWalk(tx, cat, proven)
		if err := w.run(ctx); err != nil {
			return err
		}
		types := planned{}
		e := &emitter{w: w, points: map[connect.Pointer]bool{}, emit: func(f connect.Found) error {
			types.note(f)
			return emit(f)
		}}
		if err := e.all(ctx); err != nil {
			return err
		}
		out.Points = e.pointers()
		out.Learned = w.learnedIdentities(proven)
		if out.Entered, err = w.entrances(ctx); err != nil {
			return err
		}
		for _, l := range w.learned { // in every spelling
			if !slices.ContainsFunc(out.Learned, func(id connect.Identity) bool { return id.Proven && id.Same(l.id) }) {
				unproven = append(unproven, l.id)
			}
		}
		candidates, err := w.candidates(ctx, unproven)
		if err != nil {
			return err
		}
		out.Candidates = candidates
		out.Warnings = append(w.sortedWarnings(), types.warnings(known)...)
		out.Needs = needs(d.data, cat)
		return nil
	})
	if err != nil {
		return connect.Findings{}, err
	}
	return out, nil
}

// needs are the constraints between described tables. Look-up tables lose no
// rows, so that nothing has to stay for them.
func needs(data *dataset.Dataset, cat *catalog) map[string][]string {
	named := func(rel [2]string) string {
		for _, t := range data.Tables {
			if t.Schema == rel[0] && t.Rel == rel[1] && !t.Lookup {
				return t.Name
			}
		}
		return ""
	}
	out := map[string][]string{}
	for _, f := range cat.fks {
		child, parent := named(f.child), named(f.parent)
		if child != "" && parent != "" && child != parent && !slices.Contains(out[child], parent) {
			out[child] = append(out[child], parent)
		}
	}
	for _, list := range out {
		slices.Sort(list)
	}
	return out
}

// Search implements the second half of connect.Looker: entrances only, no
// walking.
func (d *DB) Search(ctx context.Context, who []connect.Identity, emit func(connect.Found) error) error {
	return d.snapshot(ctx, func(tx session, cat *catalog) error {
		w := d.newWalk(tx, cat, who)
		if err := w.enter(ctx); err != nil {
			return err
		}
		if _, err := w.release(ctx); err != nil {
			return err
		}
		if err := w.settle(ctx); err != nil {
			return err
		}
		e := &emitter{w: w, emit: emit, points: map[connect.Pointer]bool{}, search: true}
		return e.all(ctx)
	})
}

// learnedIdentities are those found on the way besides the given ones. What a
// doubtful row teaches is not proven.
func (w *walk) learnedIdentities(given []connect.Identity) []connect.Identity {
	var out []connect.Identity
	for _, l := range w.learned {
		l.id.Proven = l.id.Proven && l.from.sure
		if slices.ContainsFunc(given, l.id.Same) {
			continue
		}
		if i := slices.IndexFunc(out, l.id.Same); i >= 0 {
			out[i].Proven = out[i].Proven || l.id.Proven
			continue
		}
		out = append(out, l.id)
	}
	slices.SortFunc(out, func(a, b connect.Identity) int {
		if c := strings.Compare(a.Kind, b.Kind); c != 0 {
			return c
		}
		return strings.Compare(a.Normal(), b.Normal())
	})
	return out
}

func (w *walk) sortedWarnings() []connect.Warning {
	var out []connect.Warning
	for code, text := range w.warnings {
		out = append(out, connect.Warning{Code: code, Text: text})
	}
	slices.SortFunc(out, func(a, b connect.Warning) int { return strings.Compare(a.Code, b.Code) })
	return out
}

// candidates counts what only unproven identities lead to.
func (w *walk) candidates(ctx context.Context, who []connect.Identity) ([]connect.Candidate, error) {
	c := w.d.newWalk(w.tx, w.cat, nil)
	c.base = w
	for _, id := range who {
		if !slices.ContainsFunc(w.seeds, func(s *seed) bool { return s.id.Same(id) }) {
			c.seed(&seed{id: id})
		}
	}
	if len(c.seeds) == 0 {
		return nil, nil
	}
	if err := c.run(ctx); err != nil {
		return nil, err
	}
	for code, text := range c.warnings {
		if code == "stale-handle" {
			w.warn(code, text)
		}
	}
	counts := map[[2]string]int{}
	for name, s := range c.sets {
		for _, r := range s.recs {
			counts[[2]string{name, r.via}]++
		}
	}
	for _, t := range w.d.data.Tables {
		if !w.d.links[t.Name].leaf {
			continue
		}
		if err := c.countLeaf(ctx, t, counts); err != nil {
			return nil, err
		}
	}
	var out []connect.Candidate
	for k, n := range counts {
		out = append(out, connect.Candidate{Type: k[0], Via: k[1], Count: n})
	}
	slices.SortFunc(out, func(a, b connect.Candidate) int {
		if c := strings.Compare(a.Type, b.Type); c != 0 {
			return c
		}
		return strings.Compare(a.Via, b.Via)
	})
	return out, nil
}

func (w *walk) countLeaf(ctx context.Context, t *dataset.Table, counts map[[2]string]int) error {
	mine := w.sources(t, 1)
	if len(mine) == 0 {
		return nil
	}
	q, args, err := gather(t, mine)
	if err != nil {
		return err
	}
	q = "with g as (" + q + ")"
	known := w.base.sources(t, len(args)+1)
	not := ""
	if len(known) > 0 {
		kq, kargs, err := gather(t, known)
		if err != nil {
			return err
		}
		q += ", m as (" + kq + ")"
		args = append(args, kargs...)
		var same []string
		for i := range t.Key {
			same = append(same, fmt.Sprintf("m.c%d = g.c%d", i, i))
		}
		not = " where not exists (select 1 from m where " + strings.Join(same, " and ") + ")"
	}
	q += " select g.best >> 32, count(*) from g" + not + " group by 1 order by 1"
	return w.tx.each(ctx, q, args, func(row [][]byte) error {
		src, err := number(row[0])
		if err != nil {
			return err
		}
		n, err := number(row[1])
		counts[[2]string{t.Name, mine[src].viaOf(w, 0)}] += int(n)
		return err
	})
}
