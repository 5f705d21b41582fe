package requests_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"habeas/requests"
	"habeas/requests/clock"
	"habeas/requests/connect"
	"habeas/requests/evidence"
	"habeas/requests/testkit/acme"
	"habeas/requests/testkit/company"
)

// fileIn files a request from a place.
func fileIn(c *company.Company, country, region, email string, rights ...string) (*requests.Receipt, requests.Actor) {
	c.Helper()
	r, err := c.Svc.File(c.Context(), requests.Actor{Role: requests.Public}, requests.Filing{
		Rights: rights, Country: country, Region: region, Locale: "en", Identities: []connect.Identity{{Kind: "email", Value: email}},
	})
	must(c.TB, err)
	return r, c.Verify(email, r)
}

func refuseAll(c *company.Company, id uuid.UUID, by requests.Actor, right, ground string) {
	c.Helper()
	c.Await(id, requests.Review)
	_, err := c.Svc.Refuse(c.Context(), by, id, requests.Step{Right: right, Ground: ground, Reason: "We could not tell which of two customers you are."})
	must(c.TB, err)
}

func caseNow(c *company.Company, id uuid.UUID) *requests.Case {
	c.Helper()
	k, err := c.Svc.Get(c.Context(), c.Auditor, id)
	must(c.TB, err)
	return k
}

