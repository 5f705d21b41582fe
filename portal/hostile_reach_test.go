package portal_test

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"habeas/portal"
	"habeas/portal/web"
	"habeas/requests"
	"habeas/requests/connect"
	"habeas/requests/testkit/acme"
	"habeas/requests/testkit/company"
)

// ownBodies are good bodies of the calls that a customer may make on a request.
// A new one stands here, or TestCustomersReachNoOtherRequest fails.
var ownBodies = map[string]string{
	"/api/v1/requests/:id/withdrawal": `{}`,
	"/api/v1/requests/:id/appeal":     `{"kind":"complaint","message":"Nobody answers."}`,
	"/api/v1/requests/:id/facts":      `{"facts":{"phone":"+49 30 5550100"}}`,
	"/api/v1/requests/:id/documents":  `{"file":"` + base64.StdEncoding.EncodeToString(permission) + `"}`,
}

// A customer's token and browser open one request. Everything about another's is
// answered like one that does not exist, and nothing of it changes.
func TestCustomersReachNoOtherRequest(t *testing.T) {
	g := attack(t, company.Options{Settings: everything})
	who := acme.Subjects()
	other, err := g.Svc.File(t.Context(), requests.Actor{Role: requests.Public}, requests.Filing{ // takes every call of ownBodies
		Rights: []string{"access"}, Country: "DE", Locale: "en", Name: "Person Concerned", Identities: []connect.Identity{{Kind: "email", Value: who[1].Email}},
		OnBehalf: &requests.Behalf{Kind: "agent", Name: "Ada Counsel", Email: counsel},
	})
	if err != nil {
		t.Fatal(err)
	}
	g.Code(counsel, other.Reference)
	letters, err := g.Svc.Letters(t.Context(), g.caseOf(other.ID))
	if err != nil || len(letters) == 0 {
		t.Fatal(letters, err)
	}
	before := g.eventsOf(other.ID)
	own := g.customer(who[0].Email, "access")
	g.Await(own.ID, requests.Review)
	browser := g.browser(requests.Customer)
	seen := 0
	for _, r := range portal.Routes(g.deps) {
		if !slices.Contains(r.Roles, requests.Customer) || r.Kind == web.Page && !strings.Contains(r.Path, ":") {
			continue
		}
		seen++
		fill := func(id uuid.UUID) string {
			path := strings.NewReplacer(":id", id.String(), ":letter", letters[0].ID).Replace(r.Path)
			if path == "/api/v1/stream" {
				path += "?request=" + id.String()
			}
			return path
		}
		if strings.HasPrefix(fill(other.ID), "/api/v1/stream") { // one that is let in never ends
			if status := g.begins(browser, fill(other.ID)); status != http.StatusNotFound {
				t.Errorf("another's stream: %d", status)
			}
			continue
		}
		body, known := ownBodies[r.Path]
		if r.Method == http.MethodPost && !known {
			t.Errorf("%s is not in ownBodies", r.Path)
		}
		refused := func(how string, a got) {
			if a.status != http.StatusNotFound {
				t.Errorf("%s %s %s: %d %.200s", r.Method, r.Path, how, a.status, a.body)
			}
		}
		if r.Kind != web.Page {
			refused("with another's id", g.call(r.Method, fill(other.ID), requests.Customer, body))
			nobodys := g.call(r.Method, fill(uuid.New()), requests.Customer, body)
			refused("with nobody's id", nobodys)
			if theirs := g.call(r.Method, fill(other.ID), requests.Customer, body); theirs.body != nobodys.body {
				t.Errorf("%s tells another's request from none: %s, %s", r.Path, theirs.body, nobodys.body)
			}
		}
		if r.Method == http.MethodGet {
			refused("in a browser", g.send(browser, "GET", fill(other.ID), nil))
		}
	}
	if seen < 8 {
		t.Errorf("%d routes", seen)
	}
	if after := g.eventsOf(other.ID); after != before {
		t.Errorf("the other's request changed:\n%s\n%s", before, after)
	}
	// the same calls on the own request are no 404: the bodies are good
	for path, body := range ownBodies {
		if a := g.call("POST", strings.Replace(path, ":id", own.ID.String(), 1), requests.Customer, body); a.status == 404 || a.status == 400 {
			t.Errorf("%s on the own request: %d %s", path, a.status, a.body)
		}
	}
}

