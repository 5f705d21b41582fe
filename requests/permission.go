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

// Representation is how far it is proved that somebody may act for another, as
// the desk and whoever asks see it: without names.
type Representation struct {
	Kind       string
	Age        string
	Asker      *ProofView // how it was proved who asks; nil: not yet
	Confirms   bool       // the person concerned is asked to confirm
	Confirmed  bool       // by their word, whichever way it came
	Word       *ProofView // the person's word
	Permission bool       // accepted
	Accepted   *ProofView
	Receives   bool
	HandedOver bool
	Refused    bool   // the last permission did not suffice
	Ground     string // why: identity.PermissionGrounds
	Declined   bool   // the person concerned does not want it
	Proven     bool
	Needed     bool // the rights ask for a proof at all
	Awaits     bool // a permission can still be decided
	Told       bool // the person concerned has an address, so was told by mail
	Documents  []DocumentView
}

// Representation tells how far a request for somebody else is proved; nil when
// people ask for themselves.
func (s *Service) Representation(ctx context.Context, c *Case) (*Representation, error) {
	if c.wrapped == nil {
		return nil, nil
	}
	subject, err := s.subject(c)
	if err != nil || subject.OnBehalf == nil {
		return nil, err
	}
	b := subject.OnBehalf
	missing, err := s.unrepresented(ctx, s.db, c, subject)
	if err != nil {
		return nil, err
	}
	proofs, err := s.Proofs(ctx, c)
	if err != nil {
		return nil, err
	}
	has := func(kind identity.Proof) bool {
		return slices.ContainsFunc(proofs, func(p ProofView) bool { return p.Kind == string(kind) })
	}
	last := func(kinds ...identity.Proof) *ProofView {
		for _, p := range slices.Backward(proofs) {
			if slices.Contains(kinds, identity.Proof(p.Kind)) {
				return &p
			}
		}
		return nil
	}
	word := last(identity.PersonsWord...)
	r := &Representation{
		Asker: last(identity.WhoAsks...), Word: word, Accepted: last(identity.AgentPermission),
		Kind: b.Kind, Age: b.Age, Confirms: identity.Confirms(b.Kind, b.Age) && NeedsProof(c.Rights), Confirmed: word != nil, Permission: has(identity.AgentPermission),
		Receives: b.Receives, HandedOver: b.HandedOver, Refused: b.Refused, Ground: b.Ground, Declined: b.Declined, Proven: len(missing) == 0, Needed: NeedsProof(c.Rights),
		Told: subject.person() != "", Awaits: !has(identity.AgentPermission) && c.awaitsPermission(subject),
	}
	r.Documents, err = s.documents(ctx, c)
	return r, err
}

// PermissionDecision is what the desk found of a permission.
type PermissionDecision struct {
	Accepted bool
	Receives bool   // it covers receiving the data
	Ground   string // of a refusal: identity.PermissionGrounds; "" is insufficient
	Reason   string // what was looked at, without copying it
}

func (d PermissionDecision) check() error {
	var faults []FieldError
	if strings.TrimSpace(d.Reason) == "" || len(d.Reason) > maxReason {
		faults = append(faults, FieldError{Field: "reason", Message: "Say what you looked at and why it suffices or not, without copying it."})
	}
	if !d.Accepted && !slices.Contains(identity.PermissionGrounds, d.Ground) {
		faults = append(faults, FieldError{Field: "ground", Message: "Say why it does not suffice: " + strings.Join(identity.PermissionGrounds, ", ") + "."})
	}
	if d.Accepted && d.Ground != "" {
		faults = append(faults, FieldError{Field: "ground", Message: "Only a refusal has a ground."})
	}
	if len(faults) > 0 {
		return invalid(faults...)
	}
	return nil
}

