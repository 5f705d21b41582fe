package portal_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/redis/go-redis/v9"

	"habeas/portal"
	"habeas/portal/web"
	"habeas/requests"
	"habeas/requests/mail"
	"habeas/requests/testkit"
	"habeas/requests/testkit/browser"
	"habeas/requests/testkit/company"
	"habeas/templates"
)

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler))
	os.Exit(m.Run())
}

// stage is a whole company with the real portal on a socket.
type stage struct {
	*company.Company
	base   string
	known  map[string]bool // pages inspected
	redis  *redis.Client
	prefix string
	// Languages that customers may choose; nil is all there are.
	languages []string
	// E-mail addresses of the staff, whose password is company.Password.
	dana, ines, agent, auditor, admin string
}

// setup starts a company and serves its portal until the test ends.
func setup(t *testing.T, opt company.Options) *stage {
	t.Helper()
	return speaking(t, opt)
}

// speaking is setup for a portal that offers some languages.
func speaking(t *testing.T, opt company.Options, languages ...string) *stage {
	t.Helper()
	s := &stage{Company: company.New(t, opt), known: map[string]bool{}, languages: languages}
	s.redis, s.prefix = testkit.Redis(t)
	for _, m := range []struct {
		email *string
		role  requests.Role
		name  string
	}{
		{&s.dana, requests.DPO, "Dana Okafor"},
		{&s.ines, requests.DPO, "Ines Lindholm"},
		{&s.agent, requests.Agent, "Tomas Vega"},
		{&s.auditor, requests.Auditor, "Yuki Arai"},
		{&s.admin, requests.Admin, "Sam Brandt"},
	} {
		first, _, _ := strings.Cut(strings.ToLower(m.name), " ")
		*m.email = first + "@acme.example"
		if _, err := s.Svc.AddUser(t.Context(), requests.Actor{Role: "operator"}, m.role, m.name, *m.email, company.Password); err != nil {
			t.Fatal(err)
		}
	}
	s.serve(t)
	return s
}

