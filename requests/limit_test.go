package requests

import (
	"slices"
	"testing"
)

// A right to limit stops the uses of sensitive data, and no newsletter; what
// stops everything stops them too (Cal. Civ. Code 1798.120, 1798.121).
func TestWhatARequestStopsThatNamesNothing(t *testing.T) {
	marked := Settings{Purposes: []Purpose{{Name: "news"}, {Name: "place", Sensitive: true}, {Name: "ads"}, {Name: "health", Sensitive: true}}}
	unmarked := Settings{Purposes: []Purpose{{Name: "news"}, {Name: "ads"}}}
	for _, tc := range []struct {
		set    Settings
		rights []string
		want   []string
	}{
		{marked, []string{"limit"}, []string{"health", "place"}},
		{marked, []string{"access", "limit"}, []string{"health", "place"}},
		{marked, []string{"limit", "opt_out"}, []string{"ads", "health", "news", "place"}},
		{marked, []string{"consent_withdrawal"}, []string{"ads", "health", "news", "place"}},
		{marked, []string{"erasure"}, nil},
		{unmarked, []string{"limit"}, []string{"ads", "news"}},
	} {
		if got := tc.set.meant(tc.rights); !slices.Equal(got, tc.want) {
			t.Errorf("%v stops %v, want %v", tc.rights, got, tc.want)
		}
	}
}
