// Package consent keeps the consent ledger and the suppression list. Persons stand in both as keyed
// look-up digests only; who they are cannot be read back.
package consent

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"habeas/requests/seal"
)

// All is the purpose or scope that covers every other.
const All = "*"

// Restricted is the scope of a restriction of processing (GDPR Art. 18): stored only, so that every
// purpose is refused, until it is lifted.
const Restricted = "restricted"

// Identity is one way to know a person: its kind and the normal form of its value.
type Identity struct{ Kind, Normal string }

// DB is a pool or a transaction.
type DB interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// Entry is a consent given or refused, as a service reports it.
type Entry struct {
	Identities []Identity
	Purpose    string
	Allowed    bool
	Since      time.Time // when the person said so, not when it was reported
	Source     string    // "service:<name>"
}

// State is what holds for a person and a purpose. Unknown is not allowed: Since is zero, Receipt empty.
type State struct {
	Allowed bool
	Since   time.Time
	Receipt string
}

// Withdrawal is a request that withdraws consent (GDPR Art. 7(3)).
type Withdrawal struct {
	Case       string // UUID
	Identities []Identity
	Purposes   []string // none means every purpose
	At         time.Time
}

// Record adds a statement to the ledger and returns its receipt (UUID). A statement older than a
// withdrawal does not undo it, whenever it is reported.
func Record(ctx context.Context, db DB, ring *seal.Ring, e Entry) (string, error) {
	if e.Purpose == "" || (e.Purpose == All && e.Allowed) {
		return "", errors.New("consent: record: a consent names its purpose")
	}
	if e.Since.IsZero() || e.Source == "" {
		return "", errors.New("consent: record: a consent has a time and a source")
	}
	receipt, err := insert(ctx, db, ring, e, []string{e.Purpose}, nil)
	if err != nil {
		return "", fmt.Errorf("consent: record: %w", err)
	}
	return receipt, nil
}

// Withdraw flips the ledger for every identity and purpose, in the transaction that files the
// request, and returns the receipt. From its commit on Check refuses.
func Withdraw(ctx context.Context, tx pgx.Tx, ring *seal.Ring, w Withdrawal) (string, error) {
	purposes := w.Purposes
	if len(purposes) == 0 {
		purposes = []string{All}
	}
	receipt, err := insert(ctx, tx, ring, Entry{Identities: w.Identities, Since: w.At, Source: "case"}, purposes, &w.Case)
	if err != nil {
		return "", fmt.Errorf("consent: withdraw: %w", err)
	}
	return receipt, nil
}

func insert(ctx context.Context, db DB, ring *seal.Ring, e Entry, purposes []string, caseID *string) (string, error) {
	if len(e.Identities) == 0 {
		return "", errors.New("no identity")
	}
	receipt, err := uuid.NewV7()
	if err != nil {
		return "", err
	}
	_, err = db.Exec(ctx, `
		insert into consent_ledger (lookup, purpose, allowed, since, source, case_id, receipt)
		select l, p, $3, $4, $5, $6, $7
		from unnest($1::bytea[]) l cross join unnest($2::text[]) p`,
		Digests(ring, e.Identities...), purposes, e.Allowed, e.Since, e.Source, caseID, receipt)
	return receipt.String(), err
}

// Check tells whether a purpose is allowed for a person now. The latest statement counts, about the
// purpose or about all; at the same instant a refusal counts before a consent. A suppression that is
// not older than the consent refuses as well.
func Check(ctx context.Context, db DB, ring *seal.Ring, id Identity, purpose string) (State, error) {
	var s State
	var receipt *uuid.UUID
	err := db.QueryRow(ctx, `
		select allowed, since, receipt from (
			select l.allowed, l.since, l.receipt, l.id, false as held
			from consent_ledger l
			where l.lookup = any($1) and l.purpose in ($2, '*') and l.voided_at is null
			union all
			select false, s.since, null, s.id, s.scope = 'restricted'
			from suppressions s
			where s.lookup = any($1) and s.scope in ($2, '*', 'restricted') and s.voided_at is null
		) x
		order by x.held desc, x.since desc, x.allowed, x.receipt is null, x.id desc
		limit 1`,
		ring.Lookups(id.Kind, id.Normal), purpose).Scan(&s.Allowed, &s.Since, &receipt)
	if errors.Is(err, pgx.ErrNoRows) {
		return State{}, nil
	}
	if err != nil {
		return State{}, fmt.Errorf("consent: check: %w", err)
	}
	if receipt != nil {
		s.Receipt = receipt.String()
	}
	s.Since = s.Since.UTC()
	return s, nil
}

// Restore undoes what a case withdrew and suppressed: the state before it holds again, together
// with whatever was said since. It returns how many statements it voided; doing it twice voids none.
func Restore(ctx context.Context, tx pgx.Tx, caseID string, at time.Time) (int, error) {
	ledger, err := tx.Exec(ctx, `
		update consent_ledger set voided_at = $2 where case_id = $1 and voided_at is null`, caseID, at)
	if err != nil {
		return 0, fmt.Errorf("consent: restore: %w", err)
	}
	list, err := tx.Exec(ctx, `
		update suppressions set voided_at = $2 where case_id = $1 and voided_at is null`, caseID, at)
	if err != nil {
		return 0, fmt.Errorf("consent: restore: %w", err)
	}
	return int(ledger.RowsAffected() + list.RowsAffected()), nil
}

// Digests are the look-up digests to store for identities, under the newest key, each once.
func Digests(ring *seal.Ring, ids ...Identity) [][]byte {
	out := make([][]byte, 0, len(ids))
	for _, id := range ids {
		out = append(out, ring.Lookup(id.Kind, id.Normal))
	}
	slices.SortFunc(out, slices.Compare)
	return slices.CompactFunc(out, slices.Equal)
}
