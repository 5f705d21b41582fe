package api

import (
	"slices"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"habeas/portal/web"
	"habeas/requests"
	"habeas/requests/connect"
)

// filing is the body of a new request.
type filing struct {
	Rights       []string     `json:"rights" enum:"access,portability,rectification,erasure,restriction,objection,consent_withdrawal,opt_out,limit"`
	Country      string       `json:"country" doc:"Where the person lives: ISO 3166-1, two letters."`
	Region       string       `json:"region,omitempty" doc:"State or province, such as CA."`
	Identities   []person     `json:"identities"`
	Name         string       `json:"name,omitempty"`
	Message      string       `json:"message,omitempty"`
	Locale       string       `json:"locale,omitempty"`
	Purposes     []string     `json:"purposes,omitempty" doc:"For a withdrawal or opt-out; none means all."`
	OnBehalf     *behalf      `json:"on_behalf,omitempty" doc:"Who asks for somebody else; identities and name are then those of that person."`
	Corrections  []correction `json:"corrections,omitempty" doc:"For rectification: what is wrong, and what is right."`
	Know         string       `json:"know,omitempty" enum:"pieces,categories" doc:"California: the data itself, or only its kinds."`
	Period       string       `json:"period,omitempty" enum:"all,year" doc:"California: since 2022, or the last 12 months."`
	Restriction  string       `json:"restriction,omitempty" enum:"accuracy_contested,unlawful_processing,needed_for_claims,objection_pending" doc:"GDPR Art. 18(1)."`
	Marketing    bool         `json:"marketing,omitempty" doc:"The objection is to direct marketing (GDPR Art. 21(2))."`
	Objections   []string     `json:"objections,omitempty" doc:"For objection: names in the register of processing; none means all direct marketing with marketing, else everything that can be objected to."`
	AgeRecipient string       `json:"age_recipient,omitempty" doc:"An age public key: only its holder can open the package."`
	Channel      string       `json:"channel,omitempty" enum:"phone,letter,counter,e-mail" doc:"Staff only."`
	ReceivedAt   *time.Time   `json:"received_at,omitempty" doc:"Staff only: when it came, if earlier."`
	Reason       string       `json:"reason,omitempty" doc:"Staff only: why it is entered later."`
}

// behalf is who asks for somebody else. Letters and the code go to them; the
// person concerned is told, and confirms by a link where the law allows.
type behalf struct {
	Kind       string `json:"kind" enum:"agent,parent,attorney,guardian" doc:"An agent with a signed permission, a parent or guardian of a child, somebody with a power of attorney, a legal guardian of an adult."`
	Name       string `json:"name"`
	Email      string `json:"email,omitempty" doc:"Staff may leave it out."`
	Age        string `json:"age,omitempty" enum:"under_13,13_to_15,16_or_more" doc:"Of the child, with parent."`
	Permission []byte `json:"permission,omitempty" doc:"PDF, PNG or JPEG, as base64. The whole filing has at most 4 MB; a larger one, of up to 10 MB, is sent as a document of the request once its address is proved."`
}

// correction is what a person wants corrected, in their own words.
type correction struct {
	What  string `json:"what"`
	Wrong string `json:"wrong,omitempty"`
	Right string `json:"right"`
}

// receipt is the answer to every valid filing, whoever the person is.
type receipt struct {
	ID           uuid.UUID       `json:"id"`
	Reference    string          `json:"reference"`
	Status       requests.Status `json:"status"`
	Rights       []string        `json:"rights"`
	ReceivedAt   moment          `json:"received_at"`
	DueOn        date            `json:"due_on"`
	Verification *verification   `json:"verification,omitempty"`
}

type verification struct {
	Channel   string `json:"channel"`
	ExpiresAt moment `json:"expires_at"`
}

func verificationOf(v *requests.Verification) *verification {
	if v == nil {
		return nil
	}
	return &verification{Channel: v.Channel, ExpiresAt: moment(v.ExpiresAt)}
}

func (a *api) file(c *fiber.Ctx) error {
	var in filing
	if err := decode(c, &in); err != nil {
		return err
	}
	by := web.Actor(c)
	if !slices.Contains(desk, by.Role) {
		by = requests.Actor{Role: requests.Public} // others file like anybody
	}
	f := requests.Filing{
		Rights: in.Rights, Country: in.Country, Region: in.Region, Name: in.Name, Message: in.Message, Locale: in.Locale,
		Purposes: in.Purposes, AgeRecipient: in.AgeRecipient, Channel: in.Channel, ReceivedAt: in.ReceivedAt, Reason: in.Reason,
		Know: in.Know, Period: in.Period, Restriction: in.Restriction, Marketing: in.Marketing, Objections: in.Objections,
		Corrections: each(in.Corrections, func(x correction) requests.ProposedCorrection { return requests.ProposedCorrection(x) }),
		Identities:  each(in.Identities, func(p person) connect.Identity { return p.identity() }),
	}
	if b := in.OnBehalf; b != nil {
		f.OnBehalf = &requests.Behalf{Kind: b.Kind, Name: b.Name, Email: b.Email, Age: b.Age, Permission: b.Permission}
	}
	r, err := a.svc.File(c.UserContext(), by, f)
	if err != nil {
		return err
	}
	return answer(c, fiber.StatusCreated, receipt{
		ID: r.ID, Reference: r.Reference, Status: r.Status, Rights: full(r.Rights), ReceivedAt: moment(r.ReceivedAt), DueOn: date(r.DueOn),
		Verification: verificationOf(r.Verification),
	})
}
