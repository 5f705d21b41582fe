package sqldb

import (
	"context"
	"slices"
	"strings"

	"habeas/requests/connect"
	"habeas/requests/connect/sqldb/dataset"
)

// emitter hands out what a walk found, table by table, sorted by key.
type emitter struct {
	w      *walk
	emit   func(connect.Found) error
	points map[connect.Pointer]bool
	mine   map[string]int // number of the people found, by name; made when needed
	search bool           // entrances only: a row's owner is whom it refers to
}

func (e *emitter) all(ctx context.Context) error {
	for _, t := range e.w.d.data.Tables {
		var err error
		if e.w.d.links[t.Name].leaf {
			err = e.leaf(ctx, t)
		} else {
			err = e.remembered(ctx, t)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (e *emitter) pointers() []connect.Pointer {
	out := make([]connect.Pointer, 0, len(e.points))
	for p := range e.points {
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b connect.Pointer) int {
		if c := strings.Compare(a.System, b.System); c != 0 {
			return c
		}
		return strings.Compare(a.Ref, b.Ref)
	})
	return out
}

// send emits one row.
func (e *emitter) send(p *proposer, r row, vals [][]byte) error {
	for i, system := range p.points {
		if len(vals[i]) > 0 {
			e.points[connect.Pointer{System: system, Ref: string(vals[i])}] = true
		}
	}
	if err := e.emit(p.found(r, vals, e.w.d.now())); err != nil {
		return emitError{err}
	}
	return nil
}

// remembered emits the rows of a table that the walk keeps in memory.
func (e *emitter) remembered(ctx context.Context, t *dataset.Table) error {
	s := e.w.sets[t.Name]
	if len(s.recs) == 0 {
		return nil
	}
	keys := make([]string, 0, len(s.recs))
	for k := range s.recs {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	p := e.w.d.proposer(e.w.cat, t, "")
	k := keyParams(e.w.cat, t, 1, "k")
	q := "select k.ord" + selected(p.exprs) + " from " + k.from + e.w.cat.join() + relName(t) + " t on " + equalKey(t, "t", k) + " order by k.ord"
	for part := range slices.Chunk(keys, 5000) {
		args, err := keyArgs(e.w.cat, t, part)
		if err != nil {
			return err
		}
		err = e.w.tx.each(ctx, q, args, func(raw [][]byte) error {
			ord, err := number(raw[0])
			if err != nil {
				return err
			}
			key := part[ord-1]
			rec := s.recs[key]
			return e.send(p, e.row(key, rec, len(rec.seeds) > 0), raw[1:])
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (e *emitter) row(key string, r *rec, entered bool) row {
	out := row{key: key, via: r.via, owner: e.owner(r), others: r.others, shared: r.shared, used: r.users != "", match: connect.Derived}
	if entered {
		out.match = connect.Exact
	}
	// Where nothing was walked, nobody is known whom a row could contradict.
	if !r.sure && (!e.search || r.foreign == "") {
		out.match = connect.Ambiguous
	}
	return out
}

func (e *emitter) owner(r *rec) string {
	for ; r != nil; r = r.parent {
		switch {
		case r.foreign != "":
			return r.foreign
		case r.users != "":
			return r.users
		case r.owner >= 0:
			p := e.w.people[r.owner]
			return ownerName(p.table.Name, p.key)
		}
	}
	return ""
}

// selected continues a select list.
func selected(exprs []string) string {
	if len(exprs) == 0 {
		return ""
	}
	return ", " + strings.Join(exprs, ", ")
}
