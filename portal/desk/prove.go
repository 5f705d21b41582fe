package desk

import (
	"github.com/gofiber/fiber/v2"

	"habeas/portal/web"
	"habeas/templates"
)

func (h desk) provePage(c *fiber.Ctx) error {
	_, v, err := h.decision(c, "prove")
	if err != nil {
		return err
	}
	return h.render(c, fiber.StatusOK, templates.Decision(v))
}

// prove records by hand that the person is who they say.
func (h desk) prove(c *fiber.Ctx) error {
	cs, v, err := h.decision(c, "prove")
	if err != nil {
		return err
	}
	if _, err := h.Svc.ProveByHand(c.UserContext(), web.Actor(c), cs.ID, step(c).Reason); err != nil {
		return h.again(c, v, err)
	}
	return done(c, cs, "proved")
}
