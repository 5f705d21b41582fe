package export

import (
	"fmt"
	"slices"
	"strings"

	"habeas/requests/connect"
)

// never are the data categories whose values California forbids to put out,
// with the kind that is named in their place: 11 CCR 7024(d). Identifiers of
// health plans and records are among them, what they are about is not.
var never = []struct{ category, kind string }{
	{"identity.ssn", "ssn"},
	{"identity.government", "government_id"},
	{"identity.passport", "government_id"},
	{"identity.driving_licence", "government_id"},
	{"identity.driver_license", "government_id"},
	{"identity.tax_number", "government_id"},
	{"financial.account", "financial_account"},
	{"financial.card", "financial_account"},
	{"health.insurance_number", "health_insurance_id"},
	{"health.medical_number", "medical_id"},
	{"auth.password", "password"},
	{"auth.security_question", "security_answers"},
	{"auth.security_answer", "security_answers"},
	{"biometric", "biometric"},
}

// NeverKinds are the kinds of data of a type that must not be put out under a
// law, each once: what a letter names in place of the values.
func NeverKinds(law string, t connect.Type) []string {
	var out []string
	for _, f := range t.Fields {
		if kind := neverKind(law, f.Category); kind != "" && !slices.Contains(out, kind) {
			out = append(out, kind)
		}
	}
	return out
}

// NeverCite is the article that forbids it.
const NeverCite = "11 CCR 7024(d)"

// neverKind is the kind of data of a category that a law forbids to put out,
// "" where it may be.
func neverKind(law, category string) string {
	if law != "CA" {
		return ""
	}
	for _, n := range never {
		if category == n.category || strings.HasPrefix(category, n.category+".") || strings.HasPrefix(category, n.category+"_") {
			return n.kind
		}
	}
	return ""
}

// NeverFields are the fields of a type that must not be put out under a law.
func NeverFields(law string, t connect.Type) []string {
	var out []string
	for _, f := range t.Fields {
		if neverKind(law, f.Category) != "" {
			out = append(out, f.Name)
		}
	}
	return out
}

// neverOf maps a type's fields that must not be put out to their kinds.
func neverOf(law string, t connect.Type) map[string]string {
	out := map[string]string{}
	for _, f := range t.Fields {
		if kind := neverKind(law, f.Category); kind != "" {
			out[f.Name] = kind
		}
	}
	return out
}

// checkNever refuses a value that must not leave the house: whatever a plan
// says, no package is built with it.
func (h *held) checkNever(v connect.Value) error {
	kind := h.never[v.Field]
	switch {
	case kind == "":
	case v.Redacted:
		h.namesNever(kind)
	case len(v.Data) > 0 && string(v.Data) != "null":
		return fmt.Errorf("export: field %q of type %q may not be put out: %s", v.Field, h.typ, NeverCite)
	}
	return nil
}

func (h *held) namesNever(kind string) {
	for _, k := range h.neverHeld {
		if k == kind {
			return
		}
	}
	h.neverHeld = append(h.neverHeld, kind)
}
