package desk

import (
	"github.com/gofiber/fiber/v2"

	"habeas/portal/web"
	"habeas/templates"
)

func (h desk) rediscoverPage(c *fiber.Ctx) error {
	_, v, err := h.decision(c, "rediscover")
	if err != nil {
		return err
	}
	return h.render(c, fiber.StatusOK, templates.Decision(v))
}

// rediscover searches every system again: the plan and its approvals fall.
func (h desk) rediscover(c *fiber.Ctx) error {
	cs, v, err := h.decision(c, "rediscover")
	if err != nil {
		return err
	}
	if _, err := h.Svc.Rediscover(c.UserContext(), web.Actor(c), cs.ID); err != nil {
		return h.again(c, v, err)
	}
	return done(c, cs, "rediscover")
}
