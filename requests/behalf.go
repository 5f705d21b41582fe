package requests

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"habeas/requests/connect"
	"habeas/requests/evidence"
	"habeas/requests/identity"
	"habeas/requests/mail"
)

// Behalf is who asks for somebody else. The letters of the request go to them,
// and the person concerned is told besides.
type Behalf struct {
	Kind  string `json:"kind"` // identity.Standings
	Name  string `json:"name"`
	Email string `json:"email"`
	Age   string `json:"age,omitempty"` // of a parent's child: identity.Ages

	// Receives says that the permission covers receiving the data; HandedOver
	// that it does not, so that the person concerned goes on with the request.
	Receives   bool `json:"receives,omitempty"`
	HandedOver bool `json:"handed_over,omitempty"`
	// Refused says that a proof was looked at and did not suffice, Ground why.
	Refused bool   `json:"refused,omitempty"`
	Ground  string `json:"ground,omitempty"`
	// Declined says that the person concerned does not want it.
	Declined bool `json:"declined,omitempty"`

	// Permission is a file that comes with the filing. It is kept apart, sealed.
	Permission []byte `json:"-"`
}

// person is the address of the person concerned, "" when none was given.
func (s Subject) person() string { return emailOf(s.Identities) }

// codeProves is what the mailed code proves: the address of the person, or only
// who asks for them.
func (s Subject) codeProves() identity.Proof {
	if s.OnBehalf != nil && !sameEmail(s.Email, s.person()) {
		return identity.RepresentativeCode
	}
	return identity.EmailCode
}

// Proven says whether proofs show that an identity is the person's: a code or
// link only the address that it was mailed to, a check by hand all of them, but
// an agent's permission none (11 CCR 7063).
func (s Subject) Proven(id connect.Identity, proofs []ProofView) bool {
	coded, standing := s.Email, ""
	if s.OnBehalf != nil {
		coded, standing = s.person(), s.OnBehalf.Kind
	}
	return slices.ContainsFunc(proofs, func(p ProofView) bool {
		switch kind := identity.Proof(p.Kind); {
		case p.ByUser != nil:
			return identity.ProvesEverything(kind, standing)
		case kind == identity.EmailCode || kind == identity.Confirmation:
			return id.Kind == "email" && sameEmail(id.Value, coded)
		}
		return false
	})
}

// lettersTo is the address that a request's letters and codes go to.
func lettersTo(b *Behalf, ids []connect.Identity) string {
	if b != nil {
		return b.Email
	}
	return emailOf(ids)
}

// checkBehalf says what is missing before somebody can ask for another person.
func checkBehalf(f Filing, by Actor, faults []FieldError) (*Behalf, []FieldError) {
	if f.OnBehalf == nil {
		return nil, faults
	}
	bad := func(field, message string) {
		faults = append(faults, FieldError{Field: "on_behalf." + field, Message: message})
	}
	b := *f.OnBehalf
	b.Name, b.Email = strings.TrimSpace(b.Name), strings.TrimSpace(b.Email)
	b.Receives, b.HandedOver, b.Refused, b.Ground, b.Declined = false, false, false, "", false
	switch {
	case !slices.Contains(identity.Standings, b.Kind):
		bad("kind", "Say in which capacity you ask: "+strings.Join(identity.Standings, ", ")+".")
	case !identity.KnownStanding(b.Kind, b.Age) && b.Kind == identity.ForParent:
		bad("age", "Say how old the child is: "+strings.Join(identity.Ages, ", ")+".")
	case !identity.KnownStanding(b.Kind, b.Age):
		bad("age", "Only a parent says how old somebody is.")
	}
	if b.Name == "" || len(b.Name) > maxName || !plainText(b.Name) {
		bad("name", fmt.Sprintf("Give the name of whoever asks, with at most %d letters.", maxName))
	}
	switch {
	case b.Email == "" && by.Staff():
	case !validEmail(b.Email):
		bad("email", "Give the e-mail address of whoever asks. It looks like name@company.example.")
	}
	if strings.TrimSpace(f.Name) == "" {
		faults = append(faults, FieldError{Field: "name", Message: "Give the name of the person whose data it is."})
	}
	if theirs := emailOf(f.Identities); identity.Confirms(b.Kind, b.Age) && theirs != "" && sameEmail(theirs, b.Email) {
		bad("email", "The person concerned and whoever asks need an e-mail address each: we write to both.")
	}
	if len(b.Permission) > 0 {
		if err := checkDocument(b.Permission); err != nil {
			bad("permission", err.Message)
		}
	}
	return &b, faults
}

func sameEmail(a, b string) bool {
	return connect.Identity{Kind: "email", Value: a}.Normal() == connect.Identity{Kind: "email", Value: b}.Normal()
}

// tellPerson writes to the person concerned, in every request that somebody else
// makes for them: what was asked, in which capacity, and how to stop it; where
// the law allows, with the link that confirms it.
func (ch *change) tellPerson(ctx context.Context, subject Subject) error {
	b := subject.OnBehalf
	if subject.person() == "" {
		ch.c.setFlag(Attention, true) // the desk prints the letter and posts it (Service.Posted)
		return ch.writeTo(ctx, "", mail.BehalfPost, func(d *mail.Slots) {
			d.Name, d.Standing = "", b.Kind
			if NeedsProof(ch.c.Rights) && identity.Confirms(b.Kind, b.Age) {
				d.Until = ch.local(ch.at.Add(identity.ExpiresAfter))
			}
		})
	}
	token, err := ch.newToken(ctx, "confirm")
	if err != nil {
		return err
	}
	kind, undo := mail.BehalfNotice, ""
	switch {
	case !NeedsProof(ch.c.Rights):
		if undo, err = ch.newToken(ctx, "undo"); err != nil {
			return err
		}
	case identity.Confirms(b.Kind, b.Age):
		kind = mail.BehalfConfirm
	}
	return ch.writeTo(ctx, subject.person(), kind, func(d *mail.Slots) {
		d.Name, d.Standing, d.NotMeURL = "", b.Kind, ch.link(pathNotMe, token)
		if kind == mail.BehalfConfirm {
			d.ConfirmURL, d.Until = ch.link(pathConfirm, token), ch.local(ch.at.Add(identity.ExpiresAfter))
		}
		if undo != "" {
			d.UndoURL = ch.link(pathUndo, undo)
		}
	})
}

