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

	"filippo.io/age"
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

	signal bool // a browser's opt-out preference signal asks, not a form
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
	insert := func(tx pgx.Tx) error { return s.insertCase(ctx, tx, c, f.Identities, subject.Email) }
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

func (s *Service) checkFiling(by Actor, f Filing) (Filing, error) {
	var faults []FieldError
	bad := func(field, message string) { faults = append(faults, FieldError{Field: field, Message: message}) }

	if len(f.Rights) == 0 {
		bad("rights", "Say what you ask for: "+strings.Join(offered, ", ")+".")
	}
	f.Rights = slices.Clone(f.Rights)
	slices.Sort(f.Rights)
	f.Rights = slices.Compact(f.Rights)
	for _, r := range f.Rights {
		if !slices.Contains(offered, r) {
			bad("rights", "One of these is not offered here. Use "+strings.Join(offered, ", ")+".")
			break
		}
	}
	f.Country = strings.ToUpper(strings.TrimSpace(f.Country))
	if len(f.Country) != 2 || f.Country[0] < 'A' || f.Country[0] > 'Z' || f.Country[1] < 'A' || f.Country[1] > 'Z' {
		bad("country", "Give the country where you live as two letters, such as DE.")
	}
	f.Region = strings.ToUpper(strings.TrimSpace(f.Region))
	if !regionForm.MatchString(f.Region) {
		bad("region", "Give the state or province as its short code, such as CA.")
	}
	if len(f.Name) > maxName || !plainText(f.Name) {
		bad("name", fmt.Sprintf("A name has at most %d letters, without control characters.", maxName))
	}
	if len(f.Message) > maxMessage || !utf8.ValidString(f.Message) || strings.ContainsRune(f.Message, 0) {
		bad("message", fmt.Sprintf("A message has at most %d letters.", maxMessage))
	}
	f.Identities, faults = checkIdentities(f.Identities, by, faults)
	for _, x := range []struct {
		field, value string
		known        []string
	}{{"know", f.Know, knowKinds}, {"period", f.Period, periods}, {"restriction", f.Restriction, restrictions}} {
		if x.value != "" && !slices.Contains(x.known, x.value) {
			bad(x.field, "Use one of "+strings.Join(x.known, ", ")+".")
		}
	}
	f.Purposes, faults = s.checkPurposes(f, faults)
	f.Corrections, faults = checkCorrections(f, faults)
	f.Objections, faults = s.checkObjections(f, faults)
	if f.AgeRecipient != "" {
		if _, err := age.ParseX25519Recipient(f.AgeRecipient); err != nil {
			bad("age_recipient", "This is not an age public key. It starts with age1.")
		}
	}
	f.OnBehalf, faults = checkBehalf(f, by, faults)
	faults = s.checkChannel(by, f, faults)
	if len(faults) > 0 {
		return f, invalid(faults...)
	}
	f.Locale = NearestLanguage(f.Locale, s.set.Languages)
	return f, nil
}

func checkIdentities(ids []connect.Identity, by Actor, faults []FieldError) ([]connect.Identity, []FieldError) {
	bad := func(message string) { faults = append(faults, FieldError{Field: "identities", Message: message}) }
	if len(ids) == 0 && by.Staff() {
		bad("Give at least one way in which the company knows the person: e-mail address, phone, customer number or handle.")
		return nil, faults
	}
	if len(ids) == 0 || len(ids) > maxIdentities {
		bad(fmt.Sprintf("Give between one and %d ways in which we know you, at least an e-mail address.", maxIdentities))
		return nil, faults
	}
	out := make([]connect.Identity, 0, len(ids))
	for _, id := range ids {
		id.Proven = false
		id.Value = strings.TrimSpace(id.Value)
		switch {
		case !slices.Contains([]string{"email", "phone", "customer_id", "handle", "social_id"}, id.Kind):
			bad("A kind of identity is unknown. Use email, phone, customer_id or handle.")
		case id.Value == "" || len(id.Value) > maxIdentity || !plainText(id.Value):
			bad(fmt.Sprintf("An identity has between 1 and %d letters, without control characters.", maxIdentity))
		case id.Kind == "email" && !validEmail(id.Value):
			bad("An e-mail address is not complete. It looks like name@company.example.")
		case !slices.ContainsFunc(out, id.Same):
			out = append(out, id)
		}
	}
	if emailOf(out) == "" && !by.Staff() && len(faults) == 0 {
		bad("Give an e-mail address, so that we can check that it is you and answer.")
	}
	return out, faults
}

func (s *Service) checkPurposes(f Filing, faults []FieldError) ([]string, []FieldError) {
	var known []string
	for _, p := range s.set.Purposes {
		known = append(known, p.Name)
	}
	purposes := slices.Clone(f.Purposes)
	slices.Sort(purposes)
	purposes = slices.Compact(purposes)
	for _, p := range purposes {
		if !slices.Contains(known, p) {
			return nil, append(faults, FieldError{Field: "purposes", Message: "One of these is not a purpose here. Use " + strings.Join(known, ", ") + "."})
		}
	}
	if len(purposes) == 0 {
		purposes = s.set.meant(f.Rights)
	}
	return purposes, faults
}

// meant are the purposes that a request stops which names none: of a right to
// limit the uses of sensitive data, of every other right all. Where no purpose is
// marked as sensitive, limiting stops all as well: too much rather than too little.
func (s Settings) meant(rights []string) []string {
	var all, sensitive []string
	for _, p := range s.Purposes {
		all = append(all, p.Name)
		if p.Sensitive {
			sensitive = append(sensitive, p.Name)
		}
	}
	slices.Sort(all)
	slices.Sort(sensitive)
	asks := func(right string) bool { return slices.Contains(rights, right) }
	switch {
	case asks("consent_withdrawal"), asks("opt_out"), asks("limit") && sensitive == nil:
		return all
	case asks("limit"):
		return sensitive
	}
	return nil
}

// earliest is a day before which no law of the table gave anybody a right to ask:
// an earlier one is a slip.
var earliest = time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC)

func (s *Service) checkChannel(by Actor, f Filing, faults []FieldError) []FieldError {
	if f.Channel == "" && f.ReceivedAt == nil {
		return faults
	}
	if !by.Staff() {
		return append(faults, FieldError{Field: "channel", Message: "Only staff may enter a request that came another way."})
	}
	if f.Channel == "" {
		faults = append(faults, FieldError{Field: "channel", Message: "Say how it came: " + strings.Join(channels, ", ") + "."})
	} else if !slices.Contains(channels, f.Channel) {
		faults = append(faults, FieldError{Field: "channel", Message: "Use " + strings.Join(channels, ", ") + "."})
	}
	if f.ReceivedAt != nil {
		switch {
		case f.ReceivedAt.After(s.now()):
			faults = append(faults, FieldError{Field: "received_at", Message: "A request cannot have been received in the future: its time counts from the day of receipt (" + s.countedBy(f) + ")."})
		case f.ReceivedAt.Before(earliest):
			faults = append(faults, FieldError{Field: "received_at", Message: "A request cannot have been received before 1990."})
		}
		if strings.TrimSpace(f.Reason) == "" {
			faults = append(faults, FieldError{Field: "reason", Message: "Say why it is entered later than it was received."})
		}
	}
	return faults
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
	if f.signal {
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
