package fides

import (
	"slices"
	"strings"
)

// ours maps Fides' data categories to the words that this product's rules look
// at (how sensitive a case is, what letters call it). The longest that fits
// counts; what none fits keeps its name without "user.".
var ours = []struct{ from, to string }{
	{"user.biometric", "biometric"},
	{"user.biometric_health", "health"},
	{"user.contact.address", "contact.address"},
	{"user.contact.email", "contact.email"},
	{"user.contact.phone_number", "contact.phone"},
	{"user.criminal_history", "criminal"},
	{"user.demographic.date_of_birth", "identity.birth_date"},
	{"user.demographic.gender", "identity.gender"},
	{"user.demographic.political_opinion", "political"},
	{"user.demographic.race_ethnicity", "ethnicity"},
	{"user.demographic.race", "ethnicity"},
	{"user.demographic.ethnicity", "ethnicity"},
	{"user.demographic.religious_belief", "religion"},
	{"user.demographic.sexual_orientation", "sex.orientation"},
	{"user.financial.account_number", "financial.account"},
	{"user.financial.bank_account", "financial.account"},
	{"user.financial.credit_card", "financial.account"},
	{"user.financial", "financial"},
	{"user.genetic", "genetic"},
	{"user.government_id", "identity.government"},
	{"user.health_and_medical", "health"},
	{"user.location.precise", "location.precise"},
	{"user.location", "location"},
	{"user.behavior", "profiling.behaviour"},
	{"user.political_opinion", "political"},
	{"user.race", "ethnicity"},
	{"user.religious_belief", "religion"},
	{"user.sexual_orientation", "sex.orientation"},
	{"user.content", "content"},
	{"user.name", "identity.name"},
	{"user.unique_id", "identity.number"},
	{"user.job_title", "work.position"},
	{"user", "personal"},
}

// personal reports whether a category is of people; Fides' system categories
// are not.
func personal(category string) bool {
	return category != "" && category != "system" && !strings.HasPrefix(category, "system.")
}

// ranked: where a field has several categories, the one that asks for the most
// care names it.
var ranked = []string{
	"health", "genetic", "biometric", "criminal", "ethnicity", "religion", "political", "sex.orientation",
	"identity.government", "financial.account", "location.precise", "content", "financial", "location", "profiling.behaviour",
}

func translate(category string) string {
	best, to := "", strings.TrimPrefix(category, "user.")
	for _, o := range ours {
		if (category == o.from || strings.HasPrefix(category, o.from+".")) && len(o.from) > len(best) {
			best, to = o.from, o.to
			if o.from == "user" && category != "user" {
				to = strings.TrimPrefix(category, "user.")
			}
		}
	}
	return to
}

// category is the one category of ours for a field's own, or "" where none is
// personal.
func category(all []string) string {
	out, best := "", len(ranked)+1
	for _, c := range all {
		if !personal(c) {
			continue
		}
		to := translate(c)
		rank := slices.Index(ranked, to)
		if rank < 0 {
			rank = len(ranked)
		}
		if rank < best {
			out, best = to, rank
		}
	}
	return out
}

// kinds of identities that have another name here.
var kinds = map[string]string{
	"phone_number": "phone",
}

func kindOf(identity string) string {
	if k, ok := kinds[identity]; ok {
		return k
	}
	return identity
}
