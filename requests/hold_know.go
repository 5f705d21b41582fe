package requests

import "habeas/requests/seal"

// Withheld stands for the ground of a hold where whoever looks need not know it.
const Withheld = "withheld"

// personal says that the ground of a hold tells something of a person: that they
// are at risk, that they sue. On a hold of a person or of records every ground
// is, for if only some were withheld, those would be known by that.
func (h *Hold) personal() bool {
	return h.Scope != "system" || h.Ground == "person_at_risk"
}

// seenBy is the hold as somebody may know it: data protection officers and
// whoever answers for it see its ground and article, others that it is there.
func (h *Hold) seenBy(by Actor) *Hold {
	if by.Role == DPO || by.ID == h.Owner.String() || !h.personal() {
		return h
	}
	seen := *h
	seen.Ground, seen.Cite = Withheld, ""
	return &seen
}

// logged is the hold as the log has it, which auditors read and nothing erases,
// with a keyed digest of what is withheld there.
func (h *Hold) logged(key seal.Key) (ground, cite, basis string) {
	if !h.personal() {
		return h.Ground, h.Cite, ""
	}
	return Withheld, "", key.Digest("hold", h.Ground, h.Cite)
}
