package letters

// law is what a letter needs to know of a law: whom to complain to and how.
type law struct {
	family    string    // EU UK CA US BR PIPEDA QC CH
	authority Authority // empty for EU: the company's lead authority comes from its configuration
	appeal    int       // days in which we answer an appeal; 0 when the law has none
	appealAny bool      // an appeal without a figure in our table
	counsel   string    // what of the authority nobody has confirmed yet; "" when its source shows all of it
}

// laws holds every law of the clock's table, by the same code. The comment over each authority names
// where its name and address were read (November 2026, in stored copies of the pages, not live). What
// could not be read is in counsel, and docs/law.md lists it.
var laws = map[string]law{
	"EU": {family: "EU"},
	// ico.org.uk/make-a-complaint/data-protection-complaints; legislation.gov.uk/uksi/2026/386.
	"UK": {family: "UK", counsel: "the address; whether the office is the Information Commission by now (DUAA s119, SI 2026/386)", authority: Authority{
		"Information Commissioner’s Office (ICO)", "Wycliffe House, Water Lane, Wilmslow, Cheshire SK9 5AF", "https://ico.org.uk/make-a-complaint/data-protection-complaints/",
	}},
	// cppa.ca.gov/webapplications/complaint (copy of 15 January 2026); privacy.ca.gov/tips/submit-complaint.
	"CA": {family: "CA", authority: Authority{
		"California Privacy Protection Agency", "", "https://cppa.ca.gov/webapplications/complaint",
	}},
	// Press release of 28 January 2025: complaints go to this office. The page was not read.
	"VA": state("Office of the Attorney General of Virginia", "https://www.oag.state.va.us/", 60).unread("the web address"),
	// portal.ct.gov/ag, press release of 1 February 2024.
	"CT": state("Office of the Attorney General of Connecticut", "https://portal.ct.gov/ag", 60),
	// texasattorneygeneral.gov/consumer-protection.
	"TX": state("Office of the Attorney General of Texas", "https://www.texasattorneygeneral.gov/consumer-protection", 60),
	// tn.gov/attorneygeneral/working-for-tennessee: complaints go to its Division of Consumer Affairs.
	"TN": state("Tennessee Attorney General, Division of Consumer Affairs", "https://www.tn.gov/attorneygeneral/working-for-tennessee/consumer-affairs.html", 60),
	// dojmt.gov/office-of-consumer-protection.
	"MT": state("Montana Department of Justice, Office of Consumer Protection", "https://dojmt.gov/office-of-consumer-protection/", 60),
	// attorneygeneral.delaware.gov/fraud/personal-data-privacy-portal: companies name this mailbox.
	"DE": state("Delaware Department of Justice", "https://attorneygeneral.delaware.gov/fraud/personal-data-privacy-portal/", 60).at("privacy@delaware.gov"),
	// doj.nh.gov/data-privacy-enforcement.
	"NH": state("New Hampshire Department of Justice, Consumer Protection and Antitrust Bureau", "https://www.doj.nh.gov/data-privacy-enforcement", 60),
	// protectthegoodlife.nebraska.gov.
	"NE": state("Nebraska Attorney General, Consumer Affairs Response Team", "https://protectthegoodlife.nebraska.gov/", 60).at("2115 State Capitol, Lincoln, NE 68509"),
	// The Attorney General enforces Ind. Code 24-15 (several law firms).
	"IN": state("Office of the Indiana Attorney General", "https://www.in.gov/attorneygeneral/", 60).unread("the web address"),
	// The Attorney General enforces KRS 367.3611 ff. (legislature's summary).
	"KY": state("Office of the Attorney General of Kentucky", "https://www.ag.ky.gov/", 60).unread("the web address"),
	// The Division enforces the Act (two law firms).
	"MD": state("Office of the Attorney General of Maryland, Consumer Protection Division", "https://www.marylandattorneygeneral.gov/", 60).unread("the web address"),
	// R.I. Gen. Laws 6-48.1-6; the Attorney General enforces it (secondary).
	"RI": state("Rhode Island Office of the Attorney General", "https://riag.ri.gov/", 60).unread("the web address"),
	// coag.gov/file-complaint.
	"CO": state("Colorado Attorney General", "https://coag.gov/file-complaint/", 45),
	// ag.state.mn.us/Data-Privacy/Consumer, with its complaint form.
	"MN": state("Office of the Minnesota Attorney General", "https://www.ag.state.mn.us/Data-Privacy/Consumer", 45),
	// doj.state.or.us, questions about the privacy law.
	"OR": state("Oregon Department of Justice", "https://www.doj.state.or.us/", 45),
	// njconsumeraffairs.gov, for the name; N.J.S.A. 56:8-166.7 was read in part.
	"NJ": state("New Jersey Division of Consumer Affairs", "https://www.njconsumeraffairs.gov/", 45).unread("that the Division takes complaints after an appeal"),
	// State press release of 8 January 2024: complaint form at dcp.utah.gov/ucpa.
	"UT": state("Utah Division of Consumer Protection", "https://dcp.utah.gov/ucpa/", 0),
	// Iowa Code 715D.8.
	"IA": state("Iowa Attorney General", "https://www.iowaattorneygeneral.gov/", 60).unread("the web address"),
	// Fla. Admin. Code 2-3.003: complaints go to the Department of Legal Affairs; its site from a directory.
	"FL": state("Office of the Attorney General of Florida, Department of Legal Affairs", "https://www.myfloridalegal.com/", 60).unread("the web address"),
	"OK": law{family: "US", appealAny: true, authority: Authority{
		"Office of the Oklahoma Attorney General", "", "https://oklahoma.gov/oag.html",
	}}.unread("all of it"),
	// gov.br/anpd, petitions against a controller; an agency, no longer an authority, since MP 1.317 of
	// 17 September 2025, passed by the Senate on 24 February 2026.
	"BR": {family: "BR", authority: Authority{
		"Agência Nacional de Proteção de Dados (ANPD)", "", "https://www.gov.br/anpd/pt-br/canais_atendimento/cidadao-titular-de-dados/peticao-de-titular-contra-controlador-de-dados",
	}},
	// priv.gc.ca, report a concern.
	"PIPEDA": {family: "PIPEDA", authority: Authority{
		"Office of the Privacy Commissioner of Canada", "30 Victoria Street, Gatineau, Quebec K1A 1H3", "https://www.priv.gc.ca/en/report-a-concern/",
	}},
	// cai.gouv.qc.ca/commission-acces-information/nous-joindre.
	"QC": {family: "QC", authority: Authority{
		"Commission d’accès à l’information du Québec", "525, boulevard René-Lévesque Est, bureau 2.36, Québec (Québec) G1R 5S9", "https://www.cai.gouv.qc.ca/",
	}},
	// edoeb.admin.ch for name and site; the address from a judgment of 2009 (A-5287/2008).
	"CH": {family: "CH", counsel: "the street address", authority: Authority{
		"Federal Data Protection and Information Commissioner (FDPIC)", "Feldeggweg 1, 3003 Bern", "https://www.edoeb.admin.ch/",
	}},
}

func state(name, url string, appeal int) law {
	return law{family: "US", authority: Authority{Name: name, URL: url}, appeal: appeal}
}

func (w law) at(address string) law {
	w.authority.Address = address
	return w
}

func (w law) unread(what string) law {
	w.counsel = what
	return w
}

// lawOf is the law of a letter: one of our table, or one that the company loaded, in the manner of its
// family. The days of an appeal are the clock's, where it has them.
func lawOf(d Data) (law, bool) {
	w, ok := laws[d.Law]
	if !ok && d.Law != "" && d.Family != "" {
		w, ok = law{family: d.Family}, true
	}
	if d.Appeal > 0 && !w.appealAny {
		w.appeal = d.Appeal
	}
	return w, ok
}

// Unconfirmed says what of a law's authority counsel has to confirm before letters name it; "" when a
// source shows all of it.
func Unconfirmed(code string) string { return laws[code].counsel }
