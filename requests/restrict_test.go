package requests_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"habeas/requests"
	"habeas/requests/connect"
	"habeas/requests/evidence"
	"habeas/requests/testkit"
	"habeas/requests/testkit/acme"
	"habeas/requests/testkit/company"
)

// GDPR Art. 18: stored only; the person is told before it ends.
func TestRestrictionIsStoredOnlyUntilThePersonWasTold(t *testing.T) {
	t.Parallel()
	clock := testkit.NewClock(time.Now())
	c := company.New(t, company.Options{Settings: registered(), Now: clock.Now})
	who := acme.Subjects()[11]
	email := connect.Identity{Kind: "email", Value: who.Email}
	r, err := c.Svc.File(t.Context(), requests.Actor{Role: requests.Public}, requests.Filing{
		Rights: []string{"restriction"}, Country: "DE", Locale: "en", Restriction: "needed_for_claims", Identities: []connect.Identity{email},
	})
	must(t, err)
	c.Verify(who.Email, r)
	c.Await(r.ID, requests.Review)
	c.Approve(r.ID)
	asked := c.FinishByHand(r.ID)
	if len(asked) != 2 || !strings.Contains(asked[0], "crm: Mark as stored only") || !strings.Contains(asked[0], "Your contact details") || strings.Contains(asked[0], "Your newsletters") {
		t.Errorf("asked of people: %q", asked)
	}
	c.Await(r.ID, requests.Completed)
	must(t, failure(c.Svc.RecordConsent(t.Context(), requests.Actor{Role: requests.ServiceRole, ID: "shop"}, requests.ConsentEntry{Identity: email, Purpose: "marketing_email", Allowed: true})))
	allowed := func() bool {
		s, err := c.Svc.CheckConsent(t.Context(), email, "marketing_email")
		must(t, err)
		return s.Allowed
	}
	if on, err := c.Svc.Restricted(t.Context(), email); err != nil || !on || allowed() {
		t.Fatalf("restricted %v, used %v, %v", on, allowed(), err)
	}
	if set := payloads[evidence.RestrictionSet](c, r.ID); len(set) != 1 || set[0].Cite != "GDPR Art. 18(1)(c)" {
		t.Errorf("%+v", set)
	}
	letter(c, "privacy@dhl.example", "Restrict the data about this person")
	letter(c, who.Email, "Art. 18")

	lift := func() error { return failure(c.Svc.LiftRestriction(t.Context(), c.DPOs[0], r.ID)) }
	refused(t, lift(), "not-warned")
	refused(t, failure(c.Svc.WarnRestriction(t.Context(), c.DPOs[0], r.ID, " ")), "invalid-input")
	must(t, failure(c.Svc.WarnRestriction(t.Context(), c.DPOs[0], r.ID, "The lawsuit has ended")))
	letter(c, who.Email, "The lawsuit has ended")
	refused(t, lift(), "too-early")
	clock.Add(8 * 24 * time.Hour)
	must(t, lift())
	refused(t, lift(), "not-restricted")
	if on, err := c.Svc.Restricted(t.Context(), email); err != nil || on || !allowed() {
		t.Errorf("lifted, and still restricted: %v", err)
	}
	report(c, r.ID)
}

func failure[T any](_ T, err error) error { return err }

// GDPR Art. 21: nothing is weighed against direct marketing; against other
// processing the balance is recorded with its ground.
func TestObjection(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{})
	object := func(who acme.Subject, marketing bool) *requests.Receipt {
		r, err := c.Svc.File(t.Context(), requests.Actor{Role: requests.Public}, requests.Filing{
			Rights: []string{"objection"}, Country: "DE", Locale: "en", Marketing: marketing, Message: "I do not want this",
			Identities: []connect.Identity{{Kind: "email", Value: who.Email}},
		})
		must(t, err)
		c.Verify(who.Email, r)
		c.Await(r.ID, requests.Review)
		return r
	}
	who := acme.Subjects()[12]
	r := object(who, true)
	refuse := func(r *requests.Receipt) error {
		return failure(c.Svc.Refuse(t.Context(), c.DPOs[0], r.ID, requests.Step{Right: "objection", Ground: "compelling_grounds", Reason: "We have our reasons"}))
	}
	refused(t, refuse(r), "not-lawful")
	c.Approve(r.ID)
	c.Await(r.ID, requests.Completed)
	s, err := c.Svc.CheckConsent(t.Context(), connect.Identity{Kind: "email", Value: who.Email}, "marketing_email")
	must(t, err)
	if s.Allowed || s.Since.IsZero() {
		t.Errorf("after an objection: %+v", s)
	}
	other := object(acme.Subjects()[13], false)
	must(t, refuse(other))
	if got := payloads[evidence.RequestRefused](c, other.ID); len(got) != 1 || got[0].Cite != "GDPR Art. 21(1)" || got[0].Reason == "" {
		t.Errorf("%+v", got)
	}
}

