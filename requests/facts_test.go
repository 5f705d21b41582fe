package requests_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"habeas/requests"
	"habeas/requests/connect"
	"habeas/requests/evidence"
	"habeas/requests/identity"
	"habeas/requests/mail"
	"habeas/requests/testkit/acme"
	"habeas/requests/testkit/company"
)

// californian files as a member of the public and proves the address.
func californian(c *company.Company, email, name string, rights ...string) (*requests.Receipt, requests.Actor) {
	c.Helper()
	r, err := c.Svc.File(c.Context(), requests.Actor{Role: requests.Public}, requests.Filing{
		Rights: rights, Country: "US", Region: "CA", Locale: "en", Name: name, Identities: []connect.Identity{{Kind: "email", Value: email}},
	})
	must(c.TB, err)
	by := c.Verify(email, r)
	c.Await(r.ID, requests.Review)
	return r, by
}

// compared gives facts and waits until they were compared.
func compared(c *company.Company, by requests.Actor, id uuid.UUID, facts map[identity.Fact]string) {
	c.Helper()
	before := len(payloads[evidence.IdentityCompared](c, id))
	must(c.TB, c.Svc.GiveFacts(c.Context(), by, id, requests.FactsGiven{Facts: facts}))
	must(c.TB, poll(c, func() bool { return len(payloads[evidence.IdentityCompared](c, id)) > before }))
}

func factsAt(c *company.Company, id uuid.UUID) *requests.FactsView {
	c.Helper()
	v, err := c.Svc.Facts(c.Context(), caseNow(c, id))
	must(c.TB, err)
	return v
}

// postcodeOf is the postal code of a subject's address.
func postcodeOf(c *company.Company, s acme.Subject) string {
	c.Helper()
	var code string
	must(c.TB, c.CRM.QueryRow(c.Context(), `select a.postal_code from crm.addresses a join crm.contact_addresses ca on ca.address_id = a.id where ca.contact_id = $1 limit 1`, s.ContactID).Scan(&code))
	return code
}

// 11 CCR 7062(d): a mailed code alone erases nothing in California; address and
// name do, and so does another fact in place of the name.
func TestFactsForADeletion(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{})
	all := acme.Subjects()
	known, _ := californian(c, all[0].Email, all[0].Name, "erasure")
	if v := factsAt(c, known.ID); v.Counted != 2 || v.Points != 2 || v.Cite != "11 CCR 7062(d)" || len(doubtsOf(c, known.ID)) != 0 {
		t.Errorf("address and name: %+v, doubts %v", v, doubtsOf(c, known.ID))
	}
	c.Approve(known.ID)
	c.Await(known.ID, requests.Completed)

	r, by := californian(c, all[1].Email, "Somebody Else", "erasure")
	if d := cmp.Diff([]string{"habeas facts_short"}, doubtsOf(c, r.ID)); d != "" {
		t.Fatal(d)
	}
	if k := caseNow(c, r.ID); !k.Has(requests.Attention) {
		t.Error("nobody is asked to look")
	}
	_, err := c.Svc.Approve(t.Context(), c.DPOs[0], r.ID, planOf(c, r.ID).Hash)
	if e := refused(t, err, "identity-open"); !strings.Contains(e.Safe, "11 CCR 7062") {
		t.Error(e.Safe)
	}
	// A new search knows what agreed, and compares the name no second time.
	_, err = c.Svc.Rediscover(t.Context(), c.DPOs[0], r.ID)
	must(t, err)
	c.Await(r.ID, requests.Review)
	if e := payloads[evidence.IdentityCompared](c, r.ID); len(e) != 1 {
		t.Errorf("%+v", e)
	}
	compared(c, by, r.ID, map[identity.Fact]string{identity.FactPostcode: "00000"})
	if len(doubtsOf(c, r.ID)) != 1 {
		t.Error("a wrong postal code counts")
	}
	compared(c, by, r.ID, map[identity.Fact]string{identity.FactPostcode: postcodeOf(c, all[1])})
	if v := factsAt(c, r.ID); len(doubtsOf(c, r.ID)) != 0 || !slices.Equal(v.Agreed, []identity.Fact{"email", "postcode"}) || caseNow(c, r.ID).Has(requests.Attention) {
		t.Errorf("doubts %v, %+v, flags %v", doubtsOf(c, r.ID), v, caseNow(c, r.ID).Flags)
	}
	c.Approve(r.ID)
	c.Await(r.ID, requests.Completed)
	report(c, r.ID)
}

