package letters_test

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"

	"habeas/templates/letters"
)

// catalogue reads a language's file: key → plural form ("" where there is one form only) → sentence.
func catalogue(t *testing.T, lang string) map[string]map[string]string {
	t.Helper()
	data, err := os.ReadFile("../locales/" + lang + "/letters.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var raw map[string]any
	if err := yaml.UnmarshalWithOptions(data, &raw, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	out := map[string]map[string]string{}
	for key, v := range raw {
		switch x := v.(type) {
		case string:
			out[key] = map[string]string{"": x}
		case map[string]any:
			forms := map[string]string{}
			for form, text := range x {
				forms[form] = text.(string)
			}
			out[key] = forms
		default:
			t.Fatalf("%s: %s is no sentence", lang, key)
		}
	}
	return out
}

// slotName finds the slots of a sentence, those of its conditions too.
var slotName = regexp.MustCompile(`\.([A-Z][A-Za-z]*)`)

func slotsOf(forms map[string]string) []string {
	set := map[string]bool{}
	for _, text := range forms {
		for _, action := range regexp.MustCompile(`\{\{[^}]*\}\}`).FindAllString(text, -1) {
			for _, m := range slotName.FindAllStringSubmatch(action, -1) {
				set[m[1]] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(set))
}

// plurals are the forms that a language has for whole numbers.
func plurals(lang string) []string {
	names := map[plural.Form]string{plural.Zero: "zero", plural.One: "one", plural.Two: "two", plural.Few: "few", plural.Many: "many", plural.Other: "other"}
	set := map[string]bool{}
	for _, n := range []int{0, 1, 2, 3, 5, 11, 100, 1000, 1000000} {
		set[names[plural.Cardinal.MatchPlural(language.Make(lang), n, 0, 0, 0, 0)]] = true
	}
	if lang == "fr" || lang == "es" {
		set["many"] = true // CLDR 38 and later: a million of
	}
	return slices.Sorted(maps.Keys(set))
}

// TestTranslated: no sentence lacks in a language, none is too many, each has the same slots and the
// plural forms that its language wants.
func TestTranslated(t *testing.T) {
	t.Parallel()
	if got := letters.Languages(); !slices.Equal(slices.Sorted(slices.Values(got)), []string{"de", "en", "es", "fr"}) || got[0] != "en" {
		t.Fatal(got)
	}
	english := catalogue(t, "en")
	for _, lang := range letters.Languages() {
		other := catalogue(t, lang)
		for key, forms := range english {
			theirs, ok := other[key]
			if !ok {
				t.Errorf("%s lacks %s", lang, key)
				continue
			}
			if want, got := slotsOf(forms), slotsOf(theirs); !slices.Equal(want, got) {
				t.Errorf("%s: %s has the slots %v, in English %v", lang, key, got, want)
			}
			if _, one := forms[""]; one {
				if len(theirs) != 1 || strings.TrimSpace(theirs[""]) == "" {
					t.Errorf("%s: %s is not one sentence", lang, key)
				}
				continue
			}
			if got := slices.Sorted(maps.Keys(theirs)); !slices.Equal(got, plurals(lang)) {
				t.Errorf("%s: %s has the forms %v, the language has %v", lang, key, got, plurals(lang))
			}
		}
		for key := range other {
			if _, ok := english[key]; !ok {
				t.Errorf("%s has %s, which English lacks", lang, key)
			}
		}
	}
}

// berlin is a zone that has a name in every language, another in summer.
var berlin = func() *time.Location {
	loc, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		panic(err)
	}
	return loc
}()

// variants are data that reach every sentence between them.
func variants(kind string) []letters.Data {
	var out []letters.Data
	add := func(change func(*letters.Data)) {
		d := dataFor(kind)
		change(&d)
		out = append(out, d)
	}
	bare := func(d *letters.Data) {
		d.Kept, d.Counts.Kept, d.Untold, d.Recipients, d.Note, d.Person, d.Name = nil, 0, nil, nil, "", "", ""
		d.Backups, d.Next, d.ProofURL, d.Listed, d.Unsearched, d.Withheld, d.OptOutURL = time.Time{}, time.Time{}, "", false, nil, nil, ""
	}
	add(func(*letters.Data) {})
	add(bare)
	add(func(d *letters.Data) { bare(d); d.Results, d.Counts = nil, letters.Counts{} })
	add(func(d *letters.Data) {
		d.Kept, d.Counts.Kept = []letters.Kept{{What: "orders", Count: 2, Text: "they are needed", Ground: "GDPR Art. 17(3)(e)"}}, 2
	})
	add(func(d *letters.Data) { d.Again = true })
	for _, month := range []time.Month{time.January, time.July} { // both zones of Central Europe
		add(func(d *letters.Data) { d.At = time.Date(2027, month, 3, 9, 5, 0, 0, berlin) })
	}
	add(func(d *letters.Data) { d.Staff = true })
	add(func(d *letters.Data) { d.Verified = false })
	add(func(d *letters.Data) {
		d.Verified, d.Rights = false, []string{"consent_withdrawal", "opt_out", "limit"}
	})
	add(func(d *letters.Data) { d.Rights = []string{"objection"} })
	add(func(d *letters.Data) { d.Rights = []string{"portability", "access", "restriction"} })
	add(func(d *letters.Data) { d.UndoURL = "https://acme.example/undo/abc" })
	add(func(d *letters.Data) { d.Begun, d.Restored = nil, true })
	add(func(d *letters.Data) { d.Begun, d.Restored = nil, false })
	add(func(d *letters.Data) { d.Purposes, d.Remaining = nil, nil })
	add(func(d *letters.Data) { d.Fee = "" })
	add(func(d *letters.Data) { d.Advertising, d.Health = true, true })
	add(func(d *letters.Data) { d.Changes = []letters.Change{{What: "name"}} })
	add(func(d *letters.Data) { d.Changes = nil })
	add(func(d *letters.Data) { d.Open, d.Days, d.Due = 3, 1, time.Time{}.AddDate(2026, 0, 0) })
	add(func(d *letters.Data) { d.Reasons[0].Right, d.Reasons[0].Code = "", "legal_claims" })
	add(func(d *letters.Data) {
		d.Kept, d.Counts.Kept = []letters.Kept{{What: "orders", Count: 1, Code: "legal_duty", Ground: "GDPR Art. 17(3)(b)"}}, 1
	})
	add(func(d *letters.Data) { d.Reasons[0].Code = "identity_unproven" })
	for _, clock := range []string{letters.ClockRuns, letters.ClockStops, letters.ClockRestarts} {
		add(func(d *letters.Data) { d.Clock = clock })
	}
	for _, why := range []string{"complexity", "number", "necessary", "", "names", "scope", "unreadable", "outdated", "doubtful", "insufficient"} {
		add(func(d *letters.Data) { d.WhyCode = why })
	}
	for _, standing := range []string{"parent", "attorney", "guardian"} {
		add(func(d *letters.Data) { d.Standing = standing })
	}
	for _, how := range []string{letters.Granted, letters.PartlyGranted, letters.Denied} {
		add(func(d *letters.Data) { d.Decision = how })
	}
	for m := time.January; m <= time.December; m++ {
		add(func(d *letters.Data) { d.Due, d.Previous = date(2027, m, 1), date(2026, 1, 1) })
	}
	for _, item := range []string{"sign_in", "code", "facts", "document", "visit", "permission", "confirmation"} {
		add(func(d *letters.Data) { d.Items = []string{item} })
	}
	for _, kind := range []string{"ssn", "government_id", "financial_account", "health_insurance_id", "medical_id", "password", "security_answers", "biometric"} {
		add(func(d *letters.Data) { d.Withheld = []string{kind} })
	}
	for _, id := range []string{"email", "phone", "customer_id", "handle", "social_id"} {
		add(func(d *letters.Data) { d.SearchedFor = []string{id} })
	}
	for _, right := range []string{"rectification", "restriction", "objection", "consent_withdrawal", "opt_out", "limit", "erasure"} {
		add(func(d *letters.Data) { d.Rights = []string{right} })
	}
	return out
}

// TestNoSentenceUnused renders every kind in every variant: what no letter ever says is not in the
// catalogue. The grounds are held against their table in requests.
func TestNoSentenceUnused(t *testing.T) {
	t.Parallel()
	said := map[string]bool{}
	for _, kind := range letters.Kinds() {
		for _, law := range lawsOf(kind) {
			if law != "EU" && law != "UK" && law != "CA" && law != "VA" && law != "OK" && law != "CH" && law != "PIPEDA" {
				continue
			}
			list := variants(kind)
			if law != lawsOf(kind)[0] && law != "EU" && law != "CA" {
				list = list[:2]
			}
			for _, d := range list {
				_, keys, err := letters.Written(kind, "en", under(law, d))
				if err != nil && !strings.Contains(err.Error(), "missing") {
					t.Errorf("%s under %s: %v", kind, law, err)
				}
				for _, key := range keys {
					said[key] = true
				}
			}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(catalogue(t, "en"))) {
		if !said[key] && !strings.HasPrefix(key, "ground.") {
			t.Errorf("no letter says %s", key)
		}
	}
}

// TestEveryLanguage renders every kind in every language and variant, with what must hold for a mail:
// no run of digits that could be taken for a code, no slot left open, text and HTML the same.
func TestEveryLanguage(t *testing.T) {
	t.Parallel()
	for _, lang := range letters.Languages() {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			for _, kind := range letters.Kinds() {
				law := lawsOf(kind)[0]
				if slices.Contains(lawsOf(kind), "EU") {
					law = "EU"
				}
				list := variants(kind)
				if kind != letters.Code {
					list = list[:3]
				}
				for i, d := range list {
					d = under(law, d)
					subject, text, page, _, err := letters.Render(kind, lang, d)
					if err != nil {
						if i == 0 {
							t.Errorf("%s: %v", kind, err)
						}
						continue // a variant that this kind cannot have
					}
					runs := digits.FindAllString(text, -1)
					if want := kind == letters.Code; (len(runs) == 1 && runs[0] == d.Code) != want || !want && len(runs) > 0 {
						t.Errorf("%s: runs of digits %v", kind, runs)
					}
					if strings.ContainsAny(subject, "\r\n") || strings.Contains(text+page, "<no value>") || strings.Contains(text, "{{") || strings.Contains(text, "()") {
						t.Errorf("%s: %q\n%s", kind, subject, text)
					}
					if !strings.Contains(page, fmt.Sprintf(`<html lang="%s" dir="ltr">`, lang)) {
						t.Errorf("%s: language of the page", kind)
					}
					if i == 0 {
						samePage(t, lang, text, page)
						keep(t, lang+"-"+kind, page, text)
					}
				}
			}
		})
	}
}

func TestWrittenAsTheLanguageDoes(t *testing.T) {
	t.Parallel()
	d := dataFor(letters.ErasureDone)
	d.Counts = letters.Counts{Erased: 1234567, Masked: 1234, Kept: 1}
	d.Kept = []letters.Kept{{What: "Invoices", Count: 1, Code: "legal_duty", Ground: "GDPR Art. 17(3)(b)", Until: date(2034, 5, 1)}}
	for lang, wants := range map[string][]string{
		"en": {"1,234,567 records erased", "1,234 records made", "The law obliges us to keep the data (GDPR Art. 17(3)(b)). We keep it until 1 May 2034.", "1 record kept"},
		"de": {"1.234.567 Datensätze gelöscht", "1.234 Datensätze unkenntlich", "Wir sind gesetzlich verpflichtet, die Daten aufzubewahren (Art. 17 Abs. 3 Buchst. b DSGVO). Wir bewahren ihn bis zum 1. Mai 2034 auf.", "1 Datensatz aufbewahrt"},
		"fr": {"1\u00a0234\u00a0567 enregistrements effacés", "1\u00a0234 enregistrements anonymisés", "La loi nous oblige à conserver ces données (article 17.3.b du RGPD). Nous le conservons jusqu’au 1er mai 2034.", "1 enregistrement conservé"},
		"es": {"1.234.567 registros suprimidos", "1234 registros anonimizados", "La ley nos obliga a conservar los datos (artículo 17.3.b) del RGPD). Lo conservamos hasta el 1 de mayo de 2034.", "1 registro conservado"},
	} {
		_, text, _, _, err := letters.Render(letters.ErasureDone, lang, d)
		if err != nil {
			t.Fatal(err)
		}
		text = strings.ReplaceAll(text, "\u202f", "\u00a0")
		for _, want := range wants {
			if !strings.Contains(text, want) {
				t.Errorf("%s: no %q in\n%s", lang, want, text)
			}
		}
	}
}

// TestMoments: the time of day and its zone as each language writes them.
func TestMoments(t *testing.T) {
	t.Parallel()
	d := dataFor(letters.WithdrawalDone)
	for lang, wants := range map[string][2]string{
		"en": {"Since 3 January 2027, 09:05 CET we", "Since 3 July 2027, 00:30 CEST we"},
		"de": {"Seit dem 3. Januar 2027, 09:05 Uhr (MEZ) verwenden", "Seit dem 3. Juli 2027, 00:30 Uhr (MESZ) verwenden"},
		"fr": {"Depuis le 3 janvier 2027 à 9 h 05 (heure d’Europe centrale), nous", "Depuis le 3 juillet 2027 à 0 h 30 (heure d’été d’Europe centrale), nous"},
		"es": {"Desde el 3 de enero de 2027, 9:05 (hora central europea) ya", "Desde el 3 de julio de 2027, 0:30 (hora central europea de verano) ya"},
	} {
		for i, at := range []time.Time{time.Date(2027, 1, 3, 9, 5, 0, 0, berlin), time.Date(2027, 7, 3, 0, 30, 0, 0, berlin)} {
			d.At = at
			_, text, _, _, err := letters.Render(letters.WithdrawalDone, lang, d)
			if err != nil {
				t.Fatal(err)
			}
			if text = strings.ReplaceAll(text, "\u00a0", " "); !strings.Contains(text, wants[i]) {
				t.Errorf("%s: no %q in\n%s", lang, wants[i], text)
			}
		}
	}
}

func TestCitations(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ from, de, fr, es string }{
		{"GDPR Art. 17(3)(e)", "Art. 17 Abs. 3 Buchst. e DSGVO", "article 17.3.e du RGPD", "artículo 17.3.e) del RGPD"},
		{"GDPR Art. 11(2), 12(2) and 12(6)", "Art. 11 Abs. 2, Art. 12 Abs. 2 und Art. 12 Abs. 6 DSGVO", "articles 11.2, 12.2 et 12.6 du RGPD", "artículos 11.2, 12.2 y 12.6 del RGPD"},
		{"UK GDPR Art. 15(1A)", "Art. 15 Abs. 1A UK-DSGVO", "article 15.1A du RGPD britannique", "artículo 15.1A del RGPD del Reino Unido"},
		{"GDPR Art. 17(3)(b), HGB §257", "Art. 17 Abs. 3 Buchst. b DSGVO, HGB §257", "article 17.3.b du RGPD, HGB §257", "artículo 17.3.b) del RGPD, HGB §257"},
		{"Cal. Civ. Code 1798.105(d)(8)", "Cal. Civ. Code 1798.105(d)(8)", "Cal. Civ. Code 1798.105(d)(8)", "Cal. Civ. Code 1798.105(d)(8)"},
		{"FADP Art. 26(1)(c)", "Art. 26 Abs. 1 Buchst. c DSG", "article 26.1.c LPD", "artículo 26.1.c) de la Ley suiza de protección de datos"},
		{"", "", "", ""},
	} {
		for lang, want := range map[string]string{"en": c.from, "de": c.de, "fr": c.fr, "es": c.es} {
			if got := letters.CitedIn(lang, c.from); got != want {
				t.Errorf("%s: %q, want %q", lang, got, want)
			}
		}
	}
}
