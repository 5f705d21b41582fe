package requests_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"habeas/requests"
	"habeas/requests/connect"
	"habeas/requests/mail"
	"habeas/requests/testkit"
	"habeas/requests/testkit/acme"
	"habeas/requests/testkit/company"
)

var cancelLink = regexp.MustCompile(`http://127\.0\.0\.1:8080/cancel\?token=([^\s"<>]+)`)

// erasureIn files an erasure in a language and has it approved.
func erasureIn(c *company.Company, email, locale string) uuid.UUID {
	c.Helper()
	r, err := c.Svc.File(c.Context(), requests.Actor{Role: requests.Public}, requests.Filing{
		Rights: []string{"erasure"}, Country: "DE", Locale: locale, Identities: []connect.Identity{{Kind: "email", Value: email}},
	})
	must(c.TB, err)
	c.Verify(email, r)
	c.Await(r.ID, requests.Review)
	c.Approve(r.ID)
	return r.ID
}

// cancelIn waits for the letter that says until when the person can cancel.
func cancelIn(c *company.Company, email string) (m mail.Captured, token string) {
	c.Helper()
	m, err := c.Mail.Wait(c.Deadline(), func(m mail.Captured) bool {
		return slices.Contains(m.To, email) && cancelLink.MatchString(m.Text)
	})
	must(c.TB, err)
	token, err = url.QueryUnescape(cancelLink.FindStringSubmatch(m.Text)[1])
	must(c.TB, err)
	return m, token
}

// TestCancelByLetter: the last approval of an erasure that waits sends a letter
// that says until when, in the person's language, and its link cancels, once or
// twice, until something was done.
func TestCancelByLetter(t *testing.T) {
	t.Parallel()
	clock := testkit.NewClock(time.Now())
	c := company.New(t, company.Options{Now: clock.Now, Settings: requests.Settings{ErasureWait: 48 * time.Hour}})
	people := acme.Subjects()
	for i, x := range []struct{ locale, says string }{
		{"en", `We wait until [0-9]{1,2} \w+ 20[0-9]{2}`},
		{"de", `warten wir bis zum [0-9]{1,2}\. \S+ 20[0-9]{2}`},
		{"fr", `Nous attendons jusqu’au [0-9]{1,2}(er)? \S+ 20[0-9]{2}`},
		{"es", `Esperamos hasta el [0-9]{1,2} de \S+ de 20[0-9]{2}`},
	} {
		email := people[i].Email
		was := allRows(c, people[i])
		id := erasureIn(c, email, x.locale)
		m, token := cancelIn(c, email)
		k := caseNow(c, id)
		zone, err := time.LoadLocation(k.Zone)
		must(t, err)
		at := k.WaitUntil.In(zone)
		hour := at.Format("15:04")
		switch x.locale {
		case "fr":
			hour = fmt.Sprintf("%d\u00a0h\u00a0%02d", at.Hour(), at.Minute())
		case "es":
			hour = fmt.Sprintf("%d:%02d", at.Hour(), at.Minute())
		}
		if !regexp.MustCompile(x.says + `.*` + hour).MatchString(m.Text) {
			t.Errorf("%s: the letter does not say until %s:\n%s", x.locale, k.WaitUntil.In(zone), m.Text)
		}
		if of, err := c.Svc.TokenCase(t.Context(), token, "cancel"); err != nil || of.ID != id || of.Status != requests.Executing {
			t.Errorf("%s: looking at the link: %v, %v", x.locale, of, err)
		}
		for _, kind := range []string{"undo", "not_me", "access"} { // it opens nothing else
			_, err := c.Svc.TokenCase(t.Context(), token, kind)
			refused(t, err, "link-expired")
		}
		for range 2 {
			if k, err := c.Svc.Cancel(t.Context(), token); err != nil || k.Status != requests.Withdrawn {
				t.Errorf("%s: cancelled: %v, %v", x.locale, k, err)
			}
		}
		unchanged(c, people[i], was)
		if n := kinds(c, id); n["request.withdrawn"] != 1 || n["record.erased"] != 0 {
			t.Errorf("%s: events %v", x.locale, n)
		}
		if i == 0 {
			clock.Add(31 * 24 * time.Hour)
			_, err := c.Svc.Cancel(t.Context(), token)
			refused(t, err, "link-expired")
			clock.Add(-31 * 24 * time.Hour)
		}
	}

	// done already: the link says so
	email := people[4].Email
	id := erasureIn(c, email, "en")
	_, token := cancelIn(c, email)
	must(t, poll(c, func() bool {
		tag, err := c.DB.Exec(c.Context(), `update tasks set next_attempt_at = now() where case_id = $1 and stage = 'erase' and status = 'waiting'`, id)
		return err == nil && tag.RowsAffected() == 2
	}))
	must(t, c.Queue.Wake(c.Context()))
	c.Await(id, requests.Completed)
	_, err := c.Svc.Cancel(t.Context(), token)
	refused(t, err, "already-begun")

	// nothing waits: no such letter
	if got := letters(c, id); !slices.Contains(got, "erasure_waits") || slices.Index(got, "erasure_waits") > slices.Index(got, "partial") {
		t.Errorf("letters %v", got)
	}
	r, _ := inReview(c, people[5].Email, "access")
	c.Approve(r.ID)
	c.Await(r.ID, requests.Completed)
	if got := letters(c, r.ID); slices.Contains(got, "erasure_waits") {
		t.Errorf("an access request got %v", got)
	}
	if _, err := c.Svc.Cancel(context.Background(), "made-up"); !errors.As(err, new(*requests.Error)) {
		t.Errorf("a made-up link: %v", err)
	}
}
