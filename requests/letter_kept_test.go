package requests_test

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"habeas/requests"
	"habeas/requests/connect"
	"habeas/requests/mail"
	"habeas/requests/testkit/acme"
	"habeas/requests/testkit/company"
)

// says fails the test for each text that a letter lacks.
func says(c *company.Company, m mail.Captured, texts ...string) {
	c.Helper()
	flat := strings.Join(strings.Fields(m.Text), " ")
	for _, want := range texts {
		if !strings.Contains(flat, want) {
			c.Errorf("%q does not say %q:\n%s", m.Subject, want, m.Text)
		}
	}
}

// keepEvery decides that every record stays, on one ground.
func keepEvery(c *company.Company, r *requests.Receipt, ground string) {
	c.Helper()
	var list []requests.Decision
	for _, rec := range planOf(c, r.ID).Records {
		list = append(list, requests.Decision{System: rec.System, Type: rec.Type, Key: rec.Key, Right: rec.Right, Action: connect.Keep, Ground: ground})
	}
	_, err := c.Svc.Decide(c.Context(), c.DPOs[0], r.ID, list)
	must(c.TB, err)
}

// What became of an erasure decides its letter: all gone, a part (law.md §4
// PARTIAL), or nothing, which is a denial; under California's law one letter
// says what the exceptions are and leads to the opt-out (11 CCR 7022(f), (g)).
func TestTheLetterOfAnErasure(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{Settings: requests.Settings{
		SystemBackups: 35 * 24 * time.Hour, GPC: requests.GPC{Purposes: []string{"social_ads"}},
	}})
	people := acme.Subjects()
	backups := time.Now().AddDate(0, 0, 35).Format("January 2006")
	t.Run("a part", func(t *testing.T) {
		c := c.For(t)
		r, _ := inReview(c, people[2].Email, "erasure")
		preview, err := c.Svc.RehearseAnswer(t.Context(), r.ID)
		must(t, err)
		if preview[0].Kind != mail.Partial {
			t.Errorf("the preview is a letter %s", preview[0].Kind)
		}
		must(t, c.Svc.PrepareWords(t.Context(), c.DPOs[0], r.ID, []string{mail.ErasureDone}, requests.Words{Note: "Thank you for your patience."}))
		c.Approve(r.ID)
		c.Await(r.ID, requests.Completed, requests.Closed)
		if got := letters(c, r.ID); !slices.Contains(got, mail.Partial) || slices.Contains(got, mail.ErasureDone) {
			t.Errorf("letters %v", got)
		}
		says(c, letter(c, people[2].Email, "We could do a part"), "erased", "What we could not do, and why", "17(3)", "Older copies in our backups", backups, "scrambled fingerprint",
			"We look again on", "Berlin Commissioner for Data Protection", "go to court", "Thank you for your patience.")
	})
	t.Run("nothing", func(t *testing.T) {
		c := c.For(t)
		r, _ := inReview(c, people[3].Email, "erasure")
		keepEvery(c, r, "legal_claims: a lawsuit of this customer is pending")
		c.Approve(r.ID)
		c.Await(r.ID, requests.Completed, requests.Closed)
		if got := letters(c, r.ID); !slices.Contains(got, mail.Refusal) {
			t.Errorf("letters %v", got)
		}
		says(c, letter(c, people[3].Email, "We cannot do what you asked for"), "A lawsuit of this customer is pending", "17(3)(e)", "We have changed nothing", "go to court")
	})
	t.Run("California", func(t *testing.T) {
		c := c.For(t)
		r := inCalifornia(c, people[4].Email, "erasure")
		_, err := c.Svc.ProveByHand(t.Context(), c.Agent, r.ID, "Passport seen at the counter")
		must(t, err)
		c.Await(r.ID, requests.Review)
		c.Approve(r.ID)
		c.Await(r.ID, requests.Completed, requests.Closed)
		if got := letters(c, r.ID); !slices.Contains(got, mail.CADeleteDenied) {
			t.Errorf("letters %v", got)
		}
		m := letter(c, people[4].Email, "What we could not delete")
		says(c, m, "Your invoices", "erased", "Do not sell or share my personal information", "http://127.0.0.1:8080/request/what", "service providers and contractors", backups)
	})
}

