package requests_test

import (
	"fmt"
	"strings"

	"habeas/requests"
	"habeas/requests/connect"
	"habeas/requests/evidence"
	"habeas/requests/testkit/acme"
	"habeas/requests/testkit/company"
)

func testApprovals(c *company.Company, byHand, twice acme.Subject) {
	// Who proved by hand does not approve.
	r, err := c.Svc.File(c.Context(), c.DPOs[0], requests.Filing{
		Rights: []string{"access"}, Country: "DE", Channel: "letter", Identities: []connect.Identity{{Kind: "customer_id", Value: byHand.CustomerID}},
	})
	must(c.TB, err)
	_, err = c.Svc.ProveByHand(c.Context(), c.DPOs[0], r.ID, " ")
	refused(c.TB, err, "invalid-input")
	_, err = c.Svc.ProveByHand(c.Context(), c.DPOs[0], r.ID, "Known at the counter; passport shown.")
	must(c.TB, err)
	_, err = c.Svc.ProveByHand(c.Context(), c.DPOs[0], r.ID, "again")
	refused(c.TB, err, "not-waiting")
	c.Await(r.ID, requests.Review)
	p := planOf(c, r.ID)
	if p.Total == 0 {
		c.Error("a customer number that staff proved leads nowhere")
	}
	_, err = c.Svc.Approve(c.Context(), c.DPOs[0], r.ID, p.Hash)
	refused(c.TB, err, "own-proof")
	for _, by := range []requests.Actor{c.Agent, c.Auditor, c.Admin, {Role: requests.Customer, ID: r.ID.String()}} {
		_, err = c.Svc.Approve(c.Context(), by, r.ID, p.Hash)
		refused(c.TB, err, "dpo-only")
	}
	_, err = c.Svc.Approve(c.Context(), c.DPOs[1], r.ID, p.Hash)
	must(c.TB, err)
	c.Await(r.ID, requests.Completed)

	// One person counts once.
	r, _ = inReview(c, twice.Email, "erasure")
	p = planOf(c, r.ID)
	_, err = c.Svc.Approve(c.Context(), c.DPOs[0], r.ID, strings.Repeat("0", 64))
	refused(c.TB, err, "plan-changed")
	a, err := c.Svc.Approve(c.Context(), c.DPOs[0], r.ID, p.Hash)
	must(c.TB, err)
	if a.Given != 1 || a.Needed != 2 || a.Status != requests.Review {
		c.Errorf("%+v", a)
	}
	_, err = c.Svc.Approve(c.Context(), c.DPOs[0], r.ID, p.Hash)
	refused(c.TB, err, "second-person-needed")
	if n := kinds(c, r.ID)["plan.approved"]; n != 1 {
		c.Errorf("%d approvals", n)
	}

	// The subject does not approve the own request.
	var mine string
	for _, u := range must2(c.Svc.Users(c.Context()))(c.TB) {
		if u.Role == requests.DPO {
			mine = u.Email
			u := u.Actor()
			r, _ := inReview(c, mine, "access")
			_, err := c.Svc.Approve(c.Context(), u, r.ID, planOf(c, r.ID).Hash)
			refused(c.TB, err, "own-request")
			break
		}
	}
	if mine == "" {
		c.Error("no officer found")
	}
}

func testRacers(c *company.Company, who acme.Subject) {
	r := c.File(who.Email, "erasure")
	code := c.Code(who.Email, r.Reference)
	won, lost := race(c, func(int) error {
		_, err := c.Svc.Verify(c.Context(), r.ID, code)
		return err
	})
	if won != 1 || lost["wrong-code"] != 19 {
		c.Errorf("verify: %d won, others %v", won, lost)
	}
	c.Await(r.ID, requests.Review)
	p := planOf(c, r.ID)
	for i, officer := range c.DPOs {
		won, lost = race(c, func(int) error {
			_, err := c.Svc.Approve(c.Context(), officer, r.ID, p.Hash)
			return err
		})
		if won != 1 || won+lost["second-person-needed"]+lost["plan-changed"]+lost["not-in-review"] != 20 {
			c.Errorf("approve: %d won, others %v", won, lost)
		}
		if n := kinds(c, r.ID)["plan.approved"]; n != i+1 {
			c.Errorf("%d events of %d approvals", n, i+1)
		}
	}
	c.Await(r.ID, requests.Completed)
	steps := map[string]int{}
	for _, s := range payloads[evidence.StatusChanged](c, r.ID) {
		steps[fmt.Sprintf("%s → %s", s.From, s.To)]++
	}
	for step, n := range steps {
		if n != 1 {
			c.Errorf("%s %d times", step, n)
		}
	}

	other := c.File(who.Email, "access")
	won, lost = race(c, func(int) error {
		_, err := c.Svc.Withdraw(c.Context(), requests.Actor{Role: requests.Customer, ID: other.ID.String()}, other.ID)
		return err
	})
	if won != 1 || lost["already-begun"] != 19 || kinds(c, other.ID)["request.withdrawn"] != 1 {
		c.Errorf("withdraw: %d won, others %v, events %v", won, lost, kinds(c, other.ID))
	}
}
