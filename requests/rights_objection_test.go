package requests_test

import (
	"slices"
	"strings"
	"testing"

	"habeas/requests"
	"habeas/requests/connect"
	"habeas/requests/evidence"
	"habeas/requests/testkit/acme"
	"habeas/requests/testkit/company"
)

// uses is a register with uses that people may object to.
func uses() requests.Settings {
	set := registered()
	set.Register = append(set.Register,
		requests.Processing{
			Name: "catalogue", Title: "The printed catalogue", Purpose: "To send a catalogue", Basis: "legitimate_interests", Marketing: true,
			Covers: []string{"crm.contacts"}, Retention: "Two years", Source: "You",
		},
		requests.Processing{
			Name: "advising", Title: "Notes of our staff", Purpose: "To advise you", Basis: "legitimate_interests",
			Covers: []string{"crm.notes", "crm.tickets"}, Retention: "Two years", Source: "Our staff",
		},
		requests.Processing{
			Name: "recommending", Title: "Recommendations", Titles: map[string]string{"de": "Empfehlungen"}, Purpose: "To recommend", Basis: "legitimate_interests",
			Purposes: []string{"profiling"}, Covers: []string{"social.audience_members"}, Retention: "Two years", Source: "Your orders",
		})
	return set
}

// GDPR Art. 21: a person objects to uses, each is weighed by itself but direct
// marketing, and what stops is stopped in the systems, at the time of use and by
// hand.
func TestObjectionToUses(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{Settings: uses()})
	who := acme.Subjects()[14]
	email := connect.Identity{Kind: "email", Value: who.Email}
	file := func(rights []string, marketing bool, to ...string) (*requests.Receipt, error) {
		return c.Svc.File(t.Context(), requests.Actor{Role: requests.Public}, requests.Filing{
			Rights: rights, Country: "DE", Locale: "de", Marketing: marketing, Objections: to, Identities: []connect.Identity{email},
		})
	}
	for name, err := range map[string]error{
		"a contract":    failure(file([]string{"objection"}, false, "shop")),
		"unknown":       failure(file([]string{"objection"}, false, "nothing")),
		"another right": failure(file([]string{"access"}, false, "catalogue")),
	} {
		if e := requests.AsError(err); err == nil || e.Kind != requests.Invalid || e.Fields[0].Field != "objections" {
			t.Errorf("%s: %v", name, err)
		}
	}
	r, err := file([]string{"objection"}, false, "catalogue", "advising", "recommending")
	must(t, err)
	c.Verify(who.Email, r)
	k := c.Await(r.ID, requests.Review)
	all, err := c.Svc.Objections(t.Context(), k, "de")
	must(t, err)
	if len(all) != 3 || all[1].Use != "catalogue" || !all[1].Marketing || all[2].Title != "Empfehlungen" || all[0].Refused() {
		t.Fatalf("objects to %+v", all)
	}
	p := planOf(c, r.ID)
	if len(p.Records) == 0 || slices.ContainsFunc(p.Records, func(x requests.PlanRecord) bool { return x.Type == "newsletter_subscriptions" }) {
		t.Errorf("the plan touches what was not objected to, or nothing: %+v", p.Records)
	}
	if len(p.Manual) != 2 {
		t.Errorf("by hand: %+v", p.Manual)
	}

	weigh := func(by requests.Actor, ground, reason string, uses ...string) error {
		return failure(c.Svc.RefuseUses(t.Context(), by, r.ID, uses, requests.Step{Ground: ground, Reason: reason}))
	}
	const why = "We are in a lawsuit with this customer, and the notes are our evidence"
	refused(t, weigh(c.DPOs[0], "compelling_grounds", why, "catalogue"), "not-lawful")
	refused(t, weigh(c.DPOs[0], "compelling_grounds", why, "social"), "invalid-input")
	refused(t, weigh(c.DPOs[0], "we_like_it", why, "advising"), "not-lawful")
	refused(t, failure(c.Svc.Refuse(t.Context(), c.DPOs[0], r.ID, requests.Step{Right: "objection", Ground: "compelling_grounds", Reason: why})), "not-lawful")
	must(t, weigh(c.DPOs[0], "compelling_grounds", why, "advising"))
	c.Await(r.ID, requests.Review)
	if p = planOf(c, r.ID); len(p.Manual) != 1 || !strings.Contains(p.Manual[0].Instructions, "The printed catalogue") {
		t.Errorf("by hand: %+v", p.Manual)
	}
	c.Approve(r.ID)
	if asked := c.FinishByHand(r.ID); len(asked) != 1 {
		t.Errorf("asked of people: %q", asked)
	}
	k = c.Await(r.ID, requests.Completed, requests.Closed)
	if !k.Has(requests.Partial) || k.Decisions[0].Decision != "partial" {
		t.Errorf("flags %v, decisions %+v", k.Flags, k.Decisions)
	}
	for use, want := range map[string]bool{"catalogue": false, "advising": true, "social": true, "profiling": false} {
		st, err := c.Svc.CheckConsent(t.Context(), email, use)
		must(t, err)
		if st.Allowed != want {
			t.Errorf("%s may go on: %v", use, st.Allowed)
		}
	}
	if err := failure(c.Svc.CheckConsent(t.Context(), email, "shop")); err == nil {
		t.Error("a contract is asked for like a consent")
	}
	if got := list(c, `select distinct status from social.audience_members where crm_customer_id = $1`, who.CustomerID); !slices.Equal(got, []string{"suppressed"}) {
		t.Errorf("audiences: %v", got)
	}
	m := letter(c, who.Email, "Empfehlungen")
	if !strings.Contains(m.Text, "The printed catalogue") || !strings.Contains(m.Text, why) || !strings.Contains(m.Text, "Art. 21 Abs. 1 DSGVO") {
		t.Errorf("the letter: %s", m.Text)
	}
	if e := payloads[evidence.ObjectionRefused](c, r.ID); len(e) != 1 || e[0].Cite != "GDPR Art. 21(1)" || len(e[0].Uses) != 1 || e[0].Reason == "" {
		t.Errorf("%+v", e)
	}
	report(c, r.ID)
}

// Who objects to advertising alone stops all of it; who objects to everything
// stops every use that can be objected to.
func TestObjectionWithoutUses(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{Settings: uses(), Workers: -1})
	for marketing, want := range map[bool]string{true: "catalogue", false: "advising catalogue recommending social"} {
		r, err := c.Svc.File(t.Context(), requests.Actor{Role: requests.Public}, requests.Filing{
			Rights: []string{"objection"}, Country: "DE", Locale: "en", Marketing: marketing, Identities: []connect.Identity{{Kind: "email", Value: "a@b.example"}},
		})
		must(t, err)
		k, err := c.Svc.Get(t.Context(), c.Auditor, r.ID)
		must(t, err)
		list, err := c.Svc.Objections(t.Context(), k, "en")
		must(t, err)
		var got []string
		for _, o := range list {
			got = append(got, o.Use)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("marketing %v: %v", marketing, got)
		}
	}
}
