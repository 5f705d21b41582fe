package portal_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"habeas/requests"
	"habeas/requests/connect"
	"habeas/requests/mail"
	"habeas/requests/testkit/acme"
	"habeas/requests/testkit/browser"
	"habeas/requests/testkit/company"
)

// Somebody asks for another person: a parent with a document that is refused
// first, an agent whose person confirms, another whose person says no, an agent
// who opts somebody out. In each language, with scripts and without.
func TestJourneysForSomebodyElse(t *testing.T) {
	t.Parallel()
	s := setup(t, company.Options{})
	tab := browser.New(t)
	for i, tc := range []struct {
		lang, name string
		scripts    bool
	}{
		{"en", "English", true}, {"en", "English", false}, {"de", "Deutsch", true}, {"fr", "Français", false}, {"es", "Español", true},
	} {
		t.Run(tc.lang, func(t *testing.T) {
			j := &represents{spoken: &spoken{stage: s.in(t), tab: tab, lang: tc.lang, name: tc.name, scripts: tc.scripts}}
			j.email = []string{"ada", "bea", "cora", "dora", "eva"}[i] + "@lawyers.example"
			people := acme.Subjects()[4*i:]
			j.parent(people[0].Email)
			j.confirms(people[1].Email)
			j.declines(people[2].Email)
			j.optsOut(people[3].Email)
		})
	}
}

// represents is the journey of somebody who asks for others, in one language.
type represents struct {
	*spoken
	email string // theirs
}

// asks files a request for another person through the pages, up to the last
// page before it is sent.
func (j *represents) asks(right, standing, email string) {
	j.Helper()
	p := j.person
	p.follow(`a[href="/request/what"]`)
	p.choose(`input[value="` + right + `"]`)
	p.submit()
	p.choose(`input[name="who"][value="other"]`)
	p.submit()
	j.says("behalf.title", "behalf.hint", "behalf.died")
	j.look("behalf")
	j.again(422, "error.behalf")
	j.look("behalf-error")
	p.choose(`input[name="behalf"][value="` + standing + `"]`)
	p.submit()
	if standing == "parent" {
		j.says("child.title")
		j.look("behalf-child")
		j.again(422, "error.child_age")
		p.choose(`input[name="age"][value="under_13"]`)
		p.submit()
	}
	j.says("yourself.title", "yourself.lead")
	j.look("behalf-yourself")
	j.again(422, "error.rep_name", "error.rep_email")
	j.look("behalf-yourself-error")
	p.fill("#rep_name", "Ada Counsel")
	p.fill("#rep_email", j.email)
	p.submit()
	j.says("where.title_other", "where.hint_other")
	j.look("behalf-where")
	if right == "opt_out" {
		p.pick("#country", "US")
		p.pick("#region", "CA")
	} else {
		p.pick("#country", "DE")
	}
	p.submit()
	j.look("behalf-contact")
	p.fill("#email", j.email)
	j.again(422, "error.person_name")
	p.fill("#email", email)
	p.fill("#name", "Mara Lindqvist")
	p.submit()
	p.sees(email, j.email, "Ada Counsel", "Mara Lindqvist")
	j.says("check.title", "behalf."+standing)
}

// look checks a page the first time that it comes up in the language.
func (j *represents) look(name string) {
	j.Helper()
	if key := "behalf " + j.lang + " " + name; !j.known[key] {
		j.known[key] = true
		j.spoken.look(name)
	}
}

// again submits what is not good enough.
func (j *represents) again(status int, keys ...string) {
	j.Helper()
	if got := browser.Follow(j.person.t, j.person.tab, `main form button.govuk-button`); got != status {
		j.Errorf("%s is answered with %d, want %d", j.person.at(), got, status)
	}
	j.says(append(keys, "error.title")...)
}

// attach chooses a file.
func (p *person) attach(selector, name string, content []byte) {
	p.t.Helper()
	path := filepath.Join(p.t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		p.t.Fatal(err)
	}
	browser.Do(p.t, p.tab, chromedp.SetUploadFiles(chromedp.CSS(selector), []string{path}))
}

