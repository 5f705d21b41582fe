package desk_test

import (
	"net/url"
	"strings"
	"testing"

	"habeas/requests"
	"habeas/requests/connect"
	"habeas/requests/testkit/acme"
	"habeas/requests/testkit/browser"
	"habeas/requests/testkit/company"
)

// caseOf is a case as the auditor reads it now.
func caseOf(c *company.Company, r *requests.Receipt) *requests.Case {
	c.Helper()
	k, err := c.Svc.Get(c.Context(), c.Auditor, r.ID)
	if err != nil {
		c.Fatal(err)
	}
	return k
}

// denied is a request that was refused by the first officer.
func denied(c *company.Company, region, email string) (*requests.Receipt, requests.Actor) {
	c.Helper()
	r, err := c.Svc.File(c.Context(), requests.Actor{Role: requests.Public}, requests.Filing{
		Rights: []string{"access"}, Country: "US", Region: region, Locale: "en", Identities: []connect.Identity{{Kind: "email", Value: email}},
	})
	if err != nil {
		c.Fatal(err)
	}
	by := c.Verify(email, r)
	c.Await(r.ID, requests.Review)
	if _, err := c.Svc.Refuse(c.Context(), c.DPOs[0], r.ID, requests.Step{Ground: "excessive", Reason: "Asked nine times this month."}); err != nil {
		c.Fatal(err)
	}
	return r, by
}

// An appeal: extended once by a letter that speaks of it, decided by an officer
// who had no part in the denial, after a look at the letter.
func TestAppealIsAnsweredByALetterThatWasRead(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{})
	site := open(t, c)
	r, by := denied(c, "CO", acme.Subjects()[8].Email)
	dana, other := site.As(c.DPOs[0]), site.As(c.DPOs[1])
	dana.Get(path(r.ID, "")).Is(200).Says("Enter an appeal or complaint")
	m, err := c.Svc.FileMatter(t.Context(), by, r.ID, requests.NewMatter{Kind: "appeal", Message: "It was once."})
	if err != nil {
		t.Fatal(err)
	}
	dana.Get(path(r.ID, "")).Is(200).Says("Enter a complaint", m.Reference).Hides("Enter an appeal")
	dana.Get(path(r.ID, "appeal")).Is(200).Says("A complaint").Hides("Against what was denied")

	dana.Get(path(m.ID, "")).Is(200).Says("You had a part in deciding").Hides("Look at the letter")
	page := other.Get(path(m.ID, "")).Is(200).Says("Look at the letter", "Take longer, once")
	longer := other.Get(path(m.ID, "extend")).Is(200).Says("New date")
	letter := longer.Submit(path(m.ID, "extend"), url.Values{"ground": {"complexity"}, "reason": {"Four systems are looked at again."}}).Is(200).
		Says("We need more time for your appeal", r.Reference, "did not take part in the first decision").Hides("for your request HB")
	if k, err := c.Svc.Get(t.Context(), c.Auditor, m.ID); err != nil || k.Has(requests.Extended) {
		t.Errorf("extended before the letter was sent: %v", err)
	}
	sendLetter(letter).Is(200).Says("Deadline extended")
	other.Get(path(m.ID, "")).Is(200).Hides("Take longer")

	answer := url.Values{"decision": {"granted"}, "rights": {"access"}, "reason": {"Once is not excessive."}}
	page.Submit(path(m.ID, "answer"), url.Values{"decision": {"granted"}}).Is(400).Says("Give the reasons")
	letter = page.Submit(path(m.ID, "answer"), answer).Is(200).Says("Read the decision before you send it", "we decided in your favour", "Once is not excessive.")
	if k, err := c.Svc.Get(t.Context(), c.Auditor, m.ID); err != nil || k.Status != requests.Review {
		t.Errorf("decided before the letter was sent: %v", err)
	}
	csrf := dana.Get(path(r.ID, "appeal")).Form(path(r.ID, "appeal"))["csrf"]
	dana.Post(path(m.ID, "answer"), url.Values{"csrf": csrf, "decision": {"denied"}, "reason": {"No."}}).Is(403).Says("somebody else decides")

	tab := browser.New(t)
	browser.Open(t, tab, site.URL("/enter/"+c.DPOs[1].ID))
	browser.Open(t, tab, site.URL(letter.Path))
	browser.Axe(t, tab)
	for _, w := range []int{1280, 390} {
		browser.Screenshot(t, tab, "desk-appeal-letter", w)
	}
	sendLetter(letter).Is(200).Says("Decided", "Done again")
	if k, err := c.Svc.Get(t.Context(), c.Auditor, m.ID); err != nil || k.Status != requests.Closed || k.Result != "granted" {
		t.Errorf("%v, %v", k.Status, err)
	}
	if got := eventsOf(t, c, r, "recourse.ended"); len(got) != 1 || !strings.Contains(got[0], "granted") {
		t.Errorf("events %v", got)
	}
	dana.Get(path(r.ID, "")).Is(200).Says("Enter an appeal or complaint", "Appeal about this one")
}

// A request that was joined to another leads to it and back.
func TestJoinedRequestsLeadToEachOther(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{})
	site := open(t, c)
	who := acme.Subjects()[9].Email
	first := inReview(c, who, "access", "erasure")
	again := c.File(who, "access")
	c.Verify(who, again)
	c.Await(again.ID, requests.Withdrawn)
	dana := site.As(c.DPOs[0])
	dana.Get(path(first.ID, "")).Is(200).Says("Related cases", again.Reference, "Joined to this one").Hides(who)
	dana.Get(path(again.ID, "")).Is(200).Says("Related cases", first.Reference, "Answers this one, too").Hides("Enter an appeal", "Enter a complaint", who)
}
