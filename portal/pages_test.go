package portal_test

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"habeas/requests"
	"habeas/requests/connect"
	"habeas/requests/mail"
	"habeas/requests/testkit/acme"
	"habeas/requests/testkit/browser"
	"habeas/requests/testkit/company"
)

// The pages beside the journeys: doors, links in letters, texts, faults, and
// a desk with a morning's work on it.
func TestPages(t *testing.T) {
	t.Parallel()
	s := setup(t, company.Options{})
	tab := browser.New(t)
	visitor := s.newcomer(t, tab, true)
	s.texts(visitor)
	s.faults(visitor)
	s.letters(t, visitor)
	s.morning(t, tab)
}

func (s *stage) texts(p *person) {
	s.Helper()
	for _, name := range []string{"help", "privacy", "accessibility"} {
		p.open("/" + name)
		p.inspect("subject-" + name)
	}
	p.open("/request/behalf")
	p.inspect("subject-behalf")
	p.open("/session-ended")
	p.sees("You are signed out")
	p.inspect("subject-session-ended")
}

// faults are answers that nobody hopes for.
func (s *stage) faults(p *person) {
	s.Helper()
	for path, want := range map[string]int{"/nowhere": 404, "/status": 200, "/undo?token=made-up": 410} {
		if status := browser.Open(p.t, p.tab, p.base+path); status != want {
			s.Errorf("%s answers %d, want %d", path, status, want)
		}
		name, _, _ := strings.Cut(path[1:], "?")
		p.inspect("error-" + name)
	}
	p.open("/request/what")
	if status := browser.Follow(p.t, p.tab, `main form button.govuk-button`); status != 422 {
		s.Errorf("no answer is answered with %d", status)
	}
	p.sees("There is a problem", "Select what you want")
	p.inspect("error-form")
}

// letters are the pages behind the links of letters, and a request that its
// customer stops.
func (s *stage) letters(t *testing.T, p *person) {
	s.Helper()
	email := acme.Subjects()[11].Email
	s.File(email, "erasure")
	p.open(s.link(email, "/not-me"))
	p.inspect("subject-not-me")
	p.submit()
	p.sees("The request is stopped")
	p.inspect("subject-not-me-done")

	email = acme.Subjects()[12].Email
	if _, err := s.Svc.File(t.Context(), requests.Actor{Role: requests.Public}, requests.Filing{
		Rights: []string{"consent_withdrawal"}, Country: "DE", Locale: "en", Purposes: []string{"marketing_email"},
		Identities: []connect.Identity{{Kind: "email", Value: email}},
	}); err != nil {
		t.Fatal(err)
	}
	p.open(s.link(email, "/undo"))
	p.inspect("subject-undo")

	email = acme.Subjects()[13].Email
	r := s.File(email, "erasure")
	filed := s.newest(email, "")
	p.open("/find?reference=" + r.Reference)
	p.submit()
	p.fill("#code", s.newest(email, filed))
	p.submit()
	p.press("Stop this request")
	p.inspect("subject-stop")
	p.submit()
	p.sees("Your request is stopped")
	p.inspect("subject-stop-done")
	p.open("/demo/mail")
	p.inspect("demo-mail")
}

// link is where the newest letter with such a link leads.
func (s *stage) link(email, path string) string {
	s.Helper()
	link := regexp.MustCompile(`http://127\.0\.0\.1:8080(` + regexp.QuoteMeta(path) + `\?token=[^\s"<>]+)`)
	m, err := s.Mail.Wait(s.Deadline(), func(m mail.Captured) bool {
		return slices.Contains(m.To, email) && link.MatchString(m.Text)
	})
	if err != nil {
		s.Fatalf("no mail with %s: %v", path, err)
	}
	return link.FindStringSubmatch(m.Text)[1]
}

// morning is a desk with work on it: late, soon, and some that need a look.
func (s *stage) morning(t *testing.T, tab context.Context) {
	s.Helper()
	guest := s.newcomer(t, tab, true)
	guest.open("/sign-in")
	guest.inspect("desk-sign-in")
	guest.fill("#email", s.dana)
	guest.fill("#password", "not the password")
	if status := browser.Follow(t, guest.tab, `main form button.govuk-button`); status != 422 {
		s.Errorf("a wrong password is answered with %d", status)
	}
	guest.inspect("desk-sign-in-wrong")

	for i, days := range []int{0, 2, 5, 9, 14, 23, 25, 27, 33, 36} {
		right := []string{"erasure", "access"}[i%2]
		if _, err := s.Svc.File(t.Context(), s.DPOs[0], requests.Filing{
			Rights: []string{right}, Country: []string{"DE", "FR", "GB"}[i%3], Locale: "en", Channel: []string{"letter", "phone"}[i%2],
			ReceivedAt: new(time.Now().AddDate(0, 0, -days)), Reason: "Post of the day", Identities: []connect.Identity{{Kind: "email", Value: acme.Subjects()[20+i].Email}},
		}); err != nil {
			t.Fatal(err)
		}
	}
	unclear := s.File(acme.AwkwardCases().FamilyAddress, "erasure")
	s.Verify(acme.AwkwardCases().FamilyAddress, unclear)
	s.Await(unclear.ID, requests.Review)

	dana := s.staff(t, tab, true, s.dana)
	dana.sees("Overdue", "Decide")
	dana.inspect("desk-list-morning")
	dana.open("/desk?filter=attention")
	dana.inspect("desk-list-attention")
	dana.open("/desk/cases/" + unclear.ID.String())
	dana.inspect("desk-case-ambiguous")
	for name, path := range map[string]string{"desk-new": "/desk/new", "desk-systems": "/desk/systems"} {
		dana.open(path)
		dana.inspect(name)
	}
	for _, verb := range []string{"refuse", "extend", "pause", "rediscover", "withdraw", "personal-data"} {
		dana.open("/desk/cases/" + unclear.ID.String() + "/" + verb)
		dana.inspect("desk-" + verb)
	}
	admin := s.staff(t, tab, true, s.admin)
	admin.open("/admin/users")
	admin.inspect("admin-users")
	auditor := s.staff(t, tab, true, s.auditor)
	auditor.sees("entries intact")
	auditor.open("/audit/log")
	auditor.inspect("audit-log")
	if status := browser.Open(t, auditor.tab, s.base+"/desk"); status != 403 {
		s.Errorf("an auditor at the desk: %d", status)
	}
	auditor.inspect("error-forbidden")
}
