package portal_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"habeas/requests"
	"habeas/requests/connect"
	"habeas/requests/testkit/acme"
	"habeas/requests/testkit/browser"
	"habeas/requests/testkit/company"
)

const shop = "https://www.acme.example"

// surfer is a browser without a screen: what matters here is headers.
type surfer struct {
	*stage
	t *testing.T
	http.Client
}

func (s *stage) surfer(t *testing.T) *surfer {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &surfer{stage: s, t: t, Client: http.Client{Jar: jar}}
}

func (w *surfer) call(method, path, body string, headers ...string) (int, http.Header, string) {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), method, w.base+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Add(headers[i], headers[i+1])
	}
	resp, err := w.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, string(raw)
}

func (w *surfer) state(method, body string, headers ...string) map[string]any {
	w.t.Helper()
	code, _, raw := w.call(method, "/gpc", body, headers...)
	var out map[string]any
	if err := json.Unmarshal([]byte(raw), &out); err != nil || code != http.StatusOK {
		w.t.Fatalf("%d %s", code, raw)
	}
	return out
}

// signals counts the browsers that the company knows to be opted out.
func (s *stage) signals() (n int) {
	s.Helper()
	if err := s.DB.QueryRow(s.Context(), `select count(*) from signals`).Scan(&n); err != nil {
		s.Fatal(err)
	}
	return n
}

func gpcStage(t *testing.T) *stage {
	return setup(t, company.Options{Settings: requests.Settings{GPC: requests.GPC{
		Purposes: []string{"social_ads"}, Origins: []string{shop}, Since: "2026-01-01",
	}}})
}

const honoured = "Opt-Out Request Honored"

// law.md §8, 9: only Sec-GPC: 1 opts out, and nothing ever opts in.
func TestLaw8_09_SecGPC(t *testing.T) {
	t.Parallel()
	s := gpcStage(t)
	for _, no := range [][]string{nil, {"0"}, {"true"}, {"1, 1"}, {"1", "0"}, {""}, {"01"}} {
		w := s.surfer(t)
		var headers []string
		for _, v := range no {
			headers = append(headers, "Sec-GPC", v)
		}
		_, _, page := w.call(http.MethodGet, "/", "", headers...)
		if strings.Contains(page, honoured) {
			t.Errorf("Sec-GPC %q: the page says that an opt-out is honoured", no)
		}
		if st := w.state(http.MethodPost, "", headers...); st["opted_out"] != false || st["gpc"] != false {
			t.Errorf("Sec-GPC %q: %v", no, st)
		}
	}
	if n := s.signals(); n != 0 {
		t.Fatalf("%d browsers were opted out by what is no signal", n)
	}

	w := s.surfer(t)
	_, _, page := w.call(http.MethodGet, "/", "", "Sec-GPC", "1")
	if !strings.Contains(page, honoured) {
		t.Fatal("the page does not show the status")
	}
	_, _, page = w.call(http.MethodGet, "/help", "", "Sec-GPC", "1")
	if n := s.signals(); n != 1 || !strings.Contains(page, honoured) {
		t.Fatalf("%d browsers for one", n)
	}
	// later absent, or denied: it stays
	for _, later := range [][]string{nil, {"Sec-GPC", "0"}} {
		if _, _, page = w.call(http.MethodGet, "/", "", later...); !strings.Contains(page, honoured) {
			t.Errorf("later %q: the opt-out is gone", later)
		}
		if st := w.state(http.MethodPost, `{"gpc":false}`, later...); st["opted_out"] != true || st["status"] != honoured || st["ask_again_from"] == nil {
			t.Errorf("later %q: %v", later, st)
		}
	}
	var allowed, suppressed, events int
	err := s.DB.QueryRow(t.Context(), `select (select count(*) from consent_ledger where allowed), (select count(*) from suppressions where scope = 'social_ads'),
		(select count(*) from events where kind = 'consent.changed' and line like '%"source":"gpc"%')`).Scan(&allowed, &suppressed, &events)
	if err != nil || allowed != 0 || suppressed != 1 || events != 1 {
		t.Errorf("allowed %d, suppressed %d, events %d, %v", allowed, suppressed, events, err)
	}
	if _, _, page = w.call(http.MethodGet, "/sign-in", "", "Sec-GPC", "1"); strings.Contains(page, "hb-signal") {
		t.Error("the desk shows a customer's signal")
	}
	forged := s.surfer(t)
	if _, _, page = forged.call(http.MethodGet, "/", "", "Cookie", "habeas-signal="+strings.Repeat("A", 43)+".AAAA"); strings.Contains(page, honoured) {
		t.Error("a made-up cookie counts")
	}
}

