package clock_test

import (
	"errors"
	"strings"
	"testing"

	"habeas/requests/clock"
)

func day(t *testing.T, s string) clock.Date {
	t.Helper()
	d, err := clock.ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestAllowed(t *testing.T) {
	due, after := day(t, "2026-04-07"), day(t, "2026-04-08")
	tests := []struct {
		name string
		step clock.Step
		cite string // of the refusal; "" is allowed
		text string
	}{
		{"EU strict has no pause", clock.Step{Law: "EU", Right: "access", Do: clock.Pause, Ground: "identity"}, "EDPB Guidelines 01/2022 para. 157-162", "policy is strict"},
		{"EU suspend pauses for identity", clock.Step{Law: "EU", Right: "erasure", Do: clock.Pause, Ground: "identity", PausePolicy: clock.Suspend}, "", ""},
		{"EU has no pause for a fee", clock.Step{Law: "EU", Right: "access", Do: clock.Pause, Ground: "fee", PausePolicy: clock.Suspend}, "GDPR Art. 12(3)", "only clarify, id moves it"},
		{"UK clarification of access", clock.Step{Law: "UK", Right: "access", Do: clock.Pause, Ground: "clarification", On: due, Due: due}, "", ""},
		{"UK clarification of erasure", clock.Step{Law: "UK", Right: "erasure", Do: clock.Pause, Ground: "clarify"}, "UK GDPR Art. 12A", "only requests for access"},
		{"UK identity for any right", clock.Step{Law: "UK", Right: "erasure", Do: clock.Pause, Ground: "id"}, "", ""},
		{"UK asked too late", clock.Step{Law: "UK", Right: "access", Do: clock.Pause, Ground: "clarify", On: after, Due: due}, "UK GDPR Art. 12A", "after the due date, 7 April 2026"},
		{"California never pauses", clock.Step{Law: "CA", Right: "access", Do: clock.Pause, Ground: "identity", PausePolicy: clock.Suspend}, "11 CCR 7021(b)", "nothing that is asked pauses it"},
		{"Switzerland waits for the fee", clock.Step{Law: "CH", Right: "access", Do: clock.Pause, Ground: "fee"}, "", ""},
		{"extension in time", clock.Step{Law: "EU", Right: "access", Do: clock.Extend, Ground: "complexity", On: due, Due: due}, "", ""},
		{"extension with a reason in words", clock.Step{Law: "EU", Right: "access", Do: clock.Extend, Reason: "Forty systems.", On: due, Due: due}, "", ""},
		{"extension without reason", clock.Step{Law: "EU", Right: "access", Do: clock.Extend, On: due, Due: due}, "GDPR Art. 12(3)", "needs its reason"},
		{"extension for a bad reason", clock.Step{Law: "EU", Right: "access", Do: clock.Extend, Ground: "holidays", On: due, Due: due}, "GDPR Art. 12(3)", "no ground to extend"},
		{"extension too late", clock.Step{Law: "EU", Right: "access", Do: clock.Extend, Ground: "number", On: after, Due: due}, "GDPR Art. 12(3)", "by the base due date, 7 April 2026"},
		{"second extension", clock.Step{Law: "UK", Right: "access", Do: clock.Extend, Ground: "number", On: due, Due: due, Extended: true}, "UK GDPR Art. 12A", "no second extension"},
		{"no extension in Brazil", clock.Step{Law: "BR", Right: "access", Do: clock.Extend, Ground: "number"}, "LGPD Art. 19", "has no extension"},
		{"no extension of an opt-out", clock.Step{Law: "CA", Right: "opt_out", Do: clock.Extend, Ground: "number"}, "11 CCR 7021(b); Cal. Civ. Code 1798.130(a)(2)(A)", "this right"},
		{"refusal without ground", clock.Step{Law: "EU", Right: "erasure", Do: clock.Refuse}, "GDPR Art. 17", "needs its ground"},
		{"refusal by code", clock.Step{Law: "EU", Right: "erasure", Do: clock.Refuse, Ground: "legal_claims"}, "", ""},
		{"refusal by article", clock.Step{Law: "EU", Right: "erasure", Do: clock.Refuse, Ground: "Art. 17(3)(b) GDPR"}, "", ""},
		{"refusal in other words", clock.Step{Law: "UK", Right: "access", Do: clock.Refuse, Ground: "manifestly unfounded"}, "", ""},
		{"refusal by another law's article", clock.Step{Law: "EU", Right: "erasure", Do: clock.Refuse, Ground: "1798.105(d)(1)"}, "GDPR Art. 17", "no ground for this right"},
		{"refusal by another right's article", clock.Step{Law: "EU", Right: "access", Do: clock.Refuse, Ground: "17(3)(b)"}, "GDPR Art. 15", "no ground for this right"},
		{"others' rights refuse no whole access", clock.Step{Law: "EU", Right: "access", Do: clock.Refuse, Ground: "15(4)"}, "GDPR Art. 15(4)", "decide it per record"},
		{"others' rights keep a record back", clock.Step{Law: "EU", Right: "access", Do: clock.Keep, Ground: "15(4)"}, "", ""},
		{"a record kept by duty", clock.Step{Law: "EU", Right: "erasure", Do: clock.Keep, Ground: "HGB §257(1) no. 4, AO §147(1) no. 4: invoices, 8 years (GDPR Art. 17(3)(b))"}, "", ""},
		{"excess keeps no record", clock.Step{Law: "EU", Right: "erasure", Do: clock.Keep, Ground: "excessive"}, "GDPR Art. 12(5)", "keeps no single record back"},
		{"a withdrawal is never refused", clock.Step{Law: "EU", Right: "consent_withdrawal", Do: clock.Refuse, Ground: "excessive"}, "GDPR Art. 7(3)", "no ground to refuse"},
		{"California deletion", clock.Step{Law: "CA", Right: "erasure", Do: clock.Refuse, Ground: "1798.105(d)(8)"}, "", ""},
		{"California opt-out by fraud", clock.Step{Law: "CA", Right: "opt_out", Do: clock.Refuse, Ground: "fraudulent"}, "", ""},
		{"California opt-out unverified", clock.Step{Law: "CA", Right: "opt_out", Do: clock.Refuse, Ground: "identity"}, "Cal. Civ. Code 1798.120", "no ground for this right"},
		{"a right that the law lacks", clock.Step{Law: "CA", Right: "restriction", Do: clock.Refuse, Ground: "not_granted"}, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := clock.Allowed(tt.step)
			if tt.cite == "" {
				if err != nil {
					t.Errorf("refused: %v", err)
				}
				return
			}
			var refusal *clock.Error
			if !errors.As(err, &refusal) || !refusal.Unlawful || refusal.Cite != tt.cite || !strings.Contains(err.Error(), tt.text) {
				t.Errorf("got %v, want %q with %s", err, tt.text, tt.cite)
			}
		})
	}
}

