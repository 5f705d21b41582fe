package clock_test

import (
	"slices"
	"testing"

	"habeas/requests/clock"
)

// Every ground of GDPR Art. 17(1) and every exemption of Art. 17(3) and of
// 1798.105(d) can be chosen.
func TestErasureGroundsAndExemptionsAreWhole(t *testing.T) {
	t.Parallel()
	for law, prefix := range map[string]string{"EU": "GDPR ", "UK": "UK GDPR "} {
		w, err := clock.Builtin().Law(law)
		if err != nil {
			t.Fatal(err)
		}
		for _, letter := range []string{"a", "b", "c", "d", "e", "f"} {
			cite := prefix + "Art. 17(1)(" + letter + ")"
			if g, ok := w.Grants("erasure", "it rests on "+cite); !ok || g.Cite != cite || g.Text == "" {
				t.Errorf("%s: %q finds %+v", law, cite, g)
			}
		}
		for _, letter := range []string{"a", "b", "c", "d"} {
			if g, ok := w.Grants("restriction", "Art. 18(1)("+letter+")"); !ok || g.Code == "" {
				t.Errorf("%s: no ground 18(1)(%s)", law, letter)
			}
		}
		for _, letter := range []string{"a", "b", "c", "d", "e"} {
			if g, ok := w.Ground("erasure", prefix+"Art. 17(3)("+letter+")"); !ok || g.Scope == clock.ScopeRequest {
				t.Errorf("%s: no exemption 17(3)(%s)", law, letter)
			}
		}
		if g, ok := w.Grant("erasure", []string{"consent_withdrawal", "erasure"}); !ok || g.Code != "consent_withdrawn" {
			t.Errorf("%s: %+v", law, g)
		}
		if g, ok := w.Grant("erasure", []string{"erasure"}); !ok || g.Code != "unneeded" {
			t.Errorf("%s: %+v", law, g)
		}
	}
	ca, err := clock.Builtin().Law("CA")
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []string{"1", "2", "3", "4", "5", "6", "7", "8"} {
		cite := "Cal. Civ. Code 1798.105(d)(" + n + ")"
		if !slices.ContainsFunc(ca.Grounds("erasure"), func(g clock.Ground) bool { return g.Cite == cite && g.Scope != clock.ScopeRequest }) {
			t.Errorf("no exemption %s", cite)
		}
	}
	if _, ok := ca.Grant("erasure", nil); ok {
		t.Error("California names no grounds for which to delete")
	}
}
