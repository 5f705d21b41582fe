package report_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"habeas/templates/locales"
	"habeas/templates/locales/localestest"
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

// The page in a pseudo-locale, in every form: what stands outside of brackets
// is the company's data, and nothing that the template says by itself.
func TestThePageSaysNothingByItself(t *testing.T) {
	const data = "Acme Outdoor HB-7K3F-Q2M Anna Example 1 Road, Town privacy@acme.example Dana Okafor The Authority https://authority.example CRM Orders DHL To deliver Shop 10 years Contract Article None. Email anna@customers.example some_kind a.json a.csv"
	for _, lang := range []string{locales.PseudoLTR, locales.PseudoRTL} {
		for _, law := range []string{"EU", "UK", "CA", "CO", "BR", "CH", "QC", ""} {
			for form := range 8 {
				p := report.IndexPage{
					Lang: lang, Law: law, CategoriesOnly: form&1 > 0, CategoriesAsked: form&2 > 0, Period: []string{"", "year"}[form&1], Portability: form&2 > 0, Apart: form&2 > 0, Withheld: true, Reference: "HB-7K3F-Q2M", Name: "Anna",
					ReceivedOn: report.Day(lang, time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)), MadeOn: report.Day(lang, time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)),
					Company: report.IndexCompany{Name: "Acme Outdoor", Address: "Example 1 Road, Town", Email: "privacy@acme.example", Officer: "Dana Okafor", Automated: "None.", Transfers: "None."},
				}
				if form&4 > 0 {
					p.Company.Authority, p.Company.AuthorityURL, p.Records = "The Authority", "https://authority.example", 12
					p.Systems = []report.IndexSystem{{ID: "s1", Title: "CRM", Purposes: []report.IndexPurpose{
						{Purpose: "To deliver", Types: []report.IndexType{
							{
								ID: "s1t1", Title: "Orders", Source: "Shop", Recipient: "DHL", Retention: "10 years", Basis: "Contract", Transfers: "None.", Automated: "None.", Social: true,
								Categories: []string{report.Category(lang, "contact.email")}, Never: []string{report.Never(lang, "password")}, Count: 12, Columns: []string{"Email"},
								Rows: [][]report.IndexCell{{{Text: "anna@customers.example"}}, {{Withheld: true}}, {{Text: "anna@", Cut: true}}}, JSON: "a.json", CSV: "a.csv",
							},
							{ID: "s1t2", Title: "Orders", Count: 1},
						}},
						{Types: []report.IndexType{{ID: "s1t3", Title: "Orders", Count: 1}}},
					}}}
				}
				html := page(t, p)
				if want := fmt.Sprintf(`lang="%s" dir="%s"`, lang, locales.Direction(lang)); !strings.Contains(html, want) {
					t.Errorf("%s: no %s", lang, want)
				}
				for _, text := range localestest.Outside(t, strings.NewReader(html)) {
					if !strings.Contains(data, text) {
						t.Errorf("%s, law %q, form %d says by itself: %s", lang, law, form, text)
					}
				}
			}
		}
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
