package main

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"slices"

	"github.com/goccy/go-yaml"

	"habeas/requests"
	"habeas/requests/connect"
)

// readGlossary reads `company.glossary`: by language, a file (or its text, which
// has more than one line) with the texts as configured and what they are in that
// language.
func (c *Config) readGlossary() []error {
	var faults []error
	c.glossary = requests.Glossary{}
	for _, lang := range slices.Sorted(maps.Keys(c.Company.Glossary)) {
		raw := []byte(c.Company.Glossary[lang])
		if !bytes.ContainsRune(raw, '\n') {
			var err error
			if raw, err = os.ReadFile(c.Company.Glossary[lang]); err != nil {
				faults = append(faults, fmt.Errorf("company.glossary.%s: %w", lang, err))
				continue
			}
		}
		var words map[string]string
		if err := decode(raw, &words); err != nil {
			faults = append(faults, fmt.Errorf("company.glossary.%s is a list of TEXT: TRANSLATION:\n%w", lang, err))
		}
		c.glossary[lang] = words
	}
	return faults
}

// ConfigGlossaryCmd writes a glossary file.
type ConfigGlossaryCmd struct {
	Lang    string `arg:"" help:"Language: de, fr, …"`
	Missing bool   `help:"Only what has no translation yet."`
}

// Run writes every text of the company that customers read, with what it is
// in the language so far, as a file to fill in for company.glossary.
func (c ConfigGlossaryCmd) Run(ctx context.Context, g *Globals) error {
	return withSystems(ctx, g, func(cfg *Config, systems []connect.Connector) error {
		set := cfg.settings()
		if !slices.Contains(set.Offered(), c.Lang) {
			return usage("%q is not among the company's languages: %v", c.Lang, set.Offered())
		}
		var file yaml.MapSlice
		for _, text := range set.Texts(systems) {
			if in := set.Glossary[c.Lang][text]; in == "" || !c.Missing {
				file = append(file, yaml.MapItem{Key: text, Value: in})
			}
		}
		raw, err := yaml.Marshal(file)
		if err != nil {
			return err
		}
		_, err = os.Stdout.Write(raw)
		return err
	})
}

// untranslated tells for each language but the first, in which the company
// writes, how much its glossary lacks.
func untranslated(set requests.Settings, systems []connect.Connector) []string {
	var out []string
	texts := set.Texts(systems)
	for _, lang := range set.Offered()[1:] {
		if n := len(set.Untranslated(lang, texts)); n > 0 {
			out = append(out, fmt.Sprintf("company.glossary.%s: %d of %d texts that customers read have no translation: habeas config glossary %s --missing lists them.", lang, n, len(texts), lang))
		}
	}
	return out
}