var signedPDF = append([]byte("%PDF-1.7\n"), strings.Repeat("I let Ada Counsel ask for me. ", 40)...)

func (j *represents) decides(cs *requests.Case, d requests.PermissionDecision) {
	j.Helper()
	d.Reason = "Looked at it"
	if _, err := j.Svc.DecidePermission(j.Context(), j.DPOs[0], cs.ID, d); err != nil {
		j.Fatal(err)
	}
}

// parent asks for a child: the first document is refused, the second accepted.
func (j *represents) parent(email string) {
	j.Helper()
	j.arrive()
	p := j.person
	j.asks("access", "parent", email)
	j.says("check.then_other")
	j.look("behalf-check")
	p.submit()
	ref := p.reference()
	p.sees(j.email)
	j.look("behalf-code")
	p.fill("#code", j.newest(j.email, ""))
	p.submit()
	j.says("confirmation.title", "permission.card", "permission.next")
	j.look("behalf-confirmation")
	cs := j.find(ref)
	p.follow(`a[href="/status/permission"]`)
	j.says("permission.title", "permission.parent", "permission.lead")
	j.look("behalf-permission")
	j.again(400, "error.permission")
	j.look("behalf-permission-error")
	p.attach("#file", "vollmacht.pdf", signedPDF)
	p.submit()
	j.says("permission.done", "permission.done_text")
	j.look("behalf-permission-done")
	p.open("/status")
	j.says("permission.looking", "status.say.looking", "status.for_other")
	j.look("behalf-status-looking")

	if j.lang == "en" && j.scripts {
		j.desk(cs)
	} else {
		j.decides(cs, requests.PermissionDecision{Ground: "names"})
	}
	p.open("/status")
	j.says("permission.refused", "permission.because.names", "permission.another")
	title := mail.Title(mail.PermissionRefused, j.lang)
	j.names(j.person, title)
	j.look("behalf-status-refused")
	p.press(title)
	p.sees(title)
	j.look("behalf-letter-refused")
	p.open("/status")
	p.follow(`a[href="/status/permission"]`)
	j.says("permission.refused", "permission.because.names")
	j.look("behalf-permission-refused")
	p.attach("#file", "geburtsurkunde.png", []byte("\x89PNG\r\n\x1a\n0000000000000"))
	p.submit()
	j.says("permission.done")
	j.decides(cs, requests.PermissionDecision{Accepted: true, Receives: true})
	j.Await(cs.ID, requests.Review)
	p.open("/status")
	j.says("status.say.review", "status.for_other")
}

// desk is the officer's way to the refusal: from the list to the letter.
func (j *represents) desk(cs *requests.Case) {
	j.Helper()
	d := j.staff(j.TB, j.tab, true, j.dana)
	d.open("/desk/cases/" + cs.ID.String())
	d.sees("Look at the permission", "sent a document")
	d.inspect("desk-case-behalf")
	d.press("Look at the permission")
	d.sees("Parent or guardian of a child", "under 13", "Not accepted yet", "Save the document")
	d.inspect("desk-behalf")
	d.choose(`input[name="decision"][value="refused"]`)
	d.fill("#reason", "A letter that names somebody else")
	if got := browser.Press(d.t, d.tab, "Record the decision"); got != 400 {
		j.Errorf("a refusal without ground is answered with %d", got)
	}
	d.sees("Say why it does not suffice")
	d.pick("#ground", "names")
	d.fill("#note", "Your name is spelled differently in it.")
	d.press("Record the decision")
	d.sees("Whoever asks gets a letter", "The last document was refused")
	d.inspect("desk-case-behalf-refused")
	d.open("/desk/cases/" + cs.ID.String() + "/behalf")
	d.sees("Ask for the permission by letter", "Refuse the request", "names others")
	d.inspect("desk-behalf-refused")
	d.press("Ask for the permission by letter")
	if !d.has(`input[name="proof"][value="permission"]:checked`) {
		j.Error("the permission is not chosen")
	}
	d.open("/desk/new")
	d.sees("Whose data it is", "Who asks", "With a power of attorney")
	d.inspect("desk-new-behalf")
}

