package requests

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"habeas/requests/clock"
	"habeas/requests/evidence"
)

// figureBatch is how many entries of the log are taken in at once.
const figureBatch = 5000

// CountFigures takes in what the log has that the figures do not. A case whose
// events moved on is folded anew from all of its events, so that the table can
// be emptied and made again at any time, and is the same.
func (s *Service) CountFigures(ctx context.Context) error {
	for {
		more, err := s.countBatch(ctx)
		if err != nil || !more {
			return err
		}
	}
}

func (s *Service) countBatch(ctx context.Context) (more bool, err error) {
	err = pgx.BeginFunc(ctx, s.db, func(tx pgx.Tx) error {
		var next, taken int64
		if err := tx.QueryRow(ctx, `select f.next from figures_cursor f for update`).Scan(&next); err != nil {
			return fmt.Errorf("read cursor: %w", err)
		}
		var cases []uuid.UUID
		err := tx.QueryRow(ctx, `with new as (select l.index, l.event_id from leaves l where l.index >= $1 order by l.index limit $2)
			select count(*), coalesce((select array_agg(distinct e.case_id) from new n join events e on e.id = n.event_id
				where e.kind = any($3) and e.case_id <> $4), '{}') from new`, next, figureBatch, figureKinds, evidence.SystemCase).Scan(&taken, &cases)
		if err != nil {
			return fmt.Errorf("read log: %w", err)
		}
		if taken == 0 {
			return nil
		}
		more = taken == figureBatch
		if err := s.recountFigures(ctx, tx, cases); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `update figures_cursor set next = $1`, next+taken)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("count figures: %w", err)
	}
	return more, nil
}

// recountFigures folds the events of some cases and puts their figures in place
// of the old ones.
func (s *Service) recountFigures(ctx context.Context, tx pgx.Tx, cases []uuid.UUID) error {
	if len(cases) == 0 {
		return nil
	}
	rows, err := tx.Query(ctx, `select e.case_id, e.line from events e where e.case_id = any($1) and e.kind = any($2) order by e.case_id, e.seq`, cases, figureKinds)
	if err != nil {
		return fmt.Errorf("read events: %w", err)
	}
	var table [][]any
	var lines []evidence.Line
	var last, id uuid.UUID
	var raw string
	flush := func() error {
		found, err := figuresOf(lines, s.set.Laws)
		for _, f := range found {
			table = append(table, []any{
				last, f.Right, f.Law, f.Country, f.Channel, dateTime(f.Received), dateTime(f.Due), dayOrNil(f.Answered), f.Result, f.Ground,
			})
		}
		lines = lines[:0]
		return err
	}
	_, err = pgx.ForEachRow(rows, []any{&id, &raw}, func() error {
		if id != last {
			if err := flush(); err != nil {
				return err
			}
			last = id
		}
		line, err := evidence.ParseLine([]byte(raw))
		lines = append(lines, line)
		return err
	})
	if err == nil {
		err = flush()
	}
	if err != nil {
		return fmt.Errorf("fold events: %w", err)
	}
	if _, err := tx.Exec(ctx, `delete from figures f where f.case_id = any($1)`, cases); err != nil {
		return err
	}
	_, err = tx.CopyFrom(ctx, pgx.Identifier{"figures"}, []string{
		"case_id", "right", "law", "country", "channel", "received_on", "due_on", "answered_on", "result", "ground",
	}, pgx.CopyFromRows(table))
	return err
}

func dayOrNil(d clock.Date) *time.Time {
	if d.IsZero() {
		return nil
	}
	return new(dateTime(d))
}
