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

// The package's page writes dates, numbers, plurals and signs as each language
// does.
func TestDatesAndNumbers(t *testing.T) {
	first, last := time.Date(2027, 2, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 12, 21, 0, 0, 0, 0, time.UTC)
	for lang, want := range map[string][]string{
		"en": {"1 February 2027", "21 December 2026", "0 records", "1 record", "1,234 records", "The first 50 of 12,345 records.", "Contact:"},
		"de": {"1. Februar 2027", "21. Dezember 2026", "0 Datensätze", "1 Datensatz", "1.234 Datensätze", "Die ersten 50 von 12.345 Datensätzen.", "Kontakt:"},
		"fr": {"1er février 2027", "21 décembre 2026", "0 enregistrement", "1 enregistrement", "1\u00a0234 enregistrements", "Les 50 premiers enregistrements sur 12\u00a0345.", "Contact\u00a0:"},
		"es": {"1 de febrero de 2027", "21 de diciembre de 2026", "0 registros", "1 registro", "1234 registros", "Los primeros 50 de 12.345 registros.", "Contacto:"},
	} {
		records := func(n int64) string { return report.Text(lang, "index.records", "Count", n) }
		shown, _, _ := strings.Cut(report.Text(lang, "index.shown", "Shown", 50, "Count", int64(12345)), ". ")
		got := []string{report.Day(lang, first), report.Day(lang, last), records(0), records(1), records(1234), strings.TrimSuffix(shown, ".") + ".", report.Text(lang, "index.contact") + report.Text(lang, "index.colon")}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("%s: %q, want %q", lang, got[i], want[i])
			}
		}
	}
}
