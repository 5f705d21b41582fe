// Package signin is the staff's door: e-mail and password in, a session out.
package signin

import (
	"strings"

	"github.com/gofiber/fiber/v2"

	"habeas/portal/session"
	"habeas/portal/web"
	"habeas/requests"
	"habeas/templates"
)

// Deps are what the door needs.
type Deps struct {
	Svc   *requests.Service
	Hints []templates.Option // sign-ins that the demo shows
}

type door struct{ Deps }

// Routes of signing in and out.
func Routes(d Deps) []web.Route {
	h := door{d}
	public := []requests.Role{requests.Public}
	staff := []requests.Role{requests.DPO, requests.Agent, requests.Auditor, requests.Admin}
	return []web.Route{
		{Method: fiber.MethodGet, Path: "/sign-in", Roles: public, Kind: web.Page, English: true, Handler: h.page},
		{Method: fiber.MethodPost, Path: "/sign-in", Roles: public, Kind: web.Page, Limit: web.Guess, English: true, Handler: h.enter},
		{Method: fiber.MethodPost, Path: "/desk/sign-out", Roles: public, Kind: web.Page, Limit: web.None, English: true, Handler: leave},
		{Method: fiber.MethodGet, Path: "/desk/session", Roles: staff, Kind: web.Page, Handler: func(c *fiber.Ctx) error {
			return c.SendStatus(fiber.StatusNoContent)
		}},
	}
}

func (h door) page(c *fiber.Ctx) error {
	v := templates.SignInPage{Page: web.PageOf(c), Next: c.Query("next"), Ended: c.Query("ended") != "", Hint: h.Hints}
	v.Session = nil // a customer's session in this browser is not the staff's
	if c.Query("out") != "" {
		v.Notice = &templates.Notice{Kind: "success", Title: "You are signed out"}
	}
	return web.Render(c, templates.SignIn(v))
}

// enter checks e-mail and password. The answer to a wrong one tells neither
// who works here nor whether an account is locked.
func (h door) enter(c *fiber.Ctx) error {
	email, password, next := strings.TrimSpace(c.FormValue("email")), c.FormValue("password"), c.FormValue("next")
	u, err := h.Svc.SignIn(c.UserContext(), email, password)
	if err != nil {
		e := requests.AsError(err)
		if e.Kind != requests.Unauthorized {
			return err
		}
		v := templates.SignInPage{Page: web.PageOf(c), Email: email, Next: next, Hint: h.Hints}
		v.Session = nil
		v.Errors = []templates.FieldError{{Field: "email", Message: e.Safe}}
		return web.Render(c.Status(fiber.StatusUnprocessableEntity), templates.SignIn(v))
	}
	if err := web.SignInStaff(c, u.ID); err != nil {
		return err
	}
	if !web.Local(next) || !allowed(u.Role, next) {
		next = home[u.Role]
	}
	return web.Redirect(c, next)
}

// home is where a role begins.
var home = map[requests.Role]string{
	requests.DPO: "/desk", requests.Agent: "/desk", requests.Auditor: "/audit", requests.Admin: "/desk/systems",
}

// allowed keeps a role from being led to a page that is not its own.
func allowed(role requests.Role, path string) bool {
	switch role {
	case requests.DPO, requests.Agent:
		return path == "/desk" || strings.HasPrefix(path, "/desk/")
	case requests.Auditor:
		return path == "/audit" || strings.HasPrefix(path, "/audit/")
	case requests.Admin:
		return path == "/desk/systems" || strings.HasPrefix(path, "/admin/")
	}
	return false
}

func leave(c *fiber.Ctx) error {
	if err := web.SignOut(c, session.Staff); err != nil {
		return err
	}
	return web.Redirect(c, "/sign-in?out=1")
}
