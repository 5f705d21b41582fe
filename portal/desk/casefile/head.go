// Package casefile turns a case into what staff see of it: the desk and the
// auditor show the same words. Nothing here opens personal data.
package casefile

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"habeas/requests"
	"habeas/requests/clock"
	"habeas/templates"
)

// Head is the top of every page about a case.
func Head(c *requests.Case, now time.Time) templates.CaseHead {
	return templates.CaseHead{
		ID: c.ID.String(), Reference: c.Reference, Rights: c.Rights, Country: Country(c.Country, c.Region), Article: article(c),
		Status: string(c.Status), Flags: flags(c), Result: c.Result, Clock: Derived(c, now), Channel: c.Channel, Locale: c.Locale,
	}
}

// Row is a case in a list, with what comes next.
func Row(c *requests.Case, now time.Time) templates.CaseRow {
	next := NextStep(c, now)
	return templates.CaseRow{
		ID: c.ID.String(), Reference: c.Reference, Rights: c.Rights, Country: Country(c.Country, c.Region), Law: lawName(c),
		Status: string(c.Status), Flags: flags(c), Result: c.Result, Clock: Clock(c, now), Next: next.Label, NextHref: next.Href, Channel: c.Channel,
	}
}

func flags(c *requests.Case) []string {
	out := make([]string, len(c.Flags))
	for i, f := range c.Flags {
		out[i] = string(f)
	}
	return out
}

// Country names where the person lives, with the state where that decides.
func Country(code, region string) string {
	name := code
	if r, err := language.ParseRegion(code); err == nil {
		name = cmp.Or(display.English.Regions().Name(r), code)
	}
	if region != "" {
		name += ", " + strings.TrimPrefix(region, code+"-")
	}
	return name
}

// Laws that everybody knows by their short names.
var shortLaw = map[string]string{"EU": "GDPR", "UK": "UK GDPR", "CA": "CCPA", "BR": "LGPD", "CH": "FADP"}

func lawName(c *requests.Case) string {
	if s, ok := shortLaw[c.Law]; ok {
		return s
	}
	if l, err := c.LawRow(); err == nil {
		return l.Name
	}
	return c.Law
}

// article is where the law grants what is asked for.
func article(c *requests.Case) string {
	law, err := c.LawRow()
	if err != nil {
		return c.Law
	}
	var out []string
	for _, r := range c.Rights {
		if cite := cmp.Or(law.Rights[r], law.Cite); !slices.Contains(out, cite) {
			out = append(out, cite)
		}
	}
	return strings.Join(out, "; ")
}

// Today is the day that the case's clock shows.
func Today(c *requests.Case, now time.Time) clock.Date {
	return clock.DateIn(now, zone(c.Zone))
}

// zones that were read: a list asks for the same few on every row, and each is
// a file.
var zones sync.Map // name → *time.Location

func zone(name string) *time.Location {
	if loc, ok := zones.Load(name); ok {
		return loc.(*time.Location)
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC
	}
	zones.Store(name, loc)
	return loc
}

// Clock is the case's legal clock with the derivation of its due date.
func Clock(c *requests.Case, now time.Time) templates.Clock {
	today := Today(c, now)
	day := civil(today)
	out := templates.Clock{
		Due: c.DueOn, Received: civil(Today(c, c.ReceivedAt)), DaysLeft: int(c.DueOn.Sub(day) / (24 * time.Hour)),
		Paused: c.Has(requests.Paused), Extended: c.Has(requests.Extended), Law: lawName(c),
	}
	if law, err := c.LawRow(); err == nil {
		out.Law, out.LawName, out.LawCode = law.Cite, law.Name, law.Code
	}
	for _, r := range binding(c).Rules {
		out.Rules = append(out.Rules, templates.Rule{Cite: r.Cite, Text: r.Text})
	}
	return out
}

// Derived is Clock with the derivation computed anew: it knows the internal
// target and each rule's facts, which a row does not keep. One case's page has
// it; a list does not need it.
func Derived(c *requests.Case, now time.Time) templates.Clock {
	out := Clock(c, now)
	_, due, err := c.Clock(now, nil)
	if err != nil || civil(due.Due) != out.Due {
		return out // the row is what counts
	}
	out.Counsel, out.Rules = due.Counsel, Rules(due)
	if due.Target.Before(due.Due) {
		out.Target = civil(due.Target)
	}
	return out
}

// Rules is a deadline's derivation with its facts, which a page puts in its
// own language.
func Rules(due clock.Deadline) []templates.Rule {
	out := make([]templates.Rule, 0, len(due.Rules))
	for _, r := range due.Rules {
		f := r.Facts
		out = append(out, templates.Rule{
			Cite: r.Cite, Text: r.Text, Code: r.Code, What: f.What, Day: civil(f.Day), From: civil(f.From), To: civil(f.To),
			N: f.N, Unit: f.Unit, First: f.First, Holiday: f.Holiday,
		})
	}
	return out
}

// Foreseen is what a request would run under if it were filed now: rights that
// are answered by the same day stand together, the earliest first.
func Foreseen(c *requests.Case, now time.Time) (templates.Foreseen, error) {
	law, err := c.LawRow()
	if err != nil {
		return templates.Foreseen{}, err
	}
	dues, err := c.DueByRight(now)
	if err != nil {
		return templates.Foreseen{}, err
	}
	slices.SortStableFunc(dues, func(a, b requests.RightDue) int { return a.Due.Compare(b.Due) })
	out := templates.Foreseen{LawCode: law.Code, LawName: law.Name}
	for _, d := range dues {
		if n := len(out.Due); n > 0 && out.Due[n-1].Day.Equal(civil(d.Due)) {
			out.Due[n-1].Rights = append(out.Due[n-1].Rights, d.Right)
		} else {
			out.Due = append(out.Due, templates.ForeseenDue{Rights: []string{d.Right}, Day: civil(d.Due), Rules: Rules(d.Deadline)})
		}
		out.Longer = out.Longer || law.Extension != nil && !slices.Contains(law.Extension.Except, d.Right)
	}
	return out, nil
}

func civil(d clock.Date) time.Time {
	if d.IsZero() {
		return time.Time{}
	}
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC)
}

// binding is the deadline that the case is due by: the extended one once it
// was extended.
func binding(c *requests.Case) clock.Deadline {
	y, m, d := c.DueOn.Date()
	due := clock.Date{Year: y, Month: m, Day: d}
	names := []string{"respond", "opt_out", "extended"}
	if c.Has(requests.Extended) {
		slices.Reverse(names)
	}
	for _, name := range names {
		for _, dl := range c.Deadlines {
			if dl.Name == name && dl.Due == due {
				return dl
			}
		}
	}
	return clock.Deadline{}
}
