package web

import (
	"crypto/hmac"
	"encoding/base64"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"habeas/portal/session"
)

// signalKey is where the middleware leaves that this browser is opted out.
const signalKey = "signal"

// signalWindow is over which new browsers with a signal are counted per address.
const signalWindow = time.Minute

// Signalled reports whether the request carries the Global Privacy Control
// signal: the header once, with the value 1 and nothing else. Everything else
// says nothing, and nothing is no consent.
func Signalled(c *fiber.Ctx) bool {
	values := c.Request().Header.PeekAll("Sec-GPC")
	return len(values) == 1 && string(values[0]) == "1"
}

// Device is the pseudonym of a browser whose signal was honoured.
func Device(c *fiber.Ctx) (string, bool) { return appOf(c).device(c) }

// OptedOut reports whether this browser's signal is honoured, now or before.
func OptedOut(c *fiber.Ctx) bool {
	on, _ := c.Locals(signalKey).(bool)
	return on
}

// device reads the cookie: a random pseudonym, and a keyed digest of it that
// says that it is in the ledger.
func (a *App) device(c *fiber.Ctx) (string, bool) {
	device, mac, ok := strings.Cut(a.cookies.Signal(c), ".")
	if !ok || !hmac.Equal([]byte(mac), []byte(a.deviceMAC(device))) {
		return "", false
	}
	return device, true
}

func (a *App) deviceMAC(device string) string {
	return base64.RawURLEncoding.EncodeToString(a.cfg.Digest("device-cookie", device))
}

// Honour opts this browser out, once: a browser that has its pseudonym keeps
// it, and only what visitor names is new.
func Honour(c *fiber.Ctx, visitor, source string) error {
	a := appOf(c)
	if a.cfg.Signal == nil {
		return nil
	}
	device, known := a.device(c)
	if known && visitor == "" {
		c.Locals(signalKey, true)
		return nil
	}
	if !known {
		device = session.NewToken()
	}
	if err := a.cfg.Signal(c.UserContext(), device, visitor, source); err != nil {
		return err
	}
	a.cookies.SetSignal(c, device+"."+a.deviceMAC(device))
	c.Locals(signalKey, true)
	return nil
}

// heed honours the signal on the customer's pages. That it could not be noted
// never keeps a page from being shown: the browser sends it with the next.
func (a *App) heed(c *fiber.Ctx, r *Route) {
	if a.cfg.Signal == nil || r.Kind != Page || forStaff(r) {
		return
	}
	if _, known := a.device(c); known {
		c.Locals(signalKey, true)
		return
	}
	if !Signalled(c) || c.Method() == fiber.MethodHead {
		return
	}
	if a.count(c, "signal", a.address(c), a.cfg.Limits.FilingsPerMinute, signalWindow) != nil {
		c.Response().Header.Del(fiber.HeaderRetryAfter)
		return
	}
	if err := Honour(c, "", "portal"); err != nil {
		a.cfg.Log.Error("a browser's opt-out signal was not noted", "request", RequestID(c), "err", err)
	}
}
