package requests_test

import (
	"strings"
	"testing"
	"time"

	"habeas/requests"
	"habeas/requests/connect"
	"habeas/requests/evidence"
	"habeas/requests/testkit"
	"habeas/requests/testkit/acme"
	"habeas/requests/testkit/company"
)

// GDPR Art. 18: stored only; the person is told before it ends.
func TestRestrictionIsStoredOnlyUntilThePersonWasTold(t *testing.T) {
	t.Parallel()
	clock := testkit.NewClock(time.Now())
	c := company.New(t, company.Options{Settings: registered(), Now: clock.Now})
	who := acme.Subjects()[11]
	email := connect.Identity{Kind: "email", Value: who.Email}
	r, err := c.Svc.File(t.Context(), requests.Actor{Role: requests.Public}, requests.Filing{
		Rights: []string{"restriction"}, Country: "DE", Locale: "en", Restriction: "needed_for_claims", Identities: []connect.Identity{email},
	})
	must(t, err)
	c.Verify(who.Email, r)
	c.Await(r.ID, requests.Review)
	c.Approve(r.ID)
	asked := c.FinishByHand(r.ID)
	if len(asked) != 2 || !strings.Contains(asked[0], "crm: Mark as stored only") || !strings.Contains(asked[0], "Your contact details") || strings.Contains(asked[0], "Your newsletters") {
		t.Errorf("asked of people: %q", asked)
	}
	c.Await(r.ID, requests.Completed)
	must(t, failure(c.Svc.RecordConsent(t.Context(), requests.Actor{Role: requests.ServiceRole, ID: "shop"}, requests.ConsentEntry{Identity: email, Purpose: "marketing_email", Allowed: true})))
	allowed := func() bool {
		s, err := c.Svc.CheckConsent(t.Context(), email, "marketing_email")
		must(t, err)
		return s.Allowed
	}
	if on, err := c.Svc.Restricted(t.Context(), email); err != nil || !on || allowed() {
		t.Fatalf("restricted %v, used %v, %v", on, allowed(), err)
	}
	if set := payloads[evidence.RestrictionSet](c, r.ID); len(set) != 1 || set[0].Cite != "GDPR Art. 18(1)(c)" {
		t.Errorf("%+v", set)
	}
	letter(c, "privacy@dhl.example", "Restrict the data about this person")
	letter(c, who.Email, "Art. 18")

	lift := func() error { return failure(c.Svc.LiftRestriction(t.Context(), c.DPOs[0], r.ID)) }
	refused(t, lift(), "not-warned")
	refused(t, failure(c.Svc.WarnRestriction(t.Context(), c.DPOs[0], r.ID, " ")), "invalid-input")
	must(t, failure(c.Svc.WarnRestriction(t.Context(), c.DPOs[0], r.ID, "The lawsuit has ended")))
	letter(c, who.Email, "The lawsuit has ended")
	refused(t, lift(), "too-early")
	clock.Add(8 * 24 * time.Hour)
	must(t, lift())
	refused(t, lift(), "not-restricted")
	if on, err := c.Svc.Restricted(t.Context(), email); err != nil || on || !allowed() {
		t.Errorf("lifted, and still restricted: %v", err)
	}
	report(c, r.ID)
}

func failure[T any](_ T, err error) error { return err }

// GDPR Art. 21: nothing is weighed against direct marketing; against other
// processing the balance is recorded with its ground.
func TestObjection(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{})
	object := func(who acme.Subject, marketing bool) *requests.Receipt {
		r, err := c.Svc.File(t.Context(), requests.Actor{Role: requests.Public}, requests.Filing{
			Rights: []string{"objection"}, Country: "DE", Locale: "en", Marketing: marketing, Message: "I do not want this",
			Identities: []connect.Identity{{Kind: "email", Value: who.Email}},
		})
		must(t, err)
		c.Verify(who.Email, r)
		c.Await(r.ID, requests.Review)
		return r
	}
	who := acme.Subjects()[12]
	r := object(who, true)
	refuse := func(r *requests.Receipt) error {
		return failure(c.Svc.Refuse(t.Context(), c.DPOs[0], r.ID, requests.Step{Right: "objection", Ground: "compelling_grounds", Reason: "We have our reasons"}))
	}
	refused(t, refuse(r), "not-lawful")
	c.Approve(r.ID)
	c.Await(r.ID, requests.Completed)
	s, err := c.Svc.CheckConsent(t.Context(), connect.Identity{Kind: "email", Value: who.Email}, "marketing_email")
	must(t, err)
	if s.Allowed || s.Since.IsZero() {
		t.Errorf("after an objection: %+v", s)
	}
	other := object(acme.Subjects()[13], false)
	must(t, refuse(other))
	if got := payloads[evidence.RequestRefused](c, other.ID); len(got) != 1 || got[0].Cite != "GDPR Art. 21(1)" || got[0].Reason == "" {
		t.Errorf("%+v", got)
	}
}
