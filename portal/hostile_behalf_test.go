package portal_test

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"habeas/requests"
	"habeas/requests/connect"
	"habeas/requests/mail"
	"habeas/requests/testkit/acme"
	"habeas/requests/testkit/company"
)

const counsel = "counsel@lawyers.example"

var (
	permission = append([]byte("%PDF-1.7\n"), strings.Repeat("signed ", 50)...)
	tokenLink  = regexp.MustCompile(`/(confirm|not-me|undo|cancel)\?token=([A-Za-z]+)`)
)

// forSomebody files as an agent for a person.
func (g *target) forSomebody(email string, rights ...string) *requests.Receipt {
	g.Helper()
	r, err := g.Svc.File(g.Context(), requests.Actor{Role: requests.Public}, requests.Filing{
		Rights: rights, Country: "DE", Locale: "en", Name: "Person Concerned", Identities: []connect.Identity{{Kind: "email", Value: email}},
		OnBehalf: &requests.Behalf{Kind: "agent", Name: "Ada Counsel", Email: counsel, Permission: permission},
	})
	if err != nil {
		g.Fatal(err)
	}
	return r
}

// mailed waits for the newest mail to an address about a request that holds a
// link of the kind, and returns its token.
func (g *target) mailed(email, reference, kind string) (token string) {
	g.Helper()
	_, err := g.Mail.Wait(g.Deadline(), func(m mail.Captured) bool {
		for _, l := range tokenLink.FindAllStringSubmatch(m.Text, -1) {
			if l[1] == kind && slices.Contains(m.To, email) && strings.Contains(m.Text, reference) {
				token = l[2]
			}
		}
		return token != ""
	})
	if err != nil {
		g.Fatalf("no %s link: %v", kind, err)
	}
	return token
}

// opens finds a request in a new browser and gives the code that is mailed.
func (g *target) opens(email, reference string) *http.Client {
	g.Helper()
	used := map[string]bool{}
	for _, m := range g.Mail.Messages() {
		used[sixDigits.FindString(m.Text)] = true
	}
	c := g.browser(requests.Public)
	if a := g.form(c, "/find", url.Values{"csrf": {g.csrf(c, "/find")}, "reference": {reference}}.Encode()); a.status != http.StatusSeeOther {
		g.Fatalf("find: %d %.300s", a.status, a.body)
	}
	m, err := g.Mail.Wait(g.Deadline(), func(m mail.Captured) bool {
		code := sixDigits.FindString(m.Text)
		return code != "" && !used[code] && slices.Contains(m.To, email)
	})
	if err != nil {
		g.Fatalf("no code: %v", err)
	}
	a := g.form(c, "/find/code", url.Values{"csrf": {g.csrf(c, "/find/code")}, "code": {sixDigits.FindString(m.Text)}}.Encode())
	if a.header.Get("Location") != "/status" {
		g.Fatalf("code: %d %s %.300s", a.status, a.header.Get("Location"), a.body)
	}
	return c
}

// Whose permission does not cover receiving the data is let in no longer once
// the person goes on with the request: neither by a token nor by the browser in
// which the code was given a moment ago.
func TestWhoHandedOverIsLetInNoLonger(t *testing.T) {
	g := attack(t, company.Options{})
	who := acme.Subjects()[3]
	r := g.forSomebody(who.Email, "access")
	g.Code(counsel, r.Reference) // mailed with the filing
	agent := g.opens(counsel, r.Reference)
	if a := g.send(agent, "GET", "/status", nil); a.status != 200 {
		t.Fatalf("the agent cannot follow the request: %d", a.status)
	}
	if _, err := g.Svc.DecidePermission(t.Context(), g.DPOs[0], r.ID, requests.PermissionDecision{Accepted: true, Reason: "Signed"}); err != nil {
		t.Fatal(err)
	}
	if _, err := g.Svc.ConfirmBehalf(t.Context(), g.mailed(who.Email, r.Reference, "confirm")); err != nil {
		t.Fatal(err)
	}
	g.Await(r.ID, requests.Review)
	k, err := g.Svc.Get(t.Context(), g.DPOs[1], r.ID)
	if err != nil {
		t.Fatal(err)
	}
	p, err := g.Svc.Plan(t.Context(), k, "", 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.Svc.Approve(t.Context(), g.DPOs[1], r.ID, p.Hash); err != nil {
		t.Fatal(err)
	}
	g.Await(r.ID, requests.Completed)
	id := r.ID.String()
	own := []string{
		"/status", "/status/reply", "/status/appeal", "/status/stop", "/download", "/api/v1/requests/" + id, "/api/v1/requests/" + id + "/package",
		"/api/v1/requests/" + id + "/receipt",
	}
	for _, path := range own {
		a := g.send(agent, "GET", path, nil)
		if a.status != 401 && !strings.HasPrefix(a.header.Get("Location"), "/session-ended") {
			t.Errorf("%s: %d %s %.200q", path, a.status, a.header.Get("Content-Type"), a.body)
		}
	}
	person := g.opens(who.Email, r.Reference)
	for _, path := range own {
		if a := g.send(person, "GET", path, nil); a.status != 200 {
			t.Errorf("the person at %s: %d %.200s", path, a.status, a.body)
		}
	}
}
