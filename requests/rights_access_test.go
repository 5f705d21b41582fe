package requests_test

import (
	"strings"
	"testing"

	"habeas/requests"
	"habeas/requests/connect"
	"habeas/requests/testkit/acme"
	"habeas/requests/testkit/company"
)

// GDPR Art. 15(1)(a) to (h) and 15(2) from the register of processing; Art. 20
// beside it: only what the person gave, on consent or a contract.
func TestAccessExplainsAndPortabilityStandsApart(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{Settings: registered()})
	who := acme.Subjects()[9]
	r := fileFor(c, who.Email, []string{"access", "portability"})
	c.Verify(who.Email, r)
	c.Await(r.ID, requests.Review)
	for _, p := range planOf(c, r.ID).Records {
		if p.Right == "portability" && (p.System == "social" || p.Type == "notes") {
			t.Errorf("%s.%s is taken along: its basis is a legitimate interest, or staff wrote it", p.System, p.Type)
		}
	}
	c.Approve(r.ID)
	c.Await(r.ID, requests.Closed)
	files := packaged(c, r)
	page := files["index.html"]
	for _, want := range []string{
		"your orders (GDPR Art. 6(1)(b))", "answering where you ask (GDPR Art. 6(1)(f))", "DHL Paket (DE); Tax adviser Kranz (DE)", "Flitter Inc. (US)",
		"Standard contractual clauses of 4 June 2021", "United States: standard contractual clauses", "folder “portability”",
		"To run your customer account", "Three years after your last order",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	var data, apart int
	for name := range files {
		switch {
		case strings.HasPrefix(name, "data/"):
			data++
		case strings.HasPrefix(name, "portability/"):
			apart++
			if strings.Contains(name, "social.") || strings.Contains(name, "notes") {
				t.Errorf("%s is not portable", name)
			}
		}
	}
	if data == 0 || apart == 0 || apart >= data {
		t.Errorf("%d files in data, %d apart", data, apart)
	}
	if !strings.Contains(files["portability/crm.contacts.json"], who.Email) || !strings.Contains(files["data/crm.contacts.json"], who.Email) {
		t.Error("the contact is missing")
	}
}

// What was given, observed and derived, and on which basis.
func TestPortabilityTakesOnlyWhatWasGiven(t *testing.T) {
	t.Parallel()
	set := registered()
	set.Register[0].Basis = "legal_duty"
	c := company.New(t, company.Options{Settings: set})
	who := acme.Subjects()[10]
	r := fileFor(c, who.Email, []string{"portability"})
	c.Verify(who.Email, r)
	c.Await(r.ID, requests.Review)
	for _, p := range planOf(c, r.ID).Records {
		if p.Action != connect.Keep {
			t.Errorf("%s.%s is taken along though nothing rests on consent or a contract", p.System, p.Type)
		}
	}
}

// What the register leaves out is named at once, and what it does not cover.
func TestRegisterIsChecked(t *testing.T) {
	t.Parallel()
	set := registered()
	if err := set.CheckRegister(); err != nil {
		t.Fatal(err)
	}
	set.Register[0].Retention, set.Register[0].Basis, set.Register[1].Covers = "", "because", []string{"crm"}
	set.Register[1].Recipients = append(set.Register[1].Recipients, "nobody")
	set.Recipients[0].Contact = "not an address"
	err := set.CheckRegister()
	if err == nil {
		t.Fatal("no fault")
	}
	for _, want := range []string{"register.shop.retention", "register.shop.basis", "register.social.covers", `"nobody" is not among the recipients`, "recipients.dhl.contact"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not named: %v", want, err)
		}
	}
	c := company.New(t, company.Options{Workers: -1, Settings: requests.Settings{Register: registered().Register[:1], Recipients: registered().Recipients}})
	var systems []connect.Connector
	for _, name := range c.Svc.SystemNames() {
		s, _ := c.Svc.System(name)
		systems = append(systems, s)
	}
	list := strings.Join(c.Svc.Settings().Uncovered(systems), "\n")
	if !strings.Contains(list, "social.profiles") || strings.Contains(list, "crm.") || !strings.Contains(list, "legal basis") {
		t.Errorf("uncovered: %s", list)
	}
}