func (s *stage) serve(t *testing.T) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.base = "http://" + l.Addr().String()
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	public, _, err := portal.New(portal.Deps{
		Svc: s.Svc, Redis: s.redis, Prefix: s.prefix, Languages: s.languages, Digest: s.Ring.Lookup, BaseURL: s.base, Zone: zone, Done: done,
		Brand: templates.Brand{
			Name: "Acme Outdoor", Controller: "Acme Outdoor", Contact: "privacy@acme.example",
			Authority: "Berlin Commissioner for Data Protection", AuthorityURL: "https://authority.example",
		},
		Limits: web.Limits{FilingsPerMinute: 1000, GuessesPerMinute: 1000, CallsPerSecond: 1000},
		Mails:  s.Mail.Messages,
	})
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- public.Listener(l) }()
	t.Cleanup(func() {
		close(done)
		if err := public.ShutdownWithTimeout(5 * time.Second); err != nil {
			t.Error(err)
		}
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
}

// forgetFreshCodes lets a quarter of an hour pass for codes: customers stay
// signed in, but no code that they gave is fresh any more.
func (s *stage) forgetFreshCodes() {
	s.Helper()
	keys, err := s.redis.Keys(s.Context(), s.prefix+"session:customer:*").Result()
	if err != nil || len(keys) == 0 {
		s.Fatal(keys, err)
	}
	fresh := regexp.MustCompile(`"fresh":\d+`)
	for _, key := range keys {
		old, err := s.redis.Get(s.Context(), key).Result()
		if err != nil {
			s.Fatal(err)
		}
		past := fmt.Sprintf(`"fresh":%d`, time.Now().Add(-time.Minute).Unix())
		if err := s.redis.Set(s.Context(), key, fresh.ReplaceAllString(old, past), redis.KeepTTL).Err(); err != nil {
			s.Fatal(err)
		}
	}
}

// person is somebody at a browser.
type person struct {
	t       testing.TB
	tab     context.Context
	base    string
	scripts bool
	known   map[string]bool // pages inspected by anybody
}

// newcomer is somebody whom the portal has not seen, in a tab of their own.
func (s *stage) newcomer(t testing.TB, tab context.Context, scripts bool) *person {
	t.Helper()
	var options []browser.Option
	if !scripts {
		options = append(options, browser.WithoutScripts())
	}
	return &person{t: t, tab: browser.Person(t, tab, options...), base: s.base, scripts: scripts, known: s.known}
}

// staff is somebody who signs in to the desk.
func (s *stage) staff(t testing.TB, tab context.Context, scripts bool, email string) *person {
	t.Helper()
	p := s.newcomer(t, tab, scripts)
	p.open("/sign-in")
	p.fill("#email", email)
	p.fill("#password", company.Password)
	p.submit()
	return p
}

// open goes to a page, which must be there.
func (p *person) open(path string) {
	p.t.Helper()
	if status := browser.Open(p.t, p.tab, p.base+path); status != 200 {
		p.t.Fatalf("%s answers %d: %s", path, status, p.read())
	}
}

func (p *person) follow(selector string) {
	p.t.Helper()
	if status := browser.Follow(p.t, p.tab, selector); status != 200 {
		p.t.Fatalf("%s leads to %d: %s", selector, status, p.read())
	}
}

func (p *person) press(text string) {
	p.t.Helper()
	if status := browser.Press(p.t, p.tab, text); status != 200 {
		p.t.Fatalf("%q leads to %d: %s", text, status, p.read())
	}
}

// submit presses the main button of the page's form.
func (p *person) submit() {
	p.t.Helper()
	p.follow(`main form button.govuk-button`)
}

func (p *person) fill(selector, value string) {
	p.t.Helper()
	browser.Fill(p.t, p.tab, selector, value)
}

func (p *person) choose(selector string) {
	p.t.Helper()
	browser.Choose(p.t, p.tab, selector)
}

// pick chooses in a list.
func (p *person) pick(selector, value string) {
	p.t.Helper()
	browser.Do(p.t, p.tab, chromedp.SetValue(chromedp.CSS(selector), value))
}

// at is the path of the page.
func (p *person) at() string {
	p.t.Helper()
	return strings.TrimPrefix(browser.Run(p.t, p.tab, chromedp.Location()), p.base)
}

// read is what stands on the page, with single spaces.
func (p *person) read() string {
	p.t.Helper()
	return strings.Join(strings.Fields(browser.Text(p.t, p.tab, "body")), " ")
}

// sees fails the test unless the page says each of the texts.
func (p *person) sees(texts ...string) {
	p.t.Helper()
	text := p.read()
	for _, want := range texts {
		if !strings.Contains(text, want) {
			p.t.Fatalf("%s does not say %q: %s", p.at(), want, text)
		}
	}
}

// has tells whether there is such an element.
func (p *person) has(selector string) bool {
	p.t.Helper()
	return browser.Run(p.t, p.tab, chromedp.Evaluate[bool](fmt.Sprintf("!!document.querySelector(%q)", selector)))
}

// comesToSay waits until the page says a text by itself, without a reload.
func (p *person) comesToSay(text string) {
	p.t.Helper()
	browser.Run(p.t, p.tab, chromedp.Poll[bool](
		fmt.Sprintf("document.body.innerText.replace(/\\s+/g, ' ').includes(%q)", text),
		chromedp.WithPollingMutation(), chromedp.WithPollingTimeout(browser.StepLimit)))
}

// inspect looks at a page as people do who use it differently: with a screen
// reader, on a wide screen, on a phone. name is that of its picture. A page
// looks the same without scripts, so it is measured and painted once.
func (p *person) inspect(name string) {
	p.t.Helper()
	if p.known[name] {
		return
	}
	p.known[name] = true
	browser.Axe(p.t, p.tab)
	if !p.scripts {
		return
	}
	for _, width := range []int{1280, 390} {
		browser.Screenshot(p.t, p.tab, name, width)
	}
}

var (
	reference = regexp.MustCompile(`HB-[0-9A-Z]+(?:-[0-9A-Z]+)*`)
	sixDigits = regexp.MustCompile(`\b[0-9]{6}\b`)
)

// reference is the one that the page names.
func (p *person) reference() string {
	p.t.Helper()
	ref := reference.FindString(p.read())
	if ref == "" {
		p.t.Fatalf("%s names no reference: %s", p.at(), p.read())
	}
	return ref
}

// newest is the newest code mailed to an address, other than the one before.
func (s *stage) newest(email, before string) string {
	s.Helper()
	m, err := s.Mail.Wait(s.Deadline(), func(m mail.Captured) bool {
		return slices.Contains(m.To, email) && sixDigits.MatchString(m.Text) && sixDigits.FindString(m.Text) != before
	})
	if err != nil {
		s.Fatalf("no code mail: %v", err)
	}
	return sixDigits.FindString(m.Text)
}

// find is the case of a reference.
func (s *stage) find(ref string) *requests.Case {
	s.Helper()
	cs, err := s.Svc.ByReference(s.Context(), ref)
	if err != nil {
		s.Fatal(ref, err)
	}
	return cs
}
