package subject

import (
	"github.com/gofiber/fiber/v2"

	"habeas/portal/web"
	"habeas/requests"
)

// speak makes a language this browser's choice, and that of the letters to
// come when a request is open in it. It leads back to the page it came from.
func (h subject) speak(c *fiber.Ctx) error {
	back := c.FormValue("to")
	if !web.Local(back) {
		back = "/"
	}
	lang := c.FormValue("lang")
	if !web.Speak(c, lang) {
		return web.Redirect(c, back)
	}
	if web.Actor(c).Role == requests.Customer {
		cs, err := h.own(c)
		if err != nil {
			return err
		}
		if err := h.Svc.Speak(c.UserContext(), web.Actor(c), cs.ID, lang); err != nil {
			return err
		}
	}
	return web.Redirect(c, back)
}