// The company's own site passes the signal on.
func TestGPCFromTheCompanysSite(t *testing.T) {
	t.Parallel()
	s := gpcStage(t)
	w := s.surfer(t)
	code, h, _ := w.call(http.MethodOptions, "/gpc", "", "Origin", shop, "Access-Control-Request-Method", "POST")
	if code != http.StatusNoContent || h.Get("Access-Control-Allow-Origin") != shop || h.Get("Access-Control-Allow-Credentials") != "true" {
		t.Errorf("preflight %d %v", code, h)
	}
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodOptions} {
		code, h, _ := w.call(method, "/gpc", "", "Origin", "https://evil.example", "Sec-GPC", "1")
		if code != http.StatusForbidden || h.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s from another site: %d %v", method, code, h)
		}
	}
	if s.signals() != 0 {
		t.Fatal("a foreign site opted somebody out")
	}
	// a GET reads and never writes
	if st := w.state(http.MethodGet, "", "Origin", shop, "Sec-GPC", "1"); st["gpc"] != true || st["opted_out"] != false || s.signals() != 0 {
		t.Errorf("GET: %v", st)
	}
	st := w.state(http.MethodPost, `{"gpc":true,"visitor":"v-881"}`, "Origin", shop)
	if st["opted_out"] != true || st["status"] != honoured {
		t.Errorf("POST: %v", st)
	}
	service := requests.Actor{Role: requests.ServiceRole, ID: "shop"}
	visitor := connect.Identity{Kind: "visitor_id", Value: "v-881"}
	for purpose, refused := range map[string]bool{"social_ads": true, "marketing_email": false} {
		c, err := s.Svc.CheckConsent(t.Context(), visitor, purpose)
		if err != nil || c.Allowed || c.Since.IsZero() == refused {
			t.Errorf("%s: %+v, %v", purpose, c, err)
		}
		if ask := s.Svc.AskAgainFrom(purpose, c); (ask != nil) != refused || ask != nil && !ask.Equal(c.Since.AddDate(1, 0, 0)) {
			t.Errorf("%s: ask again from %v", purpose, ask)
		}
	}
	if _, err := s.Svc.RecordConsent(t.Context(), service, requests.ConsentEntry{Identity: visitor, Purpose: "social_ads", Allowed: true}); err != nil {
		t.Error("a visitor who asks for it cannot consent:", err)
	}
	for _, bad := range []string{`{"gpc":"1"}`, `{"gpc":1}`, `{"x":true}`, `{"gpc":true}{}`, `[`, `{"gpc":true,"visitor":"` + strings.Repeat("x", 200) + `"}`} {
		if code, _, _ := s.surfer(t).call(http.MethodPost, "/gpc", bad); code != http.StatusBadRequest {
			t.Errorf("%s: %d", bad, code)
		}
	}
	if n := s.signals(); n != 1 {
		t.Errorf("%d browsers", n)
	}
	_, h, body := w.call(http.MethodGet, "/.well-known/gpc.json", "")
	if body != `{"gpc":true,"lastUpdate":"2026-01-01"}` || !strings.HasPrefix(h.Get("Content-Type"), "application/json") {
		t.Errorf("gpc.json: %s", body)
	}
	_, h, body = w.call(http.MethodGet, "/gpc.js", "")
	if h.Get("Cross-Origin-Resource-Policy") != "cross-origin" || !strings.Contains(body, "globalPrivacyControl") || !strings.HasPrefix(h.Get("Content-Type"), "text/javascript") {
		t.Errorf("gpc.js: %v", h)
	}
}

// A company that neither sells nor shares has nothing to honour.
func TestGPCWhereNothingIsSold(t *testing.T) {
	t.Parallel()
	s := setup(t, company.Options{})
	w := s.surfer(t)
	if _, _, page := w.call(http.MethodGet, "/", "", "Sec-GPC", "1"); strings.Contains(page, honoured) || s.signals() != 0 {
		t.Error("a signal counts where nothing is sold or shared")
	}
	for _, path := range []string{"/gpc", "/gpc.js", "/.well-known/gpc.json"} {
		if code, _, _ := w.call(http.MethodGet, path, ""); code != http.StatusNotFound {
			t.Errorf("%s: %d", path, code)
		}
	}
}

// Who proves an address in such a browser is opted out as a person, in every
// system, once.
func TestGPCLinkedWithTheKnownCustomer(t *testing.T) {
	t.Parallel()
	s := gpcStage(t)
	who := acme.Subjects()[0]
	p := s.newcomer(t, browser.New(t), true)
	browser.Do(t, p.tab, chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: network.Headers{"Sec-GPC": "1"}})
		return err
	}))
	p.open("/")
	p.sees(honoured)
	p.inspect("subject-signal")
	r := s.File(who.Email, "access")
	filed := s.newest(who.Email, "")
	p.open("/find?reference=" + r.Reference)
	p.submit()
	p.fill("#code", s.newest(who.Email, filed))
	p.submit()
	p.sees(r.Reference, honoured)
	email := connect.Identity{Kind: "email", Value: who.Email}
	c, err := s.Svc.CheckConsent(t.Context(), email, "social_ads")
	if err != nil || c.Allowed || c.Since.IsZero() {
		t.Fatalf("%+v, %v", c, err)
	}
	p.open("/status")
	p.open("/status")
	page, err := s.Svc.List(t.Context(), requests.Filter{Right: "opt_out", Ended: true})
	if err != nil || len(page.Cases) != 1 {
		t.Fatalf("%+v, %v", page, err)
	}
	k := s.Await(page.Cases[0].ID, requests.Completed)
	if k.Channel != "gpc" || !slices.Equal(k.Purposes, []string{"social_ads"}) {
		t.Errorf("channel %s, purposes %v", k.Channel, k.Purposes)
	}
	var status string
	if err := s.CRM.QueryRow(t.Context(), `select distinct status from social.audience_members where crm_customer_id = $1`, who.CustomerID).Scan(&status); err != nil || status != "suppressed" {
		t.Errorf("audience is %q, %v", status, err)
	}
}
