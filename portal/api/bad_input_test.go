package api_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"habeas/requests/testkit"
	"habeas/requests/testkit/company"
)

// frozen is a portal at a moment that the test moves, with one request of 1
// June 2026, due on 1 July, that staff entered.
func frozen(t *testing.T, law ...string) (*portal, *testkit.Clock, string) {
	t.Helper()
	clk := testkit.NewClock(time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC))
	p := start(t, company.Options{Workers: -1, Now: clk.Now})
	country := "DE"
	if len(law) > 0 {
		country = law[0]
	}
	var f filed
	p.post(t, "/api/v1/requests", p.agent, map[string]any{
		"rights": []string{"access"}, "country": country, "channel": "letter", "identities": []any{map[string]any{"kind": "email", "value": "nobody@people.example"}},
	}).want(201).into(&f)
	return p, clk, f.ID
}

// refusedWith wants a refusal that names the field and says these words, and
// that nothing at all was changed.
func (p *portal) refusedWith(t *testing.T, id string, status int, code, field string, says []string, call func() reply) {
	t.Helper()
	before := p.State(uuid.MustParse(id))
	r := call()
	if fields := r.problem(status, code); field != "" && !slices.Contains(fields, field) {
		t.Errorf("%s names the fields %v, want %s: %s", r.what, fields, field, r.Body)
	}
	for _, want := range says {
		if !strings.Contains(plainBody(r), want) {
			t.Errorf("%s does not say %q: %s", r.what, want, r.Body)
		}
	}
	if after := p.State(uuid.MustParse(id)); after != before {
		t.Errorf("%s was refused and changed something:\n%s\n%s", r.what, before, after)
	}
}

// plainBody is the answer without JSON's escapes.
func plainBody(r reply) string {
	var v any
	r.into(&v)
	var words []string
	var walk func(any)
	walk = func(v any) {
		switch x := v.(type) {
		case string:
			words = append(words, x)
		case []any:
			for _, y := range x {
				walk(y)
			}
		case map[string]any:
			for _, y := range x {
				walk(y)
			}
		}
	}
	walk(v)
	return strings.Join(words, "\n")
}

func TestBadInput_AnImpossibleDateChangesNothing(t *testing.T) {
	p, _, id := frozen(t, "CH")
	one := "/api/v1/requests/" + id
	for _, day := range []string{"2026-02-30T10:00:00Z", "2026-13-01T00:00:00Z", "2026-06-31T00:00:00Z", "yesterday"} {
		p.refusedWith(t, id, 400, "invalid-input", "received_at", []string{"RFC 3339", "calendar"}, func() reply {
			return p.post(t, "/api/v1/requests", p.agent, map[string]any{
				"rights": []string{"access"}, "country": "DE", "channel": "letter", "reason": "Found in the post", "received_at": day,
				"identities": []any{map[string]any{"kind": "email", "value": "nobody@people.example"}},
			})
		})
	}
	for _, day := range []string{"2026-02-30", "2026-09-31", "30.9.2026", "soon"} {
		p.refusedWith(t, id, 400, "invalid-input", "until", []string{"calendar", "YYYY-MM-DD"}, func() reply {
			return p.post(t, one+"/extension", p.dpo, map[string]string{"ground": "necessary", "reason": "Many systems", "until": day})
		})
		for _, query := range []string{"from=", "to="} {
			p.refusedWith(t, id, 400, "invalid-input", strings.TrimSuffix(query, "="), []string{"calendar"}, func() reply {
				return p.get(t, "/api/v1/figures?"+query+day, p.dpo)
			})
		}
	}
}

func TestBadInput_AReceivedDateInTheFutureChangesNothing(t *testing.T) {
	p, clk, id := frozen(t)
	for name, at := range map[string]time.Time{"a minute": clk.Now().Add(time.Minute), "a year": clk.Now().AddDate(1, 0, 0)} {
		p.refusedWith(t, id, 400, "invalid-input", "received_at", []string{"future", "Reg. 1182/71 Art. 3(1)"}, func() reply {
			return p.post(t, "/api/v1/requests", p.agent, map[string]any{
				"rights": []string{"access"}, "country": "DE", "channel": "letter", "reason": "Found in the post, " + name, "received_at": at.Format(time.RFC3339),
				"identities": []any{map[string]any{"kind": "email", "value": "nobody@people.example"}},
			})
		})
	}
}

