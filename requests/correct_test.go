package requests_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"habeas/requests"
	"habeas/requests/clock"
	"habeas/requests/connect"
	"habeas/requests/evidence"
	"habeas/requests/mail"
	"habeas/requests/testkit/acme"
	"habeas/requests/testkit/company"
)

// fileCorrection files and proves a request for rectification.
func fileCorrection(c *company.Company, email, country, region string, list ...requests.ProposedCorrection) *requests.Receipt {
	c.Helper()
	r, err := c.Svc.File(c.Context(), requests.Actor{Role: requests.Public}, requests.Filing{
		Rights: []string{"rectification"}, Country: country, Region: region, Locale: "en", Corrections: list,
		Identities: []connect.Identity{{Kind: "email", Value: email}},
	})
	must(c.TB, err)
	c.Verify(email, r)
	c.Await(r.ID, requests.Review)
	return r
}

// GDPR Art. 16: what is wrong is mapped to fields by the desk, approved,
// corrected in the system, read again; what stays has its ground and reason.
func TestRectification(t *testing.T) {
	t.Parallel()
	set := registered()
	set.ErasureWait = 24 * time.Hour // of which a correction takes nothing: it destroys nothing
	c := company.New(t, company.Options{Settings: set})
	who := acme.Subjects()[8]
	r := fileCorrection(c, who.Email, "DE", "", requests.ProposedCorrection{What: "my given name", Wrong: "old", Right: "Zoë “Zo”"}, requests.ProposedCorrection{What: "birth date", Right: "1990-01-02"})
	before := allRows(c, who)
	k, err := c.Svc.Get(t.Context(), c.Auditor, r.ID)
	must(t, err)
	if !k.Has(requests.Attention) {
		t.Error("nobody is told that the corrections wait for somebody")
	}
	p := planOf(c, r.ID)
	_, err = c.Svc.Approve(t.Context(), c.DPOs[0], r.ID, p.Hash)
	refused(t, err, "corrections-open")

	_, err = c.Svc.Correctable(t.Context(), c.Agent, r.ID, "curiosity")
	refused(t, err, "invalid-input")
	_, err = c.Svc.Correctable(t.Context(), c.Auditor, r.ID, "plan_review")
	refused(t, err, "not-found")
	systems, err := c.Svc.Correctable(t.Context(), c.Agent, r.ID, "plan_review")
	must(t, err)
	var key string
	for _, s := range systems {
		for _, row := range s.Rows {
			if s.System == "crm" && row.Type == "contacts" {
				key = row.Key
			}
		}
	}
	fix := requests.Correction{System: "crm", Type: "contacts", Key: key, Field: "given_name", Decision: "correct", Value: json.RawMessage(`"Zoë “Zo”"`)}
	correct := func(list ...requests.Correction) error {
		_, err := c.Svc.Correct(t.Context(), c.Agent, r.ID, list)
		return err
	}
	for name, x := range map[string]requests.Correction{
		"somebody else's": {System: "crm", Type: "contacts", Key: "1999", Field: "given_name", Decision: "correct", Value: json.RawMessage(`"x"`)},
		"no such field":   {System: "crm", Type: "contacts", Key: key, Field: "nickname", Decision: "correct", Value: json.RawMessage(`"x"`)},
		"no value":        {System: "crm", Type: "contacts", Key: key, Field: "given_name", Decision: "correct"},
		"no decision":     {System: "crm", Type: "contacts", Key: key, Field: "given_name", Value: json.RawMessage(`"x"`)},
		"no reason":       {System: "crm", Type: "contacts", Key: key, Field: "birth_date", Decision: "refuse", Ground: "accurate"},
	} {
		if err := correct(x); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	refused(t, correct(requests.Correction{System: "crm", Type: "contacts", Key: key, Field: "birth_date", Decision: "refuse", Ground: "we like it", Reason: "x"}), "not-lawful")
	must(t, correct(fix, requests.Correction{
		System: "crm", Type: "contacts", Key: key, Field: "birth_date", Decision: "refuse", Ground: "accurate", Reason: "It is as in the passport that was shown",
	}))
	c.Await(r.ID, requests.Review)
	p = planOf(c, r.ID)
	if len(p.Records) != 1 || p.Records[0].Action != connect.Correct || !slices.Equal(p.Records[0].Fields, []string{"given_name"}) || p.Records[0].Fingerprint == "" {
		t.Fatalf("plan %+v", p.Records)
	}
	first := p.Records[0].Fingerprint
	fix.Value = json.RawMessage(`"Zoë"`)
	must(t, correct(fix))
	c.Await(r.ID, requests.Review)
	if p = planOf(c, r.ID); p.Records[0].Fingerprint == first {
		t.Error("an approval would sign another value")
	}
	c.Approve(r.ID)
	k = c.Await(r.ID, requests.Completed)
	if k.WaitUntil != nil {
		t.Errorf("it waited until %v", k.WaitUntil)
	}
	if got := list(c, `select given_name from crm.contacts where id = $1`, who.ContactID); !slices.Equal(got, []string{"Zoë"}) {
		t.Errorf("given name %v", got)
	}
	n, after := 0, allRows(c, who)
	for table, rows := range before {
		n += len(minus(rows, after[table]))
	}
	if n != 1 {
		t.Errorf("%d rows changed, want one", n)
	}
	if o := outcomes(c, r.ID); len(o) != 1 || !strings.HasSuffix(slices.Collect(maps.Keys(o))[0], "verified_corrected") {
		t.Errorf("outcomes %v", o)
	}
	if !k.Has(requests.Partial) || k.Decisions[0].Decision != "partial" {
		t.Errorf("flags %v, decisions %+v", k.Flags, k.Decisions)
	}
	var suppressed int
	must(t, c.DB.QueryRow(t.Context(), `select count(*) from suppressions`).Scan(&suppressed))
	if suppressed != 0 {
		t.Error("a correction put the person on the suppression list")
	}
	letter(c, who.Email, "Given name")
	letter(c, "privacy@dhl.example", "Correct the data about this person")
	if d := payloads[evidence.CorrectionDecided](c, r.ID); len(d) != 3 || d[1].Cite != "GDPR Art. 16" {
		t.Errorf("decided %+v", d)
	}
	report(c, r.ID)
}

// A filing says what is wrong and what is right.
func TestRectificationAsFiled(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{Workers: -1})
	file := func(rights []string, list ...requests.ProposedCorrection) error {
		_, err := c.Svc.File(t.Context(), requests.Actor{Role: requests.Public}, requests.Filing{
			Rights: rights, Country: "DE", Locale: "en", Corrections: list, Identities: []connect.Identity{{Kind: "email", Value: "a@b.example"}},
		})
		return err
	}
	must(t, file([]string{"rectification"}, requests.ProposedCorrection{What: "name", Right: "Ann"}, requests.ProposedCorrection{}))
	for name, err := range map[string]error{
		"nothing":       file([]string{"rectification"}),
		"half":          file([]string{"rectification"}, requests.ProposedCorrection{What: "name"}),
		"long":          file([]string{"rectification"}, requests.ProposedCorrection{What: "name", Right: strings.Repeat("x", 501)}),
		"many":          file([]string{"rectification"}, slices.Repeat([]requests.ProposedCorrection{{What: "name", Right: "x"}}, 21)...),
		"another right": file([]string{"access"}, requests.ProposedCorrection{What: "name", Right: "x"}),
	} {
		if e := requests.AsError(err); err == nil || e.Kind != requests.Invalid || e.Fields[0].Field != "corrections" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Values are of the form of what stands there: numbers, dates, yes or no. What is
// not says how it is written, and keys are not offered.
func TestCorrectionsAreTyped(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{})
	who := acme.Subjects()[16]
	r := fileCorrection(c, who.Email, "DE", "", requests.ProposedCorrection{What: "my followers", Right: "17"})
	systems, err := c.Svc.Correctable(t.Context(), c.Agent, r.ID, "plan_review")
	must(t, err)
	at := map[string]string{} // key of the first record of a type
	for _, s := range systems {
		for _, row := range s.Rows {
			for _, v := range row.Values {
				if v.Field == "id" || v.Field == "contact_id" && row.Type == "contact_addresses" {
					t.Errorf("the key %s of %s is offered", v.Field, row.Type)
				}
			}
			if at[row.Type] == "" {
				at[row.Type] = row.Key
			}
		}
	}
	one := func(system, typ, field string) requests.Correction {
		return requests.Correction{System: system, Type: typ, Key: at[typ], Field: field, Decision: "correct"}
	}
	typed := func(x requests.Correction, text string) requests.Correction { x.Text = text; return x }
	value := func(x requests.Correction, raw string) requests.Correction { x.Value = json.RawMessage(raw); return x }
	followers, birth, since, consent, answers := one("social", "profiles", "followers"), one("crm", "contacts", "birth_date"),
		one("crm", "contacts", "created_at"), one("social", "lead_submissions", "marketing_consent"), one("social", "lead_submissions", "answers")
	correct := func(list ...requests.Correction) error {
		return failure(c.Svc.Correct(t.Context(), c.Agent, r.ID, list))
	}
	for name, x := range map[string]struct {
		c    requests.Correction
		says string
	}{
		"a number in words":   {typed(followers, "seventeen"), "holds a number"},
		"a number as text":    {value(followers, `"17"`), "holds a number"},
		"a decimal comma":     {typed(followers, "12,50"), "holds a number"},
		"no day":              {typed(birth, "1990-02-31"), "holds a date"},
		"a day of our own":    {value(birth, `"31.12.1990"`), "holds a date"},
		"a number for a date": {value(birth, `19901231`), "holds a date"},
		"no time":             {typed(since, "yesterday"), "holds a time"},
		"maybe":               {typed(consent, "maybe"), "yes or no"},
		"text as a document":  {value(answers, `"{}"`), "JSON document"},
		"the key":             {value(one("social", "profiles", "id"), `1`), "no such record or field"},
	} {
		e := requests.AsError(correct(x.c))
		if e == nil || e.Kind != requests.Invalid || !strings.Contains(e.Fields[0].Message, x.says) {
			t.Errorf("%s: %+v", name, e)
		}
	}
	must(t, correct(typed(followers, " 17 "), typed(birth, "1990-12-31"), typed(since, "2020-05-17 08:30"), typed(consent, "No"), value(answers, `{"size":"L"}`)))
	c.Await(r.ID, requests.Review)
	c.Approve(r.ID)
	c.Await(r.ID, requests.Completed)
	got := list(c, `select concat_ws(' ', p.followers, k.birth_date, to_char(k.created_at, 'YYYY-MM-DD HH24:MI'), l.marketing_consent, l.answers->>'size')
		from social.profiles p, crm.contacts k, social.lead_submissions l where p.id::text = $1 and k.id = $2 and l.id::text = $3`, at["profiles"], who.ContactID, at["lead_submissions"])
	if !slices.Equal(got, []string{"17 1990-12-31 2020-05-17 08:30 f L"}) {
		t.Errorf("corrected to %q", got)
	}
}

// What would show the right value is asked for in a request for rectification that
// is in review, with its reason, and on our own time.
func TestAProofOfACorrectionIsAskedFor(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{})
	who := acme.Subjects()[9]
	r := fileCorrection(c, who.Email, "DE", "", requests.ProposedCorrection{What: "my given name", Right: "Zoë"})
	full := requests.Ask{Kind: mail.CorrectionProof, Why: "Your contract has another name.", Items: []string{"a page of your passport"}, Until: clock.DateIn(time.Now().AddDate(0, 0, 9), time.UTC)}
	ask := func(id uuid.UUID, change func(*requests.Ask)) error {
		q := full
		change(&q)
		return failure(c.Svc.AskCustomer(t.Context(), c.DPOs[0], id, q))
	}
	access := c.File(who.Email, "access")
	c.Verify(who.Email, access)
	c.Await(access.ID, requests.Review)
	refused(t, ask(access.ID, func(*requests.Ask) {}), "not-in-review")
	waits, err := c.Svc.File(t.Context(), requests.Actor{Role: requests.Public}, requests.Filing{
		Rights: []string{"rectification"}, Country: "DE", Locale: "en", Corrections: []requests.ProposedCorrection{{What: "name", Right: "Ann"}},
		Identities: []connect.Identity{{Kind: "email", Value: acme.Subjects()[10].Email}},
	})
	must(t, err)
	refused(t, ask(waits.ID, func(*requests.Ask) {}), "not-in-review")
	if e := refused(t, ask(r.ID, func(q *requests.Ask) { q.Pause = true }), "not-lawful"); !strings.Contains(e.Safe, "Art. 12(3)") {
		t.Errorf("no article in %q", e.Safe)
	}
	refused(t, c.Svc.MayPause(t.Context(), r.ID, mail.CorrectionProof), "not-lawful")
	refused(t, ask(r.ID, func(q *requests.Ask) { q.Why = " " }), "invalid-input")
	refused(t, ask(r.ID, func(q *requests.Ask) { q.Items = nil }), "invalid-input")
	before := caseNow(c, r.ID)
	must(t, ask(r.ID, func(*requests.Ask) {}))
	if after := caseNow(c, r.ID); !after.DueOn.Equal(before.DueOn) || after.Has(requests.Paused) || after.Status != requests.Review {
		t.Errorf("due %s, was %s; %s %v", after.DueOn, before.DueOn, after.Status, after.Flags)
	}
	if got := payloads[evidence.LetterEdited](c, r.ID); len(got) != 1 || got[0].Template != mail.CorrectionProof {
		t.Errorf("asked %+v", got)
	}
}