// Special data need three in California, and elsewhere one besides the address
// that is not the name.
func TestFactsForSpecialData(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{Wrap: categorise(map[string]string{"crm.contacts.job_title": "health.condition"})})
	all := acme.Subjects()
	r, by := californian(c, all[2].Email, all[2].Name, "erasure")
	if v := factsAt(c, r.ID); v.Points != 3 || v.Counted != 2 || len(doubtsOf(c, r.ID)) != 1 {
		t.Fatalf("%+v", v)
	}
	compared(c, by, r.ID, map[identity.Fact]string{identity.FactNumber: all[2].CustomerID})
	if v := factsAt(c, r.ID); v.Counted != 3 || len(doubtsOf(c, r.ID)) != 0 {
		t.Errorf("%+v", v)
	}
	german, err := c.Svc.File(t.Context(), requests.Actor{Role: requests.Public}, requests.Filing{
		Rights: []string{"access"}, Country: "DE", Locale: "de", Name: all[3].Name, Identities: []connect.Identity{{Kind: "email", Value: all[3].Email}},
	})
	must(t, err)
	by = c.Verify(all[3].Email, german)
	c.Await(german.ID, requests.Review)
	if v := factsAt(c, german.ID); v.Points != 2 || v.Counted != 1 || len(doubtsOf(c, german.ID)) != 1 {
		t.Fatalf("%+v", v)
	}
	asked, err := c.Svc.FactsAsked(t.Context(), caseNow(c, german.ID))
	must(t, err)
	if asked == nil || asked.Declares || asked.Named || asked.Points != 2 {
		t.Errorf("%+v", asked)
	}
	compared(c, by, german.ID, map[identity.Fact]string{identity.FactPhone: all[3].Phone})
	if len(doubtsOf(c, german.ID)) != 0 {
		t.Error("the telephone number does not count")
	}
}

// 11 CCR 7062(c): specific pieces need three points and a declaration, which is
// kept; without either the answer is categories (7024(a)).
func TestFactsForPieces(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{})
	who := acme.Subjects()[5]
	r, by := californian(c, who.Email, who.Name, "access")
	scope := func() requests.Scope {
		s, err := c.Svc.PackageScope(t.Context(), caseNow(c, r.ID))
		must(t, err)
		return s
	}
	if v := factsAt(c, r.ID); !v.Pieces || v.Reached || v.Points != 2 || v.Counted != 2 || scope() != requests.Categories {
		t.Fatalf("%+v %s", v, scope())
	}
	asked, err := c.Svc.FactsAsked(t.Context(), caseNow(c, r.ID))
	must(t, err)
	if asked.Points != 3 || !asked.Declares || asked.Cite != "11 CCR 7062(c)" || !slices.Equal(asked.Ask, []identity.Fact{"phone", "postcode", "number"}) {
		t.Errorf("%+v", asked)
	}
	compared(c, by, r.ID, map[identity.Fact]string{identity.FactPhone: who.Phone})
	if scope() != requests.Categories {
		t.Error("three points without a declaration lead to pieces")
	}
	const text = "I declare under penalty of perjury that I am this person."
	err = c.Svc.GiveFacts(t.Context(), by, r.ID, requests.FactsGiven{Declared: who.Name})
	refused(t, err, "invalid-input")
	must(t, c.Svc.GiveFacts(t.Context(), by, r.ID, requests.FactsGiven{Declared: who.Name, Text: text}))
	v := factsAt(c, r.ID)
	if !v.Reached || !v.SignedAlike || v.Declared == nil || scope() != requests.Pieces {
		t.Errorf("%+v %s", v, scope())
	}
	e := payloads[evidence.IdentityVerified](c, r.ID)
	if last := e[len(e)-1]; last.Proof != "declaration" || last.ByHand || last.Reason == "" {
		t.Errorf("%+v", last)
	}
	var kept []byte
	must(t, c.DB.QueryRow(t.Context(), `select f.declaration from identity_facts f where f.case_id = $1`, r.ID).Scan(&kept))
	if len(kept) == 0 || strings.Contains(string(kept), who.Name) {
		t.Error("the declaration is not kept, or not sealed")
	}
	c.Approve(r.ID)
	c.Await(r.ID, requests.Completed)
	if files := packaged(c, r); len(files) < 3 {
		t.Errorf("%d files", len(files))
	}
}