// testAppeal: Virginia. A denial is appealed; who denied it may not decide; it
// is upheld and the request is done again.
func testAppeal(c *company.Company, who acme.Subject) {
	r, by := fileIn(c, "US", "VA", who.Email, "erasure")
	c.Await(r.ID, requests.Review)
	_, err := c.Svc.FileMatter(c.Context(), by, r.ID, requests.NewMatter{Kind: "appeal", Message: "You will refuse it."})
	refused(c.TB, err, "nothing-denied")
	refuseAll(c, r.ID, c.DPOs[0], "", "excessive")
	first := caseNow(c, r.ID)
	if first.Status != requests.Refused || c.Svc.Recourse(first) != requests.KindAppeal {
		c.Fatalf("%s, recourse %q", first.Status, c.Svc.Recourse(first))
	}
	m, err := c.Svc.FileMatter(c.Context(), by, r.ID, requests.NewMatter{Kind: "appeal", Message: "I asked once in five years."})
	must(c.TB, err)
	if m.Status != requests.Review || m.Kind != "appeal" || *m.Of != r.ID || m.Reference == first.Reference || len(m.Deadlines) != 1 || m.Deadlines[0].Name != "appeal" {
		c.Errorf("%+v", m)
	}
	if want := m.ReceivedAt.In(time.FixedZone("", 0)).AddDate(0, 0, 60); m.DueOn.Sub(want).Abs() > 48*time.Hour {
		c.Errorf("due %s, received %s", m.DueOn, m.ReceivedAt)
	}
	clockInLog(c, m)
	_, err = c.Svc.FileMatter(c.Context(), by, r.ID, requests.NewMatter{Kind: "appeal", Message: "Again"})
	refused(c.TB, err, "matter-open")
	until := func(day string) {
		_, err := c.DB.Exec(c.Context(), `update cases set recourse_until = $2::date where id = $1`, r.ID, day)
		must(c.TB, err)
	}
	until(time.Now().AddDate(0, 0, -3).Format(time.DateOnly))
	_, err = c.Svc.FileMatter(c.Context(), by, r.ID, requests.NewMatter{Kind: "complaint", Message: "Late"})
	refused(c.TB, err, "recourse-over")
	until(first.RecourseUntil.Format(time.DateOnly))
	d := requests.MatterDecision{Decision: "granted", Rights: []string{"erasure"}, Reason: "One request is not excessive."}
	_, _, err = c.Svc.DecideMatter(c.Context(), c.DPOs[0], m.ID, d)
	refused(c.TB, err, "own-decision")
	_, _, err = c.Svc.DecideMatter(c.Context(), c.Agent, m.ID, d)
	refused(c.TB, err, "dpo-only")
	for name, wrong := range map[string]requests.MatterDecision{
		"decision": {Decision: "maybe", Reason: "x"}, "reason": {Decision: "denied"},
		"rights": {Decision: "granted", Reason: "x"},
	} {
		_, _, err = c.Svc.DecideMatter(c.Context(), c.DPOs[1], m.ID, wrong)
		if e := refused(c.TB, err, "invalid-input"); e.Fields[0].Field != name {
			c.Errorf("%s: %+v", name, e.Fields)
		}
	}
	_, err = c.Svc.Extend(c.Context(), c.DPOs[1], m.ID, requests.Step{Ground: "complexity", Reason: "x"})
	if e := refused(c.TB, err, "not-lawful"); !strings.Contains(e.Safe, "59.1-577") || !strings.Contains(e.Safe, "appeal") {
		c.Errorf("Virginia extends no appeal: %s", e.Safe)
	}
	// what only requests have
	for _, err := range []error{
		errOf(c.Svc.Approve(c.Context(), c.DPOs[1], m.ID, "00")), errOf(c.Svc.Rediscover(c.Context(), c.DPOs[1], m.ID)),
		errOf(c.Svc.Pause(c.Context(), c.DPOs[1], m.ID, requests.Step{Ground: "identity", Reason: "x"})),
		errOf(c.Svc.Resume(c.Context(), c.DPOs[1], m.ID, requests.Step{})),
		errOf(c.Svc.Refuse(c.Context(), c.DPOs[1], m.ID, requests.Step{Ground: "excessive", Reason: "x"})),
		errOf(c.Svc.FileMatter(c.Context(), c.DPOs[0], m.ID, requests.NewMatter{Kind: "appeal", Message: "x"})),
	} {
		if e := requests.AsError(err); err == nil || e.Kind != requests.Conflict {
			c.Errorf("an appeal takes a step of requests: %v", err)
		}
	}
	done, redo, err := c.Svc.DecideMatter(c.Context(), c.DPOs[1], m.ID, d)
	must(c.TB, err)
	if done.Status != requests.Closed || done.Result != "granted" || redo == nil || redo.Kind != "request" || *redo.Of != m.ID {
		c.Errorf("%+v, %+v", done, redo)
	}
	c.Await(redo.ID, requests.Review)
	c.Approve(redo.ID)
	c.Await(redo.ID, requests.Completed)
	if left := rowsOf(c, who, "crm.contacts", ""); len(left) != 0 {
		c.Error("not erased when the appeal was upheld")
	}
	letter(c, who.Email, "is not excessive")
	if l := letters(c, m.ID); !slices.Equal(l, []string{"appeal_received", "appeal_decision"}) {
		c.Errorf("letters %v", l)
	}
	if n := kinds(c, r.ID); n["recourse.opened"] != 1 || n["recourse.ended"] != 1 {
		c.Errorf("events %v", n)
	}
	for _, id := range []uuid.UUID{r.ID, m.ID, redo.ID} {
		report(c, id)
	}
}

// clockInLog: the deadlines of an appeal or complaint follow from its events alone.
func clockInLog(c *company.Company, m *requests.Case) {
	c.Helper()
	got, err := requests.ClockFrom(events(c, m.ID))
	same := slices.EqualFunc(got, m.Deadlines, func(a, b clock.Deadline) bool { return a.Name == b.Name && a.Due == b.Due })
	if err != nil || !same || len(got) == 0 {
		c.Errorf("clock from the log: %+v, %v; the case has %+v", got, err, m.Deadlines)
	}
}

func errOf[T any](_ T, err error) error { return err }

