package requests_test

import (
	"testing"

	"habeas/requests"
	"habeas/requests/testkit/acme"
	"habeas/requests/testkit/company"
)

// openByHand waits for a case's open manual tasks.
func openByHand(c *company.Company, r *requests.Receipt, want int) []requests.TaskView {
	c.Helper()
	var open []requests.TaskView
	must(c.TB, poll(c, func() bool {
		k, err := c.Svc.Get(c.Context(), c.Auditor, r.ID)
		must(c.TB, err)
		tasks, err := c.Svc.Tasks(c.Context(), k)
		must(c.TB, err)
		open = open[:0]
		for _, t := range tasks {
			if t.Stage == requests.ByHand && t.Status == "open" {
				open = append(open, t)
			}
		}
		return len(open) == want
	}))
	return open
}

// A withdrawal goes by rule, and what people have to do for it is opened all
// the same: the case waits for them.
func TestWithdrawalOpensItsManualWork(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{})
	r := fileFor(c, acme.AwkwardCases().PaperFile, []string{"consent_withdrawal"}, "marketing_email")
	open := openByHand(c, r, 1)
	if open[0].System != acme.Archive || open[0].Instructions == "" {
		t.Errorf("task %+v", open[0])
	}
	k := c.Await(r.ID, requests.Executing)
	if k.WaitUntil != nil {
		t.Error("a withdrawal waits for an erasure that it does not do")
	}
	must(t, c.Svc.FinishManual(c.Context(), c.Agent, r.ID, open[0].ID, requests.ManualResult{Result: "done"}))
	c.Await(r.ID, requests.Completed)
	report(c, r.ID)
}
