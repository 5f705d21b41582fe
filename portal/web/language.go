package web

import (
	"context"
	"slices"

	"github.com/gofiber/fiber/v2"

	"habeas/templates"
)

// localeOf is the context of a request with its language: the one that this
// browser chose, else the one that the company's own site linked to with
// ?lang=, else what the browser prefers.
func (a *App) localeOf(c *fiber.Ctx) context.Context {
	l := templates.Locale{Offered: a.cfg.Languages, Zone: a.cfg.Zone, Now: a.cfg.Now()}
	switch chosen, asked := a.cookies.Language(c), c.Query("lang"); {
	case a.offers(asked):
		l.Lang = asked
		if asked != chosen {
			a.cookies.SetLanguage(c, asked)
		}
	case a.offers(chosen):
		l.Lang = chosen
	default:
		l.Lang = templates.Match(c.Get(fiber.HeaderAcceptLanguage), a.cfg.Languages)
	}
	return templates.WithLocale(context.Background(), l)
}

func (a *App) offers(lang string) bool { return slices.Contains(a.cfg.Languages, lang) }

// english makes the pages of staff English, whatever their browsers prefer.
func (a *App) english(c *fiber.Ctx, r *Route) {
	if !r.English && (r.public() || !forStaff(r)) {
		return
	}
	c.SetUserContext(templates.WithLocale(c.UserContext(), templates.Locale{Lang: "en", Zone: a.cfg.Zone, Now: a.cfg.Now()}))
}

// Speak makes a language this browser's choice. It reports whether the portal
// offers the language.
func Speak(c *fiber.Ctx, lang string) bool {
	a := appOf(c)
	if !a.offers(lang) {
		return false
	}
	a.cookies.SetLanguage(c, lang)
	return true
}

// here is the address at which this page can be had again in another
// language: its own, unless it only answers a form.
func (a *App) here(c *fiber.Ctx) string {
	r := routeOf(c)
	if c.Method() != fiber.MethodGet && (r == nil || !a.gets[r.Path]) {
		return "/"
	}
	if c.Method() != fiber.MethodGet {
		return c.Path()
	}
	u := string(c.Context().RequestURI())
	if !Local(u) {
		return "/"
	}
	return u
}
