package portal_test

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"net/textproto"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"habeas/portal/desk/casefile"
	"habeas/portal/session"
	"habeas/requests"
	"habeas/requests/testkit/company"
	"habeas/templates"
)

// BenchmarkPage compares two pages of the portal, with all that stands before
// them, with a bare fiber app that does the same work for them and nothing
// else: it reads the session from Redis, makes the same queries through the
// same functions, and renders the same templ page. What is measured is what
// the frame costs: roles, limits, CSRF, headers, deadlines, log lines. Both
// answer over loopback in turns, eight connections each. "ratio" is the desk's
// list, "ratio-small" the smallest page there is, a customer's with one query
// (the budget is 0.9; the best turn of each counts: other load only adds).
func BenchmarkPage(b *testing.B) {
	g := attack(b, company.Options{Workers: -1})
	if _, err := g.DB.Exec(b.Context(), `insert into cases (id, reference, status, rights, country, law, holiday_set, zone, channel, received_at, filed_at, due_on, sealed)
		select gen_random_uuid(), 'HB-' || n, 'review', '{erasure}', 'DE', 'EU', 'DE', 'Europe/Berlin', 'portal', now(), now(), current_date + n % 60, '\x00'
		from generate_series(1, 2000) n`); err != nil {
		b.Fatal(err)
	}
	filed := g.File("bench@mail.example", "erasure")
	g.users[requests.Customer] = filed.ID.String()
	floor := g.bare(b)
	staff, customer := g.cookie(requests.DPO), g.cookie(requests.Customer)
	list := versus(b, page(g.base, "/desk", staff), page(floor, "/desk", staff))
	small := versus(b, page(g.base, "/status/stop", customer), page(floor, "/status/stop", customer))
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(list, "ratio")
	b.ReportMetric(small, "ratio-small")
}

// cookie is the header that opens a session of the role.
func (g *target) cookie(role requests.Role) string {
	g.Helper()
	kind := session.Staff
	if role == requests.Customer {
		kind = session.Customer
	}
	token, err := session.NewStore(g.redis, g.deps.Prefix).Start(g.Context(), kind, g.users[role], time.Now().Add(time.Hour))
	if err != nil {
		g.Fatal(err)
	}
	return "habeas-" + string(kind) + "=" + token
}

// bare serves the floor and returns its address.
func (g *target) bare(b *testing.B) string {
	b.Helper()
	app := fiber.New(fiber.Config{DisableStartupMessage: true, Immutable: true})
	sessions := session.NewStore(g.redis, g.deps.Prefix)
	send := func(c *fiber.Ctx, p templ.Component) error {
		var out bytes.Buffer
		if err := p.Render(c.UserContext(), &out); err != nil {
			return err
		}
		c.Set(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
		return c.Send(out.Bytes())
	}
	app.Get("/desk", func(c *fiber.Ctx) error {
		s, ok, err := sessions.Get(c.UserContext(), session.Staff, c.Cookies("habeas-staff"), true)
		if err != nil || !ok {
			return fiber.ErrUnauthorized
		}
		u, err := g.Svc.User(c.UserContext(), uuid.MustParse(s.ID))
		if err != nil {
			return err
		}
		found, err := g.Svc.List(c.UserContext(), requests.Filter{})
		if err != nil {
			return err
		}
		counts, err := g.Svc.Counts(c.UserContext())
		if err != nil {
			return err
		}
		_, paused, err := g.Svc.Systems(c.UserContext())
		if err != nil {
			return err
		}
		v := templates.ListPage{Page: g.page(), Next: "/desk?cursor=" + found.Next, Paused: paused}
		for _, name := range append(requests.Rights(), g.Svc.SystemNames()...) {
			v.Rights = append(v.Rights, templates.Option{Value: name, Label: name})
		}
		v.Staff = &templates.Staff{Name: u.Name, Role: string(u.Role)}
		for group, n := range counts {
			v.Filters = append(v.Filters, templates.Filter{Key: group, Label: group, Count: n})
		}
		for _, cs := range found.Cases {
			v.Rows = append(v.Rows, casefile.Row(cs, time.Now()))
		}
		return send(c, templates.List(v))
	})
	app.Get("/status/stop", func(c *fiber.Ctx) error {
		s, ok, err := sessions.Get(c.UserContext(), session.Customer, c.Cookies("habeas-customer"), true)
		if err != nil || !ok {
			return fiber.ErrUnauthorized
		}
		id := uuid.MustParse(s.ID)
		cs, err := g.Svc.Get(c.UserContext(), requests.Actor{Role: requests.Customer, ID: s.ID}, id)
		if err != nil {
			return err
		}
		return send(c, templates.Confirm(templates.ConfirmPage{Page: g.page(), Key: "stop", Reference: cs.Reference, Action: "/status/stop", Back: "/status"}))
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	go func() { _ = app.Listener(l) }()
	b.Cleanup(func() { _ = app.Shutdown() })
	return "http://" + l.Addr().String()
}

func (g *target) page() templates.Page {
	return templates.Page{
		Brand: g.deps.Brand, CSRF: strings.Repeat("A", 44),
		Session: &templates.Session{Idle: session.Idle, KeepURL: "/session", EndURL: "/sign-out", EndedURL: "/session-ended"},
	}
}

// request is one page to be asked for, over and over.
type request struct {
	host string
	raw  []byte
}

func page(base, path, cookie string) request {
	host := strings.TrimPrefix(base, "http://")
	return request{host, fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: %s\r\nCookie: %s\r\nAccept: text/html\r\n\r\n", path, host, cookie)}
}

const (
	atOnce = 8
	turn   = 80 // requests
	turns  = 40
)

// versus returns the speed of ours as a part of the floor's.
func versus(b *testing.B, ours, floor request) float64 {
	b.Helper()
	ours.load(b, turn)
	floor.load(b, turn)
	o, f := time.Hour, time.Hour
	for range turns {
		o = min(o, ours.load(b, turn))
		f = min(f, floor.load(b, turn))
	}
	b.Logf("a page takes %v, its floor %v", o*atOnce/turn, f*atOnce/turn)
	return f.Seconds() / o.Seconds()
}

// load asks n times over a few connections. The client is as small as can be,
// so that it does not hide the difference.
func (r request) load(b *testing.B, n int) time.Duration {
	b.Helper()
	var wg sync.WaitGroup
	began := time.Now()
	for range atOnce {
		wg.Go(func() {
			conn, err := net.Dial("tcp", r.host)
			if err != nil {
				b.Error(err)
				return
			}
			defer conn.Close()
			in := bufio.NewReaderSize(conn, 64<<10)
			for range n / atOnce {
				if _, err := conn.Write(r.raw); err != nil {
					b.Error(err)
					return
				}
				if err := answered(in); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	if b.Failed() {
		b.FailNow()
	}
	return time.Since(began)
}

func answered(in *bufio.Reader) error {
	line, err := in.ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "HTTP/1.1 200") {
		return fmt.Errorf("answer %q: %w", line, err)
	}
	header, err := textproto.NewReader(in).ReadMIMEHeader()
	if err != nil {
		return err
	}
	length, err := strconv.Atoi(header.Get("Content-Length"))
	if err != nil {
		return err
	}
	_, err = in.Discard(length)
	return err
}
