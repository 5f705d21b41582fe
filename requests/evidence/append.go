package evidence

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

const insertEvents = `
with e as (
	insert into events (case_id, seq, kind, at, line)
	select $1, u.seq, u.kind, $2, u.line
	from unnest($3::bigint[], $4::text[], $5::text[]) as u (seq, kind, line)
	returning id)
insert into events_pending (event_id) select id from e`

// insertEvent is insertEvents for one, the usual number; it is cheaper.
const insertEvent = `
with e as (
	insert into events (case_id, seq, kind, at, line) values ($1, $2, $3, $4, $5) returning id)
insert into events_pending (event_id) select id from e`

// Append writes events of one case in the caller's transaction, numbered
// after+1, after+2, … The caller holds the lock of the case's row and stores
// the last number there. at is the database's clock. A payload that is not of
// its form is an error, and nothing is written.
func Append(ctx context.Context, tx pgx.Tx, caseID string, at time.Time, after int64, events ...Event) error {
	if len(events) == 0 {
		return nil
	}
	if !validCase(caseID) {
		return fault("case")
	}
	at = At(at).Time
	if len(events) == 1 {
		line, err := encode(caseID, at, after+1, newSalts(1)[0], events[0])
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, insertEvent, caseID, after+1, events[0].Data.Kind(), at, string(line)); err != nil {
			return fmt.Errorf("evidence: append: %w", err)
		}
		return nil
	}
	seqs := make([]int64, len(events))
	kinds := make([]string, len(events))
	lines := make([]string, len(events))
	salts := newSalts(len(events))
	for i, e := range events {
		seqs[i] = after + int64(i) + 1
		line, err := encode(caseID, at, seqs[i], salts[i], e)
		if err != nil {
			return err
		}
		kinds[i], lines[i] = e.Data.Kind(), string(line)
	}
	if _, err := tx.Exec(ctx, insertEvents, caseID, at, seqs, kinds, lines); err != nil {
		return fmt.Errorf("evidence: append: %w", err)
	}
	return nil
}

// AppendSystem writes events of the system's own stream: users, tokens,
// configuration, keys, systems. The stream's row stays locked until the
// transaction ends.
func AppendSystem(ctx context.Context, tx pgx.Tx, events ...Event) error {
	if len(events) == 0 {
		return nil
	}
	var last int64
	var at time.Time
	err := tx.QueryRow(ctx, `
		update event_stream set seq = seq + $1 returning seq, clock_timestamp()`,
		len(events)).Scan(&last, &at)
	if err != nil {
		return fmt.Errorf("evidence: system stream: %w", err)
	}
	return Append(ctx, tx, SystemCase, at, last-int64(len(events)), events...)
}
