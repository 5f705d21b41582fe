package requests_test

import (
	"testing"

	"habeas/requests/testkit/acme"
	"habeas/requests/testkit/company"
)

// TestJourneys walks many people through one company at once.
func TestJourneys(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{})
	subjects := acme.Subjects()
	for _, j := range []struct {
		name string
		run  func(*company.Company)
	}{
		{"access", func(c *company.Company) { testAccess(c, subjects[0]) }},
		{"consent withdrawal", func(c *company.Company) { testConsentWithdrawal(c, subjects[1]) }},
		{"same events", func(c *company.Company) { testSameEvents(c, subjects[2]) }},
		{"unknown person", testUnknownErasure},
		{"two contacts of one person", testTwoContacts},
		{"shared address", testSharedAddress},
		{"ambiguous identity", testAmbiguous},
		{"ambiguous, all withheld", testAllWithheld},
		{"paper file", testPaperFile},
		{"unproven handle", testCandidates},
		{"refuse the whole", func(c *company.Company) { testRefuseWhole(c, subjects[3]) }},
		{"refuse one right", func(c *company.Company) { testRefuseOneRight(c, subjects[4]) }},
		{"withdraw", func(c *company.Company) { testWithdraw(c, subjects[5], subjects[6]) }},
		{"not me", func(c *company.Company) { testNotMe(c, subjects[7]) }},
		{"clock", func(c *company.Company) { testClockSteps(c, subjects[8]) }},
		{"approvals", func(c *company.Company) { testApprovals(c, subjects[9], subjects[10]) }},
		{"decide", func(c *company.Company) { testDecide(c, subjects[11]) }},
		{"twenty racers", func(c *company.Company) { testRacers(c, subjects[12]) }},
		{"wrong codes", func(c *company.Company) { testWrongCodes(c, subjects[13]) }},
		{"undo in time", func(c *company.Company) { testUndoRace(c, subjects[14]) }},
	} {
		t.Run(j.name, func(t *testing.T) {
			t.Parallel()
			j.run(c.For(t))
		})
	}
}
