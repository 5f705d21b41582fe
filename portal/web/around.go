package web

import (
	"fmt"
	"log/slog"
	"runtime"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"
)

// policy lets pages use what comes from here and nothing else. Pictures as
// data: are those that the style sheets carry.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// around gives every request its id, headers, locale and log line. The line
// holds the route's pattern, not the address: links in letters hold tokens.
func (a *App) around(c *fiber.Ctx) error {
	began := time.Now()
	id := uuid.Must(uuid.NewV7()).String()
	c.Locals(appKey, a)
	c.Locals(idKey, id)
	c.SetUserContext(a.localeOf(c))
	a.headers(c, id)
	if err := a.recovered(c, c.Next); err != nil {
		a.failed(c, err)
	}
	took := time.Since(began)
	route := "-"
	if r := routeOf(c); r != nil {
		route = r.Path
	}
	status := c.Response().StatusCode()
	a.cfg.Observe(c.Method(), route, status, took)
	a.cfg.Log.LogAttrs(c.UserContext(), level(status), "request",
		slog.String("request", id), slog.String("method", c.Method()), slog.String("route", route),
		slog.Int("status", status), slog.Duration("took", took), slog.String("role", string(Actor(c).Role)))
	return nil
}

func level(status int) slog.Level {
	if status >= fiber.StatusInternalServerError {
		return slog.LevelError
	}
	return slog.LevelInfo
}

func (a *App) headers(c *fiber.Ctx, id string) {
	c.Set("X-Request-Id", id)
	c.Set(fiber.HeaderContentSecurityPolicy, policy)
	c.Set(fiber.HeaderXContentTypeOptions, "nosniff")
	c.Set(fiber.HeaderXFrameOptions, "DENY")
	c.Set(fiber.HeaderReferrerPolicy, "same-origin")
	c.Set("Cross-Origin-Opener-Policy", "same-origin")
	c.Set("Cross-Origin-Resource-Policy", "same-origin")
	c.Set(fiber.HeaderPermissionsPolicy, "camera=(), microphone=(), geolocation=(), browsing-topics=()")
	c.Set(fiber.HeaderCacheControl, "no-store")
	if a.cookies.Secure() {
		c.Set(fiber.HeaderStrictTransportSecurity, "max-age=63072000")
	}
}

// recovered turns a panic into an error. Its value may hold anything, so only
// where it happened is kept.
func (a *App) recovered(c *fiber.Ctx, fn func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			stack := make([]byte, 8<<10)
			stack = stack[:runtime.Stack(stack, false)]
			a.cfg.Log.Error("panic in a handler", "request", RequestID(c), "stack", string(stack))
			err = fmt.Errorf("panic of type %T", v)
		}
	}()
	return fn()
}

// failed answers an error. When even the page for it fails, a bare document
// does: nothing above would catch a panic, and the process would end.
func (a *App) failed(c *fiber.Ctx, cause error) {
	err := a.recovered(c, func() error { return a.fail(c, cause) })
	if err == nil {
		return
	}
	a.cfg.Log.Error("an error could not be answered", "request", RequestID(c), "err", err)
	c.Response().ResetBody()
	p := problemOf(err)
	_ = writeProblem(c.Status(p.Status), p)
}
