package templates

import (
	"bytes"
	"context"
	"fmt"
	"go/scanner"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"habeas/templates/locales"
	"habeas/templates/locales/localestest"
)

// forms are the plural categories that CLDR has for cardinal numbers.
var forms = map[string][]string{
	"en": {"one", "other"}, "de": {"one", "other"}, "fr": {"many", "one", "other"}, "es": {"many", "one", "other"},
}

// message is a text of a catalogue by plural form; one without plurals is
// under "".
type message map[string]string

// readCatalogue flattens a catalogue's file.
func readCatalogue(t *testing.T, path string) map[string]message {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var tree map[string]any
	if err := yaml.Unmarshal(raw, &tree); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	out := map[string]message{}
	var walk func(prefix string, node any)
	walk = func(prefix string, node any) {
		branch, ok := node.(map[string]any)
		if !ok {
			out[prefix] = message{"": fmt.Sprint(node)}
			return
		}
		if _, plural := branch["other"]; plural {
			m := message{}
			for form, text := range branch {
				m[form] = fmt.Sprint(text)
			}
			out[prefix] = m
			return
		}
		for key, child := range branch {
			walk(strings.TrimPrefix(prefix+"."+key, "."), child)
		}
	}
	walk("", tree)
	return out
}

var slot = regexp.MustCompile(`\.([A-Z][A-Za-z]*)`)

// slotsOf are the values that a text names. A form for one or none need not
// say the number, and a language may ask for the hour to choose a word.
func slotsOf(text string) []string {
	set := map[string]bool{}
	for _, action := range regexp.MustCompile(`\{\{.*?\}\}`).FindAllString(text, -1) {
		for _, m := range slot.FindAllStringSubmatch(action, -1) {
			set[m[1]] = true
		}
	}
	delete(set, "Hour")
	delete(set, "Count")
	return slices.Sorted(maps.Keys(set))
}

// Every language has the same texts, with the same values in them and the
// plural forms of its own grammar.
func TestLanguagesHaveTheSameTexts(t *testing.T) {
	for _, name := range []string{"locales/%s/pages.yaml", "report/locales/%s.yaml"} {
		english := readCatalogue(t, fmt.Sprintf(name, "en"))
		for lang, want := range forms {
			texts := readCatalogue(t, fmt.Sprintf(name, lang))
			for key, m := range english {
				other, ok := texts[key]
				if !ok {
					t.Errorf(name+": %s is missing", lang, key)
					continue
				}
				for form, text := range other {
					if strings.TrimSpace(text) == "" || text == "<nil>" {
						t.Errorf(name+": %s is empty", lang, key)
					}
					base := m[form]
					if _, ok := m[form]; !ok {
						base = m["other"]
					}
					if a, b := slotsOf(base), slotsOf(text); !slices.Equal(a, b) {
						t.Errorf(name+": %s has the values %v, English %v", lang, key, b, a)
					}
				}
				_, plural := m["other"]
				if got := slices.Sorted(maps.Keys(other)); plural && !slices.Equal(got, want) {
					t.Errorf(name+": %s has the forms %v, the language has %v", lang, key, got, want)
				}
				if _, ok := other["other"]; ok && !strings.Contains(other["other"], "{{.Count}}") {
					t.Errorf(name+": %s does not say how many", lang, key)
				}
			}
			for key := range texts {
				if _, ok := english[key]; !ok {
					t.Errorf(name+": %s is no text of the English catalogue", lang, key)
				}
			}
		}
	}
}

// same are texts that need no translation: they are alike by chance or by
// being a name.
var same = regexp.MustCompile(`^(list\.separator|date\.(full|at)|size\..*|.*\.reference|.*\.email|status\.system\..*|error\.prefix|channels\..*|contact\..*|check\..*|notice\..*|layout\..*|demo\.label|accessibility\..*|outcome\..*|index\.contact|category\..*|month\.m.*|date\.month\.m.*)$`)

// A text that reads as the English one was forgotten.
func TestTextsAreTranslated(t *testing.T) {
	for _, name := range []string{"locales/%s/pages.yaml", "report/locales/%s.yaml"} {
		english := readCatalogue(t, fmt.Sprintf(name, "en"))
		for _, lang := range []string{"de", "fr", "es"} {
			for key, m := range readCatalogue(t, fmt.Sprintf(name, lang)) {
				for form, text := range m {
					if text == english[key][form] && !same.MatchString(key) && regexp.MustCompile(`\pL{3}`).MatchString(regexp.MustCompile(`\{\{.*?\}\}`).ReplaceAllString(text, "")) {
						t.Errorf(name+": %s is in English: %s", lang, key, text)
					}
				}
			}
		}
	}
}

