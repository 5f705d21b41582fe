package requests

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"habeas/requests/evidence"
	"habeas/requests/identity"
	"habeas/requests/mail"
)

// A customer's token opens one case for this long; a fresh proof of the
// address counts for FreshFor.
const (
	tokenFor = 30 * 24 * time.Hour
	FreshFor = 15 * time.Minute
)

// Proved is the answer to a right code.
type Proved struct {
	Status Status
	Token  string // shown once
	Grant  string // names the token without giving it away: Actor.Grant
}

// sendCode makes a new code, kills the one before and queues the mail.
func (ch *change) sendCode(ctx context.Context) (*Verification, error) {
	code := identity.NewCode()
	expires := ch.at.Add(identity.CodeValid)
	if _, err := ch.Exec(ctx, `update codes set dead = true where case_id = $1 and not dead`, ch.c.ID); err != nil {
		return nil, fmt.Errorf("retire codes: %w", err)
	}
	if _, err := ch.Exec(ctx, `insert into codes (case_id, mac, sent_at, expires_at) values ($1, $2, $3, $4)`,
		ch.c.ID, identity.MAC(ch.key, code), ch.at, expires); err != nil {
		return nil, fmt.Errorf("insert code: %w", err)
	}
	notMe, err := ch.newToken(ctx, "not_me")
	if err != nil {
		return nil, err
	}
	if err := ch.letterCode(ctx, code, notMe); err != nil {
		return nil, err
	}
	return &Verification{Channel: "email", ExpiresAt: expires}, nil
}

// SendCode mails a new code: five per case and day.
func (s *Service) SendCode(ctx context.Context, id uuid.UUID) (*Verification, error) {
	var v *Verification
	err := s.within(ctx, id, func(ch *change) error {
		var today int
		if err := ch.QueryRow(ctx, `select count(*) from codes c where c.case_id = $1 and c.sent_at > $2`,
			id, ch.at.Add(-24*time.Hour)).Scan(&today); err != nil {
			return fmt.Errorf("count codes: %w", err)
		}
		if today >= identity.CodesPerDay {
			return refuse(TooMany, "too-many-codes", "Five codes were sent today. Please try again tomorrow, or write to us.")
		}
		subject, err := openSubject(ch.key, ch.c.sealed)
		if err != nil {
			return fmt.Errorf("open case: %w", err)
		}
		if subject.Email == "" {
			return refuse(Unprocessed, "no-address", "This request has no e-mail address. Please write to us.")
		}
		v, err = ch.sendCode(ctx)
		return err
	})
	return v, err
}

// Verify takes a mailed code. It proves the address, in whatever status the
// case is, and changes none but filed. A wrong code counts against the code
// and against the address.
func (s *Service) Verify(ctx context.Context, id uuid.UUID, code string) (*Proved, error) {
	var out *Proved
	var wrong error
	err := s.within(ctx, id, func(ch *change) error {
		customer := Actor{Role: Customer, ID: id.String()}
		subject, err := openSubject(ch.key, ch.c.sealed)
		if err != nil {
			return fmt.Errorf("open case: %w", err)
		}
		proof := subject.codeProves()
		failure, tries, err := ch.tryCode(ctx, code)
		if err != nil {
			return err
		}
		if failure != nil {
			ch.record(customer, evidence.IdentityFailed{Proof: evidence.Code(proof), Reason: evidence.Code(failure.Code), Tries: evidence.Count(tries)})
			wrong = failure
			return nil // the miss itself is kept
		}
		token, err := ch.newToken(ctx, "access")
		if err != nil {
			return err
		}
		use := evidence.Code("download")
		if ch.c.Status == Filed {
			use = "verification"
		}
		if ch.c.VerifiedAt == nil {
			ch.c.VerifiedAt = new(ch.at)
		}
		if _, err := ch.Exec(ctx, `insert into proofs (case_id, kind, at) values ($1, $2, $3)`, id, proof, ch.at); err != nil {
			return fmt.Errorf("insert proof: %w", err)
		}
		ch.record(customer, evidence.IdentityVerified{Proof: evidence.Code(proof), Use: use})
		if err := ch.settle(ctx, customer, subject); err != nil {
			return err
		}
		out = &Proved{Status: ch.c.Status, Token: token, Grant: hex.EncodeToString(hashToken(token))}
		return nil
	})
	if err == nil {
		err = wrong
	}
	if err != nil {
		return nil, err
	}
	return out, nil
}

// accept takes a proved request on: acknowledged, then discovered.
func (ch *change) accept(ctx context.Context, by Actor) error {
	if err := ch.become(by, Verified); err != nil {
		return err
	}
	if joined, err := ch.join(ctx, by); joined || err != nil {
		return err
	}
	if err := ch.repeats(ctx, by); err != nil {
		return err
	}
	if err := ch.letterAck(ctx); err != nil {
		return err
	}
	return ch.startDiscovery(ctx, by)
}

