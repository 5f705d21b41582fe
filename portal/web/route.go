// Package web is what every page and call of the portal shares: the route
// table's type, who asks, errors as pages or problem documents, limits,
// deadlines, CSRF and headers.
package web

import (
	"fmt"
	"slices"

	"github.com/gofiber/fiber/v2"

	"habeas/requests"
)

// Kind says how a route's errors look and what protects it.
type Kind int

// Pages are HTML with a session cookie and CSRF tokens, calls are JSON with a
// bearer token, streams and files set their own deadlines, assets are the same
// for everybody.
const (
	Page Kind = iota
	Call
	Stream
	Asset
)

// Route is one line of the route table: nothing is served that is not in it.
// Roles are checked before a body is read. The role Public lets anybody in.
type Route struct {
	Method  string
	Path    string
	Roles   []requests.Role
	Kind    Kind
	MaxBody int64 // bytes; 0: 256 KiB for pages, 1 MiB for calls
	Limit   Limit // how often one address may call; "": none, for public POSTs Filing
	English bool  // a page of staff's, or of the demo's, that everybody may open
	Handler fiber.Handler
}

// Limit names a rate limit per client address and minute.
type Limit string

// Filing is for what writes something without a sign-in, Guess for what
// checks a password or code. None is for what may be called at any rate.
const (
	Filing Limit = "filing"
	Guess  Limit = "guess"
	None   Limit = "none"
)

const (
	maxPageBody = 256 << 10
	maxCallBody = 1 << 20
)

func (r Route) public() bool { return slices.Contains(r.Roles, requests.Public) }

func (r Route) lets(a requests.Actor) bool {
	return r.public() || slices.Contains(r.Roles, a.Role)
}

func (r Route) writes() bool {
	return r.Method != fiber.MethodGet && r.Method != fiber.MethodHead
}

func (r Route) maxBody() int64 {
	switch {
	case r.MaxBody > 0:
		return r.MaxBody
	case r.Kind == Call || r.Kind == Stream:
		return maxCallBody
	}
	return maxPageBody
}

func (r Route) limit() Limit {
	if r.Limit == "" && r.public() && r.writes() {
		return Filing
	}
	return r.Limit
}

// check names every fault of the table: a route without roles or twice the
// same is a mistake that must not reach a customer.
func check(routes []Route) error {
	seen := map[string]bool{}
	for _, r := range routes {
		key := r.Method + " " + r.Path
		switch {
		case r.Handler == nil || r.Path == "" || r.Path[0] != '/':
			return fmt.Errorf("route %s has no handler or path", key)
		case len(r.Roles) == 0:
			return fmt.Errorf("route %s lets nobody in: name its roles", key)
		case seen[key]:
			return fmt.Errorf("route %s is in the table twice", key)
		}
		seen[key] = true
	}
	return nil
}

// actorKey is where the middleware leaves who asks.
const actorKey = "actor"

// Actor is who asks, as the session or the bearer token says. Without either
// it is the public.
func Actor(c *fiber.Ctx) requests.Actor {
	if a, ok := c.Locals(actorKey).(requests.Actor); ok {
		return a
	}
	return requests.Actor{Role: requests.Public}
}

// SetActor is called once per request, by the middleware that knows.
func SetActor(c *fiber.Ctx, a requests.Actor) { c.Locals(actorKey, a) }
