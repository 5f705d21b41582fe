package desk

import (
	"cmp"
	"slices"

	"github.com/gofiber/fiber/v2"

	"habeas/portal/web"
	"habeas/requests"
	"habeas/requests/identity"
	"habeas/templates"
)

// proving is the page that records a proof by hand: in a request for somebody
// else, either of who asks or of what the person concerned says.
func (h desk) proving(c *fiber.Ctx) (*requests.Case, templates.DecisionPage, error) {
	cs, v, err := h.decision(c, "prove")
	if err != nil {
		return nil, v, err
	}
	r, err := h.Svc.Representation(c.UserContext(), cs)
	if err != nil {
		return nil, v, err
	}
	v.Grounds = handProofs
	switch {
	case r == nil || !r.Needed || r.HandedOver:
	case c.Query("of") == "asker":
		v.Of, v.Grounds = "asker", askerProofs
	default:
		v.Of, v.Grounds = "person", personProofs
	}
	if v.Of != "" {
		v.Action += "?of=" + v.Of
	}
	v.Ground = cmp.Or(v.Ground, v.Grounds[0].Value)
	return cs, v, nil
}

func (h desk) provePage(c *fiber.Ctx) error {
	_, v, err := h.proving(c)
	if err != nil {
		return err
	}
	return h.render(c, fiber.StatusOK, templates.Decision(v))
}

// prove records by hand that the person is who they say, or who asks for them.
func (h desk) prove(c *fiber.Ctx) error {
	cs, v, err := h.proving(c)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(v.Grounds, func(o templates.Option) bool { return o.Value == v.Ground }) {
		v.Errors = []templates.FieldError{{Field: "ground", Message: "Say how it was proved"}}
		return h.render(c, fiber.StatusBadRequest, templates.Decision(v))
	}
	if _, err := h.Svc.RecordProof(c.UserContext(), web.Actor(c), cs.ID, identity.Proof(v.Ground), step(c).Reason); err != nil {
		return h.again(c, v, err)
	}
	if cs.Status == requests.Review {
		return done(c, cs, "settled")
	}
	return done(c, cs, "proved")
}

// askerProofs show who asks for another person.
var askerProofs = []templates.Option{
	{Value: string(identity.RepresentativeCheck), Label: "I know whoever asks, or asked until I was satisfied"},
	{Value: string(identity.RepresentativeDocument), Label: "A document of whoever asks was looked at and handed back"},
}

// personProofs are the word of the person for whom somebody asks, and what adds
// to it.
var personProofs = append([]templates.Option{
	{Value: string(identity.StaffCheck), Label: "The person told me, and I know them or asked until I was satisfied"},
	{Value: string(identity.Document), Label: "The person wrote, and a document of theirs was looked at and handed back"},
	{Value: string(identity.SignIn), Label: "The person agreed when signed in to the company’s own account"},
}, handProofs[3:]...)

// handProofs are the proofs that a person records.
var handProofs = []templates.Option{
	{Value: string(identity.StaffCheck), Label: "I know the person, or asked until I was satisfied"},
	{Value: string(identity.Document), Label: "A document was looked at and handed back"},
	{Value: string(identity.SignIn), Label: "The person signed in to the company’s own account"},
	{Value: string(identity.KnownFacts), Label: "The person knew facts that we hold", Hint: "Adds to a mailed code; alone it is not enough."},
	{Value: string(identity.Declaration), Label: "A declaration under penalty of perjury was signed", Hint: "California, specific pieces. Adds to a mailed code."},
}
