package requests_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"habeas/requests"
	"habeas/requests/connect"
	"habeas/requests/evidence"
	"habeas/requests/testkit/acme"
	"habeas/requests/testkit/company"
	"habeas/requests/work"
)

func change(c *company.Company, sql string, args ...any) {
	c.Helper()
	tag, err := c.CRM.Exec(c.Context(), sql, args...)
	must(c.TB, err)
	if tag.RowsAffected() == 0 {
		c.Fatalf("nothing changed by %s", sql)
	}
}

// same fails when the company's database is not as it was.
func unchanged(c *company.Company, who acme.Subject, was map[string][]string) {
	c.Helper()
	for table := range whose {
		if now := rowsOf(c, who, table, ""); !slices.Equal(now, was[table]) {
			c.Errorf("%s changed:\n%v\nwas\n%v", table, now, was[table])
		}
	}
}

func allRows(c *company.Company, who acme.Subject) map[string][]string {
	out := map[string][]string{}
	for table := range whose {
		out[table] = rowsOf(c, who, table, "")
	}
	return out
}

// testDrift changes a system between approval and act: nothing is erased in
// any system before the new plan is approved.
func testDrift(c *company.Company, who acme.Subject, meanwhile func()) {
	r, _ := inReview(c, who.Email, "erasure")
	p := planOf(c, r.ID)
	_, err := c.Svc.Approve(c.Context(), c.DPOs[0], r.ID, p.Hash)
	must(c.TB, err)
	meanwhile()
	was := allRows(c, who)
	_, err = c.Svc.Approve(c.Context(), c.DPOs[1], r.ID, p.Hash)
	must(c.TB, err)
	must(c.TB, poll(c, func() bool { return len(payloads[evidence.PlanMade](c, r.ID)) == 2 }))
	c.Await(r.ID, requests.Review)
	unchanged(c, who, was)
	drift := payloads[evidence.DriftFound](c, r.ID)
	if len(drift) != 1 || string(drift[0].PlanHash) != p.Hash || drift[0].Records == 0 {
		c.Errorf("%+v", drift)
	}
	again := planOf(c, r.ID)
	if again.Hash == p.Hash || again.Version != p.Version+1 {
		c.Errorf("plan %d %s after %d %s", again.Version, again.Hash, p.Version, p.Hash)
	}
	_, err = c.Svc.Approve(c.Context(), c.DPOs[0], r.ID, p.Hash)
	refused(c.TB, err, "plan-changed")
	k, err := c.Svc.Get(c.Context(), c.Auditor, r.ID)
	must(c.TB, err)
	if given, needed, err := c.Svc.Approvals(c.Context(), k); err != nil || len(given) != 0 || needed != 2 {
		c.Errorf("%d approvals of the new plan, %d needed, %v", len(given), needed, err)
	}
	c.Approve(r.ID)
	c.Await(r.ID, requests.Completed)
	if left := rowsOf(c, who, "crm.contacts", ""); len(left) != 0 {
		c.Error("not erased after the second approval")
	}
	report(c, r.ID)
}

// testNoDrift: a value that goes anyway may change.
func testNoDrift(c *company.Company, who acme.Subject) {
	r, _ := inReview(c, who.Email, "erasure")
	change(c, `update crm.contacts set phone = '+49 30 1234567' where id = $1`, who.ContactID)
	c.Approve(r.ID)
	c.Await(r.ID, requests.Completed)
	if n := kinds(c, r.ID); n["drift.found"] != 0 || n["plan.made"] != 1 {
		c.Errorf("events %v", n)
	}
}

