package portal_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"habeas/requests"
	"habeas/requests/testkit/acme"
	"habeas/requests/testkit/company"
)

// marks are words that stand for personal data, one for each place in which
// somebody types it.
type marks struct{ made map[string]string }

var marked = regexp.MustCompile(`(?i)leak[a-p]{4}quince`)

func (m *marks) of(where string) string {
	n := len(m.made)
	word := "Leak" + string([]byte{byte('a' + n/64%16), byte('a' + n/16%16), byte('a' + n/4%4), byte('a' + n%4)}) + "quince"
	m.made[strings.ToLower(word)] = where
	return word
}

// Everything that people type into requests for somebody else, staff filing,
// documents, replies, corrections, holds, complaints, letters and signals stands
// sealed, and nowhere else: not in the log, Redis, metrics, tables, events,
// reports, what auditors read, nor in what a refusal says.
func TestNothingTypedLeaks(t *testing.T) {
	g := attack(t, company.Options{Settings: everything})
	m := &marks{made: map[string]string{}}
	who := acme.Subjects()
	do := func(want int, method, path string, role requests.Role, body any) string {
		t.Helper()
		raw, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		a := g.call(method, path, role, string(raw))
		if a.status != want {
			t.Fatalf("%s %s: %d %s", method, path, a.status, a.body)
		}
		return a.body
	}
	type obj = map[string]any
	field := func(body, name string) string {
		t.Helper()
		found := regexp.MustCompile(`"` + name + `":"([^"]+)"`).FindStringSubmatch(body)
		if found == nil {
			t.Fatalf("no %s in %s", name, body)
		}
		return found[1]
	}

	// a browser's signal, and the site's own name of its visitor
	if a := g.send(http.DefaultClient, "POST", "/gpc", strings.NewReader(`{"gpc":true,"visitor":"`+m.of("visitor")+`@people.example"}`), "Origin", shop); a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	do(201, "POST", "/api/v1/consents", requests.ServiceRole, obj{"identity": obj{"kind": "email", "value": m.of("consent") + "@people.example"}, "purpose": "social_ads", "allowed": true})

	// entered by staff, to be corrected
	name := m.of("name")
	phoned := do(201, "POST", "/api/v1/requests", requests.Agent, obj{
		"rights": []string{"rectification"}, "country": "DE", "name": name, "message": m.of("message"), "channel": "phone",
		"received_at": time.Now().Add(-48 * time.Hour).UTC().Format(time.RFC3339), "reason": m.of("why late"),
		"identities":  []obj{{"kind": "email", "value": who[2].Email}, {"kind": "phone", "value": "+49 30 " + m.of("phone")}},
		"corrections": []obj{{"what": m.of("what"), "wrong": m.of("wrong"), "right": m.of("right")}},
	})
	first := uuid.MustParse(field(phoned, "id"))
	at := "/api/v1/requests/" + first.String()
	code := g.Code(who[2].Email, field(phoned, "reference"))
	g.tokens[requests.Customer] = field(do(200, "POST", at+"/verification", requests.Public, obj{"code": code}), "access_token")
	g.users[requests.Customer] = first.String()
	g.Await(first, requests.Review)
	if seen := do(200, "GET", at+"/personal-data?purpose=plan_review", requests.DPO, obj{}); !strings.Contains(seen, name) {
		t.Fatal("the desk does not see the name")
	}
	var fields struct {
		Items []struct{ System, Type, Key, Field string }
	}
	if err := json.Unmarshal([]byte(do(200, "GET", at+"/fields?purpose=plan_review", requests.DPO, obj{})), &fields); err != nil || len(fields.Items) == 0 {
		t.Fatal(fields, err)
	}
	for _, f := range fields.Items {
		if f.Type == "contacts" && strings.Contains(f.Field, "name") {
			do(202, "POST", at+"/corrections", requests.DPO, obj{"corrections": []obj{{
				"system": f.System, "type": f.Type, "key": f.Key, "field": f.Field, "value": m.of("new value"), "decision": "correct",
			}}})
			break
		}
	}
	g.Await(first, requests.Review)
	do(200, "POST", at+"/law", requests.DPO, obj{"country": "FR", "reason": m.of("law")})
	do(200, "POST", at+"/extension", requests.DPO, obj{"ground": "complexity", "reason": m.of("extension")})
	do(200, "POST", "/api/v1/requests/search", requests.Agent, obj{"identity": obj{"kind": "email", "value": m.of("search") + "@people.example"}})
	hold := do(201, "POST", "/api/v1/holds", requests.DPO, obj{
		"scope": "person", "ground": "litigation", "reason": m.of("hold"), "review_on": time.Now().AddDate(0, 1, 0).Format(time.DateOnly),
		"identities": []obj{{"kind": "email", "value": m.of("held person") + "@people.example"}},
	})
	do(200, "POST", "/api/v1/holds/"+field(hold, "id")+"/lift", requests.DPO, obj{"reason": m.of("lift")})
	customer := g.browser(requests.Customer)
	if a := g.form(customer, "/status/reply", url.Values{"csrf": {g.csrf(customer, "/status/reply")}, "text": {m.of("reply")}}.Encode()); a.status != 303 {
		t.Fatalf("reply: %d %.300s", a.status, a.body)
	}
	complaint := do(201, "POST", at+"/appeal", requests.Customer, obj{"kind": "complaint", "message": m.of("complaint")})
	matter := uuid.MustParse(field(complaint, "id"))
	if _, _, err := g.Svc.DecideMatter(t.Context(), g.DPOs[1], matter, requests.MatterDecision{Decision: "denied", Reason: m.of("decision"), Ground: "GDPR Art. 12"}); err != nil {
		t.Fatal(err)
	}
	g.asks(m, first)

	// somebody asks for somebody else
	filed := do(201, "POST", "/api/v1/requests", requests.Public, obj{
		"rights": []string{"erasure"}, "country": "DE", "name": m.of("person"), "message": m.of("message for somebody"),
		"identities": []obj{{"kind": "email", "value": who[5].Email}},
		"on_behalf": obj{
			"kind": "agent", "name": m.of("agent"), "email": m.of("agent's address") + "@lawyers.example",
			"permission": base64.StdEncoding.EncodeToString([]byte("%PDF-1.7 " + m.of("permission"))),
		},
	})
	second := uuid.MustParse(field(filed, "id"))
	at2 := "/api/v1/requests/" + second.String()
	agent := ""
	for word, where := range m.made {
		if where == "agent's address" {
			agent = "Leak" + strings.TrimPrefix(word, "leak") + "@lawyers.example"
		}
	}
	code2 := g.Code(agent, field(filed, "reference"))
	g.tokens[requests.Customer] = field(do(200, "POST", at2+"/verification", requests.Public, obj{"code": code2}), "access_token")
	do(200, "POST", at2+"/permission", requests.Agent, obj{"decision": "refused", "ground": "unreadable", "reason": m.of("refused permission")})
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	part, err := w.CreateFormFile("file", m.of("file name")+".pdf")
	if err == nil {
		_, err = part.Write([]byte("%PDF-1.7 " + m.of("document")))
	}
	if err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	if a := g.send(http.DefaultClient, "POST", at2+"/documents", &form, "Content-Type", w.FormDataContentType(), "Authorization", "Bearer "+g.tokens[requests.Customer]); a.status != 201 {
		t.Fatalf("document: %d %s", a.status, a.body)
	}
	do(200, "POST", at2+"/permission", requests.Agent, obj{"decision": "accepted", "receives": true, "reason": m.of("accepted permission")})
	c := g.browser(requests.Public)
	confirm := g.mailed(who[5].Email, field(filed, "reference"), "confirm")
	if a := g.form(c, "/confirm", url.Values{"csrf": {g.csrf(c, "/confirm?token="+confirm)}, "token": {confirm}}.Encode()); a.status != 303 {
		t.Fatalf("confirm: %d %.300s", a.status, a.body)
	}
	g.Await(second, requests.Review)

	said := g.refusals(m, at, at2)
	g.Code(agent, field(filed, "reference")) // the outbox is quiet
	places := g.places(first, second, matter)
	places["refusals"] = said
	for where, text := range places {
		for _, word := range marked.FindAllString(text, -1) {
			i := strings.Index(text, word)
			t.Errorf("%s holds what was typed as %s: …%s…", where, m.made[strings.ToLower(word)], text[max(0, i-120):min(len(text), i+120)])
		}
		for _, secret := range []string{g.tokens[requests.Customer], confirm, who[2].Email, who[5].Email} {
			if strings.Contains(strings.ToLower(text), strings.ToLower(secret)) {
				t.Errorf("%s holds a token or an address", where)
			}
		}
	}
	t.Logf("%d marks, %d places", len(m.made), len(places))
}

