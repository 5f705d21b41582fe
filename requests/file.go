package requests

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"habeas/requests/clock"
	"habeas/requests/connect"
	"habeas/requests/consent"
	"habeas/requests/evidence"
	"habeas/requests/mail"
)

// Filing is what somebody asks for.
type Filing struct {
	Rights     []string           `json:"rights"`
	Country    string             `json:"country"` // ISO 3166-1 alpha-2
	Region     string             `json:"region"`  // state or province
	Identities []connect.Identity `json:"identities"`
	Name       string             `json:"name"`
	Message    string             `json:"message"`
	Locale     string             `json:"locale"`
	Purposes   []string           `json:"purposes"`
	OnBehalf   *Behalf            `json:"on_behalf,omitempty"`
	// Know is pieces or categories, Period all (since 2022) or year: California's
	// request to know (11 CCR 7024; 7020(e)).
	Know   string `json:"know,omitempty"`
	Period string `json:"period,omitempty"`
	// Restriction is the ground of Art. 18(1) on which use is to be restricted.
	Restriction string `json:"restriction,omitempty"`
	// Marketing says that an objection is to direct marketing (Art. 21(2)).
	Marketing bool `json:"marketing,omitempty"`
	// Objections are the uses that an objection is to: names in the register of
	// processing. None: all direct marketing where Marketing is set, else everything.
	Objections []string `json:"objections,omitempty"`
	// Corrections go with rectification: what is wrong, and what is right.
	Corrections []ProposedCorrection `json:"corrections,omitempty"`
	// AgeRecipient is an age public key: only its holder can open the package.
	AgeRecipient string `json:"age_recipient,omitempty"`

	// For staff who enter what came by phone, letter, counter or e-mail.
	Channel    string     `json:"channel,omitempty"`
	ReceivedAt *time.Time `json:"received_at,omitempty"`
	Reason     string     `json:"reason,omitempty"`

	signal *signalLink // set where a browser's opt-out preference signal asks, not a form
}

// Receipt is the answer to a filing. It looks the same whoever files.
type Receipt struct {
	ID           uuid.UUID
	Reference    string
	Status       Status
	Rights       []string
	ReceivedAt   time.Time
	DueOn        time.Time
	Verification *Verification
	Deadlines    []clock.Deadline
}

// Verification says how the address is proved.
type Verification struct {
	Channel   string
	ExpiresAt time.Time
}

// offered are the rights whose whole path exists.
var offered = []string{"access", "consent_withdrawal", "erasure", "limit", "objection", "opt_out", "portability", "rectification", "restriction"}

// What a filing can say about single rights: 11 CCR 7024; GDPR Art. 18(1).
var (
	knowKinds    = []string{"pieces", "categories"}
	periods      = []string{"all", "year"}
	restrictions = []string{"accuracy_contested", "unlawful_processing", "needed_for_claims", "objection_pending"}
)

// Rights are the rights that can be asked for.
func Rights() []string { return slices.Clone(offered) }

const (
	maxIdentities = 20
	maxName       = 200
	maxMessage    = 5000
	maxIdentity   = 320
)

// Region and locale stand in the log in clear: only what has their form does.
var (
	originForm  = regexp.MustCompile(`^https?://[a-z0-9.-]+(:[0-9]{1,5})?$`)
	regionForm  = regexp.MustCompile(`^([A-Z]{2}-)?[A-Z0-9]{0,3}$`)
	countryForm = regexp.MustCompile(`^[A-Z]{2}$`)
)

var channels = []string{"phone", "letter", "counter", "e-mail"}