// A language says Sie, vous, usted: never du, tu, tú.
func TestFormsAreFormal(t *testing.T) {
	informal := map[string]*regexp.Regexp{
		"de": regexp.MustCompile(`(?i)(?:^|[^\pL])(du|dich|dir|dein\pL*|euch|euer|eure\pL*)(?:$|[^\pL])`),
		"fr": regexp.MustCompile(`(?i)(?:^|[^\pL])(tu|toi|ton|tes|tien|tienne|tiens)(?:$|[^\pL])`),
		"es": regexp.MustCompile(`(?i)(?:^|[^\pL])(tú|ti|contigo|tus|vosotros|vuestr\pL+)(?:$|[^\pL])`),
	}
	for _, name := range []string{"locales/%s/pages.yaml", "report/locales/%s.yaml", "locales/%s/letters.yaml"} {
		for lang, re := range informal {
			raw, err := os.ReadFile(fmt.Sprintf(name, lang))
			if err != nil {
				t.Fatal(err)
			}
			if found := re.FindAllString(string(raw), -1); len(found) > 0 {
				t.Errorf(name+" says %q", lang, found)
			}
		}
	}
}

// literals are the strings of the sources that put texts on customers' pages.
func literals(t *testing.T, patterns ...string) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	for _, pattern := range patterns {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: no sources: %v", pattern, err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") && pattern != file || strings.HasSuffix(file, "_templ.go") {
				continue
			}
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasSuffix(file, ".templ") {
				for _, m := range regexp.MustCompile(`"([^"\n]*)"`).FindAllStringSubmatch(string(src), -1) {
					out[m[1]] = true
				}
				continue
			}
			files := token.NewFileSet()
			var s scanner.Scanner
			s.Init(files.AddFile(file, files.Base(), len(src)), src, nil, 0)
			for {
				_, tok, lit := s.Scan()
				if tok == token.EOF {
					break
				}
				if tok == token.STRING && lit[0] == '"' {
					out[strings.Trim(lit, `"`)] = true
				}
			}
		}
	}
	return out
}

// A text that no page can ask for is dead: each key is a string of the
// sources, or is put together from strings of them.
func TestNoTextIsUnused(t *testing.T) {
	pages := literals(t, "*.templ", "*.go", "../portal/subject/*.go", "../portal/web/*.go")
	codes := literals(t, "*.templ", "*.go", "../portal/subject/*.go", "../portal/web/*.go", "../portal/desk/casefile/*.go", "../requests/*.go", "../requests/clock/*.go", "../requests/identity/*.go")
	var made func(rest string, parts int) bool
	made = func(rest string, parts int) bool {
		if rest == "" {
			return true
		}
		if parts == 5 {
			return false
		}
		for n := len(rest); n > 0; n-- {
			part := rest[:n]
			if (pages[part] || codes[part] && !strings.Contains(part, ".")) && made(rest[n:], parts+1) {
				return true
			}
		}
		return false
	}
	dynamic := regexp.MustCompile(`^date\.(month\.m([1-9]|1[0-2])|weekday\.d[0-6])$|^problem\.p[0-9]{3}\.(title|text)$`)
	for key := range readCatalogue(t, "locales/en/pages.yaml") {
		if pages[key] || dynamic.MatchString(key) {
			continue
		}
		if !strings.Contains(key, ".") || !made(key, 0) {
			t.Errorf("no page asks for %s", key)
		}
	}
	report := literals(t, "report/*.templ", "report/*.go")
	for key := range readCatalogue(t, "report/locales/en.yaml") {
		_, name, _ := strings.Cut(key, ".")
		stem := regexp.MustCompile(`_(EU|UK|CA|other|EU_any|CA_any)$`).ReplaceAllString(name, "")
		switch section, _, _ := strings.Cut(key, "."); {
		case report[key] || section == "month" || section == "category" || section == "never":
		case section == "index" && (report[name] || report[stem] || report[stem+"_"] || report["index."+stem]):
		default:
			t.Errorf("the package does not ask for %s", key)
		}
	}
}

