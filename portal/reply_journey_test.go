package portal_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"habeas/requests"
	"habeas/requests/clock"
	"habeas/requests/mail"
	"habeas/requests/testkit/acme"
	"habeas/requests/testkit/browser"
	"habeas/requests/testkit/company"
)

// A question of the desk comes as a letter; its link leads to the page where the
// person replies, with a document, and the officer reads it for a purpose. In a
// browser without scripts.
func TestAQuestionIsAnsweredInABrowser(t *testing.T) {
	t.Parallel()
	s := setup(t, company.Options{})
	tab := browser.New(t)
	who := acme.Subjects()[30]
	customer := s.newcomer(t, tab, false)
	customer.ask(who.Email, who.Name, "access")
	cs := s.prove(customer, who.Email)
	s.Await(cs.ID, requests.Review)
	_, err := s.Svc.AskCustomer(t.Context(), s.DPOs[0], cs.ID, requests.Ask{
		Kind: mail.IDRequest, Why: "Two people share this name.", Items: []string{"document"}, Until: clock.DateIn(time.Now().AddDate(0, 0, 10), time.UTC),
	})
	if err != nil {
		t.Fatal(err)
	}
	m, err := s.Mail.Wait(s.Deadline(), func(m mail.Captured) bool {
		return slices.Contains(m.To, who.Email) && strings.Contains(m.Text, "Two people share this name.")
	})
	if err != nil || !strings.Contains(m.Text, "/find?reference="+cs.Reference) {
		t.Fatalf("the letter does not lead to the request: %v\n%s", err, m.Text)
	}

	customer.open("/status")
	customer.follow(`a[href="/status/reply"]`)
	customer.sees("Reply to us", "up to 5 MB")
	customer.inspect("subject-reply")
	refused := func(text string) {
		t.Helper()
		if got := browser.Follow(t, customer.tab, `main form button.govuk-button`); got != 400 {
			t.Errorf("answered with %d", got)
		}
		customer.sees("There is a problem", text)
	}
	refused("Write a reply")
	customer.fill("#text", "Here is my passport <b>number</b> blacked out.")
	customer.attach("#file", "passport.exe", []byte("MZ is a program"))
	refused("PDF, JPEG or PNG")
	browser.Axe(t, customer.tab)
	customer.attach("#file", "passport.pdf", append([]byte("%PDF-1.7\n"), who.Name...))
	customer.submit()
	customer.sees("Your reply is here")
	customer.inspect("subject-reply-done")

	dana := s.staff(t, tab, false, s.dana)
	dana.open("/desk/cases/" + cs.ID.String() + "/replies")
	dana.choose(`input[name="purpose"]`)
	dana.submit()
	dana.sees("Here is my passport <b>number</b> blacked out.")
	list, err := s.Svc.Replies(t.Context(), s.DPOs[0], cs.ID, "identity_check")
	if err != nil || len(list) != 1 || list[0].Type != "application/pdf" || list[0].ID == uuid.Nil {
		t.Errorf("%+v, %v", list, err)
	}
}
