package requests_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"habeas/requests"
	"habeas/requests/connect"
	"habeas/requests/evidence"
	"habeas/requests/testkit"
	"habeas/requests/testkit/acme"
	"habeas/requests/testkit/company"
)

const dpo = requests.DPO

// keepAll decides that every undecided record is kept back.
func keepAll(p *requests.PlanView) []requests.Decision {
	var out []requests.Decision
	for _, r := range p.Records {
		if !r.Decided {
			out = append(out, requests.Decision{System: r.System, Type: r.Type, Key: r.Key, Action: connect.Keep, Ground: "GDPR Art. 15(4): may be another person's"})
		}
	}
	return out
}

func testAmbiguous(c *company.Company) {
	a := acme.AwkwardCases()
	rows := len(list(c, `select id::text from crm.contacts where email = $1`, a.FamilyAddress))
	r, _ := inReview(c, a.FamilyAddress, "erasure")
	p := planOf(c, r.ID)
	if p.Undecided == 0 || rows != 2 {
		c.Fatalf("%d undecided, %d contacts", p.Undecided, rows)
	}
	if !c.Await(r.ID, requests.Review).Has(requests.Attention) {
		c.Error("an ambiguous identity asks for no attention")
	}
	for _, rec := range p.Records {
		if !rec.Decided && rec.Action != connect.Keep {
			c.Errorf("%s of somebody unknown is planned to be %s", rec.Type, rec.Action)
		}
	}
	_, err := c.Svc.Approve(c.Context(), c.DPOs[0], r.ID, p.Hash)
	refused(c.TB, err, "undecided-records")
	_, err = c.Svc.Decide(c.Context(), c.DPOs[0], r.ID, keepAll(p))
	must(c.TB, err)
	if k := c.Await(r.ID, requests.Review); k.Has(requests.Attention) {
		c.Error("attention stays when all is decided")
	}
	c.Approve(r.ID)
	k := c.Await(r.ID, requests.Completed)
	if !k.Has(requests.Partial) {
		c.Error("what was kept back is not said")
	}
	if now := len(list(c, `select id::text from crm.contacts where email = $1`, a.FamilyAddress)); now != rows {
		c.Errorf("%d contacts left of %d", now, rows)
	}
	report(c, r.ID)
}

func testAllWithheld(c *company.Company) {
	a := acme.AwkwardCases()
	r, by := inReview(c, a.FamilyAddress, "access")
	p := planOf(c, r.ID)
	var all []requests.Decision
	for _, rec := range p.Records {
		all = append(all, requests.Decision{System: rec.System, Type: rec.Type, Key: rec.Key, Action: connect.Keep, Ground: "GDPR Art. 15(4)"})
	}
	_, err := c.Svc.Decide(c.Context(), c.DPOs[0], r.ID, all)
	must(c.TB, err)
	c.Approve(r.ID)
	k := c.Await(r.ID, requests.Completed)
	if !k.Has(requests.Partial) {
		c.Errorf("flags %v", k.Flags)
	}
	for name, rows := range openPackage(c, by, r.ID) {
		if len(rows) > 0 {
			c.Errorf("%s holds %d records that were withheld", name, len(rows))
		}
	}
}

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

func testClockSteps(c *company.Company, who acme.Subject) {
	r := c.File(who.Email, "access")
	_, err := c.Svc.Pause(c.Context(), c.DPOs[0], r.ID, requests.Step{Ground: "fee"})
	if e := refused(c.TB, err, "not-lawful"); !strings.Contains(e.Safe, "Art. 12") {
		c.Errorf("no article in %q", e.Safe)
	}
	_, err = c.Svc.Resume(c.Context(), c.DPOs[0], r.ID, requests.Step{})
	refused(c.TB, err, "not-paused")
	_, err = c.Svc.Extend(c.Context(), c.DPOs[0], r.ID, requests.Step{})
	if e := refused(c.TB, err, "not-lawful"); !strings.Contains(e.Safe, "Art. 12(3)") {
		c.Errorf("no article in %q", e.Safe)
	}
	before := r.DueOn
	k, err := c.Svc.Extend(c.Context(), c.DPOs[0], r.ID, requests.Step{Ground: "complexity", Reason: "Twelve systems have to be searched."})
	if err != nil { // the ground's name is the law table's
		k, err = c.Svc.Extend(c.Context(), c.DPOs[0], r.ID, requests.Step{Reason: "Twelve systems have to be searched."})
	}
	must(c.TB, err)
	if !k.Has(requests.Extended) || !k.DueOn.After(before.AddDate(0, 1, 0)) {
		c.Errorf("due %s, was %s", k.DueOn, before)
	}
	letter(c, who.Email, "Twelve systems have to be searched.")
	_, err = c.Svc.Extend(c.Context(), c.DPOs[0], r.ID, requests.Step{Reason: "again"})
	refused(c.TB, err, "not-lawful")
	if got := payloads[evidence.ClockExtended](c, r.ID); len(got) != 1 || !strings.Contains(string(got[0].Cite), "12(3)") || string(got[0].From) != before.Format(time.DateOnly) {
		c.Errorf("%+v", got)
	}

	// A law that pauses: the United Kingdom's clock stops while identity is open.
	uk, err := c.Svc.File(c.Context(), requests.Actor{Role: requests.Public}, requests.Filing{
		Rights: []string{"access"}, Country: "GB", Locale: "en", Identities: []connect.Identity{{Kind: "email", Value: who.Email}},
	})
	must(c.TB, err)
	k, err = c.Svc.Pause(c.Context(), c.DPOs[0], uk.ID, requests.Step{Ground: "clarification", Right: "access", Reason: "Which of the shops?"})
	must(c.TB, err)
	if !k.Has(requests.Paused) {
		c.Error("not paused")
	}
	_, err = c.Svc.Pause(c.Context(), c.DPOs[0], uk.ID, requests.Step{Ground: "clarification"})
	refused(c.TB, err, "already-paused")
	k, err = c.Svc.Resume(c.Context(), c.DPOs[0], uk.ID, requests.Step{})
	must(c.TB, err)
	if k.Has(requests.Paused) || k.DueOn.Before(uk.DueOn) {
		c.Errorf("due %s, was %s", k.DueOn, uk.DueOn)
	}
	if n := kinds(c, uk.ID); n["clock.paused"] != 1 || n["clock.resumed"] != 1 {
		c.Errorf("events %v", n)
	}
}

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
		if u.Role == dpo {
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

func must2[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		must(t, err)
		return v
	}
}

