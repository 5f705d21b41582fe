package mail

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"habeas/requests/seal"
)

// Queryer is a pool or a transaction.
type Queryer interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// Entry is a letter as a case's list shows it, without its content.
type Entry struct {
	ID      string
	Kind    string
	Locale  string
	Version string
	Digest  string
	Status  string // due, sent, failed, paper
	Code    int    // last SMTP reply that was not a success
	Made    time.Time
	Sent    *time.Time
}

// List gives the letters of a case, oldest first.
func List(ctx context.Context, db Queryer, caseID string) ([]Entry, error) {
	rows, err := db.Query(ctx, `
		select id::text, kind, locale, version, digest, status, code, created_at, sent_at
		from outbox where case_id = $1
		order by created_at, id`, caseID)
	if err != nil {
		return nil, fmt.Errorf("mail: list: %w", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Entry])
	if err != nil {
		return nil, fmt.Errorf("mail: list: %w", err)
	}
	return list, nil
}

// Read opens a letter as it was sent: pgx.ErrNoRows when there is none, ErrNoKey once its case's key
// is destroyed.
func Read(ctx context.Context, db Queryer, key seal.Key, id string) (Letter, error) {
	l := Letter{ID: id}
	var sealed []byte
	err := db.QueryRow(ctx, `
		select case_id::text, kind, locale, version, sealed from outbox where id = $1`, id).
		Scan(&l.Case, &l.Kind, &l.Locale, &l.Version, &sealed)
	if err != nil {
		return Letter{}, fmt.Errorf("mail: read: %w", err)
	}
	if sealed == nil {
		return Letter{}, ErrNoKey
	}
	b, err := unseal(key, id, sealed)
	if err != nil {
		return Letter{}, err
	}
	l.To, l.Subject, l.Text, l.HTML = b.To, b.Subject, b.Text, b.HTML
	return l, nil
}
