package requests_test

import (
	"strings"
	"testing"

	"habeas/requests"
	"habeas/requests/connect"
	"habeas/requests/testkit/acme"
	"habeas/requests/testkit/company"
)

// law.md §8, 6: each record goes on a ground of Art. 17(1), or stays on an
// exemption of Art. 17(3); one that stays makes the erasure partial.
func TestErasureGroundsPerRecord(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{})
	who := acme.Subjects()[5]
	r, _ := inReview(c, who.Email, "erasure")
	p := planOf(c, r.ID)
	var goes []requests.PlanRecord
	for _, rec := range p.Records {
		if rec.Action == connect.Erase {
			if rec.Ground != "GDPR Art. 17(1)(a): no longer needed for what it was collected for" {
				t.Fatalf("%s goes on %q", rec.Type, rec.Ground)
			}
			goes = append(goes, rec)
		}
	}
	decide := func(rec requests.PlanRecord, action connect.Action, ground string) error {
		_, err := c.Svc.Decide(c.Context(), c.DPOs[0], r.ID, []requests.Decision{{System: rec.System, Type: rec.Type, Key: rec.Key, Action: action, Ground: ground}})
		return err
	}
	ground := func(rec requests.PlanRecord) string {
		for _, now := range planOf(c, r.ID).Records {
			if now.System == rec.System && now.Type == rec.Type && now.Key == rec.Key {
				return now.Ground
			}
		}
		return ""
	}
	for _, no := range []string{"we would like to", "identity_unproven", "excessive", "compelling_grounds", "GDPR Art. 15(4)"} {
		if e := refused(t, decide(goes[0], connect.Keep, no), "not-lawful"); !strings.Contains(e.Safe, "Art.") || !strings.Contains(e.Safe, "legal_claims") {
			t.Errorf("%s: %s", no, e.Safe)
		}
	}
	for named, want := range map[string]string{
		"legal_claims":                             "GDPR Art. 17(3)(e): legal claims",
		"Art. 17(3)(e)":                            "GDPR Art. 17(3)(e): legal claims",
		"legal_claims: Lawsuit of May":             "GDPR Art. 17(3)(e): legal claims. Lawsuit of May",
		"GDPR Art. 17(3)(a): press archive":        "GDPR Art. 17(3)(a): freedom of expression and information. press archive",
		"HGB §257":                                 "GDPR Art. 17(3)(b); HGB §257: a legal duty or public task to keep it",
		"public health":                            "GDPR Art. 17(3)(c): public interest in public health",
		"GDPR Art. 17(3)(e): legal claims. A row.": "GDPR Art. 17(3)(e): legal claims. A row.",
	} {
		must(t, decide(goes[0], connect.Keep, named))
		if got := ground(goes[0]); got != want {
			t.Errorf("%s is kept as %q, want %q", named, got, want)
		}
	}
	for named, want := range map[string]string{
		"unlawful_processing": "GDPR Art. 17(1)(d): processed unlawfully",
		"Art. 17(1)(f)":       "GDPR Art. 17(1)(f): collected for an online service offered to a child",
	} {
		must(t, decide(goes[1], connect.Erase, named))
		if got := ground(goes[1]); got != want {
			t.Errorf("%s goes as %q, want %q", named, got, want)
		}
	}
	must(t, decide(goes[0], connect.Keep, "legal_claims: Lawsuit of May"))
	c.Approve(r.ID)
	k := c.Await(r.ID, requests.Completed)
	if !k.Has(requests.Partial) || k.Decisions[0].Decision != "partial" {
		t.Errorf("flags %v, decisions %+v", k.Flags, k.Decisions)
	}
	letter(c, who.Email, "17(3)(e)")
}
