package requests

import (
	"regexp"
	"strings"

	"habeas/requests/clock"
	"habeas/requests/connect"
	"habeas/requests/plan"
)

// provision is a provision of some statute: "HGB §257", "s. 386 Companies Act".
var provision = regexp.MustCompile(`§|\b(?:Art\.?|Article|[Ss]ections?|Secs?\.?|ss?\.|R\.?S\.?C\.|C\.F\.R\.|CFR)\s*[0-9]`)

// privacyLaw are citations of the privacy laws themselves: they are exemptions
// only where the table has them.
var privacyLaw = regexp.MustCompile(`^\s*(?:Art|Recital)|GDPR|DSGVO|RGPD|1798\.|CCR 70|LGPD|PIPEDA|FADP`)

// grounded holds a decision about a record against the law's table: what is
// kept needs an exemption that the law has, what is done a ground. A code is
// written out; a statute alone, that says how long something must be kept, is
// the exemption of a legal duty.
func (ch *change) grounded(d *Decision, e plan.Entry) error {
	law, err := ch.c.LawRow()
	if err != nil {
		return err
	}
	switch {
	case e.Note.Match == connect.Ambiguous, d.Ground == e.Record.Ground && d.Action == e.Record.Action:
		return nil // whose it is comes first; what stays as it was has its ground
	case d.Action == connect.Keep:
		return keptOn(ch.c.laws, law, e.Record.Right, d)
	}
	code, words := splitGround(d.Ground)
	if g, ok := law.Grants(e.Record.Right, code); ok {
		d.Ground = writtenOut(g.Cite, g.Text, words)
	}
	return nil
}

// keptOn is the exemption on which a record is kept.
func keptOn(laws *clock.Laws, law *clock.Law, right string, d *Decision) error {
	code, words := splitGround(d.Ground)
	step := clock.Step{Law: law.Code, Right: right, Do: clock.Keep, Ground: d.Ground, Laws: laws}
	g, ok := law.Ground(right, code)
	if ok {
		step.Ground = g.Code
	}
	if duty, has := law.Ground(right, "legal_duty"); has && !ok && provision.MatchString(d.Ground) && !privacyLaw.MatchString(d.Ground) {
		g, ok, words = duty, true, d.Ground
	}
	if !ok || g.Scope == clock.ScopeRequest {
		return unlawful(clock.Allowed(step))
	}
	d.Ground = writtenOut(g.Cite, g.Text, words)
	return nil
}

// splitGround parts "legal_claims: Lawsuit of May" into what names the ground
// and what the desk adds in its own words.
func splitGround(ground string) (named, words string) {
	head, tail, _ := strings.Cut(ground, ": ")
	return head, tail
}

// writtenOut is a ground as the plan keeps it: citation, words of the table,
// and what the desk added.
func writtenOut(cite, text, words string) string {
	out := cite + ": " + text
	if words = strings.TrimLeft(strings.TrimPrefix(words, text), ". "); words != "" {
		out += ". " + words
	}
	return out
}
