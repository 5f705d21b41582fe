package subject_test

import (
	"archive/zip"
	"bytes"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"habeas/portal/api"
	"habeas/portal/desk/desktest"
	"habeas/portal/subject"
	"habeas/portal/web"
	"habeas/requests"
	"habeas/requests/mail"
	"habeas/requests/testkit"
	"habeas/requests/testkit/acme"
	"habeas/requests/testkit/company"
)

type bench struct {
	*company.Company
	site *desktest.Site
}

func setup(t *testing.T, opt company.Options) *bench {
	t.Helper()
	c := company.New(t, opt)
	client, prefix := testkit.Redis(t)
	routes := append(subject.Routes(subject.Deps{Svc: c.Svc}), api.Routes(api.Deps{Svc: c.Svc})...)
	cfg := web.Config{Redis: client, Prefix: prefix, Digest: c.Ring.Lookup, Limits: web.Limits{FilingsPerMinute: 1000, GuessesPerMinute: 1000}}
	return &bench{c, desktest.Open(t, c.Svc, cfg, routes)}
}

// fill goes through the form up to the check page.
func fill(v *desktest.Visitor, email string, rights []string, more url.Values) *desktest.Page {
	p := v.Get("/request/what").Submit("/request/what", url.Values{"rights": rights})
	p = p.Submit("/request/who", url.Values{"who": {"self"}})
	p = p.Submit("/request/where", url.Values{"country": {"DE"}})
	with := url.Values{"email": {email}}
	for k, v := range more {
		with[k] = v
	}
	p = p.Submit("/request/contact", with)
	if strings.HasPrefix(p.Path, "/request/purposes") {
		p = p.Submit("/request/purposes", url.Values{"purposes": {"marketing_email"}})
	}
	if strings.HasPrefix(p.Path, "/request/consequences") {
		p = p.Submit("/request/consequences", url.Values{"download": {"no"}})
	}
	return p
}

var code = regexp.MustCompile(`\b[0-9]{6}\b`)

var reference = regexp.MustCompile(`HB-[0-9A-Z]+(?:-[0-9A-Z]+)*`)

func (b *bench) linkIn(email, path string) string {
	b.Helper()
	link := regexp.MustCompile(`http://127\.0\.0\.1:8080(` + regexp.QuoteMeta(path) + `[^\s"<>]+)`)
	m, err := b.Mail.Wait(b.Deadline(), func(m mail.Captured) bool {
		return slices.Contains(m.To, email) && link.MatchString(m.Text)
	})
	if err != nil {
		b.Fatalf("no mail with %s: %v", path, err)
	}
	return link.FindStringSubmatch(m.Text)[1]
}

func TestErasureFromStartToStop(t *testing.T) {
	b := setup(t, company.Options{})
	email := acme.Subjects()[0].Email
	v := b.site.Anybody()
	v.Get("/").Is(200).Says("Your data at Acme Outdoor", "Delete my data")
	p := fill(v, email, []string{"erasure"}, url.Values{"name": {"Zoë <b>&"}}).Is(200).Says("Check your answers", email, "Germany", "Zoë <b>&", "No, just delete it")
	p = p.Submit("/request/check", nil).Is(200).Says("Enter the code from our mail", email)
	ref := reference.FindString(p.Text)
	if ref == "" {
		t.Fatalf("no reference: %s", p.Text)
	}
	v.Get("/status").Is(200).Says("You are signed out")
	v.Get("/request/confirmation").Is(200).Says(ref, "One more step", "We answer by")
	p.Submit("/request/code", url.Values{"code": {"12"}}).Is(422).Says("Enter the 6 digits")
	right := b.Code(email, ref)
	p.Submit("/request/code", url.Values{"code": {other(right)}}).Is(422).Says("That code is not right")
	p = p.Submit("/request/code", url.Values{"code": {right[:3] + " " + right[3:]}}).Is(200).Says("We have your request", ref)
	if p.Path != "/request/confirmation" || strings.Contains(p.Text, "One more step") {
		t.Errorf("after the code: %s %s", p.Path, p.Text)
	}
	v.Get("/status").Is(200).Says(ref, "Delete my data", "We answer by", "Why this date?")
	list, err := b.Svc.Search(t.Context(), ref, nil)
	if err != nil || len(list.Cases) != 1 {
		t.Fatal(list, err)
	}
	b.Await(list.Cases[0].ID, requests.Review)
	p = v.Get("/status").Is(200).Says("Customer database", "Searched", "A person is looking through")
	if !p.Leads("/status/stop") {
		t.Error("a request that has not begun cannot be stopped")
	}
	v.Get("/status/stop").Submit("/status/stop", nil).Is(200).Says("Your request is stopped")
	v.Get("/status").Is(200).Says("You have stopped this request")
	b.site.Anybody().Get("/status").Is(200).Says("You are signed out")
}