// DecidePermission records what the desk found of the permission by which
// somebody asks for another person. Its documents are deleted with the decision,
// whichever it is. Who records it cannot approve. A refused one is answered with
// a letter that says why and what would suffice; the request then waits for
// another one as long as it would wait for a proof of identity.
func (s *Service) DecidePermission(ctx context.Context, by Actor, id uuid.UUID, d PermissionDecision) (*Case, error) {
	user, err := uuid.Parse(by.ID)
	if err != nil || by.Role != DPO && by.Role != Agent {
		return nil, refuse(Forbidden, "staff-only", "A person has to record this proof.")
	}
	if !d.Accepted && d.Ground == "" {
		d.Ground = identity.Insufficient
	}
	if err := d.check(); err != nil {
		return nil, err
	}
	var c *Case
	err = s.within(ctx, id, func(ch *change) error {
		c = ch.c
		subject, err := openSubject(ch.key, ch.c.sealed)
		if err != nil {
			return fmt.Errorf("open case: %w", err)
		}
		had, err := ch.hasProof(ctx, identity.AgentPermission)
		switch {
		case err != nil:
			return err
		case had:
			return refuse(Conflict, "not-waiting", "The permission was accepted before.")
		case !ch.c.awaitsPermission(subject):
			return refuse(Conflict, "not-waiting", "The request does not wait for a permission.")
		}
		subject.OnBehalf.Refused, subject.OnBehalf.Ground = !d.Accepted, d.Ground
		subject.OnBehalf.Receives = d.Accepted && d.Receives
		if err := ch.seal(subject); err != nil {
			return err
		}
		ch.c.setFlag(Attention, false)
		if !d.Accepted {
			return ch.refusePermission(ctx, by, d)
		}
		if _, err := ch.Exec(ctx, `insert into proofs (case_id, kind, by_user, at) values ($1, $2, $3, $4)`, id, identity.AgentPermission, user, ch.at); err != nil {
			return fmt.Errorf("insert proof: %w", err)
		}
		ch.record(by, evidence.IdentityVerified{ByHand: true, Proof: evidence.Code(identity.AgentPermission), Reason: ch.reasonDigest(d.Reason), Use: "verification"})
		if err := ch.dropDocuments(ctx, by, "accepted"); err != nil {
			return err
		}
		return ch.settle(ctx, by, subject)
	})
	return c, err
}

// refusePermission tells whoever asks why the document does not suffice. The
// time until the request expires begins anew (11 CCR 7063; GDPR Art. 12(6)).
func (ch *change) refusePermission(ctx context.Context, by Actor, d PermissionDecision) error {
	ch.record(by, evidence.IdentityFailed{
		Ground: evidence.Code(d.Ground), Note: ch.reasonDigest(d.Reason), Proof: evidence.Code(identity.AgentPermission), Reason: "refused",
	})
	if ch.c.Status == Filed {
		ch.c.Unverified = new(ch.at)
	}
	if err := ch.dropDocuments(ctx, by, "refused"); err != nil {
		return err
	}
	return ch.write(ctx, mail.PermissionRefused, func(s *mail.Slots) {
		s.WhyCode, s.Until = d.Ground, ch.local(ch.at.Add(identity.ExpiresAfter))
	})
}

// awaitsPermission says whether a permission can still be shown. An opt-out
// took effect without one (11 CCR 7026(j)): its document is looked at afterwards.
func (c *Case) awaitsPermission(subject Subject) bool {
	switch {
	case subject.OnBehalf == nil:
		return false
	case !NeedsProof(c.Rights):
		return c.Status.Open() || c.Status == Completed
	}
	return c.Status.Open() && c.ActedAt == nil
}

func (ch *change) hasProof(ctx context.Context, kind identity.Proof) (bool, error) {
	var has bool
	if err := ch.QueryRow(ctx, `select exists (select 1 from proofs p where p.case_id = $1 and p.kind = $2)`, ch.c.ID, kind).Scan(&has); err != nil {
		return false, fmt.Errorf("read proofs: %w", err)
	}
	return has, nil
}

// missingFor names, as the letter does, what is missing before somebody may act
// for another.
func (ch *change) missingFor(ctx context.Context, subject Subject) ([]string, error) {
	groups, err := ch.s.unrepresented(ctx, ch.Tx, ch.c, subject)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, g := range groups {
		switch {
		case slices.Contains(g, identity.RepresentativeCode):
			out = append(out, "code")
		case slices.Contains(g, identity.AgentPermission):
			out = append(out, "permission")
		default:
			out = append(out, "confirmation")
		}
	}
	return out, nil
}
