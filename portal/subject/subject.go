// Package subject is the customer's side: ask, prove who asks, follow it,
// fetch it, stop it. Nothing here tells whether a person is known.
package subject

import (
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"habeas/portal/session"
	"habeas/portal/web"
	"habeas/requests"
	"habeas/templates"
)

// Deps are what the pages need.
type Deps struct {
	Svc *requests.Service
	Now func() time.Time // default time.Now
}

type subject struct{ Deps }

// Routes of the customer's pages.
func Routes(d Deps) []web.Route {
	if d.Now == nil {
		d.Now = time.Now
	}
	h := subject{d}
	public := []requests.Role{requests.Public}
	own := []requests.Role{requests.Customer}
	get := func(path string, roles []requests.Role, fn fiber.Handler) web.Route {
		return web.Route{Method: fiber.MethodGet, Path: path, Roles: roles, Kind: web.Page, Handler: fn}
	}
	post := func(path string, roles []requests.Role, limit web.Limit, fn fiber.Handler) web.Route {
		return web.Route{Method: fiber.MethodPost, Path: path, Roles: roles, Kind: web.Page, Limit: limit, Handler: fn}
	}
	routes := []web.Route{
		get("/", public, h.start),
		get("/request/check", public, h.checkPage),
		{Method: fiber.MethodPost, Path: "/request/check", Roles: public, Kind: web.Page, Limit: web.Filing, MaxBody: maxFiled + 128<<10, Handler: h.file},
		get("/request/code", public, h.filedCodePage),
		post("/request/code", public, web.Guess, h.filedCode),
		post("/request/code/new", public, web.Filing, h.filedNewCode),
		get("/request/confirmation", public, h.confirmation),
		get("/find", public, h.findPage),
		post("/find", public, web.Filing, h.find),
		get("/find/code", public, h.foundCodePage),
		post("/find/code", public, web.Guess, h.foundCode),
		post("/find/code/new", public, web.Filing, h.foundNewCode),
		get("/status", own, h.status),
		get("/status/letters/:letter", own, h.letter),
		get("/status/reply", own, h.replyPage),
		{Method: fiber.MethodPost, Path: "/status/reply", Roles: own, Kind: web.Page, Limit: web.Guess, MaxBody: maxReply + 64<<10, Handler: h.reply},
		get("/status/permission", own, h.permissionPage),
		{Method: fiber.MethodPost, Path: "/status/permission", Roles: own, Kind: web.Page, Limit: web.Guess, MaxBody: requests.MaxDocument + 128<<10, Handler: h.permission},
		get("/status/facts", own, h.factsPage),
		post("/status/facts", own, web.Guess, h.facts),
		get("/confirm", public, h.permitPage),
		post("/confirm", public, web.Guess, h.permit),
		get("/status/stop", own, h.stopPage),
		post("/status/stop", own, "", h.stop),
		get("/status/appeal", own, h.appealPage),
		post("/status/appeal", own, "", h.appeal),
		get("/download", own, h.download),
		post("/download/code", own, "", h.downloadNewCode),
		get("/download/code", own, h.downloadCodePage),
		get("/download/prove", own, h.downloadCodePage),
		post("/download/prove", own, web.Guess, h.downloadCode),
		get("/not-me", public, h.notMePage),
		post("/not-me", public, web.Guess, h.notMe),
		get("/undo", public, h.undoPage),
		post("/undo", public, web.Guess, h.undo),
		get("/cancel", public, h.cancelPage),
		post("/cancel", public, web.Guess, h.cancel),
		post("/language", public, web.None, h.speak),
		get("/session", own, func(c *fiber.Ctx) error { return c.SendStatus(fiber.StatusNoContent) }),
		post("/sign-out", public, web.None, h.signOut),
		get("/session-ended", public, h.sessionEnded),
	}
	for _, q := range questions {
		routes = append(routes, get(q.path, public, h.ask(q)), post(q.path, public, web.Guess, h.answer(q)))
	}
	routes = append(routes, h.signalRoutes()...)
	for _, text := range []string{"help", "privacy", "accessibility"} {
		routes = append(routes, get("/"+text, public, func(c *fiber.Ctx) error {
			return web.Render(c, templates.TextPage(web.PageOf(c), text))
		}))
	}
	return routes
}

// own is the case that this browser has open.
func (h subject) own(c *fiber.Ctx) (*requests.Case, error) {
	by := web.Actor(c)
	id, err := uuid.Parse(by.ID)
	if err != nil {
		return nil, err
	}
	return h.Svc.Get(c.UserContext(), by, id)
}

// say is a text from the catalogue in the page's language.
func say(c *fiber.Ctx, key string, args ...any) string {
	return templates.T(c.UserContext(), key, args...)
}

func (h subject) signOut(c *fiber.Ctx) error {
	if err := web.SignOut(c, session.Customer); err != nil {
		return err
	}
	web.EndVisit(c)
	return web.Redirect(c, "/?out=1")
}

// sessionEnded says why somebody is outside again.
func (h subject) sessionEnded(c *fiber.Ctx) error {
	return web.Render(c, templates.Problem(templates.ProblemPage{Page: web.PageOf(c), Code: 440, SignIn: "/find"}))
}