// The company's own sign-in needs no facts (11 CCR 7061).
func TestSignInNeedsNoFacts(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{})
	who := acme.Subjects()[6]
	r, by := californian(c, who.Email, "", "erasure")
	if len(doubtsOf(c, r.ID)) != 1 {
		t.Fatal(doubtsOf(c, r.ID))
	}
	_, err := c.Svc.RecordProof(t.Context(), c.Agent, r.ID, identity.SignIn, "Signed in to the shop while on the telephone")
	must(t, err)
	if asked, err := c.Svc.FactsAsked(t.Context(), caseNow(c, r.ID)); err != nil || asked != nil || len(doubtsOf(c, r.ID)) != 0 {
		t.Errorf("%+v %v %v", asked, err, doubtsOf(c, r.ID))
	}
	refused(t, c.Svc.GiveFacts(t.Context(), by, r.ID, requests.FactsGiven{Facts: map[identity.Fact]string{"phone": who.Phone}}), "not-waiting")
	c.Approve(r.ID)
	c.Await(r.ID, requests.Completed)
}

// Whoever proved the address learns nothing by giving facts: what is asked, the
// answers, the letter, the receipt and the page's state are the same for somebody
// who is known and whose facts agree, one whose do not, and nobody.
func TestFactsTellNothing(t *testing.T) {
	t.Parallel()
	late := time.Now
	c := company.New(t, company.Options{Settings: requests.Settings{UnverifiedAfter: time.Hour}, Now: func() time.Time { return late() }})
	who := acme.Subjects()[7:9]
	facts := map[identity.Fact]string{identity.FactPhone: who[0].Phone}
	people := []struct{ email, name string }{{who[0].Email, who[0].Name}, {who[1].Email, "Nobody Here"}, {"a.stranger@unknown.example", "A Stranger"}}
	seen := make([]string, len(people))
	for i, p := range people {
		r, by := californian(c, p.email, p.name, "erasure")
		var log []string
		note := func(what string, v any, err error) {
			raw, merr := json.Marshal(v)
			must(t, merr)
			log = append(log, fmt.Sprintf("%s %s %v", what, raw, err))
		}
		look := func() {
			k := caseNow(c, r.ID)
			asked, err := c.Svc.FactsAsked(t.Context(), k)
			if asked != nil && asked.Given != nil {
				asked.Given = new(time.Time)
			}
			note("asked", asked, err)
			quiet, err := c.Svc.Quiet(t.Context(), k)
			note("quiet", quiet, err)
			progress, err := c.Svc.Progress(t.Context(), r.ID, requests.Mark{})
			note("progress", []any{progress.Quiet, progress.Status}, err)
			receipt, err := c.Svc.CustomerReceipt(t.Context(), by, r.ID)
			must(t, err)
			var kinds []string
			for _, e := range receipt.Events {
				var line struct{ Kind string }
				must(t, json.Unmarshal([]byte(e.Line), &line))
				kinds = append(kinds, line.Kind)
			}
			slices.Sort(kinds) // when a letter was sent is the mail server's
			note("receipt", kinds, nil)
		}
		look()
		compared(c, by, r.ID, facts)
		look()
		note("again", nil, c.Svc.GiveFacts(t.Context(), by, r.ID, requests.FactsGiven{Facts: map[identity.Fact]string{identity.FactNumber: "x"}}))
		note("nothing", nil, c.Svc.GiveFacts(t.Context(), by, r.ID, requests.FactsGiven{}))
		compared(c, by, r.ID, facts)
		compared(c, by, r.ID, facts)
		note("often", nil, c.Svc.GiveFacts(t.Context(), by, r.ID, requests.FactsGiven{Facts: facts}))
		look()
		seen[i] = strings.Join(log, "\n")
		var left int
		must(t, c.DB.QueryRow(t.Context(), `select count(*) from tasks t where t.case_id = $1 and t.stage = 'match' and t.sealed_in is not null`, r.ID).Scan(&left))
		if left > 0 {
			t.Error("what was typed is still kept")
		}
	}
	for i := range seen[1:] {
		if d := cmp.Diff(seen[0], seen[i+1]); d != "" {
			t.Errorf("%d is told apart (-known +other):\n%s", i+1, d)
		}
	}
	if !strings.Contains(seen[0], "too-many-facts") && !strings.Contains(seen[0], "three times") {
		t.Error("facts can be guessed without end")
	}
}

