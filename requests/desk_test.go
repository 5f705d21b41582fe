package requests_test

import (
	"slices"
	"testing"
	"time"

	"habeas/requests"
	"habeas/requests/evidence"
	"habeas/requests/testkit"
	"habeas/requests/testkit/acme"
	"habeas/requests/testkit/company"
)

// TestTimePasses: what only time does, with a clock that the test moves.
func TestTimePasses(t *testing.T) {
	t.Parallel()
	clock := testkit.NewClock(time.Now())
	c := company.New(t, company.Options{Now: clock.Now, Settings: requests.Settings{ErasureWait: time.Hour}})
	subjects := acme.Subjects()
	day := 24 * time.Hour

	never := c.File(subjects[0].Email, "access")
	ready, by := inReview(c, subjects[1].Email, "access")
	c.Approve(ready.ID)
	c.Await(ready.ID, requests.Completed)
	waits, owner := inReview(c, subjects[2].Email, "erasure")
	c.Approve(waits.ID)
	must(t, poll(c, func() bool {
		k, err := c.Svc.Get(t.Context(), c.Auditor, waits.ID)
		must(t, err)
		tasks, err := c.Svc.Tasks(t.Context(), k)
		must(t, err)
		return slices.ContainsFunc(tasks, func(v requests.TaskView) bool { return v.Stage == requests.Erase })
	}))
	k, err := c.Svc.Withdraw(t.Context(), owner, waits.ID)
	must(t, err)
	if k.Status != requests.Withdrawn || len(rowsOf(c, subjects[2], "crm.contacts", "")) != 1 {
		t.Errorf("cancelled while it waits: %s", k.Status)
	}

	clock.Add(6 * day)
	must(t, c.Svc.Sweep(t.Context()))
	if got := letters(c, never.ID); len(got) != 1 {
		t.Errorf("after six days: letters %v", got)
	}
	clock.Add(2 * day)
	must(t, c.Svc.Sweep(t.Context()))
	must(t, c.Svc.Sweep(t.Context()))
	if got := letters(c, never.ID); !slices.Equal(got, []string{"code", "unverified"}) {
		t.Errorf("after eight days: letters %v", got)
	}
	clock.Add(26 * day)
	must(t, c.Svc.Sweep(t.Context()))
	k, err = c.Svc.Get(t.Context(), c.Auditor, never.ID)
	must(t, err)
	if !k.Has(requests.Overdue) && k.Status == requests.Filed {
		t.Errorf("due on %s, flags %v", k.DueOn, k.Flags)
	}
	_, err = c.Svc.OpenPackage(t.Context(), by, ready.ID)
	refused(t, err, "package-expired")
	if n := kinds(c, ready.ID)["package.deleted"]; n != 1 {
		t.Errorf("%d packages deleted", n)
	}
	clock.Add(7 * day)
	must(t, c.Svc.Sweep(t.Context()))
	k = c.Await(never.ID, requests.Expired)
	if got := payloads[evidence.RequestExpired](c, k.ID); len(got) != 1 || got[0].Cause != "unverified" {
		t.Errorf("%+v", got)
	}
	if got := letters(c, never.ID); !slices.Equal(got, []string{"code", "unverified", "expired"}) {
		t.Errorf("letters %v", got)
	}
}
