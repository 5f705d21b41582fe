package portal_test

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strconv"
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

// A correction whose proof comes over the status page (GDPR Art. 16): the desk asks
// what shows the right value, the customer replies with a document, the desk reads
// it, decides and deletes it, the system is corrected and read again, and letter,
// status page, receipt and report say so. Nothing else in the company's tables
// changes. In a browser without scripts.
func TestACorrectionIsProvedByAReply(t *testing.T) {
	t.Parallel()
	s := setup(t, company.Options{})
	tab := browser.New(t)
	who := acme.Subjects()[31]
	before := readTables(t, s).rows
	contact := strconv.FormatInt(who.ContactID, 10)
	customer, dana := s.newcomer(t, tab, false), s.staff(t, tab, false, s.dana)
	customer.ask(who.Email, who.Name, "rectification")
	cs := s.prove(customer, who.Email)
	s.Await(cs.ID, requests.Review)

	desk := "/desk/cases/" + cs.ID.String()
	dana.open(desk)
	dana.sees("Decide the corrections", "Nobody has decided yet")
	dana.follow(`a[href="` + desk + `/ask/correction_proof"]`)
	dana.sees("The clock runs on: No law lets the clock stand while a correction is proved")
	dana.inspect("desk-ask-correction")
	dana.fill("#reason", "Your contract of May has another name.")
	dana.fill("#items", "A page of your passport with the name; all else made unreadable")
	dana.fill("#until", time.Now().AddDate(0, 0, 10).Format(time.DateOnly))
	dana.submit()
	dana.sees("A question about your correction")
	dana.inspect("desk-draft-correction")
	dana.press("Send the question")
	m, err := s.Mail.Wait(s.Deadline(), func(m mail.Captured) bool {
		return slices.Contains(m.To, who.Email) && strings.Contains(m.Subject, "A question about your correction")
	})
	if err != nil || !strings.Contains(m.Text, "/find?reference="+cs.Reference) {
		t.Fatalf("the letter does not lead to the request: %v\n%s", err, m.Text)
	}
	for _, want := range []string{"Your contract of May has another name.", "A page of your passport with the name", "we decide with what we have", "GDPR Art. 18(1)(a)"} {
		if !strings.Contains(strings.Join(strings.Fields(m.Text), " "), want) {
			t.Errorf("the letter does not say %q:\n%s", want, m.Text)
		}
	}
	if got := s.find(cs.Reference); !got.DueOn.Equal(cs.DueOn) || got.Has(requests.Paused) {
		t.Errorf("the question moved the date from %s to %s", cs.DueOn, got.DueOn)
	}

	customer.open("/status")
	customer.follow(`a[href="/status/reply"]`)
	customer.fill("#text", "See the passport.")
	customer.attach("#file", "passport.pdf", append([]byte("%PDF-1.7\n"), newName...))
	customer.submit()
	customer.sees("Your reply is here")

	dana.open(desk)
	dana.press("Read what the customer sent")
	dana.choose(`input[name="purpose"][value="plan_review"]`)
	dana.submit()
	dana.sees("See the passport.")
	dana.press("Checked: delete it")
	dana.sees("Decide the corrections")
	dana.press("Decide the corrections")
	dana.choose(`input[name="purpose"][value="plan_review"]`)
	dana.submit()
	dana.sees("My given name", newName)
	dana.pick("#field-0", "crm/contacts/"+contact+"/given_name")
	dana.choose(`input[name="decision-0"][value="correct"]`)
	dana.submit()
	s.Await(cs.ID, requests.Review)
	if rows := readTables(t, s).rows["crm.contacts"]; rows[contact].columns["given_name"] == newName {
		t.Fatal("corrected before anybody approved it")
	}
	dana.open(desk + "/approve")
	dana.sees("Correct")
	dana.submit()
	dana.sees("The work has started")

	s.arrives(customer, cs, "It is done, and we have checked")
	customer.sees("Corrected")
	customer.inspect("subject-status-corrected")
	s.names(customer, "We have corrected your data")
	customer.press("We have corrected your data")
	customer.sees("Your data are corrected", "Given name", "Customer database")
	s.receipt(customer, "reply.received", "reply.deleted", "correction.decided", "plan.approved", "record.corrected", "outcome.verified", "request.completed")
	dana.open(desk)
	dana.sees("Completed", "Corrected, checked")
	for table, rows := range readTables(t, s).rows {
		if len(rows) != len(before[table]) {
			t.Errorf("%s had %d rows and has %d", table, len(before[table]), len(rows))
		}
		for id, r := range rows {
			want := before[table][id].columns
			if table == "crm.contacts" && id == contact {
				want["given_name"] = newName
			}
			if !reflect.DeepEqual(r.columns, want) {
				t.Errorf("%s %s is %v, want %v", table, id, r.columns, want)
			}
		}
	}
	var left int
	if err := s.DB.QueryRow(t.Context(), `select count(*) from attachments`).Scan(&left); err != nil || left != 0 {
		t.Errorf("%d proofs are kept: %v", left, err)
	}
	s.audit(t, s.staff(t, tab, false, s.auditor), cs)
}

// receipt is what a customer keeps: it names each of the events.
func (s *stage) receipt(customer *person, kinds ...string) {
	s.Helper()
	customer.open("/status")
	var got struct {
		Events []struct {
			Line string `json:"line"`
		} `json:"events"`
	}
	if err := json.Unmarshal(browser.Download(s.TB, customer.tab, `main a[href$="/receipt"]`), &got); err != nil {
		s.Fatal(err)
	}
	have := map[string]bool{}
	for _, e := range got.Events {
		var line struct {
			Kind string `json:"kind"`
		}
		if err := json.Unmarshal([]byte(e.Line), &line); err != nil {
			s.Fatal(err)
		}
		have[line.Kind] = true
	}
	for _, kind := range kinds {
		if !have[kind] {
			s.Errorf("the receipt names no %s: %v", kind, slices.Sorted(maps.Keys(have)))
		}
	}
}
