package consent

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"habeas/requests/seal"
)

// Restriction is a restriction of processing (GDPR Art. 18) as the ledger knows it.
type Restriction struct {
	Case       string // UUID
	Identities []Identity
	Purposes   []string // those of which is told what they lose and get back; all are refused meanwhile
	At         time.Time
}

// Use is a purpose that is allowed, or no longer, for one identity.
type Use struct {
	Identity Identity
	Purpose  string
}

// Restrict refuses every purpose for the identities until the restriction is lifted, and returns the
// uses that it stopped: those which were allowed the moment before. What the person says meanwhile is
// recorded and counts from the day on which the restriction ends.
func Restrict(ctx context.Context, tx pgx.Tx, ring *seal.Ring, r Restriction) ([]Use, error) {
	stopped, err := allowed(ctx, tx, ring, r.Identities, r.Purposes)
	if err != nil {
		return nil, fmt.Errorf("consent: restrict: %w", err)
	}
	err = Suppress(ctx, tx, Suppression{Scope: Restricted, Since: r.At, Case: r.Case}, Digests(ring, r.Identities...))
	if err != nil {
		return nil, fmt.Errorf("consent: restrict: %w", err)
	}
	return stopped, nil
}

// Lift ends a restriction and nothing else of its case, and returns the uses that are allowed again:
// none that was withdrawn since, and none while another restriction is in force. Doing it twice gives
// nothing back.
func Lift(ctx context.Context, tx pgx.Tx, ring *seal.Ring, r Restriction) ([]Use, error) {
	tag, err := tx.Exec(ctx, `update suppressions set voided_at = $3 where case_id = $1 and scope = $2 and voided_at is null`, r.Case, Restricted, r.At)
	if err != nil {
		return nil, fmt.Errorf("consent: lift: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return nil, nil
	}
	back, err := allowed(ctx, tx, ring, r.Identities, r.Purposes)
	if err != nil {
		return nil, fmt.Errorf("consent: lift: %w", err)
	}
	return back, nil
}

// allowed are the uses that Check would allow now, in the order given: one statement for all of them.
func allowed(ctx context.Context, db DB, ring *seal.Ring, ids []Identity, purposes []string) ([]Use, error) {
	var whose []int32
	var digests [][]byte
	for i, id := range ids {
		for _, d := range ring.Lookups(id.Kind, id.Normal) {
			whose, digests = append(whose, int32(i)), append(digests, d)
		}
	}
	rows, err := db.Query(ctx, `
		with who as (select * from unnest($1::int[], $2::bytea[]) w (n, lookup)),
		wanted as (select * from unnest($3::text[]) with ordinality p (purpose, nth)),
		said as (
			select w.n, l.purpose, l.allowed, l.since, false as listed, l.id, false as held
			from who w join consent_ledger l on l.lookup = w.lookup and l.voided_at is null
			union all
			select w.n, s.scope, false, s.since, true, s.id, s.scope = 'restricted'
			from who w join suppressions s on s.lookup = w.lookup and s.voided_at is null),
		last as (
			select distinct on (x.n, p.nth) x.n, p.nth, p.purpose, x.allowed
			from wanted p join said x on x.purpose in (p.purpose, '*', 'restricted')
			where x.held or x.purpose <> 'restricted'
			order by x.n, p.nth, x.held desc, x.since desc, x.allowed, x.listed, x.id desc)
		select l.n, l.purpose from last l where l.allowed order by l.n, l.nth`, whose, digests, purposes)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (Use, error) {
		var n int32
		var u Use
		err := row.Scan(&n, &u.Purpose)
		u.Identity = ids[n]
		return u, err
	})
}
