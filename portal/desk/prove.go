package desk

import (
	"cmp"

	"github.com/gofiber/fiber/v2"

	"habeas/portal/web"
	"habeas/requests"
	"habeas/requests/identity"
	"habeas/templates"
)

func (h desk) provePage(c *fiber.Ctx) error {
	_, v, err := h.decision(c, "prove")
	if err != nil {
		return err
	}
	v.Grounds, v.Ground = handProofs, cmp.Or(v.Ground, string(identity.StaffCheck))
	return h.render(c, fiber.StatusOK, templates.Decision(v))
}

// prove records by hand that the person is who they say.
func (h desk) prove(c *fiber.Ctx) error {
	cs, v, err := h.decision(c, "prove")
	if err != nil {
		return err
	}
	v.Grounds = handProofs
	kind := identity.Proof(cmp.Or(v.Ground, string(identity.StaffCheck)))
	if _, err := h.Svc.RecordProof(c.UserContext(), web.Actor(c), cs.ID, kind, step(c).Reason); err != nil {
		return h.again(c, v, err)
	}
	if cs.Status == requests.Review {
		return done(c, cs, "settled")
	}
	return done(c, cs, "proved")
}

// handProofs are the proofs that a person records.
var handProofs = []templates.Option{
	{Value: string(identity.StaffCheck), Label: "I know the person, or asked until I was satisfied"},
	{Value: string(identity.Document), Label: "A document was looked at and handed back"},
	{Value: string(identity.SignIn), Label: "The person signed in to the company’s own account"},
	{Value: string(identity.KnownFacts), Label: "The person knew facts that we hold", Hint: "Adds to a mailed code; alone it is not enough."},
	{Value: string(identity.Declaration), Label: "A declaration under penalty of perjury was signed", Hint: "California, specific pieces. Adds to a mailed code."},
}
