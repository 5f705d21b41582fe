package requests_test

import (
	"fmt"
	"slices"
	"strings"

	"habeas/requests"
	"habeas/requests/connect"
	"habeas/requests/testkit/acme"
	"habeas/requests/testkit/company"
)

func testConsentWithdrawal(c *company.Company, who acme.Subject) {
	email := connect.Identity{Kind: "email", Value: who.Email}
	service := requests.Actor{Role: requests.ServiceRole, ID: "shop"}
	for _, p := range []string{"marketing_email", "social_ads", "profiling"} {
		_, err := c.Svc.RecordConsent(c.Context(), service, requests.ConsentEntry{Identity: email, Purpose: p, Allowed: true})
		must(c.TB, err)
	}
	r := fileFor(c, who.Email, []string{"consent_withdrawal"}, "marketing_email", "social_ads")
	for p, want := range map[string]bool{"marketing_email": false, "social_ads": false, "profiling": true} {
		s, err := c.Svc.CheckConsent(c.Context(), email, p)
		must(c.TB, err)
		if s.Allowed != want {
			c.Errorf("%s is allowed: %v in the moment of filing", p, s.Allowed)
		}
	}
	if r.Verification != nil {
		c.Error("a withdrawal asks for proof of identity")
	}
	k := c.Await(r.ID, requests.Completed)
	if k.VerifiedAt != nil || k.Has(requests.Attention) {
		c.Errorf("flags %v", k.Flags)
	}
	for _, row := range list(c, `select status from crm.newsletter_subscriptions where contact_id = $1`, who.ContactID) {
		if row != "suppressed" {
			c.Errorf("newsletter is %s", row)
		}
	}
	got := list(c, `select purpose || ' ' || status from crm.consents where contact_id = $1 order by 1`, who.ContactID)
	if !slices.Equal(got, []string{"marketing_email withdrawn", "profiling given", "social_ads withdrawn"}) {
		c.Errorf("consents %v", got)
	}
	if got := list(c, `select distinct status from social.audience_members where crm_customer_id = $1`, who.CustomerID); !slices.Equal(got, []string{"suppressed"}) {
		c.Errorf("audience %v", got)
	}
	for o := range outcomes(c, r.ID) {
		if !strings.HasSuffix(o, "verified_suppressed") {
			c.Errorf("outcome %s", o)
		}
	}
	if n := len(list(c, `select email from crm.contacts where id = $1`, who.ContactID)); n != 1 {
		c.Error("a withdrawal erased the contact")
	}
	report(c, r.ID)

	m := letter(c, who.Email, "/undo?token=")
	_, err := c.Svc.Undo(c.Context(), token(c, m, "undo"))
	must(c.TB, err)
	s, err := c.Svc.CheckConsent(c.Context(), email, "marketing_email")
	must(c.TB, err)
	if !s.Allowed {
		c.Error("the undo link did not restore the ledger")
	}
	n := kinds(c, r.ID)["consent.changed"]
	_, err = c.Svc.Undo(c.Context(), token(c, m, "undo"))
	must(c.TB, err)
	if again := kinds(c, r.ID)["consent.changed"]; again != n || n != 4 {
		c.Errorf("undone twice: %d events, then %d", n, again)
	}
}

// testSameEvents: a withdrawal writes the same events for a person whom the
// company knows and for one whom it does not, and looks the same from outside.
func testSameEvents(c *company.Company, who acme.Subject) {
	known := fileFor(c, who.Email, []string{"opt_out"})
	unknown := fileFor(c, "nobody.at.all@nowhere.example", []string{"opt_out"})
	if fmt.Sprint(known.Rights, known.Status, known.Verification, known.DueOn) != fmt.Sprint(unknown.Rights, unknown.Status, unknown.Verification, unknown.DueOn) {
		c.Errorf("receipts differ: %+v and %+v", known, unknown)
	}
	c.Await(known.ID, requests.Completed)
	c.Await(unknown.ID, requests.Completed)
	letter(c, who.Email, known.Reference)
	letter(c, "nobody.at.all@nowhere.example", unknown.Reference)
	must(c.TB, poll(c, func() bool { return kinds(c, known.ID)["letter.sent"] == 1 && kinds(c, unknown.ID)["letter.sent"] == 1 }))
	a, b := kinds(c, known.ID), kinds(c, unknown.ID)
	if fmt.Sprint(a) != fmt.Sprint(b) {
		c.Errorf("events differ:\nknown   %v\nunknown %v", a, b)
	}
	if c.Await(known.ID, requests.Completed).Result == c.Await(unknown.ID, requests.Completed).Result {
		c.Error("nothing was found for either")
	}

	for _, right := range []string{"access", "erasure"} {
		one, two := c.File(who.Email, right), c.File("nobody.at.all@nowhere.example", right)
		if one.Status != two.Status || one.DueOn != two.DueOn || (one.Verification == nil) != (two.Verification == nil) {
			c.Errorf("%s: receipts differ: %+v and %+v", right, one, two)
		}
		c.Code(who.Email, one.Reference)
		c.Code("nobody.at.all@nowhere.example", two.Reference)
	}
}
