package desk_test

import (
	"net/url"
	"slices"
	"testing"

	"habeas/requests"
	"habeas/requests/testkit/acme"
	"habeas/requests/testkit/company"
)

// An address that two people use: nothing goes before the desk has decided
// about every record, all at once if it likes.
func TestAmbiguousRecordsAreDecidedAtOnce(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{Settings: requests.Settings{ApprovalsErasure: 1}})
	site := open(t, c)
	who := acme.AwkwardCases().FamilyAddress
	r := inReview(c, who, "erasure")
	dana, agent := site.As(c.DPOs[0]), site.As(c.Agent)
	dana.Get(path(r.ID, "")).Says("Ambiguous", "waits for a decision about").Hides(who)
	dana.Get(path(r.ID, "approve")).Submit(path(r.ID, "approve"), nil).Is(409).Says("Decide about each")

	page := agent.Get(path(r.ID, "decide")).Is(200).Says("What happens to all that are ticked").Hides(who)
	before := page.Form(path(r.ID, "decide")).Get("plan_hash")
	page.Submit(path(r.ID, "decide"), one("all", "keep")).Is(400).Says("Choose the ground")
	page.Submit(path(r.ID, "decide"), url.Values{"all": {"keep"}, "ground": {"other"}, "plan_hash": {"0"}}).Is(409).Says("The plan has changed")
	lines := page.Form(path(r.ID, "decide"))["record"]
	page.Submit(path(r.ID, "decide"), url.Values{"all": {"keep"}, "ground": {"other"}, "record": nil}).Is(400).Says("Tick at least one line")
	page.Submit(path(r.ID, "decide"), url.Values{"ground": {"other"}}).Is(400).Says("Choose what happens")
	page.Submit(path(r.ID, "decide"), url.Values{"action-0": {"keep"}, "ground": {"other"}, "record": lines[:1]}).Is(200).Says("The plan was changed")
	page = agent.Get(path(r.ID, "decide")).Is(200)
	if rest := page.Form(path(r.ID, "decide"))["record"]; len(rest) != len(lines)-1 || slices.Contains(rest, lines[0]) {
		t.Errorf("one line of %d was ticked, %d are left", len(lines), len(rest))
	}
	page.Submit(path(r.ID, "decide"), url.Values{"all": {"keep"}, "ground": {"other"}, "reason": {"Phone call with both"}}).Is(200).Says("The plan was changed", "somebody else's").Hides(who)
	k, err := c.Svc.Get(t.Context(), c.DPOs[0], r.ID)
	if err != nil {
		t.Fatal(err)
	}
	p, err := c.Svc.Plan(t.Context(), k, "", 0)
	if err != nil {
		t.Fatal(err)
	}
	if p.Undecided != 0 || p.Hash == before {
		t.Errorf("%d records are undecided, hash changed: %t", p.Undecided, p.Hash != before)
	}
}

// Records that turn out to be this person's are dealt with as proposed: what
// tax law keeps is not erased because an identity was unclear.
func TestAmbiguousRecordsAreThisPersons(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{Workers: 1})
	site := open(t, c)
	r := inReview(c, acme.AwkwardCases().FamilyAddress, "erasure")
	agent := site.As(c.Agent)
	page := agent.Get(path(r.ID, "decide")).Is(200).Says("If it is this person's: Erase")
	page.Submit(path(r.ID, "decide"), url.Values{"all": {"proposed"}, "ground": {"own"}}).Is(200).Says("The plan was changed")
	k, err := c.Svc.Get(t.Context(), c.DPOs[0], r.ID)
	if err != nil {
		t.Fatal(err)
	}
	p, err := c.Svc.Plan(t.Context(), k, "", 1000)
	if err != nil {
		t.Fatal(err)
	}
	erased := 0
	for _, rec := range p.Records {
		if rec.Record.Action == "erase" {
			erased++
		}
		if rec.Note.Until != "" && rec.Record.Action == "erase" {
			t.Errorf("%s of %s goes, though it is to be kept until %s", rec.Record.Type, rec.Record.System, rec.Note.Until)
		}
	}
	if p.Undecided != 0 || erased == 0 {
		t.Errorf("%d undecided, %d erased", p.Undecided, erased)
	}
}
