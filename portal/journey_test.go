package portal_test

import (
	"archive/zip"
	"bytes"
	"context"
	"io"
	"path"
	"strings"
	"testing"
	"time"

	"habeas/requests"
	"habeas/requests/evidence"
	"habeas/requests/testkit/acme"
	"habeas/requests/testkit/browser"
	"habeas/requests/testkit/company"
)

// The whole of it, as the people concerned see it: a customer asks for a
// copy, another for erasure, a third withdraws consents; two officers decide;
// an auditor checks; and the company's tables hold afterwards what was
// promised.
func TestJourneyWithScripts(t *testing.T) {
	t.Parallel()
	journey(t, true, acme.Subjects()[4].Email, acme.Subjects()[rich].Email, acme.Subjects()[5].Email)
}

func TestJourneyWithoutScripts(t *testing.T) {
	t.Parallel()
	journey(t, false, acme.Subjects()[6].Email, acme.AwkwardCases().SharedHome, acme.Subjects()[7].Email)
}

// rich is a subject with vouchers to keep and comments to mask.
const rich = 35

func journey(t *testing.T, scripts bool, copies, erases, withdraws string) {
	s := setup(t, company.Options{})
	s.shareHome(t, erases)
	promise := promised(readTables(t, s))
	promise.erased(t, erases)
	promise.withdrawn(t, withdraws)
	tab := browser.New(t)
	dana, ines := s.staff(t, tab, scripts, s.dana), s.staff(t, tab, scripts, s.ines)

	access := s.copyOfData(t, tab, scripts, copies, dana)
	erasure := s.erase(t, tab, scripts, erases, dana, ines)
	withdrawal := s.withdraw(t, tab, scripts, withdraws)

	auditor := s.staff(t, tab, scripts, s.auditor)
	for _, cs := range []*requests.Case{access, erasure, withdrawal} {
		s.audit(t, auditor, cs)
	}
	promise.compare(t, readTables(t, s))
}

// shareHome lets somebody else live at the address of this person.
func (s *stage) shareHome(t *testing.T, email string) {
	t.Helper()
	tag, err := s.CRM.Exec(t.Context(), `
		insert into crm.contact_addresses (contact_id, address_id, kind, since)
		select 1999, a.address_id, 'delivery', a.since from crm.contact_addresses a join crm.contacts c on c.id = a.contact_id
		where c.email = $1 and a.kind = 'home'`, email)
	if err != nil || tag.RowsAffected() != 1 {
		t.Fatal(tag, err)
	}
}

// newName is what whoever asks for a correction is called now.
const newName = "Zoë <Ann>"

// ask files a request through the pages, up to its last page.
func (p *person) ask(email, name, right string) {
	p.t.Helper()
	p.open("/")
	p.inspect("subject-start")
	p.follow(`a[href="/request/what"]`)
	p.inspect("subject-what")
	p.choose(`input[value="` + right + `"]`)
	p.submit()
	p.inspect("subject-who")
	p.choose("#who")
	p.submit()
	p.inspect("subject-where")
	p.pick("#country", "DE")
	p.submit()
	if right == "rectification" {
		p.inspect("subject-details")
		p.fill("#what-0", "My given name")
		p.fill("#right-0", newName)
		p.submit()
	}
	p.inspect("subject-contact")
	p.fill("#email", email)
	p.fill("#name", name)
	p.submit()
	switch right {
	case "erasure":
		p.inspect("subject-consequences")
		p.choose(`input[name="download"][value="no"]`)
		p.submit()
	case "consent_withdrawal":
		p.inspect("subject-purposes")
		p.choose(`input[value="marketing_email"]`)
		p.submit()
	}
	p.sees("Check your answers", email, "Germany")
	p.inspect("subject-check")
	p.submit()
}