// testAppealDenied: the letter names the Attorney General.
func testAppealDenied(c *company.Company, who acme.Subject) {
	r, by := fileIn(c, "US", "CO", who.Email, "access")
	refuseAll(c, r.ID, c.DPOs[1], "", "excessive")
	m, err := c.Svc.FileMatter(c.Context(), by, r.ID, requests.NewMatter{Kind: "appeal", Message: "No."})
	must(c.TB, err)
	_, redo, err := c.Svc.DecideMatter(c.Context(), c.DPOs[0], m.ID, requests.MatterDecision{Decision: "denied", Reason: "This was the ninth request this month."})
	must(c.TB, err)
	for _, d := range caseNow(c, m.ID).Decisions {
		if d.Decision != "refused" {
			c.Errorf("a denied appeal counts as %s", d.Decision)
		}
	}
	if len(caseNow(c, m.ID).Decisions) == 0 {
		c.Error("nothing was decided")
	}
	if redo != nil {
		c.Error("a denied appeal is done again")
	}
	if l := letter(c, who.Email, "the ninth request this month"); !strings.Contains(l.Text, "coag.gov") {
		c.Errorf("no Attorney General in\n%s", l.Text)
	}
	if _, err := c.Svc.FileMatter(c.Context(), by, r.ID, requests.NewMatter{Kind: "appeal", Message: "Once more"}); err != nil {
		c.Errorf("%v", err)
	}
}

// testAppealExtended: Colorado and Minnesota let us take 60 days more for an
// appeal, once, announced in the first 45 with the reason.
func testAppealExtended(c *company.Company, state string, who acme.Subject) {
	r, by := fileIn(c, "US", state, who.Email, "access")
	refuseAll(c, r.ID, c.DPOs[0], "", "excessive")
	m, err := c.Svc.FileMatter(c.Context(), by, r.ID, requests.NewMatter{Kind: "appeal", Message: "No."})
	must(c.TB, err)
	base := m.DueOn
	extend := func(st requests.Step) error { return errOf(c.Svc.Extend(c.Context(), c.DPOs[1], m.ID, st)) }
	refused(c.TB, extend(requests.Step{}), "not-lawful")
	refused(c.TB, extend(requests.Step{Ground: "holidays", Reason: "x"}), "not-lawful")
	day := func(on time.Time) {
		_, err := c.DB.Exec(c.Context(), `update cases set due_on = $2 where id = $1`, m.ID, on)
		must(c.TB, err)
	}
	day(base.AddDate(0, 0, -60))
	if e := refused(c.TB, extend(requests.Step{Ground: "complexity"}), "not-lawful"); !strings.Contains(e.Safe, "base due date") {
		c.Error(e.Safe)
	}
	day(base)
	must(c.TB, extend(requests.Step{Ground: "complexity", Reason: "Four systems are looked at again."}))
	k := caseNow(c, m.ID)
	if !k.Has(requests.Extended) || !k.DueOn.Equal(base.AddDate(0, 0, 60)) || len(k.Deadlines) != 2 {
		c.Errorf("due %s after %s, %+v", k.DueOn, base, k.Deadlines)
	}
	clockInLog(c, k)
	refused(c.TB, extend(requests.Step{Ground: "number"}), "not-lawful")
	l := letter(c, who.Email, "Four systems are looked at again.")
	if !strings.Contains(l.Subject, "your appeal") || !strings.Contains(l.Text, r.Reference) || !strings.Contains(l.Text, "did not take part") {
		c.Errorf("%s\n%s", l.Subject, l.Text)
	}
	if e := payloads[evidence.ClockExtended](c, m.ID); len(e) != 1 || string(e[0].To) != k.DueOn.Format(time.DateOnly) || !strings.Contains(string(e[0].Cite), map[string]string{"CO": "6-1-1306", "MN": "325M.14"}[state]) {
		c.Errorf("%+v", e)
	}
	_, _, err = c.Svc.DecideMatter(c.Context(), c.DPOs[1], m.ID, requests.MatterDecision{Decision: "denied", Reason: "The ground holds."})
	must(c.TB, err)
	report(c, m.ID)

	co, err := c.Svc.FileMatter(c.Context(), by, r.ID, requests.NewMatter{Kind: "complaint", Message: "Slow."})
	must(c.TB, err)
	refused(c.TB, errOf(c.Svc.Extend(c.Context(), c.DPOs[1], co.ID, requests.Step{Ground: "complexity"})), "not-lawful")
}

