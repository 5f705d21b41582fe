package api_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"habeas/requests"
	"habeas/requests/testkit/acme"
)

// holdsAndAppeals: a hold set and lifted over the API, and an appeal from its
// filing to the request that is done again.
func holdsAndAppeals(t *testing.T, p *portal, who []acme.Subject) {
	body := map[string]any{
		"scope": "person", "identities": []any{map[string]any{"kind": "customer_id", "value": who[0].CustomerID}},
		"ground": "litigation", "review_on": time.Now().AddDate(0, 2, 0).Format(time.DateOnly), "reason": "Suit about a tent",
	}
	var h struct {
		ID, Scope, Ground string
		ReviewOn          string `json:"review_on"`
		LiftedAt          string `json:"lifted_at"`
		Things, Cases     int
	}
	p.post(t, "/api/v1/holds", p.agent, body).want(403)
	p.post(t, "/api/v1/holds", p.dpo, body).want(201).into(&h)
	bad := map[string]any{}
	for k, v := range body {
		bad[k] = v
	}
	bad["review_on"] = "soon"
	p.post(t, "/api/v1/holds", p.dpo, bad).problem(400, "invalid-input")
	bad["review_on"], bad["identities"] = body["review_on"], []any{}
	p.post(t, "/api/v1/holds", p.dpo, bad).problem(400, "invalid-input")

	f := p.fileFor(t, who[0].Email, "erasure")
	p.verify(t, who[0].Email, f)
	p.await(t, f.ID, requests.Review)
	r := p.get(t, "/api/v1/holds", p.auditor).want(200)
	if !strings.Contains(string(r.Body), h.ID) || strings.Contains(string(r.Body), who[0].CustomerID) || strings.Contains(string(r.Body), "tent") {
		t.Errorf("the list of holds: %s", r.Body)
	}
	p.get(t, "/api/v1/holds?lifted=perhaps", p.dpo).problem(400, "invalid-input")
	p.post(t, "/api/v1/holds/"+h.ID+"/lift", p.dpo2, map[string]string{}).problem(400, "invalid-input")
	p.post(t, "/api/v1/holds/"+h.ID+"/lift", p.dpo2, map[string]string{"reason": "Settled"}).want(200).into(&h)
	if h.LiftedAt == "" || h.Cases != 1 {
		t.Errorf("%+v", h)
	}
	p.post(t, "/api/v1/holds/"+h.ID+"/lift", p.dpo2, map[string]string{"reason": "Settled"}).problem(409, "hold-lifted")
	p.post(t, "/api/v1/holds/"+uuid.NewString()+"/lift", p.dpo2, map[string]string{"reason": "Settled"}).problem(404, "no-such-hold")

	var v filed
	p.post(t, "/api/v1/requests", "", map[string]any{
		"rights": []string{"access"}, "country": "US", "region": "VA", "identities": []any{map[string]any{"kind": "email", "value": who[1].Email}},
	}).want(201).into(&v)
	customer := p.verify(t, who[1].Email, v)
	p.await(t, v.ID, requests.Review)
	one := "/api/v1/requests/" + v.ID
	p.post(t, one+"/appeal", customer, map[string]string{"kind": "appeal", "message": "No"}).problem(409, "nothing-denied")
	p.post(t, one+"/refusal", p.dpo, map[string]string{"ground": "excessive", "reason": "Asked nine times this month."}).want(200)
	p.post(t, one+"/appeal", "", map[string]string{"kind": "appeal", "message": "No"}).want(401)
	var m struct {
		ID, Reference, Kind, Of, Status, Result, Redo string
		DueOn                                         string `json:"due_on"`
	}
	p.post(t, one+"/appeal", customer, map[string]string{"kind": "appeal", "message": "It was once."}).want(201).into(&m)
	if m.Kind != "appeal" || m.Of != v.ID || m.Status != "review" || m.DueOn == "" {
		t.Errorf("%+v", m)
	}
	decision := map[string]any{"decision": "granted", "rights": []string{"access"}, "reason": "It was once, indeed."}
	p.post(t, "/api/v1/requests/"+m.ID+"/decision", p.agent, decision).want(403)
	p.post(t, "/api/v1/requests/"+m.ID+"/decision", p.dpo, decision).problem(403, "own-decision")
	p.post(t, "/api/v1/requests/"+m.ID+"/decision", p.dpo2, decision).want(200).into(&m)
	if m.Status != "closed" || m.Result != "granted" || m.Redo == "" {
		t.Errorf("%+v", m)
	}
	p.await(t, m.Redo, requests.Review)
	p.post(t, one+"/proof", p.agent, map[string]string{"proof": "document", "reason": "x"}).problem(409, "not-waiting")
}
