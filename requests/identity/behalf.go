package identity

import "slices"

// In which capacity somebody asks for another person.
const (
	ForAgent    = "agent"    // authorised, with a signed permission
	ForParent   = "parent"   // or guardian of a child
	ForAttorney = "attorney" // with a power of attorney
	ForGuardian = "guardian" // appointed by a court or by law, for an adult
)

// Ages of a child that a parent asks for.
const (
	Under13 = "under_13"
	From13  = "13_to_15"
	From16  = "16_or_more"
)

// Insufficient is the ground on which a permission is refused where none of the
// others says more.
const Insufficient = "insufficient"

// PermissionGrounds are why a document does not show that somebody may ask for
// another person: not signed, not naming both, not covering what is asked,
// unreadable, no longer valid, of doubtful origin, or else not sufficient.
var PermissionGrounds = []string{"unsigned", "names", "scope", "unreadable", "outdated", "doubtful", Insufficient}

// Standings are the capacities in which somebody can ask for another person.
var Standings = []string{ForAgent, ForParent, ForAttorney, ForGuardian}

// Ages are the ages of a child that a parent asks for.
var Ages = []string{Under13, From13, From16}

// Confirms says whether the person concerned is asked to confirm. Not with a
// power of attorney (11 CCR 7063(b)), which is never demanded; not where a court
// appointed somebody; and not a child under 13, for whom the parent is checked
// (11 CCR 7070). From 13 on a child speaks for itself (11 CCR 7071).
func Confirms(standing, age string) bool {
	return standing == ForAgent || standing == ForParent && age != Under13
}

// Representation is what has to be proved before somebody acts for another, each
// by a proof of its own: who asks, the permission, and where the law lets us ask,
// that the person concerned wants it. A withdrawal or opt-out needs neither: a signed permission may be asked
// for and nobody is verified (11 CCR 7026(j), 7027(i), 7060(b)).
func Representation(rights []string, standing, age string) Need {
	if !NeedsProof(rights) {
		return Need{Cite: "11 CCR 7026(j)"}
	}
	need := Need{Groups: [][]Proof{WhoAsks, {AgentPermission}}, Cite: "11 CCR 7063(b)"}
	switch {
	case Confirms(standing, age):
		need.Groups = append(need.Groups, PersonsWord)
		need.Cite = "11 CCR 7063(a)"
		if standing == ForParent {
			need.Cite = "11 CCR 7071"
		}
	case standing == ForParent:
		need.Cite = "11 CCR 7070"
	}
	return need
}

// ProvesEverything says whether what was recorded by hand proves all that was
// said about the person, or, of an agent's permission, only that it was given,
// and of who asks nothing about the person at all.
func ProvesEverything(p Proof, standing string) bool {
	switch p {
	case RepresentativeCheck, RepresentativeDocument:
		return false
	case AgentPermission:
		return standing != ForAgent
	}
	return true
}

// KnownStanding says whether a capacity and an age fit.
func KnownStanding(standing, age string) bool {
	if standing == ForParent {
		return slices.Contains(Ages, age)
	}
	return slices.Contains(Standings, standing) && age == ""
}
