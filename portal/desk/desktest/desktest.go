// Package desktest visits the staff's pages as people do: it reads what a page
// says, fills in its forms and follows where they lead. Tests of the desk and
// of the auditor's pages use it.
package desktest

import (
	"bytes"
	"io"
	"log/slog"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"
	"golang.org/x/net/html"

	"habeas/portal/web"
	"habeas/requests"
	"habeas/static"
)

// Site is the portal on a socket of its own.
type Site struct {
	t    testing.TB
	base string
}

// Open serves the routes until the test ends. cfg needs Redis, Prefix and
// Digest.
func Open(t testing.TB, svc *requests.Service, cfg web.Config, routes []web.Route) *Site {
	t.Helper()
	cfg.Log = slog.New(slog.DiscardHandler)
	cfg.Token, cfg.Staff, cfg.BaseURL, cfg.Brand.Name = svc.Token, svc.User, "http://127.0.0.1", "Acme Outdoor"
	enter := web.Route{Method: fiber.MethodGet, Path: "/enter/:user", Roles: []requests.Role{requests.Public}, Handler: func(c *fiber.Ctx) error {
		return web.SignInStaff(c, uuid.MustParse(c.Params("user")))
	}}
	app, err := web.New(cfg, append(append(web.Assets(static.Colours{}, static.File{}), enter), routes...))
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
	return &Site{t: t, base: "http://" + l.Addr().String()}
}

// URL is where a path of the site is.
func (s *Site) URL(path string) string { return s.base + path }

// Visitor is one browser.
type Visitor struct {
	t      testing.TB
	base   string
	client *http.Client
	accept string // Accept-Language, "" for none
}

// Speaking makes the browser prefer languages, as Accept-Language names them.
func (v *Visitor) Speaking(accept string) *Visitor {
	v.accept = accept
	return v
}

// As signs a member of staff in.
func (s *Site) As(who requests.Actor) *Visitor {
	s.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	v := &Visitor{t: s.t, base: s.base, client: &http.Client{Jar: jar, Timeout: 60 * time.Second}}
	v.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	if p := v.Get("/enter/" + who.ID); p.Status != http.StatusOK {
		s.t.Fatalf("sign-in of %s: %d", who, p.Status)
	}
	return v
}

// Page is what was answered.
type Page struct {
	v      *Visitor
	Status int
	Path   string // where the visitor is now
	Body   []byte
	Header http.Header
	Text   string // what can be read, with single spaces
	root   *html.Node
}

// Get opens a page.
func (v *Visitor) Get(path string) *Page {
	v.t.Helper()
	req, err := http.NewRequestWithContext(v.t.Context(), http.MethodGet, v.base+path, nil)
	if err != nil {
		v.t.Fatal(err)
	}
	return v.do(req)
}

// do sends and follows one redirect after a form, which must be 303.
func (v *Visitor) do(req *http.Request) *Page {
	v.t.Helper()
	if v.accept != "" {
		req.Header.Set("Accept-Language", v.accept)
	}
	res, err := v.client.Do(req)
	if err != nil {
		v.t.Fatalf("%s %s: %v", req.Method, req.URL.Path, err)
	}
	defer res.Body.Close()
	if to := res.Header.Get("Location"); to != "" {
		if res.StatusCode != http.StatusSeeOther {
			v.t.Errorf("%s %s redirects with %d, want 303", req.Method, req.URL.Path, res.StatusCode)
		}
		return v.Get(to)
	}
	p := &Page{v: v, Status: res.StatusCode, Path: req.URL.RequestURI(), Header: res.Header}
	if p.Body, err = io.ReadAll(res.Body); err != nil {
		v.t.Fatal(err)
	}
	if strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") {
		if p.root, err = html.Parse(bytes.NewReader(p.Body)); err != nil {
			v.t.Fatal(err)
		}
		p.Text = strings.Join(strings.Fields(words(p.root)), " ")
	}
	return p
}

func words(n *html.Node) string {
	if n.Type == html.TextNode {
		return n.Data
	}
	if n.Type == html.ElementNode && (n.Data == "script" || n.Data == "style") {
		return ""
	}
	var b strings.Builder
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		b.WriteString(words(c))
		b.WriteByte(' ')
	}
	return b.String()
}

// Says fails the test unless the page says each of the texts.
func (p *Page) Says(texts ...string) *Page {
	p.v.t.Helper()
	for _, t := range texts {
		if !strings.Contains(p.Text, t) {
			p.v.t.Errorf("%s (%d) does not say %q:\n%s", p.Path, p.Status, t, p.Text)
		}
	}
	return p
}

