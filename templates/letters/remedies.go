package letters

import (
	"slices"
	"strings"
)

// Authority is who supervises us, as a letter names it.
type Authority struct {
	Name    string
	Address string // postal address, one line; may be empty
	URL     string
}

// Laws lists the law codes that letters know, sorted.
func Laws() []string {
	codes := make([]string, 0, len(laws))
	for code := range laws {
		codes = append(codes, code)
	}
	slices.Sort(codes)
	return codes
}

// AuthorityOf is whom a person complains to under a law; false for EU, where it depends on the
// company, and for unknown laws.
func AuthorityOf(code string) (Authority, bool) {
	a := laws[code].authority
	return a, a.Name != ""
}

// remedies lists the sentences that a denial under the law must have beside the named authority: EU
// and UK letters name the court, UK letters the complaint to us, and those of states how to appeal
// (law.md §8 no. 2).
func (w law) remedies() []string {
	switch {
	case w.family == "EU":
		return []string{"remedy.us", "remedy.residence", "remedy.court"}
	case w.family == "UK":
		return []string{"remedy.uk", "remedy.court_uk"}
	case w.appeal > 0:
		return []string{"remedy.appeal"}
	case w.appealAny:
		return []string{"remedy.appeal_soon"}
	case slices.Contains([]string{"CH", "QC", "PIPEDA", "BR"}, w.family):
		return []string{"remedy.us", "remedy.court_other"}
	}
	return []string{"remedy.us"}
}

// remedies tells how to disagree, after a denial or a part of one. It needs a contact and a named
// authority.
func (c *composer) remedies() {
	c.heading("remedy.title")
	a := c.authority()
	contact := c.d.Company.Contact
	switch {
	case c.law.family == "UK":
		c.para("remedy.uk", "Contact", contact)
	case c.law.appeal > 0:
		c.para("remedy.appeal", "Contact", contact, "Days", c.law.appeal)
	case c.law.appealAny:
		c.para("remedy.appeal_soon", "Contact", contact)
	default:
		c.para("remedy.us", "Contact", contact)
	}
	if c.law.appeal > 0 || c.law.appealAny {
		c.para("remedy.ag", "Authority", c.isolate(a.line()))
	} else {
		c.para("remedy.authority", "Authority", c.isolate(a.line()))
	}
	if a.URL != "" {
		c.para("remedy.authority_url", "URL", c.url("authority", a.URL))
	}
	if c.law.family == "EU" {
		c.para("remedy.residence")
	}
	c.court()
}

// court names the judicial remedy, where the law has one.
func (c *composer) court() {
	switch c.law.family {
	case "EU":
		c.para("remedy.court")
	case "UK":
		c.para("remedy.court_uk")
	case "CH", "QC", "PIPEDA", "BR":
		c.para("remedy.court_other")
	}
}

// complaint names the authority in an answer that denies nothing (GDPR 15(1)(f)).
func (c *composer) complaint() {
	a := c.authority()
	c.para("remedy.authority", "Authority", c.isolate(a.line()))
	if a.URL != "" {
		c.para("remedy.authority_url", "URL", c.url("authority", a.URL))
	}
}

// authority is the configured one, else the law's.
func (c *composer) authority() Authority {
	a := c.d.Authority
	if a.Name == "" {
		a = c.law.authority
	}
	c.need("authority", a.Name != "")
	return Authority{Name: plain(a.Name), Address: plain(a.Address), URL: a.URL}
}

func (a Authority) line() string {
	return strings.TrimSuffix(a.Name+", "+a.Address, ", ")
}