// begins asks and reads no more of the answer than how it begins.
func (g *target) begins(client *http.Client, path string) int {
	g.Helper()
	req, err := http.NewRequestWithContext(g.Context(), http.MethodGet, g.base+path, nil)
	if err != nil {
		g.Fatal(err)
	}
	res, err := client.Do(req)
	if err != nil {
		g.Fatal(err)
	}
	defer res.Body.Close()
	return res.StatusCode
}

func (g *target) caseOf(id uuid.UUID) *requests.Case {
	g.Helper()
	k, err := g.Svc.Get(g.Context(), g.Auditor, id)
	if err != nil {
		g.Fatal(err)
	}
	return k
}

func (g *target) eventsOf(id uuid.UUID) (out string) {
	g.Helper()
	rows, err := g.DB.Query(g.Context(), `select e.kind from events e where e.case_id = $1 and e.kind <> 'letter.sent' order by e.seq`, id)
	if err != nil {
		g.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var kind string
		if err := rows.Scan(&kind); err != nil {
			g.Fatal(err)
		}
		out += kind + " "
	}
	return out
}

// A link in a letter does the one thing that it says: its token opens no other
// page, signs nobody in, and is no key to the API.
func TestLinksInLettersDoOneThing(t *testing.T) {
	g := attack(t, company.Options{})
	who := acme.Subjects()
	behalf := g.forSomebody(who[3].Email, "erasure")
	out := g.File(who[4].Email, "opt_out")
	tokens := map[string]string{
		"confirm": g.mailed(who[3].Email, behalf.Reference, "confirm"), "not-me": g.mailed(counsel, behalf.Reference, "not-me"),
		"undo": g.mailed(who[4].Email, out.Reference, "undo"),
	}
	for kind, token := range tokens {
		for _, path := range []string{"/confirm", "/not-me", "/undo", "/cancel"} {
			if path == "/"+kind || kind == "confirm" && path == "/not-me" { // the person stops it by the same link
				continue
			}
			c := g.browser(requests.Public)
			if a := g.send(c, "GET", path+"?token="+token, nil); a.status != http.StatusGone {
				t.Errorf("%s opens %s: %d", kind, path, a.status)
			}
			body := url.Values{"csrf": {g.csrf(c, "/find")}, "token": {token}}.Encode()
			if a := g.form(c, path, body); a.status != http.StatusGone {
				t.Errorf("%s does %s: %d", kind, path, a.status)
			}
		}
		for _, id := range []string{behalf.ID.String(), out.ID.String()} {
			for _, path := range []string{"", "/receipt", "/package"} {
				if a := g.send(http.DefaultClient, "GET", "/api/v1/requests/"+id+path, nil, "Authorization", "Bearer "+token); a.status != http.StatusUnauthorized {
					t.Errorf("%s is a key to %s: %d %.200s", kind, path, a.status, a.body)
				}
			}
		}
		c := g.browser(requests.Public)
		g.send(c, "GET", "/"+kind+"?token="+token, nil)
		if a := g.send(c, "GET", "/status", nil); a.status == http.StatusOK {
			t.Errorf("%s signs in", kind)
		}
	}
	// looking changes nothing, and a link that was used does not act again
	if k := g.caseOf(behalf.ID); k.Status != requests.Filed {
		t.Errorf("after looks it is %s", k.Status)
	}
	stop := func() got {
		c := g.browser(requests.Public)
		return g.form(c, "/not-me", url.Values{"csrf": {g.csrf(c, "/find")}, "token": {tokens["confirm"]}}.Encode())
	}
	if a := stop(); a.status != http.StatusSeeOther {
		t.Fatalf("%d", a.status)
	}
	before := g.eventsOf(behalf.ID)
	stop()
	c := g.browser(requests.Public)
	g.form(c, "/confirm", url.Values{"csrf": {g.csrf(c, "/find")}, "token": {tokens["confirm"]}}.Encode())
	if k := g.caseOf(behalf.ID); k.Status != requests.Withdrawn || g.eventsOf(behalf.ID) != before {
		t.Errorf("a link acted after the end: %s %s", k.Status, g.eventsOf(behalf.ID))
	}
}
