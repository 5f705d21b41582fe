package requests_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	"habeas/requests"
	"habeas/requests/connect"
	"habeas/requests/identity"
	"habeas/requests/testkit/acme"
	"habeas/requests/testkit/company"
)

// fileFrom files from a place and proves the address.
func fileFrom(c *company.Company, email, country, region string, rights ...string) (*requests.Receipt, requests.Actor) {
	c.Helper()
	r, err := c.Svc.File(c.Context(), requests.Actor{Role: requests.Public}, requests.Filing{
		Rights: rights, Country: country, Region: region, Locale: "en", Identities: []connect.Identity{{Kind: "email", Value: email}},
	})
	must(c.TB, err)
	return r, c.Verify(email, r)
}

// orders are what the plan says of the orders that stay.
func orders(c *company.Company, r *requests.Receipt) (out []requests.PlanRecord) {
	c.Helper()
	for _, rec := range planOf(c, r.ID).Records {
		if rec.Type == "orders" && rec.Action == connect.Keep {
			out = append(out, rec)
		}
	}
	if len(out) == 0 {
		c.Fatal("no order stays")
	}
	return out
}

// foreign are articles that no page or letter of a case under a law may name.
var foreign = map[string][]string{
	"CA": {"GDPR", "Va. Code", "FADP"}, "VA": {"GDPR", "1798", "FADP"}, "CH": {"GDPR", "1798", "Va. Code"}, "UK": {"1798", "Va. Code", " GDPR Art. 17(3)(b), "}, "EU": {"1798", "UK GDPR", "FADP"},
}

func names(t testing.TB, where, law, text string) {
	t.Helper()
	for _, no := range foreign[law] {
		if strings.Contains(text, no) {
			t.Errorf("%s of a case under %s names %q: %s", where, law, no, text)
		}
	}
}

// vouched settles who asks, where the law asks for more than a mailed code (11 CCR
// 7062).
func vouched(c *company.Company, id uuid.UUID) {
	c.Helper()
	_, err := c.Svc.RecordProof(c.Context(), c.Agent, id, identity.StaffCheck, "Known at the counter")
	must(c.TB, err)
}

// A retention duty of German law that the dataset file states for the GDPR is
// kept on the article of the law of the case, with the statute and the
// company's words as the facts: in the plan, in the letter and for the auditor.
func TestAGroundIsOfTheLawOfTheCase(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{})
	for i, tc := range []struct{ law, country, region, want, letter string }{
		{"EU", "DE", "", "GDPR Art. 17(3)(b); HGB §257(1) no. 4, AO §147(1) no. 4: a legal duty or public task to keep it. vouchers, 8 years", "GDPR Art. 17(3)(b); HGB §257(1)"},
		{"UK", "GB", "", "UK GDPR Art. 17(3)(b); HGB §257(1) no. 4, AO §147(1) no. 4: a legal duty or public task to keep it. vouchers, 8 years", "UK GDPR Art. 17(3)(b); HGB"},
		{"CA", "US", "CA", "Cal. Civ. Code 1798.105(d)(8); HGB §257(1) no. 4, AO §147(1) no. 4: a legal duty to keep it. vouchers, 8 years", "Cal. Civ. Code 1798.105(d)(8); HGB §257(1)"},
		{"VA", "US", "VA", "Va. Code 59.1-577; HGB §257(1) no. 4, AO §147(1) no. 4: a legal duty to keep it. vouchers, 8 years", "Va. Code 59.1-577; HGB §257(1)"},
		{"CH", "CH", "", "FADP Art. 32(1); HGB §257(1) no. 4, AO §147(1) no. 4: a legal duty not to change it. vouchers, 8 years", "FADP Art. 32(1); HGB §257(1)"},
	} {
		t.Run(tc.law, func(t *testing.T) {
			c := c.For(t)
			who := acme.Subjects()[i+1]
			r, _ := fileFrom(c, who.Email, tc.country, tc.region, "erasure")
			c.Await(r.ID, requests.Review)
			if tc.law == "CA" {
				vouched(c, r.ID)
			}
			for _, rec := range planOf(c, r.ID).Records {
				names(t, "the plan", tc.law, rec.Ground)
				if rec.Type == "orders" && rec.Action == connect.Keep && (rec.Ground != tc.want || rec.Note.Undecided) {
					t.Fatalf("an order is kept on %q, undecided %v", rec.Ground, rec.Note.Undecided)
				}
			}
			c.Approve(r.ID)
			k := c.Await(r.ID, requests.Completed)
			m := letter(c, who.Email, tc.letter)
			names(t, "the letter", tc.law, m.Text)
			says(c, m, "The law obliges us to keep the data", "ouchers, 8 years")
			if strings.Contains(m.Text, "identity") {
				t.Errorf("the letter speaks of another ground that cites the same article:\n%s", m.Text)
			}
			kept, err := c.Svc.Kept(c.Context(), k)
			must(t, err)
			for _, one := range kept {
				names(t, "the auditor's view", tc.law, one.Cited+one.Ground)
			}
		})
	}
}

