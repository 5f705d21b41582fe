package desk_test

import (
	"strings"
	"testing"
	"time"

	"habeas/requests"
	"habeas/requests/connect"
	"habeas/requests/testkit/acme"
	"habeas/requests/testkit/browser"
	"habeas/requests/testkit/company"
)

// Holds, appeals and complaints as the desk sees them, in a real browser: set
// and lift a hold, enter an appeal, decide it.
func TestHoldsAndAppealsInABrowser(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{})
	site := open(t, c)
	_, err := c.Svc.SetHold(c.Context(), c.DPOs[1], requests.NewHold{
		Scope: "person", Identities: []connect.Identity{{Kind: "email", Value: acme.Subjects()[7].Email}}, Ground: "litigation",
		ReviewOn: time.Now(), Reason: "Warranty claim, file 12/26",
	})
	if err != nil {
		t.Fatal(err)
	}
	held := inReview(c, acme.Subjects()[7].Email, "erasure")
	r, err := c.Svc.File(c.Context(), requests.Actor{Role: requests.Public}, requests.Filing{
		Rights: []string{"access"}, Country: "US", Region: "VA", Locale: "en", Identities: []connect.Identity{{Kind: "email", Value: acme.Subjects()[8].Email}},
	})
	if err != nil {
		t.Fatal(err)
	}
	by := c.Verify(acme.Subjects()[8].Email, r)
	c.Await(r.ID, requests.Review)
	if _, err := c.Svc.Refuse(c.Context(), c.DPOs[0], r.ID, requests.Step{Ground: "excessive", Reason: "Asked nine times this month."}); err != nil {
		t.Fatal(err)
	}
	m, err := c.Svc.FileMatter(c.Context(), by, r.ID, requests.NewMatter{Kind: "appeal", Message: "It was once."})
	if err != nil {
		t.Fatal(err)
	}

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
	browser.Open(t, tab, site.URL("/enter/"+c.DPOs[0].ID))
	see("desk-holds", "/desk/holds", 1280, 390)
	see("desk-hold-new", "/desk/holds/new", 1280, 390)
	browser.Press(t, tab, "Set the hold") // nothing is filled in
	browser.Axe(t, tab)
	see("desk-held-case", path(held.ID, ""), 1280)
	see("desk-appeal-own", path(m.ID, ""), 1280)
	see("desk-appealed", path(r.ID, ""), 1280, 390)
	if text := browser.Text(t, tab, "#related-title + ul"); !strings.Contains(text, m.Reference) || !strings.Contains(text, "Appeal about this one") {
		t.Errorf("related cases: %q", text)
	}
	see("desk-appeal-enter", path(r.ID, "appeal"), 390)
	browser.Open(t, tab, site.URL("/enter/"+c.DPOs[1].ID))
	see("desk-appeal", path(m.ID, ""), 1280, 390)
	browser.Choose(t, tab, `input[value="denied"]`)
	browser.Press(t, tab, "Look at the letter") // without reasons
	browser.Axe(t, tab)
	if k, err := c.Svc.Get(c.Context(), c.DPOs[1], m.ID); err != nil || k.Status != requests.Review {
		t.Errorf("decided without reasons: %v, %v", k.Status, err)
	}
}
