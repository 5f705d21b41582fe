package portal_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"habeas/requests"
	"habeas/requests/testkit/acme"
	"habeas/requests/testkit/company"
)

// atOnceCalls makes n calls at the same time and counts their statuses.
func atOnceCalls(n int, call func(i int) got) map[int]int {
	var mu sync.Mutex
	var wg sync.WaitGroup
	out := map[int]int{}
	for i := range n {
		wg.Go(func() {
			a := call(i)
			mu.Lock()
			defer mu.Unlock()
			out[a.status]++
		})
	}
	wg.Wait()
	return out
}

// Many wrong codes at once count as many: five kill a code, twenty an address
// for the day, over all its cases.
func TestCodesTriedAtOnce(t *testing.T) {
	g := attack(t, company.Options{Workers: -1})
	email := acme.Subjects()[0].Email
	var paths []string
	for range 6 {
		r := g.File(email, "access")
		code := g.Code(email, r.Reference)
		wrong := "000000"
		if code == wrong {
			wrong = "000001"
		}
		paths = append(paths, "/api/v1/requests/"+r.ID.String()+"/verification", `{"code":"`+wrong+`"}`)
	}
	first := atOnceCalls(12, func(int) got { return g.call("POST", paths[0], requests.Public, paths[1]) })
	if first[422] != 4 || first[429] != 8 {
		t.Errorf("12 wrong codes at once: %v", first)
	}
	rest := atOnceCalls(50, func(i int) got {
		n := 2 + 2*(i%5)
		return g.call("POST", paths[n], requests.Public, paths[n+1])
	})
	var misses int
	if err := g.DB.QueryRow(t.Context(), `select count(*) from code_misses`).Scan(&misses); err != nil {
		t.Fatal(err)
	}
	if misses != 20 || rest[422]+rest[429] != 50 {
		t.Errorf("%d wrong codes were tried in a day: %v", misses, rest)
	}
}

// A stored answer is no way to try codes uncounted: keys of callers without a
// sign-in are their own.
func TestIdempotencyKeysAreNoOracle(t *testing.T) {
	g := attack(t, company.Options{Workers: -1})
	s := acme.Subjects()[0]
	r := g.File(s.Email, "access")
	path := "/api/v1/requests/" + r.ID.String() + "/verification"
	body := `{"code":"` + g.Code(s.Email, r.Reference) + `"}`
	send := func(address, body string) got {
		return g.send(http.DefaultClient, "POST", path, strings.NewReader(body), "Content-Type", "application/json", "Idempotency-Key", "1", "X-Forwarded-For", address)
	}
	if a := send("203.0.113.1", body); a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if a := send("203.0.113.1", body); a.status != 200 {
		t.Errorf("the same again: %d %s", a.status, a.body)
	}
	if a := send("203.0.113.1", `{"code":"123123"}`); a.status != 409 {
		t.Errorf("same key, other body: %d %s", a.status, a.body)
	}
	if a := send("203.0.113.2", body); a.status != 422 {
		t.Errorf("somebody else gets the first answer: %d %s", a.status, a.body)
	}
}

// Approvals at once: one person counts once, and the work begins once.
func TestApprovalsAtOnce(t *testing.T) {
	g := attack(t, company.Options{})
	s := acme.Subjects()[0]
	r := g.customer(s.Email, "erasure")
	g.Await(r.ID, requests.Review)
	one := "/api/v1/requests/" + r.ID.String()
	var plan struct {
		Hash    string `json:"plan_hash"`
		Records []struct{ System, Type, Key, Action string }
	}
	if err := json.Unmarshal([]byte(g.call("GET", one+"/plan", requests.DPO, "").body), &plan); err != nil || len(plan.Records) == 0 {
		t.Fatal(err)
	}
	first := plan.Records[0]
	for what, fields := range map[string]string{"no such field": `["nmae"]`, "another's SQL": `["id\" = 0; --"]`} {
		a := g.call("POST", one+"/plan/decisions", requests.DPO, fmt.Sprintf(`{"records":[{"system":%q,"type":%q,"key":%q,"action":"mask","fields":%s,"ground":"x"}]}`, first.System, first.Type, first.Key, fields))
		if a.status != 400 {
			t.Errorf("%s: %d %s", what, a.status, a.body)
		}
	}
	id := uuid.MustParse(g.DPOs[1].ID)
	second, err := g.Svc.NewToken(t.Context(), g.Admin, &id, "")
	if err != nil {
		t.Fatal(err)
	}
	body := `{"plan_hash":"` + plan.Hash + `"}`
	alone := atOnceCalls(6, func(int) got { return g.call("POST", one+"/approval", requests.DPO, body) })
	if alone[202] != 1 || alone[409] != 5 {
		t.Errorf("one person six times: %v", alone)
	}
	last := atOnceCalls(6, func(int) got {
		return g.send(http.DefaultClient, "POST", one+"/approval", strings.NewReader(body), "Content-Type", "application/json", "Authorization", "Bearer "+second)
	})
	if last[202] != 1 || last[409] != 5 {
		t.Errorf("the second six times: %v", last)
	}
	g.Await(r.ID, requests.Completed)
	var begun int
	if err := g.DB.QueryRow(t.Context(), `select count(*) from events where case_id = $1 and kind = 'status.changed' and line like '%"to":"executing"%'`, r.ID).Scan(&begun); err != nil || begun != 1 {
		t.Errorf("work began %d times: %v", begun, err)
	}
}

// Passwords tried at once lock the account like those tried in turn.
func TestPasswordsTriedAtOnce(t *testing.T) {
	g := attack(t, company.Options{Workers: -1})
	if _, err := g.Svc.AddUser(t.Context(), g.Admin, requests.Agent, "Noor Haddad", "noor@acme.example", company.Password); err != nil {
		t.Fatal(err)
	}
	try := func(password string) got {
		c := g.browser(requests.Public)
		return g.form(c, "/sign-in", url.Values{"csrf": {g.csrf(c, "/sign-in")}, "email": {"noor@acme.example"}, "password": {password}}.Encode())
	}
	wrong := try("wrong")
	if many := atOnceCalls(10, func(int) got { return try("wrong") }); many[422] != 10 {
		t.Errorf("wrong passwords: %v", many)
	}
	right := try(company.Password)
	strip := func(a got) string { return hiddenCSRF.ReplaceAllString(a.body, "") }
	if right.status != 422 || strip(right) != strip(wrong) {
		t.Errorf("the right password for a locked account: %d, and another page", right.status)
	}
	var failed int
	if err := g.DB.QueryRow(t.Context(), `select max(u.failed) from users u`).Scan(&failed); err != nil || failed > 5+2 {
		t.Errorf("%d passwords were tried before the account was locked: %v", failed, err)
	}
}
