package requests_test

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"habeas/requests"
	"habeas/requests/connect"
	"habeas/requests/evidence"
	"habeas/requests/testkit/acme"
	"habeas/requests/testkit/company"
)

// litigation is a hold on a person, known to the hold by a customer number only.
func litigation(who acme.Subject) requests.NewHold {
	return requests.NewHold{
		Scope: "person", Identities: []connect.Identity{{Kind: "customer_id", Value: who.CustomerID}}, Ground: "litigation",
		ReviewOn: time.Now().AddDate(0, 3, 0), Reason: "Warranty claim before the court of first instance",
	}
}

func setHold(c *company.Company, n requests.NewHold) *requests.Hold {
	c.Helper()
	h, err := c.Svc.SetHold(c.Context(), c.DPOs[0], n)
	must(c.TB, err)
	return h
}

func liftHold(c *company.Company, h *requests.Hold) {
	c.Helper()
	_, err := c.Svc.LiftHold(c.Context(), c.DPOs[1], h.ID, "The claim was settled")
	must(c.TB, err)
}

// testHoldAtPlan: a hold that was set before any request keeps every record of
// the person, whatever the request knows the person by.
func testHoldAtPlan(c *company.Company, who acme.Subject) {
	h := setHold(c, litigation(who))
	defer liftHold(c, h)
	r, _ := inReview(c, who.Email, "access", "erasure")
	was := allRows(c, who)
	p := planOf(c, r.ID)
	var keeps int
	for _, rec := range p.Records {
		if rec.Right == "erasure" && rec.Action != connect.Keep || rec.Right == "access" && rec.Action == connect.Keep {
			c.Errorf("%s.%s is planned to be %s for %s", rec.System, rec.Type, rec.Action, rec.Right)
		}
		if rec.Note.Hold == h.ID.String() {
			keeps++
		}
		if rec.Type == "contacts" && rec.Right == "erasure" {
			if !strings.Contains(rec.Ground, "17(3)(e)") {
				c.Errorf("ground %q", rec.Ground)
			}
			_, err := c.Svc.Decide(c.Context(), c.DPOs[0], r.ID, []requests.Decision{{
				System: rec.System, Type: rec.Type, Key: rec.Key, Right: "erasure", Action: connect.Erase, Ground: "GDPR Art. 17(1)(a)",
			}})
			refused(c.TB, err, "held")
		}
	}
	found := payloads[evidence.HoldFound](c, r.ID)
	if len(found) != 1 || string(found[0].Hold) != h.ID.String() || int(found[0].Records) != keeps || keeps == 0 {
		c.Errorf("%+v, %d kept", found, keeps)
	}
	// a new plan that the desk decides carries the hold
	rec := p.Records[slices.IndexFunc(p.Records, func(x requests.PlanRecord) bool { return x.Right == "access" })]
	_, err := c.Svc.Decide(c.Context(), c.DPOs[0], r.ID, []requests.Decision{{
		System: rec.System, Type: rec.Type, Key: rec.Key, Right: "access", Action: connect.Redact, Fields: rec.Fields, Ground: "GDPR Art. 15(4): rights of others",
	}})
	must(c.TB, err)
	c.Approve(r.ID)
	k := c.Await(r.ID, requests.Completed)
	if !k.Has(requests.Partial) || k.ActedAt != nil {
		c.Errorf("flags %v, acted %v", k.Flags, k.ActedAt)
	}
	unchanged(c, who, was)
	if m := letter(c, who.Email, "17(3)(e)"); strings.Contains(m.Text, "Warranty") {
		c.Error("the letter tells what the hold is about")
	}
	list, err := c.Svc.HoldCases(c.Context(), h.ID)
	must(c.TB, err)
	if len(list) != 1 || list[0].ID != r.ID {
		c.Errorf("%d cases of the hold", len(list))
	}
	report(c, r.ID)
}

