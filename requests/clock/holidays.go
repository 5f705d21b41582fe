package clock

import (
	"slices"
	"time"
)

// Holiday is one day on which no working day is counted. Extra ones (a German
// Land, a company's own) come with the Input.
type Holiday struct {
	Date Date   `yaml:"date" json:"date"`
	Name string `yaml:"name" json:"name"`
}

// sets holds the national holidays by rule. Regional ones are left out: fewer
// holidays give the earlier, safer date.
var sets = map[string]func(year int) []Holiday{
	"DE":   german,
	"FR":   french,
	"IE":   irish,
	"EW":   englandWales,
	"SC":   scottish,
	"US":   federal,
	"none": func(int) []Holiday { return nil },
}

// Sets are the names of the holiday sets, sorted.
func Sets() []string {
	names := make([]string, 0, len(sets))
	for name := range sets {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Holidays lists a set's holidays of one year, by date.
func Holidays(set string, year int) ([]Holiday, error) {
	rule, ok := sets[set]
	if !ok {
		return nil, badSet(set)
	}
	days := rule(year)
	slices.SortFunc(days, func(a, b Holiday) int { return a.Date.Compare(b.Date) })
	return days, nil
}

// calendar answers whether a day is a working day: Monday to Friday, outside
// the set and outside the extra holidays.
type calendar struct {
	rule  func(int) []Holiday
	years map[int]map[Date]string
	extra map[Date]string
}

func newCalendar(set string, extra []Holiday) *calendar {
	c := &calendar{rule: sets[set], years: map[int]map[Date]string{}, extra: map[Date]string{}}
	for _, h := range extra {
		c.extra[h.Date] = h.Name
	}
	return c
}

// holiday is the name of the holiday on a day, "" when it is none.
func (c *calendar) holiday(d Date) string {
	year, ok := c.years[d.Year]
	if !ok {
		year = map[Date]string{}
		for _, h := range c.rule(d.Year) {
			year[h.Date] = h.Name
		}
		c.years[d.Year] = year
	}
	if name, ok := year[d]; ok {
		return name
	}
	if name, ok := c.extra[d]; ok {
		if name == "" {
			return "a holiday"
		}
		return name
	}
	return ""
}

func (c *calendar) working(d Date) bool {
	w := d.Weekday()
	return w != time.Saturday && w != time.Sunday && c.holiday(d) == ""
}

// roll moves the end of a period to the next working day.
func (c *calendar) roll(d Date) Date {
	for !c.working(d) {
		d = d.AddDays(1)
	}
	return d
}

// addWorking counts n working days; the first counted day follows d.
func (c *calendar) addWorking(d Date, n int) Date {
	for n > 0 {
		d = d.AddDays(1)
		if c.working(d) {
			n--
		}
	}
	return d
}

func german(y int) []Holiday {
	e := easter(y)
	return []Holiday{
		on(y, time.January, 1, "New Year's Day"),
		{e.AddDays(-2), "Good Friday"},
		{e.AddDays(1), "Easter Monday"},
		on(y, time.May, 1, "Labour Day"),
		{e.AddDays(39), "Ascension Day"},
		{e.AddDays(50), "Whit Monday"},
		on(y, time.October, 3, "German Unity Day"),
		on(y, time.December, 25, "Christmas Day"),
		on(y, time.December, 26, "second day of Christmas"),
	}
}

func french(y int) []Holiday {
	e := easter(y)
	return []Holiday{
		on(y, time.January, 1, "New Year's Day"),
		{e.AddDays(1), "Easter Monday"},
		on(y, time.May, 1, "Labour Day"),
		on(y, time.May, 8, "Victory Day"),
		{e.AddDays(39), "Ascension Day"},
		{e.AddDays(50), "Whit Monday"},
		on(y, time.July, 14, "Bastille Day"),
		on(y, time.August, 15, "Assumption Day"),
		on(y, time.November, 1, "All Saints' Day"),
		on(y, time.November, 11, "Armistice Day"),
		on(y, time.December, 25, "Christmas Day"),
	}
}

func irish(y int) []Holiday {
	days := []Holiday{
		on(y, time.January, 1, "New Year's Day"),
		on(y, time.March, 17, "Saint Patrick's Day"),
		{easter(y).AddDays(1), "Easter Monday"},
		{nth(y, time.May, time.Monday, 1), "May holiday"},
		{nth(y, time.June, time.Monday, 1), "June holiday"},
		{nth(y, time.August, time.Monday, 1), "August holiday"},
		{last(y, time.October, time.Monday), "October holiday"},
		on(y, time.December, 25, "Christmas Day"),
		on(y, time.December, 26, "Saint Stephen's Day"),
	}
	if y >= 2023 { // first Monday of February, or 1 February when that is a Friday
		brigid := Date{y, time.February, 1}
		if brigid.Weekday() != time.Friday {
			brigid = nth(y, time.February, time.Monday, 1)
		}
		days = append(days, Holiday{brigid, "Saint Brigid's Day"})
	}
	return days
}

func englandWales(y int) []Holiday {
	e := easter(y)
	days := []Holiday{
		{e.AddDays(-2), "Good Friday"},
		{e.AddDays(1), "Easter Monday"},
		{last(y, time.August, time.Monday), "Summer bank holiday"},
	}
	days = append(days, ukShared(y)...)
	days = append(days, substituted(on(y, time.January, 1, "New Year's Day"))...)
	return days
}

func scottish(y int) []Holiday {
	days := []Holiday{
		{easter(y).AddDays(-2), "Good Friday"},
		{nth(y, time.August, time.Monday, 1), "Summer bank holiday"},
	}
	days = append(days, ukShared(y)...)
	days = append(days, substituted(on(y, time.January, 1, "New Year's Day"), on(y, time.January, 2, "2 January"))...)
	days = append(days, substituted(on(y, time.November, 30, "Saint Andrew's Day"))...)
	if y == 2026 { // proclaimed for Scotland alone
		days = append(days, on(y, time.June, 15, "World Cup bank holiday"))
	}
	return days
}

// ukShared are the bank holidays of all Great Britain, with those that were
// proclaimed or moved once.
func ukShared(y int) []Holiday {
	early, spring := nth(y, time.May, time.Monday, 1), last(y, time.May, time.Monday)
	var once []Holiday
	switch y {
	case 2002:
		spring = Date{y, time.June, 4}
		once = []Holiday{on(y, time.June, 3, "Golden Jubilee")}
	case 2011:
		once = []Holiday{on(y, time.April, 29, "Royal Wedding")}
	case 2012:
		spring = Date{y, time.June, 4}
		once = []Holiday{on(y, time.June, 5, "Diamond Jubilee")}
	case 2020:
		early = Date{y, time.May, 8}
	case 2022:
		spring = Date{y, time.June, 2}
		once = []Holiday{on(y, time.June, 3, "Platinum Jubilee"), on(y, time.September, 19, "State Funeral of Queen Elizabeth II")}
	case 2023:
		once = []Holiday{on(y, time.May, 8, "Coronation of King Charles III")}
	}
	days := append(once, Holiday{early, "Early May bank holiday"}, Holiday{spring, "Spring bank holiday"})
	return append(days, substituted(on(y, time.December, 25, "Christmas Day"), on(y, time.December, 26, "Boxing Day"))...)
}

// federal is 5 U.S.C. 6103; a Sunday moves to Monday, a Saturday stays.
func federal(y int) []Holiday {
	days := []Holiday{
		{nth(y, time.January, time.Monday, 3), "Birthday of Martin Luther King, Jr."},
		{nth(y, time.February, time.Monday, 3), "Washington's Birthday"},
		{last(y, time.May, time.Monday), "Memorial Day"},
		{nth(y, time.September, time.Monday, 1), "Labor Day"},
		{nth(y, time.October, time.Monday, 2), "Columbus Day"},
		{nth(y, time.November, time.Thursday, 4), "Thanksgiving Day"},
	}
	fixed := []Holiday{
		on(y, time.January, 1, "New Year's Day"),
		on(y, time.July, 4, "Independence Day"),
		on(y, time.November, 11, "Veterans Day"),
		on(y, time.December, 25, "Christmas Day"),
	}
	if y >= 2021 {
		fixed = append(fixed, on(y, time.June, 19, "Juneteenth"))
	}
	for _, h := range fixed {
		days = append(days, h)
		if h.Date.Weekday() == time.Sunday {
			days = append(days, Holiday{h.Date.AddDays(1), h.Name + " (observed)"})
		}
	}
	return days
}

// substituted gives each holiday that falls on a weekend the next weekday that
// is still free, as gov.uk lists its substitute days.
func substituted(days ...Holiday) []Holiday {
	out := slices.Clone(days)
	taken := map[Date]bool{}
	for _, h := range days {
		taken[h.Date] = true
	}
	for _, h := range days {
		if w := h.Date.Weekday(); w != time.Saturday && w != time.Sunday {
			continue
		}
		d := h.Date
		for taken[d] || d.Weekday() == time.Saturday || d.Weekday() == time.Sunday {
			d = d.AddDays(1)
		}
		taken[d] = true
		out = append(out, Holiday{d, h.Name + " (substitute day)"})
	}
	return out
}

func on(y int, m time.Month, d int, name string) Holiday { return Holiday{Date{y, m, d}, name} }

// nth is the n-th weekday w of a month, counted from 1.
func nth(y int, m time.Month, w time.Weekday, n int) Date {
	first := Date{y, m, 1}
	return first.AddDays((int(w)-int(first.Weekday())+7)%7 + 7*(n-1))
}

func last(y int, m time.Month, w time.Weekday) Date {
	end := Date{y, m, 1}.AddMonths(1).AddDays(-1)
	return end.AddDays(-((int(end.Weekday()) - int(w) + 7) % 7))
}

// easter is Easter Sunday of the Gregorian calendar (Meeus, Jones, Butcher).
func easter(y int) Date {
	a, b, c := y%19, y/100, y%100
	d, e := b/4, b%4
	g := (8*b + 13) / 25
	h := (19*a + b - d - g + 15) % 30
	i, k := c/4, c%4
	l := (32 + 2*e + 2*i - h - k) % 7
	m := (a + 11*h + 22*l) / 451
	n := h + l - 7*m + 114
	return Date{y, time.Month(n / 31), n%31 + 1}
}
