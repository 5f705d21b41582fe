package requests_test

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"habeas/requests"
	"habeas/requests/connect"
	"habeas/requests/evidence"
	"habeas/requests/testkit/acme"
	"habeas/requests/testkit/company"
)

// testCrash: the system acted and committed, and nothing of it reached us.
func testCrash(c *company.Company, h *hooks, who acme.Subject) {
	h.afterOnce("crm apply", func(context.Context, string) error {
		return connect.RetryAfter(0, "unreachable", "The connection broke after the commit.", nil)
	})
	erased := len(minus(rowsOf(c, who, "crm.orders", ""), rowsOf(c, who, "crm.orders", kept["crm.orders"])))
	r, _ := inReview(c, who.Email, "erasure")
	c.Approve(r.ID)
	c.Await(r.ID, requests.Completed)
	n := kinds(c, r.ID)
	if n["drift.found"] != 0 || n["task.failed"] != 1 || n["record.erased"] != 2 || n["plan.made"] != 1 || n["task.started"] != n["task.finished"]+1 {
		c.Errorf("events %v", n)
	}
	if got := outcomes(c, r.ID)["crm.orders verified_absent"]; got != int64(erased) {
		c.Errorf("%d orders absent, want %d", got, erased)
	}
	for _, e := range payloads[evidence.RecordErased](c, r.ID) {
		if e.System == "crm" && (e.Attempt != 2 || e.Count == 0) {
			c.Errorf("%+v", e)
		}
	}
	report(c, r.ID)
}

// testFenced: a worker loses its lease after it acted, another takes over, and
// the late one writes nothing.
func testFenced(c *company.Company, h *hooks, who acme.Subject) {
	late := make(chan struct{})
	h.afterOnce("crm apply", func(ctx context.Context, job string) error {
		defer close(late)
		var caseID uuid.UUID
		if err := c.DB.QueryRow(c.Context(), `update tasks set lease_until = now() - interval '1 second' where id = $1 returning case_id`, job).Scan(&caseID); err != nil {
			return err
		}
		if _, err := c.Svc.Reap(c.Context()); err != nil {
			return err
		}
		must(c.TB, c.Queue.Wake(c.Context()))
		c.Await(caseID, requests.Completed)
		return nil // and now it wants to write what it did
	})
	r, _ := inReview(c, who.Email, "erasure")
	c.Approve(r.ID)
	c.Await(r.ID, requests.Completed)
	before := len(events(c, r.ID))
	<-late
	n := kinds(c, r.ID)
	if n["record.erased"] != 2 || n["task.failed"] != 0 || n["drift.found"] != 0 || n["task.started"] != n["task.finished"]+1 {
		c.Errorf("events %v", n)
	}
	must(c.TB, poll(c, func() bool { return kinds(c, r.ID)["letter.sent"] == 3 }))
	for _, l := range events(c, r.ID)[before:] {
		if l.Kind != "letter.sent" {
			c.Errorf("a late worker wrote %s", l.Kind)
		}
	}
	report(c, r.ID)
}

// testDown: a system that is away costs time and nothing else.
func testDown(c *company.Company, h *hooks, who acme.Subject) {
	down := func(context.Context) error {
		return connect.RetryAfter(0, "unreachable", "The database does not answer.", errors.New("dial tcp: refused"))
	}
	h.once("crm find", down)
	r, _ := inReview(c, who.Email, "erasure")
	h.once("crm apply", down)
	c.Approve(r.ID)
	k := c.Await(r.ID, requests.Completed)
	failed := payloads[evidence.TaskFailed](c, r.ID)
	if len(failed) != 2 || failed[0].Code != "unreachable" || failed[0].Next != "retry" || failed[0].Stage != "discover" || failed[1].System != "crm" {
		c.Errorf("%+v", failed)
	}
	for _, f := range failed {
		if f.RetryAt.IsZero() {
			c.Error("no time for the next attempt")
		}
	}
	if k.Has(requests.Attention) || kinds(c, r.ID)["drift.found"] != 0 {
		c.Errorf("flags %v", k.Flags)
	}
	report(c, r.ID)
}

