package session

import (
	"net"
	"net/url"
	"time"

	"github.com/gofiber/fiber/v2"
)

// Cookies sets and reads the session cookies. None lives longer than the
// browser; how long a session lives is Redis' business.
type Cookies struct {
	secure bool
}

// NewCookies decides by the portal's own address whether cookies are Secure:
// always, but for plain http on the machine itself.
func NewCookies(base string) Cookies {
	u, err := url.Parse(base)
	if err != nil || u.Scheme != "http" {
		return Cookies{secure: true}
	}
	ip := net.ParseIP(u.Hostname())
	return Cookies{secure: u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback())}
}

// Secure reports whether cookies go over https only.
func (k Cookies) Secure() bool { return k.secure }

// visit names the cookie of a browser that is not signed in: it ties forms
// and the draft of a request to it.
const visit = "visit"

func (k Cookies) name(what string) string {
	if k.secure {
		return "__Host-habeas-" + what
	}
	return "habeas-" + what
}

func (k Cookies) set(c *fiber.Ctx, what, value string) {
	ck := &fiber.Cookie{Name: k.name(what), Value: value, Path: "/", HTTPOnly: true, Secure: k.secure, SameSite: fiber.CookieSameSiteLaxMode, SessionOnly: true}
	if value == "" {
		ck.SessionOnly = false
		ck.MaxAge = -1
		ck.Expires = time.Unix(1, 0)
	}
	c.Cookie(ck)
}

// Set gives the browser a session's token; "" takes it away.
func (k Cookies) Set(c *fiber.Ctx, kind Kind, token string) { k.set(c, string(kind), token) }

// Get reads a session's token.
func (k Cookies) Get(c *fiber.Ctx, kind Kind) string { return c.Cookies(k.name(string(kind))) }

// Visit reads the browser's visit, and starts one when start is set.
func (k Cookies) Visit(c *fiber.Ctx, start bool) string {
	if v := c.Cookies(k.name(visit)); len(v) == 43 {
		return v
	}
	if v, ok := c.Locals(visitLocal).(string); ok {
		return v
	}
	if !start {
		return ""
	}
	v := NewToken()
	c.Locals(visitLocal, v)
	k.set(c, visit, v)
	return v
}

// EndVisit forgets the visit, when its draft was filed.
func (k Cookies) EndVisit(c *fiber.Ctx) { k.set(c, visit, "") }

const visitLocal = "session.visit"
