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

// law is what a letter needs to know of a law: whom to complain to and how. Names and web addresses
// are from memory: have counsel confirm them before release.
type law struct {
	family    string    // EU UK CA US BR PIPEDA QC CH
	authority Authority // empty for EU: the company's lead authority comes from its configuration
	appeal    int       // days in which we answer an appeal; 0 when the law has none
	appealAny bool      // an appeal without a figure in our table
}

// laws holds every law of the clock's table, by the same code.
var laws = map[string]law{
	"EU": {family: "EU"},
	"UK": {family: "UK", authority: Authority{
		"Information Commissioner’s Office (ICO)", "Wycliffe House, Water Lane, Wilmslow, Cheshire SK9 5AF", "https://ico.org.uk/make-a-complaint/",
	}},
	"CA": {family: "CA", authority: Authority{
		"California Privacy Protection Agency", "", "https://cppa.ca.gov/webapplications/complaint",
	}},
	"VA": state("Office of the Attorney General of Virginia", "https://www.oag.state.va.us/", 60),
	"CT": state("Office of the Attorney General of Connecticut", "https://portal.ct.gov/ag", 60),
	"TX": state("Office of the Attorney General of Texas", "https://www.texasattorneygeneral.gov/", 60),
	"TN": state("Tennessee Attorney General", "https://www.tn.gov/attorneygeneral.html", 60),
	"MT": state("Montana Department of Justice", "https://dojmt.gov/", 60),
	"DE": state("Delaware Department of Justice", "https://attorneygeneral.delaware.gov/", 60),
	"NH": state("New Hampshire Department of Justice", "https://www.doj.nh.gov/", 60),
	"NE": state("Nebraska Attorney General", "https://ago.nebraska.gov/", 60),
	"IN": state("Office of the Indiana Attorney General", "https://www.in.gov/attorneygeneral/", 60),
	"KY": state("Office of the Attorney General of Kentucky", "https://www.ag.ky.gov/", 60),
	"MD": state("Office of the Attorney General of Maryland", "https://www.marylandattorneygeneral.gov/", 60),
	"RI": state("Rhode Island Office of the Attorney General", "https://riag.ri.gov/", 60),
	"CO": state("Colorado Attorney General", "https://coag.gov/file-complaint/", 45),
	"MN": state("Office of the Minnesota Attorney General", "https://www.ag.state.mn.us/", 45),
	"OR": state("Oregon Department of Justice", "https://www.doj.state.or.us/", 45),
	"NJ": state("New Jersey Division of Consumer Affairs", "https://www.njconsumeraffairs.gov/", 45),
	"UT": state("Utah Division of Consumer Protection", "https://dcp.utah.gov/", 0),
	"IA": state("Iowa Attorney General", "https://www.iowaattorneygeneral.gov/", 60),
	"FL": state("Office of the Attorney General of Florida", "https://www.myfloridalegal.com/", 60),
	"OK": {family: "US", appealAny: true, authority: Authority{
		"Office of the Oklahoma Attorney General", "", "https://oklahoma.gov/oag.html",
	}},
	"BR": {family: "BR", authority: Authority{
		"Autoridade Nacional de Proteção de Dados (ANPD)", "", "https://www.gov.br/anpd",
	}},
	"PIPEDA": {family: "PIPEDA", authority: Authority{
		"Office of the Privacy Commissioner of Canada", "30 Victoria Street, Gatineau, Quebec K1A 1H3", "https://www.priv.gc.ca/en/report-a-concern/",
	}},
	"QC": {family: "QC", authority: Authority{
		"Commission d’accès à l’information du Québec", "", "https://www.cai.gouv.qc.ca/",
	}},
	"CH": {family: "CH", authority: Authority{
		"Federal Data Protection and Information Commissioner (FDPIC)", "Feldeggweg 1, 3003 Bern", "https://www.edoeb.admin.ch/",
	}},
}

func state(name, url string, appeal int) law {
	return law{family: "US", authority: Authority{Name: name, URL: url}, appeal: appeal}
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
