package api_test

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"habeas/requests/testkit/acme"
)

// bodies sends what a strict reader refuses.
func bodies(t *testing.T, p *portal, who []acme.Subject) {
	good := fmt.Sprintf(`{"rights":["access"],"country":"DE","identities":[{"kind":"email","value":%q}]}`, who[0].Email)
	p.post(t, "/api/v1/requests", "", good).want(201)
	at := func(old, new string) string { return strings.Replace(good, old, new, 1) }
	for _, test := range []struct{ name, body, field string }{
		{"unknown member", at(`"country"`, `"colour":"red","country"`), "colour"},
		{"other case", at(`"country"`, `"Country"`), "Country"},
		{"unknown inside", at(`"kind"`, `"proven":true,"kind"`), "identities[0].proven"},
		{"double member", at(`"country":"DE"`, `"country":"DE","country":"FR"`), "country"},
		{"double inside", at(`"kind":"email"`, `"kind":"email","kind":"email"`), "identities[0].kind"},
		{"trailing data", good + `{}`, "body"},
		{"trailing text", good + `x`, "body"},
		{"cut", good[:len(good)-3], "identities[0]"},
		{"not UTF-8", at(`"country":"DE"`, "\"country\":\"D\xff\""), "country"},
		{"lone surrogate", at(`"country":"DE"`, `"country":"\ud800"`), "country"},
		{"not JSON", `rights=access`, "body"},
		{"a list", `[]`, "body"},
		{"a text", `"access"`, "body"},
		{"number for text", at(`"DE"`, `49`), "country"},
		{"text for list", at(`["access"]`, `"access"`), "rights"},
		{"object for text", at(`["access"]`, `[{}]`), "rights[0]"},
		{"text for object", at(`"country"`, `"on_behalf":"me","country"`), "on_behalf"},
		{"list for identity", at(`{"kind"`, `[1],{"kind"`), "identities[0]"},
		{"wrong time", at(`"country"`, `"received_at":"yesterday","country"`), "received_at"},
		{"missing rights", `{"country":"DE","identities":[{"kind":"email","value":"a@b.example"}]}`, "rights"},
		{"null", `null`, "rights"},
		{"empty", ``, "rights"},
		{"unknown right", at(`"access"`, `"everything"`), "rights"},
		{"country", at(`"DE"`, `"Germany"`), "country"},
		{"no identity", `{"rights":["access"],"country":"DE","identities":[]}`, "identities"},
		{"wrong kind", at(`"email"`, `"passport"`), "identities"},
		{"control character", at(`"country"`, `"name":"a\u0000b","country"`), "name"},
		{"channel", at(`"country"`, `"channel":"letter","country"`), "channel"},
		{"deep", strings.Repeat("[", 20000), "body"},
	} {
		r := p.post(t, "/api/v1/requests", "", test.body)
		fields := r.problem(400, "invalid-input")
		if len(fields) == 0 || !strings.HasPrefix(fields[0], test.field) {
			t.Errorf("%s: fields %v, want %s: %s", test.name, fields, test.field, r.Body)
		}
		if bytes.Contains(r.Body, []byte(who[0].Email)) {
			t.Errorf("%s: the answer repeats what was sent", test.name)
		}
	}
	p.send(t, http.MethodPost, "/api/v1/requests", "", []byte(good), "Content-Type", "text/plain").want(415)
	p.send(t, http.MethodPost, "/api/v1/requests", "", []byte(good), "Content-Encoding", "gzip").want(415)
	p.send(t, http.MethodDelete, "/api/v1/requests", "", nil).want(405)
	p.get(t, "/api/v1/nothing", p.dpo).want(404)

	// staff enter what came by letter
	letter := at(`"country"`, `"channel":"letter","received_at":"2026-11-01T10:00:00+01:00","reason":"Lay in the wrong tray","country"`)
	got := p.post(t, "/api/v1/requests", p.agent, letter).want(201).object()
	if got["received_at"] != "2026-11-01T09:00:00.000Z" {
		t.Errorf("received_at is %v", got["received_at"])
	}
	p.post(t, "/api/v1/requests", p.auditor, letter).problem(400, "invalid-input")
	p.post(t, "/api/v1/requests", p.dpo, strings.Replace(letter, "2026-11-01", "2031-11-01", 1)).problem(400, "invalid-input")
}

// idempotency: the first answer again, byte for byte, and nothing twice.
func idempotency(t *testing.T, p *portal, who []acme.Subject) {
	body := fmt.Sprintf(`{"rights":["access"],"country":"DE","identities":[{"kind":"email","value":%q}]}`, who[0].Email)
	key := uuid.NewString()
	file := func(body, key, token string) reply {
		return p.post(t, "/api/v1/requests", token, body, "Idempotency-Key", key)
	}
	first := file(body, key, "").want(201)
	again := file(body, key, "").want(201)
	if !bytes.Equal(first.Body, again.Body) || again.Header.Get("Content-Type") != first.Header.Get("Content-Type") {
		t.Errorf("second answer %s, first %s", again.Body, first.Body)
	}
	file(body+" ", key, "").problem(409, "idempotency-key-reused")
	if other := file(body, key, p.agent).want(201); bytes.Equal(other.Body, first.Body) {
		t.Error("another caller got the first caller's answer")
	}
	if other := file(body, uuid.NewString(), "").want(201); bytes.Equal(other.Body, first.Body) {
		t.Error("another key got the first answer")
	}

	// refusals are answers, too
	key = uuid.NewString()
	bad := file(`{"rights":[]}`, key, "").want(400)
	if again := file(`{"rights":[]}`, key, "").want(400); !bytes.Equal(bad.Body, again.Body) || again.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("second refusal %s %s", again.Header.Get("Content-Type"), again.Body)
	}
	// a call that was never answered, because its process died, can be made again
	key = uuid.NewString()
	lost := file(body, key, "").want(201)
	if _, err := p.DB.Exec(t.Context(), `update idempotency set sealed = null, expires_at = expires_at - interval '3 minutes'
		where key = (select key from idempotency order by expires_at desc limit 1)`); err != nil {
		t.Fatal(err)
	}
	if again := file(body, key, "").want(201); bytes.Equal(again.Body, lost.Body) {
		t.Error("the answer that nobody kept came back")
	}
	file(body, strings.Repeat("k", 256), "").problem(400, "invalid-input")
	file(body, "a b", "").problem(400, "invalid-input")

	// at the same time: one is carried out
	key = uuid.NewString()
	answers := make([]reply, 8)
	var wg sync.WaitGroup
	for i := range answers {
		wg.Go(func() { answers[i] = file(body, key, "") })
	}
	wg.Wait()
	for _, a := range answers {
		if a.want(201); !bytes.Equal(a.Body, answers[0].Body) {
			t.Errorf("%s, and %s", a.Body, answers[0].Body)
		}
	}
}
