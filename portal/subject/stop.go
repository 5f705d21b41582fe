package subject

import (
	"github.com/gofiber/fiber/v2"

	"habeas/portal/web"
	"habeas/requests"
	"habeas/templates"
)

func (h subject) stopPage(c *fiber.Ctx) error {
	cs, err := h.own(c)
	if err != nil {
		return err
	}
	return web.Render(c, templates.Confirm(templates.ConfirmPage{
		Page: web.PageOf(c), Key: "stop", Reference: cs.Reference, Action: "/status/stop", Back: "/status", Done: cs.Status == requests.Withdrawn,
	}))
}

// stop ends the request before its first irreversible act; that covers an
// erasure that waits.
func (h subject) stop(c *fiber.Ctx) error {
	cs, err := h.own(c)
	if err != nil {
		return err
	}
	if cs.Status == requests.Withdrawn {
		return web.Redirect(c, "/status/stop")
	}
	if _, err := h.Svc.Withdraw(c.UserContext(), web.Actor(c), cs.ID); err != nil {
		return h.tooLate(c, cs, err)
	}
	return web.Redirect(c, "/status/stop")
}

// tooLate says what has begun instead of a bare conflict.
func (h subject) tooLate(c *fiber.Ctx, cs *requests.Case, err error) error {
	if codeOf(err) != "already-begun" {
		return err
	}
	v := templates.ConfirmPage{Page: web.PageOf(c), Key: "stop", Reference: cs.Reference, Action: "/status/stop", Back: "/status"}
	v.Errors = []templates.FieldError{{Message: say(c, "error.too_late")}}
	return web.Render(c.Status(fiber.StatusConflict), templates.Confirm(v))
}
