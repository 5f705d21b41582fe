package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func glossaryConfig(t *testing.T, languages, file string) (*Config, error) {
	t.Helper()
	for _, env := range []string{"DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "HABEAS_SYSTEM_CRM_URL"} {
		t.Setenv(env, "set")
	}
	example, err := os.ReadFile("../../docs/habeas.yaml")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	words := filepath.Join(dir, "de.yaml")
	if err := os.WriteFile(words, []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(example), "languages: [en, de, fr, es]", fmt.Sprintf("languages: %s\n  glossary: {de: %s}", languages, words), 1)
	path := filepath.Join(dir, "habeas.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return loadConfig(path)
}

// The company's texts come in the languages of its glossary, and what a
// glossary lacks is counted.
func TestGlossaryIsRead(t *testing.T) {
	c, err := glossaryConfig(t, "[en, de]", "Orders and deliveries: Bestellungen und Lieferungen\n")
	if err != nil {
		t.Fatal(err)
	}
	set := c.settings()
	if got := set.Glossary.In("de", "Orders and deliveries"); got != "Bestellungen und Lieferungen" {
		t.Errorf("the register's title is %q", got)
	}
	missing := strings.Join(untranslated(set, nil), "\n")
	if !strings.Contains(missing, "company.glossary.de: ") || !strings.Contains(missing, "habeas config glossary de --missing") || strings.Contains(missing, "company.glossary.en") {
		t.Errorf("missing is told as %q", missing)
	}
}

func TestBrokenGlossariesAreRefused(t *testing.T) {
	for _, tc := range []struct{ languages, file, want string }{
		{"[en, de]", "a: b\na: c\n", "2"},
		{"[en, de]", "a: [b]\n", "company.glossary.de is a list of TEXT: TRANSLATION"},
		{"[en, fr]", "a: b\n", `"de" is not among the company's languages`},
	} {
		if _, err := glossaryConfig(t, tc.languages, tc.file); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s %q: got %v, want %s", tc.languages, tc.file, err, tc.want)
		}
	}
}

// Nothing that the sample company says of itself stays in English.
func TestSampleCompanySpeaksEveryLanguage(t *testing.T) {
	var c Config
	if err := c.sample(); err != nil {
		t.Fatal(err)
	}
	if faults := c.readGlossary(); len(faults) > 0 {
		t.Fatal(faults)
	}
	c.defaults()
	if missing := untranslated(c.settings(), nil); len(missing) > 0 {
		t.Error(missing)
	}
}