// stoppedRows are the rows of the customer database that withdrawing a consent
// changes, one line each.
func stoppedRows(c *company.Company, contact int64) string {
	c.Helper()
	var out string
	must(c.TB, c.CRM.QueryRow(c.Context(), `select coalesce(string_agg(x.line, E'\n' order by x.line), '') from (
		select 'consent ' || purpose || ' ' || status || ' ' || coalesce(withdrawn_at::text, '-') as line from crm.consents where contact_id = $1
		union all select 'newsletter ' || list || ' ' || status || ' ' || coalesce(unsubscribed_at::text, '-') from crm.newsletter_subscriptions where contact_id = $1) x`, contact).Scan(&out))
	return out
}

// consenting gives a subject every consent but one, withdrawn long ago, and a
// newsletter, in the company's database.
func consenting(c *company.Company, who acme.Subject) string {
	c.Helper()
	for _, sql := range []string{
		`update crm.consents set status = 'given', withdrawn_at = null where contact_id = $1`,
		`update crm.consents set status = 'withdrawn', withdrawn_at = '2026-02-02 03:04:05.678901+00' where contact_id = $1 and purpose = 'social_ads'`,
		`insert into crm.newsletter_subscriptions (id, email, contact_id, list, status, source, subscribed_at)
			select 900000 + k.id, k.email, k.id, 'Club mail', 'subscribed', 'shop', '2026-01-01' from crm.contacts k where k.id = $1`,
	} {
		_, err := c.CRM.Exec(c.Context(), sql, who.ContactID)
		must(c.TB, err)
	}
	return stoppedRows(c, who.ContactID)
}

// restricted takes a restriction of a person to its end.
func restricted(c *company.Company, who acme.Subject) *requests.Receipt {
	c.Helper()
	r, err := c.Svc.File(c.Context(), requests.Actor{Role: requests.Public}, requests.Filing{
		Rights: []string{"restriction"}, Country: "DE", Locale: "en", Restriction: "needed_for_claims",
		Identities: []connect.Identity{{Kind: "email", Value: who.Email}},
	})
	must(c.TB, err)
	c.Verify(who.Email, r)
	c.Await(r.ID, requests.Review)
	c.Approve(r.ID)
	c.FinishByHand(r.ID)
	c.Await(r.ID, requests.Completed, requests.Closed)
	return r
}

// resumed waits until a lifted restriction has given everything back.
func resumed(c *company.Company, r *requests.Receipt) (given int) {
	c.Helper()
	ctx := c.Deadline()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		var left int
		must(c.TB, c.DB.QueryRow(ctx, `select count(*) from restriction_stops s where s.case_id = $1`, r.ID).Scan(&left))
		if left == 0 {
			for _, e := range payloads[evidence.RecordResumed](c, r.ID) {
				given += int(e.Count)
			}
			return given
		}
		select {
		case <-ctx.Done():
			c.Fatalf("%d records stay stopped", left)
		case <-tick.C:
		}
	}
}

// What a restriction stopped counts again when it is lifted, in the ledger and in
// the systems: exactly that, and nothing that was withdrawn since, with us or
// with the company.
func TestLiftingGivesBackWhatTheRestrictionStopped(t *testing.T) {
	t.Parallel()
	clock := testkit.NewClock(time.Now())
	c := company.New(t, company.Options{Settings: registered(), Now: clock.Now})
	for _, sub := range []struct {
		name string
		run  func(*company.Company)
	}{
		{"one restriction", func(c *company.Company) { testLift(c, clock, acme.Subjects()[11]) }},
		{"two at once", func(c *company.Company) { testLiftOfTwo(c, clock, acme.Subjects()[12]) }},
		{"taken back", func(c *company.Company) { testTakenBack(c, acme.Subjects()[13]) }},
	} {
		t.Run(sub.name, func(t *testing.T) { sub.run(c.For(t)) })
	}
}

func lift(c *company.Company, clock *testkit.Clock, r *requests.Receipt) {
	c.Helper()
	must(c.TB, failure(c.Svc.WarnRestriction(c.Context(), c.DPOs[0], r.ID, "The lawsuit has ended")))
	clock.Add(8 * 24 * time.Hour)
	must(c.TB, failure(c.Svc.LiftRestriction(c.Context(), c.DPOs[0], r.ID)))
}

