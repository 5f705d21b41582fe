// Package identity says which proofs a request needs before data is shown,
// changed or erased: a pure table of law, right and the most sensitive data
// category. It is asked at verification and again at release.
package identity

import (
	"slices"
	"strings"
)

// Proof is one way to show who asks.
type Proof string

// Proofs, from the weakest to the strongest sort.
const (
	EmailCode       Proof = "email_code"       // a code mailed to the address claimed
	KnownFacts      Proof = "known_facts"      // facts already held, compared, never shown
	SignIn          Proof = "sign_in"          // the company's own sign-in (11 CCR 7061)
	AgentPermission Proof = "agent_permission" // signed permission of the person (11 CCR 7063)
	Declaration     Proof = "declaration"      // under penalty of perjury (11 CCR 7062(c))
	Document        Proof = "document"         // looked at, then deleted
	StaffCheck      Proof = "staff_check"      // recorded by hand, with a reason
	Confirmation    Proof = "confirmation"     // the person concerned confirmed by a mailed link that somebody asks for them (11 CCR 7063(a))

	// RepresentativeCode is a code mailed to whoever asks for another person: it
	// shows who asks and nothing about the person concerned (11 CCR 7062, 7063).
	RepresentativeCode Proof = "representative_code"
	// RepresentativeCheck and RepresentativeDocument show the same, recorded by
	// hand: they are no word of the person, and the person's word is none of them.
	RepresentativeCheck    Proof = "representative_check"
	RepresentativeDocument Proof = "representative_document"
)

// WhoAsks are the proofs of who asks for another person. Where both share an
// address, its code proves both.
var WhoAsks = []Proof{RepresentativeCode, EmailCode, RepresentativeCheck, RepresentativeDocument}

// PersonsWord are the proofs that the person concerned wants what is asked for
// them.
var PersonsWord = []Proof{Confirmation, SignIn, Document, StaffCheck}

// Proofs are all proofs.
var Proofs = []Proof{EmailCode, KnownFacts, SignIn, AgentPermission, Declaration, Document, StaffCheck, Confirmation, RepresentativeCode, RepresentativeCheck, RepresentativeDocument}

// Sensitivity is the most sensitive category among the data concerned.
type Sensitivity int

// Sensitivities, in rising order. Low is contact data and what follows from
// it; High is purchases, messages, location and the like; Special is GDPR
// Art. 9 and 10, and sensitive personal information of Cal. Civ. Code
// 1798.140(ae).
const (
	Low Sensitivity = iota
	High
	Special
)

// sensitive maps the first words of a data category, as dataset files name
// them, to how sensitive it is.
var sensitive = []struct {
	prefix string
	level  Sensitivity
}{
	{"health", Special},
	{"religion", Special},
	{"ethnicity", Special},
	{"political", Special},
	{"union", Special},
	{"sex", Special},
	{"genetic", Special},
	{"biometric", Special},
	{"criminal", Special},
	{"identity.government", Special},
	{"financial.account", Special},
	{"location.precise", Special},
	{"content", High},
	{"financial", High},
	{"location", High},
	{"profiling", High},
}

// SensitivityOf is the highest sensitivity among data categories such as
// "contact.email" or "health.diagnosis". An unknown category is Low.
func SensitivityOf(categories []string) Sensitivity {
	highest := Low
	for _, c := range categories {
		for _, row := range sensitive {
			if c == row.prefix || strings.HasPrefix(c, row.prefix+".") || strings.HasPrefix(c, row.prefix+"_") {
				highest = max(highest, row.level)
			}
		}
	}
	return highest
}

// Need is what has to be proved: each of its groups by at least one of its
// proofs, and so many data points. No group means that nothing is asked.
type Need struct {
	Groups [][]Proof
	// Points is how many facts must agree with what is held, the proved address
	// among them; 0 is as many as there are. Named counts the name as one.
	Points int
	Named  bool
	// Declared asks for a declaration under penalty of perjury.
	Declared bool
	Cite     string // why this much
}

// strong are the proofs that alone satisfy any need: a person or a system of
// the company has checked who asks.
var strong = []Proof{SignIn, Document, StaffCheck}

// unverified need no proof: GDPR Art. 7(3) (as easy as giving), Cal. Civ. Code
// 1798.135, 11 CCR 7060(b).
var unverified = []string{"consent_withdrawal", "opt_out", "limit"}

// NeedsProof says whether any of the rights asks for a proof of identity.
func NeedsProof(rights []string) bool {
	return slices.ContainsFunc(rights, func(r string) bool { return !slices.Contains(unverified, r) })
}

