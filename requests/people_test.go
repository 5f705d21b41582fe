package requests_test

import (
	"slices"
	"strings"

	"habeas/requests"
	"habeas/requests/testkit/acme"
	"habeas/requests/testkit/company"
)

func testUnknownErasure(c *company.Company) {
	who := acme.AwkwardCases().NoRecord
	r, by := inReview(c, who, "access", "erasure")
	if p := planOf(c, r.ID); p.Total != 0 {
		c.Fatalf("%d records", p.Total)
	}
	c.Approve(r.ID)
	k := c.Await(r.ID, requests.Completed)
	if k.Result != "no_data_held" || k.Has(requests.Partial) || k.Has(requests.Unproven) {
		c.Errorf("result %s %v", k.Result, k.Flags)
	}
	if got := letters(c, r.ID); !slices.Equal(got, []string{"code", "ack", "not_found"}) {
		c.Errorf("letters %v", got)
	}
	m := letter(c, who, "Customer database")
	if !strings.Contains(m.Text, "e-mail address") {
		c.Errorf("the letter does not say what was searched for:\n%s", m.Text)
	}
	_, err := c.Svc.OpenPackage(c.Context(), by, r.ID)
	refused(c.TB, err, "package-not-ready")
	report(c, r.ID)
}

func testTwoContacts(c *company.Company) {
	a := acme.AwkwardCases()
	for _, address := range []string{a.TwoContacts, a.TwoContactsOld} {
		r, _ := inReview(c, address, "access")
		var contacts []string
		for _, rec := range planOf(c, r.ID).Records {
			if rec.Type == "contacts" {
				contacts = append(contacts, rec.Key)
			}
		}
		if len(contacts) != 2 {
			c.Errorf("%s leads to the contacts %v, want both", address, contacts)
		}
	}
	r, _ := inReview(c, a.TwoContactsOld, "erasure")
	_, err := c.Svc.Withdraw(c.Context(), c.DPOs[0], r.ID)
	must(c.TB, err)
}

func testSharedAddress(c *company.Company) {
	a := acme.AwkwardCases()
	before := list(c, `select row_to_json(t)::text from crm.addresses t where id in (select x.address_id from crm.contact_addresses x join crm.contacts k on k.id = x.contact_id where k.email = $1)`, a.SharedHome)
	other := list(c, `select row_to_json(t)::text from crm.contacts t where email = $1`, a.SharedHomeOther)
	links := list(c, `select row_to_json(x)::text from crm.contact_addresses x join crm.contacts k on k.id = x.contact_id where k.email = $1`, a.SharedHomeOther)
	r, _ := inReview(c, a.SharedHome, "erasure")
	c.Approve(r.ID)
	c.Await(r.ID, requests.Completed)
	after := list(c, `select row_to_json(t)::text from crm.addresses t where id in (select x.address_id from crm.contact_addresses x join crm.contacts k on k.id = x.contact_id where k.email = $1)`, a.SharedHomeOther)
	if len(before) == 0 || !slices.Equal(before, after) {
		c.Errorf("the shared address is %v, was %v", after, before)
	}
	if now := list(c, `select row_to_json(t)::text from crm.contacts t where email = $1`, a.SharedHomeOther); !slices.Equal(now, other) {
		c.Errorf("the other person's contact changed: %v", now)
	}
	if now := list(c, `select row_to_json(x)::text from crm.contact_addresses x join crm.contacts k on k.id = x.contact_id where k.email = $1`, a.SharedHomeOther); !slices.Equal(now, links) {
		c.Errorf("the other person's links changed: %v", now)
	}
	if left := list(c, `select email from crm.contacts where email = $1`, a.SharedHome); len(left) != 0 {
		c.Error("the person is still there")
	}
	report(c, r.ID)
}