// File takes in a request: the case, its clock, its first letter, and for a
// withdrawal or opt-out the flipped ledger, in one transaction. Whether the
// person is known plays no part in it.
func (s *Service) File(ctx context.Context, by Actor, f Filing) (*Receipt, error) {
	f, err := s.checkFiling(by, f)
	if err != nil {
		return nil, err
	}
	now := s.now()
	c, err := s.newCase(by, f, now)
	if err != nil {
		return nil, err
	}
	key, wrapped, err := s.ring.NewKey()
	if err != nil {
		return nil, fmt.Errorf("case key: %w", err)
	}
	subject := Subject{
		Name: f.Name, Email: lettersTo(f.OnBehalf, f.Identities), Identities: f.Identities, Message: f.Message, OnBehalf: f.OnBehalf,
		AgeRecipient: f.AgeRecipient, Reason: f.Reason, Corrections: f.Corrections, Know: f.Know, Period: f.Period, Restriction: f.Restriction, Marketing: f.Marketing,
	}
	raw, err := json.Marshal(subject)
	if err != nil {
		return nil, fmt.Errorf("encode subject: %w", err)
	}
	c.wrapped, c.sealed = wrapped, key.Seal("case", raw)
	var document uuid.UUID
	if f.OnBehalf != nil && len(f.OnBehalf.Permission) > 0 {
		document = newID()
		if err := s.storeDocument(ctx, key, c.ID, document, f.OnBehalf.Permission); err != nil {
			return nil, err
		}
	}
	out := &Receipt{ID: c.ID, Reference: c.Reference, Rights: c.Rights, ReceivedAt: c.ReceivedAt, DueOn: c.DueOn, Deadlines: c.Deadlines}
	insert := func(tx pgx.Tx) error {
		file := func() error { return s.insertCase(ctx, tx, c, f.Identities, subject.Email) }
		if f.signal == nil {
			return file()
		}
		return s.linkOnce(ctx, tx, f.signal, file, c.ID)
	}
	err = s.transact(ctx, c.ID, insert, func(ch *change) error {
		ch.record(by, ch.filed(f))
		if err := ch.noteObjections(ctx, f.Objections); err != nil {
			return err
		}
		if err := ch.withdrawAtOnce(ctx, by, f.Identities); err != nil {
			return err
		}
		if f.OnBehalf != nil {
			if err := ch.tellPerson(ctx, subject); err != nil {
				return err
			}
			if document != uuid.Nil {
				if err := ch.noteDocument(ctx, by, document, f.OnBehalf.Permission, f.OnBehalf.Kind); err != nil {
					return err
				}
			}
		}
		if NeedsProof(c.Rights) {
			if subject.Email != "" {
				v, err := ch.sendCode(ctx)
				out.Verification = v
				return err
			}
			ch.c.setFlag(Attention, true) // a letter without an address: the desk proves the identity
			return nil
		}
		if err := ch.letterUnverified(ctx); err != nil {
			return err
		}
		return ch.startDiscovery(ctx, by)
	})
	if err != nil {
		return nil, err
	}
	out.Status = Filed
	if !NeedsProof(c.Rights) {
		out.Status = Discovering
	}
	return out, nil
}

// withdrawAtOnce flips the consent ledger and notes the suppression before
// anything else happens: GDPR Art. 7(3); 11 CCR 7026.
func (ch *change) withdrawAtOnce(ctx context.Context, by Actor, ids []connect.Identity) error {
	if !ch.c.Asks(unverifiedRights...) {
		return nil
	}
	var who []consent.Identity
	for _, id := range ids {
		who = append(who, consent.Identity{Kind: id.Kind, Normal: id.Normal()})
	}
	purposes := ch.c.Purposes
	if _, err := consent.Withdraw(ctx, ch.Tx, ch.s.ring, consent.Withdrawal{Case: ch.c.ID.String(), Identities: who, Purposes: purposes, At: ch.at}); err != nil {
		return fmt.Errorf("withdraw consent: %w", err)
	}
	for _, p := range purposes {
		for _, id := range ids {
			ch.record(by, evidence.ConsentChanged{
				Purpose: evidence.Code(p), Source: "request", Subject: evidence.Digest(ch.key.Digest("identity", id.Kind, id.Normal())),
			})
		}
	}
	return nil
}

// filed is the event with which a case begins: all that is needed to compute
// its deadlines again.
func (ch *change) filed(f Filing) evidence.RequestFiled {
	c := ch.c
	e := evidence.RequestFiled{
		Channel: evidence.Code(c.Channel), Country: evidence.Code(c.Country), Region: evidence.Code(c.Region),
		DueOn: evidence.Day(c.DueOn), Holidays: evidence.Code(c.HolidaySet), Law: evidence.Code(c.Law), Zone: evidence.Code(c.Zone),
		Locale: evidence.Code(c.Locale), OnBehalf: f.OnBehalf != nil, ReceivedAt: evidence.At(c.ReceivedAt),
		Rights: codes(c.Rights), Purposes: codes(c.Purposes), Objections: codes(f.Objections), OwnDays: ownDates(c.Holidays), Policy: evidence.Code(c.PausePolicy),
	}
	if f.Reason != "" {
		e.Reason = evidence.Digest(ch.key.Digest("reason", f.Reason))
	}
	return e
}