// Needed is what the rights need under a law: the most that any of them asks.
// Specific pieces of information need more (Pieces).
func Needed(law string, rights []string, s Sensitivity) Need {
	var need Need
	for _, right := range rights {
		if n := neededFor(law, right, s); len(n.Groups)+n.Points >= len(need.Groups)+need.Points {
			need = n
		}
	}
	return need
}

// neededFor is one cell of the table.
func neededFor(law, right string, s Sensitivity) Need {
	mail := [][]Proof{{EmailCode, Confirmation, SignIn, Document, StaffCheck}}
	weighty := right != "restriction" && right != "objection"
	switch {
	case !NeedsProof([]string{right}):
		if law == "CA" {
			return Need{Cite: "Cal. Civ. Code 1798.135; 11 CCR 7060(b)"}
		}
		return Need{Cite: "GDPR Art. 7(3)"}
	case law == "CA" && slices.Contains(tellingRights, right):
		return Need{Groups: mail, Points: 2, Named: true, Cite: "11 CCR 7062(b)"}
	case law == "CA" && s == Special && weighty:
		return Need{Groups: mail, Points: 3, Named: true, Cite: "11 CCR 7062(d)"}
	case law == "CA" && weighty:
		return Need{Groups: mail, Points: 2, Named: true, Cite: "11 CCR 7062(d)"}
	case s == Special && weighty:
		// A name often stands in the address, and whoever took that over knows it.
		return Need{Groups: mail, Points: 2, Cite: "GDPR Art. 12(6) and 32; EDPB Guidelines 01/2022"}
	default:
		return Need{Groups: mail, Cite: "GDPR Art. 12(6); EDPB Guidelines 01/2022"}
	}
}

// tellingRights give data to whoever asks.
var tellingRights = []string{"access", "portability"}

// Pieces is what California asks for before it gives specific pieces of
// information: a reasonably high degree of certainty (11 CCR 7062(c)). The zero
// Need is any other law, whose table (Needed) says it all.
func Pieces(law string, rights []string) Need {
	if law != "CA" || !slices.ContainsFunc(rights, func(r string) bool { return slices.Contains(tellingRights, r) }) {
		return Need{}
	}
	return Need{Points: 3, Named: true, Declared: true, Cite: "11 CCR 7062(c)"}
}

// Satisfied says whether the proofs at hand meet the need.
func Satisfied(have []Proof, need Need) bool { return len(Missing(have, need)) == 0 }

// Missing are the groups that no proof at hand meets: from each of them one
// more proof is needed.
func Missing(have []Proof, need Need) [][]Proof {
	var out [][]Proof
	for _, group := range need.Groups {
		if !slices.ContainsFunc(group, func(p Proof) bool { return slices.Contains(have, p) }) {
			out = append(out, group)
		}
	}
	return out
}

// CategoriesOnly says that an access or portability request ends with
// categories instead of specific pieces (11 CCR 7024(a)), because what was shown
// does not reach Pieces. Where somebody asks for the person, the link that the
// person confirmed by counts as their code; the code of whoever asks counts for
// nothing.
func CategoriesOnly(law string, rights []string, s Shown) bool {
	need := Pieces(law, rights)
	if need.Points == 0 || s.Settled() {
		return false
	}
	return need.Short(s) > 0 || !s.has(Declaration)
}

// Finding is what the systems tell about the address that was proved.
type Finding struct {
	People     int  // different people that the address leads to; 0 is nobody
	ChangedFor int  // days since the address last changed in the CRM; negative when unknown or never
	OnBehalf   bool // somebody else asks for the person
}

// Reasons for which a mailed code is not enough and the desk decides.
const (
	SeveralPeople  = "several_people"  // the address leads to more than one person
	RecentlyMoved  = "address_changed" // it changed in the CRM within RecentDays
	FactsShort     = "facts_short"     // fewer facts agree with what is held than the law asks for
	AgentUnchecked = "agent_unchecked" // somebody asks for another and the permission was not seen
	RecentDays     = 30
)

// DeskDecides gives the reasons for which the desk has to decide who it is, and
// none when the proofs suffice. What the desk has recorded itself (StaffCheck),
// a document or the company's own sign-in settles the address; only a
// permission or the desk settles an agent.
func DeskDecides(f Finding, have []Proof) []string {
	var reasons []string
	settled := Shown{Proofs: have}.Settled()
	if f.People > 1 && !settled {
		reasons = append(reasons, SeveralPeople)
	}
	if f.ChangedFor >= 0 && f.ChangedFor < RecentDays && !settled {
		reasons = append(reasons, RecentlyMoved)
	}
	if f.OnBehalf && !slices.Contains(have, AgentPermission) && !slices.Contains(have, StaffCheck) {
		reasons = append(reasons, AgentUnchecked)
	}
	return reasons
}
