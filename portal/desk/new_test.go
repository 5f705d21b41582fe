package desk_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"

	"habeas/portal/desk/desktest"
	"habeas/requests"
	"habeas/requests/testkit/acme"
	"habeas/requests/testkit/company"
)

// Staff enter what came on paper from somebody who asks for another: what is
// missing is said beside what was typed, and nothing is filed.
func TestNewRequestForSomebodyElseSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{Workers: -1})
	agent := open(t, c).As(c.Agent)
	good := url.Values{
		"channel": {"letter"}, "rights": {"access"}, "country": {"DE"}, "customer_id": {acme.Subjects()[4].CustomerID}, "name": {"Mara Lindqvist"},
		"behalf": {"attorney"}, "rep_name": {"Ada Counsel"}, "message": {"Typed with care"},
	}
	for name, x := range map[string]struct {
		with url.Values
		says string
	}{
		"nobody who asks":         {url.Values{"rep_name": nil}, "Give the name of whoever asks"},
		"no person":               {url.Values{"name": nil}, "Give the name of the person whose data it is"},
		"no way to find them":     {url.Values{"customer_id": nil}, "at least one way in which the company knows the person"},
		"no age":                  {url.Values{"behalf": {"parent"}}, "Say how old the child is"},
		"an age of no child":      {url.Values{"age": {"under_13"}}, "Only a parent says how old"},
		"a capacity there is not": {url.Values{"behalf": {"heir"}}, "Say in which capacity"},
		"asks for themselves":     {url.Values{"behalf": {"self"}}, "Say in which capacity this person asks for another"},
		"an address that is none": {url.Values{"rep_email": {"counsel@"}}, "e-mail address of whoever asks"},
		"one address for two":     {url.Values{"behalf": {"agent"}, "email": {"a@b.example"}, "rep_email": {"A@b.example"}}, "need an e-mail address each"},
		"no channel":              {url.Values{"channel": nil}, "Say how the request came"},
	} {
		with := url.Values{}
		for k, v := range good {
			with[k] = v
		}
		for k, v := range x.with {
			with[k] = v
		}
		agent.Get("/desk/new").Submit("/desk/new", with).Is(400).Says(x.says, "Typed with care")
		var n int
		if err := c.DB.QueryRow(t.Context(), `select count(*) from cases`).Scan(&n); err != nil || n != 0 {
			t.Fatalf("%s: %d cases, %v", name, n, err)
		}
	}
}

// A power of attorney and an agent, both by letter and without any e-mail
// address: the papers are looked at, the person's word is recorded by hand, and
// the letters wait on paper.
func TestNewRequestForSomebodyElseOnPaper(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{})
	site := open(t, c)
	agent, dana := site.As(c.Agent), site.As(c.DPOs[0])
	file := func(i int, standing string) (uuid.UUID, *desktest.Page) {
		p := agent.Get("/desk/new").Is(200).Submit("/desk/new", url.Values{
			"channel": {"letter"}, "rights": {"erasure"}, "country": {"DE"}, "customer_id": {acme.Subjects()[i].CustomerID}, "name": {acme.Subjects()[i].Name},
			"behalf": {standing}, "rep_name": {"Ada Counsel"},
		}).Is(200).Says("Request filed", "Somebody asks for another person", "Look at the permission").Hides("Ada Counsel", acme.Subjects()[i].Name)
		id, err := uuid.Parse(strings.TrimPrefix(strings.TrimSuffix(p.Path, "?done=filed"), "/desk/cases/"))
		if err != nil {
			t.Fatal(p.Path)
		}
		return id, p
	}
	accept := func(id uuid.UUID) {
		dana.Get(path(id, "behalf")).Is(200).Says("Has no e-mail address. The letter to them waits among the letters: print it, post it and record that", "looked at and handed back").
			Submit(path(id, "behalf"), url.Values{"decision": {"accepted"}, "reason": {"Original seen"}}).Is(200).Says("Recorded")
	}
	asked := func(id uuid.UUID) { // who asks is proved apart from the permission
		dana.Get(path(id, "")).Says("Record who asks")
		dana.Get(path(id, "prove?of=asker")).Says("A document of whoever asks").
			Submit(path(id, "prove?of=asker"), url.Values{"ground": {"representative_document"}, "reason": {"Their card was shown"}}).Is(200)
	}
	id, _ := file(5, "attorney")
	accept(id)
	asked(id)
	c.Await(id, requests.Review)
	dana.Get(path(id, "")).Says("Customer database", "to be printed and posted")

	id, _ = file(6, "agent")
	accept(id)
	k, err := c.Svc.Get(t.Context(), c.DPOs[0], id)
	if err != nil || k.Status != requests.Filed {
		t.Fatal(k.Status, err)
	}
	asked(id)
	dana.Get(path(id, "")).Says("Missing: the person’s own word", "Record that the person agreed")
	dana.Get(path(id, "prove")).Submit(path(id, "prove?of=person"), one("reason", "They said so on the phone")).Is(200)
	c.Await(id, requests.Review)
}

// What came by phone can be any right, and is answered in the person's language.
func TestNewRequestOfAnyRightInAnyLanguage(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{Workers: -1})
	agent := open(t, c).As(c.Agent)
	who := acme.Subjects()[6]
	for _, right := range []string{"access", "erasure", "consent_withdrawal", "opt_out", "portability", "rectification", "restriction", "objection", "limit"} {
		form := url.Values{"channel": {"phone"}, "rights": {right}, "country": {"DE"}, "customer_id": {who.CustomerID}, "email": {who.Email}, "locale": {"de"}}
		p := agent.Get("/desk/new").Is(200).Says("Language of our letters", "German")
		if right == "rectification" {
			p.Submit("/desk/new", form).Is(400).Says("Say what is wrong and what is right")
			form.Set("message", "The street is Waldweg 14")
		}
		p = p.Submit("/desk/new", form).Is(200).Says("Request filed")
		id, err := uuid.Parse(strings.TrimPrefix(strings.TrimSuffix(p.Path, "?done=filed"), "/desk/cases/"))
		if err != nil {
			t.Fatal(p.Path)
		}
		cs, err := c.Svc.Get(t.Context(), c.Agent, id)
		if err != nil || cs.Locale != "de" || !cs.Asks(right) || cs.Channel != "phone" {
			t.Errorf("%s: %+v %v", right, cs, err)
		}
	}
}