// prove gives the code of the mail; the confirmation names the exact date.
func (s *stage) prove(p *person, email string) *requests.Case {
	s.Helper()
	ref := p.reference()
	p.inspect("subject-code")
	p.fill("#code", s.newest(email, ""))
	p.submit()
	cs := s.find(ref)
	p.sees("We have your request", ref, "We answer by", cs.DueOn.Format("Monday 2 January 2006"))
	if days := cs.DueOn.Sub(cs.ReceivedAt).Hours() / 24; days < 27 || days > 36 {
		s.Errorf("the date is %.0f days away, the law says one month", days)
	}
	return cs
}

// copyOfData is an access request from the start page to the opened package.
func (s *stage) copyOfData(t *testing.T, tab context.Context, scripts bool, email string, dana *person) *requests.Case {
	s.Helper()
	customer := s.newcomer(t, tab, scripts)
	customer.ask(email, "", "access")
	code := s.newest(email, "")
	cs := s.prove(customer, email)
	s.Await(cs.ID, requests.Review)
	customer.open("/status")
	customer.sees(cs.Reference, "Customer database", "Linked social records", "Searched", "A person is looking through")
	customer.inspect("subject-status-access")

	dana.open("/desk")
	dana.sees(cs.Reference, "Ready to decide")
	dana.follow(`a[href="/desk/cases/` + cs.ID.String() + `"]`)
	for dana.has(`a[href$="/decide"]`) {
		dana.follow(`a[href$="/decide"]`)
		dana.inspect("desk-decide")
		dana.pick("#all", "redact")
		dana.pick("#ground", "own")
		dana.submit()
	}
	dana.sees("The plan waits for approval: 0 of 1 given")
	dana.inspect("desk-case-access")
	dana.press("Approve this plan")
	dana.inspect("desk-approve-access")
	dana.submit()
	dana.sees("The work has started")

	s.arrives(customer, cs, "Your copy is ready")
	customer.inspect("subject-status-ready")
	s.forgetFreshCodes()
	customer.follow(`a[href="/download"]`)
	customer.inspect("subject-download-code")
	customer.submit()
	customer.inspect("subject-code-download")
	customer.fill("#code", s.newest(email, code))
	customer.submit()
	customer.inspect("subject-download")
	s.opens(browser.Download(t, customer.tab, `main a[href$="/package"]`), email)
	return cs
}

// arrives waits until the case is done and its customer sees it: by itself
// with scripts, by looking again without.
func (s *stage) arrives(p *person, cs *requests.Case, text string) {
	s.Helper()
	if p.scripts {
		p.comesToSay(text)
	}
	s.Await(cs.ID, requests.Completed)
	p.open("/status")
	p.sees(text)
}

// names waits until the person's status page names a letter: it leaves a moment
// after its case is done.
func (s *stage) names(p *person, title string) {
	s.Helper()
	ctx := s.Deadline()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for p.open("/status"); !strings.Contains(p.read(), title); p.open("/status") {
		select {
		case <-ctx.Done():
			s.Fatalf("no letter %q: %s", title, p.read())
		case <-tick.C:
		}
	}
}

// opens reads the package as the customer does.
func (s *stage) opens(file []byte, email string) {
	s.Helper()
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		s.Fatal(err)
	}
	if z.File[0].Name != "index.html" {
		s.Errorf("the package begins with %s, not with what people read", z.File[0].Name)
	}
	found := map[string]bool{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			s.Fatal(f.Name, err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			s.Fatal(f.Name, err)
		}
		kind := strings.TrimPrefix(path.Ext(f.Name), ".")
		found[kind] = found[kind] || bytes.Contains(text, []byte(email))
	}
	for _, kind := range []string{"html", "json", "csv"} {
		if !found[kind] {
			s.Errorf("the address stands in no %s file of the package", kind)
		}
	}
}

