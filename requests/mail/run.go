package mail

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// maxWait is how long Run sleeps at most when no notification comes, for one may be lost.
const maxWait = 15 * time.Second

// Run delivers letters until ctx ends: at once when Enqueue's transaction commits (LISTEN), else when
// the next attempt is due. A database that is away is tried again every second.
func (o *Outbox) Run(ctx context.Context) error {
	var conn *pgx.Conn
	defer func() {
		if conn != nil {
			_ = conn.Close(context.WithoutCancel(ctx))
		}
	}()
	for ctx.Err() == nil {
		var err error
		if conn == nil {
			conn, err = o.listen(ctx)
		}
		if err == nil {
			_, err = o.Deliver(ctx)
		}
		wait := time.Second
		if err == nil {
			wait, err = o.untilNext(ctx)
		}
		if ctx.Err() != nil {
			break
		}
		if err != nil {
			o.log().ErrorContext(ctx, "outbox cannot work, trying again", "error", err)
			wait = time.Second
		}
		conn = o.sleep(ctx, conn, wait)
	}
	return nil
}

// listen opens a connection of its own: a pooled one would be missed by others.
func (o *Outbox) listen(ctx context.Context) (*pgx.Conn, error) {
	conn, err := pgx.ConnectConfig(ctx, o.Pool.Config().ConnConfig)
	if err != nil {
		return nil, fmt.Errorf("mail: listen: %w", err)
	}
	if _, err := conn.Exec(ctx, "listen "+channel); err != nil {
		_ = conn.Close(ctx)
		return nil, fmt.Errorf("mail: listen: %w", err)
	}
	return conn, nil
}

// sleep waits for a notification or the time; it gives back the connection, nil when that broke.
func (o *Outbox) sleep(ctx context.Context, conn *pgx.Conn, wait time.Duration) *pgx.Conn {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	if conn == nil {
		<-ctx.Done()
		return nil
	}
	_, err := conn.WaitForNotification(ctx)
	if conn.IsClosed() || (err != nil && ctx.Err() == nil) {
		_ = conn.Close(context.WithoutCancel(ctx))
		return nil
	}
	return conn
}

// untilNext is how long until a letter is due or a lease runs out.
func (o *Outbox) untilNext(ctx context.Context) (time.Duration, error) {
	var seconds *float64
	err := o.Pool.QueryRow(ctx, `
		select extract(epoch from min(greatest(next_at, lease_until, $1)) - $1)::float8
		from outbox where status = 'due'`, o.now()).Scan(&seconds)
	if err != nil {
		return 0, fmt.Errorf("mail: next letter: %w", err)
	}
	if seconds == nil {
		return maxWait, nil
	}
	return min(maxWait, time.Duration(*seconds*float64(time.Second))+time.Millisecond), nil
}
