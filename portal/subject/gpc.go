package subject

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"habeas/portal/web"
	"habeas/requests"
	"habeas/static"
)

// signalRoutes are what the company's own site uses to pass on a browser's
// Global Privacy Control signal (11 CCR 7025), and what says that it counts.
func (h subject) signalRoutes() []web.Route {
	if !h.Svc.Settings().GPC.On() {
		return nil
	}
	public := []requests.Role{requests.Public}
	return []web.Route{
		{Method: fiber.MethodGet, Path: "/gpc", Roles: public, Kind: web.Call, Handler: h.signal},
		{Method: fiber.MethodPost, Path: "/gpc", Roles: public, Kind: web.Call, Limit: web.Filing, MaxBody: 1 << 10, Handler: h.signal},
		{Method: fiber.MethodOptions, Path: "/gpc", Roles: public, Kind: web.Call, Limit: web.None, Handler: h.preflight},
		{Method: fiber.MethodGet, Path: "/gpc.js", Roles: public, Kind: web.Asset, Handler: signalScript},
		{Method: fiber.MethodGet, Path: "/.well-known/gpc.json", Roles: public, Kind: web.Asset, Handler: h.wellKnown},
	}
}

// signalState is the answer of /gpc.
type signalState struct {
	GPC          bool     `json:"gpc"` // this call carried the signal
	OptedOut     bool     `json:"opted_out"`
	Status       string   `json:"status,omitempty"` // words to show: 11 CCR 7025(c)(6)
	Since        string   `json:"since,omitempty"`
	Purposes     []string `json:"purposes,omitempty"`
	AskAgainFrom string   `json:"ask_again_from,omitempty"`
}

// signal tells what holds for this browser; a POST with the signal opts it
// out. A call without one changes nothing, whatever was said before.
func (h subject) signal(c *fiber.Ctx) error {
	if err := h.admitOrigin(c); err != nil {
		return err
	}
	out := signalState{GPC: web.Signalled(c)}
	if c.Method() == fiber.MethodPost {
		in, err := said(c.Body())
		if err != nil {
			return err
		}
		out.GPC = out.GPC || in.GPC
		if out.GPC {
			if err := web.Honour(c, in.Visitor, "site"); err != nil {
				return err
			}
		}
	}
	device, known := web.Device(c)
	if !known && web.OptedOut(c) { // from this very call
		out.OptedOut, out.Since = true, h.Now().UTC().Format(time.RFC3339)
		out.AskAgainFrom = h.Now().AddDate(1, 0, 0).Format(time.DateOnly)
		for _, o := range h.purposes(c) {
			if slices.Contains(h.Svc.Settings().GPC.Purposes, o.Value) {
				out.Purposes = append(out.Purposes, o.Label)
			}
		}
	} else if known {
		st, err := h.Svc.Signal(c.UserContext(), device)
		if err != nil {
			return err
		}
		if out.OptedOut = st.OptedOut; st.OptedOut {
			out.Since, out.Purposes, out.AskAgainFrom = st.Since.UTC().Format(time.RFC3339), st.Purposes, st.AskAgainFrom.Format(time.DateOnly)
		}
	}
	if out.OptedOut {
		out.Status = say(c, "signal.status")
	}
	return c.JSON(out)
}

// told is what a call may say: what navigator.globalPrivacyControl is, and
// what the site itself calls its visitor.
type told struct {
	GPC     bool   `json:"gpc"`
	Visitor string `json:"visitor"`
}

func said(body []byte) (told, error) {
	var in told
	if len(body) == 0 {
		return in, nil
	}
	d := json.NewDecoder(strings.NewReader(string(body)))
	d.DisallowUnknownFields()
	err := d.Decode(&in)
	if _, more := d.Token(); err != nil || !errors.Is(more, io.EOF) {
		return in, &requests.Error{Kind: requests.Invalid, Code: "invalid-input", Safe: `Send {"gpc":true}, with "visitor" if you know one, or nothing.`}
	}
	return in, nil
}

// admitOrigin lets the portal's own pages and the company's configured sites
// in, and lets a browser on these read the answer.
func (h subject) admitOrigin(c *fiber.Ctx) error {
	set := h.Svc.Settings()
	c.Vary(fiber.HeaderOrigin)
	origin := c.Get(fiber.HeaderOrigin)
	if origin == "" || origin == set.BaseURL {
		return nil
	}
	if !slices.Contains(set.GPC.Origins, origin) {
		return &requests.Error{Kind: requests.Forbidden, Code: "origin-unknown", Safe: "This site is not one that may pass signals on. Add its origin under gpc.origins."}
	}
	c.Set(fiber.HeaderAccessControlAllowOrigin, origin)
	c.Set(fiber.HeaderAccessControlAllowCredentials, "true")
	c.Set("Cross-Origin-Resource-Policy", "cross-origin")
	return nil
}

// preflight answers a browser that asks before it sends JSON.
func (h subject) preflight(c *fiber.Ctx) error {
	if err := h.admitOrigin(c); err != nil {
		return err
	}
	c.Set(fiber.HeaderAccessControlAllowMethods, "GET, POST")
	c.Set(fiber.HeaderAccessControlAllowHeaders, "Content-Type")
	c.Set(fiber.HeaderAccessControlMaxAge, "600")
	return c.SendStatus(fiber.StatusNoContent)
}

// signalScript is the script for the company's own site, under an address that
// stays.
func signalScript(c *fiber.Ctx) error {
	f, ok := static.Get(strings.TrimPrefix(static.URL("gpc.js"), "/static/"))
	if !ok {
		return fiber.ErrNotFound
	}
	c.Set(fiber.HeaderContentType, f.Type)
	c.Set(fiber.HeaderCacheControl, "public, max-age=3600")
	c.Set("Cross-Origin-Resource-Policy", "cross-origin")
	return c.Send(f.Body)
}

// wellKnown is the GPC support resource.
func (h subject) wellKnown(c *fiber.Ctx) error {
	c.Set(fiber.HeaderCacheControl, "public, max-age=3600")
	c.Set(fiber.HeaderAccessControlAllowOrigin, "*")
	c.Set("Cross-Origin-Resource-Policy", "cross-origin")
	out := struct {
		GPC        bool   `json:"gpc"`
		LastUpdate string `json:"lastUpdate,omitempty"`
	}{true, h.Svc.Settings().GPC.Since}
	return c.JSON(out)
}

// link carries this browser's opt-out over to the person who proved an address
// in it. Should it fail, the next visit to the request's page tries again.
func (h subject) link(c *fiber.Ctx, by requests.Actor) {
	device, ok := web.Device(c)
	if !ok {
		return
	}
	if err := h.Svc.LinkSignal(c.UserContext(), by, device); err != nil {
		slog.Error("an opt-out signal was not carried over", "request", web.RequestID(c), "err", err)
	}
}
