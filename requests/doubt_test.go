package requests_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"habeas/requests"
	"habeas/requests/connect"
	"habeas/requests/evidence"
	"habeas/requests/identity"
	"habeas/requests/testkit/acme"
	"habeas/requests/testkit/company"
)

// settle has the agent record a proof that settles who is asking.
func settle(c *company.Company, id uuid.UUID) {
	c.Helper()
	_, err := c.Svc.RecordProof(c.Context(), c.Agent, id, identity.Document, "Passport seen at the counter, handed back")
	must(c.TB, err)
}

// moved puts an address into the customer database some days ago.
func moved(c *company.Company, email string, days int) {
	c.Helper()
	tag, err := c.CRM.Exec(c.Context(), `update crm.contacts set email_changed_at = now() - make_interval(days => $2) where email = $1`, email, days)
	must(c.TB, err)
	if tag.RowsAffected() != 1 {
		c.Fatalf("%d contacts", tag.RowsAffected())
	}
}

// doubtsOf are the reasons for which it is open who is asking, with their systems.
func doubtsOf(c *company.Company, id uuid.UUID) []string {
	c.Helper()
	list, err := c.Svc.Doubts(c.Context(), caseNow(c, id))
	must(c.TB, err)
	var out []string
	for _, d := range list {
		if d.Settled == nil {
			out = append(out, d.System+" "+d.Reason)
		}
	}
	return out
}

// An address that was put into the customer database days ago: a code mailed
// there proves nothing, and until somebody has recorded another proof nothing is
// approved, and whoever reads the address learns nothing.
func testMoved(c *company.Company) {
	who := acme.AwkwardCases().RecentlyChanged
	moved(c, who, 2)
	r, by := inReview(c, who, "erasure")
	k := caseNow(c, r.ID)
	if !k.Has(requests.Attention) {
		c.Error("nobody is asked to look")
	}
	if d := cmp.Diff([]string{"crm address_changed"}, doubtsOf(c, r.ID)); d != "" {
		c.Fatal(d)
	}
	list, err := c.Svc.Doubts(c.Context(), k)
	must(c.TB, err)
	if want := time.Now().UTC().AddDate(0, 0, -2).Format(time.DateOnly); list[0].On == nil || list[0].On.Format(time.DateOnly) != want {
		c.Errorf("changed on %v, want %s", list[0].On, want)
	}
	e := payloads[evidence.IdentityFailed](c, r.ID)
	if len(e) != 1 || e[0].Proof != "email_code" || e[0].Reason != "changed_recently" || e[0].System != "crm" {
		c.Errorf("events %+v", e)
	}
	receipt, err := c.Svc.CustomerReceipt(c.Context(), by, r.ID)
	must(c.TB, err)
	for _, e := range receipt.Events {
		if strings.Contains(e.Line, "plan.made") || strings.Contains(e.Line, "changed_recently") || strings.Contains(e.Line, "task.") {
			c.Errorf("whoever reads the address is told %s", e.Line)
		}
	}
	p := planOf(c, r.ID)
	_, err = c.Svc.Approve(c.Context(), c.DPOs[0], r.ID, p.Hash)
	if e := refused(c.TB, err, "identity-open"); !strings.Contains(e.Safe, "Art. 12(6)") {
		c.Error(e.Safe)
	}

	// A new search finds the same and says it once; facts that the person knows
	// add to a code that proves nothing.
	_, err = c.Svc.Rediscover(c.Context(), c.DPOs[0], r.ID)
	must(c.TB, err)
	c.Await(r.ID, requests.Review)
	_, err = c.Svc.RecordProof(c.Context(), c.Agent, r.ID, identity.KnownFacts, "Knew the last order")
	must(c.TB, err)
	if d := doubtsOf(c, r.ID); len(d) != 1 || len(payloads[evidence.IdentityFailed](c, r.ID)) != 1 {
		c.Errorf("%v, events %+v", d, payloads[evidence.IdentityFailed](c, r.ID))
	}

	_, err = c.Svc.RecordProof(c.Context(), c.DPOs[0], r.ID, identity.Document, " ")
	refused(c.TB, err, "invalid-input")
	settle(c, r.ID)
	if k = caseNow(c, r.ID); len(doubtsOf(c, r.ID)) > 0 || k.Has(requests.Attention) {
		c.Errorf("still open: %v %v", doubtsOf(c, r.ID), k.Flags)
	}
	_, err = c.Svc.RecordProof(c.Context(), c.Agent, r.ID, identity.Document, "twice")
	refused(c.TB, err, "not-waiting")
	if receipt, err = c.Svc.CustomerReceipt(c.Context(), by, r.ID); err != nil || !strings.Contains(lines(receipt), "plan.made") {
		c.Errorf("the person is not told now: %v", err)
	}
	c.Approve(r.ID)
	c.Await(r.ID, requests.Completed)
	report(c, r.ID)
}

func lines(r *requests.CustomerReceipt) string {
	var all []string
	for _, e := range r.Events {
		all = append(all, e.Line)
	}
	return strings.Join(all, "\n")
}

