// Package letters writes what we mail to people: subject, plain text and HTML of one content, every
// sentence from the catalogue (templates/locales/<language>/letters.yaml). A letter that lacks
// something the law wants in it does not render.
package letters

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

// ErrMissing says that a letter lacks a slot; its text names kind and slots, never values.
var ErrMissing = errors.New("letters: something that the letter must contain is missing")

// ErrDigits says that a text would hold a run of six or more digits that is not the code of a code
// mail: programs find the code by that. Links need tokens without digits (mail.Token).
var ErrDigits = errors.New("letters: a run of six or more digits that is not the code")

// ErrLaw says that a law has no such letter.
var ErrLaw = errors.New("letters: this law has no such letter")

// Kinds lists the kinds of letters, sorted.
func Kinds() []string { return slices.Sorted(maps.Keys(kinds)) }

// KindsOf lists the kinds that a law has, sorted.
func KindsOf(code string) []string { return KindsIn(laws[code].family) }

// KindsIn lists the kinds that a family of laws has, sorted.
func KindsIn(family string) []string {
	return slices.DeleteFunc(Kinds(), func(name string) bool {
		of := kinds[name].families
		return len(of) > 0 && !slices.Contains(of, family)
	})
}

// Languages lists the catalogues' languages, English first.
func Languages() []string {
	var out []string
	for _, tag := range catalogues().bundle.LanguageTags() {
		out = append(out, tag.String())
	}
	return out
}

// Title is what a kind of letter is called in a language, for lists. It is the same for every letter
// of the kind; empty for an unknown one.
func Title(name, locale string) string {
	text, err := i18n.NewLocalizer(catalogues().bundle, Match(locale)).Localize(&i18n.LocalizeConfig{MessageID: name + ".title"})
	if err != nil {
		return ""
	}
	return text
}

// Match is the catalogue's language that serves a wanted one best: what Render will write.
func Match(locale string) string {
	tags := catalogues().bundle.LanguageTags()
	_, i, _ := language.NewMatcher(tags).Match(language.Make(locale))
	return tags[i].String()
}

// Render writes a letter. version names the wording (a digest of the catalogue). ErrMissing when a
// slot is empty that the kind needs, ErrLaw when the law has no such letter, ErrDigits when the text could be taken for a code mail.
func Render(kind, locale string, d Data) (subject, text, html, version string, err error) {
	c, err := newComposer(kind, Match(locale), d)
	if err != nil {
		return "", "", "", "", err
	}
	c.frame()
	if err := c.fault(); err != nil {
		return "", "", "", "", err
	}
	text = c.doc.plainText()
	if err := checkDigits(kind, d.Code, c.doc.Subject, text); err != nil {
		return "", "", "", "", err
	}
	var page strings.Builder
	if err := letter(c.doc).Render(context.Background(), &page); err != nil {
		return "", "", "", "", fmt.Errorf("letters: %s: %w", kind, err)
	}
	return c.doc.Subject, text, page.String(), catalogues().versions[c.doc.Lang], nil
}

var digitRun = regexp.MustCompile(`[0-9]{6,}`)

func checkDigits(kind, code, subject, text string) error {
	runs := digitRun.FindAllString(text, -1)
	if kind == Code && len(runs) == 1 && runs[0] == code {
		runs = nil
	}
	if len(runs) > 0 || digitRun.MatchString(subject) {
		return fmt.Errorf("%w (%s)", ErrDigits, kind)
	}
	return nil
}

// Grounds lists the codes of the table of grounds that letters have a sentence for, sorted.
func Grounds() []string { return catalogues().grounds }