// testHoldAfterApproval: a hold that is set when everything is approved and
// checked stops the act, and the case gets a new plan.
func testHoldAfterApproval(c *company.Company, h *hooks, who acme.Subject) {
	r, _ := inReview(c, who.Email, "erasure")
	was := allRows(c, who)
	var hold *requests.Hold
	h.once("crm find", func(context.Context) error { // the check: what is planned is as it was
		hold = setHold(c, litigation(who))
		return nil
	})
	c.Approve(r.ID)
	must(c.TB, poll(c, func() bool { return len(payloads[evidence.PlanMade](c, r.ID)) == 2 }))
	k := c.Await(r.ID, requests.Review)
	unchanged(c, who, was)
	drift := payloads[evidence.DriftFound](c, r.ID)
	if len(drift) != 1 || drift[0].Code != "hold-set" || drift[0].Records == 0 || k.ActedAt != nil {
		c.Errorf("%+v, acted %v", drift, k.ActedAt)
	}
	for _, rec := range planOf(c, r.ID).Records {
		if rec.Action != connect.Keep {
			c.Errorf("%s is planned to be %s", rec.Type, rec.Action)
		}
	}
	// the person is told without delay that the data stay, and why
	says(c, letter(c, who.Email, "Some data must stay for now"), "17(3)(e)", "for nothing else", "go to court")
	liftHold(c, hold)
	if k, _ := c.Svc.Get(c.Context(), c.Auditor, r.ID); !k.Has(requests.Attention) || kinds(c, r.ID)["hold.lifted"] != 1 {
		c.Error("an open case is not told that its hold ended")
	}
	_, err := c.Svc.Rediscover(c.Context(), c.DPOs[0], r.ID)
	must(c.TB, err)
	must(c.TB, poll(c, func() bool { return len(payloads[evidence.PlanMade](c, r.ID)) == 3 }))
	c.Await(r.ID, requests.Review)
	c.Approve(r.ID)
	c.Await(r.ID, requests.Completed)
	if left := rowsOf(c, who, "crm.contacts", ""); len(left) != 0 {
		c.Error("not erased after the hold was lifted")
	}
	report(c, r.ID)
}

// testHoldBeforeApproval: a hold that is set on a plan in review is weighed
// before anybody signs it; the plan falls, the new one keeps everything.
func testHoldBeforeApproval(c *company.Company, who acme.Subject) {
	r, _ := inReview(c, who.Email, "erasure")
	was := planOf(c, r.ID).Hash
	hold := setHold(c, litigation(who))
	defer liftHold(c, hold)
	_, err := c.Svc.Approve(c.Context(), c.DPOs[0], r.ID, was)
	refused(c.TB, err, "hold-set")
	if n := kinds(c, r.ID)["plan.approved"]; n != 0 {
		c.Errorf("%d approvals", n)
	}
	must(c.TB, poll(c, func() bool { return len(payloads[evidence.PlanMade](c, r.ID)) == 2 }))
	c.Await(r.ID, requests.Review)
	p := planOf(c, r.ID)
	for _, rec := range p.Records {
		if rec.Action != connect.Keep || rec.Note.Hold != hold.ID.String() {
			c.Errorf("%s is planned to be %s", rec.Type, rec.Action)
		}
	}
	_, err = c.Svc.Approve(c.Context(), c.DPOs[0], r.ID, was)
	refused(c.TB, err, "plan-changed")
	_, err = c.Svc.Approve(c.Context(), c.DPOs[0], r.ID, p.Hash)
	must(c.TB, err)
}

// testHoldElsewhere: a hold that is set after the approval and is on somebody
// else is weighed, and stops nothing.
func testHoldElsewhere(c *company.Company, h *hooks, who, other acme.Subject) {
	r, _ := inReview(c, who.Email, "erasure")
	var hold *requests.Hold
	h.once("crm find", func(context.Context) error { hold = setHold(c, litigation(other)); return nil })
	c.Approve(r.ID)
	c.Await(r.ID, requests.Completed)
	if n := kinds(c, r.ID); n["drift.found"] != 0 || n["hold.found"] != 0 {
		c.Errorf("events %v", n)
	}
	liftHold(c, hold)
}

