package requests_test

import (
	"testing"

	"habeas/requests"
	"habeas/requests/testkit/acme"
	"habeas/requests/testkit/company"
)

func TestErasureFromFilingToCompletion(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{})
	who := acme.Subjects()[0]
	r := c.File(who.Email, "erasure")
	c.Verify(who.Email, r)
	c.Await(r.ID, requests.Review)
	c.Approve(r.ID)
	k := c.Await(r.ID, requests.Completed)
	totals, err := c.Svc.OutcomeTotals(t.Context(), k)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range totals {
		t.Logf("%+v", o)
	}
	evs, err := c.Svc.Events(t.Context(), k)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range evs {
		t.Logf("%s %s", e.Kind, e.Data)
	}
	for _, m := range c.Mail.Messages() {
		t.Logf("mail %s\n%s", m.Subject, m.Text)
	}
}
