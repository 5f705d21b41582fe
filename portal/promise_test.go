package portal_test

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"
)

// promise is what the company's tables have to hold after the journeys. What
// it does not name stays as it was, byte for byte.
type promise struct {
	before *tables
	gone   map[string]map[string]bool           // by table and key
	set    map[string]map[string]map[string]any // by table, key and column
}

// someTime stands for a time that Habeas chose.
const someTime = "some time"

func promised(before *tables) *promise {
	return &promise{before: before, gone: map[string]map[string]bool{}, set: map[string]map[string]map[string]any{}}
}

// where are the rows of a table whose column has one of the values.
func (p *promise) where(table, column string, values ...any) []string {
	var out []string
	for id, r := range p.before.rows[table] {
		if slices.ContainsFunc(values, func(v any) bool { return v != nil && reflect.DeepEqual(r.columns[column], v) }) {
			out = append(out, id)
		}
	}
	return out
}

func (p *promise) column(table, column string, ids []string) []any {
	var out []any
	for _, id := range ids {
		out = append(out, p.before.rows[table][id].columns[column])
	}
	return out
}

func (p *promise) vanish(table string, ids []string) {
	if p.gone[table] == nil {
		p.gone[table] = map[string]bool{}
	}
	for _, id := range ids {
		p.gone[table][id] = true
	}
}

func (p *promise) become(table string, ids []string, columns map[string]any) {
	if p.set[table] == nil {
		p.set[table] = map[string]map[string]any{}
	}
	for _, id := range ids {
		p.set[table][id] = columns
	}
}

// person are the rows where somebody's data begins.
func (p *promise) person(t *testing.T, email string) (contacts, numbers, profiles []any) {
	t.Helper()
	ids := p.where("crm.contacts", "email", email)
	if len(ids) != 1 {
		t.Fatalf("%d contacts have the address", len(ids))
	}
	contacts, numbers = p.column("crm.contacts", "id", ids), p.column("crm.contacts", "customer_id", ids)
	links := p.where("crm.social_links", "contact_id", contacts...)
	return contacts, numbers, p.column("social.profiles", "id",
		p.where("social.profiles", "platform_uid", p.column("crm.social_links", "platform_uid", links)...))
}

// erased is what the dataset files of the company promise for an erasure.
func (p *promise) erased(t *testing.T, email string) {
	t.Helper()
	contacts, numbers, profiles := p.person(t, email)
	if len(profiles) == 0 {
		t.Fatal("no profile")
	}
	p.vanish("crm.contacts", p.where("crm.contacts", "id", contacts...))
	for _, table := range []string{"crm.contact_addresses", "crm.activities", "crm.notes", "crm.tickets", "crm.newsletter_subscriptions", "crm.consents", "crm.social_links"} {
		p.vanish(table, p.where(table, "contact_id", contacts...))
	}
	p.vanish("crm.ticket_messages", p.where("crm.ticket_messages", "ticket_id", p.column("crm.tickets", "id", p.where("crm.tickets", "contact_id", contacts...))...))
	p.become("crm.opportunities", p.where("crm.opportunities", "contact_id", contacts...), map[string]any{"contact_id": nil, "title": "Erased", "remarks": nil})

	p.unshared("crm.addresses", "crm.contact_addresses", "address_id", "contact_id", contacts)
	for _, id := range p.column("crm.contacts", "household_id", p.where("crm.contacts", "id", contacts...)) {
		if id != nil && len(p.where("crm.contacts", "household_id", id)) == 1 {
			p.vanish("crm.households", p.where("crm.households", "id", id))
		}
	}
	p.bookkeeping(numbers)

	p.vanish("social.profiles", p.where("social.profiles", "id", profiles...))
	for _, table := range []string{"social.dm_participants", "social.mentions"} {
		p.vanish(table, p.where(table, "profile_id", profiles...))
	}
	p.vanish("social.dm_messages", p.where("social.dm_messages", "sender_profile_id", profiles...))
	threads := p.unshared("social.dm_threads", "social.dm_participants", "thread_id", "profile_id", profiles)
	p.vanish("social.dm_messages", p.where("social.dm_messages", "thread_id", threads...))
	p.become("social.comments", p.where("social.comments", "profile_id", profiles...), map[string]any{"profile_id": nil, "body": "[removed at the author’s request]"})
	p.vanish("social.audience_members", p.where("social.audience_members", "crm_customer_id", numbers...))
	p.vanish("social.lead_submissions", p.where("social.lead_submissions", "email", email))
}

