package subject_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"habeas/requests"
	"habeas/requests/connect"
	"habeas/requests/mail"
	"habeas/requests/testkit/acme"
	"habeas/requests/testkit/browser"
	"habeas/requests/testkit/company"
)

var sixDigits = regexp.MustCompile(`\b[0-9]{6}\b`)

// second is the code of the second mail about a request: the first one died with it.
func second(b *bench, email, reference string) string {
	b.Helper()
	seen := map[string]bool{}
	var newest mail.Captured
	_, err := b.Mail.Wait(b.Deadline(), func(m mail.Captured) bool {
		if !sixDigits.MatchString(m.Text) || !slices.Contains(m.To, email) || !strings.Contains(m.Text, reference) {
			return false
		}
		if seen[m.Text] = true; m.At.After(newest.At) {
			newest = m
		}
		return len(seen) == 2
	})
	if err != nil {
		b.Fatal(err)
	}
	return sixDigits.FindString(newest.Text)
}

// The page that asks for details, in a browser and in every language: with what is
// wrong said, sent, and on the way to the answer.
func TestFactsInABrowser(t *testing.T) {
	t.Parallel()
	b := setup(t, company.Options{})
	next := map[string][3]string{
		"en": {"Send me a code", "Continue", "Send"}, "de": {"Code senden", "Weiter", "Senden"}, "fr": {"M’envoyer un code", "Continuer", "Envoyer"}, "es": {"Enviarme un código", "Continuar", "Enviar"},
	}
	for i, lang := range []string{"en", "de", "fr", "es"} {
		who := acme.Subjects()[20+i]
		r, err := b.Svc.File(t.Context(), requests.Actor{Role: requests.Public}, requests.Filing{
			Rights: []string{"access", "rectification"}, Country: "US", Region: "CA", Locale: lang, Name: who.Name,
			Identities:  []connect.Identity{{Kind: "email", Value: who.Email}},
			Corrections: []requests.ProposedCorrection{{What: "Name", Right: "Zoë"}},
		})
		if err != nil {
			t.Fatal(err)
		}
		tab := browser.New(t, browser.WithoutScripts()) // a stream that stays open would outlive the stage's server
		look := func(name string) {
			browser.Axe(t, tab)
			browser.Screenshot(t, tab, name+"-"+lang, 1280)
			browser.Screenshot(t, tab, name+"-"+lang, 390)
		}
		browser.Open(t, tab, b.site.URL("/find?lang="+lang+"&reference="+r.Reference))
		browser.Press(t, tab, next[lang][0])
		browser.Fill(t, tab, "#code", second(b, who.Email, r.Reference))
		browser.Press(t, tab, next[lang][1])
		look("status-facts")
		browser.Follow(t, tab, `a[href="/status/facts"]`)
		look("facts")
		browser.Fill(t, tab, "#postcode", "San Francisco")
		browser.Press(t, tab, next[lang][2])
		look("facts-wrong")
		browser.Fill(t, tab, "#postcode", "94105")
		browser.Fill(t, tab, "#declared", who.Name)
		browser.Press(t, tab, next[lang][2])
		look("facts-done")
		browser.Follow(t, tab, `a[href="/status"]`)
		look("status-facts-given")
	}
}
