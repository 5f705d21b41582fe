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

// language names the cookie of a browser's choice of language.
const language = "language"

// Language is what this browser chose, "" when it did not.
func (k Cookies) Language(c *fiber.Ctx) string { return c.Cookies(k.name(language)) }

// SetLanguage keeps the choice until the browser is closed.
func (k Cookies) SetLanguage(c *fiber.Ctx, lang string) { k.set(c, language, lang) }

// EndVisit forgets the visit, when its draft was filed.
func (k Cookies) EndVisit(c *fiber.Ctx) { k.set(c, visit, "") }

const visitLocal = "session.visit"

// signal names the cookie of a browser whose opt-out signal was honoured. It
// outlives the browser's session: an opt-out does not end with it.
const (
	signal    = "signal"
	signalFor = 400 * 24 * time.Hour // as long as browsers keep a cookie
)

// SetSignal gives the browser its pseudonym. The company's own site may lie on
// another domain, so the cookie goes along with its calls; it serves for
// nothing but the opt-out.
func (k Cookies) SetSignal(c *fiber.Ctx, value string) {
	ck := &fiber.Cookie{
		Name: k.name(signal), Value: value, Path: "/", HTTPOnly: true, Secure: k.secure, SameSite: fiber.CookieSameSiteLaxMode,
		MaxAge: int(signalFor / time.Second), Expires: time.Now().Add(signalFor),
	}
	if k.secure {
		ck.SameSite = fiber.CookieSameSiteNoneMode
	}
	c.Cookie(ck)
}

// Signal reads it.
func (k Cookies) Signal(c *fiber.Ctx) string { return c.Cookies(k.name(signal)) }
