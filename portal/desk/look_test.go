package desk_test

import (
	"testing"

	"habeas/requests"
	"habeas/requests/testkit/acme"
	"habeas/requests/testkit/browser"
	"habeas/requests/testkit/company"
)

// Every staff page with a real case in it, in a real browser: no violation of
// WCAG 2.2 AA, no sideways scrolling on a phone.
func TestPagesInABrowser(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{})
	site := open(t, c)
	ready := inReview(c, acme.Subjects()[8].Email, "erasure")
	unclear := inReview(c, acme.AwkwardCases().FamilyAddress, "erasure")
	done := inReview(c, acme.Subjects()[9].Email, "erasure")
	c.Approve(done.ID)
	c.Await(done.ID, requests.Completed)
	letters := letterPaths(site.As(c.Agent).Get(path(ready.ID, "")))

	tab := browser.New(t)
	see := func(name, to string, widths ...int) {
		t.Helper()
		if status := browser.Open(t, tab, site.URL(to)); status != 200 {
			t.Fatalf("%s answers %d", to, status)
		}
		browser.Axe(t, tab)
		for _, w := range widths {
			browser.Screenshot(t, tab, name, w)
		}
	}
	enter := func(who requests.Actor) { browser.Open(t, tab, site.URL("/enter/"+who.ID)) }
	enter(c.DPOs[0])
	see("desk-list", "/desk", 1280, 390)
	see("desk-case", path(ready.ID, ""), 1280, 390)
	see("desk-case-unclear", path(unclear.ID, ""), 1280)
	see("desk-case-done", path(done.ID, ""), 1280, 390)
	see("desk-approve", path(ready.ID, "approve"), 1280)
	see("desk-decide", path(unclear.ID, "decide"), 1280, 390)
	for _, verb := range []string{"refuse", "extend", "pause", "rediscover", "withdraw", "prove"} {
		see("desk-"+verb, path(ready.ID, verb), 390)
	}
	see("desk-new", "/desk/new", 1280, 390)
	see("desk-systems", "/desk/systems", 1280, 390)
	see("desk-personal", path(ready.ID, "personal-data"), 390)
	browser.Choose(t, tab, `input[value="plan_review"]`)
	browser.Press(t, tab, "Show personal data")
	browser.Axe(t, tab)
	browser.Screenshot(t, tab, "desk-personal-shown", 1280)
	see("desk-letter", letters[0], 390)
	enter(c.Admin)
	see("admin-users", "/admin/users", 1280, 390)
	enter(c.Auditor)
	see("audit-list", "/audit", 1280, 390)
	see("audit-case", "/audit/cases/"+done.ID.String(), 1280, 390)
	see("audit-log", "/audit/log", 1280)
}