// unshared lets the rows go that nobody else uses. A row that others use too
// stays as it is; it only loses the row between it and this person.
func (p *promise) unshared(table, link, to, by string, persons []any) []any {
	var gone []any
	for _, id := range p.column(link, to, p.where(link, by, persons...)) {
		users := p.column(link, by, p.where(link, to, id))
		if !slices.ContainsFunc(users, func(u any) bool { return !slices.Contains(persons, u) }) {
			p.vanish(table, p.where(table, "id", id))
			gone = append(gone, id)
		}
	}
	return gone
}

// bookkeeping keeps vouchers until eight years after the end of their year.
func (p *promise) bookkeeping(numbers []any) {
	over := func(table, column, id string) bool {
		day, err := time.Parse(time.DateOnly, fmt.Sprint(p.before.rows[table][id].columns[column]))
		return err == nil && time.Now().Year() > day.Year()+8
	}
	orders := p.where("crm.orders", "customer_no", numbers...)
	lines := p.where("crm.order_lines", "order_id", p.column("crm.orders", "id", orders)...)
	invoices := p.where("crm.invoices", "customer_no", numbers...)
	for _, part := range []struct {
		table, column string
		ids           []string
	}{{"crm.orders", "placed_on", orders}, {"crm.order_lines", "shipped_on", lines}, {"crm.invoices", "issued_on", invoices}} {
		for _, id := range part.ids {
			if over(part.table, part.column, id) {
				p.vanish(part.table, []string{id})
			}
		}
	}
}

// withdrawn is what becomes of somebody who no longer wants news by e-mail.
func (p *promise) withdrawn(t *testing.T, email string) {
	t.Helper()
	contacts, _, _ := p.person(t, email)
	p.become("crm.newsletter_subscriptions", p.where("crm.newsletter_subscriptions", "contact_id", contacts...),
		map[string]any{"status": "suppressed", "unsubscribed_at": someTime})
	var consents []string
	for _, id := range p.where("crm.consents", "contact_id", contacts...) {
		if p.before.rows["crm.consents"][id].columns["purpose"] == "marketing_email" {
			consents = append(consents, id)
		}
	}
	p.become("crm.consents", consents, map[string]any{"status": "withdrawn", "withdrawn_at": someTime})
	p.become("social.lead_submissions", p.where("social.lead_submissions", "email", email), map[string]any{"marketing_consent": false})
}

// compare holds every row of the company against the promise.
func (p *promise) compare(t *testing.T, after *tables) {
	t.Helper()
	count := map[string]int{}
	for table, rows := range p.before.rows {
		for id, old := range rows {
			now, there := after.rows[table][id]
			set := p.set[table][id]
			switch {
			case p.gone[table][id]:
				count["gone"]++
				if there {
					t.Errorf("%s %s should be gone", table, id)
				}
			case !there:
				t.Errorf("%s %s is gone and should not be", table, id)
			case set != nil:
				count["changed"]++
				p.changed(t, table+" "+id, old, now, set)
			case now.text != old.text:
				t.Errorf("%s %s changed:\n%s\n%s", table, id, old.text, now.text)
			default:
				count["same"]++
			}
		}
		for id := range after.rows[table] {
			if _, ok := rows[id]; !ok {
				t.Errorf("%s %s is new", table, id)
			}
		}
	}
	if count["gone"] < 10 || count["changed"] < 4 || count["same"] < 20000 {
		t.Errorf("too little to see: %v", count)
	}
}

// changed holds the columns of a row against what they should become.
func (p *promise) changed(t *testing.T, what string, old, now row, set map[string]any) {
	t.Helper()
	for name, was := range old.columns {
		is := now.columns[name]
		want, named := set[name]
		switch {
		case !named && !reflect.DeepEqual(is, was):
			t.Errorf("%s: %s changed from %v to %v", what, name, was, is)
		case named && want == someTime && (is == nil || reflect.DeepEqual(is, was)):
			t.Errorf("%s: %s is %v, want a time", what, name, is)
		case named && want != someTime && !reflect.DeepEqual(is, want):
			t.Errorf("%s: %s is %v, want %v", what, name, is, want)
		}
	}
}