// testLateDrift: a row appears after the check. The system refuses in its own
// transaction, and the case goes back; what another system did is recorded.
func testLateDrift(c *company.Company, h *hooks, who acme.Subject) {
	r, _ := inReview(c, who.Email, "erasure")
	var crm []string
	inserted := atomic.Bool{}
	h.once("crm apply", func(ctx context.Context) error {
		change(c, `insert into crm.notes (id, contact_id, body, staff, created_at) select max(id) + 1, $1, 'late', 'k.l', now() from crm.notes`, who.ContactID)
		crm = rowsOf(c, who, "crm.contacts", "")
		inserted.Store(true)
		return nil
	})
	c.Approve(r.ID)
	c.Await(r.ID, requests.Review)
	if !inserted.Load() || len(crm) != 1 || !slices.Equal(crm, rowsOf(c, who, "crm.contacts", "")) {
		c.Errorf("the customer database changed: %v", rowsOf(c, who, "crm.contacts", ""))
	}
	c.Approve(r.ID)
	c.Await(r.ID, requests.Completed)
	social := 0
	for _, e := range payloads[evidence.RecordErased](c, r.ID) {
		if e.System == "social" {
			social += int(e.Count)
		}
	}
	if social == 0 || len(rowsOf(c, who, "social.profiles", "")) != 0 {
		c.Errorf("%d social records erased by the events; profiles left: %v", social, rowsOf(c, who, "social.profiles", ""))
	}
	report(c, r.ID)
}

func TestSystemsThatChangeAndFail(t *testing.T) {
	t.Parallel()
	h := &hooks{}
	c := company.New(t, company.Options{Wrap: h.wrap})
	s := acme.Subjects()
	// One after another: hooks are per system.
	for _, j := range []struct {
		name string
		run  func(*company.Company)
	}{
		{"a row was added to the customer database", func(c *company.Company) {
			testDrift(c, s[0], func() {
				change(c, `insert into crm.notes (id, contact_id, body, staff, created_at) select max(id) + 1, $1, 'new', 'k.l', now() from crm.notes`, s[0].ContactID)
			})
		}},
		{"a row was added to the social records", func(c *company.Company) {
			testDrift(c, s[1], func() {
				change(c, `insert into social.mentions select max(m.id) + 1, $1, 'instagram', 'post-new', 'hello', 0, now() from social.mentions m`, s[1].ProfileID)
			})
		}},
		{"a row went", func(c *company.Company) {
			testDrift(c, s[2], func() { change(c, `delete from crm.notes where contact_id = $1`, s[2].ContactID) })
		}},
		{"a value that is kept changed", func(c *company.Company) {
			testDrift(c, s[3], func() {
				change(c, `update crm.invoices set bill_name = 'Somebody Else' where customer_no = $1 and issued_on > '2020-01-01'`, s[3].CustomerID)
			})
		}},
		{"a value that goes changed", func(c *company.Company) { testNoDrift(c, s[4]) }},
		{"the connection broke after the commit", func(c *company.Company) { testCrash(c, h, s[5]) }},
		{"the lease was lost after the commit", func(c *company.Company) { testFenced(c, h, s[6]) }},
		{"a system was down", func(c *company.Company) { testDown(c, h, s[7]) }},
		{"a system refuses for good, then by hand", func(c *company.Company) { testStopped(c, h, s[8]) }},
		{"a row was added after the check", func(c *company.Company) { testLateDrift(c, h, s[9]) }},
		{"one system paused", func(c *company.Company) { testPaused(c, s[10]) }},
		{"everything paused", func(c *company.Company) { testKillSwitch(c, s[11]) }},
		{"a record reappears", func(c *company.Company) { testReappears(c, s[12]) }},
	} {
		t.Run(j.name, func(t *testing.T) { j.run(c.For(t)) })
	}
}

func testReappears(c *company.Company, who acme.Subject) {
	contact := rowsOf(c, who, "crm.contacts", "")
	r, _ := inReview(c, who.Email, "erasure")
	c.Approve(r.ID)
	c.Await(r.ID, requests.Completed)
	old := planOf(c, r.ID)
	change(c, `insert into crm.contacts select * from json_populate_record(null::crm.contacts, $1::json)`, contact[0])
	_, err := c.DB.Exec(c.Context(), `update tasks set next_attempt_at = now() where case_id = $1 and stage = 'rescan' and round = 1`, r.ID)
	must(c.TB, err)
	must(c.TB, c.Queue.Wake(c.Context()))
	k := c.Await(r.ID, requests.Review)
	if !k.Has(requests.Attention) {
		c.Errorf("flags %v", k.Flags)
	}
	back := payloads[evidence.OutcomeReappeared](c, r.ID)
	if len(back) != 1 || back[0].Count != 1 || back[0].Round != "rescan_1" || back[0].System != "crm" {
		c.Errorf("%+v", back)
	}
	for _, officer := range c.DPOs {
		_, err := c.Svc.Approve(c.Context(), officer, r.ID, old.Hash)
		refused(c.TB, err, "plan-changed")
	}
	_, err = c.Svc.Rediscover(c.Context(), c.DPOs[0], r.ID)
	must(c.TB, err)
	c.Await(r.ID, requests.Review)
	c.Approve(r.ID)
	c.Await(r.ID, requests.Completed)
	if left := rowsOf(c, who, "crm.contacts", ""); len(left) != 0 {
		c.Errorf("still there: %v", left)
	}
	report(c, r.ID)
}

