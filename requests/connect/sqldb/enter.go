package sqldb

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"habeas/requests/connect"
	"habeas/requests/connect/sqldb/dataset"
)

// entryArgs are the values with which an entry is compared: one row per form
// of an identity.
type entryArgs struct {
	values   []string
	networks []string
	seeds    []int // index of the identity
}

func (a entryArgs) args(cat *catalog) []any { return cat.args([][]string{a.values, a.networks}) }

// only keeps the values of the identities for which keep holds.
func (a entryArgs) only(keep func(seed int) bool) entryArgs {
	var out entryArgs
	for i, seed := range a.seeds {
		if keep(seed) {
			out.values, out.networks, out.seeds = append(out.values, a.values[i]), append(out.networks, a.networks[i]), append(out.seeds, seed)
		}
	}
	return out
}

func (w *walk) entryArgs(t *dataset.Table, e *dataset.Entry, fresh []bool) entryArgs {
	var out entryArgs
	a := w.cat.attr(t, e.Column)
	add := func(value, network string, ord int) {
		if !fitsColumn(w.cat, a, value) || strings.ContainsRune(network, 0) {
			return
		}
		for i := range out.values {
			if out.values[i] == value && out.networks[i] == network && out.seeds[i] == ord {
				return
			}
		}
		out.values, out.networks, out.seeds = append(out.values, value), append(out.networks, network), append(out.seeds, ord)
	}
	for i, s := range w.seeds {
		if s.id.Kind != e.Kind || (fresh != nil && !fresh[i]) {
			continue
		}
		forms := []string{s.normal}
		if e.Match != dataset.MatchNormal {
			forms = append(forms, s.spelled...)
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

// selectEntry writes the query of one entry for values and networks in the
// parameters from $first on; k.ord is the number of the form, from 1.
func selectEntry(cat *catalog, t *dataset.Table, e *dataset.Entry, what string, first int) string {
	a := cat.attr(t, e.Column)
	k := cat.params(first, "k", a, attribute{})
	on := cat.match(a, e, col("t", e.Column), k)
	if e.Network != "" {
		on += " and " + textOf(cat, t, "t", e.Network) + " = " + k.texts[1]
	}
	return "select " + what + " from " + k.from + cat.join() + relName(t) + " t on " + on + " where " + live(cat, t, "t")
}

// enter looks up the identities that have not been entered yet in every table
// from which the walk goes on. Tables of people come first, so that a row's
// person is known before the row.
func (w *walk) enter(ctx context.Context) error {
	fresh := make([]bool, len(w.seeds))
	for i, s := range w.seeds {
		fresh[i], s.entered = !s.entered, true
	}
	if !slices.Contains(fresh, true) {
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
				if err := w.enterAt(ctx, t, e, fresh); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (w *walk) enterAt(ctx context.Context, t *dataset.Table, e *dataset.Entry, fresh []bool) error {
	args := w.entryArgs(t, e, fresh)
	if len(args.values) == 0 {
		return nil
	}
	what := keyText(w.cat, t, "t") + ", k.ord, " + confirmSQL(w.cat, t, e)
	q := selectEntry(w.cat, t, e, what, 1) + " order by k.ord, " + w.cat.bytewise(keyText(w.cat, t, "t"))
	s := w.sets[t.Name]
	return w.tx.each(ctx, q, args.args(w.cat), func(row [][]byte) error {
		ord, err := number(row[1])
		if err != nil {
			return err
		}
		if e.Confirm != "" && !w.confirmed(nullable(row[2]), nullable(row[3])) {
			w.warn("stale-handle", "A social handle now belongs to another account than the one that was proved; its records are left out.")
			return nil
		}
		if w.enterRow(s, e, string(row[0]), args.seeds[ord-1]); w.tooWide() {
			return errTooWide
		}
		return nil
	})
}

func (w *walk) enterRow(s *set, e *dataset.Entry, key string, ord int) {
	sd := w.seeds[ord]
	r := s.recs[key]
	if r == nil {
		if w.base != nil && w.base.sets[s.t.Name].recs[key] != nil {
			return
		}
		if s.t.Person && len(sd.from) > 0 {
			w.astray = append(w.astray, lead{seed: ord, to: s, key: key})
			return // a learned identity never leads to another person
		}
		r = &rec{owner: -1, person: s.t.Person, rooted: len(sd.from) == 0, via: w.via(sd.via, s.t.Name+"."+e.Column)}
		s.recs[key] = r
		if s.t.Person {
			r.owner = w.newPerson(s.t, key)
		}
		r.seeds = append(r.seeds, ord)
		w.found(s, key, len(w.d.links[s.t.Name].refers) > 0)
		w.resume(s, key)
		return
	}
	if slices.Contains(sd.from, r) {
		sd.within = append(sd.within, r)
		return
	}
	if slices.Contains(r.seeds, ord) {
		return
	}
	r.seeds = append(r.seeds, ord)
	if len(sd.from) == 0 && !r.rooted {
		w.root(s, r, key)
	}
}

// confirmSQL selects the network and id of a row whose handle was matched.
func confirmSQL(cat *catalog, t *dataset.Table, e *dataset.Entry) string {
	if e.Confirm == "" {
		return "null, null"
	}
	for _, o := range t.Entries {
		if o.Kind == e.Confirm && o.Composed() {
			network := literal(cat, o.NetworkText)
			if o.Network != "" {
				network = textOf(cat, t, "t", o.Network)
			}
			return network + ", " + textOf(cat, t, "t", o.Column)
		}
	}
	return "null, null"
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
		proven = "coalesce(" + condSQL(w.cat, t, "t", e.Proven) + ", false)"
	}
	network := literal(w.cat, e.NetworkText)
	if e.Network != "" {
		network = textOf(w.cat, t, "t", e.Network)
	}
	args, err := keyArgs(w.cat, t, from)
	if err != nil {
		return err
	}
	k := keyParams(w.cat, t, 1, "k")
	q := fmt.Sprintf("select k.ord, %s, %s, %s from %s%s%s t on %s where %s is not null order by k.ord",
		textOf(w.cat, t, "t", e.Column), network, proven, k.from, w.cat.join(), relName(t), equalKey(t, "t", k), col("t", e.Column))
	return w.tx.each(ctx, q, args, func(row [][]byte) error {
		ord, err := number(row[0])
		if err != nil {
			return err
		}
		value, net, sure := string(row[1]), nullable(row[2]), truth(row[3])
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
			w.seed(&seed{id: id, via: w.via(r.via, t.Name+"."+e.Column), from: []*rec{r}})
		}
		return nil
	})
}
