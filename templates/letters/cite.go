package letters

import (
	"regexp"
	"strings"
)

// citing is how a language cites a law: its own short name, and how it writes article, paragraph and
// letter. Laws that are not in it are cited as they are, in the words of their country.
type citing struct {
	article string            // "Art. ", "article ", "artículo "
	para    string            // between article and paragraph: " Abs. ", "."
	letter  string            // before a letter: " Buchst. ", "."
	after   string            // after a letter: "", ")"
	and     string            // between the last two
	again   bool              // the article's word is said again in a list
	of      map[string]string // law → what follows the article: " DSGVO", " du RGPD"
}

var citings = map[string]citing{
	"de": {
		article: "Art. ", para: " Abs. ", letter: " Buchst. ", and: " und ", again: true,
		of: map[string]string{"GDPR": " DSGVO", "UK GDPR": " UK-DSGVO", "FADP": " DSG", "DPO": " DSV", "Reg. 1182/71": " VO (EWG, Euratom) Nr. 1182/71"},
	},
	"fr": {
		article: "article ", para: ".", letter: ".", and: " et ", again: false,
		of: map[string]string{"GDPR": " du RGPD", "UK GDPR": " du RGPD britannique", "FADP": " LPD", "DPO": " OPDo", "Reg. 1182/71": " du règlement nᵒ 1182/71"},
	},
	"es": {
		article: "artículo ", para: ".", letter: ".", after: ")", and: " y ", again: false,
		of: map[string]string{"GDPR": " del RGPD", "UK GDPR": " del RGPD del Reino Unido", "FADP": " de la Ley suiza de protección de datos", "DPO": " del Reglamento suizo de protección de datos", "Reg. 1182/71": " del Reglamento n.º 1182/71"},
	},
}

var (
	citation = regexp.MustCompile(`(UK GDPR|GDPR|FADP|DPO|Reg\. 1182/71) Art\. ([0-9]+[A-Za-z]?(?:\([0-9A-Za-z]+\))*(?:(?:, | and )[0-9]+[A-Za-z]?(?:\([0-9A-Za-z]+\))*)*)`)
	places   = regexp.MustCompile(`, | and `)
	parts    = regexp.MustCompile(`\(([0-9A-Za-z]+)\)`)
)

// cite writes a citation of our tables as the letter's language does: "GDPR Art. 17(3)(b)" is "Art. 17
// Abs. 3 Buchst. b DSGVO", "article 17.3.b du RGPD", "artículo 17.3.b) del RGPD".
func (c *composer) cite(s string) string {
	return citedIn(c.doc.Lang, plain(s))
}

// article cites an article of the GDPR where the GDPR, or the United Kingdom's, applies.
func (c *composer) article(place string) string {
	switch c.law.family {
	case "EU":
		return c.cite("GDPR Art. " + place)
	case "UK":
		return c.cite("UK GDPR Art. " + place)
	}
	return ""
}

func citedIn(lang, s string) string {
	as, ok := citings[lang]
	if !ok {
		return s
	}
	return citation.ReplaceAllStringFunc(s, func(found string) string {
		m := citation.FindStringSubmatch(found)
		list, joints := places.Split(m[2], -1), places.FindAllString(m[2], -1)
		var b strings.Builder
		for i, place := range list {
			switch {
			case i == 0:
				b.WriteString(as.plural(len(list)))
			case joints[i-1] == " and ":
				b.WriteString(as.and)
			default:
				b.WriteString(", ")
			}
			if i > 0 && as.again {
				b.WriteString(as.article)
			}
			b.WriteString(as.place(place))
		}
		return b.String() + as.of[m[1]]
	})
}

// plural is the word before one article or several.
func (as citing) plural(n int) string {
	if n > 1 && !as.again {
		return strings.TrimSuffix(as.article, " ") + "s "
	}
	return as.article
}

func (as citing) place(place string) string {
	number, _, _ := strings.Cut(place, "(")
	out := number
	for _, p := range parts.FindAllStringSubmatch(place, -1) {
		if p[1][0] >= '0' && p[1][0] <= '9' {
			out += as.para + p[1]
		} else {
			out += as.letter + p[1] + as.after
		}
	}
	return out
}
