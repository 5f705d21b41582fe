package requests_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"habeas/requests"
)

func TestNearestLanguage(t *testing.T) {
	for tag, want := range map[string]string{
		"en": "en", "de": "de", "fr": "fr", "es": "es", "de-AT": "de", "de-CH": "de", "gsw": "de", "fr-CA": "fr", "es-419": "es", "es-MX": "es",
		"en-US": "en", "EN_gb": "en", "de-Latn-DE-1996": "de", "": "en", "ja": "en", "zh-Hant": "en", "x": "en", "en'><script>": "en", "*": "en",
		"de;q=0.9": "en", "en-XA": "en", "ar-XB": "en", strings.Repeat("de-", 2000) + "DE": "en",
	} {
		if got := requests.NearestLanguage(tag, requests.Languages); got != want {
			t.Errorf("%.30q is answered in %s, want %s", tag, got, want)
		}
	}
}

// A company that offers two languages answers in the first what fits neither.
func TestOnlyOfferedLanguagesAnswer(t *testing.T) {
	for tag, want := range map[string]string{"fr-CH": "fr", "de-AT": "de", "es": "de", "en": "de", "": "de", "x": "de"} {
		if got := requests.NearestLanguage(tag, []string{"de", "fr"}); got != want {
			t.Errorf("%q is answered in %s, want %s", tag, got, want)
		}
	}
}

func TestAnyTagHasALanguage(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tag := rapid.OneOf(rapid.String(), rapid.StringMatching(`[a-z]{2,3}(-[A-Za-z0-9]{1,8}){0,4}`)).Draw(t, "tag")
		if got := requests.NearestLanguage(tag, requests.Languages); !slices.Contains(requests.Languages, got) {
			t.Fatalf("%q is answered in %q", tag, got)
		}
	})
}
