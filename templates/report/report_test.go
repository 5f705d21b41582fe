package report_test

import (
	"bytes"
	"strings"
	"testing"

	"habeas/templates/report"
)

func page(t *testing.T, p report.IndexPage) string {
	t.Helper()
	var b bytes.Buffer
	if err := report.Index(p).Render(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// Every law and every form of the page finds all its texts, and names only the
// articles of its own law.
func TestEveryTextIsThere(t *testing.T) {
	for _, law := range []string{"EU", "UK", "CA", "CO", "BR", ""} {
		for _, authority := range []string{"", "The Authority"} {
			for _, only := range []bool{false, true} {
				p := report.IndexPage{
					Lang: "en", Law: law, CategoriesOnly: only, Portability: !only, Withheld: true, Reference: "H4B-E2A", Name: "Anna",
					Company: report.IndexCompany{Name: "Acme", Authority: authority, Automated: "None.", Transfers: "None."},
					Systems: []report.IndexSystem{{ID: "s1", Title: "CRM", Purposes: []report.IndexPurpose{{Types: []report.IndexType{{ID: "s1t1", Title: "Notes", Count: 1}}}}}},
				}
				html := page(t, p)
				if strings.Contains(html, "‹") || strings.Contains(html, "<no value>") {
					t.Errorf("%q, authority %q, categories only %t: a text is missing", law, authority, only)
				}
				if law == "CA" && (strings.Contains(html, "GDPR") || strings.Contains(html, "Article")) {
					t.Errorf("the Californian page speaks of the GDPR")
				}
				if authority != "" && !strings.Contains(html, authority) {
					t.Errorf("%q: the authority is not named", law)
				}
			}
		}
	}
	if html := page(t, report.IndexPage{Lang: "xx", Law: "EU"}); !strings.Contains(html, "We hold no personal data about you") {
		t.Error("a language without a catalogue is not answered in English")
	}
}

func TestCategoryNames(t *testing.T) {
	for code, want := range map[string]string{
		"contact.email":    "e-mail address",
		"health.allergy":   "allergy (health)",
		"biometric":        "biometric",
		"some_new.kind_of": "kind of (some new)",
	} {
		if got := report.Category("en", code); got != want {
			t.Errorf("%s is %q, want %q", code, got, want)
		}
	}
}