// asks sends a question to the customer with words of the desk's own.
func (g *target) asks(m *marks, id uuid.UUID) {
	g.Helper()
	officer := g.browser(requests.DPO)
	page := "/desk/cases/" + id.String() + "/ask/clarify"
	a := g.form(officer, page, url.Values{
		"csrf": {g.csrf(officer, page)}, "reason": {m.of("question")}, "items": {m.of("item")}, "until": {time.Now().AddDate(0, 0, 14).Format(time.DateOnly)},
	}.Encode())
	draft := a.header.Get("Location")
	if !strings.Contains(draft, "/drafts/") {
		g.Fatalf("question: %d %.500s", a.status, a.body)
	}
	words := url.Values{"csrf": {g.csrf(officer, draft)}, "reason": {m.of("question again")}, "note": {m.of("note")}, "person": {m.of("clerk")}}
	for _, action := range []string{"look", "send"} {
		words.Set("action", action)
		if a = g.form(officer, draft, words.Encode()); a.status != 303 {
			g.Fatalf("draft: %d %.500s", a.status, a.body)
		}
	}
	if strings.Contains(a.header.Get("Location"), "/drafts/") {
		g.Fatalf("not sent: %s", a.header.Get("Location"))
	}
}

// refusals sends what is wrong in every field, and returns what is said of it. A
// law's code and a ground that there is not are said back to the staff who gave
// them, and to nobody else.
func (g *target) refusals(m *marks, at, at2 string) (said string) {
	g.Helper()
	good := `{"rights":["erasure"],"country":"DE","name":"A B","identities":[{"kind":"email","value":"a@b.example"}]`
	for _, x := range []struct{ method, path, body string }{
		{"POST", "/api/v1/requests", good + `,"on_behalf":{"kind":"%s","name":"A","email":"a@b.example"}}`},
		{"POST", "/api/v1/requests", good + `,"on_behalf":{"kind":"agent","name":"A","email":"%s"}}`},
		{"POST", "/api/v1/requests", good + `,"on_behalf":{"kind":"agent","name":"A","email":"c@d.example","permission":"%s"}}`},
		{"POST", "/api/v1/requests", good + `,"on_behalf":{"kind":"parent","name":"A","email":"c@d.example","age":"%s"}}`},
		{"POST", "/api/v1/requests", good + `,"channel":"%s"}`},
		{"POST", "/api/v1/requests", good + `,"know":"%s"}`},
		{"POST", "/api/v1/requests", good + `,"restriction":"%s"}`},
		{"POST", "/api/v1/requests", good + `,"age_recipient":"%s"}`},
		{"POST", "/api/v1/requests", good + `,"received_at":"%s"}`},
		{"POST", "/api/v1/requests", good + `,"purposes":["%s"]}`},
		{"POST", "/api/v1/holds", `{"scope":"%s","ground":"litigation","reason":"x","review_on":"2027-01-01"}`},
		{"POST", "/api/v1/holds", `{"scope":"system","system":"%s","ground":"litigation","reason":"x","review_on":"2027-01-01"}`},
		{"POST", "/api/v1/holds", `{"scope":"records","system":"crm","records":[{"type":"%s","key":"1"}],"ground":"litigation","reason":"x","review_on":"2027-01-01"}`},
		{"POST", "/api/v1/holds", `{"scope":"person","identities":[{"kind":"email","value":"%s"}],"ground":"litigation","reason":"x","review_on":"2027-01-01"}`},
		{"POST", "/api/v1/holds", `{"scope":"system","system":"crm","ground":"%s","reason":"x","review_on":"2027-01-01"}`},
		{"POST", "/api/v1/holds", `{"scope":"system","system":"crm","ground":"litigation","reason":"x","review_on":"%s"}`},
		{"POST", at + "/appeal", `{"kind":"%s","message":"x"}`},
		{"POST", at + "/appeal", `{"kind":"complaint","rights":["%s"],"message":"x"}`},
		{"POST", at + "/law", `{"holidays":"%s","reason":"x"}`},
		{"POST", at + "/refusal", `{"right":"%s","ground":"excessive","reason":"x"}`},
		{"POST", at + "/proof", `{"proof":"%s","reason":"x"}`},
		{"POST", at + "/corrections", `{"corrections":[{"system":"%s","type":"x","key":"x","field":"x","decision":"correct","value":1}]}`},
		{"POST", at + "/recipients/" + uuid.NewString(), `{"result":"%s","reason":"x"}`},
		{"POST", at + "/approval", `{"plan_hash":"%s"}`},
		{"POST", at2 + "/permission", `{"decision":"%s","reason":"x"}`},
		{"POST", at2 + "/permission", `{"decision":"refused","ground":"%s","reason":"x"}`},
		{"POST", at2 + "/verification", `{"code":"%s"}`},
		{"POST", at2 + "/not-me", `{"token":"%s"}`},
		{"GET", "/api/v1/figures?law=%s", ``},
		{"GET", "/api/v1/figures?right=%s", ``},
		{"GET", "/api/v1/requests?flag=%s", ``},
		{"GET", "/api/v1/holds?lifted=%s", ``},
		{"GET", at + "/personal-data?purpose=%s", ``},
		{"GET", "/log/tile/%s", ``},
		{"GET", "/find?reference=%s", ``},
		{"GET", "/status/letters/%s", ``},
		{"GET", "/confirm?token=%s", ``},
		{"GET", "/undo?token=%s", ``},
		{"GET", "/%s", ``},
		{"POST", "/gpc", `{"gpc":"%s"}`},
	} {
		word := m.of(x.path + " " + x.body)
		path, body := x.path, x.body
		if strings.Contains(path, "%s") {
			path = fmt.Sprintf(path, word)
		} else {
			body = fmt.Sprintf(body, word)
		}
		a := g.call(x.method, path, requests.DPO, body)
		page := strings.Contains(a.header.Get("Content-Type"), "text/html")
		if a.status < 400 && !page {
			g.Errorf("%s %s takes %s: %d %.200s", x.method, x.path, x.body, a.status, a.body)
		}
		if !page { // which shows again what was typed
			said += a.body + "\n"
		}
	}
	return said
}
