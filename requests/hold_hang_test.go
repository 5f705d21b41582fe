package requests_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"habeas/requests"
	"habeas/requests/connect"
	"habeas/requests/testkit/acme"
	"habeas/requests/testkit/company"
)

// One held record keeps itself and what it hangs on, and the rest of the person
// goes: a hold is no way to stop an erasure.
func TestAHeldRecordStopsNothingElse(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{Settings: requests.Settings{ApprovalsErasure: 1}})
	who := acme.Subjects()[9]
	ticket := list(c, `select id::text from crm.tickets where contact_id = $1 order by id limit 1`, who.ContactID)[0]
	_, err := c.Svc.SetHold(t.Context(), c.DPOs[1], requests.NewHold{
		Scope: "records", System: "crm", Records: []requests.HeldRecord{{Type: "tickets", Key: ticket}}, Ground: "litigation",
		ReviewOn: time.Now().AddDate(0, 1, 0), Reason: "Suit",
	})
	must(t, err)
	r, _ := fileIn(c, "DE", "", who.Email, "erasure")
	c.Await(r.ID, requests.Review)
	warnings(t, c, r.ID, "held-together")
	c.Approve(r.ID)
	c.Await(r.ID, requests.Completed)
	for table, want := range map[string]int{
		"select id::text from crm.tickets where contact_id = $1": 1, "select id::text from crm.contacts where id = $1": 1,
		"select id::text from crm.notes where contact_id = $1": 0, "select id::text from crm.consents where contact_id = $1": 0,
	} {
		if got := len(list(c, table, who.ContactID)); got != want {
			t.Errorf("%s leaves %d rows, want %d", table, got, want)
		}
	}
}

// Whoever keeps one record and lets another go that it may hang on is told
// before the approval, not by a system in the middle of the erasure.
func TestWhatHangsTogetherIsSaid(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{Settings: requests.Settings{ApprovalsErasure: 1}})
	who := acme.Subjects()[9]
	ticket := list(c, `select id::text from crm.tickets where contact_id = $1 order by id limit 1`, who.ContactID)[0]
	r, _ := fileIn(c, "DE", "", who.Email, "erasure")
	c.Await(r.ID, requests.Review)
	warnings(t, c, r.ID)
	keep := func(typ, key string) {
		_, err := c.Svc.Decide(t.Context(), c.DPOs[0], r.ID, []requests.Decision{
			{System: "crm", Type: typ, Key: key, Right: "erasure", Action: connect.Keep, Ground: "GDPR Art. 17(3)(e): a suit"},
		})
		must(t, err)
	}
	keep("tickets", ticket)
	warnings(t, c, r.ID, "kept-apart")
	for _, id := range list(c, `select id::text from crm.contacts where id = $1 or merged_into = $1`, who.ContactID) {
		keep("contacts", id)
	}
	warnings(t, c, r.ID)
	c.Approve(r.ID)
	c.Await(r.ID, requests.Completed)
}

// warnings fails the test unless a plan warns of this, as far as it is about
// records that stand or fall together.
func warnings(t *testing.T, c *company.Company, id uuid.UUID, want ...string) {
	t.Helper()
	p := planOf(c, id)
	var got []string
	for _, w := range p.Warnings {
		if w.Code == "held-together" || w.Code == "kept-apart" {
			got = append(got, w.Code)
		}
	}
	if !slices.Equal(slices.Compact(got), want) {
		t.Errorf("the plan warns of %v, want %v: %v", got, want, p.Warnings)
	}
}