// The words of each language, as pages write dates, numbers and lists.
func TestDatesAndNumbers(t *testing.T) {
	now := time.Date(2026, 11, 21, 10, 45, 0, 0, time.UTC)
	say := func(lang string) []string {
		ctx := WithLocale(context.Background(), Locale{Lang: lang, Zone: time.UTC, Now: now})
		return []string{
			Date(ctx, time.Date(2027, 2, 1, 0, 0, 0, 0, time.UTC)), DateFull(ctx, time.Date(2026, 12, 21, 0, 0, 0, 0, time.UTC)),
			When(ctx, now.Add(-time.Hour)), When(ctx, now.AddDate(0, 0, -1)), WhenInside(ctx, now.AddDate(0, 0, 1)), WhenInside(ctx, time.Date(2026, 12, 24, 1, 5, 0, 0, time.UTC)),
			Number(ctx, 1234), Number(ctx, 1234567), Size(ctx, 3_400_000), Size(ctx, 999), T(ctx, "status.system_found", "Count", 1), T(ctx, "status.system_found", "Count", 0), T(ctx, "status.system_found", "Count", 12345),
			Cite(ctx, "GDPR Art. 17(3)(b)"), JoinList(ctx, []string{"a", "b", "c"}),
		}
	}
	for lang, want := range map[string][]string{
		"en": {
			"1 February 2027", "Monday 21 December 2026", "Today, 09:45", "Yesterday, 10:45", "tomorrow at 10:45", "on 24 December 2026 at 01:05",
			"1,234", "1,234,567", "3.4\u00a0MB", "999\u00a0bytes", "1 record of yours", "0 records of yours", "12,345 records of yours", "GDPR Art. 17(3)(b)", "a, b, c",
		},
		"de": {
			"1. Februar 2027", "Montag, 21. Dezember 2026", "Heute, 09:45 Uhr", "Gestern, 10:45 Uhr", "morgen um 10:45 Uhr", "am 24. Dezember 2026 um 01:05 Uhr",
			"1.234", "1.234.567", "3,4\u00a0MB", "999\u00a0Byte", "1 Datensatz von Ihnen", "0 Datensätze von Ihnen", "12.345 Datensätze von Ihnen", "Art. 17 Abs. 3 Buchst. b DSGVO", "a, b, c",
		},
		"fr": {
			"1er février 2027", "lundi 21 décembre 2026", "Aujourd’hui à 9\u00a0h\u00a045", "Hier à 10\u00a0h\u00a045", "demain à 10\u00a0h\u00a045", "le 24 décembre 2026 à 1\u00a0h\u00a005",
			"1\u00a0234", "1\u00a0234\u00a0567", "3,4\u00a0Mo", "999\u00a0octets", "1 enregistrement vous concernant", "0 enregistrement vous concernant", "12\u00a0345 enregistrements vous concernant", "article 17.3.b du RGPD", "a, b, c",
		},
		"es": {
			"1 de febrero de 2027", "lunes 21 de diciembre de 2026", "Hoy, 9:45", "Ayer, 10:45", "mañana a las 10:45", "el 24 de diciembre de 2026 a la 1:05",
			"1234", "1.234.567", "3,4\u00a0MB", "999\u00a0bytes", "1 registro suyo", "0 registros suyos", "12.345 registros suyos", "artículo 17.3.b) del RGPD", "a, b, c",
		},
	} {
		if got := say(lang); !reflect.DeepEqual(got, want) {
			for i := range got {
				if got[i] != want[i] {
					t.Errorf("%s: %q, want %q", lang, got[i], want[i])
				}
			}
		}
	}
}

// Which language answers a browser.
func TestMatch(t *testing.T) {
	for accept, want := range map[string]string{
		"": "en", "*": "en", "de-AT,de;q=0.9,en;q=0.8": "de", "en-GB": "en", "fr-CA,en;q=0.5": "fr", "es-419": "es", "ja,es;q=0.3": "es", "ja": "en",
		"pt-BR,fr;q=0.5": "fr", ";;;": "en", "en-XA": "en", "ar-XB,de;q=0.1": "de",
	} {
		if got := Match(accept, nil); got != want {
			t.Errorf("%q is answered in %s, want %s", accept, got, want)
		}
	}
	if got := Match("fr,es;q=0.5", []string{"de", "es"}); got != "es" {
		t.Errorf("of German and Spanish a French browser that takes Spanish gets %s", got)
	}
	if got := Match("ja", []string{"de", "es"}); got != "de" {
		t.Errorf("what fits none is answered in %s, not in the first", got)
	}
}