// tryCode checks a code and counts a miss. failure is nil when it is right.
func (ch *change) tryCode(ctx context.Context, code string) (failure *Error, tries int, err error) {
	if ch.c.email != nil {
		var misses int
		// Tries for one address wait for each other, whatever the case: many at
		// once would all see the count before any of them.
		if _, err := ch.Exec(ctx, `select pg_advisory_xact_lock(hashtextextended(encode($1::bytea, 'hex'), 7))`, ch.c.email); err != nil {
			return nil, 0, fmt.Errorf("lock misses: %w", err)
		}
		if err := ch.QueryRow(ctx, `select count(*) from code_misses m where m.email_lookup = $1 and m.at > $2`,
			ch.c.email, ch.at.Add(-24*time.Hour)).Scan(&misses); err != nil {
			return nil, 0, fmt.Errorf("count misses: %w", err)
		}
		if misses >= identity.MissesPerDay {
			return refuse(TooMany, "too-many-tries", "Too many wrong codes were given for this address today. Please write to us."), misses, nil
		}
	}
	var (
		rowID   int64
		mac     []byte
		expires time.Time
		dead    bool
	)
	err = ch.QueryRow(ctx, `select c.id, c.mac, c.expires_at, c.tries, c.dead from codes c where c.case_id = $1 order by c.sent_at desc, c.id desc limit 1`,
		ch.c.ID).Scan(&rowID, &mac, &expires, &tries, &dead)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return refuse(Unprocessed, "wrong-code", "This code is not right. Ask for a new one."), 0, nil
	case err != nil:
		return nil, 0, fmt.Errorf("read code: %w", err)
	case tries >= identity.TriesPerCode:
		return refuse(TooMany, "code-dead", "This code was tried too often. Ask for a new one."), tries, nil
	case dead:
		return refuse(Unprocessed, "wrong-code", "This code was used already. Ask for a new one."), tries, nil
	case ch.at.After(expires):
		return refuse(Unprocessed, "code-expired", "This code has expired. Ask for a new one."), tries, nil
	}
	if identity.Match(ch.key, mac, code) {
		_, err := ch.Exec(ctx, `update codes set dead = true where id = $1`, rowID)
		return nil, tries, err
	}
	tries++
	if _, err := ch.Exec(ctx, `update codes set tries = $2, dead = $3 where id = $1`, rowID, tries, tries >= identity.TriesPerCode); err != nil {
		return nil, tries, fmt.Errorf("count try: %w", err)
	}
	if ch.c.email != nil {
		if _, err := ch.Exec(ctx, `insert into code_misses (email_lookup, at) values ($1, $2)`, ch.c.email, ch.at); err != nil {
			return nil, tries, fmt.Errorf("count miss: %w", err)
		}
	}
	if tries >= identity.TriesPerCode {
		return refuse(TooMany, "code-dead", "That was the fifth wrong try, so this code is dead. Ask for a new one."), tries, nil
	}
	return refuse(Unprocessed, "wrong-code", "This code is not right. Check the mail and try again."), tries, nil
}

// newToken stores the hash of a new customer token of the given kind.
func (ch *change) newToken(ctx context.Context, kind string) (string, error) {
	token := mail.Token()
	_, err := ch.Exec(ctx, `insert into customer_tokens (hash, case_id, kind, created_at, fresh_until, expires_at) values ($1, $2, $3, $4, $5, $6)`,
		hashToken(token), ch.c.ID, kind, ch.at, ch.at.Add(FreshFor), ch.at.Add(tokenFor))
	if err != nil {
		return "", fmt.Errorf("insert token: %w", err)
	}
	return token, nil
}

func hashToken(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// CustomerToken returns whom a customer's token lets in.
func (s *Service) CustomerToken(ctx context.Context, token string) (Actor, error) {
	id, fresh, err := s.lookupToken(ctx, s.db, token, "access")
	if err != nil {
		return Actor{}, err
	}
	return Actor{Role: Customer, ID: id.String(), Fresh: fresh.After(s.now())}, nil
}

func (s *Service) lookupToken(ctx context.Context, q querier, token, kind string) (id uuid.UUID, fresh time.Time, err error) {
	err = q.QueryRow(ctx, `select t.case_id, t.fresh_until from customer_tokens t where t.hash = $1 and t.kind = $2 and t.expires_at > $3`,
		hashToken(token), kind, s.now()).Scan(&id, &fresh)
	if errors.Is(err, pgx.ErrNoRows) {
		return id, fresh, refuse(Unauthorized, "unknown-token", "Sign in again: this access has ended.")
	}
	return id, fresh, err
}

// TokenCase returns the case that a link in a letter belongs to, so that its
// page can say what it does before it is done.
func (s *Service) TokenCase(ctx context.Context, token, kind string) (*Case, error) {
	id, _, err := s.lookupToken(ctx, s.db, token, kind)
	if err != nil {
		return nil, refuse(Gone, "link-expired", "This link is no longer valid.")
	}
	return s.load(ctx, s.db, id)
}

// NotMe stops a request that somebody filed in another person's name.
func (s *Service) NotMe(ctx context.Context, token string) (*Case, error) {
	cause := evidence.Code("not_me")
	c, err := s.TokenCase(ctx, token, "not_me")
	if AsError(err).Kind == Gone { // the person for whom somebody else asked has a link of another kind
		cause = "not_permitted"
		c, err = s.TokenCase(ctx, token, "confirm")
	}
	if err != nil {
		return nil, err
	}
	err = s.within(ctx, c.ID, func(ch *change) error {
		c = ch.c
		if ch.c.Status == Withdrawn {
			return nil
		}
		return ch.stop(ctx, Actor{Role: Customer}, cause)
	})
	if err == nil {
		err = s.dropStage(ctx, c.ID)
	}
	return c, err
}
