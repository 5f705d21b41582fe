package requests

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"habeas/requests/evidence"
	"habeas/requests/identity"
	"habeas/requests/mail"
)

// HandProofs are the proofs of identity that a person records: what was looked
// at stays with whoever showed it, and only how it was proved is kept.
var HandProofs = []identity.Proof{identity.StaffCheck, identity.Document, identity.KnownFacts, identity.SignIn, identity.Declaration}

// AskerProofs are those that show who asks for another person.
var AskerProofs = []identity.Proof{identity.RepresentativeCheck, identity.RepresentativeDocument}

// ProveByHand records that staff are satisfied who asks, for requests that came
// by letter or at the counter. Who records it cannot approve.
func (s *Service) ProveByHand(ctx context.Context, by Actor, id uuid.UUID, reason string) (*Case, error) {
	return s.RecordProof(ctx, by, id, identity.StaffCheck, reason)
}

// RecordProof records one proof by hand. In a request that waits for one, a proof
// that settles who asks takes it on, also after the letter that other ways were
// named in; later it ends the doubt about an address that a search found to be
// shared or new (Doubt). The answers to questions and a declaration add
// to the mailed code.
// A request for somebody else waits for its permission all the same; who asks for
// the person (AskerProofs) and the person's own word are recorded apart, and none
// stands for the other.
func (s *Service) RecordProof(ctx context.Context, by Actor, id uuid.UUID, kind identity.Proof, reason string) (*Case, error) {
	user, err := uuid.Parse(by.ID)
	if err != nil {
		return nil, refuse(Forbidden, "staff-only", "A person has to record this proof.")
	}
	asker := slices.Contains(AskerProofs, kind)
	if !asker && !slices.Contains(HandProofs, kind) {
		return nil, invalid(FieldError{Field: "proof", Message: "Use one of these proofs: staff_check, document, known_facts, sign_in or declaration; of who asks for somebody, representative_check or representative_document."})
	}
	if strings.TrimSpace(reason) == "" || len(reason) > maxReason {
		return nil, invalid(FieldError{Field: "reason", Message: "Say how the person proved who they are, without copying the proof."})
	}
	var c *Case
	err = s.within(ctx, id, func(ch *change) error {
		c = ch.c
		if !ch.c.Status.Open() || ch.c.Status == Executing || ch.c.Status == Verifying {
			return refuse(Conflict, "not-waiting", "The request does not wait for a proof of identity.")
		}
		alone := slices.Contains([]identity.Proof{identity.StaffCheck, identity.Document, identity.SignIn}, kind)
		subject, err := openSubject(ch.key, ch.c.sealed)
		if err != nil {
			return fmt.Errorf("open case: %w", err)
		}
		switch {
		case asker && subject.OnBehalf == nil:
			return invalid(FieldError{Field: "proof", Message: "Nobody asks for another person here."})
		case asker && ch.c.Status != Filed:
			return refuse(Conflict, "not-waiting", "The request does not wait for a proof of who asks.")
		}
		settles := false
		if ch.c.Status != Filed && alone {
			var err error
			if settles, err = doubting(ctx, ch.Tx, id); err != nil {
				return err
			}
			if !settles {
				return refuse(Conflict, "not-waiting", "The request does not wait for a proof of identity.")
			}
		}
		if _, err := ch.Exec(ctx, `insert into proofs (case_id, kind, by_user, at) values ($1, $2, $3, $4)`, id, kind, user, ch.at); err != nil {
			return fmt.Errorf("insert proof: %w", err)
		}
		ch.record(by, evidence.IdentityVerified{ByHand: true, Proof: evidence.Code(kind), Reason: ch.reasonDigest(reason), Use: "verification"})
		if settles {
			return ch.settleDoubts(ctx, user)
		}
		if err := ch.weighFacts(ctx); err != nil {
			return err
		}
		if ch.c.Status != Filed || !alone && !asker {
			return nil
		}
		if asker || subject.OnBehalf == nil {
			ch.c.VerifiedAt = new(ch.at)
		}
		if subject.OnBehalf == nil {
			ch.c.setFlag(Attention, false)
		}
		return ch.settle(ctx, by, subject)
	})
	return c, err
}

// otherWays are what else proves who asks, as the letter names it.
var otherWays = []string{"code", "facts", "document", "visit"}

// letterUnproved says that the request cannot be verified yet, what else proves
// who asks and how to complain, and until when (11 CCR 7022(a); GDPR Art. 12(2)).
// Whoever asks for another reads what is missing for that.
func (ch *change) letterUnproved(ctx context.Context) error {
	subject, err := openSubject(ch.key, ch.c.sealed)
	if err != nil {
		return fmt.Errorf("open case: %w", err)
	}
	if subject.OnBehalf != nil {
		missing, err := ch.missingFor(ctx, subject)
		if err != nil {
			return err
		}
		return ch.write(ctx, mail.PermissionMissing, func(d *mail.Slots) {
			d.Until, d.Items = ch.local(ch.at.Add(identity.ExpiresAfter)), missing
		})
	}
	ways := otherWays
	if ch.c.VerifiedAt != nil { // the code was right; too few details agree
		ways = otherWays[1:]
	}
	return ch.write(ctx, mail.Unverified, func(d *mail.Slots) {
		d.Until, d.Items = ch.local(ch.at.Add(identity.ExpiresAfter)), ways
	})
}
