package templates

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// texts are all the texts of a language that a customer may read, by file and
// key; the slots are taken out.
func texts(t *testing.T, lang string) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, name := range []string{"locales/%s/pages.yaml", "locales/%s/letters.yaml", "report/locales/%s.yaml"} {
		path := fmt.Sprintf(name, lang)
		for key, m := range readCatalogue(t, path) {
			for form, text := range m {
				out[strings.TrimSuffix(path+": "+key+"."+form, ".")] = regexp.MustCompile(`\{\{.*?\}\}`).ReplaceAllString(text, "×")
			}
		}
	}
	return out
}

// whole finds a term as words of their own; a star at its end lets it go on.
func whole(term string) *regexp.Regexp {
	end := `(?:[^\pL]|$)`
	if strings.HasSuffix(term, "*") {
		term, end = strings.TrimSuffix(term, "*"), ""
	}
	return regexp.MustCompile(`(?i)(?:[^\pL]|^)` + regexp.QuoteMeta(term) + end)
}

// One thing has one name in a language: the tables of docs/letters.md, held.
func TestTerms(t *testing.T) {
	raw, err := os.ReadFile("../docs/letters.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, ok := strings.Cut(string(raw), "\n## Words\n")
	if !ok {
		t.Fatal("docs/letters.md has no words")
	}
	codes := []string{"en", "de", "fr", "es"}
	names := map[string]string{"German": "de", "French": "fr", "Spanish": "es"}
	said := map[string]map[string]string{}
	for _, lang := range codes {
		said[lang] = texts(t, lang)
	}
	terms, never := 0, 0
	for line := range strings.Lines(section) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		switch {
		case len(cells) == 5 && cells[1] != "English" && !strings.HasPrefix(cells[0], "---"):
			for i, lang := range codes {
				terms++
				if at := where(said[lang], regexp.MustCompile("(?i)"+regexp.QuoteMeta(cells[i+1]))); at == "" {
					t.Errorf("%s never says %q", lang, cells[i+1])
				}
			}
		case len(cells) == 3 && names[cells[0]] != "":
			for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cells[1], -1) {
				never++
				if at := where(said[names[cells[0]]], whole(m[1])); at != "" {
					t.Errorf("%s says %q: %s", names[cells[0]], m[1], at)
				}
			}
		}
	}
	if terms < 100 || never < 50 {
		t.Errorf("%d terms, %d that must not be said: has the tables' form changed?", terms, never)
	}
}

// where a pattern is said first, "" when nowhere.
func where(said map[string]string, re *regexp.Regexp) string {
	for key, text := range said {
		if re.MatchString(text) {
			return key + ": " + text
		}
	}
	return ""
}

// typography are what the writers of a language do not do.
var typography = map[string]map[string]*regexp.Regexp{
	"": {
		"a straight quotation mark":            regexp.MustCompile(`["'´` + "`" + `]`),
		"two spaces":                           regexp.MustCompile(`  `),
		"three dots for an ellipsis":           regexp.MustCompile(`\.\.\.`),
		"a unit that may part from its number": regexp.MustCompile(`[0-9×] (?:MB|KB|kB|Mo|ko|bytes|Byte|octets)(?:[^\pL]|$)`),
	},
	"en": {"a mark of another language": regexp.MustCompile(`[«»„¿¡]`)},
	"de": {"a mark of another language": regexp.MustCompile(`[«»”‘¿¡]`), "a quotation that does not close": regexp.MustCompile(`„[^“]*$|^[^„]*“`), "an ordinary “bis” before a date": regexp.MustCompile(`(?:^| )bis ×`)},
	"fr": {
		"a mark of another language":           regexp.MustCompile(`[„“”¿¡]`),
		"no no-break space before a high mark": regexp.MustCompile(`[^\x{a0}\x{202f}][;:?!»]`),
		"no no-break space after a guillemet":  regexp.MustCompile(`«[^\x{a0}\x{202f}]`),
		"a guillemet that does not close":      regexp.MustCompile(`«[^»]*$|^[^«]*»`),
		"a vowel before a word that elides it": regexp.MustCompile(`(?i)(?:^|[^-\pL])(?:le|la|de|que|ne|se|je) (?:[aeiouyéèêâîôûà]|h(?:eure|onoraire))`),
	},
	"es": {
		"a mark of another language":     regexp.MustCompile(`[„“”]`),
		"a question that does not begin": regexp.MustCompile(`^[^¿]*\?`),
		"a question that does not end":   regexp.MustCompile(`¿[^?]*$`),
		"a call that does not begin":     regexp.MustCompile(`^[^¡]*!`),
		"a space before a mark":          regexp.MustCompile(`[ \x{a0}\x{202f}][;:?!»]`),
		"“y” before its own sound":       regexp.MustCompile(`(?i) y h?i(?:[^aeou\pL]|\pL)`),
	},
}

// link is what a page is found by; its signs are no punctuation.
var link = regexp.MustCompile(`https?://\S+`)

func TestTypography(t *testing.T) {
	for _, lang := range []string{"en", "de", "fr", "es"} {
		for key, text := range texts(t, lang) {
			text = link.ReplaceAllString(text, "×")
			for _, rules := range []map[string]*regexp.Regexp{typography[""], typography[lang]} {
				for what, re := range rules {
					if re.MatchString(text) {
						t.Errorf("%s has %s: %s", key, what, text)
					}
				}
			}
		}
	}
}

// Dates, times and numbers that customers read are written by the catalogue, in
// the order and with the signs of the language: no page, letter or package has a
// layout of its own. What programs read (RFC 3339) is no such thing.
func TestNothingIsWrittenByHand(t *testing.T) {
	layout := regexp.MustCompile(`\.(?:Append)?Format\("|\b(?:Jan|Mon|Monday|January) (?:2|_2|02)\b|%[.0-9]*[fe]\b|%02d[:/.-]`)
	looked := 0
	for _, pattern := range []string{
		"subject_*.templ", "fields.templ", "locale*.go", "rule_text.go", "view_subject.go", "letters/*.go", "letters/*.templ",
		"report/index*", "report/locale.go", "../portal/subject/*.go", "../requests/letter*.go", "../requests/export/survey.go",
	} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: no sources: %v", pattern, err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") || strings.HasSuffix(file, "_templ.go") {
				continue
			}
			looked++
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for n, line := range strings.Split(string(src), "\n") {
				if code, _, _ := strings.Cut(line, "//"); layout.MatchString(code) {
					t.Errorf("%s:%d writes by hand: %s", file, n+1, strings.TrimSpace(line))
				}
			}
		}
	}
	if looked < 60 {
		t.Errorf("%d files only", looked)
	}
}
