package templates

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"

	"habeas/templates/locales"
)

//go:embed locales/*/pages.yaml
var catalogues embed.FS

// Locale is how a page speaks: language, time zone of the times shown, and
// the present, from which "today" is told.
type Locale struct {
	Lang    string   // BCP 47 tag of a catalogue: "en"
	Offered []string // languages that the page can be had in; nil is all
	Zone    *time.Location
	Now     time.Time
}

type localeKey struct{}

// WithLocale sets the locale of the pages rendered under ctx.
func WithLocale(ctx context.Context, l Locale) context.Context {
	return context.WithValue(ctx, localeKey{}, l)
}

func localeOf(ctx context.Context) Locale {
	l, _ := ctx.Value(localeKey{}).(Locale)
	if l.Lang == "" {
		l.Lang = "en"
	}
	if l.Zone == nil {
		l.Zone = time.UTC
	}
	if l.Now.IsZero() {
		l.Now = time.Now()
	}
	return l
}

// speakers are made once: a page asks for hundreds of texts.
var speakers = sync.OnceValue(func() map[string]*i18n.Localizer {
	out := map[string]*i18n.Localizer{}
	for _, tag := range catalogue().LanguageTags() {
		out[tag.String()] = i18n.NewLocalizer(catalogue(), tag.String(), "en")
	}
	return out
})

func speaker(lang string) *i18n.Localizer {
	if l, ok := speakers()[lang]; ok {
		return l
	}
	return i18n.NewLocalizer(catalogue(), lang, "en")
}

var catalogue = sync.OnceValue(func() *i18n.Bundle {
	bundle := i18n.NewBundle(language.English)
	bundle.RegisterUnmarshalFunc("yaml", func(data []byte, v any) error { return yaml.Unmarshal(data, v) })
	err := fs.WalkDir(catalogues, "locales", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := catalogues.ReadFile(name)
		if err != nil {
			return err
		}
		// go-i18n takes the language from the file's name.
		_, err = bundle.ParseMessageFileBytes(data, path.Base(path.Dir(name))+".yaml")
		return err
	})
	if err != nil {
		panic("templates: the catalogue cannot be read: " + err.Error())
	}
	return bundle
})

// T is the text for a key in the page's language. Args are pairs of a name
// and its value; "Count" also picks the plural. An unknown key comes out as
// ‹key›, which a test finds.
func T(ctx context.Context, key string, args ...any) string {
	return Text(Lang(ctx), key, args...)
}

// Text is T for a language.
func Text(lang, key string, args ...any) string {
	if locales.IsPseudo(lang) {
		return locales.Bracket(lang, Text("en", key, isolated(lang, args)...))
	}
	if len(args) > 0 {
		return compose(lang, key, args)
	}
	id := [2]string{lang, key}
	if text, ok := fixed.Load(id); ok {
		return text.(string)
	}
	text := compose(lang, key, nil)
	if _, ok := speakers()[lang]; ok { // others come from outside, without end
		fixed.Store(id, text)
	}
	return text
}

// fixed are the texts without arguments that were asked for: most of a page.
var fixed sync.Map // [2]string{lang, key} → string

// compose fills a text's slots. Whole numbers are written as the language
// does; Day and Hour stay numbers, because languages ask for their value.
func compose(lang, key string, args []any) string {
	config := &i18n.LocalizeConfig{MessageID: key}
	if len(args) > 0 {
		data := make(map[string]any, len(args)/2)
		for i := 0; i+1 < len(args); i += 2 {
			name := fmt.Sprint(args[i])
			data[name] = args[i+1]
			switch v := args[i+1].(type) {
			case string:
				data[name] = isolate(lang, v)
			case int:
				if name == "Count" {
					config.PluralCount = v
					data[name] = locales.Number(lang, int64(v))
				}
			}
		}
		config.TemplateData = data
	}
	text, err := speaker(lang).Localize(config)
	if err != nil && text == "" {
		return "‹" + key + "›"
	}
	return strings.TrimSpace(text)
}
