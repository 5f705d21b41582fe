package requests

import (
	"context"
	"slices"

	"github.com/google/uuid"
	"golang.org/x/text/language"
)

// Languages are those in which letters, packages and customers' pages are
// written. The first answers what fits none.
var Languages = []string{"en", "de", "fr", "es"}

var languages = language.NewMatcher(tags(Languages))

func tags(list []string) []language.Tag {
	out := make([]language.Tag, len(list))
	for i, lang := range list {
		out[i] = language.Make(lang)
	}
	return out
}

// longestTag is longer than any tag in use: what is longer is not parsed.
const longestTag = 100

// NearestLanguage is the language of ours that serves a wanted one best:
// "de-AT" is "de". What fits none, or is no tag at all, is English: a request
// is never lost for its language.
func NearestLanguage(tag string) string {
	if len(tag) > longestTag {
		return Languages[0]
	}
	want, err := language.Parse(tag)
	if err != nil {
		return Languages[0]
	}
	_, i, confidence := languages.Match(want)
	if confidence == language.No {
		return Languages[0]
	}
	return Languages[i]
}

// Speak makes a language of ours that of the letters and packages that the
// case still gets.
func (s *Service) Speak(ctx context.Context, by Actor, id uuid.UUID, lang string) error {
	if by.Role == Customer && by.ID != id.String() {
		return errNotFound()
	}
	if !slices.Contains(Languages, lang) {
		lang = NearestLanguage(lang)
	}
	return s.within(ctx, id, func(ch *change) error {
		if ch.c.Locale == lang {
			return nil
		}
		_, err := ch.Exec(ctx, `update cases set locale = $2 where id = $1`, id, lang)
		return err
	})
}
