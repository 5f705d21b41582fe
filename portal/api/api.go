// Package api is the JSON API v1 and the public transparency log. It decodes
// and checks what was sent, calls one verb of requests, and writes its answer.
// Errors are returned: portal/web turns them into problem documents.
package api

import (
	"encoding/json"
	"time"

	"github.com/gofiber/fiber/v2"

	"habeas/portal/web"
	"habeas/requests"
)

// Deps are what the API works on.
type Deps struct {
	Svc *requests.Service
	// Done ends open streams: it is closed first when the program shuts down.
	Done <-chan struct{}
	// Poll is how often a stream looks for changes (default 700 ms), Beat how
	// often it says that it is still there (default 15 s), Life after how long
	// it ends, so that a reader proves again who it is (default 15 min).
	Poll, Beat, Life time.Duration
}

func (d Deps) withDefaults() Deps {
	set := func(v *time.Duration, to time.Duration) {
		if *v == 0 {
			*v = to
		}
	}
	set(&d.Poll, 700*time.Millisecond)
	set(&d.Beat, 15*time.Second)
	set(&d.Life, 15*time.Minute)
	return d
}

type api struct {
	Deps
	svc     *requests.Service
	readers readers
}

// Routes are the API's lines of the route table.
func Routes(d Deps) []web.Route {
	a := &api{Deps: d.withDefaults(), svc: d.Svc}
	calls := a.calls()
	document, err := json.Marshal(describe(calls))
	if err != nil {
		panic("api: the OpenAPI document cannot be written: " + err.Error()) // it is made of our own types only
	}
	a.serveDocument(calls, document)
	routes := make([]web.Route, 0, len(calls))
	for _, c := range calls {
		h := c.handler
		if c.method == fiber.MethodPost {
			h = a.once(h)
		}
		routes = append(routes, web.Route{
			Method: c.method, Path: c.path, Roles: c.roles, Kind: c.kind, MaxBody: c.maxBody, Limit: c.limit, Handler: h,
		})
	}
	return routes
}

// answer writes v as JSON.
func answer(c *fiber.Ctx, status int, v any) error {
	raw, err := json.Marshal(v)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, jsonType)
	return c.Status(status).Send(raw)
}

const jsonType = "application/json; charset=utf-8"
