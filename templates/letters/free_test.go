package letters_test

import (
	"strings"
	"testing"

	"habeas/templates/letters"
)

var own = letters.HostsOf("https://privacy.acme.example", "privacy@acme.co.uk", "", "not an address")

func TestWordsOfTheDesk(t *testing.T) {
	t.Parallel()
	for text, fine := range map[string]bool{
		"We looked at invoice 20261121 and at Art.17 of the law, bzw.die Rechnung.": true,
		"Zwei Absätze.\n\nDer zweite.":                                              true,
		"See https://privacy.acme.example/help for more.":                           true,
		"Write to dana@acme.co.uk, or call.":                                        true,
		"(https://sub.privacy.acme.example/a?b=c).":                                 true,
		"3 < 4 and 5 > 4 & more":                                                    true,
		"Ask at evil.com":                                                           false,
		"https://privacy.acme.example.evil.com/":                                    false,
		"https://evil.test/":                                                        false,
		"http://privacy.acme.example/":                                              false,
		"https://user@privacy.acme.example/":                                        false,
		"mailto:x@y":                                                                false,
		"javascript:alert(1)":                                                       false,
		"www.bücher.de":                                                             false,
		"somebody@gmail.com":                                                        false,
		"<b>bold</b>":                                                               false,
		"[click](x)":                                                                false,
		"&lt;script":                                                                false,
		"a\u202eb":                                                                  false,
		"a\x00b":                                                                    false,
		"\xff":                                                                      false,
		strings.Repeat("ä", 1000):                                                   true,
		strings.Repeat("ä", 1001):                                                   false,
	} {
		if err := letters.CheckWords(letters.SlotNote, text, own); (err == nil) != fine {
			t.Errorf("%.60q: %v", text, err)
		}
	}
	if letters.CheckWords(letters.SlotPerson, "Dana\nOkafor", own) == nil || letters.CheckWords("subject", "x", own) == nil {
		t.Error("two lines in a name, or a slot that is none")
	}
	if err := letters.CheckWords(letters.SlotReason, strings.Repeat("x", 2001), own); err == nil || !strings.Contains(err.Error(), "2000") {
		t.Error(err)
	}
}

// FuzzCheckWords: what passes renders, leads nowhere else, and cannot be taken for a code.
func FuzzCheckWords(f *testing.F) {
	for _, seed := range []string{"Hello", "https://privacy.acme.example", "123456", "<p>", "evil.com", "a\u2067b", "سلام 1234567 abc"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if letters.CheckWords(letters.SlotNote, text, own) != nil {
			return
		}
		d := dataFor(letters.Refusal)
		d.Note = text
		_, plain, page, _, err := letters.Render(letters.Refusal, "de", d)
		if err != nil {
			t.Fatalf("%q does not render: %v", text, err)
		}
		if digits.MatchString(plain) || strings.Count(page, "<a ") != 0 || strings.ContainsAny(plain, "\u202e\u2067") {
			t.Fatalf("%q: %s", text, plain)
		}
	})
}
