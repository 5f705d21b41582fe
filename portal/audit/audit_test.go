package audit_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"habeas/portal/audit"
	"habeas/portal/desk"
	"habeas/portal/desk/desktest"
	"habeas/portal/web"
	"habeas/requests"
	"habeas/requests/connect"
	"habeas/requests/evidence"
	"habeas/requests/testkit"
	"habeas/requests/testkit/acme"
	"habeas/requests/testkit/company"
)

// open serves the auditor's pages over a running company.
func open(t *testing.T, c *company.Company, now func() time.Time) *desktest.Site {
	t.Helper()
	rdb, prefix := testkit.Redis(t)
	routes := append(audit.Routes(audit.Deps{Svc: c.Svc, Now: now}), desk.Routes(desk.Deps{Svc: c.Svc})...)
	return desktest.Open(t, c.Svc, web.Config{Redis: rdb, Prefix: prefix, Digest: c.Ring.Lookup}, routes)
}

func path(id uuid.UUID) string { return "/audit/cases/" + id.String() }

// completed takes an erasure to its end.
func completed(c *company.Company, email string) *requests.Receipt {
	c.Helper()
	r := c.File(email, "erasure")
	c.Verify(email, r)
	c.Await(r.ID, requests.Review)
	c.Approve(r.ID)
	c.Await(r.ID, requests.Completed)
	return r
}

// ownerExec does what nobody may do through the program.
func ownerExec(t *testing.T, sql string, args ...any) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), testkit.OwnerURL(t))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), sql, args...); err != nil {
		t.Fatal(err)
	}
}

// logged waits until every event of a case is in the log.
func logged(t *testing.T, c *company.Company, id uuid.UUID) {
	t.Helper()
	if err := c.Log.WaitFor(c.Deadline(), id.String()); err != nil {
		t.Fatal(err)
	}
}

// A case well done has no gaps, shows every event with its place in the log,
// and nothing personal; its report checks.
func TestCaseWithoutGaps(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{})
	site := open(t, c, nil)
	who := acme.Subjects()[0]
	r := completed(c, who.Email)
	logged(t, c, r.ID)
	auditor := site.As(c.Auditor)
	personal := []string{who.Email, who.Name, who.Phone}
	auditor.Get("/audit").Is(200).Says(r.Reference, "Answered", "None", "entries intact", "Unwitnessed: the operator could have rewritten this log").Hides(personal...)
	page := auditor.Get(path(r.ID))
	for range 10 { // a letter or a notice may have left meanwhile
		if !strings.Contains(page.Text, "pending") {
			break
		}
		logged(t, c, r.ID)
		page = auditor.Get(path(r.ID))
	}
	page.Is(200).Says("No gaps", "plan.approved", "record.erased", "outcome.verified", "Plan approved, 2 of 2", "dpoa, DPO", "dpob, DPO").Hides(personal...)
	if strings.Contains(page.Text, "pending") {
		t.Error("events wait, though the log has them all")
	}
	if page.Leads("/desk/cases/" + r.ID.String() + "/approve") {
		t.Error("an auditor is offered to approve")
	}
	if drawn := auditor.Get("/audit/sample").Is(200); drawn.Path != path(r.ID) {
		t.Errorf("the only case is %s, drawn was %s", path(r.ID), drawn.Path)
	}

	report := auditor.Get(path(r.ID) + "/evidence").Is(200)
	if kind := report.Header.Get("Content-Type"); kind != "application/zip" {
		t.Errorf("the report is %s", kind)
	}
	if bytes.Contains(report.Body, []byte(who.Email)) {
		t.Error("the report names the person")
	}
	sum, err := evidence.Verify(bytes.NewReader(report.Body), int64(len(report.Body)), evidence.VerifyOptions{})
	if err != nil {
		t.Fatalf("the report does not check: %v", err)
	}
	if sum.Case != r.ID.String() {
		t.Errorf("the report is of case %s", sum.Case)
	}
	auditor.Get(path(r.ID)).Says("evidence.downloaded")
	site.As(c.DPOs[0]).Get(path(r.ID) + "/evidence").Is(200)
	site.As(c.Agent).Get(path(r.ID) + "/evidence").Is(http.StatusForbidden)
	site.As(c.DPOs[0]).Get("/audit").Is(http.StatusForbidden)
	auditor.Get(path(uuid.New())).Is(404)
}

// Every kind of gap comes first in the list and says what is missing.
func TestGapsComeFirst(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{})
	site := open(t, c, nil)
	auditor := site.As(c.Auditor)
	bad := completed(c, acme.Subjects()[1].Email)
	good := completed(c, acme.Subjects()[2].Email) // newer: would come first without gaps
	logged(t, c, bad.ID)
	logged(t, c, good.ID)
	for _, gap := range []struct {
		says, spoil, mend string
	}{
		{
			"Answered 3 days late", `update cases set due_on = (completed_at at time zone zone)::date - 3 where id = $1`,
			`update cases set due_on = (completed_at at time zone zone)::date + 20 where id = $1`,
		},
		{
			"2 approvals missing", `update approvals set plan_id = gen_random_uuid() where plan_id = (select plan_id from cases where id = $1)`, "",
		},
		{
			"task failed for good", `update tasks set status = 'failed' where id = (select min(id::text)::uuid from tasks where case_id = $1)`,
			`update tasks set status = 'done' where case_id = $1 and status = 'failed'`,
		},
		{
			"1 record without a proven outcome", `update plan_records set outcome = 'accepted' where plan_id = (select plan_id from cases where id = $1) and ord = 0`,
			`update plan_records set outcome = 'verified_absent' where plan_id = (select plan_id from cases where id = $1) and ord = 0`,
		},
		{
			"1 event missing", `update cases set event_seq = event_seq + 1 where id = $1`,
			`update cases set event_seq = event_seq - 1 where id = $1`,
		},
	} {
		if gap.mend == "" {
			ownerExec(t, `alter table approvals drop constraint approvals_plan_id_fkey`)
			gap.mend = `update approvals set plan_id = (select plan_id from cases where id = $1)
				where not exists (select 1 from plans p where p.id = approvals.plan_id)`
		}
		ownerExec(t, gap.spoil, bad.ID)
		page := auditor.Get("/audit").Is(200).Says(gap.says)
		if strings.Index(page.Text, bad.Reference) > strings.Index(page.Text, good.Reference) {
			t.Errorf("%s: the case does not come first", gap.says)
		}
		auditor.Get("/audit?gaps=1").Is(200).Says(bad.Reference).Hides(good.Reference)
		auditor.Get(path(bad.ID)).Is(200).Says(gap.says)
		ownerExec(t, gap.mend, bad.ID)
		auditor.Get("/audit?gaps=1").Is(200).Hides(bad.Reference)
	}
}