// Too few facts: the UNVERIFIED letter goes out as in every unproved request, with
// the way to give more, to whoever is known and to nobody (11 CCR 7022(a)).
func TestFactsShortAreWrittenAbout(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{Settings: requests.Settings{UnverifiedAfter: time.Nanosecond}})
	who := acme.Subjects()[9]
	for _, email := range []string{who.Email, "another.stranger@unknown.example"} {
		r, _ := californian(c, email, "Nobody Here", "access")
		must(t, poll(c, func() bool {
			must(t, c.Svc.Sweep(context.WithoutCancel(t.Context())))
			return slices.Contains(letters(c, r.ID), "unverified")
		}))
		must(t, c.Svc.Sweep(t.Context()))
		if n := len(slices.DeleteFunc(letters(c, r.ID), func(k string) bool { return k != "unverified" })); n != 1 {
			t.Errorf("%d letters", n)
		}
		m, err := c.Mail.Wait(c.Deadline(), func(m mail.Captured) bool {
			return strings.Contains(m.Subject, "could not confirm") && strings.Contains(m.Text, r.Reference)
		})
		must(t, err)
		for _, want := range []string{"further details about yourself", "categories"} {
			if !strings.Contains(m.Text, want) {
				t.Errorf("the letter does not say %q:\n%s", want, m.Text)
			}
		}
		if strings.Contains(m.Text, "Have a new code") {
			t.Error("the letter asks for a code that was given")
		}
		_, err = c.Svc.Refuse(t.Context(), c.DPOs[0], r.ID, requests.Step{Ground: "identity_unproven", Reason: "Two details were needed and one agreed."})
		must(t, err)
	}
}

// A field in dispute proves nobody (11 CCR 7060(h)).
func TestDisputedFactsDoNotCount(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{})
	who := acme.Subjects()[10]
	r, err := c.Svc.File(t.Context(), requests.Actor{Role: requests.Public}, requests.Filing{
		Rights: []string{"rectification"}, Country: "US", Region: "CA", Locale: "en", Identities: []connect.Identity{{Kind: "email", Value: who.Email}},
		Corrections: []requests.ProposedCorrection{{What: "Telephone", Wrong: who.Phone, Right: "+1 415 555 0100"}},
	})
	must(t, err)
	by := c.Verify(who.Email, r)
	c.Await(r.ID, requests.Review)
	compared(c, by, r.ID, map[identity.Fact]string{identity.FactPhone: who.Phone})
	if v := factsAt(c, r.ID); slices.Contains(v.Agreed, identity.FactPhone) || len(doubtsOf(c, r.ID)) != 1 {
		t.Errorf("%+v", v)
	}
	compared(c, by, r.ID, map[identity.Fact]string{identity.FactName: who.Name})
	if len(doubtsOf(c, r.ID)) != 0 {
		t.Error("the name does not count")
	}
}
