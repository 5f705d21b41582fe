package portal_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"

	"habeas/portal"
	"habeas/portal/session"
	"habeas/portal/web"
	"habeas/requests"
	"habeas/requests/testkit"
	"habeas/requests/testkit/company"
	"habeas/templates"
)

// target is a whole company's portal, to be attacked over a socket.
type target struct {
	*company.Company
	deps  portal.Deps
	base  string
	redis *redis.Client
	log   *logged
	// API tokens, and what opens a session in a browser, by role.
	tokens map[requests.Role]string
	users  map[requests.Role]string
}

// logged is what the program logs.
type logged struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func attack(t testing.TB, opt company.Options) *target {
	t.Helper()
	g := &target{log: &logged{}, tokens: map[requests.Role]string{}, users: map[requests.Role]string{}}
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewJSONHandler(g.log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	t.Cleanup(func() { slog.SetDefault(before) })
	g.Company = company.New(t, opt)
	var prefix string
	g.redis, prefix = testkit.Redis(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g.base = "http://" + l.Addr().String()
	done := make(chan struct{})
	g.deps = portal.Deps{
		Svc: g.Svc, Redis: g.redis, Prefix: prefix, Digest: g.Ring.Lookup, BaseURL: g.base, Zone: time.UTC, Done: done,
		Brand:   templates.Brand{Name: "Acme Outdoor", Controller: "Acme Outdoor", Contact: "privacy@acme.example"},
		Proxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
		Limits:  web.Limits{FilingsPerMinute: 100_000, GuessesPerMinute: 100_000, CallsPerSecond: 100_000},
	}
	app, _, err := portal.New(g.deps)
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- app.Listener(l) }()
	t.Cleanup(func() {
		close(done)
		http.DefaultClient.CloseIdleConnections()
		if err := app.ShutdownWithTimeout(5 * time.Second); err != nil {
			t.Error(err)
		}
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	for _, by := range []requests.Actor{g.DPOs[0], g.Agent, g.Auditor, g.Admin} {
		id := uuid.MustParse(by.ID)
		g.users[by.Role] = by.ID
		if g.tokens[by.Role], err = g.Svc.NewToken(t.Context(), g.Admin, &id, ""); err != nil {
			t.Fatal(err)
		}
	}
	if g.tokens[requests.ServiceRole], err = g.Svc.NewToken(t.Context(), g.Admin, nil, "shop"); err != nil {
		t.Fatal(err)
	}
	return g
}

// customer proves an address, and can be used as a role from then on.
func (g *target) customer(email string, rights ...string) *requests.Receipt {
	g.Helper()
	r := g.File(email, rights...)
	p, err := g.Svc.Verify(g.Context(), r.ID, g.Code(email, r.Reference))
	if err != nil {
		g.Fatal(err)
	}
	g.tokens[requests.Customer], g.users[requests.Customer] = p.Token, r.ID.String()
	return r
}

// got is an answer.
type got struct {
	status int
	header http.Header
	body   string
}

// send makes one request and follows nothing. A connection that is cut before
// the answer fails the test.
func (g *target) send(client *http.Client, method, path string, body io.Reader, header ...string) got {
	g.Helper()
	req, err := http.NewRequestWithContext(g.Context(), method, g.base+path, body)
	if err != nil {
		g.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := client.Do(req)
	if err != nil {
		g.Fatalf("%s %s: %v", method, path, err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(res.Body, 32<<20))
	if err != nil {
		g.Fatalf("%s %s: %v", method, path, err)
	}
	return got{res.StatusCode, res.Header, string(raw)}
}

// call makes an API call with a body that is sent as it is.
func (g *target) call(method, path string, role requests.Role, body string) got {
	g.Helper()
	header := []string{"Content-Type", "application/json"}
	if token := g.tokens[role]; token != "" {
		header = append(header, "Authorization", "Bearer "+token)
	}
	return g.send(http.DefaultClient, method, path, strings.NewReader(body), header...)
}

// browser is one with a session of the role, and none for the public.
func (g *target) browser(role requests.Role) *http.Client {
	g.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		g.Fatal(err)
	}
	c := &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	id := g.users[role]
	if id == "" {
		return c
	}
	kind, fresh := session.Staff, time.Time{}
	if role == requests.Customer {
		kind, fresh = session.Customer, time.Now().Add(time.Minute)
	}
	token, err := session.NewStore(g.redis, g.deps.Prefix).Start(g.Context(), kind, id, fresh)
	if err != nil {
		g.Fatal(err)
	}
	at, err := url.Parse(g.base)
	if err != nil {
		g.Fatal(err)
	}
	jar.SetCookies(at, []*http.Cookie{{Name: "habeas-" + string(kind), Value: token, Path: "/"}})
	return c
}

var hiddenCSRF = regexp.MustCompile(`name="csrf" value="([^"]+)"`)

// csrf is the token of a page's form.
func (g *target) csrf(c *http.Client, path string) string {
	g.Helper()
	page := g.send(c, "GET", path, nil)
	found := hiddenCSRF.FindStringSubmatch(page.body)
	if found == nil {
		g.Fatalf("no form on %s: %d %.300s", path, page.status, page.body)
	}
	return found[1]
}

func (g *target) form(c *http.Client, path, body string) got {
	g.Helper()
	return g.send(c, "POST", path, strings.NewReader(body), "Content-Type", "application/x-www-form-urlencoded")
}

// problem is what a refused call says.
func (r got) problem(t testing.TB) (p struct {
	Type, Title, Detail string
	Status              int
	Errors              []struct{ Field, Message string }
},
) {
	t.Helper()
	if err := json.Unmarshal([]byte(r.body), &p); err != nil || r.header.Get("Content-Type") != "application/problem+json" || p.Status != r.status {
		t.Errorf("no problem document: %d %s %.300s", r.status, r.header.Get("Content-Type"), r.body)
	}
	return p
}

// redisHolds reads every key and value of the server.
func (g *target) redisHolds(ctx context.Context) string {
	g.Helper()
	var all strings.Builder
	keys := g.redis.Scan(ctx, 0, "*", 1000).Iterator()
	for keys.Next(ctx) {
		key := keys.Val()
		all.WriteString(key + " ")
		switch g.redis.Type(ctx, key).Val() {
		case "string":
			all.WriteString(g.redis.Get(ctx, key).Val())
		case "stream":
			for _, m := range g.redis.XRange(ctx, key, "-", "+").Val() {
				raw, err := json.Marshal(m.Values)
				if err != nil {
					g.Fatal(err)
				}
				all.Write(raw)
			}
		case "hash":
			raw, err := json.Marshal(g.redis.HGetAll(ctx, key).Val())
			if err != nil {
				g.Fatal(err)
			}
			all.Write(raw)
		case "set":
			all.WriteString(strings.Join(g.redis.SMembers(ctx, key).Val(), " "))
		case "zset":
			all.WriteString(strings.Join(g.redis.ZRange(ctx, key, 0, -1).Val(), " "))
		case "list":
			all.WriteString(strings.Join(g.redis.LRange(ctx, key, 0, -1).Val(), " "))
		}
		all.WriteByte('\n')
	}
	if err := keys.Err(); err != nil {
		g.Fatal(err)
	}
	return all.String()
}
