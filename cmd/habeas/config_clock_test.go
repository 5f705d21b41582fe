package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func clockConfig(t *testing.T, files map[string]string, text string) (*ClockConfig, []error) {
	t.Helper()
	dir := t.TempDir()
	for name, body := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var c ClockConfig
	if err := decode([]byte(strings.ReplaceAll(text, "DIR", dir)), &c); err != nil {
		t.Fatal(err)
	}
	return &c, c.load()
}

func TestOpenChoicesAreRead(t *testing.T) {
	c, faults := clockConfig(t, map[string]string{
		"own.yaml":  "- {date: 2026-06-04, name: Corpus Christi}\n",
		"laws.yaml": "- {code: UK, like: UK, first_day: true}\n",
	}, `{holidays: [DE, DIR/own.yaml], laws: DIR/laws.yaml, pause: suspend, target: {EU: 3}, remind: [7d, 1], applies: {"*": {zone: Europe/Berlin}}}`)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	uk, err := c.laws.Law("UK")
	if c.set != "DE" || len(c.days) != 1 || len(c.remind) != 2 || err != nil || !uk.FirstDay || c.laws.Applies("DE", "", c.Applies).Zone != "Europe/Berlin" {
		t.Errorf("read %+v", c)
	}
}

// A holiday file with a bad line is refused whole, with the line and the rule;
// so is every other fault of the clock's part, at once.
func TestABadHolidayLineIsNamedInTheConfiguration(t *testing.T) {
	c, faults := clockConfig(t, map[string]string{"own.ics": "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20260230\nEND:VEVENT\nEND:VCALENDAR\n"},
		`{holidays: [DE, DIR/own.ics], remind: [soon], target: {XX: 1}, applies: {Germany: {law: EU}}}`)
	var all strings.Builder
	for _, err := range faults {
		all.WriteString(err.Error() + "\n")
	}
	for _, want := range []string{"clock.holidays", "own.ics, line 3", "RFC 5545 3.3.4", "clock.remind", "clock.target", "clock.applies"} {
		if !strings.Contains(all.String(), want) {
			t.Errorf("%q is not named in:\n%s", want, all.String())
		}
	}
	if len(c.days) != 0 {
		t.Error("days of a faulty file count")
	}
}
