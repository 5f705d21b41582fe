package letters

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/bidi"
)

// Isolates of Unicode: what stands between them does not turn the text around it. Used only around
// words that run against the letter, so that others stay as programs expect them.
const (
	isolateStart = '\u2068'
	isolateEnd   = '\u2069'
)

// runs tells whether a text holds letters that are written in a direction.
func runs(s, dir string) bool {
	return strings.ContainsFunc(s, func(r rune) bool {
		p, _ := bidi.LookupRune(r)
		switch p.Class() {
		case bidi.R, bidi.AL:
			return dir == "rtl"
		case bidi.L:
			return dir == "ltr"
		}
		return false
	})
}

// isolate keeps a name that runs against the letter from turning what stands around it.
func (c *composer) isolate(s string) string {
	against := "rtl"
	if c.doc.Dir == "rtl" {
		against = "ltr"
	}
	if !runs(s, against) {
		return s
	}
	return string(isolateStart) + s + string(isolateEnd)
}

// part is a piece of a sentence; apart from the rest, or not.
type part struct {
	text  string
	apart bool
}

// isolated takes a sentence to its pieces.
func isolated(s string) []part {
	var out []part
	for s != "" {
		before, rest, found := strings.Cut(s, string(isolateStart))
		if before != "" {
			out = append(out, part{before, false})
		}
		if !found {
			break
		}
		inside, after, _ := strings.Cut(rest, string(isolateEnd))
		out = append(out, part{inside, true})
		s = after
	}
	return out
}

// reference is how references look: HB-7K2M-Q9XA.
var reference = regexp.MustCompile(`\b[A-Z]{2,4}(?:-[0-9A-Z]{3,5}){2,3}\b`)

// referring takes a sentence to its references and what stands between them.
func referring(s string) []part {
	var out []part
	for s != "" {
		at := reference.FindStringIndex(s)
		if at == nil {
			return append(out, part{s, false})
		}
		if at[0] > 0 {
			out = append(out, part{s[:at[0]], false})
		}
		out = append(out, part{s[at[0]:at[1]], true})
		s = s[at[1]:]
	}
	return out
}

func (c *composer) isolateAll(list []string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = c.isolate(s)
	}
	return out
}

// isBidi are the marks that turn text around. Nobody needs one in a name, and one left open would turn
// the rest of the letter.
func isBidi(r rune) bool {
	return r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069' || r == '\u200e' || r == '\u200f' || r == '\u061c'
}

// longDigits are runs that could be taken for a mailed code.
var longDigits = regexp.MustCompile(`[0-9]{6,}`)

// plain makes text that people wrote fit for a letter: one line, 1,000 characters at most, long
// numbers in groups, nothing that turns the text around.
func plain(s string) string {
	s = strings.Map(func(r rune) rune {
		if isBidi(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
	if runes := []rune(s); len(runes) > 1000 {
		s = string(runes[:1000]) + "…"
	}
	return longDigits.ReplaceAllStringFunc(s, func(digits string) string {
		var b strings.Builder
		for i, r := range digits {
			if i > 0 && i%4 == 0 {
				b.WriteRune('\u00a0')
			}
			b.WriteRune(r)
		}
		return b.String()
	})
}

func plainAll(list []string) []string {
	var out []string
	for _, s := range list {
		if p := plain(s); p != "" {
			out = append(out, p)
		}
	}
	return out
}

// free is text that people wrote, by paragraph.
func free(s string) []string {
	return plainAll(strings.FieldsFunc(s, func(r rune) bool { return r == '\n' || r == '\r' || r == '\u2028' || r == '\u2029' }))
}

// upper begins a line with a capital.
func upper(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
}
