package desk_test

import (
	"testing"

	"habeas/requests"
	"habeas/requests/connect"
	"habeas/requests/testkit/acme"
	"habeas/requests/testkit/browser"
	"habeas/requests/testkit/company"
)

// In California the desk sees how many details agree and which, never what was
// typed, and what more is needed for which answer.
func TestDetailsCompared(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{})
	site := open(t, c)
	all := acme.Subjects()
	file := func(who acme.Subject, name string) *requests.Receipt {
		r, err := c.Svc.File(t.Context(), requests.Actor{Role: requests.Public}, requests.Filing{
			Rights: []string{"access"}, Country: "US", Region: "CA", Locale: "en", Name: name, Identities: []connect.Identity{{Kind: "email", Value: who.Email}},
		})
		if err != nil {
			t.Fatal(err)
		}
		c.Verify(who.Email, r)
		c.Await(r.ID, requests.Review)
		return r
	}
	dana := site.As(c.DPOs[0])
	short, enough := file(all[2], "Somebody Else"), file(all[3], all[3].Name)
	dana.Get(path(short.ID, "")).Is(200).Says("Who is asking?", "1 of the 2 details that are needed agree", "the proved e-mail address (11 CCR 7062(b))",
		"The customer’s page asks for more details", "Settle who is asking").Hides("Somebody Else", all[2].Phone, "is new")
	dana.Get(path(short.ID, "approve")).Submit(path(short.ID, "approve"), nil).Is(409).Says("11 CCR 7062")
	dana.Get(path(enough.ID, "")).Is(200).Says("Details compared", "2 of the 2 details that are needed agree", "the proved e-mail address and the name", "need three that agree and the declaration",
		"categories only (11 CCR 7024(a))").Hides("Who is asking?", all[3].Name)
	tab := browser.New(t)
	browser.Open(t, tab, site.URL("/enter/"+c.DPOs[0].ID))
	for name, r := range map[string]*requests.Receipt{"desk-details-short": short, "desk-details-enough": enough} {
		browser.Open(t, tab, site.URL(path(r.ID, "")))
		browser.Axe(t, tab)
		for _, w := range []int{1280, 390} {
			browser.Screenshot(t, tab, name, w)
		}
	}
}
