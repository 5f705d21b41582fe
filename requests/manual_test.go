package requests_test

import (
	"slices"

	"github.com/google/uuid"

	"habeas/requests"
	"habeas/requests/connect"
	"habeas/requests/evidence"
	"habeas/requests/testkit/acme"
	"habeas/requests/testkit/company"
)

func testPaperFile(c *company.Company) {
	who := acme.AwkwardCases().PaperFile
	r, _ := inReview(c, who, "erasure")
	p := planOf(c, r.ID)
	if len(p.Manual) != 1 || p.Manual[0].System != acme.Archive {
		c.Fatalf("manual work %+v", p.Manual)
	}
	if p.Undecided > 0 {
		_, err := c.Svc.Decide(c.Context(), c.DPOs[0], r.ID, keepAll(p))
		must(c.TB, err)
	}
	c.Approve(r.ID)
	var task requests.TaskView
	must(c.TB, poll(c, func() bool {
		k, err := c.Svc.Get(c.Context(), c.Auditor, r.ID)
		must(c.TB, err)
		tasks, err := c.Svc.Tasks(c.Context(), k)
		must(c.TB, err)
		erased := 0
		for _, t := range tasks {
			if t.Stage == requests.Erase && t.Status == "done" {
				erased++
			}
			if t.Stage == requests.ByHand {
				task = t
			}
		}
		return erased > 0 && k.Status == requests.Executing
	}))
	if task.Instructions != "Take the folder out of the archive." || task.Due == nil {
		c.Errorf("task %+v", task)
	}
	must(c.TB, c.Svc.Sweep(c.Context()))
	k, err := c.Svc.Get(c.Context(), c.Auditor, r.ID)
	must(c.TB, err)
	if k.Status != requests.Executing {
		c.Fatalf("an open manual task does not hold executing: %s", k.Status)
	}
	refused(c.TB, c.Svc.FinishManual(c.Context(), c.Agent, r.ID, task.ID, requests.ManualResult{Result: "exception"}), "invalid-input")
	refused(c.TB, c.Svc.FinishManual(c.Context(), c.Agent, r.ID, uuid.New(), requests.ManualResult{Result: "done"}), "not-found")
	must(c.TB, c.Svc.FinishManual(c.Context(), c.Agent, r.ID, task.ID, requests.ManualResult{Result: "done", Proof: []byte("shredded")}))
	refused(c.TB, c.Svc.FinishManual(c.Context(), c.Agent, r.ID, task.ID, requests.ManualResult{Result: "done"}), "task-ended")
	c.Await(r.ID, requests.Completed)
	report(c, r.ID)
}

func testCandidates(c *company.Company) {
	a := acme.AwkwardCases()
	owner := list(c, `select id::text from social.profiles where handle = 'gipfel.gretel'`)
	r, _ := inReview(c, a.Claimed, "access")
	p := planOf(c, r.ID)
	for _, rec := range p.Records {
		if rec.System == "social" && rec.Type == "profiles" && slices.Contains(owner, rec.Key) {
			c.Error("a profile that was only claimed is in the plan")
		}
	}
	if !slices.ContainsFunc(p.Warnings, func(w connect.Warning) bool { return w.Code == "candidates" }) {
		c.Errorf("warnings %v", p.Warnings)
	}
	made := payloads[evidence.PlanMade](c, r.ID)
	if len(made) != 1 || made[0].Candidates == 0 {
		c.Errorf("plan.made %+v", made)
	}
}
