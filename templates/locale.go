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
)

//go:embed locales/*/pages.yaml
var locales embed.FS

// Locale is how a page speaks: language, time zone of the times shown, and
// the present, from which "today" is told.
type Locale struct {
	Lang string // BCP 47 tag of a catalogue: "en"
	Zone *time.Location
	Now  time.Time
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

// Lang is the page's language as the html element names it.
func Lang(ctx context.Context) string { return localeOf(ctx).Lang }

// Languages lists the catalogues, English first.
func Languages() []string {
	var out []string
	for _, t := range catalogue().LanguageTags() {
		out = append(out, t.String())
	}
	return out
}

// Match picks the catalogue for an Accept-Language header.
func Match(accept string) string {
	tags := catalogue().LanguageTags()
	want, _, err := language.ParseAcceptLanguage(accept)
	if err != nil || len(want) == 0 {
		return tags[0].String()
	}
	_, i, _ := matcher().Match(want...)
	return tags[i].String()
}

var matcher = sync.OnceValue(func() language.Matcher { return language.NewMatcher(catalogue().LanguageTags()) })

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
	err := fs.WalkDir(locales, "locales", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := locales.ReadFile(name)
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

func compose(lang, key string, args []any) string {
	config := &i18n.LocalizeConfig{MessageID: key}
	if len(args) > 0 {
		data := make(map[string]any, len(args)/2)
		for i := 0; i+1 < len(args); i += 2 {
			name := fmt.Sprint(args[i])
			data[name] = args[i+1]
			if name == "Count" {
				config.PluralCount = args[i+1]
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

// Date writes a civil date: 21 December 2026.
func Date(ctx context.Context, t time.Time) string {
	return T(ctx, "date.long", "Day", t.Day(), "Month", T(ctx, fmt.Sprintf("date.month.m%d", t.Month())), "Year", t.Year())
}

// DateFull writes a civil date with its weekday: Monday 21 December 2026.
func DateFull(ctx context.Context, t time.Time) string {
	return T(ctx, "date.full", "Weekday", T(ctx, fmt.Sprintf("date.weekday.d%d", t.Weekday())), "Date", Date(ctx, t))
}

// When writes a moment in the page's zone: Today, 10:42.
func When(ctx context.Context, t time.Time) string {
	l := localeOf(ctx)
	at, now := t.In(l.Zone), l.Now.In(l.Zone)
	clock := at.Format("15:04")
	switch days := civilDays(at, now); days {
	case 0:
		return T(ctx, "date.today", "Time", clock)
	case 1:
		return T(ctx, "date.yesterday", "Time", clock)
	default:
		return T(ctx, "date.at", "Date", Date(ctx, at), "Time", clock)
	}
}

// civilDays counts the midnights from a to b.
func civilDays(a, b time.Time) int {
	day := func(t time.Time) time.Time { return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC) }
	return int(day(b).Sub(day(a)) / (24 * time.Hour))
}

// Size writes a number of bytes: 3.4 MB.
func Size(ctx context.Context, n int64) string {
	switch {
	case n < 1000:
		return T(ctx, "size.b", "N", n)
	case n < 1000*1000:
		return T(ctx, "size.kb", "N", (n+500)/1000)
	default:
		return T(ctx, "size.mb", "N", fmt.Sprintf("%.1f", float64(n)/1e6))
	}
}
