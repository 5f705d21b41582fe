package requests

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
	"golang.org/x/text/language"
)

// Languages are those in which letters, packages and customers' pages are
// written; a company offers some of them, Settings.Languages.
var Languages = []string{"en", "de", "fr", "es"}

// longestTag is longer than any tag in use: what is longer is not parsed.
const longestTag = 100

// NearestLanguage is the offered language that serves a wanted one best:
// "de-AT" is "de". What fits none, or is no tag at all, is the first: a
// request is never lost for its language.
func NearestLanguage(tag string, offered []string) string {
	if len(tag) > longestTag {
		return offered[0]
	}
	want, err := language.Parse(tag)
	if err != nil {
		return offered[0]
	}
	tags := make([]language.Tag, len(offered))
	for i, lang := range offered {
		tags[i] = language.Make(lang)
	}
	_, i, confidence := language.NewMatcher(tags).Match(want)
	if confidence == language.No {
		return offered[0]
	}
	return offered[i]
}

// Offered are the languages that customers may choose, the company's own first.
func (s Settings) Offered() []string { return s.withDefaults().Languages }

// CheckLanguages names the languages that nothing is written in.
func (s Settings) CheckLanguages() error {
	var faults []error
	for i, lang := range s.Languages {
		if !slices.Contains(Languages, lang) {
			faults = append(faults, fmt.Errorf("company.languages: nothing is written in %q; choose among %s", lang, strings.Join(Languages, ", ")))
		}
		if slices.Contains(s.Languages[:i], lang) {
			faults = append(faults, fmt.Errorf("company.languages: %q stands there twice", lang))
		}
	}
	return errors.Join(faults...)
}

// Speak makes a language that the company offers that of the letters and packages that the
// case still gets.
func (s *Service) Speak(ctx context.Context, by Actor, id uuid.UUID, lang string) error {
	if by.Role == Customer && by.ID != id.String() {
		return errNotFound()
	}
	lang = NearestLanguage(lang, s.set.Languages)
	return s.within(ctx, id, func(ch *change) error {
		if ch.c.Locale == lang {
			return nil
		}
		_, err := ch.Exec(ctx, `update cases set locale = $2 where id = $1`, id, lang)
		return err
	})
}
