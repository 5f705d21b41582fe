package portal_test

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"habeas/requests"
	"habeas/requests/mail"
	"habeas/requests/testkit/acme"
	"habeas/requests/testkit/browser"
	"habeas/requests/testkit/company"
	"habeas/templates"
	"habeas/templates/locales"
	"habeas/templates/report"
)

// In each language a customer asks for a copy and fetches it, another for
// erasure, a third takes consents back; pages, letters and the package answer
// in it. With scripts and without.
func TestJourneysInEachLanguage(t *testing.T) {
	t.Parallel()
	words := company.Glossary(t)
	s := setup(t, company.Options{Settings: requests.Settings{Glossary: words}})
	tab := browser.New(t)
	for i, tc := range []struct {
		lang, name string
		scripts    bool
	}{
		{"de", "Deutsch", true}, {"fr", "Français", false}, {"es", "Español", true}, {"en", "English", false},
	} {
		t.Run(tc.lang, func(t *testing.T) {
			j := &spoken{stage: s.in(t), tab: tab, lang: tc.lang, name: tc.name, scripts: tc.scripts, words: words}
			people := acme.Subjects()[8+3*i:]
			j.copyOf(people[0].Email)
			j.erasure(people[1].Email)
			j.withdrawal(people[2].Email)
		})
	}
}

// in is the stage as a subtest uses it.
func (s *stage) in(t testing.TB) *stage {
	d := *s
	d.Company = s.For(t)
	return &d
}

// spoken is a journey in one language.
type spoken struct {
	*stage
	tab        context.Context
	lang, name string
	scripts    bool
	person     *person
	words      requests.Glossary
}

// ours is a text of the company, as customers who speak the language read it.
func (j *spoken) ours(text string) string { return j.words.In(j.lang, text) }

// text is a text of the pages, as a page that is read says it.
func (j *spoken) text(key string, args ...any) string {
	return strings.Join(strings.Fields(templates.Text(j.lang, key, args...)), " ")
}

// says fails the test unless the page says the texts of these keys.
func (j *spoken) says(keys ...string) {
	j.Helper()
	for _, key := range keys {
		j.person.sees(j.text(key))
	}
}

// arrive comes to the start page and chooses the language, unless the page is
// in it.
func (j *spoken) arrive() {
	j.Helper()
	j.person = j.newcomer(j.TB, j.tab, j.scripts)
	j.person.open("/")
	if j.lang != "en" {
		j.person.press(j.name)
	}
	j.says("start.lead")
	j.look("start")
}

// look checks a page: its language, its width on a screen and a phone, and the
// first time that it comes up, whether everybody can use it.
func (j *spoken) look(name string) {
	j.Helper()
	p := j.person
	want := j.lang + " " + locales.Direction(j.lang)
	if got := browser.Run(p.t, p.tab, chromedp.Evaluate[string](`document.documentElement.lang + " " + document.documentElement.dir`)); got != want {
		j.Errorf("%s is in %s, want %s", p.at(), got, want)
	}
	if !j.known["axe "+name] {
		j.known["axe "+name] = true
		browser.Axe(p.t, p.tab)
	}
	for _, width := range []int{1280, 390} {
		browser.Screenshot(p.t, p.tab, "language-"+j.lang+"-"+name, width)
	}
}

