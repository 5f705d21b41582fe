package clock

import (
	"regexp"
	"strings"
)

// Write is a ground as a plan and a letter keep it: the law's article, the
// statute behind it where there is one, the words of the table, and what else
// is said: "GDPR Art. 17(3)(b); HGB §257: a legal duty or public task to keep
// it. Invoices, 8 years".
func (g Ground) Write(statute, words string) string {
	out := g.Cite
	if statute = strings.TrimSpace(statute); statute != "" {
		out += "; " + statute
	}
	out += ": " + g.Text
	if words = strings.TrimLeft(strings.TrimPrefix(words, g.Text), ". "); words != "" {
		out += ". " + words
	}
	return out
}

// Written takes a text made by Write apart again. Several grounds of a law may
// cite one article, so that the table's words decide which it is.
func (w *Law) Written(right, text string) (g Ground, statute, words string, ok bool) {
	for _, g := range w.Grounds(right) {
		rest, cited := strings.CutPrefix(text, g.Cite)
		head, tail, said := strings.Cut(rest, ": ")
		if !cited || !said || head != "" && !strings.HasPrefix(head, "; ") {
			continue
		}
		if after, fits := cutFold(tail, g.Text); fits && (after == "" || strings.ContainsRune(" .,;:", rune(after[0]))) {
			return g, strings.TrimPrefix(head, "; "), strings.TrimLeft(after, " .,;:"), true
		}
	}
	return Ground{}, "", "", false
}

func cutFold(s, prefix string) (after string, ok bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}

// alike are codes that say the same in other laws' tables, best first.
var alike = map[string][]string{
	"legal_claims":     {"legal_compliance"},
	"legal_compliance": {"legal_claims", "legal_duty"},
	"legal_duty":       {"legal_compliance"},
	"expression":       {"speech"},
	"speech":           {"expression"},
}

// Near is the ground of this law that keeps a record for the reason that
// another law's code names; false where this law has none such.
func (w *Law) Near(right, code string) (Ground, bool) {
	list := w.Grounds(right)
	for _, c := range append([]string{code}, alike[code]...) {
		for _, g := range list {
			if g.Code == c && g.Scope != ScopeRequest {
				return g, true
			}
		}
	}
	return Ground{}, false
}

// Elsewhere finds the law and the ground that a text names where it is not one
// of w: the first of the table that has it, in the order of the codes.
func (w *Law) Elsewhere(laws *Laws, right, text string) (*Law, Ground, bool) {
	laws = laws.orBuiltin()
	for _, code := range laws.Codes() {
		other, err := laws.Law(code)
		if err != nil || other.Family == w.Family {
			continue
		}
		if g, _, _, ok := other.Written(right, text); ok {
			return other, g, true
		}
		if g, ok := other.Ground(right, text); ok {
			return other, g, true
		}
	}
	return nil, Ground{}, false
}

// ownName is how each family of laws is named in a citation.
var ownName = map[string]*regexp.Regexp{
	"EU": regexp.MustCompile(`^(?:GDPR|DSGVO|RGPD|Art\.)`), "UK": regexp.MustCompile(`^UK GDPR|^DPA 2018`), "CA": regexp.MustCompile(`1798\.|11 CCR`),
	"BR": regexp.MustCompile(`LGPD`), "PIPEDA": regexp.MustCompile(`PIPEDA`), "QC": regexp.MustCompile(`P-39\.1`), "CH": regexp.MustCompile(`FADP|\bDPO Art`),
}

// Cites reports whether a citation is one of the law itself.
func (w *Law) Cites(cite string) bool {
	if own, ok := ownName[w.Family]; ok {
		return own.MatchString(strings.TrimSpace(cite))
	}
	return cite != "" && strings.HasPrefix(cite, w.Cite)
}
