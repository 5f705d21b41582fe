package requests_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"habeas/requests"
	"habeas/requests/connect"
	"habeas/requests/evidence"
	"habeas/requests/testkit/acme"
	"habeas/requests/testkit/company"
)

func testWithdraw(c *company.Company, early, late acme.Subject) {
	r, by := inReview(c, early.Email, "access", "erasure")
	_, err := c.Svc.Withdraw(c.Context(), requests.Actor{Role: requests.Customer, ID: uuid.NewString()}, r.ID)
	refused(c.TB, err, "not-found")
	k, err := c.Svc.Withdraw(c.Context(), by, r.ID)
	must(c.TB, err)
	if k.Status != requests.Withdrawn {
		c.Fatal(k.Status)
	}
	letter(c, early.Email, r.Reference)
	var staged int
	must(c.TB, c.DB.QueryRow(c.Context(), `select count(*) from tasks where case_id = $1 and status in ('waiting', 'running', 'open')`, r.ID).Scan(&staged))
	if staged != 0 {
		c.Errorf("%d tasks go on", staged)
	}
	if got := payloads[evidence.RequestWithdrawn](c, r.ID); len(got) != 1 || got[0].Cause != "customer" {
		c.Errorf("%+v", got)
	}

	r, by = inReview(c, late.Email, "erasure")
	c.Approve(r.ID)
	c.Await(r.ID, requests.Completed)
	_, err = c.Svc.Withdraw(c.Context(), by, r.ID)
	refused(c.TB, err, "already-begun")
}

func testNotMe(c *company.Company, who acme.Subject) {
	r := c.File(who.Email, "consent_withdrawal", "erasure")
	email := connect.Identity{Kind: "email", Value: who.Email}
	_, err := c.Svc.RecordConsent(c.Context(), requests.Actor{Role: requests.ServiceRole, ID: "shop"},
		requests.ConsentEntry{Identity: email, Purpose: "profiling", Allowed: true, Since: new(time.Now().Add(-time.Hour))})
	must(c.TB, err)
	m := letter(c, who.Email, "/not-me?token=")
	k, err := c.Svc.NotMe(c.Context(), token(c, m, "not-me"))
	must(c.TB, err)
	if k.Status != requests.Withdrawn {
		c.Fatal(k.Status)
	}
	if _, err := c.Svc.NotMe(c.Context(), token(c, m, "not-me")); err != nil {
		c.Errorf("clicked twice: %v", err)
	}
	if got := payloads[evidence.RequestWithdrawn](c, r.ID); len(got) != 1 || got[0].Cause != "not_me" {
		c.Errorf("%+v", got)
	}
	s, err := c.Svc.CheckConsent(c.Context(), email, "profiling")
	must(c.TB, err)
	if !s.Allowed {
		c.Error("what somebody else withdrew was not restored")
	}
	_, err = c.Svc.Verify(c.Context(), r.ID, c.Code(who.Email, r.Reference))
	if err == nil && len(payloads[evidence.PlanMade](c, r.ID)) > 0 {
		c.Error("a stopped request goes on")
	}
}

// testUndoRace: whenever the undo link is used, the case ends and the ledger
// is as before.
func testUndoRace(c *company.Company, who acme.Subject) {
	email := connect.Identity{Kind: "email", Value: who.Email}
	_, err := c.Svc.RecordConsent(c.Context(), requests.Actor{Role: requests.ServiceRole, ID: "shop"}, requests.ConsentEntry{Identity: email, Purpose: "profiling", Allowed: true})
	must(c.TB, err)
	r := fileFor(c, who.Email, []string{"consent_withdrawal"}, "profiling")
	_, err = c.Svc.Undo(c.Context(), token(c, letter(c, who.Email, "/undo?token="), "undo"))
	must(c.TB, err)
	c.Await(r.ID, requests.Withdrawn, requests.Completed)
	s, err := c.Svc.CheckConsent(c.Context(), email, "profiling")
	must(c.TB, err)
	if !s.Allowed {
		c.Error("the ledger is not restored")
	}
}

// After the first irreversible act nothing is stopped any more, whatever the status:
// a record that was found again leads back to review.
func TestWhatHasBegunIsNotStopped(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{})
	r := c.File(acme.Subjects()[13].Email, "erasure")
	by := c.Verify(acme.Subjects()[13].Email, r)
	c.Await(r.ID, requests.Review)
	_, err := c.DB.Exec(t.Context(), `update cases set acted_at = now() where id = $1`, r.ID)
	must(t, err)
	_, err = c.Svc.Withdraw(t.Context(), by, r.ID)
	refused(t, err, "already-begun")
	if k := caseNow(c, r.ID); k.Status != requests.Review {
		t.Errorf("%s", k.Status)
	}
}
