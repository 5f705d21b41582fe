package desk

import (
	"github.com/gofiber/fiber/v2"

	"habeas/portal/web"
	"habeas/templates"
)

func (h desk) withdrawPage(c *fiber.Ctx) error {
	_, v, err := h.decision(c, "withdraw")
	if err != nil {
		return err
	}
	return h.render(c, fiber.StatusOK, templates.Decision(v))
}

// withdraw stops a request that the customer took back by phone or letter.
func (h desk) withdraw(c *fiber.Ctx) error {
	cs, v, err := h.decision(c, "withdraw")
	if err != nil {
		return err
	}
	if _, err := h.Svc.Withdraw(c.UserContext(), web.Actor(c), cs.ID); err != nil {
		return h.again(c, v, err)
	}
	return done(c, cs, "withdrawn")
}
