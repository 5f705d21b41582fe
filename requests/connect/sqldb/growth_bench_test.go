package sqldb_test

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"habeas/requests/connect"
	"habeas/requests/connect/connecttest"
	"habeas/requests/connect/sqldb"
	"habeas/requests/testkit"
	"habeas/requests/testkit/acme"
)

var foreignKey = regexp.MustCompile(`(?m)^\s+(\w+)\s.*?( references [\w.]+ \(\w+\))`)

// acmeOf is the sample company's customer database grown to a number of
// people, eleven rows each. Keys and indexes are made after the rows.
func acmeOf(b *testing.B, people int) system {
	b.Helper()
	ctx := context.Background()
	url := testkit.EmptyDB(b)
	pool, err := pgxpool.New(ctx, url)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(pool.Close)
	var tables, later []string
	for _, s := range strings.Split(acme.Schema, ";\n") {
		s = strings.TrimSpace(s)
		if strings.HasPrefix(s, "create index") {
			later = append(later, s)
			continue
		}
		if _, rest, ok := strings.Cut(s, "create table "); ok {
			name, _, _ := strings.Cut(rest, " (")
			for _, m := range foreignKey.FindAllStringSubmatch(s, -1) {
				later = append(later, "alter table "+name+" add foreign key ("+m[1]+")"+m[2])
				s = strings.Replace(s, m[2], "", 1)
			}
		}
		tables = append(tables, s)
	}
	exec(b, pool, strings.Join(tables, ";\n"))
	for _, q := range grow {
		exec(b, pool, fmt.Sprintf(q, people))
	}
	exec(b, pool, strings.Join(later, ";\n"))
	exec(b, pool, "vacuum analyze")
	c, err := sqldb.Open(ctx, connect.Config{Name: "crm", URL: url, Dataset: acme.CRM, Slots: flights, Now: func() time.Time { return day }})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = c.Close() })
	return system{c.(*sqldb.DB), pool}
}

// grow fills the tables for %d people. Every second order is old enough to go.
var grow = []string{
	"insert into crm.households select g, 'Household ' || g, now() from generate_series(1, %d / 4) g",
	`insert into crm.contacts (id, customer_id, given_name, family_name, email, phone, locale, household_id, source, created_at, updated_at)
select g, 'AC-' || g, 'Given ' || g, 'Family ' || g, 'p' || g || '@mail.example', '+4915' || g, 'de', greatest(1, g / 4), 'web', now(), now() from generate_series(1, %d) g`,
	"insert into crm.addresses select g, 'Street ' || g, '12345', 'Town', 'DE' from generate_series(1, %d / 2) g",
	"insert into crm.contact_addresses select g, greatest(1, g / 2), 'home', date '2024-01-01' from generate_series(1, %d) g",
	"insert into crm.activities select g, 1 + g / 2, 'call', 'Tents', 'Asked for a tent that holds in a storm', 'staff1', now() from generate_series(0, 2 * %d - 1) g",
	"insert into crm.tickets select g, 'T-' || g, g, 'Where is my tent', 'solved', 'mail', now(), null from generate_series(1, %d) g",
	"insert into crm.ticket_messages select g, 1 + g / 2, 'p' || (1 + g / 2) || '@mail.example', null, 'It has not come yet, and the weather is fine', now() from generate_series(0, 2 * %d - 1) g",
	"insert into crm.orders select g, 'O-' || g, 'AC-' || g, case g %% 2 when 0 then date '2010-05-01' else date '2025-05-01' end, 'delivered', 100, 'EUR', 'Given Family', 'Street' from generate_series(1, %d) g",
	"insert into crm.order_lines select g, 1, 'TENT', 'Tent', 1, 100, case g %% 2 when 0 then date '2010-05-02' else date '2025-05-02' end from generate_series(1, %d) g",
	"insert into crm.newsletter_subscriptions select g, 'p' || g || '@mail.example', g, 'news', 'subscribed', 'web', now(), now(), null from generate_series(1, %d) g",
	"insert into crm.consents select g, g, 'marketing_email', 'given', 'Yes', 'web', now(), null from generate_series(1, %d) g",
}

// oneCase finds a person, reads their rows and erases what may go.
func oneCase(ctx context.Context, d *sqldb.DB, n int) (rows int, err error) {
	var found []connect.Found
	if _, err = d.Find(ctx, []connect.Identity{proven("email", fmt.Sprintf("p%d@mail.example", n))}, func(f connect.Found) error {
		found = append(found, f)
		return nil
	}); err != nil {
		return 0, err
	}
	if err = d.Read(ctx, connecttest.Stream(connecttest.Access(found)), func(connect.Row) error { rows++; return nil }); err != nil {
		return 0, err
	}
	return rows, d.Apply(ctx, fmt.Sprint(n), connecttest.Stream(connecttest.Erasure(found)), func(connect.Result) error { return nil })
}

// BenchmarkGrowth prints what a whole case costs (find, read, erase) among 10
// thousand, 100 thousand and a million people with eleven rows each, and the
// ratio of the last to the first.
func BenchmarkGrowth(b *testing.B) {
	const warm, cases = 30, 200
	median := map[int]time.Duration{}
	for _, people := range []int{10_000, 100_000, 1_000_000} {
		s := acmeOf(b, people)
		var took []time.Duration
		for i := range warm + cases {
			start := time.Now()
			rows, err := oneCase(context.Background(), s.DB, 1+(i*7919)%people)
			if err != nil || rows < 11 {
				b.Fatalf("case %d among %d: %d rows, %v", i, people, rows, err)
			}
			if i >= warm {
				took = append(took, time.Since(start))
			}
		}
		slices.Sort(took)
		median[people] = took[len(took)/2]
		s.pool.Close()
		_ = s.Close()
	}
	for b.Loop() { // everything was measured above
	}
	b.ReportMetric(median[10_000].Seconds()*1e3, "ms-10k")
	b.ReportMetric(median[100_000].Seconds()*1e3, "ms-100k")
	b.ReportMetric(median[1_000_000].Seconds()*1e3, "ms-1M")
	b.ReportMetric(median[1_000_000].Seconds()/median[10_000].Seconds(), "growth")
}