func testDecide(c *company.Company, who acme.Subject) {
	r, by := inReview(c, who.Email, "access")
	p := planOf(c, r.ID)
	i := slices.IndexFunc(p.Records, func(rec requests.PlanRecord) bool { return rec.Type == "notes" && rec.Action == connect.Redact })
	if i < 0 {
		c.Fatal("no note to decide over")
	}
	note := p.Records[i]
	decide := func(d requests.Decision) (string, error) {
		d.System, d.Type = note.System, note.Type
		if d.Key == "" {
			d.Key = note.Key
		}
		return c.Svc.Decide(c.Context(), c.DPOs[0], r.ID, []requests.Decision{d})
	}
	for name, d := range map[string]requests.Decision{
		"no ground": {Action: connect.Disclose}, "another right's action": {Action: connect.Erase, Ground: "x"},
		"no such record": {Key: "999999", Action: connect.Disclose, Ground: "x"},
	} {
		if _, err := decide(d); requests.AsError(err).Code != "invalid-input" {
			c.Errorf("%s: %v", name, err)
		}
	}
	if again := planOf(c, r.ID); again.Hash != p.Hash || again.Version != p.Version {
		c.Error("a refused decision changed the plan")
	}
	hash, err := decide(requests.Decision{Action: connect.Disclose, Ground: "About nobody else."})
	must(c.TB, err)
	if hash == p.Hash || planOf(c, r.ID).Hash != hash {
		c.Errorf("hash %s", hash)
	}
	_, err = c.Svc.Approve(c.Context(), c.DPOs[0], r.ID, p.Hash)
	refused(c.TB, err, "plan-changed")
	changed := payloads[evidence.PlanChanged](c, r.ID)
	if len(changed) != 1 || changed[0].Changed != 1 || string(changed[0].Previous) != p.Hash || string(changed[0].PlanHash) != hash || changed[0].Reason == "" {
		c.Errorf("%+v", changed)
	}
	c.Approve(r.ID)
	c.Await(r.ID, requests.Completed)
	shown := 0
	for _, row := range openPackage(c, by, r.ID)["crm.notes"] {
		if row["body"] != nil {
			shown++
		}
	}
	if shown != 1 {
		c.Errorf("%d notes shown, one was decided to be", shown)
	}

	// Approvals fall with the plan that they signed.
	r, _ = inReview(c, who.Email, "erasure")
	p = planOf(c, r.ID)
	_, err = c.Svc.Approve(c.Context(), c.DPOs[0], r.ID, p.Hash)
	must(c.TB, err)
	rec := p.Records[0]
	_, err = c.Svc.Decide(c.Context(), c.DPOs[1], r.ID, []requests.Decision{{System: rec.System, Type: rec.Type, Key: rec.Key, Action: connect.Keep, Ground: "Art. 17(3)(e)"}})
	must(c.TB, err)
	k, err := c.Svc.Get(c.Context(), c.Auditor, r.ID)
	must(c.TB, err)
	given, _, err := c.Svc.Approvals(c.Context(), k)
	must(c.TB, err)
	if changed := payloads[evidence.PlanChanged](c, r.ID); len(given) != 0 || changed[0].Fallen != 1 {
		c.Errorf("%d approvals stand, %d fell", len(given), changed[0].Fallen)
	}
	_, err = c.Svc.Withdraw(c.Context(), c.DPOs[0], r.ID)
	must(c.TB, err)
}

// race runs fn twenty times at once and returns how many succeeded and the
// codes of the others.
func race(c *company.Company, fn func(i int) error) (won int, lost map[string]int) {
	var wg sync.WaitGroup
	errs := make([]error, 20)
	start := make(chan struct{})
	for i := range errs {
		wg.Go(func() {
			<-start
			errs[i] = fn(i)
		})
	}
	close(start)
	wg.Wait()
	lost = map[string]int{}
	for _, err := range errs {
		if err == nil {
			won++
		} else {
			lost[requests.AsError(err).Code]++
		}
	}
	return won, lost
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

func testWrongCodes(c *company.Company, who acme.Subject) {
	r := c.File(who.Email, "access")
	right := c.Code(who.Email, r.Reference)
	wrong := "000000"
	if right == wrong {
		wrong = "111111"
	}
	for i := 1; i <= 5; i++ {
		_, err := c.Svc.Verify(c.Context(), r.ID, wrong)
		want := "wrong-code"
		if i == 5 {
			want = "code-dead"
		}
		refused(c.TB, err, want)
	}
	_, err := c.Svc.Verify(c.Context(), r.ID, right)
	refused(c.TB, err, "code-dead")
	if n := kinds(c, r.ID)["identity.failed"]; n < 5 {
		c.Errorf("%d misses noted", n)
	}
	if k := c.Await(r.ID, requests.Filed); k.VerifiedAt != nil {
		c.Error("verified by a dead code")
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
