package requests

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"habeas/requests/connect"
	"habeas/requests/plan"
)

// The codes of warnings about records that stand or fall together.
const (
	heldTogether = "held-together"
	keptApart    = "kept-apart"
)

// HeldRecords tells which records of a system a hold in force names. It is nobody's
// case that is asked about: a hold is found by the record alone.
func (s *Service) HeldRecords(ctx context.Context, system string) (func(typ, key string) bool, error) {
	rows, err := s.db.Query(ctx, `select unnest(h.lookups) from holds h where h.lifted_at is null and h.scope = 'records' and h.system = $1`, system)
	if err != nil {
		return nil, fmt.Errorf("read holds: %w", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
	if err != nil {
		return nil, fmt.Errorf("read holds: %w", err)
	}
	held := make(map[string]bool, len(list))
	for _, l := range list {
		held[string(l)] = true
	}
	return func(typ, key string) bool {
		return len(held) > 0 && slices.ContainsFunc(s.ring.Lookups(heldRecord, recordName(system, typ, key)), func(l []byte) bool { return held[string(l)] })
	}, nil
}

// hang finds on what records under a hold hang: a database keeps a ticket only
// with the contact that it refers to, and would refuse the whole erasure. The
// system was asked about the records that were held when it was searched. Where
// it cannot say, or where a hold came later, constraints are known by type, so
// that all the person's records of these types stay; the desk can decide about
// each.
func (w *weighing) hang(ctx context.Context, d discovery) error {
	if len(w.records[d.system]) == 0 || len(d.learned.Needs)+len(d.learned.Ties) == 0 {
		return nil
	}
	asked := map[HeldRecord]bool{}
	for _, r := range d.learned.Held {
		asked[r] = true
	}
	hanging, tied, roots := map[string]activeHold{}, map[HeldRecord]activeHold{}, map[HeldRecord]activeHold{}
	for f, err := range w.ch.findings(ctx, d) {
		if err != nil {
			return err
		}
		h, ok := w.on(plan.Record{System: d.system, Type: f.Type, Key: f.Key})
		switch r := (HeldRecord{Type: f.Type, Key: f.Key}); {
		case !ok:
		case asked[r]:
			roots[r] = h
		default:
			for _, t := range needed(d.learned.Needs, f.Type) {
				hanging[t] = h
			}
		}
	}
	for _, t := range d.learned.Ties { // what led to a record comes before what it leads to
		from := HeldRecord{Type: t.Type, Key: t.Key}
		h, ok := roots[from]
		if !ok {
			h, ok = tied[from]
		}
		if to := (HeldRecord{Type: t.NeedsType, Key: t.NeedsKey}); ok {
			if _, known := tied[to]; !known {
				tied[to] = h
			}
		}
	}
	if w.hanging == nil {
		w.hanging, w.tied = map[string]map[string]activeHold{}, map[string]map[HeldRecord]activeHold{}
	}
	w.hanging[d.system], w.tied[d.system] = hanging, tied
	return nil
}

// needed are the types that must stay where records of a type stay, and those
// that these need in turn.
func needed(needs map[string][]string, typ string) []string {
	var out []string
	for next := slices.Clone(needs[typ]); len(next) > 0; next = next[1:] {
		if t := next[0]; t != typ && !slices.Contains(out, t) {
			out = append(out, t)
			next = append(next, needs[t]...)
		}
	}
	return out
}

// hangs keeps a record that a held one needs. It is no held record: the desk may
// decide otherwise where this one is not meant.
func (w *weighing) hangs(e *plan.Entry) {
	if !destroys(e.Record.Action) {
		return
	}
	h, tied := w.tied[e.Record.System][HeldRecord{Type: e.Record.Type, Key: e.Record.Key}]
	if !tied {
		var ok bool
		if h, ok = w.hanging[e.Record.System][e.Record.Type]; !ok {
			return
		}
		w.hung++
	} else {
		w.ties++
	}
	e.Record.Action, e.Record.Fields, e.Record.Ground = connect.Keep, nil, w.ch.c.holdGround(h, e.Record.Right)
}

// warning tells the desk what stays with the held records.
func (w *weighing) warning() []connect.Warning {
	var out []connect.Warning
	if w.ties > 0 {
		out = append(out, connect.Warning{Code: heldTogether, Text: fmt.Sprintf(
			"%d records stay because held records refer to them: the database keeps one only with the other.", w.ties)})
	}
	if w.hung > 0 {
		out = append(out, connect.Warning{Code: heldTogether, Text: fmt.Sprintf(
			"%d records stay because held records may refer to them, and the database keeps one only with the other. Where a record is not meant, decide about it by itself.", w.hung)})
	}
	return out
}

// apart watches, while a plan is rewritten, for records that the desk keeps and
// others that go although the database may hold them together.
type apart struct {
	needs        map[string]map[string][]string
	kept, erased map[[2]string]bool // by system and type
}

func (a *apart) see(e plan.Entry) {
	at := [2]string{e.Record.System, e.Record.Type}
	switch {
	case e.Record.Action == connect.Keep && e.Note.ByDesk:
		a.kept[at] = true
	case e.Record.Action == connect.Erase:
		a.erased[at] = true
	}
}

// warnings name what the erasure would stop at, by the types' titles.
func (a *apart) warnings(s *Service) []connect.Warning {
	var out []connect.Warning
	for at := range a.kept {
		for _, parent := range needed(a.needs[at[0]], at[1]) {
			if a.erased[[2]string{at[0], parent}] {
				out = append(out, connect.Warning{Code: keptApart, Text: fmt.Sprintf(
					"Something of “%s” stays and something of “%s” goes. Where the one refers to the other, the database refuses, and nothing is changed: then keep both.",
					s.typeTitle(at[0], at[1]), s.typeTitle(at[0], parent))})
			}
		}
	}
	slices.SortFunc(out, func(a, b connect.Warning) int { return strings.Compare(a.Text, b.Text) })
	return out
}

// findings are what a discovery found, in order and in batches.
func (ch *change) findings(ctx context.Context, d discovery) iter.Seq2[connect.Found, error] {
	return func(yield func(connect.Found, error) bool) {
		for from := int64(-1); ; {
			rows, err := ch.Query(ctx, `select f.ord, f.sealed from findings f where f.task_id = $1 and f.attempt = $2 and f.ord > $3 order by f.ord limit $4`,
				d.task, d.attempt, from, planBatch)
			if err != nil {
				yield(connect.Found{}, fmt.Errorf("read findings: %w", err))
				return
			}
			batch, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (f connect.Found, err error) {
				var sealed []byte
				if err := row.Scan(&from, &sealed); err != nil {
					return f, err
				}
				return f, openJSON(ch.key, "finding", sealed, &f)
			})
			if err != nil {
				yield(connect.Found{}, fmt.Errorf("read findings: %w", err))
				return
			}
			for _, f := range batch {
				if !yield(f, nil) {
					return
				}
			}
			if len(batch) < planBatch {
				return
			}
		}
	}
}
