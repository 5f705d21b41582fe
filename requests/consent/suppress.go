package consent

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"habeas/requests/seal"
)

// Suppression says that a person is not to be contacted, sold or shared in a scope.
type Suppression struct {
	Scope string // a purpose, or All
	Since time.Time
	Case  string // UUID of the request that asked for it, "" when none did
}

// Suppress puts digests (see Digests) on the suppression list. Doing it again for the same case
// changes nothing.
func Suppress(ctx context.Context, tx pgx.Tx, s Suppression, digests [][]byte) error {
	if s.Scope == "" || s.Since.IsZero() || len(digests) == 0 {
		return errors.New("consent: suppress: a suppression has a scope, a time and somebody")
	}
	var caseID *string
	if s.Case != "" {
		caseID = &s.Case
	}
	_, err := tx.Exec(ctx, `
		insert into suppressions (lookup, scope, since, case_id)
		select l, $2, $3, $4 from unnest($1::bytea[]) l
		on conflict (lookup, scope, case_id) where voided_at is null do nothing`,
		digests, s.Scope, s.Since, caseID)
	if err != nil {
		return fmt.Errorf("consent: suppress: %w", err)
	}
	return nil
}

// Suppressed lists what is suppressed for any of the identities, oldest first, whatever look-up key
// their digests were stored under.
func Suppressed(ctx context.Context, db DB, ring *seal.Ring, ids ...Identity) ([]Suppression, error) {
	var digests [][]byte
	for _, id := range ids {
		digests = append(digests, ring.Lookups(id.Kind, id.Normal)...)
	}
	rows, err := db.Query(ctx, `
		select s.scope, min(s.since), coalesce(s.case_id::text, '')
		from suppressions s
		where s.lookup = any($1) and s.voided_at is null
		group by s.scope, s.case_id
		order by min(s.since), s.scope`, digests)
	if err != nil {
		return nil, fmt.Errorf("consent: suppressed: %w", err)
	}
	out, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Suppression, error) {
		var s Suppression
		err := row.Scan(&s.Scope, &s.Since, &s.Case)
		s.Since = s.Since.UTC()
		return s, err
	})
	if err != nil {
		return nil, fmt.Errorf("consent: suppressed: %w", err)
	}
	return out, nil
}
