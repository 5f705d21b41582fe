package templates

import (
	"context"
	"slices"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
	"golang.org/x/text/unicode/bidi"

	"habeas/templates/locales"
)

// Lang is the page's language as the html element names it.
func Lang(ctx context.Context) string { return localeOf(ctx).Lang }

// Dir is the page's direction of writing: "ltr" or "rtl".
func Dir(ctx context.Context) string { return locales.Direction(Lang(ctx)) }

// Languages lists the catalogues, English first.
func Languages() []string {
	var out []string
	for _, t := range catalogue().LanguageTags() {
		out = append(out, t.String())
	}
	return out
}

// Match picks the language for an Accept-Language header among those offered;
// nil offers all. What fits none is answered in the first.
func Match(accept string, offered []string) string {
	tags := offeredTags(offered)
	want, _, err := language.ParseAcceptLanguage(accept)
	if err != nil || len(want) == 0 {
		return tags[0].String()
	}
	_, i, _ := matcher(tags).Match(want...)
	return tags[i].String()
}

func offeredTags(offered []string) []language.Tag {
	if len(offered) == 0 {
		return catalogue().LanguageTags()
	}
	tags := make([]language.Tag, len(offered))
	for i, lang := range offered {
		tags[i] = language.Make(lang)
	}
	return tags
}

// matchers are made once per set of languages: a portal offers one.
var matchers sync.Map // string → language.Matcher

func matcher(tags []language.Tag) language.Matcher {
	key := ""
	for _, t := range tags {
		key += t.String() + " "
	}
	if m, ok := matchers.Load(key); ok {
		return m.(language.Matcher)
	}
	m := language.NewMatcher(tags)
	matchers.Store(key, m)
	return m
}

// choice is a language that the page can be had in, by its own name.
type choice struct {
	Lang, Name string
	Now        bool // the page is in it
}

// choices are the languages of the switch; none when there is nothing to
// choose.
func choices(ctx context.Context) []choice {
	l := localeOf(ctx)
	offered := l.Offered
	if len(offered) == 0 {
		offered = Languages()
	}
	if len(offered) < 2 {
		return nil
	}
	out := make([]choice, len(offered))
	for i, lang := range offered {
		out[i] = choice{Lang: lang, Name: ownName(lang), Now: lang == l.Lang}
	}
	return out
}

// ownName is what a language calls itself, as it begins a line: "Français".
func ownName(lang string) string {
	if locales.IsPseudo(lang) {
		return lang
	}
	return upperFirst(display.Self.Name(language.Make(lang)))
}

// isolate keeps a name or address that runs against the page's direction from
// turning the sentence around it: it stands between Unicode's isolates.
func isolate(lang, s string) string {
	against := "rtl"
	if locales.Direction(lang) == "rtl" {
		against = "ltr"
	}
	if !strings.ContainsFunc(s, func(r rune) bool { return runs(r) == against }) {
		return s
	}
	return "\u2068" + s + "\u2069"
}

// runs is the direction of a letter, "" for what has none of its own.
func runs(r rune) string {
	if r < 0x80 && !unicode.IsLetter(r) {
		return ""
	}
	p, _ := bidi.LookupRune(r)
	switch p.Class() {
	case bidi.L:
		return "ltr"
	case bidi.R, bidi.AL:
		return "rtl"
	}
	return ""
}

// isolated are the arguments of a text with isolate around their values.
func isolated(lang string, args []any) []any {
	out := slices.Clone(args)
	for i := 1; i < len(out); i += 2 {
		if v, ok := out[i].(string); ok {
			out[i] = isolate(lang, v)
		}
	}
	return out
}
