package requests_test

import (
	"strings"
	"time"

	"habeas/requests"
	"habeas/requests/connect"
	"habeas/requests/evidence"
	"habeas/requests/testkit/acme"
	"habeas/requests/testkit/company"
)

func testClockSteps(c *company.Company, who acme.Subject) {
	r := c.File(who.Email, "access")
	_, err := c.Svc.Pause(c.Context(), c.DPOs[0], r.ID, requests.Step{Ground: "fee"})
	if e := refused(c.TB, err, "not-lawful"); !strings.Contains(e.Safe, "Art. 12") {
		c.Errorf("no article in %q", e.Safe)
	}
	_, err = c.Svc.Resume(c.Context(), c.DPOs[0], r.ID, requests.Step{})
	refused(c.TB, err, "not-paused")
	_, err = c.Svc.Extend(c.Context(), c.DPOs[0], r.ID, requests.Step{})
	if e := refused(c.TB, err, "not-lawful"); !strings.Contains(e.Safe, "Art. 12(3)") {
		c.Errorf("no article in %q", e.Safe)
	}
	before := r.DueOn
	k, err := c.Svc.Extend(c.Context(), c.DPOs[0], r.ID, requests.Step{Ground: "complexity", Reason: "Twelve systems have to be searched."})
	if err != nil { // the ground's name is the law table's
		k, err = c.Svc.Extend(c.Context(), c.DPOs[0], r.ID, requests.Step{Reason: "Twelve systems have to be searched."})
	}
	must(c.TB, err)
	if !k.Has(requests.Extended) || !k.DueOn.After(before.AddDate(0, 1, 0)) {
		c.Errorf("due %s, was %s", k.DueOn, before)
	}
	letter(c, who.Email, "Twelve systems have to be searched.")
	_, err = c.Svc.Extend(c.Context(), c.DPOs[0], r.ID, requests.Step{Reason: "again"})
	refused(c.TB, err, "not-lawful")
	if got := payloads[evidence.ClockExtended](c, r.ID); len(got) != 1 || !strings.Contains(string(got[0].Cite), "12(3)") || string(got[0].From) != before.Format(time.DateOnly) {
		c.Errorf("%+v", got)
	}

	// A law that pauses: the United Kingdom's clock stops while identity is open.
	uk, err := c.Svc.File(c.Context(), requests.Actor{Role: requests.Public}, requests.Filing{
		Rights: []string{"access"}, Country: "GB", Locale: "en", Identities: []connect.Identity{{Kind: "email", Value: who.Email}},
	})
	must(c.TB, err)
	k, err = c.Svc.Pause(c.Context(), c.DPOs[0], uk.ID, requests.Step{Ground: "clarification", Right: "access", Reason: "Which of the shops?"})
	must(c.TB, err)
	if !k.Has(requests.Paused) {
		c.Error("not paused")
	}
	_, err = c.Svc.Pause(c.Context(), c.DPOs[0], uk.ID, requests.Step{Ground: "clarification"})
	refused(c.TB, err, "already-paused")
	k, err = c.Svc.Resume(c.Context(), c.DPOs[0], uk.ID, requests.Step{})
	must(c.TB, err)
	if k.Has(requests.Paused) || k.DueOn.Before(uk.DueOn) {
		c.Errorf("due %s, was %s", k.DueOn, uk.DueOn)
	}
	if n := kinds(c, uk.ID); n["clock.paused"] != 1 || n["clock.resumed"] != 1 {
		c.Errorf("events %v", n)
	}
}