// erase is an erasure that two officers approve.
func (s *stage) erase(t *testing.T, tab context.Context, scripts bool, email string, dana, ines *person) *requests.Case {
	s.Helper()
	customer := s.newcomer(t, tab, scripts)
	customer.ask(email, "", "erasure")
	cs := s.prove(customer, email)
	customer.inspect("subject-confirmation")
	s.Await(cs.ID, requests.Review)
	customer.press("See how far it is")
	customer.sees(cs.Reference, "A person is looking through")
	customer.inspect("subject-status")

	dana.open("/desk")
	dana.inspect("desk-list")
	dana.follow(`a[href="/desk/cases/` + cs.ID.String() + `"]`)
	dana.sees("0 of 2 given", "Erase", "Mask", "Detach")
	dana.inspect("desk-case")
	dana.press("Approve this plan")
	dana.sees("deleted and cannot be brought back", "1 more person has to approve")
	dana.inspect("desk-approve")
	dana.submit()
	dana.sees("1 of 2 given", "You have approved this plan")
	dana.inspect("desk-case-approved")

	ines.open("/desk/cases/" + cs.ID.String() + "/approve")
	ines.sees("Yours is the last approval needed")
	ines.submit()
	ines.sees("The work has started")

	s.arrives(customer, cs, "It is done, and we have checked")
	customer.sees("What came of it", "Deleted", "Made unreadable", "No longer tied to you")
	if email == acme.Subjects()[rich].Email {
		customer.sees("What stays, and why", "Vouchers, 8 years")
	}
	customer.inspect("subject-status-done")
	letter := "What we did with your data"
	if done, err := s.Svc.Get(s.Context(), s.Auditor, cs.ID); err != nil {
		s.Fatal(err)
	} else if done.Has(requests.Partial) {
		letter = "We could do a part of what you asked for"
	}
	s.names(customer, letter)
	customer.press(letter)
	customer.inspect("subject-letter")
	ines.open("/desk/cases/" + cs.ID.String())
	ines.sees("Completed", "Gone, checked")
	ines.inspect("desk-case-done")
	return cs
}

// withdraw takes consents back: no code, at once, carried on by itself.
func (s *stage) withdraw(t *testing.T, tab context.Context, scripts bool, email string) *requests.Case {
	s.Helper()
	customer := s.newcomer(t, tab, scripts)
	customer.ask(email, "", "consent_withdrawal")
	customer.sees("We have your request", "withdrawn already")
	customer.inspect("subject-confirmation-withdrawal")
	cs := s.find(customer.reference())
	s.Await(cs.ID, requests.Completed)
	customer.open("/find")
	customer.inspect("subject-find")
	customer.fill("#reference", strings.ToLower(cs.Reference))
	customer.submit()
	customer.inspect("subject-code-find")
	customer.fill("#code", s.newest(email, ""))
	customer.submit()
	customer.sees(cs.Reference, "Consents withdrawn")
	customer.inspect("subject-status-withdrawal")
	return cs
}

// audit takes the report of a case and checks it as an outsider would.
func (s *stage) audit(t *testing.T, auditor *person, cs *requests.Case) {
	s.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := s.Log.WaitFor(ctx, cs.ID.String()); err != nil {
		s.Fatal(err)
	}
	auditor.open("/audit")
	auditor.sees(cs.Reference, "entries intact")
	auditor.inspect("audit-list")
	auditor.follow(`a[href="/audit/cases/` + cs.ID.String() + `"]`)
	auditor.inspect("audit-case")
	report := browser.Download(t, auditor.tab, `a[href$="/evidence"]`)
	key, err := s.Log.VKey(t.Context())
	if err != nil {
		s.Fatal(err)
	}
	sum, err := evidence.Verify(bytes.NewReader(report), int64(len(report)), evidence.VerifyOptions{Key: key})
	if err != nil {
		s.Fatalf("%s: the report does not check: %v", cs.Reference, err)
	}
	if sum.Case != cs.ID.String() || sum.Events < 5 || len(sum.Unknown) > 0 {
		s.Errorf("%s: the report is about something else: %+v", cs.Reference, sum)
	}
}
