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

// typesOnly is a system that does not know which single records hang together.
type typesOnly struct {
	connect.Connector
	connect.Finder
	connect.Reader
	connect.Applier
	connect.Looker
}

// A held message keeps its ticket and the ticket's contact. Another ticket of the
// same person goes, unless the system knows constraints by type only.
func TestAHeldRecordKeepsOnlyWhatItNeeds(t *testing.T) {
	t.Parallel()
	for name, x := range map[string]struct {
		wrap func(connect.Connector) connect.Connector
		left int // tickets
	}{
		"by record": {nil, 1},
		"by type": {func(c connect.Connector) connect.Connector {
			if _, ok := c.(connect.Tier); !ok {
				return c
			}
			return typesOnly{c, c.(connect.Finder), c.(connect.Reader), c.(connect.Applier), c.(connect.Looker)}
		}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := company.New(t, company.Options{Settings: requests.Settings{ApprovalsErasure: 1}, Wrap: x.wrap})
			who := acme.Subjects()[9]
			for _, sql := range []string{
				`delete from crm.ticket_messages where ticket_id in (select id from crm.tickets where contact_id = $1)`,
				`delete from crm.tickets where contact_id = $1`,
				`insert into crm.tickets (id, number, contact_id, subject, status, channel, opened_at) select 910000 + g, 'T-91' || g, $1, 'Tent', 'solved', 'mail', now() from generate_series(1, 2) g`,
				`insert into crm.ticket_messages (id, ticket_id, from_email, body, sent_at)
					select 920000 + t.id * 2 + g, t.id, k.email, 'It has not come', now() from crm.tickets t join crm.contacts k on k.id = t.contact_id, generate_series(0, 1) g where t.contact_id = $1`,
			} {
				_, err := c.CRM.Exec(t.Context(), sql, who.ContactID)
				must(t, err)
			}
			_, err := c.Svc.SetHold(t.Context(), c.DPOs[1], requests.NewHold{
				Scope: "records", System: "crm", Records: []requests.HeldRecord{{Type: "ticket_messages", Key: "2740002"}}, Ground: "litigation",
				ReviewOn: time.Now().AddDate(0, 1, 0), Reason: "Suit",
			})
			must(t, err)
			r, _ := fileIn(c, "DE", "", who.Email, "erasure")
			c.Await(r.ID, requests.Review)
			warnings(t, c, r.ID, "held-together")
			c.Approve(r.ID)
			c.Await(r.ID, requests.Completed)
			for table, want := range map[string]int{
				"select m.id::text from crm.ticket_messages m join crm.tickets t on t.id = m.ticket_id where t.contact_id = $1": 1,
				"select id::text from crm.tickets where contact_id = $1":                                                        x.left, "select id::text from crm.tickets where id = 910001 and contact_id = $1": 1,
				"select id::text from crm.contacts where id = $1": 1, "select id::text from crm.notes where contact_id = $1": 0,
			} {
				if got := list(c, table, who.ContactID); len(got) != want {
					t.Errorf("%s leaves %v, want %d", table, got, want)
				}
			}
		})
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