// ask files a request through the pages.
func (j *spoken) ask(email, right string) {
	j.Helper()
	p := j.person
	p.follow(`a[href="/request/what"]`)
	j.says("what.title", "what.hint", "right."+right)
	j.look("what")
	if status := browser.Follow(p.t, p.tab, `main form button.govuk-button`); status != 422 {
		j.Errorf("no answer is answered with %d", status)
	}
	j.says("error.title", "error.rights")
	j.look("what-error")
	p.choose(`input[value="` + right + `"]`)
	p.submit()
	j.says("who.title")
	j.look("who")
	p.choose("#who")
	p.submit()
	j.says("where.title", "where.hint")
	j.look("where")
	p.pick("#country", "DE")
	p.submit()
	j.says("contact.title", "contact.lead")
	j.look("contact")
	p.fill("#email", email)
	p.fill("#name", "שרה Lindqvist")
	p.submit()
	switch right {
	case "erasure":
		j.says("consequences.title", "consequences.final")
		j.look("consequences")
		p.choose(`input[name="download"][value="no"]`)
		p.submit()
	case "consent_withdrawal":
		j.says("purposes.title")
		j.person.sees(map[string]string{"en": "News and offers by e-mail", "de": "Neuigkeiten und Angebote per E-Mail", "fr": "Actualités et offres par courriel", "es": "Novedades y ofertas por correo electrónico"}[j.lang])
		j.look("purposes")
		p.choose(`input[value="marketing_email"]`)
		p.submit()
	}
	country := map[string]string{"en": "Germany", "de": "Deutschland", "fr": "Allemagne", "es": "Alemania"}[j.lang]
	p.sees(email, country, "שרה Lindqvist")
	j.says("check.title", "right."+right)
	j.look("check")
	p.submit()
}

// proves gives the code of the mail, which is in the language too.
func (j *spoken) proves(email string) *requests.Case {
	j.Helper()
	p := j.person
	ref := p.reference()
	j.says("code.title", "code.why.file")
	j.look("code")
	m, err := j.Mail.Wait(j.Deadline(), func(m mail.Captured) bool {
		return slices.Contains(m.To, email) && sixDigits.MatchString(m.Text)
	})
	if err != nil {
		j.Fatal(err)
	}
	if !strings.Contains(m.HTML, `<html lang="`+j.lang+`"`) {
		j.Errorf("the mail is in another language: %.80s", m.HTML)
	}
	p.fill("#code", sixDigits.FindString(m.Text))
	p.submit()
	cs := j.find(ref)
	if cs.Locale != j.lang {
		j.Errorf("the request is in %s", cs.Locale)
	}
	j.says("confirmation.title", "due.title", "due.why")
	ctx := templates.WithLocale(context.Background(), templates.Locale{Lang: j.lang})
	p.sees(ref, strings.Join(strings.Fields(templates.DateFull(ctx, cs.DueOn)), " "))
	j.look("confirmation")
	return cs
}

// copyOf is an access request up to the opened package.
func (j *spoken) copyOf(email string) {
	j.Helper()
	j.arrive()
	j.ask(email, "access")
	cs := j.proves(email)
	j.Await(cs.ID, requests.Review)
	j.person.open("/status")
	j.says("status.say.review", "status.system.found", "status.receipt_hint")
	j.person.sees(j.ours("Customer database"), j.ours("Linked social records"))
	j.look("status")
	j.Approve(cs.ID)
	if j.scripts {
		j.person.comesToSay(j.text("status.say.copy_ready"))
	}
	j.Await(cs.ID, requests.Completed)
	j.person.open("/status")
	j.says("status.say.copy_ready", "status.letters")
	j.look("status-ready")
	j.person.follow(`a[href="/download"]`)
	j.says("download.title", "download.care")
	j.look("download")
	j.unpacks(browser.Download(j.person.t, j.person.tab, `main a[href$="/package"]`))
}

// unpacks reads the package: its page is in the language, its files are as
// programs expect them.
func (j *spoken) unpacks(file []byte) {
	j.Helper()
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		j.Fatal(err)
	}
	r, err := z.File[0].Open()
	if err != nil {
		j.Fatal(err)
	}
	page, err := io.ReadAll(r)
	if err != nil {
		j.Fatal(err)
	}
	for _, want := range []string{
		fmt.Sprintf(`<html lang="%s" dir="ltr"`, j.lang), report.Text(j.lang, "index.title"), report.Text(j.lang, "index.what_EU"), report.Text(j.lang, "index.rights_EU"),
		report.Category(j.lang, "contact.email"), report.Day(j.lang, j.today()),
		j.ours("Your contact details"), j.ours("To run your customer account"), j.ours("Date of birth"), j.ours("Public posts on the network"),
	} {
		if !bytes.Contains(page, []byte(want)) {
			j.Errorf("the package's page does not say %q", want)
		}
	}
	for _, f := range z.File[1:] {
		if !strings.HasPrefix(f.Name, "data/") && f.Name != "manifest.json" && !strings.HasPrefix(f.Name, "attachments/") {
			j.Errorf("a file's name depends on the language: %s", f.Name)
		}
	}
}

