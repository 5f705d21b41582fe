package sqldb

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"habeas/requests/connect"
	"habeas/requests/connect/sqldb/dataset"
)

// entryArgs are the values with which an entry is compared: one row per form
// of an identity.
type entryArgs struct {
	values   []string
	networks []string
	ords     []int32 // index of the identity
}

func (w *walk) entryArgs(t *dataset.Table, e *dataset.Entry, from int) entryArgs {
	var out entryArgs
	a := w.cat.attr(t, e.Column)
	add := func(value, network string, ord int) {
		if !fitsColumn(a, value) || strings.ContainsRune(network, 0) {
			return
		}
		for i := range out.values {
			if out.values[i] == value && out.networks[i] == network && int(out.ords[i]) == ord {
				return
			}
		}
		out.values, out.networks, out.ords = append(out.values, value), append(out.networks, network), append(out.ords, int32(ord))
	}
	for i := from; i < len(w.seeds); i++ {
		s := w.seeds[i]
		if s.id.Kind != e.Kind {
			continue
		}
		forms := []string{s.normal}
		if e.Match != dataset.MatchNormal {
			forms = append(forms, strings.TrimSpace(s.id.Value))
		}
		for _, f := range forms {
			if !e.Composed() {
				add(f, "", i)
				continue
			}
			part, network, ok := splitSocial(e.Kind, f)
			if !ok || (e.NetworkText != "" && !strings.EqualFold(e.NetworkText, network)) {
				continue
			}
			add(part, network, i)
			add(part, strings.ToLower(network), i)
		}
	}
	return out
}

// selectEntry writes the query of one entry for values, networks and numbers
// in the parameters from $first on.
func selectEntry(cat *catalog, t *dataset.Table, e *dataset.Entry, what string, first int) string {
	on := matchSQL(cat, t, e, "t", "k.v")
	if e.Network != "" {
		on += " and " + col("t", e.Network) + "::text = k.net"
	}
	return fmt.Sprintf("select %s from unnest($%d::text[], $%d::text[], $%d::int4[]) k(v, net, ord) join %s t on %s where %s",
		what, first, first+1, first+2, relName(t), on, live(t, "t"))
}