// other is a code that is not this one.
func other(code string) string {
	if code == "123456" {
		return "654321"
	}
	return "123456"
}

func TestAccessIsFetchedWithAFreshCode(t *testing.T) {
	b := setup(t, company.Options{})
	email := acme.Subjects()[1].Email
	v := b.site.Anybody()
	p := fill(v, email, []string{"access"}, nil).Submit("/request/check", nil)
	ref := reference.FindString(p.Text)
	first := b.Code(email, ref)
	p.Submit("/request/code", url.Values{"code": {first}}).Is(200)
	list, err := b.Svc.Search(t.Context(), ref, nil)
	if err != nil || len(list.Cases) != 1 {
		t.Fatal(list, err)
	}
	id := list.Cases[0].ID
	b.Await(id, requests.Review)
	b.Approve(id)
	b.Await(id, requests.Completed)
	v.Get("/status").Is(200).Says("Your copy is ready", "What came of it", "In your copy")
	href := "/api/v1/requests/" + id.String() + "/package"
	p = v.Get("/download").Is(200)
	if !p.Leads(href) {
		t.Fatalf("a code given just now is not fresh: %s", p.Text)
	}
	got := v.Get(href).Is(200)
	if _, err := zip.NewReader(bytes.NewReader(got.Body), int64(len(got.Body))); err != nil {
		t.Errorf("the package is no zip: %v", err)
	}
	// Another browser finds the request, and cannot fetch what it has not proved.
	w := b.site.Anybody()
	w.Get(href).Is(http.StatusUnauthorized)
	p = w.Get("/find?reference="+ref).Submit("/find", nil).Is(200).Says("Enter the code")
	p = p.Submit("/find/code", url.Values{"code": {b.newest(email, first)}}).Is(200).Says(ref)
	if p.Path != "/status" {
		t.Errorf("found at %s", p.Path)
	}
	p = w.Get("/status").Is(200)
	letter := p.Link("Your data are ready")
	if letter == "" {
		t.Fatalf("no letter: %s", p.Text)
	}
	w.Get(letter).Is(200).Says("Acme Outdoor", ref)
	w.Get("/status/letters/0193a000-0000-7000-8000-000000000001").Is(404)
	r := w.Get("/api/v1/requests/" + id.String() + "/receipt").Is(200)
	if !bytes.Contains(r.Body, []byte(`"checkpoint"`)) {
		t.Error("the receipt holds no checkpoint")
	}
}

// newest waits for a code other than the one before.
func (b *bench) newest(email, before string) string {
	b.Helper()
	m, err := b.Mail.Wait(b.Deadline(), func(m mail.Captured) bool {
		return slices.Contains(m.To, email) && code.MatchString(m.Text) && code.FindString(m.Text) != before
	})
	if err != nil {
		b.Fatalf("no second code: %v", err)
	}
	return code.FindString(m.Text)
}

func TestConsentIsWithdrawnAtOnceAndCanBeTakenBack(t *testing.T) {
	b := setup(t, company.Options{})
	email := acme.Subjects()[2].Email
	v := b.site.Anybody()
	p := fill(v, email, []string{"consent_withdrawal"}, nil).Says("News and offers by e-mail", "takes effect at once")
	p = p.Submit("/request/check", nil).Is(200).Says("We have your request", "withdrawn already")
	ref := reference.FindString(p.Text)
	undo := b.linkIn(email, "/undo?token=")
	w := b.site.Anybody()
	p = w.Get("/find").Submit("/find", url.Values{"reference": {strings.ToLower(ref)}}).Is(200)
	p.Submit("/find/code", url.Values{"code": {b.Code(email, ref)}}).Is(200).Says(ref, "Consents withdrawn").Hides("Our systems, one by one", "Customer database")

	b.site.Anybody().Get(undo).Is(200).Says("Take back the withdrawal?", "News and offers by e-mail").Submit("/undo", nil).Is(200).Says("The consents count again")
	b.site.Anybody().Get("/undo?token=made-up").Is(410)
	w.Get("/status").Is(200).Says("You have stopped this request")
}

func TestKnownAndUnknownLookAlike(t *testing.T) {
	b := setup(t, company.Options{})
	seen := map[string]string{}
	for _, email := range []string{acme.Subjects()[3].Email, "nobody.at.all@mail.example"} {
		v := b.site.Anybody()
		p := fill(v, email, []string{"access"}, nil).Submit("/request/check", nil).Is(200)
		text := reference.ReplaceAllString(strings.ReplaceAll(p.Text, email, "…"), "…")
		p = v.Get("/request/confirmation").Is(200)
		text += reference.ReplaceAllString(strings.ReplaceAll(p.Text, email, "…"), "…")
		seen[text] = email
	}
	if len(seen) != 1 {
		t.Errorf("the pages differ: %v", seen)
	}
	found := map[string]bool{}
	for _, ref := range []string{"HB-AAAA-BBBB", reference.FindString(fill(b.site.Anybody(), acme.Subjects()[4].Email, []string{"access"}, nil).Submit("/request/check", nil).Text)} {
		p := b.site.Anybody().Get("/find").Submit("/find", url.Values{"reference": {ref}}).Is(200)
		q := p.Submit("/find/code", url.Values{"code": {"000000"}})
		found[p.Text+q.Text] = true
	}
	if len(found) != 1 {
		t.Errorf("a reference that does not exist shows: %v", found)
	}
}

