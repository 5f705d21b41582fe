package requests

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"habeas/requests/connect"
	"habeas/requests/plan"
)

// carried are the records of a case's last plan that were brought to their
// target state, or put into the package, before a new plan became necessary. The
// new plan takes each over that the new search does not find again, so that what
// was done stays planned, is looked up again and is in the answer.
type carried struct {
	next func() (planRow, error, bool)
	stop func()
	row  planRow
	have bool
}

// earlier opens what a new plan carries. A plan that was never acted on leaves
// nothing.
func (ch *change) earlier(ctx context.Context, p *storedPlan) (*carried, error) {
	var last uuid.UUID
	err := ch.QueryRow(ctx, `select p.id from plans p where p.case_id = $1 and p.version < $2 order by p.version desc limit 1`, ch.c.ID, p.Version).Scan(&last)
	if errors.Is(err, pgx.ErrNoRows) || err == nil && ch.c.ActedAt == nil {
		return &carried{stop: func() {}}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read last plan: %w", err)
	}
	rows, err := ch.Query(ctx, `select distinct t.system from tasks t where t.case_id = $1 and t.plan_id = $2 and t.stage = 'erase' and t.status = 'done'`, ch.c.ID, last)
	if err != nil {
		return nil, fmt.Errorf("read what was done: %w", err)
	}
	done, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("read what was done: %w", err)
	}
	c := &carried{}
	next, stop := iter.Pull2(recordsOf(ctx, ch.Tx, ch.key, last, "", nil))
	c.stop = stop
	c.next = func() (planRow, error, bool) {
		for {
			r, err, ok := next()
			if !ok || err != nil || ch.carries(r, done) {
				return r, err, ok
			}
		}
	}
	return c, c.step()
}

// carries says whether a record of the last plan is done: its system has acted,
// or it lies in the package that was stored.
func (ch *change) carries(r planRow, done []string) bool {
	switch r.Record.Right {
	case "access", "portability":
		return ch.c.packaged()
	}
	return r.Note.Carried || slices.Contains(done, r.Record.System) && (destroys(r.Record.Action) || r.Record.Action == connect.Correct)
}

// packaged says that the copy was made before anything was erased: it cannot be
// made again, for what it holds may be gone.
func (c *Case) packaged() bool { return c.ActedAt != nil && c.PackageName != "" }

func (c *carried) step() error {
	var err error
	c.row, err, c.have = c.next()
	return err
}

// before writes what sorts before a record that was found; the record itself,
// where it was found again, takes the place of its former self.
func (c *carried) before(ctx context.Context, w *planWriter, r plan.Record) error {
	for c.have {
		switch order := plan.Compare(c.row.Record, r); {
		case order > 0:
			return nil
		case order == 0:
			return c.step()
		}
		if err := c.take(ctx, w); err != nil {
			return err
		}
	}
	return nil
}

// rest writes what sorts after everything that was found.
func (c *carried) rest(ctx context.Context, w *planWriter) error {
	for c.have {
		if err := c.take(ctx, w); err != nil {
			return err
		}
	}
	return nil
}

func (c *carried) take(ctx context.Context, w *planWriter) error {
	e := plan.Entry{Record: c.row.Record, Note: c.row.Note}
	e.Note.Carried, e.Note.Undecided = true, false
	if err := w.add(ctx, e, c.row.Outcome, c.row.Until); err != nil {
		return err
	}
	return c.step()
}

func (c *carried) close() { c.stop() }