func TestAllowedBadInput(t *testing.T) {
	for _, s := range []clock.Step{
		{Law: "XX", Right: "access", Do: clock.Pause},
		{Law: "EU", Right: "fly", Do: clock.Pause},
		{Law: "EU", Right: "access", Do: "dance"},
		{Law: "UK", Right: "access", Do: clock.Pause},
		{Law: "UK", Right: "access", Do: clock.Pause, Ground: "summer"},
	} {
		var bad *clock.Error
		if err := clock.Allowed(s); !errors.As(err, &bad) || bad.Unlawful || bad.Field == "" {
			t.Errorf("%+v: %v", s, err)
		}
	}
}

// Every right that a law grants can be refused on the grounds of its table, by
// code and by article alike, or not at all.
func TestGroundsByCodeAndArticle(t *testing.T) {
	for _, code := range clock.Builtin().Codes() {
		law, err := clock.Builtin().Law(code)
		if err != nil {
			t.Fatal(err)
		}
		for _, right := range clock.Rights {
			seen := map[string]bool{}
			for _, g := range law.Grounds(right) {
				if seen[g.Code] {
					t.Errorf("%s %s: %s stands twice", code, right, g.Code)
				}
				seen[g.Code] = true
				if byCode, ok := law.Ground(right, g.Code); !ok || byCode.Cite != g.Cite {
					t.Errorf("%s %s: %s finds %+v", code, right, g.Code, byCode)
				}
				if byCite, ok := law.Ground(right, g.Cite); !ok || byCite.Cite != g.Cite {
					t.Errorf("%s %s: %s finds %+v", code, right, g.Cite, byCite)
				}
			}
			if right != clock.ConsentWithdrawal && right != clock.OptOut && len(seen) == 0 {
				t.Errorf("%s: %s has no grounds at all, not even identity", code, right)
			}
		}
	}
}

func TestApplies(t *testing.T) {
	own := clock.Overrides{
		"*":     {Set: "FR", Zone: "Europe/Paris"},
		"US":    {Zone: "America/Chicago"},
		"US-TX": {Law: "CA"},
	}
	tests := []struct {
		country, region string
		own             clock.Overrides
		want            clock.Choice
	}{
		{"DE", "", nil, clock.Choice{Law: "EU", Set: "DE", Zone: "Europe/Berlin"}},
		{"de", "BY", nil, clock.Choice{Law: "EU", Set: "DE", Zone: "Europe/Berlin"}},
		{"GB", "", nil, clock.Choice{Law: "UK", Set: "EW", Zone: "Europe/London"}},
		{"UK", "SCT", nil, clock.Choice{Law: "UK", Set: "SC", Zone: "Europe/London"}},
		{"GB", "NIR", nil, clock.Choice{Law: "UK", Set: "EW", Zone: "Europe/London"}},
		{"US", "CA", nil, clock.Choice{Law: "CA", Set: "US", Zone: "America/Los_Angeles"}},
		{"US", "us-co", nil, clock.Choice{Law: "CO", Set: "none", Zone: "America/Denver"}},
		{"US", "DE", nil, clock.Choice{Law: "DE", Set: "none", Zone: "America/New_York"}},
		{"US", "UK", nil, clock.Choice{Law: "CA", Set: "US", Zone: "America/Los_Angeles"}},
		{"US", "WY", nil, clock.Choice{Law: "CA", Set: "US", Zone: "America/Los_Angeles"}},
		{"CA", "", nil, clock.Choice{Law: "PIPEDA", Set: "none", Zone: "America/Toronto"}},
		{"CA", "QC", nil, clock.Choice{Law: "QC", Set: "none", Zone: "America/Toronto"}},
		{"BR", "SP", nil, clock.Choice{Law: "BR", Set: "none", Zone: "America/Sao_Paulo"}},
		{"JP", "", nil, clock.Elsewhere},
		{"", "", nil, clock.Elsewhere},
		{"DE", "", own, clock.Choice{Law: "EU", Set: "FR", Zone: "Europe/Paris"}},
		{"US", "TX", own, clock.Choice{Law: "CA", Set: "FR", Zone: "America/Chicago"}},
		{"JP", "", own, clock.Choice{Law: "EU", Set: "FR", Zone: "Europe/Paris"}},
	}
	for _, tt := range tests {
		if got := clock.Applies(tt.country, tt.region, tt.own); got != tt.want {
			t.Errorf("%s %s: %+v, want %+v", tt.country, tt.region, got, tt.want)
		}
	}
}
