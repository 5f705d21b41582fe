package requests

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/google/uuid"

	"habeas/requests/clock"
	"habeas/requests/connect"
	"habeas/requests/seal"
)

// Role is what somebody may do.
type Role string

// The roles. A service may record consents and file; it never approves.
const (
	Customer    Role = "customer"
	DPO         Role = "dpo"
	Agent       Role = "agent"
	Auditor     Role = "auditor"
	Admin       Role = "admin"
	ServiceRole Role = "service"
	Worker      Role = "worker"
	Public      Role = "public"
)

// Actor is who does something.
type Actor struct {
	Role Role
	// ID is a user's id, a service's name, or for a customer the case id.
	ID string
	// Fresh says that a customer proved the address within the last 15 minutes.
	Fresh bool
	// Grant names the proof that a customer's browser was let in by; "" where the
	// access was looked up for this very call. It ends when that proof's access does.
	Grant string
}

// String is the actor as events name it: "dpo:0193…".
func (a Actor) String() string {
	if a.ID == "" {
		return string(a.Role)
	}
	return string(a.Role) + ":" + a.ID
}

// Staff reports whether the actor works for the company.
func (a Actor) Staff() bool {
	return slices.Contains([]Role{DPO, Agent, Auditor, Admin}, a.Role)
}

// Case is one request of one person.
type Case struct {
	ID          uuid.UUID
	Reference   string
	Status      Status
	Flags       []Flag
	Rights      []string
	Purposes    []string
	Country     string
	Region      string
	Law         string
	HolidaySet  string
	Zone        string
	PausePolicy string
	Locale      string
	Channel     string
	Result      string
	Decisions   []RightDecision
	ClockEvents []clock.Event
	Deadlines   []clock.Deadline
	ReceivedAt  time.Time
	FiledAt     time.Time
	DueOn       time.Time // date
	VerifiedAt  *time.Time
	ActedAt     *time.Time
	WaitUntil   *time.Time
	CompletedAt *time.Time
	ClosedAt    *time.Time
	Unverified  *time.Time

	PackageName  string
	PackageSize  int64
	PackageSHA   string
	PackageUntil *time.Time

	// Holidays are the company's own days with which this clock counts, as they
	// were when it was filed or its law was corrected.
	Holidays []clock.Holiday

	Kind          string     // KindRequest, KindAppeal or KindComplaint
	Of            *uuid.UUID // what an appeal or complaint is about; of a request that is carried out again, the matter that led to it
	JoinedInto    *uuid.UUID // of a duplicate: the request that it was joined to
	RecourseUntil *time.Time // date until which what was answered stays provable
	RetainUntil   *time.Time // date after which the case's key is destroyed

	PlanID   *uuid.UUID
	FiledBy  *uuid.UUID
	eventSeq int64
	eventAt  time.Time
	email    []byte
	wrapped  []byte
	sealed   []byte
	laws     *clock.Laws // nil: as shipped
}

// LawRow is the law that the case runs under.
func (c *Case) LawRow() (*clock.Law, error) { return c.laws.Law(c.Law) }

// RightDecision is what was decided about one right.
type RightDecision struct {
	Right    string `json:"right"`
	Decision string `json:"decision"` // granted, refused, partial
	Ground   string `json:"ground"`   // citation
	// Code of the ground in the law's table: several may cite one article.
	Code string `json:"code,omitempty"`
}

// Subject is what the case holds sealed about the person.
type Subject struct {
	Name       string             `json:"name"`
	Email      string             `json:"email"` // where letters go
	Identities []connect.Identity `json:"identities"`
	Message    string             `json:"message"`
	OnBehalf   *Behalf            `json:"on_behalf,omitempty"`
	Know       string             `json:"know,omitempty"`   // California: pieces or categories
	Period     string             `json:"period,omitempty"` // California: all since 2022, or the last year
	// Restriction is the ground of Art. 18(1) that the person gives, a code.
	Restriction string `json:"restriction,omitempty"`
	// Marketing says that an objection is to direct marketing (Art. 21(2)).
	Marketing bool `json:"marketing,omitempty"`
	// Corrections are what the person wants corrected.
	Corrections []ProposedCorrection `json:"corrections,omitempty"`
	// AgeRecipient, if given, is who alone can open the package.
	AgeRecipient string `json:"age_recipient,omitempty"`
	// Reason is why staff filed it with an earlier date of receipt.
	Reason string `json:"reason,omitempty"`
}

// Has reports whether the flag is set.
func (c *Case) Has(f Flag) bool { return slices.Contains(c.Flags, f) }

// Asks reports whether the case asks for any of the rights.
func (c *Case) Asks(rights ...string) bool {
	return slices.ContainsFunc(rights, func(r string) bool { return slices.Contains(c.Rights, r) })
}

// setFlag sets or clears a flag, keeping the list sorted.
func (c *Case) setFlag(f Flag, on bool) {
	c.Flags = slices.DeleteFunc(slices.Clone(c.Flags), func(have Flag) bool { return have == f })
	if on {
		c.Flags = append(c.Flags, f)
		slices.Sort(c.Flags)
	}
}

func openSubject(k seal.Key, sealed []byte) (Subject, error) {
	var s Subject
	raw, err := k.Open("case", sealed)
	if err != nil {
		return s, err
	}
	return s, json.Unmarshal(raw, &s)
}
