package clock

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Choice is which law, holiday set and zone a request runs under. In an
// override an empty field leaves that part to the next rule.
type Choice struct {
	Law  string `yaml:"law"`
	Set  string `yaml:"set"`
	Zone string `yaml:"zone"`
}

// countries are the places with a row of their own. Zones and sets are those
// of the controller where the action is due (Reg. 1182/71 Art. 2(1)); these are
// the sensible ones for a controller in the same country, and a company sets
// its own with an override for "*".
var countries = map[string]Choice{
	"AT": {"EU", "none", "Europe/Vienna"}, "BE": {"EU", "none", "Europe/Brussels"},
	"BG": {"EU", "none", "Europe/Sofia"}, "CY": {"EU", "none", "Asia/Nicosia"},
	"CZ": {"EU", "none", "Europe/Prague"}, "DE": {"EU", "DE", "Europe/Berlin"},
	"DK": {"EU", "none", "Europe/Copenhagen"}, "EE": {"EU", "none", "Europe/Tallinn"},
	"ES": {"EU", "none", "Europe/Madrid"}, "FI": {"EU", "none", "Europe/Helsinki"},
	"FR": {"EU", "FR", "Europe/Paris"}, "GR": {"EU", "none", "Europe/Athens"},
	"HR": {"EU", "none", "Europe/Zagreb"}, "HU": {"EU", "none", "Europe/Budapest"},
	"IE": {"EU", "IE", "Europe/Dublin"}, "IT": {"EU", "none", "Europe/Rome"},
	"LT": {"EU", "none", "Europe/Vilnius"}, "LU": {"EU", "none", "Europe/Luxembourg"},
	"LV": {"EU", "none", "Europe/Riga"}, "MT": {"EU", "none", "Europe/Malta"},
	"NL": {"EU", "none", "Europe/Amsterdam"}, "PL": {"EU", "none", "Europe/Warsaw"},
	"PT": {"EU", "none", "Europe/Lisbon"}, "RO": {"EU", "none", "Europe/Bucharest"},
	"SE": {"EU", "none", "Europe/Stockholm"}, "SI": {"EU", "none", "Europe/Ljubljana"},
	"SK": {"EU", "none", "Europe/Bratislava"},
	// The European Economic Area applies the GDPR too.
	"IS": {"EU", "none", "Atlantic/Reykjavik"}, "LI": {"EU", "none", "Europe/Vaduz"},
	"NO": {"EU", "none", "Europe/Oslo"},

	"GB": {"UK", "EW", "Europe/London"}, "GB-SCT": {"UK", "SC", "Europe/London"},
	"CH": {"CH", "none", "Europe/Zurich"}, "BR": {"BR", "none", "America/Sao_Paulo"},
	"CA": {"PIPEDA", "none", "America/Toronto"}, "CA-QC": {"QC", "none", "America/Toronto"},
	// A state without a row is treated as California, the widest of them.
	"US": {"CA", "US", "America/Los_Angeles"},
}

// Elsewhere is the law of countries without a row: the GDPR follows a
// controller in the Union wherever the person lives (GDPR Art. 3(1)), and no
// holiday set gives the earliest date.
var Elsewhere = Choice{"EU", "none", "Europe/Brussels"}

// Overrides are a company's own choices, keyed "US-CA", "US" or "*".
type Overrides map[string]Choice

// Applies chooses law, holiday set and zone from an ISO 3166 country and a
// region ("CA" or "US-CA"). Overrides win from the most to the least specific
// key, field by field; then come the rules above, and Elsewhere last.
func Applies(country, region string, overrides ...Overrides) Choice {
	return Builtin().Applies(country, region, overrides...)
}

// Applies is the function of that name over this table: a state with a row of
// its own here has its law.
func (l *Laws) Applies(country, region string, overrides ...Overrides) Choice {
	return l.AppliesOn(Date{}, country, region, overrides...)
}

// AppliesOn is Applies for a request received on a day: a law that is not in
// force yet applies to nobody.
func (l *Laws) AppliesOn(day Date, country, region string, overrides ...Overrides) Choice {
	country = strings.ToUpper(strings.TrimSpace(country))
	if country == "UK" {
		country = "GB"
	}
	region = strings.TrimPrefix(strings.ToUpper(strings.TrimSpace(region)), country+"-")
	place := country
	if region != "" {
		place += "-" + region
	}
	var c Choice
	for _, own := range overrides {
		for _, key := range []string{place, country, "*"} {
			c.take(own[key])
		}
	}
	c.take(countries[place])
	if row, ok := l.orBuiltin().rows[region]; ok && country == "US" && (row.Family == "US" || row.Family == "CA") && (day.IsZero() || !day.Before(row.InForce)) {
		c.take(Choice{row.Code, row.Set, row.Zone})
	}
	c.take(countries[country])
	c.take(Elsewhere)
	return c
}

func (c *Choice) take(o Choice) {
	set(&c.Law, o.Law)
	set(&c.Set, o.Set)
	set(&c.Zone, o.Zone)
}

// Check names the first override that cannot be: an unknown law, set or zone,
// or a key that is no place.
func (o Overrides) Check(l *Laws) error {
	for _, key := range slices.Sorted(maps.Keys(o)) {
		if !placeForm.MatchString(key) {
			return fmt.Errorf("%q is no place: write DE, US-CA or *", clip(key))
		}
		c := o[key]
		if c.Law != "" {
			if _, err := l.Law(c.Law); err != nil {
				return fmt.Errorf("%s: %w", key, err)
			}
		}
		if c.Set != "" && sets[c.Set] == nil {
			return fmt.Errorf("%s: %w", key, badSet(c.Set))
		}
		if _, err := time.LoadLocation(c.Zone); err != nil || c.Zone == "Local" {
			return fmt.Errorf("%s: there is no time zone %q; use an IANA name such as Europe/Berlin", key, clip(c.Zone))
		}
	}
	return nil
}

var placeForm = regexp.MustCompile(`^([A-Z]{2}(-[A-Z0-9]{1,3})?|\*)$`)
