package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"github.com/gofiber/fiber/v2"
	"golang.org/x/sync/errgroup"

	"habeas/portal"
	"habeas/portal/web"
	"habeas/requests/mail"
	"habeas/static"
	"habeas/templates"
)

// ServeCmd serves the portal.
type ServeCmd struct{}

// Run serves until the process is told to stop.
func (ServeCmd) Run(ctx context.Context, g *Globals) error {
	cfg, err := loadConfig(g.Config)
	if err != nil {
		return err
	}
	a, err := open(ctx, cfg, false)
	if err != nil {
		return err
	}
	defer a.close()
	listener, err := net.Listen("tcp", cfg.Listen)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	return a.serve(ctx, listener, portalOptions{})
}

// portalOptions are what only the demo sets.
type portalOptions struct {
	demo  bool
	mails func() []mail.Captured
	staff []staffSignIn
}

// serve answers on the listener until ctx ends; then streams close first and
// requests in hand come to their end.
func (a *app) serve(ctx context.Context, listener net.Listener, opt portalOptions) error {
	done := make(chan struct{})
	deps, err := a.portal(opt, done)
	if err != nil {
		return err
	}
	public, internal, err := portal.New(deps)
	if err != nil {
		return err
	}
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error { return public.Listener(listener) })
	if internal != nil {
		g.Go(func() error { return internal.Listen(a.cfg.ListenInternal) })
	}
	g.Go(func() error {
		<-gctx.Done()
		close(done)
		err := shut(public, 4*time.Second)
		if internal != nil {
			err = errors.Join(err, shut(internal, time.Second))
		}
		return err
	})
	return quiet(ctx, g.Wait())
}

// shut waits for requests in hand, but not for ever: what takes longer ends
// with the process, and stopping is no failure for that.
func shut(f *fiber.App, most time.Duration) error {
	err := f.ShutdownWithTimeout(most)
	if errors.Is(err, context.DeadlineExceeded) {
		slog.Info("connections were still open at the end")
		return nil
	}
	return err
}

// portal is the configuration of the portal's frame.
func (a *app) portal(opt portalOptions, done <-chan struct{}) (portal.Deps, error) {
	c := a.cfg
	d := portal.Deps{
		Svc: a.svc, Redis: a.redis, Prefix: c.Redis.Prefix + ":", Digest: a.ring.Lookup, BaseURL: c.Company.BaseURL, Done: done,
		Brand: templates.Brand{
			Name: c.Company.Name, Controller: cmp.Or(c.Company.Address, c.Company.Name), Contact: c.Company.Contact, Post: c.Company.Address, DPO: c.Company.Officer, Authority: c.Company.Authority,
			AuthorityURL: c.Company.AuthorityURL,
		},
		Colours: static.Colours{Brand: c.Company.Colour}, Languages: a.svc.Settings().Languages,
		Limits: web.Limits{FilingsPerMinute: c.Limits.FilingsPerMinute, GuessesPerMinute: c.Limits.FilingsPerMinute, CallsPerSecond: c.Limits.CallsPerSecond},
		Demo:   opt.demo, Mails: opt.mails, Internal: c.ListenInternal != "",
	}
	for _, s := range opt.staff {
		d.Hints = append(d.Hints, templates.Option{Value: s.Email, Label: s.Name, Hint: s.Password})
	}
	for _, p := range c.TrustedProxies {
		prefix, err := netip.ParsePrefix(p)
		if err != nil {
			return d, fmt.Errorf("trusted_proxies: %q is not a range such as 10.0.0.0/8", p)
		}
		d.Proxies = append(d.Proxies, prefix)
	}
	if zone, err := time.LoadLocation(c.Clock.Zone); err == nil {
		d.Zone = zone
	}
	if c.Company.Logo != "" {
		raw, err := os.ReadFile(c.Company.Logo)
		if err != nil {
			return d, fmt.Errorf("company.logo: %w", err)
		}
		kind := map[string]string{".svg": "image/svg+xml", ".png": "image/png"}[filepath.Ext(c.Company.Logo)]
		if kind == "" {
			return d, errors.New("company.logo is an .svg or .png file")
		}
		d.Logo = static.File{Body: raw, Type: kind}
	}
	return d, nil
}

// answers waits until the portal is ready.
func answers(ctx context.Context, url string) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		if resp, err := http.DefaultClient.Do(req); err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}
