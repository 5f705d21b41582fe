package mail

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"habeas/requests/seal"
)

const (
	parallel = 4               // SMTP connections at once, per process
	share    = 5               // letters that one connection takes from a claim
	lease    = 5 * time.Minute // more than share letters can take at the SMTP timeout
	// maxAttempts is about three days with hourly attempts.
	maxAttempts = 78
)

// ErrNoKey is what KeyOf returns for a case whose key is destroyed: its letters are given up.
var ErrNoKey = errors.New("mail: the case's key is destroyed")

// Outbox delivers what Enqueue wrote. Any number may run on one database.
type Outbox struct {
	Pool  *pgxpool.Pool
	KeyOf func(ctx context.Context, caseID string) (seal.Key, error)
	SMTP  SMTP
	Now   func() time.Time // time.Now when nil
	Log   *slog.Logger     // slog.Default when nil
	// OnSent runs in the transaction that marks a letter sent, before the mark, so that it may lock
	// the case first as every transaction on a case does. An error makes the mark wait; the letter is
	// not sent again.
	OnSent func(ctx context.Context, tx pgx.Tx, s Sent) error
	// OnFailed runs likewise when a letter is given up; code is the SMTP reply, 0 when there was none.
	OnFailed func(ctx context.Context, tx pgx.Tx, s Sent, code int) error
}

// claimed is an outbox row that this process has the lease of.
type claimed struct {
	Sent
	attempt   int
	accepted  *time.Time
	messageID string
	sealed    []byte
}

func (o *Outbox) now() time.Time {
	if o.Now != nil {
		return o.Now()
	}
	return time.Now()
}

func (o *Outbox) log() *slog.Logger {
	if o.Log != nil {
		return o.Log
	}
	return slog.Default()
}

// Deliver sends what is due and returns how many letters went out. A letter that cannot be sent is
// put off or given up and is no error; the error tells of the database.
func (o *Outbox) Deliver(ctx context.Context) (int, error) {
	var total int
	for ctx.Err() == nil {
		letters, err := o.claim(ctx)
		if err != nil {
			return total, err
		}
		if len(letters) == 0 {
			return total, nil
		}
		n, err := o.deliver(ctx, letters)
		total += n
		if err != nil {
			return total, err
		}
	}
	return total, ctx.Err()
}

