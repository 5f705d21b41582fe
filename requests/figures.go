package requests

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Figures are what operators watch: counts and ages, nothing about people.
type Figures struct {
	Cases     map[Status]int64
	Flags     map[Flag]int64 // of cases that are not ended
	Tasks     []TaskFigure
	LogLag    int64         // events that wait for the log
	LogAge    time.Duration // age of the oldest of them
	Letters   map[string]int64
	OldestDue time.Duration // how far past its due date the oldest open case is; 0 when none is
}

// TaskFigure counts one system's tasks of one state.
type TaskFigure struct {
	System, Stage, Status string
	Count                 int64
	Retries               int64         // attempts that failed, of tasks not yet ended
	Oldest                time.Duration // since the oldest of them was due
}

// Figures counts what there is now.
func (s *Service) Figures(ctx context.Context) (*Figures, error) {
	f := &Figures{Cases: map[Status]int64{}, Flags: map[Flag]int64{}, Letters: map[string]int64{}}
	count := func(query string, put func(key string, n int64)) error {
		rows, err := s.db.Query(ctx, query)
		if err != nil {
			return err
		}
		var key string
		var n int64
		_, err = pgx.ForEachRow(rows, []any{&key, &n}, func() error { put(key, n); return nil })
		return err
	}
	err := count(`select c.status, count(*) from cases c group by c.status`, func(k string, n int64) { f.Cases[Status(k)] = n })
	if err == nil {
		err = count(`select f, count(*) from cases c, unnest(c.flags) f where `+openOnly+` group by f`, func(k string, n int64) { f.Flags[Flag(k)] = n })
	}
	if err == nil {
		err = count(`select o.status, count(*) from outbox o group by o.status`, func(k string, n int64) { f.Letters[k] = n })
	}
	if err != nil {
		return nil, fmt.Errorf("figures: %w", err)
	}
	rows, err := s.db.Query(ctx, `select t.system, t.stage, t.status, count(*), sum(t.attempts_failed)::bigint,
			greatest(extract(epoch from now() - min(t.next_attempt_at)), 0)::float8
		from tasks t where t.status in ('waiting', 'running', 'open', 'failed') group by 1, 2, 3 order by 1, 2, 3`)
	if err != nil {
		return nil, fmt.Errorf("figures: %w", err)
	}
	f.Tasks, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (TaskFigure, error) {
		var t TaskFigure
		var age float64
		err := row.Scan(&t.System, &t.Stage, &t.Status, &t.Count, &t.Retries, &age)
		t.Oldest = time.Duration(age * float64(time.Second))
		return t, err
	})
	if err != nil {
		return nil, fmt.Errorf("figures: %w", err)
	}
	var late float64
	err = s.db.QueryRow(ctx, `select coalesce(greatest(extract(epoch from now() - (min(c.due_on) + 1)::timestamptz), 0), 0)::float8 from cases c where `+openOnly).Scan(&late)
	if err != nil {
		return nil, fmt.Errorf("figures: %w", err)
	}
	f.OldestDue = time.Duration(late * float64(time.Second))
	n, since, err := s.log.Lag(ctx)
	if err != nil {
		return nil, err
	}
	f.LogLag = n
	if !since.IsZero() {
		f.LogAge = s.now().Sub(since)
	}
	return f, nil
}

// Ready reports whether the database answers.
func (s *Service) Ready(ctx context.Context) error {
	if err := s.db.Ping(ctx); err != nil {
		return refuse(Unavailable, "database-away", "The database does not answer.")
	}
	return nil
}
