package web

import (
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"habeas/requests"
	"habeas/static"
)

var (
	dana   = &requests.User{ID: uuid.MustParse("0193a000-0000-7000-8000-000000000001"), Role: requests.DPO, Name: "Dana Okafor"}
	lee    = &requests.User{ID: uuid.MustParse("0193a000-0000-7000-8000-000000000002"), Role: requests.Admin, Name: "Lee Park"}
	caseID = uuid.MustParse("0193a000-0000-7000-8000-00000000000c")
)

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

var (
	everybody = []requests.Role{requests.Public}
	deskRoles = []requests.Role{requests.DPO, requests.Agent}
)

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
