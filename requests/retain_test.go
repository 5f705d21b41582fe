package requests_test

import (
	"testing"
	"time"

	"habeas/requests"
	"habeas/requests/connect"
	"habeas/requests/consent"
	"habeas/requests/testkit/acme"
	"habeas/requests/testkit/company"
)

// When a case's key is destroyed, what was opted out of stays so, under a digest
// that leads to no case any more: not in the lists, and not by way of a hold.
func TestADestroyedKeyEndsTheLinkOfItsDigests(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{Settings: requests.Settings{Rescans: []time.Duration{}, ApprovalsErasure: 1}})
	who := acme.Subjects()[14]
	email := connect.Identity{Kind: "email", Value: who.Email}
	hold := setHold(c, requests.NewHold{Scope: "person", Identities: []connect.Identity{email}, Ground: "litigation", ReviewOn: time.Now().AddDate(0, 1, 0), Reason: "Suit"})
	e, _ := fileIn(c, "DE", "", who.Email, "erasure")
	c.Await(e.ID, requests.Review)
	liftHold(c, hold)
	_, err := c.Svc.Rediscover(t.Context(), c.DPOs[0], e.ID)
	must(t, err)
	c.Await(e.ID, requests.Review)
	c.Approve(e.ID)
	c.Await(e.ID, requests.Completed, requests.Closed)
	w := c.File(who.Email, "consent_withdrawal")
	c.Await(w.ID, requests.Closed)
	c.FinishByHand(e.ID)

	count := func(sql string, args ...any) (n int) {
		t.Helper()
		must(t, c.DB.QueryRow(t.Context(), sql, args...).Scan(&n))
		return n
	}
	const linked = `select (select count(*) from suppressions s join cases c on c.id = s.case_id) + (select count(*) from consent_ledger l join cases c on c.id = l.case_id)`
	digests := c.Ring.Lookups(email.Kind, email.Normal())
	const held = `select count(*) from holds h where h.lookups && $1`
	rows := count(`select (select count(*) from suppressions) + (select count(*) from consent_ledger)`)
	if count(linked) < 3 || count(held, digests) != 1 {
		t.Fatalf("%d rows lead to a case, %d holds to the person: nothing to unlink", count(linked), count(held, digests))
	}
	_, err = c.DB.Exec(t.Context(), `update cases set status = 'closed', retain_until = '2020-01-01', recourse_until = '2020-01-01'`)
	must(t, err)
	must(t, c.Svc.Sweep(t.Context()))
	if n := count(`select count(*) from cases where key_wrapped is not null`); n > 0 {
		t.Fatalf("%d keys are left", n)
	}
	if n := count(linked); n > 0 {
		t.Errorf("%d digests still lead to a case", n)
	}
	if n := count(held, digests); n > 0 {
		t.Errorf("%d holds still lead from the person to a case", n)
	}
	if got := count(`select (select count(*) from suppressions) + (select count(*) from consent_ledger)`); got != rows {
		t.Errorf("%d rows of %d are left", got, rows)
	}
	s, err := c.Svc.CheckConsent(t.Context(), email, "marketing_email")
	if err != nil || s.Allowed || s.Since.IsZero() {
		t.Errorf("the withdrawal is forgotten: %+v, %v", s, err)
	}
	list, err := consent.Suppressed(t.Context(), c.DB, c.Ring, consent.Identity{Kind: email.Kind, Normal: email.Normal()})
	if err != nil || len(list) == 0 {
		t.Errorf("the suppression is forgotten: %v, %v", list, err)
	}
}