// enter looks up the identities that have not been entered yet in every table
// from which the walk goes on. Tables of people come first, so that a row's
// person is known before the row.
func (w *walk) enter(ctx context.Context) error {
	from := w.entered
	w.entered = len(w.seeds)
	if from == len(w.seeds) {
		return nil
	}
	for _, people := range []bool{true, false} {
		for _, t := range w.d.data.Tables {
			if t.Person != people || w.d.links[t.Name].leaf {
				continue
			}
			for _, e := range t.Entries {
				if !e.Enter {
					continue
				}
				if err := w.enterAt(ctx, t, e, from); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (w *walk) enterAt(ctx context.Context, t *dataset.Table, e *dataset.Entry, from int) error {
	args := w.entryArgs(t, e, from)
	if len(args.values) == 0 {
		return nil
	}
	what := keyText(t, "t") + ", k.ord, " + confirmSQL(t, e)
	q := selectEntry(w.cat, t, e, what, 1) + " order by k.ord, " + keyText(t, "t") + ` collate "C"`
	rows, err := w.tx.Query(ctx, q, args.values, args.networks, args.ords)
	if err != nil {
		return err
	}
	s := w.sets[t.Name]
	var key string
	var ord int32
	var network, id *string
	_, err = pgx.ForEachRow(rows, []any{&key, &ord, &network, &id}, func() error {
		if e.Confirm != "" && !w.confirmed(network, id) {
			w.warn("stale-handle", "A social handle now belongs to another account than the one that was proved; its records are left out.")
			return nil
		}
		w.enterRow(s, e, key, int(ord))
		return nil
	})
	return err
}

func (w *walk) enterRow(s *set, e *dataset.Entry, key string, ord int) {
	sd := w.seeds[ord]
	r := s.recs[key]
	if r == nil {
		if w.base != nil && w.base.sets[s.t.Name].recs[key] != nil {
			return
		}
		if s.t.Person && sd.from != nil {
			sd.ambiguous = true // a learned identity never leads to another person
			return
		}
		r = &rec{owner: -1, via: w.via(sd.via, s.t.Name+"."+e.Column)}
		s.recs[key] = r
		if s.t.Person {
			r.owner = w.newPerson(s.t, key)
		}
		r.seeds = append(r.seeds, ord)
		w.found(s, key, false)
		return
	}
	if sd.from == r || slices.Contains(r.seeds, ord) {
		return // the row that taught the identity is no further evidence for it
	}
	r.seeds = append(r.seeds, ord)
}

// confirmSQL selects the network and id of a row whose handle was matched.
func confirmSQL(t *dataset.Table, e *dataset.Entry) string {
	if e.Confirm == "" {
		return "null::text, null::text"
	}
	for _, o := range t.Entries {
		if o.Kind == e.Confirm && o.Composed() {
			network := quoteText(o.NetworkText) + "::text"
			if o.Network != "" {
				network = col("t", o.Network) + "::text"
			}
			return network + ", " + col("t", o.Column) + "::text"
		}
	}
	return "null::text, null::text"
}

// confirmed compares a row's social id with those proved for its network. With
// none known there is nothing to contradict the handle.
func (w *walk) confirmed(network, id *string) bool {
	if network == nil || id == nil {
		return true
	}
	known := false
	all := w.seeds
	if w.base != nil {
		all = append(append([]*seed{}, all...), w.base.seeds...)
	}
	for _, s := range all {
		if s.id.Kind != "social_id" || !s.id.Proven {
			continue
		}
		part, net, ok := splitSocial("social_id", s.normal)
		if !ok || !strings.EqualFold(net, *network) {
			continue
		}
		if part == *id {
			return true
		}
		known = true
	}
	return !known
}

// learn reads the identities that newly found rows teach. Proven ones become
// seeds.
func (w *walk) learn(ctx context.Context) error {
	for _, t := range w.d.data.Tables {
		rows := w.learning[t.Name]
		delete(w.learning, t.Name)
		if len(rows) == 0 || w.base != nil {
			continue
		}
		for _, e := range t.Entries {
			if !e.Learn {
				continue
			}
			if err := w.learnAt(ctx, t, e, rows); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *walk) learnAt(ctx context.Context, t *dataset.Table, e *dataset.Entry, from []string) error {
	proven := "false"
	if e.Always {
		proven = "true"
	} else if len(e.Proven) > 0 {
		proven = "coalesce(" + condSQL("t", e.Proven) + ", false)"
	}
	network := quoteText(e.NetworkText) + "::text"
	if e.Network != "" {
		network = col("t", e.Network) + "::text"
	}
	args, err := splitKeys(t, from)
	if err != nil {
		return err
	}
	k := keyParams(t, 1, "k")
	q := fmt.Sprintf("select k.ord, %s::text, %s, %s from %s join %s t on %s where %s is not null order by k.ord",
		col("t", e.Column), network, proven, k.from, relName(t), equalKey(w.cat, t, "t", k), col("t", e.Column))
	rows, err := w.tx.Query(ctx, q, args...)
	if err != nil {
		return err
	}
	var ord int64
	var value string
	var net *string
	var sure bool
	_, err = pgx.ForEachRow(rows, []any{&ord, &value, &net, &sure}, func() error {
		if e.Composed() {
			if net == nil || *net == "" || value == "" {
				return nil
			}
			if e.Kind == "social_id" {
				value = *net + ":" + value
			} else {
				value = strings.TrimPrefix(value, "@") + "@" + *net
			}
		}
		id := connect.Identity{Kind: e.Kind, Value: value, Proven: sure}
		if id.Normal() == "" {
			return nil
		}
		r := w.sets[t.Name].recs[from[ord-1]]
		w.learned = append(w.learned, learned{id: id, from: r})
		if sure {
			w.seed(&seed{id: id, via: w.via(r.via, t.Name+"."+e.Column), from: r})
		}
		return nil
	})
	return err
}
