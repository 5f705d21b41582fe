package requests

import (
	"fmt"
	"regexp"
	"strings"

	"habeas/requests/clock"
	"habeas/requests/connect"
	"habeas/requests/plan"
)

// provision is a provision of some statute: "HGB §257", "s. 386 Companies Act".
var provision = regexp.MustCompile(`§|\b(?:Art\.?|Article|[Ss]ections?|Secs?\.?|ss?\.|R\.?S\.?C\.|C\.F\.R\.|CFR)\s*[0-9]`)

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
	case e.Note.Match == connect.Ambiguous, d.Ground == e.Record.Ground && d.Action == e.Record.Action && !e.Note.Undecided:
		return nil // whose it is comes first; what stays as it was has its ground
	case d.Action == connect.Keep:
		return ch.s.set.keptOn(law, e.Record.Right, d)
	}
	code, words := splitGround(d.Ground)
	if g, ok := law.Grants(e.Record.Right, code); ok {
		d.Ground = writtenOut(g.Cite, g.Text, words)
	}
	return nil
}

// keptOn is the exemption on which a record is kept: one of the law's, named by
// code or article, one of the company's own that belongs to the law, or a
// statute, which is a legal duty to keep.
func (s Settings) keptOn(law *clock.Law, right string, d *Decision) error {
	if _, _, _, ok := law.Written(right, d.Ground); !ok {
		if _, own := s.company(d.Ground); own {
			written, no := s.exemption(law, right, d.Ground)
			if no != "" {
				return refuse(Unlawful, "not-lawful", fmt.Sprintf("%q is no ground to keep a record under the %s: %s. Or choose one of the law's own (%s).",
					clipped(d.Ground), law.Name, no, firstOf(law.Rights[right], law.Cite)))
			}
			d.Ground = written
			return nil
		}
	}
	code, words := splitGround(d.Ground)
	statute := ""
	step := clock.Step{Law: law.Code, Right: right, Do: clock.Keep, Ground: d.Ground, Laws: s.Laws}
	g, ok := law.Ground(right, code)
	if written, st, said, whole := law.Written(right, d.Ground); whole {
		g, ok, statute, words = written, true, st, said
	}
	if ok {
		step.Ground = g.Code
	}
	if duty, has := law.Near(right, "legal_duty"); has && !ok && provision.MatchString(d.Ground) && !namesPrivacyLaw.MatchString(d.Ground) {
		g, ok = duty, true
		statute, words = ownWords(d.Ground)
	}
	if !ok || g.Scope == clock.ScopeRequest {
		return unlawful(clock.Allowed(step))
	}
	d.Ground = g.Write(statute, words)
	return nil
}

// clipped keeps a message readable.
func clipped(s string) string {
	if r := []rune(s); len(r) > 100 {
		return string(r[:100]) + "…"
	}
	return s
}

// splitGround parts "legal_claims: Lawsuit of May" into what names the ground
// and what the desk adds in its own words.
func splitGround(ground string) (named, words string) {
	head, tail, _ := strings.Cut(ground, ": ")
	return head, tail
}

// writtenOut is a ground of the law to do something, as the plan keeps it:
// citation, words of the table, and what the desk added.
func writtenOut(cite, text, words string) string {
	return clock.Ground{Cite: cite, Text: text}.Write("", words)
}
