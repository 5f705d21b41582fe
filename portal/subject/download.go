package subject

import (
	"github.com/gofiber/fiber/v2"

	"habeas/portal/web"
	"habeas/requests"
	"habeas/templates"
)

func (h subject) download(c *fiber.Ctx) error {
	cs, err := h.own(c)
	if err != nil {
		return err
	}
	return web.Render(c, templates.Download(templates.DownloadPage{
		Page: web.PageOf(c), Reference: cs.Reference, Package: packageOf(cs, h.Now), Fresh: web.Actor(c).Fresh,
		Href: "/api/v1/requests/" + cs.ID.String() + "/package",
	}))
}

func downloadCoded(cs *requests.Case) coded {
	return coded{
		id: cs.ID, reference: cs.Reference, why: "download",
		action: "/download/prove", resend: "/download/code", next: "/download",
	}
}

// downloadNewCode mails a code and leads to where it is asked for.
func (h subject) downloadNewCode(c *fiber.Ctx) error {
	cs, err := h.own(c)
	if err != nil {
		return err
	}
	k := downloadCoded(cs)
	k.action = "/download/code"
	return h.newCode(c, k, true)
}

func (h subject) downloadCodePage(c *fiber.Ctx) error {
	cs, err := h.own(c)
	if err != nil {
		return err
	}
	return h.codePage(c, downloadCoded(cs))
}

func (h subject) downloadCode(c *fiber.Ctx) error {
	cs, err := h.own(c)
	if err != nil {
		return err
	}
	return h.proveCode(c, downloadCoded(cs))
}
