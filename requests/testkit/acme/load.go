package acme

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// A table's rows in the order in which foreign keys allow them to be loaded.
type table struct {
	name    pgx.Identifier
	columns []string
	rows    [][]any
}

// company collects rows while the generator runs through the people.
type company struct {
	on     time.Time // what is new is dated from here
	tables []*table
	byName map[string]*table
	r      *rand.Rand
}

// layout lists every table with its columns, parents before children.
var layout = []struct{ name, columns string }{
	{"crm.households", "id name created_at"},
	{"crm.companies", "id name domain street postal_code city country vat_id created_at"},
	{"crm.contacts", "id customer_id given_name family_name email phone birth_date locale job_title household_id company_id merged_into paper_file source email_changed_at created_at updated_at"},
	{"crm.addresses", "id street postal_code city country"},
	{"crm.contact_addresses", "contact_id address_id kind since"},
	{"crm.opportunities", "id contact_id company_id title stage amount currency remarks created_at closed_at"},
	{"crm.activities", "id contact_id kind subject detail staff at"},
	{"crm.notes", "id contact_id body staff created_at"},
	{"crm.tickets", "id number contact_id subject status channel opened_at closed_at"},
	{"crm.ticket_messages", "id ticket_id from_email from_staff body sent_at"},
	{"crm.orders", "id number customer_no placed_on status total currency ship_name ship_to"},
	{"crm.order_lines", "order_id line sku title quantity unit_price shipped_on"},
	{"crm.invoices", "id number order_id customer_no issued_on net tax gross currency bill_name bill_to bill_email paid_on"},
	{"crm.newsletter_subscriptions", "id email contact_id list status source subscribed_at confirmed_at unsubscribed_at"},
	{"crm.consents", "id contact_id purpose status wording source given_at withdrawn_at"},
	{"crm.social_links", "id contact_id network handle platform_uid proof proved_at created_at"},
	{"social.profiles", "id network platform_uid handle display_name bio followers first_seen last_seen"},
	{"social.dm_threads", "id network topic started_at"},
	{"social.dm_participants", "thread_id profile_id joined_at"},
	{"social.dm_messages", "id thread_id sender_profile_id body sent_at"},
	{"social.mentions", "id profile_id network post_ref body sentiment posted_at"},
	{"social.posts", "id network title posted_at"},
	{"social.comments", "id post_id profile_id body hidden posted_at"},
	{"social.ad_audiences", "id network name purpose created_at"},
	{"social.audience_members", "audience_id email_sha256 crm_customer_id status added_at removed_at"},
	{"social.lead_forms", "id network title"},
	{"social.lead_submissions", "id form_id profile_id email phone full_name answers marketing_consent submitted_at"},
}

// generate makes the whole company; the same one each time.
func generate(on time.Time) *company {
	c := &company{on: on, byName: map[string]*table{}, r: rand.New(rand.NewPCG(79, 17))}
	for _, l := range layout {
		t := &table{name: strings.Split(l.name, "."), columns: strings.Fields(l.columns)}
		c.tables = append(c.tables, t)
		c.byName[l.name] = t
	}
	c.shared()
	for _, p := range people() {
		c.contact(p)
		c.sales(p)
		c.support(p)
		c.marketing(p)
		c.social(p)
	}
	c.awkward()
	return c
}

// add appends a row and returns its number within the table, from 1, which
// most tables use as their id.
func (c *company) add(name string, row ...any) int64 {
	t := c.byName[name]
	if len(row) != len(t.columns) {
		panic(fmt.Sprintf("acme: %s wants %d columns, got %d", name, len(t.columns), len(row)))
	}
	t.rows = append(t.rows, row)
	return int64(len(t.rows))
}

// next is the id that the next row of the table gets.
func (c *company) next(name string) int64 { return int64(len(c.byName[name].rows)) + 1 }

func (c *company) chance(percent int) bool { return c.r.IntN(100) < percent }

func (c *company) pick(from []string) string { return from[c.r.IntN(len(from))] }

// after is a time up to days later than t, never later than lastDay.
func (c *company) after(t time.Time, days int) time.Time {
	u := t.AddDate(0, 0, c.r.IntN(days)).Add(time.Duration(c.r.IntN(9*3600)) * time.Second)
	if u.After(lastDay) {
		return lastDay.Add(-time.Duration(c.r.IntN(86400)) * time.Second)
	}
	return u
}

// lastDay is the day on which the sample was taken.
var lastDay = day(2026, 11, 13)

// money is an amount in cents as numeric takes it.
func money(cents int64) string {
	sign := ""
	if cents < 0 {
		sign, cents = "-", -cents
	}
	return fmt.Sprintf("%s%d.%02d", sign, cents/100, cents%100)
}
