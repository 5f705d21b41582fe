package clock_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"habeas/requests/clock"
)

func readHolidays(t *testing.T, name, text string) []string {
	t.Helper()
	days, err := clock.ReadHolidays(name, strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, d := range days {
		out = append(out, d.Date.String()+" "+d.Name)
	}
	return out
}

const bavaria = `BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//acme.example//holidays//EN
BEGIN:VEVENT
UID:1@acme.example
DTSTART;VALUE=DATE:20260604
SUMMARY:Corpus
  Christi
END:VEVENT
BEGIN:VEVENT
DTSTART;VALUE=DATE:20260106
RRULE:FREQ=YEARLY;COUNT=3
SUMMARY:Epiphany\, in the south
END:VEVENT
BEGIN:VEVENT
DTSTART;VALUE=DATE:20261228
DTEND;VALUE=DATE:20261231
SUMMARY:Company closed
END:VEVENT
BEGIN:VEVENT
STATUS:CANCELLED
DTSTART;VALUE=DATE:20260815
END:VEVENT
END:VCALENDAR
`

func TestHolidaysFromICalendar(t *testing.T) {
	want := []string{
		"2026-01-06 Epiphany, in the south", "2026-06-04 Corpus Christi",
		"2026-12-28 Company closed", "2026-12-29 Company closed", "2026-12-30 Company closed",
		"2027-01-06 Epiphany, in the south", "2028-01-06 Epiphany, in the south",
	}
	for _, text := range []string{bavaria, strings.ReplaceAll(bavaria, "\n", "\r\n")} {
		if diff := cmp.Diff(want, readHolidays(t, "bavaria.ics", text)); diff != "" {
			t.Error(diff)
		}
	}
}

func TestHolidaysFromYAML(t *testing.T) {
	text := "# Bavaria\n- {date: 2026-06-04, name: Corpus Christi}\n- date: 2028-02-29\n  yearly: true\n"
	got := readHolidays(t, "own.yaml", text)
	if got[0] != "2026-06-04 Corpus Christi" || got[1] != "2028-02-29 " || got[2] != "2032-02-29 " {
		t.Errorf("read %v", got[:3])
	}
}

// A faulty file names every bad line with its number and the rule, and gives no
// day at all.
func TestAHolidayFileWithABadLineIsRefusedWhole(t *testing.T) {
	ics := func(lines ...string) string {
		return "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20260604\nEND:VEVENT\nBEGIN:VEVENT\n" + strings.Join(lines, "\n") + "\nEND:VEVENT\nEND:VCALENDAR\n"
	}
	for _, c := range []struct {
		name, file, text string
		line             int
		rule             string
	}{
		{"a day that the calendar does not have", "x.ics", ics("DTSTART;VALUE=DATE:20260230"), 6, "RFC 5545 3.3.4"},
		{"no content line", "x.ics", ics("DTSTART;VALUE=DATE:20260601", "this is not a line"), 7, "RFC 5545 3.1"},
		{"a broken parameter", "x.ics", ics("DTSTART;VALUE:20260601"), 6, "RFC 5545 3.1"},
		{"no DTSTART", "x.ics", ics("SUMMARY:Somewhen"), 5, "RFC 5545 3.6.1"},
		{"two DTSTART", "x.ics", ics("DTSTART:20260601", "DTSTART:20260602"), 7, "RFC 5545 3.6.1"},
		{"ends before it begins", "x.ics", ics("DTSTART:20260601", "DTEND:20260601"), 7, "RFC 5545 3.8.2.2"},
		{"a weekly day", "x.ics", ics("DTSTART:20260601", "RRULE:FREQ=WEEKLY"), 7, "FREQ=YEARLY"},
		{"a moving day", "x.ics", ics("DTSTART:20260601", "SUMMARY:x", "RRULE:FREQ=YEARLY;BYDAY=1MO;BYMONTH=6"), 8, "FREQ=YEARLY"},
		{"an exception", "x.ics", ics("DTSTART:20260601", "RRULE:FREQ=YEARLY", "EXDATE:20270601"), 8, "the same day every year"},
		{"a very long event", "x.ics", ics("DTSTART:20260601", "DTEND:20270601"), 7, "at most 31 days"},
		{"a year that is not known", "x.ics", ics("DTSTART:19990601"), 6, "2000 to 2199"},
		{"an END too many", "x.ics", "BEGIN:VCALENDAR\nEND:VEVENT\n", 2, "every BEGIN has its END"},
		{"cut off", "x.ics", "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20260601\n", 4, "every BEGIN has its END"},
		{"no calendar", "x.ics", "<html>\n", 1, "RFC 5545"},
		{"an impossible date", "x.yaml", "- {date: 2026-06-04}\n- {date: 2026-02-30, name: Never}\n", 2, "YYYY-MM-DD"},
		{"an unknown key", "x.yaml", "- {date: 2026-06-04}\n- date: 2026-06-05\n  nmae: x\n", 3, "date: YYYY-MM-DD"},
		{"no date", "x.yaml", "- {date: 2026-06-04}\n\n- {name: Some day}\n", 3, "date: YYYY-MM-DD"},
		{"a scalar", "x.yaml", "- {date: 2026-06-04}\n- 2026-06-05\n", 2, "date: YYYY-MM-DD"},
		{"no list", "x.yaml", "date: 2026-06-04\n", 1, "date: YYYY-MM-DD"},
		{"no YAML", "x.yaml", "- {date: 2026-06-04}\n- {date: [\n", 2, "date: YYYY-MM-DD"},
		{"nothing", "x.yaml", "# none\n", 1, "at least one day"},
	} {
		t.Run(c.name, func(t *testing.T) {
			days, err := clock.ReadHolidays("/etc/habeas/"+c.file, strings.NewReader(c.text))
			if err == nil || days != nil {
				t.Fatalf("taken: %v", days)
			}
			var le *clock.LineError
			if !errors.As(err, &le) {
				t.Fatalf("no line is named: %v", err)
			}
			if le.File != c.file || le.Line != c.line || !strings.Contains(le.Rule, c.rule) {
				t.Errorf("got %v, want line %d and %q", err, c.line, c.rule)
			}
		})
	}
}

// Every fault of a file is told, not only the first.
func TestAllFaultsOfAHolidayFileAreTold(t *testing.T) {
	_, err := clock.ReadHolidays("x.yaml", strings.NewReader("- {date: 2026-02-30}\n- {date: 2026-06-05}\n- {day: 1}\n"))
	for _, want := range []string{"line 1", "line 3"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s is not named in: %v", want, err)
		}
	}
}

