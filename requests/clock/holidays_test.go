package clock_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"habeas/requests/clock"
)

// Weekday holidays as the states list them (gov.uk, the US Office of Personnel
// Management without its Friday-for-Saturday, and so on).
func TestHolidays(t *testing.T) {
	tests := []struct {
		set  string
		year int
		want string // month-day
	}{
		{"DE", 2026, "01-01 04-03 04-06 05-01 05-14 05-25 12-25"},
		{"FR", 2026, "01-01 04-06 05-01 05-08 05-14 05-25 07-14 11-11 12-25"},
		{"IE", 2022, "03-17 04-18 05-02 06-06 08-01 10-31 12-26"},
		{"IE", 2024, "01-01 02-05 04-01 05-06 06-03 08-05 10-28 12-25 12-26"},
		{"IE", 2030, "01-01 02-01 04-22 05-06 06-03 08-05 10-28 12-25 12-26"},
		{"EW", 2022, "01-03 04-15 04-18 05-02 06-02 06-03 08-29 09-19 12-26 12-27"},
		{"EW", 2023, "01-02 04-07 04-10 05-01 05-08 05-29 08-28 12-25 12-26"},
		{"EW", 2026, "01-01 04-03 04-06 05-04 05-25 08-31 12-25 12-28"},
		{"EW", 2027, "01-01 03-26 03-29 05-03 05-31 08-30 12-27 12-28"},
		{"EW", 2028, "01-03 04-14 04-17 05-01 05-29 08-28 12-25 12-26"},
		{"SC", 2022, "01-03 01-04 04-15 05-02 06-02 06-03 08-01 09-19 11-30 12-26 12-27"},
		{"SC", 2023, "01-02 01-03 04-07 05-01 05-08 05-29 08-07 11-30 12-25 12-26"},
		{"SC", 2024, "01-01 01-02 03-29 05-06 05-27 08-05 12-02 12-25 12-26"},
		{"SC", 2026, "01-01 01-02 04-03 05-04 05-25 06-15 08-03 11-30 12-25 12-28"},
		{"US", 2020, "01-01 01-20 02-17 05-25 09-07 10-12 11-11 11-26 12-25"},
		{"US", 2026, "01-01 01-19 02-16 05-25 06-19 09-07 10-12 11-11 11-26 12-25"},
		{"US", 2027, "01-01 01-18 02-15 05-31 07-05 09-06 10-11 11-11 11-25"},
		{"none", 2026, ""},
	}
	for _, tt := range tests {
		days, err := clock.Holidays(tt.set, tt.year)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, h := range days {
			if w := h.Date.Weekday(); h.Name == "" || h.Date.Year != tt.year {
				t.Errorf("%s %d: %+v", tt.set, tt.year, h)
			} else if w != time.Saturday && w != time.Sunday {
				got = append(got, h.Date.String()[5:])
			}
		}
		if s := strings.Join(slices.Compact(got), " "); s != tt.want {
			t.Errorf("%s %d:\n got %s\nwant %s", tt.set, tt.year, s, tt.want)
		}
	}
	if _, err := clock.Holidays("XX", 2026); err == nil {
		t.Error("an unknown set is no error")
	}
}

// Easter Monday of all years against the church's own table of paschal full
// moons by golden number, which holds from 1900 to 2199.
func TestEaster(t *testing.T) {
	moons := strings.Fields("04-14 04-03 03-23 04-11 03-31 04-18 04-08 03-28 04-16 04-05 03-25 04-13 04-02 03-22 04-10 03-30 04-17 04-07 03-27")
	for year := 2000; year <= 2199; year++ {
		d, err := time.Parse("2006-01-02", time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC).Format("2006-")+moons[year%19])
		if err != nil {
			t.Fatal(err)
		}
		for d = d.AddDate(0, 0, 1); d.Weekday() != time.Sunday; {
			d = d.AddDate(0, 0, 1)
		}
		want := d.AddDate(0, 0, 1).Format(time.DateOnly)
		days, err := clock.Holidays("FR", year)
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(days, func(h clock.Holiday) bool { return h.Name == "Easter Monday" })
		if got := days[i].Date.String(); got != want {
			t.Errorf("Easter Monday %s, want %s", got, want)
		}
	}
}