// Thirty days settle it, counted to the request and not to the search; a change
// after the request counts, too.
func testMovedBefore(c *company.Company, old, late acme.Subject) {
	moved(c, old.Email, identity.RecentDays)
	r, _ := inReview(c, old.Email, "access")
	if d := doubtsOf(c, r.ID); len(d) > 0 {
		c.Errorf("an address of %d days: %v", identity.RecentDays, d)
	}
	if n := kinds(c, r.ID)["identity.failed"]; n > 0 {
		c.Errorf("%d events", n)
	}

	received := time.Now().AddDate(0, 0, -20)
	late2, err := c.Svc.File(c.Context(), c.Agent, requests.Filing{
		Rights: []string{"access"}, Country: "DE", Identities: []connect.Identity{{Kind: "email", Value: late.Email}},
		Channel: "letter", ReceivedAt: &received, Reason: "Lay in the post room",
	})
	must(c.TB, err)
	moved(c, late.Email, 45)
	c.Verify(late.Email, late2)
	c.Await(late2.ID, requests.Review)
	if d := doubtsOf(c, late2.ID); len(d) != 1 {
		c.Errorf("changed 25 days before the request, 45 before the search: %v", d)
	}
	moved(c, late.Email, 60)
	_, err = c.Svc.Rediscover(c.Context(), c.DPOs[0], late2.ID)
	must(c.TB, err)
	c.Await(late2.ID, requests.Review)
	if d := doubtsOf(c, late2.ID); len(d) > 0 {
		c.Errorf("a new search looks anew: %v", d)
	}
	moved(c, late.Email, -1)
	_, err = c.Svc.Rediscover(c.Context(), c.DPOs[0], late2.ID)
	must(c.TB, err)
	c.Await(late2.ID, requests.Review)
	if d := doubtsOf(c, late2.ID); len(d) != 1 {
		c.Errorf("a clock that is ahead: %v", d)
	}
}

// What the desk proved itself needs no second proof, and a withdrawal none at all.
func testMovedProved(c *company.Company, byHand, optOut acme.Subject) {
	moved(c, byHand.Email, 1)
	r := c.File(byHand.Email, "access")
	settle(c, r.ID)
	c.Await(r.ID, requests.Review)
	if d := doubtsOf(c, r.ID); len(d) > 0 {
		c.Errorf("proved by a document: %v", d)
	}
	moved(c, optOut.Email, 1)
	w := fileFor(c, optOut.Email, []string{"consent_withdrawal"}, "marketing_email")
	c.Await(w.ID, requests.Completed, requests.Closed)
	if d := doubtsOf(c, w.ID); len(d) > 0 || kinds(c, w.ID)["identity.failed"] > 0 {
		c.Errorf("a withdrawal: %v", d)
	}
}

// An address of two people: whoever reads it may be either, so deciding whose
// the records are is not enough.
func testFamilyAddress(c *company.Company) {
	r, _ := inReview(c, acme.AwkwardCases().FamilyAddress, "access")
	if got := doubtsOf(c, r.ID); !slices.Contains(got, "crm several_people") {
		c.Fatalf("%v", got)
	}
	p := planOf(c, r.ID)
	_, err := c.Svc.Approve(c.Context(), c.DPOs[0], r.ID, p.Hash)
	refused(c.TB, err, "undecided-records")
	var one []requests.Decision
	for _, rec := range p.Records {
		if !rec.Decided {
			one = append(one, requests.Decision{System: rec.System, Type: rec.Type, Key: rec.Key, Action: connect.Keep, Ground: "GDPR Art. 15(4): may be another person's"})
		}
	}
	_, err = c.Svc.Decide(c.Context(), c.DPOs[0], r.ID, one)
	must(c.TB, err)
	if !caseNow(c, r.ID).Has(requests.Attention) {
		c.Error("attention falls while it is open who is asking")
	}
	_, err = c.Svc.Approve(c.Context(), c.DPOs[0], r.ID, planOf(c, r.ID).Hash)
	refused(c.TB, err, "identity-open")
	quiet, err := c.Svc.Quiet(c.Context(), caseNow(c, r.ID))
	must(c.TB, err)
	progress, err := c.Svc.Progress(c.Context(), r.ID, requests.Mark{})
	must(c.TB, err)
	if !quiet || !progress.Quiet {
		c.Error("the customer is told what systems hold")
	}
	settle(c, r.ID)
	c.Approve(r.ID)
	c.Await(r.ID, requests.Completed)
	if quiet, _ = c.Svc.Quiet(c.Context(), caseNow(c, r.ID)); quiet {
		c.Error("the person is not told what was done")
	}
	if raw, _ := json.Marshal(payloads[evidence.IdentityFailed](c, r.ID)); !strings.Contains(string(raw), "ambiguous") {
		c.Errorf("events %s", raw)
	}
}

func TestWhoIsAsking(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{})
	s := acme.Subjects()
	for name, run := range map[string]func(*company.Company){
		"address changed": testMoved,
		"changed earlier": func(c *company.Company) { testMovedBefore(c, s[30], s[31]) },
		"proved by hand":  func(c *company.Company) { testMovedProved(c, s[32], s[33]) },
		"address of two":  testFamilyAddress,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(c.For(t))
		})
	}
}
