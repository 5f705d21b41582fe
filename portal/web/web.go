package web

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"

	"habeas/portal/session"
	"habeas/requests"
	"habeas/templates"
)

// Config is what the portal's frame needs. Functions stand for the verbs of
// requests that it calls.
type Config struct {
	Brand   templates.Brand
	Demo    bool
	BaseURL string         // decides whether cookies are Secure
	Zone    *time.Location // of the times shown
	// Languages that customers may choose, best first (default: all there are).
	Languages []string
	// Say is a text of the company in a language; nil leaves it as it is.
	Say      func(lang, text string) string
	Redis    *redis.Client
	Prefix   string // of Redis keys, ends in a colon
	Digest   func(kind, value string) []byte
	Token    func(ctx context.Context, token string) (requests.Actor, error)
	Staff    func(ctx context.Context, id uuid.UUID) (*requests.User, error)
	Signal   func(ctx context.Context, device, visitor, source string) error // nil: opt-out signals are not honoured
	Proxies  []netip.Prefix                                                  // whose X-Forwarded-For counts
	Limits   Limits
	Deadline time.Duration // of pages and calls (default 30 s)
	Log      *slog.Logger
	// Observe is told of every answered request; route is the table's path.
	Observe func(method, route string, status int, took time.Duration)
	Now     func() time.Time
}

// Limits are how often one client may call.
type Limits struct {
	FilingsPerMinute int // per address and route (default 20)
	GuessesPerMinute int // per address and route (default 30)
	CallsPerSecond   int // per token (default 20)
}

// App is the portal's frame around the route table.
type App struct {
	cfg      Config
	sessions *session.Store
	cookies  session.Cookies
	csrf     session.Digest
	gets     map[string]bool // paths that can be opened
}

// New builds the fiber app that serves the table.
func New(cfg Config, routes []Route) (*fiber.App, error) {
	if err := check(routes); err != nil {
		return nil, err
	}
	if cfg.Redis == nil || cfg.Digest == nil || cfg.Token == nil || cfg.Staff == nil {
		return nil, errors.New("web: Redis, Digest, Token and Staff are needed")
	}
	cfg = cfg.withDefaults()
	a := &App{cfg: cfg, sessions: session.NewStore(cfg.Redis, cfg.Prefix), cookies: session.NewCookies(cfg.BaseURL), csrf: cfg.Digest, gets: map[string]bool{}}
	f := fiber.New(fiber.Config{
		Immutable:         true, // without it a kept string changes under a later request
		StreamRequestBody: true,
		// Else a form with files is read whole, and written to disk, before
		// anybody looks at role, limit and address; its faults quote it.
		DisablePreParseMultipartForm: true,
		BodyLimit:                    64 << 10, // read ahead; the limit proper is Route.MaxBody
		CaseSensitive:                true,
		DisableStartupMessage:        true,
		ReadBufferSize:               16 << 10,
		ReadTimeout:                  30 * time.Second, // no WriteTimeout: it would cut streams
		IdleTimeout:                  75 * time.Second,
		ErrorHandler:                 a.fail,
	})
	f.Use(a.around)
	for _, r := range routes {
		f.Add(r.Method, r.Path, a.guard(r))
		if r.Method == fiber.MethodGet {
			a.gets[r.Path] = true
			f.Add(fiber.MethodHead, r.Path, a.guard(r))
		}
	}
	f.Use(func(c *fiber.Ctx) error { return a.unknown(c, routes) })
	return f, nil
}

func (cfg Config) withDefaults() Config {
	if cfg.Deadline == 0 {
		cfg.Deadline = 30 * time.Second
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Zone == nil {
		cfg.Zone = time.UTC
	}
	if len(cfg.Languages) == 0 {
		cfg.Languages = templates.Languages()
	}
	if cfg.Observe == nil {
		cfg.Observe = func(string, string, int, time.Duration) {}
	}
	set := func(v *int, or int) {
		if *v == 0 {
			*v = or
		}
	}
	set(&cfg.Limits.FilingsPerMinute, 20)
	set(&cfg.Limits.GuessesPerMinute, 30)
	set(&cfg.Limits.CallsPerSecond, 20)
	return cfg
}

// guard stands before a route's handler: who asks and whether they may, then
// how often, and only then is the body read.
func (a *App) guard(r Route) fiber.Handler {
	return func(c *fiber.Ctx) error {
		c.Locals(routeKey, &r)
		if r.Kind == Asset {
			return r.Handler(c)
		}
		a.english(c, &r)
		if err := a.admit(c, &r); err != nil {
			drain(c)
			return err
		}
		if err := a.readBody(c, &r); err != nil {
			return err
		}
		if err := plainText(c); err != nil {
			return err
		}
		if err := a.checkCSRF(c, &r); err != nil {
			return err
		}
		a.heed(c, &r)
		if r.Kind == Stream {
			c.SetUserContext(context.WithoutCancel(c.UserContext()))
			return r.Handler(c)
		}
		ctx, cancel := context.WithTimeout(c.UserContext(), a.cfg.Deadline)
		defer cancel()
		c.SetUserContext(ctx)
		return r.Handler(c)
	}
}

// admit finds out who asks and refuses who may not.
func (a *App) admit(c *fiber.Ctx, r *Route) error {
	actor, err := a.who(c, r)
	if err != nil {
		return err
	}
	SetActor(c, actor)
	if !r.lets(actor) {
		if actor.Role == requests.Public {
			return &requests.Error{Kind: requests.Unauthorized, Code: "sign-in-needed", Safe: "Sign in, or send a bearer token."}
		}
		return &requests.Error{Kind: requests.Forbidden, Code: "not-allowed", Safe: "Your role may not do this."}
	}
	return a.limitRate(c, r, actor)
}

const (
	appKey   = "web"
	routeKey = "route"
	idKey    = "request-id"
)

func appOf(c *fiber.Ctx) *App {
	a, _ := c.Locals(appKey).(*App)
	return a
}

func routeOf(c *fiber.Ctx) *Route {
	r, _ := c.Locals(routeKey).(*Route)
	return r
}

// RequestID is the id of this request, as logs and problem pages name it.
func RequestID(c *fiber.Ctx) string {
	id, _ := c.Locals(idKey).(string)
	return id
}
