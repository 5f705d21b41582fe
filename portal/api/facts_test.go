package api_test

import (
	"strings"
	"testing"
	"time"

	"habeas/requests"
	"habeas/requests/testkit/acme"
)

// facts files in California without a name: the mailed code is one detail, and
// the law asks for two. A customer of the API gives the second there, and is
// answered like a stranger who does.
func facts(t *testing.T, p *portal, who []acme.Subject) {
	file := func(email string) (string, string) {
		var f filed
		p.post(t, "/api/v1/requests", "", map[string]any{"rights": []string{"erasure"}, "country": "US", "region": "CA", "identities": []any{email}, "locale": "en"}).want(201).into(&f)
		customer := p.verify(t, email, f)
		p.await(t, f.ID, requests.Review)
		return f.ID, customer
	}
	known, customer := file(who[0].Email)
	unknown, stranger := file("nobody.to.compare@unknown.example")
	at := func(id string) string { return "/api/v1/requests/" + id + "/facts" }

	hash := p.look(t, known).PlanHash
	p.post(t, "/api/v1/requests/"+known+"/approval", p.dpo, map[string]string{"plan_hash": hash}).problem(409, "identity-open")
	asked := p.get(t, at(known), customer).want(200)
	if v := asked.object(); v["points"] != 2.0 || !strings.Contains(string(asked.Body), `"phone"`) || v["left"] != 3.0 {
		t.Errorf("asked: %s", asked.Body)
	}
	if other := p.get(t, at(unknown), stranger).want(200); string(other.Body) != string(asked.Body) {
		t.Errorf("a stranger is asked otherwise: %s, %s", other.Body, asked.Body)
	}
	p.post(t, at(known), customer, map[string]any{"facts": map[string]string{"shoe_size": "43"}}).problem(400, "invalid-input")
	p.post(t, at(known), customer, map[string]any{}).problem(400, "invalid-input")
	p.post(t, at(known), p.dpo, map[string]any{"facts": map[string]string{"phone": who[0].Phone}}).problem(403, "not-allowed")

	given := map[string]any{"facts": map[string]string{"phone": who[0].Phone}}
	mine, theirs := p.post(t, at(known), customer, given).want(202).object(), p.post(t, at(unknown), stranger, given).want(202).object()
	if mine["left"] != 2.0 || theirs["left"] != 2.0 || mine["given_at"] == nil || theirs["given_at"] == nil {
		t.Errorf("answers: %v, %v", mine, theirs)
	}
	// once it was compared, the officers can approve
	ctx := p.Deadline()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for p.post(t, "/api/v1/requests/"+known+"/approval", p.dpo, map[string]string{"plan_hash": hash}).Status != 202 {
		select {
		case <-ctx.Done():
			t.Fatal("two details agree, and the plan cannot be approved")
		case <-tick.C:
		}
	}
	p.post(t, "/api/v1/requests/"+unknown+"/approval", p.dpo, map[string]string{"plan_hash": p.look(t, unknown).PlanHash}).problem(409, "identity-open")
}