// A ground that the company states for one law only is none under another: the
// records wait for the desk, nothing is approved meanwhile, choosing it there is
// refused by name, and the law's own keeps them.
func TestAGroundBelongsToItsLaws(t *testing.T) {
	t.Parallel()
	const ground = "HGB §257(1) no. 4, AO §147(1) no. 4: vouchers, 8 years (GDPR Art. 17(3)(b))"
	set := company.Registered(t)
	set.Grounds = []requests.CompanyGround{{Ground: ground, Laws: map[string]string{"EU": "legal_duty", "VA": "legal_claims"}, Facts: "HGB §257(1) no. 4: books"}}
	c := company.New(t, company.Options{Settings: set})

	r, _ := inReview(c, acme.Subjects()[1].Email, "erasure")
	if rec := orders(c, r)[0]; rec.Ground != "GDPR Art. 17(3)(b); HGB §257(1) no. 4: a legal duty or public task to keep it. books" {
		t.Errorf("under the GDPR an order stays on %q", rec.Ground)
	}
	r, _ = fileFrom(c, acme.Subjects()[2].Email, "US", "VA", "erasure")
	c.Await(r.ID, requests.Review)
	if rec := orders(c, r)[0]; !strings.HasSuffix(rec.Ground, "; HGB §257(1) no. 4: legal claims. books") {
		t.Errorf("in Virginia an order stays on %q", rec.Ground)
	}

	who := acme.Subjects()[3]
	r, _ = fileFrom(c, who.Email, "US", "CA", "erasure")
	k := c.Await(r.ID, requests.Review)
	p := planOf(c, r.ID)
	list := orders(c, r)
	if !list[0].Note.Undecided || !strings.HasPrefix(list[0].Ground, "Cal. Civ. Code 1798.105") || !strings.Contains(list[0].Ground, "EU, VA only") {
		t.Fatalf("an order waits on %q", list[0].Ground)
	}
	names(t, "the plan", "CA", list[0].Ground)
	warned := false
	for _, w := range p.Warnings {
		warned = warned || w.Code == "ground-without-law" && strings.Contains(w.Text, "California")
	}
	if !warned || !k.Has(requests.Attention) {
		t.Errorf("warnings %+v, flags %v", p.Warnings, k.Flags)
	}
	_, err := c.Svc.Approve(c.Context(), c.DPOs[0], r.ID, p.Hash)
	refused(t, err, "undecided-records")
	decide := func(ground string) error {
		var all []requests.Decision
		for _, rec := range planOf(c, r.ID).Records {
			if rec.Note.Undecided {
				all = append(all, requests.Decision{System: rec.System, Type: rec.Type, Key: rec.Key, Action: connect.Keep, Ground: ground})
			}
		}
		_, err := c.Svc.Decide(c.Context(), c.DPOs[0], r.ID, all)
		return err
	}
	before := c.State(r.ID)
	for named, says := range map[string]string{
		ground:                             "EU, VA only",
		"GDPR Art. 17(3)(b)":               "legal_duty (Cal. Civ. Code 1798.105(d)(8))",
		"GDPR Art. 17(3)(e): a suit":       "legal_compliance (Cal. Civ. Code 1798.145(a))",
		list[0].Ground:                     "transaction",
		"FADP Art. 26(1)(c)":               "transaction",
		"we want to keep them for a while": "transaction",
	} {
		e := refused(t, decide(named), "not-lawful")
		if !strings.Contains(e.Safe, "California") || !strings.Contains(e.Safe, says) {
			t.Errorf("%s is refused with %q", named, e.Safe)
		}
	}
	if c.State(r.ID) != before {
		t.Error("a refused decision changed the request")
	}
	must(t, decide("legal_duty: Books of a German company, 8 years"))
	vouched(c, r.ID)
	c.Approve(r.ID)
	c.Await(r.ID, requests.Completed)
	m := letter(c, who.Email, "Books of a German company, 8 years")
	says(c, m, "Cal. Civ. Code 1798.105(d)(8)")
	names(t, "the letter", "CA", m.Text)
}

