package requests

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Mark is the state that a watcher has seen. Every change of a case moves it.
type Mark struct {
	Seq int64
	At  time.Time
}

// Progress is what a watcher of a case is told: where it stands and how far
// its tasks are, without personal data.
type Progress struct {
	Mark   Mark
	Status Status
	Flags  []Flag
	DueOn  time.Time // date
	Quiet  bool      // as Service.Quiet
	Tasks  []TaskProgress
}

// TaskProgress is one task as a watcher sees it.
type TaskProgress struct {
	ID       uuid.UUID
	System   string
	Stage    Stage
	Status   string
	Attempts int
	Error    string // code
	Count    int64  // records done
}

// Progress reads how far a case is, or nil when nothing changed since the
// mark: then it costs one look-up by primary key. The zero mark always reads.
func (s *Service) Progress(ctx context.Context, id uuid.UUID, since Mark) (*Progress, error) {
	var p Progress
	var law string
	var rights []string
	err := s.db.QueryRow(ctx, `select c.event_seq, c.event_at, c.status, c.flags, c.due_on, c.law, c.rights from cases c where c.id = $1`, id).
		Scan(&p.Mark.Seq, infinite{&p.Mark.At}, &p.Status, &p.Flags, &p.DueOn, &law, &rights)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil, errNotFound()
	case err != nil:
		return nil, fmt.Errorf("read progress: %w", err)
	case p.Mark.Seq == since.Seq && p.Mark.At.Equal(since.At):
		return nil, nil
	}
	if p.Quiet, err = s.quiet(ctx, id, p.Status, law, rights); err != nil {
		return nil, err
	}
	rows, err := s.db.Query(ctx, `select t.id, t.system, t.stage, t.status, t.attempt, t.error_code, t.done_count
		from tasks t where t.case_id = $1 order by t.id`, id)
	if err != nil {
		return nil, fmt.Errorf("read progress: %w", err)
	}
	p.Tasks, err = pgx.CollectRows(rows, pgx.RowToStructByPos[TaskProgress])
	if err != nil {
		return nil, fmt.Errorf("read progress: %w", err)
	}
	return &p, nil
}