func ownDates(days []clock.Holiday) []evidence.Date {
	var out []evidence.Date
	for _, h := range days {
		out = append(out, evidence.Date(h.Date.String()))
	}
	return out
}

func codes(list []string) []evidence.Code {
	out := make([]evidence.Code, len(list))
	for i, v := range list {
		out[i] = evidence.Code(v)
	}
	return out
}

func (s *Service) newCase(by Actor, f Filing, now time.Time) (*Case, error) {
	received := now
	if f.ReceivedAt != nil {
		received = *f.ReceivedAt
	}
	law := s.choose(f.Country, f.Region, received)
	c := &Case{
		ID: newID(), Reference: newReference(), Status: Filed, Rights: f.Rights, Purposes: f.Purposes,
		Country: f.Country, Region: f.Region, Law: law.Law, HolidaySet: law.Set, Zone: law.Zone, laws: s.set.Laws,
		PausePolicy: s.set.PausePolicy, Locale: f.Locale, Channel: firstOf(f.Channel, "portal"), ReceivedAt: received, FiledAt: now, Kind: KindRequest,
	}
	if f.signal != nil {
		c.Channel = "gpc"
	}
	if by.Staff() {
		if id, err := uuid.Parse(by.ID); err == nil {
			c.FiledBy = &id
		}
	}
	c.Holidays = s.ownDays(c.Law, clock.DateIn(c.ReceivedAt, zone(c.Zone)))
	if err := s.setClock(c); err != nil {
		return nil, err
	}
	return c, nil
}

func (s *Service) insertCase(ctx context.Context, tx pgx.Tx, c *Case, ids []connect.Identity, email string) error {
	var lookups [][]byte
	for _, id := range ids {
		lookups = append(lookups, s.ring.Lookup(id.Kind, id.Normal()))
	}
	if email != "" {
		c.email = s.ring.Lookup("email", connect.Identity{Kind: "email", Value: email}.Normal())
	}
	_, err := tx.Exec(ctx, `insert into cases (id, reference, status, flags, rights, purposes, country, region, law, holiday_set, zone,
		pause_policy, locale, channel, deadlines, received_at, filed_at, due_on, filed_by, email_lookup, subject_lookup, key_wrapped, sealed, holidays, kind, of_case)
		values ($1, $2, 'filed', '{}', $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24)`,
		c.ID, c.Reference, c.Rights, orEmpty(c.Purposes), c.Country, c.Region, c.Law, c.HolidaySet, c.Zone,
		c.PausePolicy, c.Locale, c.Channel, orEmpty(c.Deadlines), c.ReceivedAt, c.FiledAt, c.DueOn, c.FiledBy, c.email, lookups, c.wrapped, c.sealed, orEmpty(c.Holidays), c.Kind, c.Of)
	if err != nil {
		return fmt.Errorf("insert case: %w", err)
	}
	return nil
}

// references use letters and digits that nobody confuses, and hold a letter
// in every group, so that none looks like a code.
const (
	refLetters = "ABCDEFGHJKMNPQRSTVWXYZ"
	refAll     = refLetters + "23456789"
)

func newReference() string {
	group := func() string {
		b := make([]byte, 4)
		rand.Read(b)
		out := make([]byte, 4)
		for i := range b {
			out[i] = refAll[int(b[i])%len(refAll)]
		}
		out[b[0]%4] = refLetters[int(b[1])%len(refLetters)]
		return string(out)
	}
	return "HB-" + group() + "-" + group()
}

func emailOf(ids []connect.Identity) string {
	for _, id := range ids {
		if id.Kind == "email" {
			return id.Value
		}
	}
	return ""
}

// validEmail takes what a letter can be sent to.
func validEmail(v string) bool {
	_, host, _ := strings.Cut(v, "@")
	return mail.CheckAddress(v) == nil && strings.Contains(host, ".")
}

func plainText(v string) bool {
	return utf8.ValidString(v) && !strings.ContainsFunc(v, func(r rune) bool { return r < ' ' || r == 0x7f || r == utf8.RuneError })
}

func firstOf(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}