// A request put under another law is planned anew, on that law's exemptions; one
// that was carried out is told by the law that it is under.
func TestAnotherLawGroundsThePlanAnew(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{})
	who := acme.Subjects()[4]
	r, by := inReview(c, who.Email, "erasure")
	before := planOf(c, r.ID).Hash
	_, err := c.Svc.CorrectLaw(c.Context(), c.DPOs[0], r.ID, requests.LawChange{Country: "US", Region: "CA", Reason: "Lives in Oakland"})
	must(t, err)
	must(t, poll(c, func() bool {
		k, err := c.Svc.Get(c.Context(), c.Auditor, r.ID)
		return err == nil && k.Status == requests.Review && planOf(c, r.ID).Hash != before
	}))
	if rec := orders(c, r)[0]; !strings.HasPrefix(rec.Ground, "Cal. Civ. Code 1798.105(d)(8); HGB") {
		t.Errorf("after the correction an order stays on %q", rec.Ground)
	}
	vouched(c, r.ID)
	c.Approve(r.ID)
	c.Await(r.ID, requests.Completed)
	_, err = c.Svc.CorrectLaw(c.Context(), c.DPOs[0], r.ID, requests.LawChange{Country: "DE", Reason: "Moved back before"})
	if err == nil {
		k, err := c.Svc.Get(c.Context(), by, r.ID)
		must(t, err)
		kept, err := c.Svc.Kept(c.Context(), k)
		must(t, err)
		for _, one := range kept {
			names(t, "the answer", "EU", one.Ground)
		}
	}
}

// A hold names the article that its owner knows; in a case under another law it
// is told by that one's.
func TestAHoldIsToldByTheLawOfTheCase(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{})
	who := acme.Subjects()[5]
	n := litigation(who)
	n.Cite = "GDPR Art. 17(3)(e)"
	setHold(c, n)
	for _, tc := range []struct{ law, country, region, want string }{
		{"CA", "US", "CA", "Cal. Civ. Code 1798.145(a): duties under law, inquiries or legal claims"},
		{"UK", "GB", "", "UK GDPR Art. 17(3)(e): legal claims"},
		{"EU", "DE", "", "GDPR Art. 17(3)(e): legal claims"},
	} {
		r, by := fileFrom(c, who.Email, tc.country, tc.region, "erasure")
		c.Await(r.ID, requests.Review)
		held := 0
		for _, rec := range planOf(c, r.ID).Records {
			names(t, "the plan", tc.law, rec.Ground)
			if rec.Note.Hold != "" && rec.Ground == tc.want {
				held++
			}
		}
		if held == 0 {
			t.Errorf("under %s nothing is held on %q: %+v", tc.law, tc.want, planOf(c, r.ID).Records)
		}
		_, err := c.Svc.Withdraw(c.Context(), by, r.ID)
		must(t, err)
	}
}
