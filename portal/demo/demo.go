// Package demo shows what the demonstration mailed. It is served by `habeas
// demo` only.
package demo

import (
	"github.com/gofiber/fiber/v2"

	"habeas/portal/web"
	"habeas/requests"
	"habeas/requests/mail"
	"habeas/templates"
)

// shown is how many mails the page shows; the JSON has all that are kept.
const shown = 50

// Routes are /demo/mail and /demo/mail.json, newest mail first.
func Routes(mails func() []mail.Captured) []web.Route {
	public := []requests.Role{requests.Public}
	return []web.Route{
		{Method: fiber.MethodGet, Path: "/demo/mail.json", Roles: public, Kind: web.Call, Handler: func(c *fiber.Ctx) error {
			return c.JSON(mails())
		}},
		{Method: fiber.MethodGet, Path: "/demo/mail", Roles: public, Kind: web.Page, English: true, Handler: func(c *fiber.Ctx) error {
			p := templates.MailPage{Page: web.PageOf(c)}
			for i, m := range mails() {
				if i == shown {
					break
				}
				row := templates.MailRow{At: m.At, Subject: m.Subject, Text: m.Text}
				if len(m.To) > 0 {
					row.To = m.To[0]
				}
				p.Mails = append(p.Mails, row)
			}
			return web.Render(c, templates.DemoMail(p))
		}},
	}
}