// testHoldRecords: single records of a system, named by type and key.
func testHoldRecords(c *company.Company, who acme.Subject) {
	ticket := list(c, `select id::text from crm.tickets where contact_id = $1 order by id limit 1`, who.ContactID)[0]
	h := setHold(c, requests.NewHold{
		Scope: "records", System: "crm", Records: []requests.HeldRecord{{Type: "tickets", Key: ticket}}, Ground: "person_at_risk",
		Cite: "GDPR Art. 6(1)(d)", ReviewOn: time.Now().AddDate(0, 1, 0), Reason: "Threats in this ticket; with the police",
	})
	defer liftHold(c, h)
	r, _ := inReview(c, who.Email, "erasure")
	for _, rec := range planOf(c, r.ID).Records {
		if isHeld := rec.Type == "tickets" && rec.Key == ticket; isHeld != (rec.Note.Hold != "") || isHeld && rec.Ground != "GDPR Art. 6(1)(d)" {
			c.Errorf("%s %s: hold %q, ground %q", rec.Type, rec.Action, rec.Note.Hold, rec.Ground)
		}
	}
}

// testHoldSystem: all of a system.
func testHoldSystem(c *company.Company, who acme.Subject) {
	h := setHold(c, requests.NewHold{Scope: "system", System: "social", Ground: "retention_duty", ReviewOn: time.Now().AddDate(1, 0, 0), Reason: "Inspection of the authority"})
	r, _ := inReview(c, who.Email, "erasure")
	for _, rec := range planOf(c, r.ID).Records {
		if (rec.System == "social") != (rec.Note.Hold != "") {
			c.Errorf("%s.%s: hold %q", rec.System, rec.Type, rec.Note.Hold)
		}
	}
	liftHold(c, h)
	_, err := c.Svc.LiftHold(c.Context(), c.DPOs[0], h.ID, "again")
	refused(c.TB, err, "hold-lifted")
}

// testHoldCorrection: a held record is evidence: it is not corrected, neither when
// the hold is there first nor when it comes after the approval's plan.
func testHoldCorrection(c *company.Company, first, later acme.Subject) {
	fix := func(who acme.Subject) (uuid.UUID, requests.Correction) {
		r := fileCorrection(c, who.Email, "DE", "", requests.ProposedCorrection{What: "my given name", Right: "Zoë"})
		return r.ID, requests.Correction{
			System: "crm", Type: "contacts", Key: strconv.FormatInt(who.ContactID, 10), Field: "given_name", Decision: "correct", Value: json.RawMessage(`"Zoë"`),
		}
	}
	h := setHold(c, litigation(first))
	id, x := fix(first)
	_, err := c.Svc.Correct(c.Context(), c.Agent, id, []requests.Correction{x})
	refused(c.TB, err, "held")
	liftHold(c, h)
	_, err = c.Svc.Correct(c.Context(), c.Agent, id, []requests.Correction{x})
	must(c.TB, err)
	c.Await(id, requests.Review)

	id, x = fix(later)
	_, err = c.Svc.Correct(c.Context(), c.Agent, id, []requests.Correction{x})
	must(c.TB, err)
	c.Await(id, requests.Review)
	hash := planOf(c, id).Hash
	h = setHold(c, litigation(later))
	_, err = c.Svc.Approve(c.Context(), c.DPOs[0], id, hash)
	refused(c.TB, err, "hold-set")
	c.Await(id, requests.Review)
	p := planOf(c, id)
	if len(p.Records) != 1 || p.Records[0].Action != connect.Keep || p.Records[0].Note.Hold != h.ID.String() || strings.Contains(p.Records[0].Ground, "17(3)") {
		c.Fatalf("%+v", p.Records)
	}
	c.Approve(id)
	k := c.Await(id, requests.Completed)
	if got := list(c, `select given_name from crm.contacts where id = $1 and given_name = 'Zoë'`, later.ContactID); len(got) != 0 || !k.Has(requests.Partial) {
		c.Errorf("corrected under a hold: %v %v", got, k.Flags)
	}
	if l := letters(c, id); !slices.Contains(l, "rectification_denied") {
		c.Errorf("letters %v", l)
	}
	report(c, id)
}

