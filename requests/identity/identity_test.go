package identity_test

import (
	"slices"
	"testing"

	"habeas/requests/clock"
	. "habeas/requests/identity"
)

func TestNeeded(t *testing.T) {
	tests := []struct {
		name   string
		law    string
		rights []string
		level  Sensitivity
		have   []Proof
		want   bool
	}{
		{"withdrawal needs nothing", "EU", []string{"consent_withdrawal"}, Special, nil, true},
		{"opt-out needs nothing", "CA", []string{"opt_out", "limit"}, Special, nil, true},
		{"erasure without proof", "EU", []string{"erasure"}, Low, nil, false},
		{"erasure with a mailed code", "EU", []string{"erasure"}, High, []Proof{EmailCode}, true},
		{"sign-in instead of a code", "EU", []string{"access"}, High, []Proof{SignIn}, true},
		{"health data by mail alone", "EU", []string{"access"}, Special, []Proof{EmailCode}, false},
		{"health data with facts", "EU", []string{"access"}, Special, []Proof{EmailCode, KnownFacts}, true},
		{"facts without address", "EU", []string{"access"}, Special, []Proof{KnownFacts}, false},
		{"staff checked", "UK", []string{"erasure"}, Special, []Proof{StaffCheck}, true},
		{"a withdrawal beside an erasure lowers nothing", "EU", []string{"erasure", "consent_withdrawal"}, Low, nil, false},
		{"order does not matter", "EU", []string{"consent_withdrawal", "erasure"}, Low, nil, false},
		{"California access by code", "CA", []string{"access"}, Special, []Proof{EmailCode}, true},
		{"California deletion by code", "CA", []string{"erasure"}, High, []Proof{EmailCode}, true},
		{"California deletion of sensitive data", "CA", []string{"erasure"}, Special, []Proof{EmailCode}, false},
		{"a permission alone proves no person", "CA", []string{"erasure"}, Low, []Proof{AgentPermission}, false},
		{"nor does the agent's own code", "CA", []string{"erasure"}, Low, []Proof{AgentPermission, RepresentativeCode}, false},
		{"the person's word does", "CA", []string{"erasure"}, Low, []Proof{AgentPermission, Confirmation}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			need := Needed(tt.law, tt.rights, tt.level)
			if got := Satisfied(tt.have, need); got != tt.want {
				t.Errorf("satisfied %v, want %v; need %+v", got, tt.want, need)
			}
			if need.Cite == "" {
				t.Error("a need without its article")
			}
		})
	}
}

// No law, right or sensitivity may ask for a proof that nobody can give, and
// the three unverified rights ask for none anywhere (law.md §8, assertion 1).
func TestEveryCell(t *testing.T) {
	for _, law := range clock.Builtin().Codes() {
		for _, right := range clock.Rights {
			for _, level := range []Sensitivity{Low, High, Special} {
				need := Needed(law, []string{right}, level)
				free := slices.Contains([]string{"consent_withdrawal", "opt_out", "limit"}, right)
				if free != (len(need.Groups) == 0) || free == NeedsProof([]string{right}) {
					t.Errorf("%s %s %d: %+v", law, right, level, need)
				}
				if !Satisfied(Proofs, need) || !Satisfied([]Proof{StaffCheck}, need) {
					t.Errorf("%s %s %d cannot be met: %+v", law, right, level, need)
				}
				if level > Low && len(need.Groups) < len(Needed(law, []string{right}, level-1).Groups) {
					t.Errorf("%s %s: more sensitive data ask for less", law, right)
				}
			}
		}
	}
}

func TestCategoriesOnly(t *testing.T) {
	access := []string{"access"}
	tests := []struct {
		name   string
		law    string
		rights []string
		have   []Proof
		want   bool
	}{
		{"code alone", "CA", access, []Proof{EmailCode}, true},
		{"unverified", "CA", access, nil, true},
		{"portability too", "CA", []string{"erasure", "portability"}, []Proof{EmailCode}, true},
		{"code and facts without declaration", "CA", access, []Proof{EmailCode, KnownFacts}, true},
		{"three points and declaration", "CA", access, []Proof{EmailCode, KnownFacts, Declaration}, false},
		{"sign-in", "CA", access, []Proof{SignIn}, false},
		{"an agent's code is none of the person's points", "CA", access, []Proof{RepresentativeCode, AgentPermission, KnownFacts, Declaration}, true},
		{"the person's word is", "CA", access, []Proof{RepresentativeCode, AgentPermission, Confirmation, KnownFacts, Declaration}, false},
		{"the person's word alone", "CA", access, []Proof{RepresentativeCode, AgentPermission, Confirmation}, true},
		{"deletion is no access", "CA", []string{"erasure"}, []Proof{EmailCode}, false},
		{"the GDPR gives the copy", "EU", access, []Proof{EmailCode}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := CategoriesOnly(tt.law, tt.rights, tt.have); got != tt.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestDeskDecides(t *testing.T) {
	settled := Finding{People: 1, ChangedFor: -1}
	tests := []struct {
		name string
		f    Finding
		have []Proof
		want []string
	}{
		{"one person, old address", settled, []Proof{EmailCode}, nil},
		{"nobody", Finding{ChangedFor: -1}, []Proof{EmailCode}, nil},
		{"two people", Finding{People: 2, ChangedFor: -1}, []Proof{EmailCode}, []string{SeveralPeople}},
		{"changed today", Finding{People: 1}, []Proof{EmailCode}, []string{RecentlyMoved}},
		{"changed 29 days ago", Finding{People: 1, ChangedFor: 29}, []Proof{EmailCode, KnownFacts}, []string{RecentlyMoved}},
		{"changed 30 days ago", Finding{People: 1, ChangedFor: 30}, []Proof{EmailCode}, nil},
		{"staff checked both", Finding{People: 2, ChangedFor: 1}, []Proof{StaffCheck}, nil},
		{"agent without permission", Finding{People: 1, ChangedFor: -1, OnBehalf: true}, []Proof{SignIn}, []string{AgentUnchecked}},
		{"agent with permission", Finding{People: 1, ChangedFor: -1, OnBehalf: true}, []Proof{EmailCode, AgentPermission}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := DeskDecides(tt.f, tt.have); !slices.Equal(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestSensitivityOf(t *testing.T) {
	for category, want := range map[string]Sensitivity{
		"contact.email": Low, "content.message": High, "financial.invoice": High, "financial.account": Special,
		"health.diagnosis": Special, "healthy": Low, "": Low,
	} {
		if got := SensitivityOf([]string{"contact.phone", category}); got != want {
			t.Errorf("%q is %d, want %d", category, got, want)
		}
	}
}
