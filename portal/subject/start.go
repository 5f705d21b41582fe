package subject

import (
	"github.com/gofiber/fiber/v2"

	"habeas/portal/web"
	"habeas/templates"
)

func (h subject) start(c *fiber.Ctx) error {
	d, ok, err := h.draft(c)
	if err != nil {
		return err
	}
	v := templates.StartPage{Page: web.PageOf(c), Open: ok && len(d.Answers.Rights) > 0}
	if c.Query("out") != "" {
		v.Notice = &templates.Notice{Kind: "success", Title: say(c, "notice.signed_out")}
	}
	return web.Render(c, templates.Start(v))
}
