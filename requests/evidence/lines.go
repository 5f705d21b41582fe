package evidence

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// MaxEntries is how many entries one call returns at most.
const MaxEntries = 1000

// CaseLines returns all events of a case in the order of seq, with their log
// indexes; -1 for those that wait for the integrator.
func (l *Log) CaseLines(ctx context.Context, caseID string) ([]Line, error) {
	return readLines(ctx, l.pool, `
		select coalesce(l.index, -1), e.line
		from events e left join leaves l on l.event_id = e.id
		where e.case_id = $1
		order by e.seq`, caseID)
}

// Entries returns the leaves from index from up to but without to, MaxEntries
// at most.
func (l *Log) Entries(ctx context.Context, from, to int64) ([]Line, error) {
	if from < 0 || to <= from {
		return nil, nil
	}
	return readLines(ctx, l.pool, `
		select l.index, e.line
		from leaves l join events e on e.id = l.event_id
		where l.index >= $1 and l.index < $2
		order by l.index`, from, min(to, from+MaxEntries))
}

func readLines(ctx context.Context, q querier, sql string, args ...any) ([]Line, error) {
	rows, err := q.Query(ctx, sql, args...)
	if err != nil {
		return nil, fmt.Errorf("evidence: lines: %w", err)
	}
	var lines []Line
	var index int64
	var raw string
	_, err = pgx.ForEachRow(rows, []any{&index, &raw}, func() error {
		line, err := ParseLine([]byte(raw))
		if err != nil {
			return fmt.Errorf("%w: entry %d: %w", ErrDamaged, index, err)
		}
		line.Index = index
		lines = append(lines, line)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("evidence: lines: %w", err)
	}
	return lines, nil
}
