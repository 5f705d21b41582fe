package requests_test

import (
	"context"
	"testing"

	"habeas/requests"
	"habeas/requests/evidence"
	"habeas/requests/testkit/acme"
	"habeas/requests/testkit/company"
)

// carriedIn counts the records of a plan that were dealt with under an earlier
// one, by system and right.
func carriedIn(p *requests.PlanView) map[string]int {
	n := map[string]int{}
	for _, r := range p.Records {
		if r.Note.Carried {
			n[r.System+" "+r.Right]++
		}
	}
	return n
}

// testCarried: one system has acted and the copy is made when another turns out
// to be changed. The next plan still holds what was done, and the answer counts it.
func testCarried(c *company.Company, h *hooks, who acme.Subject) {
	r, by := inReview(c, who.Email, "access", "erasure")
	first := planOf(c, r.ID)
	h.once("crm apply", func(ctx context.Context) error {
		must(c.TB, poll(c, func() bool { // the other system has acted
			var done bool
			err := c.DB.QueryRow(ctx, `select exists (select 1 from tasks where case_id = $1 and system = 'social' and stage = 'erase' and status = 'done')`, r.ID).Scan(&done)
			return err == nil && done
		}))
		change(c, `insert into crm.notes (id, contact_id, body, staff, created_at) select max(id) + 1, $1, 'late', 'k.l', now() from crm.notes`, who.ContactID)
		return nil
	})
	c.Approve(r.ID)
	must(c.TB, poll(c, func() bool { return len(payloads[evidence.PlanMade](c, r.ID)) == 2 }))
	c.Await(r.ID, requests.Review)
	second := planOf(c, r.ID)
	n := carriedIn(second)
	if n["social erasure"] == 0 || n["social access"] == 0 || n["crm access"] == 0 || n["crm erasure"] != 0 {
		c.Errorf("carried %v", n)
	}
	if second.Total != first.Total+1 { // the note, to be erased; it is not in the copy, which was made before
		c.Errorf("%d records, were %d", second.Total, first.Total)
	}
	for _, rec := range second.Records {
		if rec.Note.Carried {
			_, err := c.Svc.Decide(c.Context(), c.DPOs[0], r.ID, []requests.Decision{{System: rec.System, Type: rec.Type, Key: rec.Key, Right: rec.Right, Action: "keep", Ground: "GDPR Art. 17(3)(e)"}})
			refused(c.TB, err, "already-done")
			break
		}
	}
	c.Approve(r.ID)
	c.Await(r.ID, requests.Completed)
	o := outcomes(c, r.ID)
	if o["social.profiles verified_absent"] != 1 || o["social.profiles disclosed"]+o["social.profiles redacted"] != 1 || o["crm.contacts verified_absent"] != 1 {
		c.Errorf("outcomes %v", o)
	}
	if built := payloads[evidence.PackageBuilt](c, r.ID); len(built) != 1 {
		c.Errorf("%d packages", len(built))
	}
	files := 0
	for _, rows := range openPackage(c, by, r.ID) {
		files += len(rows)
	}
	if files == 0 {
		c.Error("the package is empty")
	}
	report(c, r.ID)
}

// testFoundInVerifying: a record of the person turns up between act and look. The
// case goes back for a plan that has it, and loses nothing of what was done.
func testFoundInVerifying(c *company.Company, h *hooks, who acme.Subject) {
	contact := rowsOf(c, who, "crm.contacts", "")
	r, _ := inReview(c, who.Email, "erasure")
	h.afterOnce("crm apply", func(context.Context, string) error {
		change(c, `insert into crm.contacts select * from json_populate_record(null::crm.contacts,
			($1::jsonb || jsonb_build_object('id', (select max(id) + 1 from crm.contacts), 'customer_no', 'A-9' || (select max(id) from crm.contacts)))::json)`, contact[0])
		return nil
	})
	c.Approve(r.ID)
	must(c.TB, poll(c, func() bool { return len(payloads[evidence.PlanMade](c, r.ID)) == 2 }))
	k := c.Await(r.ID, requests.Review)
	if !k.Has(requests.Attention) || kinds(c, r.ID)["outcome.reappeared"] == 0 {
		c.Errorf("flags %v", k.Flags)
	}
	if n := carriedIn(planOf(c, r.ID)); n["crm erasure"] == 0 || n["social erasure"] == 0 {
		c.Errorf("carried %v", n)
	}
	c.Approve(r.ID)
	c.Await(r.ID, requests.Completed)
	if left := list(c, `select id::text from crm.contacts where email = $1`, who.Email); len(left) != 0 {
		c.Errorf("still there: %v", left)
	}
	if o := outcomes(c, r.ID); o["crm.contacts verified_absent"] != 2 {
		c.Errorf("outcomes %v", o)
	}
	report(c, r.ID)
}

func TestANewPlanCarriesWhatIsDone(t *testing.T) {
	t.Parallel()
	h := &hooks{}
	c := company.New(t, company.Options{Wrap: h.wrap})
	s := acme.Subjects()
	t.Run("one system had acted", func(t *testing.T) { testCarried(c.For(t), h, s[1]) })
	t.Run("found after the act", func(t *testing.T) { testFoundInVerifying(c.For(t), h, s[2]) })
}
