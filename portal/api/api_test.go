package api_test

import (
	"testing"

	"habeas/requests/testkit/acme"
	"habeas/requests/testkit/company"
)

var companyOptions = company.Options{}

// with is the same portal for a test of its own.
func (p *portal) with(t *testing.T) *portal {
	c := *p.Company
	c.TB = t
	mine := *p
	mine.Company = &c
	return &mine
}

// TestAPI runs everything that can share one company, each test with people of
// its own.
func TestAPI(t *testing.T) {
	t.Parallel()
	p := start(t, companyOptions)
	who := acme.Subjects()
	for _, test := range []struct {
		name string
		fn   func(*testing.T, *portal, []acme.Subject)
	}{
		{"erasure", erasure},
		{"access", access},
		{"withdrawal", withdrawalOfConsent},
		{"stop", stopping},
		{"codes", codes},
		{"clock", clockSteps},
		{"manual", manualWork},
		{"bodies", bodies},
		{"idempotency", idempotency},
		{"roles", roles},
		{"lists", lists},
		{"stream", streaming},
		{"systems", systems},
		{"consents", consents},
		{"holds and appeals", holdsAndAppeals},
		{"facts", facts},
	} {
		people := who[:2]
		who = who[2:]
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.fn(t, p.with(t), people)
		})
	}
}