// TestOneOfTwentyClaimsWins, and a worker that lost its lease writes nothing.
func TestOneOfTwentyClaimsWins(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{Workers: -1})
	who := acme.Subjects()[0]
	r := c.File(who.Email, "access")
	c.Verify(who.Email, r)
	var task uuid.UUID
	must(t, c.DB.QueryRow(t.Context(), `select id from tasks where case_id = $1 and system = 'crm'`, r.ID).Scan(&task))
	var mu sync.Mutex
	var first *requests.Claim
	won, _ := race(c, func(i int) error {
		cl, err := c.Svc.Claim(t.Context(), task, fmt.Sprint("worker ", i), time.Minute)
		if err == nil {
			mu.Lock()
			first = cl
			mu.Unlock()
		} else if !errors.Is(err, requests.ErrNotNow) {
			t.Errorf("racer: %v", err)
		}
		return err
	})
	if n := kinds(c, r.ID)["task.started"]; won != 1 || n != 1 {
		t.Fatalf("%d won, %d events", won, n)
	}
	var busy int
	must(t, c.DB.QueryRow(t.Context(), `select count(*) from slots where task_id = $1`, task).Scan(&busy))
	if busy != 1 {
		t.Errorf("%d slots taken", busy)
	}
	must(t, c.Svc.Heartbeat(t.Context(), first, time.Minute))

	ghost := connect.Found{Type: "contacts", Key: "999999", Owner: "contacts/999999", Match: connect.Exact, Access: &connect.Proposal{Action: connect.Disclose}}
	must(t, c.Svc.Keep(t.Context(), first, 0, []connect.Found{ghost}))
	_, err := c.DB.Exec(t.Context(), `update tasks set lease_until = now() - interval '1 second' where id = $1`, task)
	must(t, err)
	if n, err := c.Svc.Reap(t.Context()); err != nil || n != 1 {
		t.Fatalf("reaped %d, %v", n, err)
	}
	second, err := c.Svc.Claim(t.Context(), task, "second", time.Minute)
	must(t, err)
	if second.Attempt != 2 || second.Again {
		t.Errorf("attempt %d, again %v", second.Attempt, second.Again)
	}
	before := len(events(c, r.ID))
	for name, err := range map[string]error{
		"heartbeat": c.Svc.Heartbeat(t.Context(), first, time.Minute),
		"end":       c.Svc.Discovered(t.Context(), first, 1, requests.Learned{}),
		"fail":      c.Svc.Fail(t.Context(), first, errors.New("late")),
	} {
		if !errors.Is(err, requests.ErrFenced) {
			t.Errorf("%s of a late worker: %v", name, err)
		}
	}
	if n := len(events(c, r.ID)); n != before {
		t.Errorf("a late worker wrote %d events", n-before)
	}
	must(t, c.Svc.Discovered(t.Context(), second, 0, requests.Learned{}))
	if err := c.Svc.Discovered(t.Context(), second, 0, requests.Learned{}); !errors.Is(err, requests.ErrFenced) {
		t.Errorf("ended twice: %v", err)
	}
	c.Worker(work.Options{})
	c.Await(r.ID, requests.Review)
	for _, rec := range planOf(c, r.ID).Records {
		if strings.Contains(rec.Key, "999999") {
			t.Error("the plan holds what a late worker found")
		}
	}
}
