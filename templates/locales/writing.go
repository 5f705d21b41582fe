package locales

import (
	"fmt"
	"slices"
	"sync"

	"golang.org/x/text/language"
	"golang.org/x/text/message"
	"golang.org/x/text/number"
)

// rightToLeft are the scripts in use that run from right to left.
var rightToLeft = []string{"Adlm", "Arab", "Hebr", "Mand", "Nkoo", "Rohg", "Samr", "Syrc", "Thaa"}

// Direction is that in which a language is written, as HTML's dir says it:
// "ltr" or "rtl".
func Direction(lang string) string {
	script, _ := language.Make(lang).Script()
	if slices.Contains(rightToLeft, script.String()) {
		return "rtl"
	}
	return "ltr"
}

// Number writes a whole number as a language does: 12,345; 12.345; 12 345.
func Number(lang string, n int64) string {
	if lang == "es" && n > -10_000 && n < 10_000 { // Spanish sets no point in numbers of four digits
		return fmt.Sprint(n)
	}
	return printer(lang).Sprint(number.Decimal(n))
}

// Tenths writes a number with one decimal: 3.4; 3,4.
func Tenths(lang string, f float64) string {
	return printer(lang).Sprint(number.Decimal(f, number.MinFractionDigits(1), number.MaxFractionDigits(1)))
}

// printers are made once per language; those whom browsers name are matched to
// ours before, so there are few.
var printers sync.Map // string → *message.Printer

func printer(lang string) *message.Printer {
	if IsPseudo(lang) {
		lang = "en"
	}
	if p, ok := printers.Load(lang); ok {
		return p.(*message.Printer)
	}
	p := message.NewPrinter(language.Make(lang))
	printers.Store(lang, p)
	return p
}

// Pseudo-locales show what a page does with a language that nobody has
// translated yet: English in brackets, left to right and right to left. What
// stands outside of brackets was never in a catalogue. Tests offer them;
// browsers are never matched to them.
const (
	PseudoLTR = "en-XA"
	PseudoRTL = "ar-XB"
)

// IsPseudo tells whether a language is a pseudo-locale.
func IsPseudo(lang string) bool { return lang == PseudoLTR || lang == PseudoRTL }

// Bracket marks an English text as a pseudo-locale shows it. From right to
// left its letters are turned around too.
func Bracket(lang, text string) string {
	if lang == PseudoRTL {
		return "⟦\u202e" + text + "\u202c⟧"
	}
	return "⟦" + text + "⟧"
}
