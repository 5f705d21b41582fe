package requests_test

import (
	"slices"

	"habeas/requests"
	"habeas/requests/connect"
	"habeas/requests/evidence"
	"habeas/requests/testkit/acme"
	"habeas/requests/testkit/company"
)

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
	settle(c, r.ID)
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
	settle(c, r.ID)
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
