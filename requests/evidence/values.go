package evidence

import (
	"errors"
	"fmt"
	"time"
	"unicode"
	"unicode/utf8"
)

// The only types of which payloads are made, besides bool. Each refuses, when
// written and when read, what is not of its form: a name, an address or a
// sentence cannot get into the log by mistake.
type (
	// ID names a case, task, user, letter, package or hold: letters, digits
	// and "-_:." up to 80, as in "dpo:0193f0e2-…".
	ID string
	// Code is a word of a fixed list, a system's or record type's name, a law,
	// a language or a time zone: letters, digits and "-_.:/+" up to 80.
	Code string
	// Digest is 64 lower-case hexadecimal digits: SHA-256 or a keyed digest.
	Digest string
	// Cite is an article of a law, as the law table has it: "GDPR Art. 12(3)".
	Cite string
	// Date is a calendar day, YYYY-MM-DD.
	Date string
	// Count is how many; from 0 to 2^53-1, the integers that JSON readers
	// everywhere keep exactly.
	Count int64
)

// Time is an instant, written in UTC with milliseconds.
type Time struct{ time.Time }

// TimeFormat is how instants stand in the log.
const TimeFormat = "2006-01-02T15:04:05.000Z"

// At returns t as the log keeps it: UTC, whole milliseconds.
func At(t time.Time) Time { return Time{t.UTC().Truncate(time.Millisecond)} }

// Day returns the calendar day of t in t's own zone.
func Day(t time.Time) Date { return Date(t.Format(time.DateOnly)) }

var errForm = errors.New("not of the form that the log allows")

func fault(kind string) error { return fmt.Errorf("evidence: %s: %w", kind, errForm) }

func word(s, extra string) bool {
	if len(s) == 0 || len(s) > 80 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' {
			continue
		}
		found := false
		for j := range len(extra) {
			found = found || extra[j] == c
		}
		if !found {
			return false
		}
	}
	return true
}

func hex(s string, n int) bool {
	if len(s) != n {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// MarshalText refuses what is not an ID.
func (v ID) MarshalText() ([]byte, error) {
	if !word(string(v), "-_:.") {
		return nil, fault("id")
	}
	return []byte(v), nil
}

// UnmarshalText refuses what is not an ID.
func (v *ID) UnmarshalText(b []byte) error {
	if !word(string(b), "-_:.") {
		return fault("id")
	}
	*v = ID(b)
	return nil
}

// MarshalText refuses what is not a Code.
func (v Code) MarshalText() ([]byte, error) {
	if !word(string(v), "-_.:/+") {
		return nil, fault("code")
	}
	return []byte(v), nil
}

// UnmarshalText refuses what is not a Code.
func (v *Code) UnmarshalText(b []byte) error {
	if !word(string(b), "-_.:/+") {
		return fault("code")
	}
	*v = Code(b)
	return nil
}

// MarshalText refuses what is not a Digest.
func (v Digest) MarshalText() ([]byte, error) {
	if !hex(string(v), 64) {
		return nil, fault("digest")
	}
	return []byte(v), nil
}

// UnmarshalText refuses what is not a Digest.
func (v *Digest) UnmarshalText(b []byte) error {
	if !hex(string(b), 64) {
		return fault("digest")
	}
	*v = Digest(b)
	return nil
}

func (v Cite) valid() bool {
	if len(v) == 0 || len(v) > 160 || !utf8.ValidString(string(v)) {
		return false
	}
	for _, r := range v {
		switch {
		case unicode.IsLetter(r), unicode.IsDigit(r):
		case r == ' ' || r == '.' || r == ',' || r == ';' || r == ':' || r == '(' || r == ')' ||
			r == '/' || r == '-' || r == '–' || r == '§' || r == '+' || r == '&' || r == '\'':
		default:
			return false
		}
	}
	return true
}

// MarshalText refuses what is not a Cite.
func (v Cite) MarshalText() ([]byte, error) {
	if !v.valid() {
		return nil, fault("cite")
	}
	return []byte(v), nil
}

// UnmarshalText refuses what is not a Cite.
func (v *Cite) UnmarshalText(b []byte) error {
	if !Cite(b).valid() {
		return fault("cite")
	}
	*v = Cite(b)
	return nil
}

func (v Date) valid() bool {
	t, err := time.Parse(time.DateOnly, string(v))
	return err == nil && t.Format(time.DateOnly) == string(v)
}

// MarshalText refuses what is not a Date.
func (v Date) MarshalText() ([]byte, error) {
	if !v.valid() {
		return nil, fault("date")
	}
	return []byte(v), nil
}

// UnmarshalText refuses what is not a Date.
func (v *Date) UnmarshalText(b []byte) error {
	if !Date(b).valid() {
		return fault("date")
	}
	*v = Date(b)
	return nil
}

const maxCount = 1<<53 - 1

// MarshalJSON refuses negative counts and those beyond 2^53-1.
func (v Count) MarshalJSON() ([]byte, error) {
	if v < 0 || v > maxCount {
		return nil, fault("count")
	}
	return fmt.Appendf(nil, "%d", int64(v)), nil
}

// UnmarshalJSON reads plain digits without a leading zero only.
func (v *Count) UnmarshalJSON(b []byte) error {
	n, ok := digits(string(b))
	if !ok || n > maxCount {
		return fault("count")
	}
	*v = Count(n)
	return nil
}

// digits reads a decimal number without sign and leading zeros.
func digits(s string) (int64, bool) {
	if len(s) == 0 || len(s) > 18 || len(s) > 1 && s[0] == '0' {
		return 0, false
	}
	var n int64
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int64(s[i]-'0')
	}
	return n, true
}

// MarshalJSON writes the instant as TimeFormat.
func (t Time) MarshalJSON() ([]byte, error) {
	if y := t.UTC().Year(); t.IsZero() || y < 1 || y > 9999 {
		return nil, fault("time")
	}
	return []byte(`"` + t.UTC().Format(TimeFormat) + `"`), nil
}

// UnmarshalJSON reads TimeFormat only.
func (t *Time) UnmarshalJSON(b []byte) error {
	if len(b) != len(TimeFormat)+2 {
		return fault("time")
	}
	p, err := parseTime(string(b[1 : len(b)-1]))
	if err != nil {
		return err
	}
	*t = Time{p}
	return nil
}

func parseTime(s string) (time.Time, error) {
	t, err := time.Parse(TimeFormat, s)
	if err != nil || t.Format(TimeFormat) != s {
		return time.Time{}, fault("time")
	}
	return t, nil
}
