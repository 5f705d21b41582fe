package subject

import (
	"strings"

	"github.com/gofiber/fiber/v2"

	"habeas/portal/web"
	"habeas/requests"
	"habeas/templates"
)

func (h subject) findPage(c *fiber.Ctx) error {
	reference := c.Query("reference")
	if len(reference) > 40 {
		reference = ""
	}
	return web.Render(c, templates.Find(templates.FindPage{Page: web.PageOf(c), Reference: reference}))
}

// find mails a code to the address of the request. The answer is the same
// whether there is one.
func (h subject) find(c *fiber.Ctx) error {
	reference := strings.ToUpper(strings.Join(strings.Fields(c.FormValue("reference")), ""))
	if len(reference) < 6 || len(reference) > 40 {
		v := templates.FindPage{Page: web.PageOf(c), Reference: c.FormValue("reference")}
		v.Errors = []templates.FieldError{{Field: "reference", Message: say(c, "error.reference")}}
		return web.Render(c.Status(fiber.StatusUnprocessableEntity), templates.Find(v))
	}
	d, _, err := h.draft(c)
	if err != nil {
		return err
	}
	d.Find = &find{}
	cs, err := h.Svc.ByReference(c.UserContext(), reference)
	switch {
	case err == nil:
		d.Find.ID = cs.ID
	case requests.AsError(err).Kind != requests.NotFound:
		return err
	}
	if err := h.save(c, d); err != nil {
		return err
	}
	return h.newCode(c, foundCoded(d), false)
}

func foundCoded(d draft) coded {
	k := coded{why: "find", action: "/find/code", resend: "/find/code/new", next: "/status"}
	if d.Find != nil {
		k.id = d.Find.ID
	}
	return k
}

// found runs do for the request that is being looked for.
func (h subject) found(c *fiber.Ctx, do func(coded) error) error {
	d, _, err := h.draft(c)
	if err != nil {
		return err
	}
	if d.Find == nil {
		return web.Redirect(c, "/find")
	}
	k := foundCoded(d)
	k.done = func() error {
		d.Find = nil
		return h.save(c, d)
	}
	return do(k)
}

func (h subject) foundCodePage(c *fiber.Ctx) error {
	return h.found(c, func(k coded) error { return h.codePage(c, k) })
}

func (h subject) foundCode(c *fiber.Ctx) error {
	return h.found(c, func(k coded) error { return h.proveCode(c, k) })
}

func (h subject) foundNewCode(c *fiber.Ctx) error {
	return h.found(c, func(k coded) error { return h.newCode(c, k, false) })
}