// testComplaint: the United Kingdom. Entered by staff as of an earlier day,
// acknowledged at once, answered by somebody else.
func testComplaint(c *company.Company, who acme.Subject) {
	r, by := fileIn(c, "GB", "", who.Email, "access")
	c.Await(r.ID, requests.Review)
	c.Approve(r.ID)
	c.Await(r.ID, requests.Completed)
	_, err := c.Svc.FileMatter(c.Context(), by, r.ID, requests.NewMatter{Kind: "appeal", Message: "x"})
	refused(c.TB, err, "no-appeal")
	early := time.Now().Add(-3 * 24 * time.Hour).Truncate(time.Second)
	n := requests.NewMatter{Kind: "complaint", Message: "Invoices are missing.", Channel: "phone", ReceivedAt: &early}
	_, err = c.Svc.FileMatter(c.Context(), c.Agent, r.ID, n)
	refused(c.TB, err, "invalid-input")
	n.Reason = "Taken on the phone on Friday"
	m, err := c.Svc.FileMatter(c.Context(), c.Agent, r.ID, n)
	must(c.TB, err)
	if len(m.Deadlines) != 2 || m.Deadlines[0].Name != "complaint" || !m.ReceivedAt.Equal(early) {
		c.Errorf("%+v", m.Deadlines)
	}
	_, _, err = c.Svc.DecideMatter(c.Context(), c.DPOs[0], m.ID, requests.MatterDecision{Decision: "denied", Reason: "x"})
	refused(c.TB, err, "own-decision") // who approved the package
	_, redo, err := c.Svc.DecideMatter(c.Context(), c.DPOs[1], m.ID, requests.MatterDecision{Decision: "granted", Rights: []string{"access"}, Reason: "They lie in the archive; we look there, too."})
	must(c.TB, err)
	c.Await(redo.ID, requests.Review)
	if l := letters(c, m.ID); !slices.Equal(l, []string{"complaint_received", "complaint_answer"}) {
		c.Errorf("letters %v", l)
	}
	filed := payloads[evidence.MatterFiled](c, m.ID)
	if len(filed) != 1 || filed[0].Reason == "" || filed[0].Channel != "phone" {
		c.Errorf("%+v", filed)
	}
	// another customer sees nothing of it
	_, err = c.Svc.FileMatter(c.Context(), requests.Actor{Role: requests.Customer, ID: uuid.NewString()}, r.ID, n)
	refused(c.TB, err, "not-found")
	// taken back
	m2, err := c.Svc.FileMatter(c.Context(), by, r.ID, requests.NewMatter{Kind: "complaint", Message: "And another thing."})
	must(c.TB, err)
	_, err = c.Svc.Withdraw(c.Context(), c.DPOs[0], m2.ID)
	must(c.TB, err)
	if ends := payloads[evidence.RecourseEnded](c, r.ID); len(ends) != 2 || ends[1].Decision != "withdrawn" {
		c.Errorf("%+v", ends)
	}
}

