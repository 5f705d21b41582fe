package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"sync"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"habeas/portal/session"
	"habeas/requests"
	"habeas/requests/testkit"
	"habeas/static"
	"habeas/templates"
)

// lines is a log that a test can read while the portal writes.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

type bench struct {
	t      *testing.T
	base   string
	log    *lines
	cfg    Config
	prefix string
}

// setup serves a small route table on a real socket: what matters here
// happens between header and body.
func setup(t *testing.T, change func(*Config), more ...Route) *bench {
	t.Helper()
	client, prefix := testkit.Redis(t)
	ring := testkit.Ring(t)
	log := &lines{}
	cfg := Config{
		Brand: templates.Brand{Name: "Acme Outdoor"}, BaseURL: "http://127.0.0.1", Redis: client, Prefix: prefix, Digest: ring.Lookup,
		Token: func(_ context.Context, token string) (requests.Actor, error) {
			switch token {
			case "dpo-token":
				return dana.Actor(), nil
			case "customer-token":
				return requests.Actor{Role: requests.Customer, ID: caseID.String()}, nil
			}
			return requests.Actor{}, &requests.Error{Kind: requests.Unauthorized, Code: "unknown-token", Safe: "Sign in again."}
		},
		Staff: func(_ context.Context, id uuid.UUID) (*requests.User, error) {
			for _, u := range []*requests.User{dana, lee} {
				if u.ID == id {
					return u, nil
				}
			}
			return nil, &requests.Error{Kind: requests.Unauthorized, Code: "signed-out", Safe: "Sign in again."}
		},
		Log: slog.New(slog.NewJSONHandler(log, nil)),
	}
	if change != nil {
		change(&cfg)
	}
	app, err := New(cfg, append(table(), more...))
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- app.Listener(l) }()
	t.Cleanup(func() {
		if err := app.ShutdownWithTimeout(5 * time.Second); err != nil {
			t.Error(err)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return &bench{t: t, base: "http://" + l.Addr().String(), log: log, cfg: cfg, prefix: prefix}
}

func echo(c *fiber.Ctx) error { return c.Send(c.Body()) }

func whoami(c *fiber.Ctx) error {
	fresh := ""
	if Actor(c).Fresh {
		fresh = " fresh"
	}
	return c.SendString(Actor(c).String() + fresh)
}

func form(c *fiber.Ctx) error { return c.SendString(PageOf(c).CSRF) }

func table() []Route {
	return append(Assets(static.Colours{Brand: "#c4622d"}, static.File{}), []Route{
		{Method: "GET", Path: "/form", Roles: everybody, Handler: form},
		{Method: "POST", Path: "/form", Roles: everybody, Limit: None, Handler: func(c *fiber.Ctx) error { return c.SendString("filed " + c.FormValue("name")) }},
		{Method: "GET", Path: "/enter/:who", Roles: everybody, Handler: func(c *fiber.Ctx) error {
			switch c.Params("who") {
			case "dana":
				return SignInStaff(c, dana.ID)
			case "lee":
				return SignInStaff(c, lee.ID)
			case "gone":
				return SignInStaff(c, uuid.New())
			}
			return SignInCustomer(c, caseID, "", time.Now().Add(time.Minute))
		}},
		{Method: "GET", Path: "/leave", Roles: everybody, Handler: func(c *fiber.Ctx) error { return SignOut(c, session.Staff) }},
		{Method: "GET", Path: "/desk", Roles: deskRoles, Handler: whoami},
		{Method: "POST", Path: "/desk/act", Roles: deskRoles, Handler: whoami},
		{Method: "GET", Path: "/desk/form", Roles: deskRoles, Handler: form},
		{Method: "GET", Path: "/status", Roles: []requests.Role{requests.Customer}, Handler: whoami},
		{Method: "GET", Path: "/link/:token", Roles: everybody, Handler: func(*fiber.Ctx) error { panic("mara@mail.example") }},
		{Method: "GET", Path: "/api/v1/who", Roles: []requests.Role{requests.DPO, requests.Customer}, Kind: Call, Handler: whoami},
		{Method: "POST", Path: "/api/v1/echo", Roles: []requests.Role{requests.DPO}, Kind: Call, Handler: echo},
		{Method: "POST", Path: "/api/v1/file", Roles: everybody, Kind: Call, Handler: echo},
		{Method: "GET", Path: "/api/v1/broken", Roles: everybody, Kind: Call, Handler: func(*fiber.Ctx) error { return errors.New("secret of mara@mail.example") }},
		{Method: "GET", Path: "/api/v1/slow", Roles: everybody, Kind: Call, Handler: func(c *fiber.Ctx) error { <-c.UserContext().Done(); return c.UserContext().Err() }},
		{Method: "GET", Path: "/api/v1/stream", Roles: []requests.Role{requests.DPO, requests.Customer}, Kind: Stream, Handler: whoami},
	}...)
}

func (b *bench) client() *http.Client {
	jar, err := cookiejar.New(nil)
	if err != nil {
		b.t.Fatal(err)
	}
	return &http.Client{Jar: jar, Timeout: 20 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

type answered struct {
	status int
	body   string
	header http.Header
}

func (b *bench) do(c *http.Client, method, path string, body io.Reader, headers ...string) answered {
	b.t.Helper()
	req, err := http.NewRequest(method, b.base+path, body)
	if err != nil {
		b.t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := c.Do(req)
	if err != nil {
		b.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatalf("%s %s: %v", method, path, err)
	}
	return answered{res.StatusCode, string(raw), res.Header}
}

func (b *bench) problem(a answered) Problem {
	b.t.Helper()
	var p Problem
	if err := json.Unmarshal([]byte(a.body), &p); err != nil || a.header.Get("Content-Type") != "application/problem+json" || p.Status != a.status {
		b.t.Fatalf("not a problem document (%v): %d %s %s", err, a.status, a.header.Get("Content-Type"), a.body)
	}
	return p
}

const formType = "application/x-www-form-urlencoded"
