// Package web is what every page and call of the portal shares: the route
// table's type, who asks, errors as pages or problem documents, limits,
// deadlines, CSRF and headers.
package web

import (
	"github.com/gofiber/fiber/v2"

	"habeas/requests"
)

// Kind says how a route's errors look and what protects it.
type Kind int

// Pages are HTML with a session cookie and CSRF tokens, calls are JSON with a
// bearer token, streams and files set their own deadlines.
const (
	Page Kind = iota
	Call
	Stream
)

// Route is one line of the route table: nothing is served that is not in it.
// Roles are checked before a body is read. The role Public lets anybody in.
type Route struct {
	Method  string
	Path    string
	Roles   []requests.Role
	Kind    Kind
	Handler fiber.Handler
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