// testKeyWaits: a case's key outlives its retention while recourse is open or a
// hold is on it, and is destroyed when neither is.
func testKeyWaits(c *company.Company, who acme.Subject) {
	r, by := fileIn(c, "US", "VA", who.Email, "access")
	refuseAll(c, r.ID, c.DPOs[0], "", "excessive")
	letter(c, who.Email, "We could not tell which")
	m, err := c.Svc.FileMatter(c.Context(), by, r.ID, requests.NewMatter{Kind: "appeal", Message: "No."})
	must(c.TB, err)
	readable := func() bool {
		must(c.TB, c.Svc.Sweep(c.Context()))
		_, err := c.Svc.CaseKey(c.Context(), r.ID.String())
		return err == nil
	}
	over := func(id uuid.UUID) {
		_, err := c.DB.Exec(c.Context(), `update cases set retain_until = '2020-01-01', recourse_until = '2020-01-01' where id = $1`, id)
		must(c.TB, err)
	}
	if k := caseNow(c, r.ID); k.RetainUntil == nil || k.RetainUntil.Before(time.Now().AddDate(2, 0, 0)) || k.RecourseUntil == nil || k.RecourseUntil.Before(time.Now().AddDate(0, 11, 0)) {
		c.Errorf("kept until %v, recourse until %v", k.RetainUntil, k.RecourseUntil)
	}
	over(r.ID)
	if !readable() {
		c.Fatal("the key went while an appeal is open")
	}
	_, _, err = c.Svc.DecideMatter(c.Context(), c.DPOs[1], m.ID, requests.MatterDecision{Decision: "denied", Reason: "The ground holds."})
	must(c.TB, err)
	if !readable() {
		c.Fatal("the key went while recourse against the appeal's decision is open")
	}
	over(m.ID)
	h := setHold(c, requests.NewHold{Scope: "person", Identities: []connect.Identity{{Kind: "email", Value: strings.ToUpper(who.Email)}}, Ground: "litigation", ReviewOn: time.Now().AddDate(0, 1, 0), Reason: "Suit"})
	if !readable() {
		c.Fatal("the key went under a hold")
	}
	liftHold(c, h)
	must(c.TB, poll(c, func() bool { return kinds(c, r.ID)["letter.sent"] == 3 }))
	if readable() {
		c.Fatal("the key is there after its time")
	}
	if n := kinds(c, r.ID); n["key.destroyed"] != 1 {
		c.Errorf("events %v", n)
	}
	_, err = c.Svc.PersonalData(c.Context(), c.DPOs[0], r.ID, "complaint")
	refused(c.TB, err, "key-destroyed")
	var left int
	must(c.TB, c.DB.QueryRow(c.Context(), `select (select count(*) from cases where id = $1 and (sealed is not null or email_lookup is not null or subject_lookup <> '{}'))
		+ (select count(*) from outbox where case_id = $1 and sealed is not null) + (select count(*) from customer_tokens where case_id = $1)`, r.ID).Scan(&left))
	if left != 0 {
		c.Errorf("%d rows still hold what the key sealed", left)
	}
	report(c, r.ID) // the evidence stands
}

// testAnsweredAccessIsKept: PIPEDA 8(8). What was asked for is kept until recourse
// has ended, though the download has run out; elsewhere it goes then.
func testAnsweredAccessIsKept(c *company.Company, canada, germany acme.Subject) {
	kept := func(id uuid.UUID) bool {
		must(c.TB, c.Svc.Sweep(c.Context()))
		return caseNow(c, id).PackageSize > 0
	}
	ids := map[string]uuid.UUID{}
	for country, who := range map[string]acme.Subject{"CA": canada, "DE": germany} {
		r, _ := fileIn(c, country, "", who.Email, "access")
		c.Await(r.ID, requests.Review)
		c.Approve(r.ID)
		c.Await(r.ID, requests.Completed)
		_, err := c.DB.Exec(c.Context(), `update cases set package_until = now() - interval '1 day' where id = $1`, r.ID)
		must(c.TB, err)
		ids[country] = r.ID
	}
	must(c.TB, poll(c, func() bool { return !kept(ids["DE"]) }))
	if !kept(ids["CA"]) {
		c.Error("what was asked for went before recourse ended")
	}
	_, err := c.DB.Exec(c.Context(), `update cases set recourse_until = '2020-01-01' where id = $1`, ids["CA"])
	must(c.TB, err)
	must(c.TB, poll(c, func() bool { return !kept(ids["CA"]) }))
}

func TestAppealsAndComplaints(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{Settings: requests.Settings{ApprovalsErasure: 1}})
	s := acme.Subjects()
	for _, sub := range []struct {
		name string
		run  func(*company.Company)
	}{
		{"upheld", func(c *company.Company) { testAppeal(c, s[0]) }},
		{"denied", func(c *company.Company) { testAppealDenied(c, s[1]) }},
		{"extended in Colorado", func(c *company.Company) { testAppealExtended(c, "CO", s[4]) }},
		{"extended in Minnesota", func(c *company.Company) { testAppealExtended(c, "MN", s[5]) }},
		{"complaint", func(c *company.Company) { testComplaint(c, s[2]) }},
		{"answered access is kept in Canada", func(c *company.Company) { testAnsweredAccessIsKept(c, s[6], s[7]) }},
		{"the key waits", func(c *company.Company) { testKeyWaits(c, s[3]) }},
	} {
		t.Run(sub.name, func(t *testing.T) { sub.run(c.For(t)) })
	}
}