// A name that runs the other way stands apart in a sentence.
func TestNamesThatRunTheOtherWay(t *testing.T) {
	ctx := WithLocale(context.Background(), Locale{Lang: "en"})
	if got := T(ctx, "privacy.lead", "Company", "שלום"); !strings.Contains(got, "\u2068שלום\u2069") {
		t.Errorf("a Hebrew name turns the sentence: %q", got)
	}
	if got := T(ctx, "privacy.lead", "Company", "Acme"); strings.Contains(got, "\u2068") {
		t.Errorf("a Latin name needs no mark: %q", got)
	}
	rtl := WithLocale(context.Background(), Locale{Lang: locales.PseudoRTL})
	if got := T(rtl, "privacy.lead", "Company", "Acme"); Dir(rtl) != "rtl" || !strings.Contains(got, "\u2068Acme\u2069") {
		t.Errorf("from right to left a Latin name turns the sentence: %q", got)
	}
}

// Answers are joined with the signs of the language, and one that runs the other
// way turns none of the others.
func TestAnswersAreJoinedAsTheLanguageDoes(t *testing.T) {
	v := QuestionPage{Answers: Answers{Corrections: []AskedCorrection{{What: "Name", Right: "שרה 5"}}, Period: "year", Who: "other", Behalf: "parent", ChildAge: "under_13"}}
	for lang, want := range map[string][2]string{
		"en": {"Name: \u2068שרה 5\u2069|; The last 12 months", "As parent or guardian of a child, under 13"},
		"de": {"Name: \u2068שרה 5\u2069|; Die letzten 12 Monate", "Als Elternteil oder sorgeberechtigt für ein Kind, unter 13"},
		"fr": {"Name\u00a0: \u2068שרה 5\u2069|\u202f; Les 12 derniers mois", "En tant que parent ou titulaire de l’autorité parentale, moins de 13 ans"},
		"es": {"Name: \u2068שרה 5\u2069|; Los últimos 12 meses", "Como madre, padre o titular de la tutela de un menor, menos de 13 años"},
	} {
		ctx := WithLocale(context.Background(), Locale{Lang: lang})
		got := detailsOf(ctx, v)
		for _, part := range strings.Split(want[0], "|") {
			if !strings.Contains(got, part) {
				t.Errorf("%s: %q lacks %q", lang, got, part)
			}
		}
		if rows := answerRows(ctx, v); !slices.ContainsFunc(rows, func(r answerRow) bool { return r.value == want[1] }) {
			t.Errorf("%s: no row says %q: %v", lang, want[1], rows)
		}
	}
}

// Every customer's page in a pseudo-locale: what stands outside of brackets is
// the sample's data, and nothing that a template says by itself.
func TestCustomersPagesSayNothingByThemselves(t *testing.T) {
	data := strings.Join(slices.Collect(maps.Keys(literals(t, "sample_test.go"))), "\n")
	sampled := func(text string) bool {
		for _, part := range regexp.MustCompile(`; | – | \(`).Split(text, -1) {
			if !strings.Contains(data, part) {
				return false
			}
		}
		return true
	}
	for name, page := range previews() {
		if strings.HasPrefix(name, "desk-") || strings.HasPrefix(name, "audit-") || strings.HasPrefix(name, "admin-") || strings.HasSuffix(name, "-staff") {
			continue
		}
		for _, lang := range []string{locales.PseudoLTR, locales.PseudoRTL} {
			var b bytes.Buffer
			ctx := WithLocale(t.Context(), Locale{Lang: lang, Offered: []string{locales.PseudoLTR, locales.PseudoRTL}, Zone: berlin, Now: sampleNow})
			if err := page.Render(ctx, &b); err != nil {
				t.Fatal(err)
			}
			if want := fmt.Sprintf(`<html lang="%s" dir="%s"`, lang, locales.Direction(lang)); !strings.Contains(b.String(), want) {
				t.Errorf("%s: no %s", name, want)
			}
			for _, text := range localestest.Outside(t, &b) {
				if !sampled(text) && text != locales.PseudoLTR && text != locales.PseudoRTL {
					t.Errorf("%s in %s says by itself: %s", name, lang, text)
				}
			}
		}
	}
}

// A customer's page without a sample is a page that no test looks at.
func TestEveryCustomersPageHasASample(t *testing.T) {
	samples, err := os.ReadFile("sample_test.go")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("subject_*.templ")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?m)^templ ([A-Z][A-Za-z]*)\(`).FindAllSubmatch(src, -1) {
			if !bytes.Contains(samples, append(m[1], '(')) {
				t.Errorf("%s has no sample in sample_test.go", m[1])
			}
		}
	}
}
