package api_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"habeas/portal/api"
	"habeas/portal/web"
	"habeas/requests"
	"habeas/requests/mail"
	"habeas/requests/testkit"
	"habeas/requests/testkit/company"
)

// portal is the API of a running company, over real HTTP.
type portal struct {
	*company.Company
	base string
	doc  document
	stop func() // ends open streams
	// Tokens of staff and of a service.
	dpo, dpo2, agent, auditor, admin, service string
}

func start(t *testing.T, opt company.Options, change ...func(*api.Deps)) *portal {
	t.Helper()
	p := &portal{Company: company.New(t, opt)}
	done := make(chan struct{})
	p.stop = func() {
		select {
		case <-done:
		default:
			close(done)
		}
	}
	rdb, prefix := testkit.Redis(t)
	deps := api.Deps{Svc: p.Svc, Done: done, Poll: 50 * time.Millisecond, Beat: 200 * time.Millisecond}
	for _, fn := range change {
		fn(&deps)
	}
	app, err := web.New(web.Config{
		BaseURL: "http://127.0.0.1", Redis: rdb, Prefix: prefix, Token: p.Svc.Token, Staff: p.Svc.User, Digest: p.Ring.Lookup,
		Limits: web.Limits{FilingsPerMinute: 10_000, GuessesPerMinute: 10_000, CallsPerSecond: 10_000},
		Log:    slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})),
	}, api.Routes(deps))
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p.base = "http://" + ln.Addr().String()
	served := make(chan error, 1)
	go func() { served <- app.Listener(ln) }()
	t.Cleanup(func() {
		p.stop()
		if err := app.ShutdownWithTimeout(10 * time.Second); err != nil {
			t.Errorf("shutdown: %v", err)
		}
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	p.tokens(t)
	p.doc = readDocument(t, p)
	return p
}

func (p *portal) tokens(t *testing.T) {
	t.Helper()
	of := func(a requests.Actor) string {
		id := uuid.MustParse(a.ID)
		token, err := p.Svc.NewToken(t.Context(), a, &id, "")
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	p.dpo, p.dpo2, p.agent, p.auditor, p.admin = of(p.DPOs[0]), of(p.DPOs[1]), of(p.Agent), of(p.Auditor), of(p.Admin)
	token, err := p.Svc.NewToken(t.Context(), p.Admin, nil, "newsletter")
	if err != nil {
		t.Fatal(err)
	}
	p.service = token
}

// reply is an answer.
type reply struct {
	t      testing.TB
	what   string
	Status int
	Header http.Header
	Body   []byte
}

// send makes a request; header pairs follow the body.
func (p *portal) send(t testing.TB, method, path, token string, body []byte, header ...string) reply {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, p.base+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("%s %s: read body: %v", method, path, err)
	}
	r := reply{t: t, what: method + " " + path, Status: res.StatusCode, Header: res.Header, Body: raw}
	p.doc.check(t, method, path, r)
	return r
}

func (p *portal) get(t testing.TB, path, token string) reply {
	t.Helper()
	return p.send(t, http.MethodGet, path, token, nil)
}

// post sends v as JSON; a string is sent as it is.
func (p *portal) post(t testing.TB, path, token string, v any, header ...string) reply {
	t.Helper()
	raw, ok := v.(string)
	if !ok {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		raw = string(b)
	}
	return p.send(t, http.MethodPost, path, token, []byte(raw), header...)
}

// want fails the test unless the status is as it should be.
func (r reply) want(status int) reply {
	r.t.Helper()
	if r.Status != status {
		r.t.Fatalf("%s: %d, want %d: %s", r.what, r.Status, status, r.Body)
	}
	return r
}

// problem wants a refusal with this status and code, and returns its fields.
func (r reply) problem(status int, code string) []string {
	r.t.Helper()
	r.want(status)
	var p struct {
		Type, Title, Detail string
		Status              int
		Errors              []struct{ Field, Message string }
	}
	r.into(&p)
	if kind := r.Header.Get("Content-Type"); !strings.HasPrefix(kind, "application/problem+json") || p.Status != status || !strings.HasSuffix(p.Type, code) {
		r.t.Fatalf("%s: %s %+v, want a problem of type %s", r.what, kind, p, code)
	}
	var fields []string
	for _, e := range p.Errors {
		fields = append(fields, e.Field)
	}
	return fields
}

func (r reply) into(v any) {
	r.t.Helper()
	if err := json.Unmarshal(r.Body, v); err != nil {
		r.t.Fatalf("%s: %v: %s", r.what, err, r.Body)
	}
}

// object reads the answer as it is.
func (r reply) object() map[string]any {
	r.t.Helper()
	var v map[string]any
	r.into(&v)
	return v
}

// kase is what tests read of a case.
type kase struct {
	ID, Reference, Status, Result string
	Flags, Rights                 []string
	DueOn                         string `json:"due_on"`
	PlanHash                      string `json:"plan_hash"`
	Decisions                     []struct{ Right, Decision, Ground string }
	Deadlines                     []struct {
		Name, Due string
		Rules     []struct{ Cite, Text string }
	}
	Tasks []struct {
		ID, System, Stage, Status, Error string
		Attempts                         int
	}
	Outcomes  []struct{ System, Type, Key, Right, Outcome, Ground string }
	Approvals []struct{ User string }
}

type filed struct {
	ID, Reference, Status string
	Rights                []string
	Verification          *struct{ Channel string }
}

// fileFor files a request in the portal.
func (p *portal) fileFor(t testing.TB, email string, rights ...string) filed {
	t.Helper()
	var f filed
	p.post(t, "/api/v1/requests", "", map[string]any{
		"rights": rights, "country": "DE", "identities": []any{map[string]any{"kind": "email", "value": email}}, "locale": "en",
	}).want(201).into(&f)
	return f
}

// verify proves the address of a request and returns the customer's token.
func (p *portal) verify(t testing.TB, email string, f filed) string {
	t.Helper()
	return p.verifyWith(t, f, p.Code(email, f.Reference))
}

func (p *portal) verifyWith(t testing.TB, f filed, code string) string {
	t.Helper()
	var v struct {
		AccessToken string `json:"access_token"`
	}
	p.post(t, "/api/v1/requests/"+f.ID+"/verification", "", map[string]string{"code": code}).want(200).into(&v)
	return v.AccessToken
}

var sixDigits = regexp.MustCompile(`\b[0-9]{6}\b`)

// newCode waits for a code mailed after the old one.
func (p *portal) newCode(t testing.TB, email, reference, old string) string {
	t.Helper()
	m, err := p.Mail.Wait(p.Deadline(), func(m mail.Captured) bool {
		code := sixDigits.FindString(m.Text)
		return slices.Contains(m.To, email) && strings.Contains(m.Text+m.HTML, reference) && code != "" && code != old
	})
	if err != nil {
		t.Fatalf("no new code: %v", err)
	}
	return sixDigits.FindString(m.Text)
}

// await waits until a case has the status.
func (p *portal) await(t testing.TB, id string, want requests.Status) kase {
	t.Helper()
	p.Await(uuid.MustParse(id), want)
	return p.look(t, id)
}

func (p *portal) look(t testing.TB, id string) kase {
	t.Helper()
	var k kase
	p.get(t, "/api/v1/requests/"+id, p.dpo).want(200).into(&k)
	return k
}

// approve has both officers sign the plan in force.
func (p *portal) approve(t testing.TB, id string, tokens ...string) {
	t.Helper()
	hash := p.look(t, id).PlanHash
	for _, token := range tokens {
		p.post(t, "/api/v1/requests/"+id+"/approval", token, map[string]string{"plan_hash": hash}).want(202)
	}
}