// represented says whether whoever asks may act for the person: always, where
// nobody asks for another.
func (ch *change) represented(ctx context.Context, subject Subject) (bool, error) {
	missing, err := ch.s.unrepresented(ctx, ch.Tx, ch.c, subject)
	return len(missing) == 0, err
}

// unrepresented are the groups of proofs of which one each is missing still.
func (s *Service) unrepresented(ctx context.Context, q querier, c *Case, subject Subject) ([][]identity.Proof, error) {
	if subject.OnBehalf == nil {
		return nil, nil
	}
	proofs, err := proofsOf(ctx, q, c.ID)
	if err != nil {
		return nil, err
	}
	return identity.Missing(kindsOf(proofs), identity.Representation(c.Rights, subject.OnBehalf.Kind, subject.OnBehalf.Age)), nil
}

// mayAct refuses a step of a request for somebody else while the permission is
// not proved.
func (ch *change) mayAct(ctx context.Context) error {
	subject, err := openSubject(ch.key, ch.c.sealed)
	if err != nil {
		return fmt.Errorf("open case: %w", err)
	}
	ok, err := ch.represented(ctx, subject)
	if err != nil || ok {
		return err
	}
	return errUnrepresented()
}

func errUnrepresented() *Error {
	return refuse(Conflict, "representation-unproven", "Somebody asks for another person, and that they may is not proved yet (11 CCR 7063; GDPR Art. 12(6)).")
}

// settle takes a request on for which the last proof has come: of who asks, and
// that they may.
func (ch *change) settle(ctx context.Context, by Actor, subject Subject) error {
	if ch.c.Status != Filed || ch.c.VerifiedAt == nil {
		return nil
	}
	ok, err := ch.represented(ctx, subject)
	if err != nil || !ok {
		return err
	}
	if b := subject.OnBehalf; b != nil && !b.Receives && !b.HandedOver && ch.c.Asks("access", "portability") && subject.person() != "" {
		if err := ch.handOver(ctx, &subject); err != nil {
			return err
		}
	}
	return ch.accept(ctx, by)
}

// handOver gives the request to the person concerned: the permission does not
// cover receiving the data, so that codes, letters and the package go to the
// person, and whoever asked is let in no longer and can stop nothing: the person's
// own link (confirm) stays.
func (ch *change) handOver(ctx context.Context, subject *Subject) error {
	subject.Email, subject.OnBehalf.HandedOver = subject.person(), true
	if err := ch.seal(*subject); err != nil {
		return err
	}
	ch.c.email = ch.s.ring.Lookup("email", connect.Identity{Kind: "email", Value: subject.Email}.Normal())
	b := &pgx.Batch{}
	b.Queue(`update cases set email_lookup = $2 where id = $1`, ch.c.ID, ch.c.email)
	b.Queue(`delete from customer_tokens where case_id = $1 and kind in ('access', 'not_me')`, ch.c.ID)
	b.Queue(`update codes set dead = true where case_id = $1 and not dead`, ch.c.ID)
	if err := ch.SendBatch(ctx, b).Close(); err != nil {
		return fmt.Errorf("hand over: %w", err)
	}
	return nil
}

// seal writes what the case holds about the person.
func (ch *change) seal(subject Subject) error {
	raw, err := json.Marshal(subject)
	if err != nil {
		return fmt.Errorf("encode subject: %w", err)
	}
	ch.c.sealed = ch.key.Seal("case", raw)
	return nil
}

// ConfirmBehalf takes the link by which the person concerned confirms that
// somebody asks for them. It proves the address that it was mailed to.
func (s *Service) ConfirmBehalf(ctx context.Context, token string) (*Case, error) {
	c, err := s.TokenCase(ctx, token, "confirm")
	if err != nil {
		return nil, err
	}
	err = s.within(ctx, c.ID, func(ch *change) error {
		c = ch.c
		subject, err := openSubject(ch.key, ch.c.sealed)
		if err != nil {
			return fmt.Errorf("open case: %w", err)
		}
		confirmed, err := ch.hasProof(ctx, identity.Confirmation)
		switch {
		case err != nil:
			return err
		case confirmed || subject.OnBehalf == nil:
			return nil
		case ch.c.Status != Filed:
			return refuse(Conflict, "not-waiting", "The request does not wait for this any longer.")
		}
		if _, err := ch.Exec(ctx, `insert into proofs (case_id, kind, at) values ($1, $2, $3)`, c.ID, identity.Confirmation, ch.at); err != nil {
			return fmt.Errorf("insert proof: %w", err)
		}
		by := Actor{Role: Customer, ID: c.ID.String()}
		ch.record(by, evidence.IdentityVerified{Proof: evidence.Code(identity.Confirmation), Use: "verification"})
		return ch.settle(ctx, by, subject)
	})
	return c, err
}
