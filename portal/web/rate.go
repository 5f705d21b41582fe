package web

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"habeas/requests"
)

// callWindow is the stretch over which calls of a token are counted: short
// bursts pass, the mean counts.
const callWindow = 10 * time.Second

// What somebody unknown sends with a filing is kept for weeks, proved or not:
// filings of more bytes than a form's own fields count by the hour as well.
const (
	upload         = 256 << 10
	uploadsPerHour = 30
)

// limitRate counts this request against its limits. Redis holds a keyed digest
// of the address or token, never either in clear. Without Redis nothing is
// limited: better that than nobody being able to file.
func (a *App) limitRate(c *fiber.Ctx, r *Route, actor requests.Actor) error {
	if limit := r.limit(); limit != "" && limit != None {
		most := a.cfg.Limits.FilingsPerMinute
		if limit == Guess {
			most = a.cfg.Limits.GuessesPerMinute
		}
		if actor.Role == requests.Public || limit == Guess {
			if err := a.count(c, string(limit)+" "+r.Path, a.address(c), most, time.Minute); err != nil {
				return err
			}
		}
		if n := c.Context().Request.Header.ContentLength(); limit == Filing && actor.Role == requests.Public && (n > upload || n < 0) {
			if err := a.count(c, "upload", a.address(c), max(uploadsPerHour, most), time.Hour); err != nil {
				return err
			}
		}
	}
	if token := c.Get(fiber.HeaderAuthorization); token != "" && r.Kind != Page {
		return a.count(c, "call", token, a.cfg.Limits.CallsPerSecond*int(callWindow/time.Second), callWindow)
	}
	return nil
}

func (a *App) count(c *fiber.Ctx, class, who string, most int, window time.Duration) error {
	now := a.cfg.Now()
	slot := now.UnixNano() / int64(window)
	key := a.cfg.Prefix + "rate:" + base64.RawURLEncoding.EncodeToString(a.cfg.Digest("rate", class+"\x00"+who)) + ":" + strconv.FormatInt(slot, 36)
	ctx, cancel := context.WithTimeout(c.UserContext(), time.Second)
	defer cancel()
	pipe := a.cfg.Redis.Pipeline()
	n := pipe.Incr(ctx, key)
	pipe.Expire(ctx, key, 2*window)
	if _, err := pipe.Exec(ctx); err != nil {
		a.cfg.Log.Warn("rate limit not counted", "err", err)
		return nil
	}
	if n.Val() <= int64(most) {
		return nil
	}
	left := time.Unix(0, (slot+1)*int64(window)).Sub(now)
	c.Set(fiber.HeaderRetryAfter, strconv.Itoa(int(left/time.Second)+1))
	return &requests.Error{Kind: requests.TooMany, Code: "too-many-requests", Safe: fmt.Sprintf("Too many requests. Try again in %d seconds.", int(left/time.Second)+1)}
}

// address is the client's: the last one that no proxy of ours added. A
// client's own part of X-Forwarded-For counts for nothing. IPv6 clients own a
// whole /64.
func (a *App) address(c *fiber.Ctx) string {
	addr, err := netip.ParseAddr(c.Context().RemoteIP().String())
	if err != nil {
		return ""
	}
	hops := strings.Split(c.Get(fiber.HeaderXForwardedFor), ",")
	for _, hop := range slices.Backward(hops) {
		if !a.proxy(addr) {
			break
		}
		next, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			break
		}
		addr = next
	}
	addr = addr.Unmap()
	if addr.Is6() {
		if p, err := addr.WithZone("").Prefix(64); err == nil {
			return p.String()
		}
	}
	return addr.String()
}

// Address is the client's address, as rate limits count it.
func Address(c *fiber.Ctx) string { return appOf(c).address(c) }

func (a *App) proxy(addr netip.Addr) bool {
	return slices.ContainsFunc(a.cfg.Proxies, func(p netip.Prefix) bool { return p.Contains(addr.Unmap()) })
}
