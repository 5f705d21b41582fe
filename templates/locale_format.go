package templates

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"habeas/templates/locales"
)

// Date writes a civil date: 21 December 2026.
func Date(ctx context.Context, t time.Time) string {
	return T(ctx, "date.long", "Day", t.Day(), "Month", T(ctx, fmt.Sprintf("date.month.m%d", t.Month())), "Year", t.Year())
}

// DateFull writes a civil date with its weekday: Monday 21 December 2026.
func DateFull(ctx context.Context, t time.Time) string {
	return T(ctx, "date.full", "Weekday", T(ctx, fmt.Sprintf("date.weekday.d%d", t.Weekday())), "Date", Date(ctx, t))
}

// Time writes a time of day: 09:05, in French 9 h 05.
func Time(ctx context.Context, t time.Time) string {
	return T(ctx, "date.clock", "Hour", t.Hour(), "Minute", fmt.Sprintf("%02d", t.Minute()))
}

// When writes a moment in the page's zone: Today, 10:42.
func When(ctx context.Context, t time.Time) string {
	l := localeOf(ctx)
	at, now := t.In(l.Zone), l.Now.In(l.Zone)
	clock := Time(ctx, at)
	switch civilDays(at, now) {
	case 0:
		return T(ctx, "date.today", "Time", clock)
	case 1:
		return T(ctx, "date.yesterday", "Time", clock)
	default:
		return T(ctx, "date.at", "Date", Date(ctx, at), "Time", clock)
	}
}

// WhenInside writes a moment as it stands within a sentence: "today at 10:42",
// "on 3 May 2027 at 10:42".
func WhenInside(ctx context.Context, t time.Time) string {
	l := localeOf(ctx)
	at, now := t.In(l.Zone), l.Now.In(l.Zone)
	key := "date.inside.at"
	switch civilDays(at, now) {
	case -1:
		key = "date.inside.tomorrow"
	case 0:
		key = "date.inside.today"
	case 1:
		key = "date.inside.yesterday"
	}
	return T(ctx, key, "Date", Date(ctx, at), "Time", Time(ctx, at), "Hour", at.Hour())
}

// civilDays counts the midnights from a to b.
func civilDays(a, b time.Time) int {
	day := func(t time.Time) time.Time { return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC) }
	return int(day(b).Sub(day(a)) / (24 * time.Hour))
}

// Number writes a whole number: 12,345 in English, 12.345 in German.
func Number(ctx context.Context, n int) string { return locales.Number(Lang(ctx), int64(n)) }

// Size writes a number of bytes: 3.4 MB.
func Size(ctx context.Context, n int64) string {
	lang := Lang(ctx)
	switch {
	case n < 1000:
		return T(ctx, "size.b", "N", locales.Number(lang, n))
	case n < 1000*1000:
		return T(ctx, "size.kb", "N", locales.Number(lang, (n+500)/1000))
	default:
		return T(ctx, "size.mb", "N", locales.Tenths(lang, float64(n)/1e6))
	}
}

// JoinList joins words as the language separates them.
func JoinList(ctx context.Context, words []string) string {
	return strings.Join(words, separator(ctx))
}

// apart joins what may have commas of its own.
func apart(ctx context.Context, parts []string) string {
	out := ""
	for i, next := range parts {
		if i == 0 {
			out = next
			continue
		}
		out = T(ctx, "list.next", "Head", out, "Next", next)
	}
	return out
}

// separator stands between the words of a list, with its space.
func separator(ctx context.Context) string { return T(ctx, "list.separator") + " " }

func lowerFirst(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToLower(r)) + s[n:]
}

func upperFirst(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
}
