package company

import (
	"testing"

	"github.com/goccy/go-yaml"

	"habeas/requests"
	"habeas/requests/testkit/acme"
)

// Glossary is the sample company's: its texts in its customers' languages.
func Glossary(t testing.TB) requests.Glossary {
	t.Helper()
	out := requests.Glossary{}
	for lang, text := range acme.Glossaries() {
		var words map[string]string
		if err := yaml.UnmarshalWithOptions([]byte(text), &words, yaml.Strict()); err != nil {
			t.Fatal(err)
		}
		out[lang] = words
	}
	return out
}
