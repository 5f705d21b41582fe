package requests

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"habeas/requests/evidence"
	"habeas/requests/mail"
)

// sameAddress serialises what happens for one address: two requests that are
// proved at the same moment must not each overlook the other. The key is the one
// under which wrong codes are counted.
func (ch *change) sameAddress(ctx context.Context) error {
	_, err := ch.Exec(ctx, `select pg_advisory_xact_lock(hashtextextended(encode($1::bytea, 'hex'), 7))`, ch.c.email)
	if err != nil {
		return fmt.Errorf("lock address: %w", err)
	}
	return nil
}

// join ends a request that its proved filer has made before and that is not
// answered yet: the earlier one, which is due sooner, answers both. Before the
// proof nothing is compared and nobody is told. Only what adds nothing is joined:
// the same rights or fewer, no other identity, the same law.
func (ch *change) join(ctx context.Context, by Actor) (joined bool, err error) {
	if ch.c.email == nil || ch.c.Of != nil || ch.c.Matter() {
		return false, nil
	}
	if err := ch.sameAddress(ctx); err != nil {
		return false, err
	}
	mine, err := openSubject(ch.key, ch.c.sealed)
	if err != nil {
		return false, fmt.Errorf("open case: %w", err)
	}
	if mine.OnBehalf != nil {
		return false, nil // somebody else asks: that is decided for itself
	}
	earlier, err := ch.asked(ctx, mine)
	if err != nil || earlier == nil {
		return false, err
	}
	ch.c.JoinedInto, ch.c.Result = &earlier.ID, "joined"
	ch.record(by, evidence.RequestJoined{Into: evidence.ID(earlier.ID.String())})
	if err := ch.become(by, Withdrawn); err != nil {
		return false, err
	}
	err = ch.write(ctx, mail.RequestJoined, func(d *mail.Slots) { d.Joined, d.Due = earlier.Reference, earlier.DueOn })
	if err != nil {
		return false, err
	}
	return true, ch.alongside(ctx, earlier.ID, func(e *change) error {
		e.record(by, evidence.RequestRepeated{Case: evidence.ID(ch.c.ID.String()), How: "joined"})
		return nil
	})
}

// asked finds the earliest open request of the same proved address that asks for
// all that this one does.
func (ch *change) asked(ctx context.Context, mine Subject) (*Case, error) {
	rows, err := ch.Query(ctx, `select c.id, c.subject_lookup from cases c where c.email_lookup = $1 and c.id <> $2 and c.kind = 'request'
		and c.verified_at is not null and c.acted_at is null and c.status in ('verified', 'discovering', 'review', 'executing')
		and c.rights @> $3 and c.purposes @> $4 and c.law = $5 and c.country = $6 and c.region = $7 order by c.received_at, c.id limit 20`,
		ch.c.email, ch.c.ID, ch.c.Rights, orEmpty(ch.c.Purposes), ch.c.Law, ch.c.Country, ch.c.Region)
	if err != nil {
		return nil, fmt.Errorf("look for duplicates: %w", err)
	}
	type candidate struct {
		ID      uuid.UUID
		Lookups [][]byte
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[candidate])
	if err != nil {
		return nil, fmt.Errorf("look for duplicates: %w", err)
	}
	for _, cand := range list {
		if !ch.s.covers(cand.Lookups, mine) {
			continue
		}
		c, err := ch.s.load(ctx, ch.Tx, cand.ID)
		if err != nil {
			return nil, err
		}
		theirs, err := ch.s.subject(c)
		if err != nil {
			return nil, err
		}
		decided := slices.ContainsFunc(c.Decisions, func(d RightDecision) bool { return slices.Contains(ch.c.Rights, d.Right) })
		if theirs.OnBehalf == nil && theirs.AgeRecipient == mine.AgeRecipient && !decided {
			return c, nil
		}
	}
	return nil, nil
}

// covers says whether a request knows every identity of another.
func (s *Service) covers(lookups [][]byte, other Subject) bool {
	for _, id := range other.Identities {
		known := slices.ContainsFunc(s.ring.Lookups(id.Kind, id.Normal()), func(l []byte) bool {
			return slices.ContainsFunc(lookups, func(have []byte) bool { return slices.Equal(l, have) })
		})
		if !known {
			return false
		}
	}
	return true
}

// repeats notes that a proved request asks again for what was answered within a
// year. It is carried out like any other: whether it is excessive a person
// decides, with the law's ground (GDPR Art. 12(5): volume alone is not enough).
func (ch *change) repeats(ctx context.Context, by Actor) error {
	if ch.c.email == nil || ch.c.Of != nil {
		return nil
	}
	var earlier uuid.UUID
	err := ch.QueryRow(ctx, `select c.id from cases c where c.email_lookup = $1 and c.id <> $2 and c.kind = 'request' and c.joined_into is null
		and c.status in ('completed', 'closed', 'refused') and c.rights && $3 and coalesce(c.completed_at, c.closed_at) > $4::timestamptz - interval '1 year'
		order by coalesce(c.completed_at, c.closed_at) desc, c.id limit 1`, ch.c.email, ch.c.ID, ch.c.Rights, ch.at).Scan(&earlier)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look for answered requests: %w", err)
	}
	ch.record(by, evidence.RequestRepeated{Case: evidence.ID(earlier.String()), How: "answered"})
	return nil
}

// Joined is the request that a duplicate was joined to; nil for any other. It is
// named to its proved filer and to staff.
func (s *Service) Joined(ctx context.Context, c *Case) (*Case, error) {
	if c.JoinedInto == nil {
		return nil, nil
	}
	return s.load(ctx, s.db, *c.JoinedInto)
}

// Related are the other cases of the same address or about this one, newest
// first, at most 20, for staff.
func (s *Service) Related(ctx context.Context, c *Case) ([]*Case, error) {
	rows, err := s.db.Query(ctx, `select `+caseColumns+` from cases c where c.id <> $1
		and (c.email_lookup = $2 and (c.verified_at is not null or c.filed_by is not null) or c.of_case = $1 or c.id = $3 or c.joined_into = $1 or c.id = $4)
		order by c.filed_at desc, c.id limit 20`, c.ID, c.email, c.Of, c.JoinedInto)
	if err != nil {
		return nil, fmt.Errorf("read related cases: %w", err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (*Case, error) { return s.scan(row) })
	if err != nil {
		return nil, fmt.Errorf("read related cases: %w", err)
	}
	return list, nil
}
