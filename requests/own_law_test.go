package requests_test

import (
	"strings"
	"testing"

	"habeas/requests"
	"habeas/requests/clock"
	"habeas/requests/connect"
	"habeas/requests/testkit/acme"
	"habeas/requests/testkit/company"
)

// A law that the company loads itself has letters of its family, with the
// authority that the company names and the days of its own row.
func TestALawOfOurOwnHasLetters(t *testing.T) {
	t.Parallel()
	laws, err := clock.Builtin().Load(strings.NewReader(`
- {code: AL, like: VA, name: Alabama Personal Data Protection Act, cite: Ala. Code 8-99, clocks: [{name: respond, n: 45, unit: day}, {name: extended, n: 90, unit: day}, {name: appeal, n: 33, unit: day, from: denial}]}
`))
	must(t, err)
	set := company.Registered(t)
	set.Laws, set.Applies = laws, clock.Overrides{"US-AL": {Law: "AL"}}
	set.Authorities = map[string]requests.Authority{
		"AL": {Name: "Office of the Attorney General of Alabama", URL: "https://ag.example"},
		"CO": {Name: "Colorado Department of Law", Address: "Denver"},
	}
	if faults := set.CheckAuthorities(); len(faults) != 0 {
		t.Fatal(faults)
	}
	c := company.New(t, company.Options{Settings: set})
	for _, tc := range []struct{ region, name, days string }{{"AL", "Attorney General of Alabama", "within 33 days"}, {"CO", "Colorado Department of Law, Denver", "within 45 days"}} {
		who := acme.Subjects()[map[string]int{"AL": 1, "CO": 2}[tc.region]]
		r, err := c.Svc.File(c.Context(), requests.Actor{Role: requests.Public}, requests.Filing{
			Rights: []string{"erasure"}, Country: "US", Region: tc.region, Locale: "en", Identities: []connect.Identity{{Kind: "email", Value: who.Email}},
		})
		must(t, err)
		c.Verify(who.Email, r)
		c.Await(r.ID, requests.Review)
		_, err = c.Svc.Refuse(c.Context(), c.DPOs[0], r.ID, requests.Step{Ground: "legal_claims", Reason: "A suit in " + tc.region})
		must(t, err)
		says(c, letter(c, who.Email, "A suit in "+tc.region), tc.name, tc.days, "You can appeal")
	}
}

// A law without letters of its own and without an authority is named before
// anybody files under it.
func TestALawOfOurOwnNeedsItsAuthority(t *testing.T) {
	laws, err := clock.Builtin().Load(strings.NewReader("- {code: AL, like: VA, name: Alabama, cite: Ala. Code 8-99}\n"))
	must(t, err)
	for want, set := range map[string]requests.Settings{
		"authorities.AL is missing":         {Laws: laws},
		`authorities: There is no law "ZZ"`: {Authorities: map[string]requests.Authority{"ZZ": {Name: "x"}}},
		"authorities.CO.name is missing":    {Authorities: map[string]requests.Authority{"CO": {URL: "https://x.example"}}},
		"authorities.CO.url":                {Authorities: map[string]requests.Authority{"CO": {Name: "x", URL: "ftp://x.example"}}},
	} {
		var all []string
		for _, err := range set.CheckAuthorities() {
			all = append(all, err.Error())
		}
		if got := strings.Join(all, "\n"); !strings.Contains(got, want) {
			t.Errorf("%q is not named: %q", want, got)
		}
	}
}
