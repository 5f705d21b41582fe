package web

import (
	"bytes"
	"context"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"

	"habeas/portal/session"
	"habeas/requests"
	"habeas/static"
	"habeas/templates"
)

// PageOf is what every page needs: brand, CSRF token, who is signed in.
func PageOf(c *fiber.Ctx) templates.Page {
	a := appOf(c)
	p := templates.Page{Brand: a.brand(templates.Lang(c.UserContext())), Path: c.Path(), Here: a.here(c), Demo: a.cfg.Demo, CSRF: a.csrfOf(c), OptedOut: OptedOut(c)}
	switch actor := Actor(c); {
	case actor.Staff():
		if u := StaffUser(c); u != nil {
			p.Staff = &templates.Staff{Name: u.Name, Role: string(u.Role)}
		}
		p.Session = &templates.Session{Idle: session.Idle, KeepURL: "/desk/session", EndURL: "/desk/sign-out", EndedURL: "/sign-in?ended=1"}
	case actor.Role == requests.Customer:
		p.Session = &templates.Session{Idle: session.Idle, KeepURL: "/session", EndURL: "/sign-out", EndedURL: "/session-ended"}
	}
	return p
}

// brand is the company as pages in a language name it.
func (a *App) brand(lang string) templates.Brand {
	b := a.cfg.Brand
	if a.cfg.Say != nil {
		b.Authority = a.cfg.Say(lang, b.Authority)
	}
	return b
}

// Render writes a page whole, so that a fault in the middle becomes an error
// page and not half a page. Set the status before.
func Render(c *fiber.Ctx, page templ.Component) error {
	var b bytes.Buffer
	if err := page.Render(context.WithoutCancel(c.UserContext()), &b); err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
	return c.Send(b.Bytes())
}

// Redirect leads on after a form was sent.
func Redirect(c *fiber.Ctx, path string) error { return c.Redirect(path, fiber.StatusSeeOther) }

// Local says whether a path leads to a page of ours, for "next" parameters.
func Local(path string) bool {
	if len(path) == 0 || path[0] != '/' || len(path) > 512 {
		return false
	}
	if len(path) > 1 && (path[1] == '/' || path[1] == '\\') {
		return false
	}
	for i := range len(path) {
		if path[i] < ' ' || path[i] == '\\' || path[i] == 0x7f {
			return false
		}
	}
	return true
}

// Assets are the routes of style sheets, scripts, icons and the brand.
func Assets(colours static.Colours, logo static.File) []Route {
	public := []requests.Role{requests.Public}
	brand := static.File{Body: colours.CSS(), Type: "text/css; charset=utf-8"}
	routes := []Route{
		{Method: fiber.MethodGet, Path: "/static/brand/:file", Roles: public, Kind: Asset, Handler: func(c *fiber.Ctx) error {
			if c.Params("file") != colours.Hash()+".css" {
				return fiber.ErrNotFound
			}
			return serve(c, brand)
		}},
		{Method: fiber.MethodGet, Path: "/static/*", Roles: public, Kind: Asset, Handler: func(c *fiber.Ctx) error {
			f, ok := static.Get(c.Params("*"))
			if !ok {
				return fiber.ErrNotFound
			}
			return serve(c, f)
		}},
	}
	if len(logo.Body) > 0 {
		routes = append(routes, Route{Method: fiber.MethodGet, Path: "/brand/logo", Roles: public, Kind: Asset, Handler: func(c *fiber.Ctx) error {
			c.Set(fiber.HeaderContentSecurityPolicy, "default-src 'none'; style-src 'unsafe-inline'; sandbox")
			c.Set(fiber.HeaderContentType, logo.Type)
			c.Set(fiber.HeaderCacheControl, "public, max-age=3600")
			return c.Send(logo.Body)
		}})
	}
	return routes
}

func serve(c *fiber.Ctx, f static.File) error {
	c.Set(fiber.HeaderContentType, f.Type)
	c.Set(fiber.HeaderCacheControl, static.CacheControl)
	return c.Send(f.Body)
}
