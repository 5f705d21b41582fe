package acme_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"habeas/requests"
	"habeas/requests/connect"
	"habeas/requests/connect/sqldb"
	"habeas/requests/testkit"
	"habeas/requests/testkit/acme"
)

// company is what the sample company configures, and its open systems.
func company(t *testing.T) (set requests.Settings, systems []connect.Connector) {
	t.Helper()
	var file struct {
		Purposes   []requests.Purpose    `yaml:"purposes"`
		Recipients []requests.Recipient  `yaml:"recipients"`
		Register   []requests.Processing `yaml:"register"`
	}
	if err := yaml.UnmarshalWithOptions([]byte(acme.Register), &file, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	set.Purposes, set.Register, set.Recipients = file.Purposes, file.Register, file.Recipients
	url := testkit.EmptyDB(t)
	if err := acme.Create(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"crm": acme.CRM, "social": acme.Social} {
		c, err := sqldb.Open(t.Context(), connect.Config{Name: name, URL: url, Dataset: text})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		systems = append(systems, c)
	}
	return set, systems
}

// The register covers every record type, each of its entries answers all of
// Art. 15(1), and everybody who got data can be told by letter.
func TestRegisterIsWhole(t *testing.T) {
	t.Parallel()
	set, systems := company(t)
	if err := set.CheckRegister(); err != nil {
		t.Error(err)
	}
	if list := set.Uncovered(systems); len(list) > 0 {
		t.Errorf("not covered:\n%s", strings.Join(list, "\n"))
	}
	for _, p := range set.Register {
		if p.BasisText == "" || p.Automated == "" || len(p.Categories) == 0 || len(p.Titles) != 3 {
			t.Errorf("%s leaves out its basis, categories, automated decisions or a language", p.Name)
		}
	}
	for _, r := range set.Recipients {
		if r.Contact == "" || r.Country == "" {
			t.Errorf("%s cannot be told by letter, or nobody knows where it is", r.Name)
		}
	}
}

// Nothing that a customer of the sample company reads stays untranslated, and
// the languages have the same texts.
func TestGlossariesAreWhole(t *testing.T) {
	t.Parallel()
	set, systems := company(t)
	texts := set.Texts(systems)
	var all []string
	for lang, text := range acme.Glossaries() {
		var words map[string]string
		if err := yaml.UnmarshalWithOptions([]byte(text), &words, yaml.Strict()); err != nil {
			t.Fatal(err)
		}
		set.Glossary = requests.Glossary{lang: words}
		for _, missing := range set.Untranslated(lang, texts) {
			t.Errorf("%s lacks %q", lang, missing)
		}
		have := slices.Sorted(maps.Keys(words))
		if all == nil {
			all = have
		}
		if !slices.Equal(have, all) {
			t.Errorf("%s has other texts than the other languages", lang)
		}
	}
	// The demo names its systems, its authority and what it does in general.
	if extra := len(all) - len(texts); extra < 0 || extra > 6 {
		t.Errorf("%d texts are translated that no file has", extra)
	}
}