// flights is how many cases are in flight at once.
const flights = 32

// BenchmarkFlight runs 32 cases at once on the sample company's customer
// database; ratio is the time of a bare pgx program that selects and deletes
// the same rows, one statement a table in one transaction each, to ours.
func BenchmarkFlight(b *testing.B) {
	const cases = 2000
	ours, floor := time.Hour, time.Hour // the best of all rounds: other load only adds
	for b.Loop() {
		s := acmeOf(b, 4*cases)
		start := time.Now()
		flight(b, 0, cases, func(ctx context.Context, n int) error { return bareCase(ctx, s.pool, n) })
		floor = min(floor, time.Since(start))
		start = time.Now()
		flight(b, 2*cases, cases, func(ctx context.Context, n int) error { _, err := oneCase(ctx, s.DB, n); return err })
		ours = min(ours, time.Since(start))
		s.pool.Close()
		_ = s.Close()
	}
	b.ReportMetric(floor.Seconds()/ours.Seconds(), "ratio")
	b.ReportMetric(cases/ours.Seconds(), "cases/s")
}

func flight(b *testing.B, from, cases int, do func(ctx context.Context, n int) error) {
	b.Helper()
	g, ctx := errgroup.WithContext(context.Background())
	g.SetLimit(flights)
	for i := range cases {
		g.Go(func() error { return do(ctx, from+1+i) })
	}
	if err := g.Wait(); err != nil {
		b.Fatal(err)
	}
}

// bareSelects and bareDeletes are what somebody would write by hand for this
// database and this person only. $1 is the contact's number; the address is
// known to belong to it.
var (
	bareSelects = []string{
		"select * from crm.households h where h.id = (select household_id from crm.contacts where id = $1)",
		"select count(*) from crm.contacts c where c.household_id = (select household_id from crm.contacts where id = $1)",
		"select * from crm.contact_addresses where contact_id = $1",
		"select a.* from crm.addresses a join crm.contact_addresses ca on ca.address_id = a.id where ca.contact_id = $1",
		"select count(*) from crm.contact_addresses o join crm.contact_addresses ca on ca.address_id = o.address_id where ca.contact_id = $1",
		"select * from crm.opportunities where contact_id = $1",
		"select * from crm.activities where contact_id = $1",
		"select * from crm.notes where contact_id = $1",
		"select * from crm.tickets where contact_id = $1",
		"select m.* from crm.ticket_messages m join crm.tickets t on t.id = m.ticket_id where t.contact_id = $1",
		"select o.* from crm.orders o join crm.contacts c on c.customer_id = o.customer_no where c.id = $1",
		"select l.* from crm.order_lines l join crm.orders o on o.id = l.order_id join crm.contacts c on c.customer_id = o.customer_no where c.id = $1",
		"select i.* from crm.invoices i join crm.contacts c on c.customer_id = i.customer_no where c.id = $1",
		"select * from crm.newsletter_subscriptions where contact_id = $1",
		"select * from crm.consents where contact_id = $1",
		"select * from crm.social_links where contact_id = $1",
	}
	bareDeletes = []string{
		"delete from crm.social_links where contact_id = $1",
		"delete from crm.consents where contact_id = $1",
		"delete from crm.newsletter_subscriptions where contact_id = $1",
		"delete from crm.order_lines l using crm.orders o, crm.contacts c where o.id = l.order_id and c.customer_id = o.customer_no and c.id = $1 and l.shipped_on < '2018-01-01'",
		"delete from crm.orders o using crm.contacts c where c.customer_id = o.customer_no and c.id = $1 and o.placed_on < '2018-01-01'",
		"delete from crm.ticket_messages m using crm.tickets t where t.id = m.ticket_id and t.contact_id = $1",
		"delete from crm.tickets where contact_id = $1",
		"delete from crm.notes where contact_id = $1",
		"delete from crm.activities where contact_id = $1",
		"delete from crm.contact_addresses where contact_id = $1",
		"delete from crm.contacts where id = $1",
	}
)

// bareCase looks at a person's rows twice, as a walk and a read do, and deletes
// them.
func bareCase(ctx context.Context, pool *pgxpool.Pool, n int) error {
	var id int64
	look := func(tx pgx.Tx) error {
		if err := tx.QueryRow(ctx, "select id from crm.contacts where lower(email) = $1", fmt.Sprintf("p%d@mail.example", n)).Scan(&id); err != nil {
			return err
		}
		for _, q := range bareSelects {
			rows, err := tx.Query(ctx, q, id)
			if err != nil {
				return err
			}
			for rows.Next() {
				if _, err := rows.Values(); err != nil {
					return err
				}
			}
			if rows.Err() != nil {
				return rows.Err()
			}
		}
		return nil
	}
	snapshot := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	for range 2 {
		if err := pgx.BeginTxFunc(ctx, pool, snapshot, look); err != nil {
			return err
		}
	}
	return pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		for _, q := range bareDeletes {
			if _, err := tx.Exec(ctx, q, id); err != nil {
				return err
			}
		}
		return nil
	})
}