// files is a request by an agent that went another way.
func (j *represents) files(email string) *requests.Receipt {
	j.Helper()
	r, err := j.Svc.File(j.Context(), requests.Actor{Role: requests.Public}, requests.Filing{
		Rights: []string{"access"}, Country: "DE", Locale: j.lang, Name: "Mara Lindqvist", Identities: []connect.Identity{{Kind: "email", Value: email}},
		OnBehalf: &requests.Behalf{Kind: "agent", Name: "Ada Counsel", Email: j.email, Permission: signedPDF},
	})
	if err != nil {
		j.Fatal(err)
	}
	return r
}

// opensMail comes by a link in the mail to an address about a request, in a
// browser of its own. The mail is in the language too.
func (j *represents) opensMail(email, reference, path string) {
	j.Helper()
	link := regexp.MustCompile(`http://127\.0\.0\.1:8080(` + path + `\?token=[^\s"<>]+)`)
	m, err := j.Mail.Wait(j.Deadline(), func(m mail.Captured) bool {
		return slices.Contains(m.To, email) && link.MatchString(m.Text) && strings.Contains(m.Text, reference)
	})
	if err != nil {
		j.Fatal(err)
	}
	if !strings.Contains(m.HTML, `<html lang="`+j.lang+`"`) {
		j.Errorf("the mail is in another language: %.80s", m.HTML)
	}
	j.arrive()
	j.person.open(link.FindStringSubmatch(m.Text)[1])
	j.person.sees(reference)
}

// confirms: the person concerned says yes, by the link in their mail.
func (j *represents) confirms(email string) {
	j.Helper()
	r := j.files(email)
	j.opensMail(email, r.Reference, "/confirm")
	p := j.person
	j.says("permit.title", "permit.text")
	j.look("behalf-confirm")
	p.submit()
	j.says("permit.done", "permit.done_text")
	j.look("behalf-confirm-done")
	j.decides(j.find(r.Reference), requests.PermissionDecision{Accepted: true, Receives: true})
	j.follows(r)
	j.Await(r.ID, requests.Review)
}

// declines: the person concerned says no; whoever asked reads it.
func (j *represents) declines(email string) {
	j.Helper()
	r := j.files(email)
	j.opensMail(email, r.Reference, "/not-me")
	p := j.person
	j.says("decline.title", "decline.text")
	j.look("behalf-decline")
	p.submit()
	j.says("decline.done", "decline.done_text")
	j.look("behalf-decline-done")
	j.follows(r)
	title := mail.Title(mail.BehalfStopped, j.lang)
	j.names(j.person, title)
	j.says("status.say.declined")
	j.look("behalf-status-stopped")
	if strings.Contains(j.person.read(), mail.Title(mail.BehalfDeclined, j.lang)) {
		j.Error("whoever asked reads the letter to the person")
	}
}

// follows finds the request with its reference and a code.
func (j *represents) follows(r *requests.Receipt) {
	j.Helper()
	j.arrive()
	p := j.person
	before := j.newest(j.email, "")
	p.open("/find?reference=" + r.Reference)
	p.submit()
	p.fill("#code", j.newest(j.email, before))
	p.submit()
	p.sees(r.Reference)
}

// optsOut: no proof is asked for, but a permission can come with it; one that
// is no good loses nothing of what was said.
func (j *represents) optsOut(email string) {
	j.Helper()
	j.arrive()
	p := j.person
	j.asks("opt_out", "agent", email)
	j.says("check.then_other_at_once", "check.permission")
	p.attach("#permission", "page.html", []byte("<html><script>alert(1)</script>"))
	j.again(422, "error.permission_filed")
	p.sees(email, j.email, "Ada Counsel", "Mara Lindqvist")
	j.look("behalf-check-opt-out")
	p.attach("#permission", "permission.pdf", signedPDF)
	p.submit()
	j.says("confirmation.title")
	j.look("behalf-confirmation-opt-out")
	cs := j.find(p.reference())
	r, err := j.Svc.Representation(j.Context(), cs)
	if err != nil || len(r.Documents) != 1 {
		j.Errorf("%+v %v", r, err)
	}
	j.Await(cs.ID, requests.Completed)
}
