package identity_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	. "habeas/requests/identity"
)

func TestFactsAgree(t *testing.T) {
	tests := []struct {
		fact  Fact
		typed string
		held  []string
		want  bool
	}{
		{FactName, "Anna Weber", []string{"Anna", "Weber"}, true},
		{FactName, "  weber,  ANNA ", []string{"Anna", "Weber"}, true},
		{FactName, "Anna Maria Weber", []string{"Anna", "Weber"}, true},
		{FactName, "Anna Weber", []string{"Anna Maria", "Weber"}, true},
		{FactName, "Jose Nunez", []string{"José", "Núñez"}, true},
		{FactName, "Anna", []string{"Anna", "Weber"}, false},
		{FactName, "Anna Schmidt", []string{"Anna", "Weber"}, false},
		{FactName, "Madonna", []string{"Madonna"}, true},
		{FactName, "Anna Weber", []string{"Peter Lang", "Anna Weber"}, true},
		{FactName, "!!", []string{"!!"}, false},
		{FactName, "Anna Weber", nil, false},
		{FactPhone, "0171 555 0123", []string{"+491715550123"}, true},
		{FactPhone, "+1 (415) 555-0123", []string{"4155550123"}, true},
		{FactPhone, "0123", []string{"+491715550123"}, false},
		{FactPhone, "0171 555 0124", []string{"+491715550123"}, false},
		{FactPhone, "5550123", []string{"+1 415 555 0123 99 99"}, false},
		{FactPostcode, "10115", []string{"Invalidenstr. 1", "10115", "Berlin"}, true},
		{FactPostcode, "sw1a1aa", []string{"10 Downing Street, SW1A 1AA London"}, true},
		{FactPostcode, "SW1A 1AA", []string{"10 Downing Street, sw1a1aa London"}, true},
		{FactPostcode, "94105", []string{"1 Market St, San Francisco, CA 94105-1234"}, true},
		{FactPostcode, "9410", []string{"1 Market St, San Francisco, CA 94105"}, false},
		{FactPostcode, "Berlin", []string{"Berlin"}, false},
		{FactPostcode, "1", []string{"1"}, false},
		{FactNumber, "or-2024/0017", []string{"OR-2024-0017"}, true},
		{FactNumber, "OR-2024-0018", []string{"OR-2024-0017"}, false},
		{FactNumber, "2024-03-01", []string{"2024-03-01"}, false},
		{FactNumber, "2", []string{"2"}, false},
		{FactNumber, "tent", []string{"Tent"}, false},
		{FactEmail, "anna@example.test", []string{"anna@example.test"}, false}, // is proved, never typed
	}
	for _, tt := range tests {
		if got := tt.fact.Agrees(tt.typed, tt.held); got != tt.want {
			t.Errorf("%s %q with %q: %v", tt.fact, tt.typed, tt.held, got)
		}
	}
}

// Whatever is typed: what agrees was usable, and what can stand nowhere agrees
// with nothing.
func TestFactsNeverAgreeWithNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := rapid.SampledFrom(Facts).Draw(t, "fact")
		typed, held := rapid.String().Draw(t, "typed"), rapid.SliceOf(rapid.String()).Draw(t, "held")
		if f.Agrees(typed, nil) || f.Agrees(typed, []string{"", " "}) {
			t.Fatal("agrees with nothing")
		}
		if f.Agrees(typed, held) && !f.Usable(typed) {
			t.Fatal("what cannot be a fact agrees")
		}
	})
}

func FuzzFact(f *testing.F) {
	f.Add("name", "Anna Weber", "Anna Weber")
	f.Add("postcode", "SW1A 1AA", "10 Downing Street SW1A 1AA")
	f.Fuzz(func(t *testing.T, kind, typed, held string) {
		fact := Fact(kind)
		if fact.Agrees(typed, []string{held}) && strings.TrimSpace(held) == "" {
			t.Errorf("%s %q agrees with nothing", kind, typed)
		}
	})
}

func TestWhereFactsStand(t *testing.T) {
	for category, want := range map[string]Fact{
		"identity.name": FactName, "contact.phone": FactPhone, "contact.address": FactPostcode, "contact.address.billing": FactPostcode,
		"identity.customer_number": FactNumber, "commerce.order": FactNumber, "financial.invoice": FactNumber,
		"identity.names": "", "contact.email": "", "identity.government": "", "financial.account": "",
	} {
		for _, f := range Facts {
			if got := f.StandsIn(category); got != (f == want) {
				t.Errorf("%s in %s: %v", f, category, got)
			}
		}
	}
}