// deliver shares claimed letters among a few connections.
func (o *Outbox) deliver(ctx context.Context, letters []claimed) (int, error) {
	var (
		wg   sync.WaitGroup
		mu   sync.Mutex
		sent int
		errs []error
	)
	for first := 0; first < min(parallel, len(letters)); first++ {
		wg.Go(func() {
			conn := &connection{config: o.SMTP}
			defer conn.close()
			for i := first; i < len(letters); i += parallel {
				ok, err := o.one(ctx, conn, letters[i])
				mu.Lock()
				if ok {
					sent++
				}
				if err != nil {
					errs = append(errs, err)
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return sent, errors.Join(errs...)
}

// claim takes the lease of due letters; a crashed process's come back when theirs runs out.
func (o *Outbox) claim(ctx context.Context) ([]claimed, error) {
	now := o.now()
	rows, err := o.Pool.Query(ctx, `
		update outbox o
		set attempts = o.attempts + 1, lease_until = $2,
			message_id = case o.message_id when '' then o.id::text || '@' || $3 else o.message_id end
		from (
			select id from outbox
			where status = 'due' and next_at <= $1 and lease_until <= $1
			order by next_at, id
			limit $4
			for update skip locked
		) due
		where o.id = due.id
		returning o.id::text, o.case_id::text, o.kind, o.locale, o.version, o.digest, o.attempts, o.accepted_at,
			o.message_id, o.sealed`,
		now, now.Add(lease), o.SMTP.domain(), parallel*share)
	if err != nil {
		return nil, fmt.Errorf("mail: claim: %w", err)
	}
	letters, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (claimed, error) {
		var c claimed
		err := row.Scan(&c.ID, &c.Case, &c.Kind, &c.Locale, &c.Version, &c.Digest, &c.attempt, &c.accepted, &c.messageID, &c.sealed)
		return c, err
	})
	if err != nil {
		return nil, fmt.Errorf("mail: claim: %w", err)
	}
	return letters, nil
}

// one sends a letter and records how it went.
func (o *Outbox) one(ctx context.Context, conn *connection, c claimed) (sent bool, err error) {
	err = o.hand(ctx, conn, c)
	// What the server took must be marked even when we are asked to stop, or it goes out twice.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if c.At = o.now().UTC(); c.accepted != nil {
		c.At = c.accepted.UTC()
	}
	var no errRefused
	var later errUnsent
	switch {
	case err == nil:
		return true, o.markSent(ctx, c)
	case errors.As(err, &no):
		return false, o.markFailed(ctx, c, no.code)
	case errors.Is(err, ErrNoKey) || errors.Is(err, seal.ErrOpen) || c.attempt >= maxAttempts:
		return false, o.markFailed(ctx, c, 0)
	case errors.As(err, &later):
		o.log().WarnContext(ctx, "letter put off", "letter", c.ID, "attempt", c.attempt, "code", later.code, "step", later.step)
		return false, o.putOff(ctx, c, later.code)
	default:
		o.log().WarnContext(ctx, "letter put off", "letter", c.ID, "attempt", c.attempt, "step", "opening its case key")
		return false, o.putOff(ctx, c, 0)
	}
}

// hand gives the letter to the server, unless an earlier attempt did and only the mark failed.
func (o *Outbox) hand(ctx context.Context, conn *connection, c claimed) error {
	if c.accepted != nil {
		return nil
	}
	b, err := o.open(ctx, c)
	if err != nil {
		return err
	}
	return conn.send(ctx, o.SMTP.From, b, c.messageID, o.now())
}

func (o *Outbox) open(ctx context.Context, c claimed) (body, error) {
	var b body
	if c.sealed == nil {
		return b, ErrNoKey
	}
	key, err := o.KeyOf(ctx, c.Case)
	if err != nil {
		return b, err
	}
	return unseal(key, c.ID, c.sealed)
}

func unseal(key seal.Key, id string, sealed []byte) (body, error) {
	var b body
	plain, err := key.Open(sealLabel+" "+id, sealed)
	if err != nil {
		return b, fmt.Errorf("mail: letter: %w", err)
	}
	if err := json.Unmarshal(plain, &b); err != nil {
		return b, fmt.Errorf("mail: letter: %w", err)
	}
	return b, nil
}

// markSent ends a letter that the server took. When that fails, what is left to do is noted, so that
// a later attempt marks without sending; only a crash before either lets it go out twice.
func (o *Outbox) markSent(ctx context.Context, c claimed) error {
	err := o.finish(ctx, c, "sent", 0, func(tx pgx.Tx) error {
		if o.OnSent == nil {
			return nil
		}
		return o.OnSent(ctx, tx, c.Sent)
	})
	if err == nil {
		return nil
	}
	_, noted := o.Pool.Exec(ctx, `
		update outbox
		set accepted_at = $3, next_at = $4, lease_until = '-infinity'
		where id = $1 and status = 'due' and attempts = $2`,
		c.ID, c.attempt, c.At, o.now().Add(backoff(c.attempt)))
	return fmt.Errorf("mail: mark sent: %w", errors.Join(err, noted))
}

func (o *Outbox) markFailed(ctx context.Context, c claimed, code int) error {
	o.log().WarnContext(ctx, "letter given up", "letter", c.ID, "attempt", c.attempt, "code", code)
	err := o.finish(ctx, c, "failed", code, func(tx pgx.Tx) error {
		if o.OnFailed == nil {
			return nil
		}
		return o.OnFailed(ctx, tx, c.Sent, code)
	})
	if err != nil {
		return fmt.Errorf("mail: mark failed: %w", err)
	}
	return nil
}

// finish ends a letter. The hook comes first: it locks the case, and whoever holds a case's lock may
// then touch its letters. An attempt that lost its lease to another changes nothing.
func (o *Outbox) finish(ctx context.Context, c claimed, status string, code int, hook func(pgx.Tx) error) error {
	errLost := errors.New("lost")
	err := pgx.BeginFunc(ctx, o.Pool, func(tx pgx.Tx) error {
		if err := hook(tx); err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, `
			update outbox
			set status = $3, code = $4, lease_until = '-infinity', sent_at = case $3 when 'sent' then $5::timestamptz end
			where id = $1 and status = 'due' and attempts = $2`,
			c.ID, c.attempt, status, code, c.At)
		if err == nil && tag.RowsAffected() == 0 {
			return errLost
		}
		return err
	})
	if errors.Is(err, errLost) {
		return nil
	}
	return err
}

// putOff sets the next attempt: after 5 s, 15 s, 45 s … hourly in the end.
func (o *Outbox) putOff(ctx context.Context, c claimed, code int) error {
	_, err := o.Pool.Exec(ctx, `
		update outbox
		set next_at = $3, lease_until = '-infinity', code = $4
		where id = $1 and status = 'due' and attempts = $2`,
		c.ID, c.attempt, o.now().Add(backoff(c.attempt)), code)
	if err != nil {
		return fmt.Errorf("mail: put off: %w", err)
	}
	return nil
}

// backoff is the pause after an attempt, counted from 1.
func backoff(attempt int) time.Duration {
	pause := 5 * time.Second
	for range attempt - 1 {
		if pause *= 3; pause >= time.Hour {
			return time.Hour
		}
	}
	return pause
}
