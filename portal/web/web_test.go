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
	"net/netip"
	"net/url"
	"regexp"
	"strings"
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

var (
	dana   = &requests.User{ID: uuid.MustParse("0193a000-0000-7000-8000-000000000001"), Role: requests.DPO, Name: "Dana Okafor"}
	lee    = &requests.User{ID: uuid.MustParse("0193a000-0000-7000-8000-000000000002"), Role: requests.Admin, Name: "Lee Park"}
	caseID = uuid.MustParse("0193a000-0000-7000-8000-00000000000c")
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

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
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

var (
	everybody = []requests.Role{requests.Public}
	deskRoles = []requests.Role{requests.DPO, requests.Agent}
)

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

func TestRolesAreCheckedBeforeTheBody(t *testing.T) {
	b := setup(t, nil)
	c := b.client()
	// A body that never ends: an answer shows that nobody waited for it.
	pr, pw := io.Pipe()
	defer pw.Close()
	conn, err := net.Dial("tcp", strings.TrimPrefix(b.base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = pr
	if _, err := io.WriteString(conn, "POST /api/v1/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 70000\r\n\r\n"+strings.Repeat("x", 70000)); err != nil {
		t.Fatal(err)
	}
	head := make([]byte, 12)
	if _, err := io.ReadFull(conn, head); err != nil || string(head) != "HTTP/1.1 401" {
		t.Errorf("got %q %v", head, err)
	}
	for _, tc := range []struct {
		token, method, path string
		want                int
	}{
		{"", "POST", "/api/v1/echo", 401},
		{"wrong", "POST", "/api/v1/echo", 401},
		{"wrong", "POST", "/api/v1/file", 401},
		{"customer-token", "POST", "/api/v1/echo", 403},
		{"dpo-token", "POST", "/api/v1/echo", 200},
		{"customer-token", "GET", "/api/v1/who", 200},
		{"", "POST", "/api/v1/file", 200},
		{"dpo-token", "GET", "/api/v1/nothing", 404},
		{"dpo-token", "PUT", "/api/v1/who", 405},
	} {
		var headers []string
		if tc.token != "" {
			headers = []string{"Authorization", "Bearer " + tc.token}
		}
		got := b.do(c, tc.method, tc.path, strings.NewReader(`{}`), headers...)
		if got.status != tc.want {
			t.Errorf("%+v: %d %s", tc, got.status, got.body)
		}
		if got.status >= 400 {
			b.problem(got)
		}
	}
	if got := b.do(c, "PUT", "/api/v1/who", nil); got.header.Get("Allow") != "GET" {
		t.Errorf("405 without what is allowed: %v", got.header)
	}
}

func TestLargeBodiesAreRefusedAndTheAnswerArrives(t *testing.T) {
	b := setup(t, nil)
	c := b.client()
	for _, size := range []int{maxCallBody, maxCallBody + 1, 10 << 20, 15 << 20} {
		got := b.do(c, "POST", "/api/v1/echo", bytes.NewReader(make([]byte, size)), "Authorization", "Bearer dpo-token", "Content-Type", "application/octet-stream")
		want := 200
		if size > maxCallBody {
			want = 413
		}
		if got.status != want || (want == 200 && len(got.body) != size) {
			t.Errorf("%d bytes: %d, want %d", size, got.status, want)
		}
	}
	// Chunked, so that no length warns.
	got := b.do(c, "POST", "/api/v1/echo", io.LimitReader(zeros{}, 10<<20), "Authorization", "Bearer dpo-token")
	if got.status != 413 {
		t.Errorf("chunked: %d", got.status)
	}
	if got := b.do(c, "POST", "/api/v1/echo", io.LimitReader(zeros{}, 10<<20)); got.status != 401 {
		t.Errorf("nobody: %d", got.status)
	}
	if got := b.do(c, "GET", "/api/v1/who", nil, "Authorization", "Bearer dpo-token"); got.status != 200 {
		t.Errorf("the next request on the same connections: %d", got.status)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestFormsNeedTheirToken(t *testing.T) {
	b := setup(t, nil)
	mine, other := b.client(), b.client()
	token := b.do(mine, "GET", "/form", nil).body
	foreign := b.do(other, "GET", "/form", nil).body
	if token == "" || token == foreign {
		t.Fatalf("tokens %q %q", token, foreign)
	}
	send := func(c *http.Client, token string, headers ...string) answered {
		return b.do(c, "POST", "/form", strings.NewReader(url.Values{"csrf": {token}, "name": {"Zoë"}}.Encode()), append(headers, "Content-Type", formType)...)
	}
	if got := send(mine, token); got.status != 200 || got.body != "filed Zoë" {
		t.Errorf("%d %s", got.status, got.body)
	}
	for name, got := range map[string]answered{
		"none": send(mine, ""), "another browser's": send(mine, foreign), "no cookie": send(b.client(), token),
		"another site": send(mine, token, "Sec-Fetch-Site", "cross-site"), "made up": send(mine, strings.Repeat("A", 44)),
	} {
		if got.status != 403 || !strings.Contains(got.body, "<html") {
			t.Errorf("%s: %d %.100s", name, got.status, got.body)
		}
	}
	b.do(mine, "GET", "/enter/dana", nil)
	if got := send(mine, b.do(mine, "GET", "/desk/form", nil).body); got.status != 200 {
		t.Errorf("token of a session: %d", got.status)
	}
	if got := b.do(mine, "POST", "/desk/act", strings.NewReader(""), "Content-Type", formType); got.status != 403 {
		t.Errorf("signed in, without token: %d", got.status)
	}
}

func TestSessionsOpenWhatTheyAreFor(t *testing.T) {
	b := setup(t, nil)
	c := b.client()
	get := func(path string, headers ...string) answered { return b.do(c, "GET", path, nil, headers...) }
	if got := get("/desk"); got.status != 303 || got.header.Get("Location") != "/sign-in?next=%2Fdesk" {
		t.Errorf("nobody at the desk: %d %s", got.status, got.header.Get("Location"))
	}
	if got := get("/status"); got.status != 303 || got.header.Get("Location") != "/session-ended" {
		t.Errorf("nobody's status: %d %s", got.status, got.header.Get("Location"))
	}
	get("/enter/customer")
	get("/enter/dana")
	if got := get("/desk"); got.body != dana.Actor().String() {
		t.Errorf("desk: %d %s", got.status, got.body)
	}
	if got := get("/status"); got.body != "customer:"+caseID.String()+" fresh" {
		t.Errorf("both are signed in, status: %d %s", got.status, got.body)
	}
	if got := get("/api/v1/stream"); got.body != dana.Actor().String() {
		t.Errorf("stream by cookie: %d %s", got.status, got.body)
	}
	for site, want := range map[string]int{"cross-site": 401, "same-site": 401, "same-origin": 200, "none": 200} {
		if got := get("/api/v1/who", "Sec-Fetch-Site", site); got.status != want {
			t.Errorf("a call by cookie from %s: %d", site, got.status)
		}
	}
	if got := b.do(c, "POST", "/api/v1/echo", strings.NewReader("{}")); got.status != 401 {
		t.Errorf("a cookie lets a call write: %d", got.status)
	}
	get("/enter/lee")
	if got := get("/desk"); got.status != 403 || !strings.Contains(got.body, "Lee Park") {
		t.Errorf("an admin at the desk: %d", got.status)
	}
	get("/leave")
	if got := get("/desk"); got.status != 303 {
		t.Errorf("signed out: %d", got.status)
	}
	get("/enter/gone")
	if got := get("/desk"); got.status != 303 {
		t.Errorf("a user who is disabled: %d", got.status)
	}
}

func TestErrorsSayNothingOfTheCause(t *testing.T) {
	b := setup(t, func(c *Config) { c.Deadline = 50 * time.Millisecond })
	c := b.client()
	got := b.do(c, "GET", "/api/v1/broken", nil)
	if p := b.problem(got); p.Status != 500 || p.Type != "/problems/internal" || strings.Contains(got.body, "mara") {
		t.Errorf("%s", got.body)
	}
	if got := b.do(c, "GET", "/link/sesame", nil); got.status != 500 || strings.Contains(got.body, "mara") || !strings.Contains(got.body, got.header.Get("X-Request-Id")) {
		t.Errorf("panic: %d %s", got.status, got.body)
	}
	if p := b.problem(b.do(c, "GET", "/api/v1/slow", nil)); p.Status != 503 {
		t.Errorf("deadline: %+v", p)
	}
	log := b.log.String()
	if strings.Contains(log, "sesame") || !strings.Contains(log, `"route":"/link/:token"`) {
		t.Errorf("the log names the address and not the route: %s", log)
	}
	if strings.Contains(log, "panic of type string: mara") {
		t.Error("the log holds the panic's value")
	}
}

func TestProblemOrPage(t *testing.T) {
	b := setup(t, nil)
	c := b.client()
	for _, tc := range []struct {
		path, accept string
		page         bool
	}{
		{"/nothing", "text/html,*/*", true},
		{"/nothing", "", true},
		{"/nothing", "application/json", false},
		{"/api/v1/nothing", "text/html", false},
		{"/log/nothing", "text/html", false},
	} {
		got := b.do(c, "GET", tc.path, nil, "Accept", tc.accept)
		if page := strings.Contains(got.body, "<html"); got.status != 404 || page != tc.page {
			t.Errorf("%+v: %d %.60s", tc, got.status, got.body)
		}
	}
}

func TestTextMustBeText(t *testing.T) {
	b := setup(t, nil)
	c := b.client()
	token := b.do(c, "GET", "/form", nil).body
	for name, body := range map[string]string{"utf-8": "name=%ff%fe", "nul": "name=a%00b"} {
		if got := b.do(c, "POST", "/form", strings.NewReader("csrf="+token+"&"+body), "Content-Type", formType); got.status != 400 {
			t.Errorf("%s in a form: %d", name, got.status)
		}
	}
	for _, path := range []string{"/form?x=%ff", "/form?x=%00", "/enter/%ff"} {
		if got := b.do(c, "GET", path, nil); got.status != 400 {
			t.Errorf("%s: %d", path, got.status)
		}
	}
}

func TestRateLimitsKeepNoAddress(t *testing.T) {
	b := setup(t, func(c *Config) {
		c.Limits = Limits{FilingsPerMinute: 3, CallsPerSecond: 1}
		c.Now = func() time.Time { return time.Unix(1795000000, 0) }
		c.Proxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	})
	c := b.client()
	from := func(hops string) answered { return b.do(c, "POST", "/api/v1/file", nil, "X-Forwarded-For", hops) }
	for range 3 {
		if got := from("203.0.113.7"); got.status != 200 {
			t.Fatalf("%d %s", got.status, got.body)
		}
	}
	got := from("198.51.100.1, 203.0.113.7")
	if p := b.problem(got); p.Status != 429 || got.header.Get("Retry-After") == "" {
		t.Errorf("a forged hop gets by: %+v", p)
	}
	if got := from("203.0.113.8"); got.status != 200 {
		t.Errorf("another address: %d", got.status)
	}
	for i := range 4 {
		got := from([]string{"2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8:0:0:1::4"}[i])
		if want := 200; (got.status == want) != (i < 3) {
			t.Errorf("address %d of one /64: %d", i, got.status)
		}
	}
	last := 0
	for range 11 {
		last = b.do(c, "GET", "/api/v1/who", nil, "Authorization", "Bearer dpo-token").status
	}
	if last != 429 {
		t.Errorf("11 calls in a window of 10: %d", last)
	}
	keys, err := b.cfg.Redis.Keys(context.Background(), b.prefix+"*").Result()
	if err != nil || len(keys) == 0 {
		t.Fatal(keys, err)
	}
	for _, k := range keys {
		if regexp.MustCompile(`203\.0|2001:|dpo-token|127\.`).MatchString(k) {
			t.Errorf("key %s holds an address or token", k)
		}
	}
}

// Nobody fills our disks by filing: large filings of one address count by the
// hour, and small ones go on.
func TestLargeFilingsAreFewer(t *testing.T) {
	now := time.Unix(1795000000, 0)
	b := setup(t, func(c *Config) {
		c.Limits = Limits{FilingsPerMinute: 20, CallsPerSecond: 1}
		c.Now = func() time.Time { return now }
	}, Route{Method: "POST", Path: "/api/v1/upload", Roles: everybody, Kind: Call, MaxBody: 1 << 20, Handler: func(c *fiber.Ctx) error { return c.SendStatus(204) }})
	c := b.client()
	file := func(size int, chunked bool) int {
		var body io.Reader = strings.NewReader(strings.Repeat("x", size))
		if chunked {
			body = io.MultiReader(body)
		}
		return b.do(c, "POST", "/api/v1/upload", body).status
	}
	for i := range uploadsPerHour {
		if got := file(upload+1, i%2 == 1); got != 204 {
			t.Fatalf("large filing %d: %d", i, got)
		}
		now = now.Add(4 * time.Second)
	}
	if got := file(upload+1, false); got != 429 {
		t.Errorf("one large filing too many: %d", got)
	}
	now = now.Add(time.Minute)
	if got := file(1000, false); got != 204 {
		t.Errorf("a small filing afterwards: %d", got)
	}
	now = now.Add(time.Hour)
	if got := file(upload+1, true); got != 204 {
		t.Errorf("a large filing an hour later: %d", got)
	}
}

func TestHeadersAndAssets(t *testing.T) {
	b := setup(t, nil)
	c := b.client()
	got := b.do(c, "GET", "/form", nil)
	csp := got.header.Get("Content-Security-Policy")
	if strings.Contains(csp, "unsafe") || !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "frame-ancestors 'none'") {
		t.Errorf("policy %s", csp)
	}
	if got.header.Get("X-Content-Type-Options") != "nosniff" || got.header.Get("Cache-Control") != "no-store" || got.header.Get("X-Request-Id") == "" || got.header.Get("Server") != "" {
		t.Errorf("headers %v", got.header)
	}
	sheet := b.do(c, "GET", static.URL("public.css"), nil)
	if sheet.status != 200 || sheet.header.Get("Cache-Control") != static.CacheControl || len(sheet.header["Set-Cookie"]) != 0 {
		t.Errorf("style sheet: %d %v", sheet.status, sheet.header)
	}
	brand := b.do(c, "GET", static.Colours{Brand: "#c4622d"}.URL(), nil)
	if brand.status != 200 || !strings.Contains(brand.body, "#c4622d") {
		t.Errorf("brand: %d %s", brand.status, brand.body)
	}
	if got := b.do(c, "GET", "/static/brand/other.css", nil); got.status != 404 {
		t.Errorf("an old brand: %d", got.status)
	}
	if got := b.do(c, "HEAD", "/form", nil); got.status != 200 || got.body != "" {
		t.Errorf("HEAD: %d", got.status)
	}
}

func TestTableIsChecked(t *testing.T) {
	ok := Route{Method: "GET", Path: "/x", Roles: everybody, Handler: echo}
	for name, routes := range map[string][]Route{
		"no roles": {{Method: "GET", Path: "/x", Handler: echo}}, "no handler": {{Method: "GET", Path: "/x", Roles: everybody}}, "twice": {ok, ok},
	} {
		if check(routes) == nil {
			t.Errorf("%s: taken", name)
		}
	}
	if err := check([]Route{ok}); err != nil {
		t.Error(err)
	}
}

func TestLocal(t *testing.T) {
	for path, want := range map[string]bool{
		"/desk": true, "/": true, "": false, "//evil.example": false, `/\evil.example`: false, "https://evil.example": false, "/a\nb": false, `/x\y`: false,
	} {
		if Local(path) != want {
			t.Errorf("%q: %v", path, !want)
		}
	}
}
