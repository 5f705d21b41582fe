package subject_test

import (
	"archive/zip"
	"bytes"
	"io"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"habeas/requests"
	"habeas/requests/testkit/acme"
	"habeas/requests/testkit/company"
)

// The start page offers every right, and each can be chosen.
func TestStartOffersEveryRight(t *testing.T) {
	t.Parallel()
	b := setup(t, company.Options{Workers: -1})
	b.site.Anybody().Get("/").Is(200).Says("A copy of my data", "Delete my data", "Correct my data", "take along", "Restrict the use", "Object to the use",
		"Withdraw my consent", "Stop selling", "Limit the use of my sensitive data")
}

// What single rights need is asked, and asked again where it is missing; what
// was typed stays.
func TestDetailsOfSingleRights(t *testing.T) {
	t.Parallel()
	b := setup(t, company.Options{Settings: company.Registered(t), Workers: -1})
	begin := func(country, region string, rights ...string) func(url.Values) (int, string, string) {
		v := b.site.Anybody()
		p := v.Get("/request/what").Submit("/request/what", url.Values{"rights": rights})
		p = p.Submit("/request/who", url.Values{"who": {"self"}})
		p = p.Submit("/request/where", url.Values{"country": {country}, "region": {region}})
		if p.Path != "/request/details" {
			t.Fatalf("%v of %s lead to %s", rights, country, p.Path)
		}
		return func(with url.Values) (int, string, string) {
			q := p.Submit("/request/details", with)
			return q.Status, q.Path, q.Text
		}
	}
	for name, x := range map[string]struct {
		send   func(url.Values) (int, string, string)
		bad    []url.Values
		answer url.Values
	}{
		"correction": {begin("DE", "", "rectification"), []url.Values{
			nil, {"what-0": {"my name"}}, {"right-1": {"Zoë"}}, {"what-0": {"my name"}, "right-0": {strings.Repeat("x", 501)}},
		}, url.Values{"what-0": {"my name"}, "right-0": {"Zoë"}}},
		"restriction": {begin("DE", "", "restriction"), []url.Values{nil, {"restriction": {"because"}}}, url.Values{"restriction": {"needed_for_claims"}}},
		"objection":   {begin("DE", "", "objection"), []url.Values{nil, {"objection": {"marketing"}}}, url.Values{"objection": {"advising", "catalogue"}}},
		"know": {
			begin("US", "CA", "access"),
			[]url.Values{nil, {"know": {"pieces"}}, {"know": {"pieces"}, "period": {"ever"}}},
			url.Values{"know": {"categories"}, "period": {"year"}},
		},
	} {
		for _, with := range x.bad {
			if status, path, text := x.send(with); status != 422 || path != "/request/details" {
				t.Errorf("%s: %v is answered %d at %s: %s", name, with, status, path, text)
			}
		}
		if status, path, text := x.send(x.answer); status != 200 || path != "/request/contact" {
			t.Errorf("%s: the answer leads to %s (%d): %s", name, path, status, text)
		}
	}
}

// Without a register an objection is to advertising or to another use.
func TestObjectionWithoutRegister(t *testing.T) {
	t.Parallel()
	b := setup(t, company.Options{Workers: -1})
	p := b.site.Anybody().Get("/request/what?right=objection")
	if !regexp.MustCompile(`value="objection"\s+checked`).Match(p.Body) {
		t.Error("what was chosen on the start page is not chosen")
	}
	p = p.Submit("/request/what", url.Values{"rights": {"objection"}})
	p = p.Submit("/request/who", url.Values{"who": {"self"}})
	p = p.Submit("/request/where", url.Values{"country": {"DE"}})
	p.Submit("/request/details", url.Values{"objection": {"catalogue"}}).Is(422)
	if p = p.Submit("/request/details", url.Values{"objection": {"marketing"}}); p.Path != "/request/contact" {
		t.Errorf("leads to %s", p.Path)
	}
}

// Categories only: what the form asked reaches the case, the package, which has
// no values, and the page on which it is followed.
func TestCategoriesOnlyAreAskedFor(t *testing.T) {
	t.Parallel()
	b := setup(t, company.Options{})
	who := acme.Subjects()[3]
	v := b.site.Anybody()
	p := v.Get("/request/what").Submit("/request/what", url.Values{"rights": {"access"}})
	p = p.Submit("/request/who", url.Values{"who": {"self"}})
	p = p.Submit("/request/where", url.Values{"country": {"US"}, "region": {"CA"}})
	p = p.Submit("/request/details", url.Values{"know": {"categories"}, "period": {"year"}})
	p = p.Submit("/request/contact", url.Values{"email": {who.Email}})
	p = p.Submit("/request/check", nil).Is(200)
	ref := reference.FindString(p.Text)
	list, err := b.Svc.Search(t.Context(), ref, nil)
	if err != nil || len(list.Cases) != 1 {
		t.Fatal(list, err)
	}
	id := list.Cases[0].ID
	data, err := b.Svc.PersonalData(t.Context(), b.DPOs[0], id, requests.ViewPurposes[0])
	if err != nil {
		t.Fatal(err)
	}
	if data.Subject.Know != "categories" || data.Subject.Period != "year" {
		t.Errorf("asked for %q of %q", data.Subject.Know, data.Subject.Period)
	}
	// The code alone is one point of two (11 CCR 7062(b)): the page asks for more,
	// takes what cannot be right as a mistake, and says nothing of what is held.
	p = p.Submit("/request/code", url.Values{"code": {b.Code(who.Email, ref)}}).Is(200)
	p.Says("Help us to be sure that it is you")
	b.Await(id, requests.Review)
	k, err := b.Svc.Get(t.Context(), b.Auditor, id)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := b.Svc.Plan(t.Context(), k, "", 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Svc.Approve(t.Context(), b.DPOs[0], id, plan.Hash); err == nil || requests.AsError(err).Code != "identity-open" {
		t.Error(err)
	}
	v.Get("/status").Is(200).Says("Give details")
	p = v.Get("/status/facts").Is(200).Says("at least 2 details").Says("Full name").Hides("penalty of perjury")
	p.Submit("/status/facts", nil).Is(422).Says("Give at least one detail")
	p.Submit("/status/facts", url.Values{"postcode": {"Berlin"}, "name": {who.Name}}).Is(422).Says("Give the postal code only")
	p.Submit("/status/facts", url.Values{"name": {who.Name}}).Is(200).Says("We compare the details now")
	for tick := time.NewTicker(20 * time.Millisecond); ; {
		f, err := b.Svc.Facts(b.Deadline(), k)
		if err != nil {
			t.Fatal(err)
		}
		if f.Counted == 2 && !f.Comparing {
			tick.Stop()
			break
		}
		<-tick.C
	}
	v.Get("/status").Is(200).Says("You sent details on").Hides("records of yours")
	b.Approve(id)
	b.Await(id, requests.Completed)
	v.Get("/status").Is(200).Says("You asked for the kinds of data only")
	d, err := b.Svc.OpenPackage(t.Context(), requests.Actor{Role: requests.Customer, ID: id.String(), Fresh: true}, id)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	raw, err := io.ReadAll(d)
	if err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range z.File {
		if strings.HasPrefix(f.Name, "data/") {
			t.Errorf("the package holds %s", f.Name)
		}
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if s := string(text); strings.Contains(s, who.Email) || f.Name == "index.html" && !strings.Contains(s, "You asked for the categories only") {
			t.Errorf("%s holds a value, or does not say what it is: %s", f.Name, s)
		}
	}
}