func testLift(c *company.Company, clock *testkit.Clock, who acme.Subject) {
	before := consenting(c, who)
	email := connect.Identity{Kind: "email", Value: who.Email}
	for _, p := range []string{"marketing_email", "profiling"} {
		must(c.TB, failure(c.Svc.RecordConsent(c.Context(), requests.Actor{Role: requests.ServiceRole, ID: "shop"}, requests.ConsentEntry{Identity: email, Purpose: p, Allowed: true})))
	}
	r := restricted(c, who)
	during := stoppedRows(c, who.ContactID)
	if strings.Contains(during, " given ") || strings.Contains(during, " subscribed ") {
		c.Fatalf("restricted, and used:\n%s", during)
	}
	if uses := payloads[evidence.ConsentChanged](c, r.ID); len(uses) != 2 || uses[0].Allowed || uses[1].Allowed || uses[0].Source != "restriction" {
		c.Errorf("stopped: %+v", uses)
	}
	// Meanwhile one consent is withdrawn here and another one with the company.
	w, err := c.Svc.File(c.Context(), requests.Actor{Role: requests.Public}, requests.Filing{
		Rights: []string{"consent_withdrawal"}, Country: "DE", Locale: "en", Purposes: []string{"profiling"}, Identities: []connect.Identity{email},
	})
	must(c.TB, err)
	c.Await(w.ID, requests.Completed, requests.Closed)
	_, err = c.CRM.Exec(c.Context(), `update crm.newsletter_subscriptions set status = 'unsubscribed', unsubscribed_at = '2026-11-20 10:00+00' where contact_id = $1 and list <> 'Club mail'`, who.ContactID)
	must(c.TB, err)
	want := []string{}
	now := stoppedRows(c, who.ContactID)
	for line := range strings.Lines(now) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "consent marketing_email ") || strings.HasPrefix(line, "newsletter Club mail ") {
			continue // to be given back
		}
		want = append(want, line)
	}
	want = append(want, "consent marketing_email given -", "newsletter Club mail subscribed -")
	slices.Sort(want)

	lift(c, clock, r)
	if n := resumed(c, r); n < 2 {
		c.Errorf("%d records given back", n)
	}
	if got := stoppedRows(c, who.ContactID); got != strings.Join(want, "\n") {
		c.Errorf("after lifting:\n%s\nwant\n%s\nbefore the restriction\n%s", got, strings.Join(want, "\n"), before)
	}
	for purpose, allowed := range map[string]bool{"marketing_email": true, "profiling": false} {
		if s, err := c.Svc.CheckConsent(c.Context(), email, purpose); err != nil || s.Allowed != allowed {
			c.Errorf("%s: %+v, %v", purpose, s, err)
		}
	}
	uses := payloads[evidence.ConsentChanged](c, r.ID)
	if len(uses) != 3 || !uses[2].Allowed || uses[2].Purpose != "marketing_email" || uses[2].Subject != uses[0].Subject {
		c.Errorf("given back: %+v", uses)
	}
	report(c, r.ID)
}

// A record stopped by two restrictions comes back with the end of the second.
func testLiftOfTwo(c *company.Company, clock *testkit.Clock, who acme.Subject) {
	before := consenting(c, who)
	first, second := restricted(c, who), restricted(c, who)
	lift(c, clock, first)
	if now := stoppedRows(c, who.ContactID); strings.Contains(now, " given ") || strings.Contains(now, " subscribed ") {
		c.Fatalf("another restriction is in force:\n%s", now)
	}
	lift(c, clock, second)
	resumed(c, first)
	resumed(c, second)
	if now := stoppedRows(c, who.ContactID); now != before {
		c.Errorf("after both:\n%s\nwant\n%s", now, before)
	}
}

// Whoever takes back the request takes back the restriction with it.
func testTakenBack(c *company.Company, who acme.Subject) {
	before := consenting(c, who)
	r, err := c.Svc.File(c.Context(), requests.Actor{Role: requests.Public}, requests.Filing{
		Rights: []string{"restriction"}, Country: "DE", Locale: "en", Restriction: "needed_for_claims",
		Identities: []connect.Identity{{Kind: "email", Value: who.Email}},
	})
	must(c.TB, err)
	customer := c.Verify(who.Email, r)
	c.Await(r.ID, requests.Review)
	c.Approve(r.ID)
	ctx := c.Deadline()
	for tick := time.Tick(20 * time.Millisecond); strings.Contains(stoppedRows(c, who.ContactID), " subscribed "); {
		select {
		case <-ctx.Done():
			c.Fatal("nothing was stopped")
		case <-tick:
		}
	}
	for tick := time.Tick(20 * time.Millisecond); ; {
		k, err := c.Svc.Get(ctx, c.Agent, r.ID)
		must(c.TB, err)
		tasks, err := c.Svc.Tasks(ctx, k)
		must(c.TB, err)
		if !slices.ContainsFunc(tasks, func(t requests.TaskView) bool { return t.Stage == requests.Suppress && t.Status != "done" }) {
			break
		}
		<-tick
	}
	must(c.TB, failure(c.Svc.Withdraw(c.Context(), customer, r.ID)))
	resumed(c, r)
	if now := stoppedRows(c, who.ContactID); now != before {
		c.Errorf("taken back:\n%s\nwant\n%s", now, before)
	}
	if lifted := payloads[evidence.RestrictionLifted](c, r.ID); len(lifted) != 1 || !lifted[0].WarnedAt.IsZero() {
		c.Errorf("%+v", lifted)
	}
}
