package clock

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Date is a day of the Gregorian calendar, without time or zone. The zero
// Date means "not given".
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// ParseDate reads YYYY-MM-DD. A day that the calendar does not have, such as
// 2026-02-30, is an error and never the day after.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return Date{}, fmt.Errorf("%q is not a date of the calendar; write YYYY-MM-DD", clip(s))
	}
	return dateOf(t), nil
}

// DateIn is the local date of an instant in a zone.
func DateIn(t time.Time, loc *time.Location) Date { return dateOf(t.In(loc)) }

func dateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date{y, m, d}
}

func (d Date) utc() time.Time { return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC) }

// IsZero says that no date is given.
func (d Date) IsZero() bool { return d == Date{} }

// Valid says that the calendar has this day and that its year is one for
// which the holiday rules are known (2000 to 2199).
func (d Date) Valid() bool {
	return d.Year >= 2000 && d.Year <= 2199 && d.Day >= 1 && dateOf(d.utc()) == d
}

// AddDays counts calendar days forward, or back when n is negative.
func (d Date) AddDays(n int) Date { return dateOf(d.utc().AddDate(0, 0, n)) }

// AddMonths ends on the same date n months later, or on that month's last day
// where the date is missing (Reg. 1182/71 Art. 3(2)(c)).
func (d Date) AddMonths(n int) Date {
	first := time.Date(d.Year, d.Month+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return Date{first.Year(), first.Month(), min(d.Day, last)}
}

// Compare is -1, 0 or 1, as d is before, on or after e.
func (d Date) Compare(e Date) int { return d.utc().Compare(e.utc()) }

// Before says that d is earlier than e.
func (d Date) Before(e Date) bool { return d.Compare(e) < 0 }

// After says that d is later than e.
func (d Date) After(e Date) bool { return d.Compare(e) > 0 }

// Weekday is the day of the week.
func (d Date) Weekday() time.Weekday { return d.utc().Weekday() }

// String is YYYY-MM-DD, or nothing for the zero Date.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.Year, int(d.Month), d.Day)
}

// Long is the date as people write it, "2 March 2026".
func (d Date) Long() string {
	return strconv.Itoa(d.Day) + " " + d.Month.String() + " " + strconv.Itoa(d.Year)
}

// MarshalText writes YYYY-MM-DD, so that a Date is a plain string in JSON.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads YYYY-MM-DD; empty text is the zero Date.
func (d *Date) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*d = Date{}
		return nil
	}
	p, err := ParseDate(string(b))
	if err != nil {
		return err
	}
	*d = p
	return nil
}

// endOf is the last second of a local day: a period ends 23:59:59 where the
// controller is.
func (d Date) endOf(loc *time.Location) time.Time {
	return time.Date(d.Year, d.Month, d.Day, 23, 59, 59, 0, loc)
}

func (d Date) startOf(loc *time.Location) time.Time {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, loc)
}

// When is a moment as it is known: a date alone, or an instant.
type When struct {
	Date Date      // set when only the day is known
	At   time.Time // set when the instant is known; it wins over Date
}

// On is a moment of which only the day is known.
func On(d Date) When { return When{Date: d} }

// At is a moment known to the instant.
func At(t time.Time) When { return When{At: t} }

// ParseWhen reads a date (YYYY-MM-DD) or an RFC 3339 time, seconds optional
// ("2026-03-31T23:30Z", "2026-03-27T17:30:00+01:00").
func ParseWhen(s string) (When, error) {
	if !strings.ContainsAny(s, "Tt") {
		d, err := ParseDate(s)
		return When{Date: d}, err
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00"} {
		if t, err := time.Parse(layout, s); err == nil {
			return When{At: t}, nil
		}
	}
	return When{}, fmt.Errorf("%q is not a time; write YYYY-MM-DDThh:mm with Z or an offset such as +01:00", clip(s))
}

// In is the local date of the moment in a zone.
func (w When) In(loc *time.Location) Date {
	if w.At.IsZero() {
		return w.Date
	}
	return DateIn(w.At, loc)
}

// instant is the moment itself; a day whose hour is unknown counts from its
// first second, which can only make a deadline earlier.
func (w When) instant(loc *time.Location) time.Time {
	if w.At.IsZero() {
		return w.Date.startOf(loc)
	}
	return w.At
}

// clip keeps foreign text short in messages.
func clip(s string) string {
	r := []rune(strings.ToValidUTF8(s, "?"))
	if len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return string(r)
}
