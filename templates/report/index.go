package report

// IndexPage is the first page of the customer's package. Texts from the
// company's systems are plain; the page escapes and isolates them.
type IndexPage struct {
	Lang            string
	Law             string // "EU", "UK", "CA", … : which articles are named
	Portability     bool
	Apart           bool // what can be taken along stands in a folder of its own
	CategoriesOnly  bool
	CategoriesAsked bool   // as asked for: nothing is held back
	Period          string // CA: "year", else since 2022
	Reference       string
	Name            string
	ReceivedOn      string
	MadeOn          string
	Company         IndexCompany
	Records         int64
	Withheld        bool // some field is not shown
	Systems         []IndexSystem
}

// IndexCompany is the controller.
type IndexCompany struct {
	Name, Address, Email, Officer, Authority, AuthorityURL, Transfers, Automated string
}

// IndexSystem is what one system holds, by purpose.
type IndexSystem struct {
	ID       string // anchor
	Title    string
	Purposes []IndexPurpose
}

// IndexPurpose is why the company has these types (Art. 15(1)(a)).
type IndexPurpose struct {
	Purpose string
	Types   []IndexType
}

// IndexType is one type of record with its first records.
type IndexType struct {
	ID         string // anchor
	Title      string
	Source     string
	Recipient  string
	Retention  string
	Basis      string // legal basis
	Transfers  string
	Automated  string
	Social     bool
	Categories []string
	Never      []string // kinds of data held whose values may not be put out
	Count      int64
	Columns    []string
	Rows       [][]IndexCell
	JSON, CSV  string // paths of the data files
}

// IndexCell is one value as text.
type IndexCell struct {
	Text     string
	Withheld bool
	Cut      bool // Text is only its beginning
}

// lawKey picks the text for a law, "other" where there is none of its own.
func (p IndexPage) lawKey(key string) string {
	if _, ok := find("en", key+"_"+p.Law); ok {
		return key + "_" + p.Law
	}
	return key + "_other"
}

// european reports whether GDPR's articles are the ones to name.
func (p IndexPage) european() bool { return p.Law == "EU" || p.Law == "UK" }

func (p IndexPage) t(key string, args ...any) string { return Text(p.Lang, "index."+key, args...) }

// rights, complaint and withheld pick the paragraph for the law.
func (p IndexPage) rights() string {
	if p.european() {
		return p.t("rights_EU")
	}
	return Text(p.Lang, p.lawKey("index.rights"))
}

func (p IndexPage) complaint() string {
	law := "EU"
	if p.Law == "CA" {
		law = "CA"
	}
	if p.Company.Authority == "" {
		return p.t("complaint_" + law + "_any")
	}
	return p.t("complaint_"+law, "Authority", p.Company.Authority)
}

func (p IndexPage) withheld() string {
	if p.european() {
		return p.t("withheld")
	}
	return p.t("withheld_other")
}

func (p IndexPage) portability() string {
	if p.Apart {
		return p.t("what_portability_apart")
	}
	if p.european() {
		return p.t("what_portability")
	}
	return p.t("what_portability_other")
}

// only picks the paragraph on why there are no values.
func (p IndexPage) only() string {
	if p.CategoriesAsked {
		return p.t("categories_asked")
	}
	return p.t("categories_only")
}

// lookBack says, in California, how far back the answer goes.
func (p IndexPage) lookBack() string {
	if p.Period == "year" {
		return p.t("period_year")
	}
	return p.t("period_all")
}

func orUnknown(p IndexPage, s string) string {
	if s == "" {
		return p.t("nobody_known")
	}
	return s
}