// Hides fails the test if one of the texts stands anywhere in the page.
func (p *Page) Hides(texts ...string) *Page {
	p.v.t.Helper()
	for _, t := range texts {
		if t != "" && bytes.Contains(bytes.ToLower(p.Body), []byte(strings.ToLower(t))) {
			p.v.t.Errorf("%s shows %q", p.Path, t)
		}
	}
	return p
}

// Is fails the test unless the page has the status.
func (p *Page) Is(status int) *Page {
	p.v.t.Helper()
	if p.Status != status {
		p.v.t.Fatalf("%s answers %d, want %d:\n%s", p.Path, p.Status, status, p.Text)
	}
	return p
}

// Leads tells whether the page links to a path.
func (p *Page) Leads(path string) bool {
	return p.find(func(n *html.Node) bool { return n.Data == "a" && attr(n, "href") == path }) != nil
}

// Language is the page's, with its direction: "de ltr".
func (p *Page) Language() string {
	n := p.find(func(n *html.Node) bool { return n.Data == "html" })
	if n == nil {
		return ""
	}
	return attr(n, "lang") + " " + attr(n, "dir")
}

// Link is where the first link with a text leads, "" without one.
func (p *Page) Link(text string) string {
	n := p.find(func(n *html.Node) bool {
		return n.Data == "a" && strings.Contains(strings.Join(strings.Fields(words(n)), " "), text)
	})
	if n == nil {
		return ""
	}
	return attr(n, "href")
}

func (p *Page) find(ok func(*html.Node) bool) *html.Node {
	if p.root == nil {
		return nil
	}
	for n := range p.root.Descendants() {
		if n.Type == html.ElementNode && ok(n) {
			return n
		}
	}
	return nil
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

// Form is what a form of the page would send, as it stands.
func (p *Page) Form(action string) url.Values {
	p.v.t.Helper()
	form := p.find(func(n *html.Node) bool { return n.Data == "form" && attr(n, "action") == action })
	if form == nil {
		p.v.t.Fatalf("%s (%d) has no form for %s:\n%s", p.Path, p.Status, action, p.Text)
	}
	values := url.Values{}
	for n := range form.Descendants() {
		name := attr(n, "name")
		if n.Type != html.ElementNode || name == "" {
			continue
		}
		checked := false
		for _, a := range n.Attr {
			checked = checked || a.Key == "checked"
		}
		switch kind := attr(n, "type"); {
		case n.Data == "textarea":
			values.Add(name, strings.TrimPrefix(words(n), "\n"))
		case n.Data == "select":
			values.Add(name, selected(n))
		case n.Data == "input" && (kind == "radio" || kind == "checkbox"):
			if checked {
				values.Add(name, attr(n, "value"))
			}
		case n.Data == "input" && kind != "file":
			values.Add(name, attr(n, "value"))
		}
	}
	return values
}

func selected(n *html.Node) string {
	for o := range n.Descendants() {
		for _, a := range o.Attr {
			if a.Key == "selected" {
				return attr(o, "value")
			}
		}
	}
	return ""
}

// Submit sends a form of the page with some of its values changed.
func (p *Page) Submit(action string, with url.Values) *Page {
	p.v.t.Helper()
	values := p.Form(action)
	for k, v := range with {
		values[k] = v
	}
	return p.v.Post(action, values)
}

// Post sends values as a form does.
func (v *Visitor) Post(path string, values url.Values) *Page {
	v.t.Helper()
	req, err := http.NewRequestWithContext(v.t.Context(), http.MethodPost, v.base+path, strings.NewReader(values.Encode()))
	if err != nil {
		v.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return v.do(req)
}

// Upload sends a form of the page with a file.
func (p *Page) Upload(action string, with url.Values, field, name string, content []byte) *Page {
	p.v.t.Helper()
	values := p.Form(action)
	for k, v := range with {
		values[k] = v
	}
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for k, list := range values {
		for _, v := range list {
			if err := w.WriteField(k, v); err != nil {
				p.v.t.Fatal(err)
			}
		}
	}
	part, err := w.CreateFormFile(field, name)
	if err == nil {
		_, err = part.Write(content)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		p.v.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(p.v.t.Context(), http.MethodPost, p.v.base+action, &b)
	if err != nil {
		p.v.t.Fatal(err)
	}
	req.Header.Set("Content-Type", w.FormDataContentType())
	return p.v.do(req)
}

var hash = regexp.MustCompile(`\b[0-9a-f]{64}\b`)

// Hash is the first SHA-256 that the page names.
func (p *Page) Hash() string { return hash.FindString(string(p.Body)) }
