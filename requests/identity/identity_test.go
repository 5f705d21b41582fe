package identity_test

import (
	"slices"
	"testing"

	"habeas/requests/clock"
	. "habeas/requests/identity"
)

func TestNeeded(t *testing.T) {
	code := []Proof{EmailCode}
	tests := []struct {
		name   string
		law    string
		rights []string
		level  Sensitivity
		have   Shown
		want   bool
	}{
		{"withdrawal needs nothing", "EU", []string{"consent_withdrawal"}, Special, Shown{}, true},
		{"opt-out needs nothing", "CA", []string{"opt_out", "limit"}, Special, Shown{}, true},
		{"erasure without proof", "EU", []string{"erasure"}, Low, Shown{}, false},
		{"erasure with a mailed code", "EU", []string{"erasure"}, High, Shown{Proofs: code}, true},
		{"sign-in instead of a code", "EU", []string{"access"}, High, Shown{Proofs: []Proof{SignIn}}, true},
		{"health data by mail alone", "EU", []string{"access"}, Special, Shown{Proofs: code, Agreed: []Fact{FactEmail}}, false},
		{"a name is in many an address", "EU", []string{"access"}, Special, Shown{Proofs: code, Agreed: []Fact{FactEmail, FactName}}, false},
		{"a telephone number is not", "EU", []string{"access"}, Special, Shown{Proofs: code, Agreed: []Fact{FactEmail, FactPhone}}, true},
		{"health data with facts that staff compared", "EU", []string{"access"}, Special, Shown{Proofs: []Proof{EmailCode, KnownFacts}}, true},
		{"facts without address", "EU", []string{"access"}, Special, Shown{Proofs: []Proof{KnownFacts}, Agreed: Facts}, false},
		{"staff checked", "UK", []string{"erasure"}, Special, Shown{Proofs: []Proof{StaffCheck}}, true},
		{"a withdrawal beside an erasure lowers nothing", "EU", []string{"erasure", "consent_withdrawal"}, Low, Shown{}, false},
		{"order does not matter", "EU", []string{"consent_withdrawal", "erasure"}, Low, Shown{}, false},
		{"California categories by code alone", "CA", []string{"access"}, Low, Shown{Proofs: code, Agreed: []Fact{FactEmail}}, false},
		{"California categories by address and name", "CA", []string{"access"}, Special, Shown{Proofs: code, Agreed: []Fact{FactEmail, FactName}}, true},
		{"California deletion by code alone", "CA", []string{"erasure"}, Low, Shown{Proofs: code, Agreed: []Fact{FactEmail}}, false},
		{"an address that nobody holds is no point", "CA", []string{"erasure"}, Low, Shown{Proofs: code, Agreed: []Fact{FactName}}, false},
		{"California deletion by two", "CA", []string{"erasure"}, High, Shown{Proofs: code, Agreed: []Fact{FactEmail, FactPostcode}}, true},
		{"California deletion of sensitive data by two", "CA", []string{"erasure"}, Special, Shown{Proofs: code, Agreed: []Fact{FactEmail, FactName}}, false},
		{"by three", "CA", []string{"rectification"}, Special, Shown{Proofs: code, Agreed: []Fact{FactEmail, FactName, FactNumber}}, true},
		{"California by the company's own sign-in", "CA", []string{"erasure", "access"}, Special, Shown{Proofs: []Proof{SignIn}}, true},
		{"a permission alone proves no person", "CA", []string{"erasure"}, Low, Shown{Proofs: []Proof{AgentPermission}, Agreed: Facts}, false},
		{"nor does the agent's own code", "CA", []string{"erasure"}, Low, Shown{Proofs: []Proof{AgentPermission, RepresentativeCode}, Agreed: Facts}, false},
		{"the person's word does, with a fact", "CA", []string{"erasure"}, Low, Shown{Proofs: []Proof{AgentPermission, Confirmation}, Agreed: []Fact{FactEmail, FactName}}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			need := Needed(tt.law, tt.rights, tt.level)
			if got := Satisfied(tt.have.Proofs, need) && need.Short(tt.have) == 0; got != tt.want {
				t.Errorf("satisfied %v, want %v; need %+v", got, tt.want, need)
			}
			if need.Cite == "" {
				t.Error("a need without its article")
			}
		})
	}
	if vouched := (Shown{Vouched: true}); Needed("CA", []string{"access"}, Special).Short(vouched) != 0 || CategoriesOnly("CA", []string{"access"}, vouched) {
		t.Error("facts are asked of a person whom somebody represents for good")
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
				if free && need.Points > 0 {
					t.Errorf("%s %s asks for facts", law, right)
				}
				if need.Points > len(Facts) || need.Short(Shown{Proofs: []Proof{EmailCode}, Agreed: Facts}) > 0 || need.Short(Shown{Proofs: []Proof{StaffCheck}}) > 0 {
					t.Errorf("%s %s %d: so many facts cannot be given: %+v", law, right, level, need)
				}
				if !Satisfied(Proofs, need) || !Satisfied([]Proof{StaffCheck}, need) {
					t.Errorf("%s %s %d cannot be met: %+v", law, right, level, need)
				}
				if lower := Needed(law, []string{right}, level-1); level > Low && (len(need.Groups) < len(lower.Groups) || need.Points < lower.Points) {
					t.Errorf("%s %s: more sensitive data ask for less", law, right)
				}
			}
		}
	}
}

// 11 CCR 7062(b), (c): two points lead to categories, three and a declaration to
// pieces.
func TestCategoriesOnly(t *testing.T) {
	access := []string{"access"}
	three := []Fact{FactEmail, FactName, FactPhone}
	tests := []struct {
		name   string
		law    string
		rights []string
		have   Shown
		want   bool
	}{
		{"code alone", "CA", access, Shown{Proofs: []Proof{EmailCode}}, true},
		{"unverified", "CA", access, Shown{}, true},
		{"portability too", "CA", []string{"erasure", "portability"}, Shown{Proofs: []Proof{EmailCode, Declaration}}, true},
		{"three points without declaration", "CA", access, Shown{Proofs: []Proof{EmailCode}, Agreed: three}, true},
		{"two points with declaration", "CA", access, Shown{Proofs: []Proof{EmailCode, Declaration}, Agreed: three[:2]}, true},
		{"three points and declaration", "CA", access, Shown{Proofs: []Proof{EmailCode, Declaration}, Agreed: three}, false},
		{"facts that staff compared, without declaration", "CA", access, Shown{Proofs: []Proof{EmailCode, KnownFacts}}, true},
		{"facts that staff compared, and declaration", "CA", access, Shown{Proofs: []Proof{EmailCode, KnownFacts, Declaration}}, false},
		{"sign-in", "CA", access, Shown{Proofs: []Proof{SignIn}}, false},
		{"an agent's code is none of the person's points", "CA", access, Shown{Proofs: []Proof{RepresentativeCode, AgentPermission, Declaration}, Agreed: three}, true},
		{"the person's word is", "CA", access, Shown{Proofs: []Proof{RepresentativeCode, AgentPermission, Confirmation, Declaration}, Agreed: three}, false},
		{"the person's word alone", "CA", access, Shown{Proofs: []Proof{RepresentativeCode, AgentPermission, Confirmation}}, true},
		{"deletion is no access", "CA", []string{"erasure"}, Shown{Proofs: []Proof{EmailCode}}, false},
		{"the GDPR gives the copy", "EU", access, Shown{Proofs: []Proof{EmailCode}}, false},
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
