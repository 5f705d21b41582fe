package identity

import (
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Fact is one data point: what a person says of themselves, compared with what
// the systems hold and never shown.
type Fact string

// The facts. None of them is sensitive (11 CCR 7060(d)); a date of birth and
// numbers of documents are not asked for, because these suffice.
const (
	FactEmail    Fact = "email"    // the proved address stands in a record of one person
	FactName     Fact = "name"     // given when filing
	FactPhone    Fact = "phone"    // contact.phone
	FactPostcode Fact = "postcode" // in contact.address
	FactNumber   Fact = "number"   // of the customer, an order or an invoice
)

// Facts are all facts, in the order in which people read them.
var Facts = []Fact{FactEmail, FactName, FactPhone, FactPostcode, FactNumber}

// Typed are the facts that a person types.
var Typed = Facts[1:]

// Comparisons is how often a person may give facts in one request: whoever
// guesses gets no further.
const Comparisons = 3

// MaxFact is how long a typed fact may be, in bytes.
const MaxFact = 200

var factCategories = map[Fact][]string{
	FactName:     {"identity.name"},
	FactPhone:    {"contact.phone"},
	FactPostcode: {"contact.address"},
	FactNumber:   {"identity.customer_number", "commerce.order", "financial.invoice"},
}

// StandsIn says whether a fact can stand in a field of a data category.
func (f Fact) StandsIn(category string) bool {
	return slices.ContainsFunc(factCategories[f], func(c string) bool {
		return category == c || strings.HasPrefix(category, c+".")
	})
}

// Usable says whether what was typed can be a fact of its kind. It knows nothing
// of what is held.
func (f Fact) Usable(typed string) bool {
	if len(typed) > MaxFact || !utf8.ValidString(typed) {
		return false
	}
	n := squeeze(typed)
	switch f {
	case FactName:
		return len(words(typed)) > 0
	case FactPhone:
		return len(digitsOf(typed)) >= 6
	case FactPostcode:
		return len(n) >= 4 && len(n) <= 12 && strings.ContainsFunc(n, unicode.IsDigit)
	case FactNumber:
		return len(n) >= 4 && strings.ContainsFunc(n, unicode.IsDigit) && !isDate(typed)
	}
	return false
}

// Agrees compares what a person typed with the values that one record holds in
// the fields in which the fact can stand. What is not Usable agrees with nothing.
func (f Fact) Agrees(typed string, held []string) bool {
	if !f.Usable(typed) {
		return false
	}
	if f == FactName {
		return sameName(words(typed), held)
	}
	for _, h := range held {
		switch f {
		case FactPhone:
			if samePhone(digitsOf(typed), digitsOf(h)) {
				return true
			}
		case FactPostcode:
			if holdsPostcode(h, squeeze(typed)) {
				return true
			}
		case FactNumber:
			if squeeze(h) == squeeze(typed) && !isDate(h) {
				return true
			}
		}
	}
	return false
}

// sameName compares names as people write them: in any order, with or without a
// middle name, but never a given name alone where more is known. A value may hold
// the whole name or a part of it.
func sameName(typed []string, held []string) bool {
	var all []string
	for _, h := range held {
		parts := words(h)
		if len(parts) > 1 && within(typed, parts) {
			return true
		}
		for _, p := range parts {
			if !slices.Contains(all, p) {
				all = append(all, p)
			}
		}
	}
	return len(all) > 0 && within(typed, all)
}

// within says whether the shorter of two names is a part of the longer: of at
// least two words, unless both are of one.
func within(a, b []string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(a) == 1 && len(b) > 1 {
		return false
	}
	return len(a) > 0 && !slices.ContainsFunc(a, func(w string) bool { return !slices.Contains(b, w) })
}

// samePhone compares digits: a number with its country's code is the same as one
// with a zero in its place.
func samePhone(a, b string) bool {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	if len(a) > len(b) {
		a, b = b, a
	}
	return len(a) >= 6 && strings.HasSuffix(b, a) && len(b)-len(a) <= 3
}

// holdsPostcode says whether a value is the postcode, or an address in which it
// stands as a word or as two (SW1A 1AA).
func holdsPostcode(held, code string) bool {
	if squeeze(held) == code {
		return true
	}
	parts := words(held)
	for i, p := range parts {
		if p == code || i+1 < len(parts) && p+parts[i+1] == code {
			return true
		}
	}
	return false
}

// words are the words of a text without marks, in lower case and without accents.
func words(s string) []string {
	return strings.FieldsFunc(plain(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// squeeze is a text without marks and spaces.
func squeeze(s string) string { return strings.Join(words(s), "") }

func digitsOf(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
}

// plain folds case and drops accents; ß and the like are written out.
func plain(s string) string {
	s = strings.NewReplacer("ß", "ss", "æ", "ae", "ø", "o", "ł", "l", "œ", "oe").Replace(strings.ToLower(s))
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, norm.NFD.String(s))
}

func isDate(s string) bool {
	if len(s) < len(time.DateOnly) {
		return false
	}
	_, err := time.Parse(time.DateOnly, s[:len(time.DateOnly)])
	return err == nil
}

// Shown is everything that speaks for whoever asks.
type Shown struct {
	Proofs []Proof
	Agreed []Fact // compared with what systems hold
	// Vouched says that staff looked at a document by which somebody acts for the
	// person for good, as a power of attorney: nothing is asked of the person
	// (11 CCR 7063(b)).
	Vouched bool
}

func (s Shown) has(kinds ...Proof) bool {
	return slices.ContainsFunc(kinds, func(p Proof) bool { return slices.Contains(s.Proofs, p) })
}

// Settled says that somebody has checked who asks, so that no fact is asked for.
func (s Shown) Settled() bool { return s.Vouched || s.has(strong...) }

// address says that the person's own address was proved.
func (s Shown) address() bool { return s.has(EmailCode, Confirmation) }

// points are the facts that agreed and count. Those that staff compared
// themselves (KnownFacts) are as many as are needed.
func (s Shown) points(n Need) int {
	if !s.address() {
		return 0
	}
	if s.has(KnownFacts) {
		return n.Points
	}
	count := 0
	for _, f := range Facts {
		if slices.Contains(s.Agreed, f) && (f != FactName || n.Named) {
			count++
		}
	}
	return count
}

// Counted is how many of the points that a need asks for were shown.
func (n Need) Counted(s Shown) int { return min(s.points(n), n.Points) }

// Short is how many points are missing; none where the need asks for none, or
// somebody has checked who asks.
func (n Need) Short(s Shown) int {
	if s.Settled() {
		return 0
	}
	return max(0, n.Points-s.points(n))
}