func TestBadInput_AnExtensionAfterTheDueDateChangesNothing(t *testing.T) {
	p, clk, id := frozen(t)
	one := "/api/v1/requests/" + id
	in := map[string]string{"ground": "complexity", "reason": "Many systems"}
	for _, x := range []struct {
		body map[string]string
		want string
	}{
		{map[string]string{}, "GDPR Art. 12(3)"},
		{map[string]string{"ground": "holidays", "reason": "Many people are away"}, "GDPR Art. 12(3)"},
	} {
		p.refusedWith(t, id, 422, "not-lawful", "", []string{x.want}, func() reply { return p.post(t, one+"/extension", p.dpo, x.body) })
	}
	p.refusedWith(t, id, 400, "invalid-input", "until", []string{"GDPR Art. 12(3)"}, func() reply {
		return p.post(t, one+"/extension", p.dpo, map[string]string{"ground": "complexity", "reason": "Many systems", "until": "2026-09-30"})
	})
	clk.Set(time.Date(2026, 7, 2, 12, 0, 0, 0, time.UTC))
	p.refusedWith(t, id, 422, "not-lawful", "", []string{"1 July 2026", "can no longer be extended", "GDPR Art. 12(3)"}, func() reply {
		return p.post(t, one+"/extension", p.dpo, in)
	})
	clk.Set(time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)) // the due date itself
	p.post(t, one+"/extension", p.dpo, in).want(200)
	p.refusedWith(t, id, 422, "not-lawful", "", []string{"second extension", "GDPR Art. 12(3)"}, func() reply { return p.post(t, one+"/extension", p.dpo, in) })
}

func TestBadInput_ARefusalWithoutAGroundChangesNothing(t *testing.T) {
	p, _, id := frozen(t)
	one := "/api/v1/requests/" + id
	for _, x := range []struct {
		name   string
		status int
		code   string
		body   map[string]string
		says   string
	}{
		{"no ground", 422, "not-lawful", map[string]string{"reason": "We would rather not"}, "needs its ground; give one of unfounded, excessive"},
		{"an invented one", 422, "not-lawful", map[string]string{"ground": "too_busy", "reason": "We are busy"}, "(GDPR Art. 15)"},
		{"that of another right", 422, "not-lawful", map[string]string{"ground": "legal_claims", "reason": "A claim is pending"}, "(GDPR Art. 15)"},
		{"one for single records", 422, "not-lawful", map[string]string{"ground": "15(4)", "reason": "Others are named"}, "Art. 15(4)"},
		{"a right that nobody wanted", 400, "invalid-input", map[string]string{"ground": "excessive", "reason": "x", "right": "erasure"}, "does not ask for this right"},
	} {
		t.Run(x.name, func(t *testing.T) {
			p.refusedWith(t, id, x.status, x.code, "", []string{x.says}, func() reply { return p.post(t, one+"/refusal", p.dpo, x.body) })
		})
	}
}

// The law of a request is corrected with a reason, within the table, and its
// clock is another one.
func TestLawIsCorrected(t *testing.T) {
	p, _, id := frozen(t)
	law := "/api/v1/requests/" + id + "/law"
	for _, x := range []struct {
		body  map[string]string
		field string
		says  string
	}{
		{map[string]string{"country": "CH"}, "reason", "why another law applies"},
		{map[string]string{"country": "Switzerland", "reason": "x"}, "country", "two letters"},
		{map[string]string{"country": "US", "region": "California!", "reason": "x"}, "region", "short code"},
		{map[string]string{"law": "XX", "reason": "x"}, "law", "use one of"},
		{map[string]string{"holidays": "Mars", "reason": "x"}, "set", "use one of"},
		{map[string]string{"country": "CH", "reason": strings.Repeat("x", 2001)}, "reason", "2000"},
	} {
		p.refusedWith(t, id, 400, "invalid-input", x.field, []string{x.says}, func() reply { return p.post(t, law, p.agent, x.body) })
	}
	p.refusedWith(t, id, 409, "same-law", "", nil, func() reply {
		return p.post(t, law, p.agent, map[string]string{"country": "DE", "reason": "Nothing new"})
	})
	p.refusedWith(t, id, 400, "invalid-input", "until", nil, func() reply { return p.post(t, law, p.agent, map[string]string{"reason": "x", "until": "2026-01-01"}) })
	for name, token := range map[string]string{"auditor": p.auditor, "admin": p.admin} {
		if r := p.post(t, law, token, map[string]string{"country": "CH", "reason": "x"}); r.Status != 403 {
			t.Errorf("%s: %d", name, r.Status)
		}
	}
	p.post(t, law, "", map[string]string{"country": "CH", "reason": "x"}).want(401)

	var k struct {
		Law   string
		DueOn string `json:"due_on"`
	}
	p.post(t, law, p.agent, map[string]string{"country": "US", "region": "VA", "reason": "The person lives in Richmond."}).want(200).into(&k)
	if k.Law != "VA" || k.DueOn != "2026-07-16" {
		t.Errorf("under %s, due %s", k.Law, k.DueOn)
	}
	var line string
	if err := p.DB.QueryRow(t.Context(), `select e.line from events e where e.case_id = $1 and e.kind = 'law.corrected'`, id).Scan(&line); err != nil || strings.Contains(line, "Richmond") {
		t.Errorf("%s, %v", line, err)
	}
	var e struct {
		Data struct{ From, To, Law, Previous string }
	}
	if err := json.Unmarshal([]byte(line), &e); err != nil || e.Data.From != "2026-07-01" || e.Data.To != "2026-07-16" || e.Data.Law != "VA" || e.Data.Previous != "EU" {
		t.Errorf("the log says %+v, %v", e.Data, err)
	}
}