func testHoldInput(c *company.Company, who acme.Subject) {
	good := litigation(who)
	for name, wrong := range map[string]func(*requests.NewHold){
		"scope":      func(n *requests.NewHold) { n.Scope = "all" },
		"identities": func(n *requests.NewHold) { n.Identities = nil },
		"system":     func(n *requests.NewHold) { n.Scope, n.Identities, n.System = "system", nil, "nowhere" },
		"records":    func(n *requests.NewHold) { n.Scope, n.Identities, n.System = "records", nil, "crm" },
		"ground":     func(n *requests.NewHold) { n.Ground = "because" },
		"cite":       func(n *requests.NewHold) { n.Ground = "person_at_risk" },
		"review_on":  func(n *requests.NewHold) { n.ReviewOn = time.Now().AddDate(0, 0, -2) },
		"owner":      func(n *requests.NewHold) { n.Owner = uuid.New() },
		"reason":     func(n *requests.NewHold) { n.Reason = " " },
	} {
		n := good
		wrong(&n)
		_, err := c.Svc.SetHold(c.Context(), c.DPOs[0], n)
		if e := refused(c.TB, err, "invalid-input"); e.Fields[0].Field != name {
			c.Errorf("%s: %+v", name, e.Fields)
		}
	}
	_, err := c.Svc.SetHold(c.Context(), c.Agent, good)
	refused(c.TB, err, "dpo-only")
	h := setHold(c, good)
	_, err = c.Svc.LiftHold(c.Context(), c.DPOs[0], h.ID, "")
	refused(c.TB, err, "invalid-input")
	_, err = c.Svc.LiftHold(c.Context(), c.DPOs[0], uuid.New(), "x")
	refused(c.TB, err, "no-such-hold")
	if reason, err := c.Svc.HoldReason(c.DPOs[1], h); err != nil || reason != good.Reason {
		c.Errorf("%q, %v", reason, err)
	}
	_, err = c.Svc.HoldReason(c.Auditor, h)
	refused(c.TB, err, "dpo-only")
	// the customer number stands nowhere in the hold
	if n := 0; c.DB.QueryRow(c.Context(), `select count(*) from holds where holds::text like '%' || $1 || '%'`, who.CustomerID).Scan(&n) != nil || n != 0 {
		c.Error("the hold names the person")
	}
	liftHold(c, h)
}

func TestHolds(t *testing.T) {
	t.Parallel()
	h := &hooks{}
	c := company.New(t, company.Options{Wrap: h.wrap})
	s := acme.Subjects()
	for _, sub := range []struct {
		name string
		run  func(*company.Company)
	}{
		{"what a hold must say", func(c *company.Company) { testHoldInput(c, s[0]) }},
		{"kept at planning", func(c *company.Company) { testHoldAtPlan(c, s[1]) }},
		{"set on a plan in review", func(c *company.Company) { testHoldBeforeApproval(c, s[7]) }},
		{"set between approval and act", func(c *company.Company) { testHoldAfterApproval(c, h, s[2]) }},
		{"on somebody else", func(c *company.Company) { testHoldElsewhere(c, h, s[3], s[4]) }},
		{"single records", func(c *company.Company) { testHoldRecords(c, s[5]) }},
		{"corrections", func(c *company.Company) { testHoldCorrection(c, s[8], s[9]) }},
		{"a whole system", func(c *company.Company) { testHoldSystem(c, s[6]) }},
	} {
		t.Run(sub.name, func(t *testing.T) { sub.run(c.For(t)) })
	}
}