// today is the day in the zone of the law's clock.
func (j *spoken) today() time.Time {
	j.Helper()
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		j.Fatal(err)
	}
	return time.Now().In(zone)
}

// erasure is one that officers approve.
func (j *spoken) erasure(email string) {
	j.Helper()
	j.arrive()
	j.ask(email, "erasure")
	cs := j.proves(email)
	j.Await(cs.ID, requests.Review)
	j.Approve(cs.ID)
	j.Await(cs.ID, requests.Completed)
	title := mail.Title(mail.Partial, j.lang) // invoices stay
	j.names(j.person, title)
	j.says("status.outcomes", "outcome.verified_absent", "outcome_text.verified_absent")
	j.person.sees(j.ours("Your invoices"), j.ours("Invoices, 8 years"))
	j.look("status-done")
	j.person.press(title)
	j.person.sees(title, j.ours("Your invoices"), j.ours("Invoices, 8 years"))
	j.look("letter")
}

// withdrawal takes consents back without a code, and finds the request again.
func (j *spoken) withdrawal(email string) {
	j.Helper()
	j.arrive()
	j.ask(email, "consent_withdrawal")
	j.says("confirmation.title", "confirmation.then.consent_withdrawal")
	cs := j.find(j.person.reference())
	j.Await(cs.ID, requests.Completed)
	p := j.person
	p.open("/find")
	j.says("find.title")
	j.look("find")
	p.fill("#reference", strings.ToLower(cs.Reference))
	p.submit()
	j.says("code.sent", "code.why.find")
	p.fill("#code", j.newest(email, ""))
	p.submit()
	p.sees(cs.Reference)
	j.says("status.consents")
	j.look("status-withdrawal")
	p.open("/help")
	j.says("help.complain.title")
	j.look("help")
}

// A language that runs from right to left turns every page around, and
// nothing lies outside or on top of something else.
func TestPagesRunFromRightToLeft(t *testing.T) {
	t.Parallel()
	s := speaking(t, company.Options{}, "en", locales.PseudoRTL)
	j := &spoken{stage: s.in(t), tab: browser.New(t), lang: locales.PseudoRTL, scripts: true}
	p := s.newcomer(t, j.tab, true)
	j.person = p
	p.open("/?lang=" + locales.PseudoRTL)
	j.look("start")
	email := acme.Subjects()[21].Email
	for path, name := range map[string]string{"/request/what": "what", "/request/contact": "contact", "/find": "find", "/help": "help", "/nowhere": "problem"} {
		browser.Open(t, p.tab, s.base+path)
		j.look(name)
	}
	p.open("/request/what")
	p.choose(`input[value="erasure"]`)
	p.submit()
	p.choose("#who")
	p.submit()
	p.pick("#country", "DE")
	p.submit()
	p.fill("#email", email)
	p.fill("#name", "Mara Lindqvist")
	p.submit()
	j.look("consequences")
	p.choose(`input[name="download"][value="no"]`)
	p.submit()
	j.look("check")
	p.submit()
	j.look("code")
	ref := p.reference()
	p.fill("#code", s.newest(email, ""))
	p.submit()
	j.look("confirmation")
	cs := s.find(ref)
	s.Await(cs.ID, requests.Review)
	p.open("/status")
	j.look("status")
	s.Approve(cs.ID)
	s.Await(cs.ID, requests.Completed)
	p.open("/status")
	j.look("status-done")
	left := browser.Run(t, p.tab, chromedp.Evaluate[bool](`document.querySelector("h1").getBoundingClientRect().right > innerWidth / 2 && getComputedStyle(document.querySelector("h1")).direction === "rtl"`))
	if !left {
		t.Error("the heading does not begin on the right")
	}
}
