package subject

import (
	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"habeas/portal/desk/casefile"
	"habeas/portal/web"
	"habeas/requests"
	"habeas/templates"
)

// confirmation says what was filed and until when it is answered: to the
// browser that filed it, and to the customer who proved the address.
func (h subject) confirmation(c *fiber.Ctx) error {
	d, _, err := h.draft(c)
	if err != nil {
		return err
	}
	v := templates.ConfirmationPage{Page: web.PageOf(c)}
	by := web.Actor(c)
	switch {
	case d.Filed != nil && by.ID != d.Filed.ID.String():
		by = reader(d.Filed.ID)
		v.Email = d.Filed.Email
		if d.Filed.Proof {
			v.CodeURL = "/request/code"
		}
	case by.Role == requests.Customer:
		v.Verified = true
		if d.Filed != nil {
			v.Email = d.Filed.Email
		}
	default:
		return web.Redirect(c, "/find")
	}
	id, err := uuid.Parse(by.ID)
	if err != nil {
		return err
	}
	cs, err := h.Svc.Get(c.UserContext(), by, id)
	if err != nil {
		return err
	}
	if v.Verified {
		if v.Behalf, err = h.behalfState(c, cs); err != nil {
			return err
		}
		if v.Facts, err = h.factsCard(c, cs, v.Behalf); err != nil {
			return err
		}
	}
	v.Reference, v.Rights, v.Clock = cs.Reference, cs.Rights, casefile.Derived(cs, h.Now())
	return web.Render(c, templates.Confirmation(v))
}