func TestNotMeStopsTheRequest(t *testing.T) {
	b := setup(t, company.Options{})
	email := acme.Subjects()[5].Email
	p := fill(b.site.Anybody(), email, []string{"erasure"}, nil).Submit("/request/check", nil).Is(200)
	list, err := b.Svc.Search(t.Context(), reference.FindString(p.Text), nil)
	if err != nil || len(list.Cases) != 1 {
		t.Fatal(list, err)
	}
	id := list.Cases[0].ID
	link := b.linkIn(email, "/not-me?token=")
	w := b.site.Anybody()
	q := w.Get(link).Is(200).Says("This was not you?")
	if c, err := b.Svc.Get(t.Context(), b.DPOs[0], id); err != nil || c.Status != requests.Filed {
		t.Fatalf("opening the link changed the case: %v %v", c.Status, err)
	}
	q.Submit("/not-me", nil).Is(200).Says("The request is stopped")
	if c, err := b.Svc.Get(t.Context(), b.DPOs[0], id); err != nil || c.Status != requests.Withdrawn {
		t.Fatalf("%v %v", c.Status, err)
	}
}

func TestQuestionsSayWhatIsMissingAndKeepWhatWasTyped(t *testing.T) {
	b := setup(t, company.Options{Workers: -1})
	v := b.site.Anybody()
	if p := v.Get("/request/check"); p.Path != "/request/what" {
		t.Errorf("unanswered check page leads to %s", p.Path)
	}
	v.Get("/request/what").Submit("/request/what", nil).Is(422).Says("There is a problem", "Select what you want")
	v.Get("/request/what").Submit("/request/what", url.Values{"rights": {"erasure", "rectification", "<script>"}}).Is(200)
	v.Get("/request/who").Submit("/request/who", nil).Is(422).Says("Select whether")
	v.Get("/request/who").Submit("/request/who", url.Values{"who": {"other"}}).Is(200).Says("In which capacity")
	v.Get("/request/who").Submit("/request/who", url.Values{"who": {"self"}}).Is(200)
	v.Get("/request/where").Submit("/request/where", url.Values{"country": {"XX"}}).Is(422)
	v.Get("/request/where").Submit("/request/where", url.Values{"country": {"US"}}).Is(422).Says("Choose your state")
	v.Get("/request/where").Submit("/request/where", url.Values{"country": {"US"}, "region": {"CA"}}).Is(200)
	v.Get("/request/details").Submit("/request/details", url.Values{"what-0": {"Street"}, "wrong-0": {"Old Road 1"}, "right-0": {"New Road 2"}}).Is(200)
	for _, email := range []string{"", "mara", "mara@", "Mara <mara@mail.example>", "a@b\r\nBcc: x"} {
		p := v.Get("/request/contact").Submit("/request/contact", url.Values{"email": {email}, "name": {"Mara Lindqvist"}}).Is(422).Says("There is a problem")
		if got := p.Form("/request/contact").Get("name"); got != "Mara Lindqvist" {
			t.Errorf("%q: the name is gone: %q", email, got)
		}
	}
	v.Get("/request/contact").Submit("/request/contact", url.Values{"email": {"mara@mail.example"}, "handle": {"@mara"}}).Is(422).Says("Choose the network")
	v.Get("/request/contact").Submit("/request/contact", url.Values{"email": {"mara@mail.example"}}).Is(200)
	p := v.Get("/request/consequences").Submit("/request/consequences", nil).Is(422).Says("whether you want a copy")
	p = p.Submit("/request/consequences", url.Values{"download": {"first"}}).Is(200).Says("Check your answers", "California", "Yes, send me a copy first")
	if p.Path != "/request/check" {
		t.Errorf("at %s", p.Path)
	}
	p = v.Get("/request/contact?change=1").Submit("/request/contact", url.Values{"name": {"Mara"}}).Is(200)
	if p.Path != "/request/check" {
		t.Errorf("a change leads to %s", p.Path)
	}
	first := p.Submit("/request/check", nil).Is(200)
	again := v.Post("/request/check", p.Form("/request/check")).Is(200)
	if reference.FindString(first.Text) != reference.FindString(again.Text) {
		t.Error("a second press of the button filed a second request")
	}
	for _, path := range []string{"/help", "/privacy", "/accessibility"} {
		v.Get(path).Is(200)
	}
}
