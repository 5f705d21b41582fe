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
	sql, args, err := insertion(caseID, at, after, events)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, sql, args...); err != nil {
		return fmt.Errorf("evidence: append: %w", err)
	}
	return nil
}

// Queue is Append as a statement of a batch of the caller's transaction.
func Queue(b *pgx.Batch, caseID string, at time.Time, after int64, events ...Event) error {
	if len(events) == 0 {
		return nil
	}
	sql, args, err := insertion(caseID, at, after, events)
	if err != nil {
		return err
	}
	b.Queue(sql, args...)
	return nil
}

func insertion(caseID string, at time.Time, after int64, events []Event) (sql string, args []any, err error) {
	if !validCase(caseID) {
		return "", nil, fault("case")
	}
	at = At(at).Time
	if len(events) == 1 {
		line, err := encode(caseID, at, after+1, newSalts(1)[0], events[0])
		if err != nil {
			return "", nil, err
		}
		return insertEvent, []any{caseID, after + 1, events[0].Data.Kind(), at, string(line)}, nil
	}
	seqs := make([]int64, len(events))
	kinds := make([]string, len(events))
	lines := make([]string, len(events))
	salts := newSalts(len(events))
	for i, e := range events {
		seqs[i] = after + int64(i) + 1
		line, err := encode(caseID, at, seqs[i], salts[i], e)
		if err != nil {
			return "", nil, err
		}
		kinds[i], lines[i] = e.Data.Kind(), string(line)
	}
	return insertEvents, []any{caseID, at, seqs, kinds, lines}, nil
}

// NewSalt returns the salt of one event, for StartedSQL.
func NewSalt() string { return newSalts(1)[0] }

// StartedSQL writes the event task.started in a statement that itself learns
// its place: CTEs for an insert from a row source named told with the columns
// case_id, event_seq, event_at (whole milliseconds), actor, salt, attempt,
// stage, system and task. The leaf is the one that Append writes for the same
// values, which hold letters, digits and hyphens only.
const StartedSQL = `e as (
		insert into events (case_id, seq, kind, at, line)
		select n.case_id, n.event_seq, 'task.started', n.event_at, '{"actor":"' || n.actor || '","at":"' || to_char(n.event_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
			|| '","case":"' || n.case_id || '","data":{"attempt":' || n.attempt || ',"stage":"' || n.stage || '","system":"' || n.system || '","task":"' || n.task
			|| '"},"kind":"task.started","salt":"' || n.salt || '","seq":' || n.event_seq || ',"v":1}'
		from told n returning id),
	p as (insert into events_pending (event_id) select id from e)`

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