// A company's own day moves an end that falls on it, and the derivation says
// which day that was.
func TestOwnHolidaysMoveAnEnd(t *testing.T) {
	days, err := clock.ReadHolidays("bavaria.ics", strings.NewReader(bavaria))
	if err != nil {
		t.Fatal(err)
	}
	in := clock.Input{Law: "EU", Set: "DE", Received: clock.On(clock.Date{Year: 2026, Month: 5, Day: 4}), Holidays: days}
	res, err := clock.Compute(in)
	if err != nil {
		t.Fatal(err)
	}
	due := res.Due()
	if due.Due.String() != "2026-06-05" || !slices.ContainsFunc(due.Rules, func(r clock.Rule) bool { return strings.Contains(r.Text, "Corpus Christi") }) {
		t.Errorf("due %s: %v", due.Due, due.Rules)
	}
}

func FuzzReadHolidays(f *testing.F) {
	f.Add("x.ics", bavaria)
	f.Add("x.yaml", "- {date: 2026-06-04, name: Corpus Christi, yearly: true}\n")
	f.Add("x.yaml", "- date: 2026-06-04\n  name: !!binary x\n")
	f.Add("x.ics", "BEGIN:VCALENDAR\nX;A=\"\n")
	f.Fuzz(func(t *testing.T, name, text string) {
		days, err := clock.ReadHolidays(name, strings.NewReader(text))
		if (err == nil) != (len(days) > 0) {
			t.Fatalf("%d days and %v", len(days), err)
		}
		for i, d := range days {
			if !d.Date.Valid() || i > 0 && !days[i-1].Date.Before(d.Date) {
				t.Fatalf("%v follows %v", d, days[max(i-1, 0)])
			}
		}
	})
}