// testStopped: what will not work by itself waits for a person.
func testStopped(c *company.Company, h *hooks, who acme.Subject) {
	h.once("crm find", func(context.Context) error {
		return connect.Permanent("permission", "The user may not read orders.", nil)
	})
	r := c.File(who.Email, "access")
	c.Verify(who.Email, r)
	var failed requests.TaskView
	must(c.TB, poll(c, func() bool {
		k, err := c.Svc.Get(c.Context(), c.Auditor, r.ID)
		must(c.TB, err)
		tasks, err := c.Svc.Tasks(c.Context(), k)
		must(c.TB, err)
		i := slices.IndexFunc(tasks, func(v requests.TaskView) bool { return v.Status == "failed" })
		if i >= 0 {
			failed = tasks[i]
		}
		return i >= 0 && k.Has(requests.Attention)
	}))
	if failed.Error != "permission" || failed.ErrorText != "The user may not read orders." {
		c.Errorf("%+v", failed)
	}
	refused(c.TB, c.Svc.RetryTask(c.Context(), c.DPOs[0], r.ID, uuid.New()), "task-ended")
	h.once("crm read", func(context.Context) error {
		return connect.Hand("locked-vault", "The vault has to be opened by hand.")
	})
	must(c.TB, c.Svc.RetryTask(c.Context(), c.DPOs[0], r.ID, failed.ID))
	c.Await(r.ID, requests.Review)
	c.Approve(r.ID)
	var task uuid.UUID
	must(c.TB, poll(c, func() bool {
		return c.DB.QueryRow(c.Context(), `select id from tasks where case_id = $1 and stage = 'manual' and status = 'open'
			and exists (select 1 from tasks p where p.case_id = $1 and p.stage = 'package' and p.status = 'done')`, r.ID).Scan(&task) == nil
	}))
	must(c.TB, c.Svc.FinishManual(c.Context(), c.Agent, r.ID, task, requests.ManualResult{Result: "done"}))
	c.Await(r.ID, requests.Completed)
	report(c, r.ID)
}

func testPaused(c *company.Company, who acme.Subject) {
	must(c.TB, c.Svc.PauseSystem(c.Context(), c.Admin, "crm", true))
	r := c.File(who.Email, "access")
	c.Verify(who.Email, r)
	var crm uuid.UUID
	must(c.TB, poll(c, func() bool {
		var done bool
		must(c.TB, c.DB.QueryRow(c.Context(), `select bool_or(system = 'social' and status = 'done') from tasks where case_id = $1`, r.ID).Scan(&done))
		return done
	}))
	var attempts int
	var handed *time.Time
	must(c.TB, c.DB.QueryRow(c.Context(), `select id, attempt, dispatched_at from tasks where case_id = $1 and system = 'crm'`, r.ID).Scan(&crm, &attempts, &handed))
	if attempts != 0 || handed != nil {
		c.Errorf("a paused system got a task: attempt %d, handed out %v", attempts, handed)
	}
	if _, err := c.Svc.Claim(c.Context(), crm, "test", time.Minute); !errors.Is(err, requests.ErrNotNow) {
		c.Errorf("claim in a paused system: %v", err)
	}
	refused(c.TB, c.Svc.PauseSystem(c.Context(), c.Admin, "no-such", true), "no-such-system")
	must(c.TB, c.Svc.PauseSystem(c.Context(), c.Admin, "crm", false))
	c.Await(r.ID, requests.Review)
}

func testKillSwitch(c *company.Company, who acme.Subject) {
	must(c.TB, c.Svc.PauseSystem(c.Context(), c.Admin, requests.AllSystems, true))
	r := fileFor(c, who.Email, []string{"consent_withdrawal"})
	rows, err := c.DB.Query(c.Context(), `select id from tasks where case_id = $1`, r.ID)
	must(c.TB, err)
	var ids []uuid.UUID
	for rows.Next() {
		var id uuid.UUID
		must(c.TB, rows.Scan(&id))
		ids = append(ids, id)
	}
	must(c.TB, rows.Err())
	if len(ids) != 2 {
		c.Errorf("%d tasks", len(ids))
	}
	if out, err := c.Svc.ToDispatch(c.Context(), 0); err != nil || len(out) != 0 {
		c.Errorf("handed out %v, %v", out, err)
	}
	for _, id := range ids {
		if _, err := c.Svc.Claim(c.Context(), id, "test", time.Minute); !errors.Is(err, requests.ErrNotNow) {
			c.Errorf("claim: %v", err)
		}
	}
	if n := kinds(c, r.ID)["task.started"]; n != 0 {
		c.Errorf("%d tasks started", n)
	}
	must(c.TB, c.Svc.PauseSystem(c.Context(), c.Admin, requests.AllSystems, false))
	c.Await(r.ID, requests.Completed)
}
