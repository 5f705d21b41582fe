package requests

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"habeas/requests/connect"
	"habeas/requests/plan"
)

// planWriter writes a plan's records as they come, in order.
type planWriter struct {
	ch       *change
	p        *storedPlan
	h        *plan.Hasher
	rows     [][]any
	ord      int64
	redacted int
	// unfounded are records that the description keeps on a ground which is none
	// under the law of the case.
	unfounded int

	marks            marks
	found, corrected bool // something was found; something is to be corrected
}

// newPlan begins the case's next plan and makes it the one in force.
func (ch *change) newPlan(ctx context.Context) (*planWriter, error) {
	nonce := make([]byte, 16)
	rand.Read(nonce)
	p := &storedPlan{
		ID: newID(), CreatedAt: ch.at,
		Header: plan.Header{
			V: plan.Version, Case: ch.c.ID.String(), Rights: slices.Sorted(slices.Values(ch.c.Rights)),
			Nonce: hex.EncodeToString(nonce), Datasets: map[string]string{}, Config: ch.s.configHash(),
		},
	}
	for _, c := range ch.s.systems {
		d := c.Describe()
		p.Header.Datasets[d.Name] = d.Hash
	}
	h, err := plan.NewHasher(p.Header)
	if err != nil {
		return nil, err
	}
	if err := ch.QueryRow(ctx, `select coalesce(max(p.version), 0) + 1 from plans p where p.case_id = $1`, ch.c.ID).Scan(&p.Version); err != nil {
		return nil, fmt.Errorf("number plan: %w", err)
	}
	_, err = ch.Exec(ctx, `insert into plans (id, case_id, version, hash, header, records, counts, created_at, lookups, holds)
		select $1, $2, $3, '', $4, 0, '[]', $5, coalesce(o.lookups, '{}'), coalesce(o.holds, '{}') from (values (1)) v left join plans o on o.id = $6`,
		p.ID, ch.c.ID, p.Version, p.Header, ch.at, ch.c.PlanID)
	if err != nil {
		return nil, fmt.Errorf("insert plan: %w", err)
	}
	ch.c.PlanID = &p.ID
	return &planWriter{ch: ch, p: p, h: h}, nil
}

func (w *planWriter) add(ctx context.Context, e plan.Entry, outcome string, until *time.Time) error {
	if _, err := w.h.Add(e.Record); err != nil {
		return err
	}
	raw, err := json.Marshal(sealedRecord{Line: e.Record, Note: e.Note})
	if err != nil {
		return fmt.Errorf("encode record: %w", err)
	}
	key := w.ch.key
	w.rows = append(w.rows, []any{
		w.p.ID, w.ord, e.Record.System, e.Record.Type, keyDigest(key, e.Record.System, e.Record.Type, e.Record.Key), e.Record.Right,
		string(e.Record.Action), string(e.Note.Match), e.Note.Shared, !e.Note.Undecided, key.Seal("record", raw), outcome, until,
	})
	w.ord++
	if e.Note.Undecided && e.Record.Action == connect.Redact {
		w.redacted++
	} else if e.Note.Undecided {
		w.p.Undecided++
	}
	if e.Note.Unfounded && e.Note.Undecided {
		w.unfounded++
	}
	i := slices.IndexFunc(w.p.Counts, func(c planCount) bool {
		return c.System == e.Record.System && c.Right == e.Record.Right && c.Action == e.Record.Action
	})
	if i < 0 {
		w.p.Counts = append(w.p.Counts, planCount{System: e.Record.System, Right: e.Record.Right, Action: e.Record.Action})
		i = len(w.p.Counts) - 1
	}
	w.p.Counts[i].Count++
	if len(w.rows) >= planBatch {
		return w.flush(ctx)
	}
	return nil
}

func (w *planWriter) flush(ctx context.Context) error {
	_, err := w.ch.CopyFrom(ctx, pgx.Identifier{"plan_records"}, []string{
		"plan_id", "ord", "system", "type", "key_digest", "right", "action", "match", "shared", "decided", "sealed", "outcome", "until",
	}, pgx.CopyFromRows(w.rows))
	w.rows = w.rows[:0]
	if err != nil {
		return fmt.Errorf("write plan records: %w", err)
	}
	return nil
}

// close writes the rest and the plan's hash.
func (w *planWriter) close(ctx context.Context, way foundOnTheWay) error {
	if err := w.flush(ctx); err != nil {
		return err
	}
	for _, m := range w.p.Manual {
		if err := w.h.AddManual(m); err != nil {
			return err
		}
	}
	w.p.Hash, w.p.Records = w.h.Sum(), w.h.Records()
	raw, err := json.Marshal(way)
	if err != nil {
		return fmt.Errorf("encode findings: %w", err)
	}
	_, err = w.ch.Exec(ctx, `update plans set hash = $2, records = $3, counts = $4, undecided = $5, manual = $6, warnings = $7, sealed = $8 where id = $1`,
		w.p.ID, w.p.Hash, w.p.Records, orEmpty(w.p.Counts), w.p.Undecided, orEmpty(w.p.Manual), orEmpty(w.p.Warnings), w.ch.key.Seal("plan", raw))
	if err != nil {
		return fmt.Errorf("write plan: %w", err)
	}
	return nil
}
