package requests

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"habeas/requests/mail"
)

// Authority is whom letters name under a law: for one that the company loaded,
// or in place of ours, which change their names and addresses.
type Authority struct {
	Name    string `yaml:"name"`
	Address string `yaml:"address"` // postal, one line
	URL     string `yaml:"url"`
}

// family is whose letters and grounds the law of the case shares.
func (c *Case) family() string {
	if law, err := c.LawRow(); err == nil {
		return law.Family
	}
	return c.Law
}

// underLaw fills in what a letter says of the law of a case: its family, the
// days of an appeal and the authority.
func (s Settings) underLaw(c *Case, d *mail.Slots) {
	law, err := c.LawRow()
	if err != nil {
		return
	}
	d.Family = law.Family
	for _, t := range law.Terms {
		if t.Name == "appeal" && t.Unit == "day" {
			d.Appeal = t.N
		}
	}
	if a, ok := s.Authorities[c.Law]; ok {
		d.Authority = mail.Authority{Name: a.Name, Address: a.Address, URL: a.URL}
	} else if law.Family == "EU" {
		d.Authority = mail.Authority{Name: s.Authority, URL: s.AuthorityAt}
	}
}

// CheckAuthorities names what cannot be in the authorities, and laws under which
// no letter could be written because nobody is named.
func (s Settings) CheckAuthorities() []error {
	var faults []error
	bad := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	for _, code := range slices.Sorted(maps.Keys(s.Authorities)) {
		a := s.Authorities[code]
		if _, err := s.Laws.Law(code); err != nil {
			bad("authorities: %w", err)
		}
		if strings.TrimSpace(a.Name) == "" {
			bad("authorities.%s.name is missing: letters name whom to complain to", code)
		}
		if u, err := url.Parse(a.URL); a.URL != "" && (err != nil || u.Scheme != "https" || u.Host == "") {
			bad("authorities.%s.url is not an address such as https://authority.example", code)
		}
	}
	for _, code := range s.Laws.Codes() {
		law, err := s.Laws.Law(code)
		if _, named := s.Authorities[code]; err == nil && law.Family != "EU" && !named && !mail.NamedUnder(code) {
			bad("authorities.%s is missing: name whom people complain to under the %s, or no letter can be written", code, law.Name)
		}
	}
	return faults
}
