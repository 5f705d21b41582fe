package subject_test

import (
	"context"
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
	"habeas/templates/letters"
)

// opens finds a request by its reference and the code mailed for it.
func (b *bench) opens(tab context.Context, email, ref, before string) {
	b.Helper()
	browser.Open(b.TB, tab, b.site.URL("/find"))
	browser.Fill(b.TB, tab, "#reference", ref)
	browser.Follow(b.TB, tab, "main form button")
	m, err := b.Mail.Wait(b.Deadline(), func(m mail.Captured) bool {
		return slices.Contains(m.To, email) && strings.Contains(m.Text, ref) && code.MatchString(m.Text) && code.FindString(m.Text) != before
	})
	if err != nil {
		b.Fatalf("no code for %s: %v", ref, err)
	}
	browser.Fill(b.TB, tab, "#code", code.FindString(m.Text))
	if status := browser.Follow(b.TB, tab, "main form button"); status != 200 {
		b.Fatalf("%s is not opened: %d", ref, status)
	}
}

// filed files and proves an access request of somebody in Virginia, and returns
// the code that proved it.
func (b *bench) filed(email, locale string) (*requests.Receipt, requests.Actor, string) {
	b.Helper()
	r, err := b.Svc.File(b.Context(), requests.Actor{Role: requests.Public}, requests.Filing{
		Rights: []string{"access"}, Country: "US", Region: "VA", Locale: locale, Identities: []connect.Identity{{Kind: "email", Value: email}},
	})
	if err != nil {
		b.Fatal(err)
	}
	first := b.Code(email, r.Reference)
	return r, b.Verify(email, r), first
}

// A denial is appealed on the status page, in every language, with and without
// scripts: the form, what is missing, that it arrived, that it is not asked for
// twice, the decision and its letter; and a request that was joined to another.
func TestAppealInABrowser(t *testing.T) {
	t.Parallel()
	b := setup(t, company.Options{})
	people := acme.Subjects()
	for i, lang := range []string{"en", "de", "fr", "es"} {
		var options []browser.Option
		if i%2 == 1 {
			options = append(options, browser.WithoutScripts())
		}
		tab := browser.New(t, options...)
		look := func(name string) {
			browser.Axe(t, tab)
			browser.Screenshot(t, tab, name+"-"+lang, 1280)
			browser.Screenshot(t, tab, name+"-"+lang, 390)
		}
		says := func(what string, yes bool) {
			t.Helper()
			if text := browser.Text(t, tab, "main"); strings.Contains(text, what) != yes {
				t.Errorf("%s: %q on the page: %v, want %v: %s", lang, what, !yes, yes, text)
			}
		}
		offered := func() bool {
			return browser.Run(t, tab, chromedp.Evaluate[bool](`document.querySelector('a[href="/status/appeal"]') !== null`))
		}
		who := people[20+i].Email
		r, _, used := b.filed(who, lang)
		b.Await(r.ID, requests.Review)
		if _, err := b.Svc.Refuse(t.Context(), b.DPOs[0], r.ID, requests.Step{Ground: "excessive", Reason: "9 / 2026"}); err != nil {
			t.Fatal(err)
		}
		browser.Open(t, tab, b.site.URL("/?lang="+lang))
		b.opens(tab, who, r.Reference, used)
		says(letters.Ground(lang, "excessive"), true) // of several grounds that cite one article
		look("refused")
		browser.Follow(t, tab, `a[href="/status/appeal"]`)
		look("appeal")
		if status := browser.Follow(t, tab, "main form button"); status != 422 {
			t.Errorf("%s: nothing is said, and the answer is %d", lang, status)
		}
		look("appeal-wrong")
		browser.Fill(t, tab, "#message", "1 / 2026")
		browser.Follow(t, tab, "main form button")
		look("appeal-sent")

		first, err := b.Svc.Get(t.Context(), b.Auditor, r.ID)
		if err != nil {
			t.Fatal(err)
		}
		list, err := b.Svc.Matters(t.Context(), first)
		if err != nil || len(list) != 1 {
			t.Fatalf("%s: %d appeals, %v", lang, len(list), err)
		}
		m := list[0]
		says(m.Reference, true)
		browser.Open(t, tab, b.site.URL("/status"))
		look("appeal-open")
		if says(m.Reference, true); offered() {
			t.Errorf("%s: a second appeal is offered while one is open", lang)
		}
		browser.Open(t, tab, b.site.URL("/status/appeal"))
		says(m.Reference, true)

		b.opens(tab, who, m.Reference, "")
		look("appeal-status")
		if _, _, err := b.Svc.DecideMatter(t.Context(), b.DPOs[1], m.ID, requests.MatterDecision{Decision: "denied", Reason: "9 / 2026 / " + lang}); err != nil {
			t.Fatal(err)
		}
		for told := false; !told && t.Context().Err() == nil && b.Deadline().Err() == nil; { // until the outbox has sent it
			browser.Open(t, tab, b.site.URL("/status"))
			told = browser.Run(t, tab, chromedp.Evaluate[int](`document.querySelectorAll("main a[href^='/status/letters/']").length`)) > 1
		}
		look("appeal-denied")
		browser.Follow(t, tab, "main ul.govuk-list li:first-child a[href^='/status/letters/']")
		says("9 / 2026 / "+lang, true)
		look("appeal-letter")

		// Somebody who asked before: the second request leads to the first.
		who = people[24+i].Email
		one, _, _ := b.filed(who, lang)
		b.Await(one.ID, requests.Review)
		two, _, used := b.filed(who, lang)
		b.Await(two.ID, requests.Withdrawn)
		b.opens(tab, who, two.Reference, used)
		says(one.Reference, true)
		look("joined")
	}
}
