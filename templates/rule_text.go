package templates

import (
	"context"
	"slices"
	"time"

	"habeas/templates/letters"
)

// ruleText tells one step of a deadline's derivation in the page's language.
// A step that the catalogue has no words for, such as a law's own note, is
// told as the law table has it.
func ruleText(ctx context.Context, r Rule) string {
	switch r.Code {
	case "received":
		key := "rule.received." + r.What
		switch {
		case r.First:
			key = "rule.received.first"
		case r.What != "request" && r.What != "denial" && r.What != "complaint":
			return r.Text
		}
		return T(ctx, key, "Date", Date(ctx, r.Day))
	case "restarted", "no_pause", "late_pause":
		if r.Code == "restarted" && r.To.IsZero() {
			return T(ctx, "rule.restarted.open", "Date", Date(ctx, r.Day))
		}
		if what, ok := asked[r.What]; ok {
			return T(ctx, "rule."+r.Code+"."+what, "Date", Date(ctx, r.Day))
		}
	case "paused":
		if what, ok := asked[r.What]; ok {
			return T(ctx, "rule.paused."+what, "Count", r.N, "Date", ruleDay(ctx, r.Day, r.Holiday))
		}
	case "ends":
		if r.Unit != "hour" {
			return T(ctx, "rule.ends."+r.Unit, "Count", r.N, "Date", ruleDay(ctx, r.Day, r.Holiday))
		}
	case "rolled":
		return T(ctx, "rule.rolled", "Date", DateFull(ctx, r.Day))
	case "announced":
		return T(ctx, "rule.announced", "From", Date(ctx, r.From), "Date", DateFull(ctx, r.Day))
	}
	return r.Text
}

// asked are the events that move a clock because something was asked, and
// their catalogue keys.
var asked = map[string]string{"id": "identity", "clarify": "clarify", "fee": "fee"}

func ruleDay(ctx context.Context, day time.Time, holiday bool) string {
	if holiday {
		return T(ctx, "rule.holiday", "Date", DateFull(ctx, day))
	}
	return DateFull(ctx, day)
}

// translated are the laws that have a name in every language; the others, those
// of US states and a company's own rows, are called by the name they have.
var translated = []string{"EU", "UK", "CA", "CH", "BR", "PIPEDA", "QC"}

// LawName is what people call a law of the table in the page's language.
func LawName(ctx context.Context, code, name string) string {
	if slices.Contains(translated, code) {
		return T(ctx, "law."+code)
	}
	return name
}

// Cite writes a citation as the page's language does: "GDPR Art. 17(3)(b)" is
// "Art. 17 Abs. 3 Buchst. b DSGVO". Laws of other places are cited as they are.
func Cite(ctx context.Context, citation string) string { return letters.Cite(Lang(ctx), citation) }
