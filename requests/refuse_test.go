package requests_test

import (
	"slices"
	"strings"

	"habeas/requests"
	"habeas/requests/evidence"
	"habeas/requests/testkit/acme"
	"habeas/requests/testkit/company"
)

func testRefuseWhole(c *company.Company, who acme.Subject) {
	r, by := inReview(c, who.Email, "access")
	_, err := c.Svc.Refuse(c.Context(), c.DPOs[0], r.ID, requests.Step{})
	if e := refused(c.TB, err, "not-lawful"); !strings.Contains(e.Safe, "Art. 15") && !strings.Contains(e.Safe, "Art. 12") {
		c.Errorf("no article in %q", e.Safe)
	}
	_, err = c.Svc.Refuse(c.Context(), c.DPOs[0], r.ID, requests.Step{Ground: "others_rights", Reason: "no"})
	if e := refused(c.TB, err, "not-lawful"); !strings.Contains(e.Safe, "15(4)") {
		c.Errorf("no article in %q", e.Safe)
	}
	k, err := c.Svc.Refuse(c.Context(), c.DPOs[0], r.ID, requests.Step{Ground: "excessive", Reason: "The fortieth request of this week."})
	must(c.TB, err)
	if k.Status != requests.Refused || k.Status.Open() {
		c.Fatalf("status %s", k.Status)
	}
	m := letter(c, who.Email, "The fortieth request of this week")
	if !strings.Contains(m.Text, "12(5)") || !strings.Contains(m.Text, "Berlin Commissioner") {
		c.Errorf("the refusal names neither article nor authority:\n%s", m.Text)
	}
	got := payloads[evidence.RequestRefused](c, r.ID)
	if len(got) != 1 || got[0].Ground != "excessive" || !strings.Contains(string(got[0].Cite), "12(5)") || got[0].Reason == "" {
		c.Errorf("%+v", got)
	}
	_, err = c.Svc.Withdraw(c.Context(), by, r.ID)
	refused(c.TB, err, "already-begun")
	_, err = c.Svc.Approve(c.Context(), c.DPOs[0], r.ID, planOf(c, r.ID).Hash)
	refused(c.TB, err, "not-in-review")
	_, err = c.Svc.PersonalData(c.Context(), c.DPOs[0], r.ID, "complaint")
	must(c.TB, err) // what was staged is gone; the page still works
}

func testRefuseOneRight(c *company.Company, who acme.Subject) {
	r, by := inReview(c, who.Email, "access", "erasure")
	before := planOf(c, r.ID)
	step := requests.Step{Right: "erasure", Ground: "legal_claims", Reason: "A claim is before the court."}
	k, err := c.Svc.Refuse(c.Context(), c.DPOs[0], r.ID, step)
	must(c.TB, err)
	if k.Status != requests.Review || !k.Has(requests.Partial) {
		c.Fatalf("%s %v", k.Status, k.Flags)
	}
	_, err = c.Svc.Refuse(c.Context(), c.DPOs[0], r.ID, step)
	refused(c.TB, err, "already-refused")
	after := planOf(c, r.ID)
	for _, rec := range after.Records {
		if rec.Right != "access" {
			c.Fatalf("a record is still planned for %s", rec.Right)
		}
	}
	if after.Hash == before.Hash || after.Total >= before.Total || after.Total == 0 {
		c.Errorf("%d records of %d, hash %s", after.Total, before.Total, after.Hash)
	}
	c.Approve(r.ID) // one approval: nothing is erased any more
	k = c.Await(r.ID, requests.Completed)
	if n := kinds(c, r.ID); n["plan.approved"] != 1 || n["record.erased"] != 0 || n["package.built"] != 1 {
		c.Errorf("events %v", n)
	}
	if len(rowsOf(c, who, "crm.contacts", "")) != 1 {
		c.Error("erased in spite of the refusal")
	}
	openPackage(c, by, r.ID)
	want := map[string]string{"access": "granted", "erasure": "refused"}
	for _, d := range k.Decisions {
		if w := want[d.Right]; w != d.Decision && !(d.Right == "access" && d.Decision == "partial") {
			c.Errorf("%s was %s", d.Right, d.Decision)
		}
	}
	if got := letters(c, r.ID); !slices.Contains(got, "refusal") || slices.Contains(got, "erasure_done") || !slices.Contains(got, "access_ready") {
		c.Errorf("letters %v", got)
	}
	report(c, r.ID)
}
