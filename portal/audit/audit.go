// Package audit is what an auditor works with: cases without personal data,
// those with gaps first, their events with places in the log, the report that
// checks offline, and the state of the log itself.
package audit

import (
	"sync"
	"time"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"habeas/portal/web"
	"habeas/requests"
)

// Deps are what the auditor's pages are made of.
type Deps struct {
	Svc *requests.Service
	Now func() time.Time // default time.Now
}

type audit struct {
	Deps
	mu      sync.Mutex
	checked check // the last check of the whole log
}

// Routes of the auditor. A data protection officer takes evidence reports
// from here too.
func Routes(d Deps) []web.Route {
	if d.Now == nil {
		d.Now = time.Now
	}
	h := &audit{Deps: d}
	auditor := []requests.Role{requests.Auditor}
	return []web.Route{
		{Method: fiber.MethodGet, Path: "/audit", Roles: auditor, Handler: h.list},
		{Method: fiber.MethodGet, Path: "/audit/sample", Roles: auditor, Handler: h.sample},
		{Method: fiber.MethodGet, Path: "/audit/log", Roles: auditor, Handler: h.log},
		{Method: fiber.MethodGet, Path: "/audit/cases/:id", Roles: auditor, Handler: h.showCase},
		{Method: fiber.MethodGet, Path: "/audit/cases/:id/evidence", Roles: []requests.Role{requests.Auditor, requests.DPO}, Handler: h.evidence},
	}
}

func (h *audit) load(c *fiber.Ctx) (*requests.Case, error) {
	id, err := uuid.Parse(c.Params("id"))
	if err != nil {
		return nil, &requests.Error{Kind: requests.NotFound, Code: "not-found", Safe: "There is no such request, or it is not yours to see."}
	}
	return h.Svc.Get(c.UserContext(), web.Actor(c), id)
}

func render(c *fiber.Ctx, status int, page templ.Component) error {
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Status(status)
	return web.Render(c, page)
}