// An answer under California's law names the kinds of data that are never put
// out, and what was not searched; a denied correction of health data offers the
// statement (11 CCR 7024(c)(4), (d), 7023(f)).
func TestLettersUnderCaliforniasLaw(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{
		Settings: requests.Settings{Unsearched: []string{"Disaster recovery copies"}},
		Wrap:     categorise(map[string]string{"crm.contacts.birth_date": "identity.ssn", "crm.contacts.job_title": "health.condition"}),
	})
	who := acme.Subjects()[3]
	prove := func(r *requests.Receipt) {
		_, err := c.Svc.ProveByHand(t.Context(), c.Agent, r.ID, "Passport seen at the counter")
		must(t, err)
		c.Await(r.ID, requests.Review)
	}
	r := inCalifornia(c, who.Email, "access")
	prove(r)
	c.Approve(r.ID)
	c.Await(r.ID, requests.Completed, requests.Closed)
	m := letter(c, who.Email, "ready to download")
	says(c, m, "so the package names the kind only", "Your Social Security number", "were not searched", "Disaster recovery copies")
	if strings.Contains(m.Text, "bank") || strings.Contains(m.Text, "biometric") {
		t.Errorf("names a kind that is not held:\n%s", m.Text)
	}

	who = acme.Subjects()[6]
	r, err := c.Svc.File(t.Context(), c.Agent, requests.Filing{
		Rights: []string{"rectification"}, Country: "US", Region: "CA", Locale: "en", Channel: "letter", Identities: []connect.Identity{{Kind: "email", Value: who.Email}},
		Corrections: []requests.ProposedCorrection{{What: "condition", Right: "none"}},
	})
	must(t, err)
	prove(r)
	_, err = c.Svc.Correct(t.Context(), c.Agent, r.ID, []requests.Correction{{
		System: "crm", Type: "contacts", Key: strconv.FormatInt(who.ContactID, 10), Field: "job_title", Decision: "refuse", Ground: "accurate", Reason: "It is as a physician wrote it", Value: json.RawMessage("null"),
	}})
	must(t, err)
	c.Await(r.ID, requests.Review)
	c.Approve(r.ID)
	c.Await(r.ID, requests.Completed, requests.Closed)
	if got := letters(c, r.ID); !slices.Contains(got, mail.CACorrectDenied) {
		t.Errorf("letters %v", got)
	}
	says(c, letter(c, who.Email, "as a physician wrote it"), "250 words")
}

// What recipients of the data are told can be read before it goes out, and is
// what goes out (GDPR Art. 19).
func TestNoticesToRecipientsAreShownBefore(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{Settings: company.Registered(t)})
	who := acme.Subjects()[7]
	r, _ := inReview(c, who.Email, "erasure")
	list, err := c.Svc.RehearseAnswer(t.Context(), r.ID)
	must(t, err)
	if list[0].Recipient != "" || list[0].Kind == mail.RecipientNotice {
		t.Errorf("first comes a letter %s to %q", list[0].Kind, list[0].Recipient)
	}
	notices := map[string]requests.Preview{}
	for _, p := range list {
		if p.Kind == mail.RecipientNotice {
			notices[p.Recipient] = p
		}
	}
	dhl, ok := notices["DHL Paket GmbH"]
	if !ok || dhl.Locale != "de" || dhl.English == nil || !strings.Contains(dhl.Text, who.Email) || strings.Contains(dhl.Text, who.Name) {
		t.Fatalf("notices %v: %+v", len(notices), dhl)
	}
	if n := kinds(c, r.ID)["recipient.due"]; n != 0 {
		t.Errorf("the look left %d notices", n)
	}
	c.Approve(r.ID)
	m, err := c.Mail.Wait(c.Deadline(), func(m mail.Captured) bool { return slices.Contains(m.To, "privacy@dhl.example") })
	must(t, err)
	if strings.Join(strings.Fields(m.Text), " ") != strings.Join(strings.Fields(dhl.Text), " ") {
		t.Errorf("sent is not what was shown:\n%s\n%s", m.Text, dhl.Text)
	}
}