// A case that is still open past its due date, and a due date that nobody can
// compute again from the events.
func TestOpenPastDue(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{Workers: -1})
	site := open(t, c, nil)
	auditor := site.As(c.Auditor)
	r := c.File(acme.Subjects()[3].Email, "access")
	auditor.Get(path(r.ID)).Says("No gaps")
	ownerExec(t, `update cases set due_on = current_date - 10 where id = $1`, r.ID)
	auditor.Get("/audit").Says("past its due date")
	auditor.Get(path(r.ID)).Says("past its due date", "The due date does not follow from the events")
}

// The log page reads the whole log again: an event that was altered in the
// database is found, and the page says where.
func TestDamagedLogIsSaid(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{Workers: -1})
	clock := testkit.NewClock(time.Now())
	site := open(t, c, clock.Now)
	auditor := site.As(c.Auditor)
	r := c.File(acme.Subjects()[4].Email, "erasure")
	logged(t, c, r.ID)
	auditor.Get("/audit/log").Is(200).Says("entries intact", "acme.example/log", "tile", "Unwitnessed")
	ownerExec(t, `alter table events disable trigger all`)
	ownerExec(t, `update events set line = replace(line, '"DE"', '"FR"') where case_id = $1 and seq = 1`, r.ID)
	auditor.Get("/audit/log").Says("entries intact") // as checked within the last minute
	clock.Add(2 * time.Minute)
	auditor.Get("/audit/log").Is(200).Says("Not intact", "contradicts its checkpoint")
	auditor.Get("/audit").Is(200).Says("Not intact")
}

// The list is paged without losing or repeating a case, gaps or none.
func TestListPages(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{Workers: -1})
	site := open(t, c, nil)
	auditor := site.As(c.Auditor)
	var filed []string
	for i := range 60 {
		r := c.File(acme.Subjects()[i%20].Email, "opt_out")
		filed = append(filed, r.Reference)
		if i%2 == 0 {
			ownerExec(t, `update cases set due_on = current_date - 5, received_at = received_at - interval '10 days' where id = $1`, r.ID)
		}
	}
	seen := map[string]int{}
	for next, pages := "/audit", 0; next != ""; pages++ {
		page := auditor.Get(next).Is(200)
		for _, ref := range filed {
			if strings.Contains(page.Text, ref) {
				seen[ref]++
			}
		}
		next = page.Link("Next page")
		if pages > 5 {
			t.Fatal("the list does not end")
		}
	}
	for _, ref := range filed {
		if seen[ref] != 1 {
			t.Errorf("%s is listed %d times", ref, seen[ref])
		}
	}
	auditor.Get("/audit?from=2001-01-01&to=2001-12-31").Is(200).Says("No case was received in this period")
	auditor.Get("/audit?from=2026-02-30").Is(400).Says("Give the day as")
	auditor.Get("/audit?cursor=x").Is(400)
	auditor.Get("/audit/sample?from=2001-01-01&to=2001-12-31").Is(404)
}

// An auditor sees who was told, with the proof, what the person objected to and
// where a restriction stands, and none of what people wrote about it.
func TestRecipientsRestrictionAndObjection(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{Settings: company.Registered(t)})
	site := open(t, c, nil)
	who := acme.Subjects()[4]
	r, err := c.Svc.File(t.Context(), requests.Actor{Role: requests.Public}, requests.Filing{
		Rights: []string{"restriction", "objection"}, Country: "DE", Locale: "en", Restriction: "accuracy_contested", Objections: []string{"catalogue", "advising"},
		Identities: []connect.Identity{{Kind: "email", Value: who.Email}},
	})
	if err != nil {
		t.Fatal(err)
	}
	c.Verify(who.Email, r)
	c.Await(r.ID, requests.Review)
	const why = "The notes are evidence in a lawsuit"
	if _, err := c.Svc.RefuseUses(t.Context(), c.DPOs[0], r.ID, []string{"advising"}, requests.Step{Ground: "compelling_grounds", Reason: why}); err != nil {
		t.Fatal(err)
	}
	c.Await(r.ID, requests.Review)
	c.Approve(r.ID)
	c.FinishByHand(r.ID)
	c.Await(r.ID, requests.Closed)
	site.As(c.Auditor).Get(path(r.ID)).Is(200).Says("Stored only since", "The printed catalogue", "Goes on", "GDPR Art. 21(1)",
		"DHL Paket GmbH", "Taken by its mail server", "Objection refused for advising").Hides(why, who.Email)
}
