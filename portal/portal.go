// Package portal is everything that answers HTTP: the customer's pages, the
// desk's, the auditor's, the JSON API, and what infrastructure asks.
package portal

import (
	"context"
	"net/netip"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/redis/go-redis/v9"

	"habeas/portal/ops"
	"habeas/portal/web"
	"habeas/requests"
	"habeas/requests/mail"
	"habeas/static"
	"habeas/templates"
)

// Deps are what the portal needs.
type Deps struct {
	Svc     *requests.Service
	Redis   *redis.Client
	Prefix  string // of Redis keys, ends in a colon
	Digest  func(kind, value string) []byte
	BaseURL string
	Zone    *time.Location // of the times that staff read
	// Languages that customers may choose (default: all there are).
	Languages []string
	Brand     templates.Brand
	Colours   static.Colours
	Logo      static.File
	Limits    web.Limits
	Proxies   []netip.Prefix
	// Internal moves /metrics and /readyz to an app of their own.
	Internal bool
	// Done ends streams; it is closed before the portal is shut down.
	Done <-chan struct{}

	Demo  bool
	Mails func() []mail.Captured // the demo's mail
	Hints []templates.Option     // sign-ins that the demo shows
}

// New builds the portal, and a second app for infrastructure when asked to.
func New(d Deps) (public, internal *fiber.App, err error) {
	if d.Colours != (static.Colours{}) {
		d.Brand.StyleURL = "/static/brand/" + d.Colours.Hash() + ".css"
	}
	cfg := web.Config{
		Brand: d.Brand, Demo: d.Demo, BaseURL: d.BaseURL, Zone: d.Zone, Languages: d.Languages, Say: d.Svc.Settings().Glossary.In, Redis: d.Redis, Prefix: d.Prefix, Digest: d.Digest,
		Signal: d.signal(), Token: d.Svc.Token, Staff: d.Svc.User, Proxies: d.Proxies, Limits: d.Limits,
	}
	routes := Routes(d)
	infra := ops.Routes(ops.Deps{Svc: d.Svc, Queue: func(ctx context.Context) error { return d.Redis.Ping(ctx).Err() }})
	if d.Internal {
		if internal, err = web.New(cfg, infra); err != nil {
			return nil, nil, err
		}
	} else {
		routes = append(routes, infra...)
	}
	public, err = web.New(cfg, routes)
	return public, internal, err
}

// signal honours browsers' opt-out signals, where the company sells or shares.
func (d Deps) signal() func(ctx context.Context, device, visitor, source string) error {
	if !d.Svc.Settings().GPC.On() {
		return nil
	}
	return d.Svc.HonourSignal
}
