package evidence

import (
	"context"
	"fmt"
	"log/slog"
	"time"
)

// wakeChannel is notified by those who wait: never by Append, since NOTIFY
// makes commits queue behind each other.
const wakeChannel = "habeas_log"

// Run integrates about once a second, and at once when somebody waits, until
// ctx ends; it also signs the manifests that other processes ask for. Any
// number of processes may run it: one works at a time.
func (l *Log) Run(ctx context.Context) error {
	if l.signer == nil {
		return ErrReadOnly
	}
	for {
		if err := l.listen(ctx); ctx.Err() != nil {
			return ctx.Err()
		} else if err != nil {
			slog.ErrorContext(ctx, "log integrator: trying again", "error", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(idle):
		}
	}
}

// listen works until the database connection or a round fails.
func (l *Log) listen(ctx context.Context) error {
	conn, err := l.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("evidence: connection: %w", err)
	}
	defer conn.Release()
	if _, err := conn.Exec(ctx, "listen "+wakeChannel); err != nil {
		return fmt.Errorf("evidence: listen: %w", err)
	}
	defer conn.Exec(context.WithoutCancel(ctx), "unlisten "+wakeChannel) //nolint:errcheck // the connection may be gone
	for {
		if _, err := l.Integrate(ctx); err != nil {
			return err
		}
		if err := l.signManifests(ctx); err != nil {
			return err
		}
		wait, cancel := context.WithTimeout(ctx, idle)
		_, err := conn.Conn().WaitForNotification(wait)
		timedOut := wait.Err() != nil
		cancel()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil && !timedOut {
			return fmt.Errorf("evidence: wait: %w", err)
		}
	}
}

func (l *Log) wake(ctx context.Context) error {
	if _, err := l.pool.Exec(ctx, `select pg_notify($1, '')`, wakeChannel); err != nil {
		return fmt.Errorf("evidence: wake: %w", err)
	}
	return nil
}

// poll calls done, soon at first and then every 100 ms, until it says true.
func poll(ctx context.Context, done func() (bool, error)) error {
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, 100*time.Millisecond) {
		if ok, err := done(); err != nil || ok {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}

// WaitFor wakes the integrator and returns when every event that the case has
// now is in the log, or with ctx's error.
func (l *Log) WaitFor(ctx context.Context, caseID string) error {
	first := true
	return poll(ctx, func() (bool, error) {
		var waiting bool
		err := l.pool.QueryRow(ctx, `
			select exists (
				select 1 from events e join events_pending p on p.event_id = e.id where e.case_id = $1)`,
			caseID).Scan(&waiting)
		if err != nil {
			return false, fmt.Errorf("evidence: wait for case: %w", err)
		}
		if waiting && first {
			first = false
			return false, l.wake(ctx)
		}
		return !waiting, nil
	})
}
