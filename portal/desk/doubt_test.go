package desk_test

import (
	"testing"
	"time"

	"habeas/requests"
	"habeas/requests/testkit/acme"
	"habeas/requests/testkit/browser"
	"habeas/requests/testkit/company"
)

// A code mailed to an address that was put into the CRM two days ago proves
// nothing: the case says so in plain words, nobody can approve, and a proof that
// a colleague records settles it.
func TestWhoIsAsking(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{Settings: requests.Settings{ApprovalsErasure: 1}})
	site := open(t, c)
	who := acme.AwkwardCases().RecentlyChanged
	if _, err := c.CRM.Exec(t.Context(), `update crm.contacts set email_changed_at = now() - interval '2 days' where email = $1`, who); err != nil {
		t.Fatal(err)
	}
	r := inReview(c, who, "erasure")
	dana, agent := site.As(c.DPOs[0]), site.As(c.Agent)
	day := time.Now().UTC().AddDate(0, 0, -2).Format("2 January 2006")
	page := dana.Get(path(r.ID, "")).Is(200).Says("Who is asking?", "Customer database: it was put there on "+day+", 2 days before the request.",
		"It is open who is asking", "Needs attention", "Settle who is asking", "The address is new").Hides(who)
	dana.Get(path(r.ID, "approve")).Submit(path(r.ID, "approve"), nil).Is(409).Says("does not say who is asking", "Art. 12(6)")
	tab := browser.New(t)
	browser.Open(t, tab, site.URL("/enter/"+c.Agent.ID))
	browser.Open(t, tab, site.URL(path(r.ID, "")))
	browser.Axe(t, tab)
	for _, w := range []int{1280, 390} {
		browser.Screenshot(t, tab, "desk-who-is-asking", w)
	}

	page.Submit(path(r.ID, "prove"), one("ground", "document")).Is(400).Says("Say how the person proved")
	agent.Get(path(r.ID, "")).Submit(path(r.ID, "prove"), map[string][]string{"ground": {"staff_check"}, "reason": {"Called back on the number of 2019"}}).
		Is(200).Says("Proof recorded", "Somebody else has to approve").Hides("Who is asking?", "It is open who")
	dana.Get(path(r.ID, "approve")).Submit(path(r.ID, "approve"), nil).Is(200)
	c.Await(r.ID, requests.Completed)

	two := inReview(c, acme.AwkwardCases().FamilyAddress, "access")
	dana.Get(path(two.ID, "")).Says("Who is asking?", "Customer database: it leads to 2 people.")
}
