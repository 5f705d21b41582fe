package report

import (
	"embed"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"

	"habeas/templates/locales"
)

//go:embed locales/*.yaml
var catalogues embed.FS

var catalogue = sync.OnceValue(func() *i18n.Bundle {
	bundle := i18n.NewBundle(language.English)
	bundle.RegisterUnmarshalFunc("yaml", func(data []byte, v any) error { return yaml.Unmarshal(data, v) })
	files, err := catalogues.ReadDir("locales")
	if err != nil {
		panic("report: the catalogue cannot be read: " + err.Error())
	}
	for _, f := range files {
		if _, err := bundle.LoadMessageFileFS(catalogues, "locales/"+f.Name()); err != nil {
			panic("report: the catalogue cannot be read: " + err.Error())
		}
	}
	return bundle
})

// Text is the text for a key in a language, in English where that language
// has none. Args are pairs of a name and its value; "Count" also picks the
// plural. An unknown key comes out as ‹key›, which a test finds.
func Text(lang, key string, args ...any) string {
	text, ok := find(lang, key, args...)
	if !ok {
		return "‹" + key + "›"
	}
	return text
}

func find(lang, key string, args ...any) (string, bool) {
	if locales.IsPseudo(lang) {
		text, ok := find("en", key, args...)
		return locales.Bracket(lang, text), ok
	}
	config := &i18n.LocalizeConfig{MessageID: key}
	if len(args) > 0 {
		data := make(map[string]any, len(args)/2)
		for i := 0; i+1 < len(args); i += 2 {
			name := fmt.Sprint(args[i])
			data[name] = args[i+1]
			if name == "Count" {
				config.PluralCount = args[i+1]
			}
			switch n := args[i+1].(type) {
			case int64:
				data[name] = locales.Number(lang, n)
			case int:
				if name != "Day" && name != "Year" {
					data[name] = locales.Number(lang, int64(n))
				}
			}
		}
		config.TemplateData = data
	}
	text, err := i18n.NewLocalizer(catalogue(), lang, "en").Localize(config)
	if err != nil && text == "" {
		return "", false
	}
	return strings.Trim(text, " \t\r\n"), true // a no-break space stays: the colon of French has one
}

// Language is the catalogue's language that serves a wanted one best.
func Language(tag string) string {
	tags := catalogue().LanguageTags()
	_, i, _ := language.NewMatcher(tags).Match(language.Make(tag))
	return tags[i].String()
}

// Day writes a civil date as a language does: 21 December 2026.
func Day(lang string, t time.Time) string {
	return Text(lang, "date", "Day", t.Day(), "Month", Text(lang, fmt.Sprintf("month.m%d", t.Month())), "Year", t.Year())
}

// join puts words into a list.
func (p IndexPage) join(words []string) string {
	return strings.Join(words, Text(p.Lang, "list.separator")+" ")
}

// Category names a data category of a dataset file for people:
// "contact.email" is "e-mail address". One that the catalogue does not know
// is spelled out.
func Category(lang, code string) string {
	if text, ok := find(lang, "category."+strings.ReplaceAll(code, ".", "_")); ok {
		return text
	}
	group, detail, found := strings.Cut(code, ".")
	if !found {
		return strings.ReplaceAll(code, "_", " ")
	}
	return strings.ReplaceAll(detail, "_", " ") + " (" + strings.ReplaceAll(group, "_", " ") + ")"
}

// Never names a kind of data that is held and may not be put out.
func Never(lang, kind string) string { return Text(lang, "never."+kind) }
