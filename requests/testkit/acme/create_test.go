package acme_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"habeas/requests/testkit"
	"habeas/requests/testkit/acme"
)

// sum is the SHA-256 over the whole company, row by row. It changes only when
// somebody changes the company.
const sum = "5a2d7f0b72121429a4f59204cff8f03ed5af461a0f16560bbcfc3479cb1238fc"

func setup(t *testing.T) (*pgx.Conn, string) {
	t.Helper()
	url := testkit.EmptyDB(t)
	if err := acme.Create(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	if _, err := conn.Exec(t.Context(), `set timezone to 'UTC'`); err != nil {
		t.Fatal(err)
	}
	return conn, url
}

// dump returns every row of every table of both schemas as text, with its
// table in front.
func dump(t *testing.T, conn *pgx.Conn) []string {
	t.Helper()
	var out []string
	for _, table := range tables(t, conn) {
		rows, err := conn.Query(t.Context(), `select '`+table+` ' || to_jsonb(t)::text as line from `+table+` t order by 1`)
		if err != nil {
			t.Fatal(err)
		}
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, lines...)
	}
	return out
}

func tables(t *testing.T, conn *pgx.Conn) []string {
	t.Helper()
	rows, err := conn.Query(t.Context(), `
		select table_schema || '.' || table_name as name from information_schema.tables
		where table_schema in ('crm', 'social') order by 1`)
	if err != nil {
		t.Fatal(err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestCompanyIsAlwaysTheSame(t *testing.T) {
	t.Parallel()
	conn, _ := setup(t)
	h := sha256.New()
	for _, line := range dump(t, conn) {
		fmt.Fprintln(h, line)
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != sum {
		t.Errorf("the company is another one: %s", got)
	}
}

// An erasure plan lists what hangs on the person's contact and profile. A
// subject's address must stand in no other row, or a test that looks for it
// afterwards would blame the program.
func TestSubjectsAddressStandsOnlyInTheirRows(t *testing.T) {
	t.Parallel()
	conn, _ := setup(t)
	lines := dump(t, conn)
	for _, s := range acme.Subjects() {
		var ticket string
		if err := conn.QueryRow(t.Context(), `select id::text from crm.tickets where contact_id = $1`, s.ContactID).Scan(&ticket); err != nil {
			t.Fatal(err)
		}
		own := map[string]string{
			"crm.contacts":                 fmt.Sprintf(`"id": %d,`, s.ContactID),
			"crm.newsletter_subscriptions": fmt.Sprintf(`"contact_id": %d,`, s.ContactID),
			"crm.invoices":                 fmt.Sprintf(`"customer_no": "%s"`, s.CustomerID),
			"crm.ticket_messages":          fmt.Sprintf(`"ticket_id": %s,`, ticket),
			"social.lead_submissions":      fmt.Sprintf(`"profile_id": %d,`, s.ProfileID),
		}
		seen := map[string]bool{}
		for _, line := range lines {
			if !strings.Contains(strings.ToLower(line), s.Email) {
				continue
			}
			table, row, _ := strings.Cut(line, " ")
			seen[table] = true
			if own[table] == "" || !strings.Contains(row, own[table]) {
				t.Errorf("%s stands in %s, which is not theirs", s.Email, line)
			}
		}
		for table := range own {
			if !seen[table] {
				t.Errorf("%s is not known in %s", s.Email, table)
			}
		}
	}
}

func TestAwkwardCasesAreInTheTables(t *testing.T) {
	t.Parallel()
	conn, _ := setup(t)
	c := acme.AwkwardCases()
	for _, tt := range []struct {
		name, sql string
		args      []any
		want      int
	}{
		{"two contacts, one person", `select count(*) from crm.contacts o join crm.contacts n on o.merged_into = n.id where n.email = $1 and o.email = $2`, []any{c.TwoContacts, c.TwoContactsOld}, 1},
		{"family address", `select count(*) from crm.contacts where email = $1`, []any{c.FamilyAddress}, 2},
		{"shared home", `select count(distinct a.address_id) from crm.contact_addresses a join crm.contacts c on c.id = a.contact_id where c.email in ($1, $2)`, []any{c.SharedHome, c.SharedHomeOther}, 1},
		{"stale handle", `select count(*) from crm.social_links l join crm.contacts c on c.id = l.contact_id
			join social.profiles p on p.network = l.network and p.handle = l.handle and p.platform_uid <> l.platform_uid
			where c.email = $1 and l.proof = 'code'`, []any{c.StaleHandle}, 1},
		{"claimed handle", `select count(*) from crm.social_links l join crm.contacts c on c.id = l.contact_id
			join social.profiles p on p.network = l.network and p.handle = l.handle
			join crm.social_links o on o.platform_uid = p.platform_uid join crm.contacts oc on oc.id = o.contact_id
			where c.email = $1 and l.proof = 'claimed' and oc.email = $2`, []any{c.Claimed, c.ClaimedOwner}, 1},
		{"thread of three", `select count(*) from (select thread_id from social.dm_participants group by 1 having count(*) = 2) x`, nil, 1},
		{"invoice kept", `select count(*) from crm.invoices where bill_email = $1 and issued_on >= date '2025-01-01'`, []any{c.InvoiceKept}, 1},
		{"invoice expired", `select count(*) from crm.invoices where bill_email = $1 and issued_on < date '2017-01-01'`, []any{c.InvoiceExpired}, 1},
		{"paper files", `select count(*) from crm.contacts where paper_file is not null`, nil, 20},
		{"changed lately", `select count(*) from crm.contacts where email = $1 and email_changed_at is not null`, []any{c.RecentlyChanged}, 1},
		{"name with markup", `select count(*) from crm.contacts where email = $1 and given_name like '<script>%'`, []any{c.NameHTML}, 1},
		{"name with SQL", `select count(*) from crm.contacts where email = $1 and given_name like '%drop table%'`, []any{c.NameSQL}, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got int
			if err := conn.QueryRow(t.Context(), tt.sql, tt.args...).Scan(&got); err != nil {
				t.Fatal(err)
			}
			if got != tt.want {
				t.Errorf("%d, want %d", got, tt.want)
			}
		})
	}
	for _, line := range dump(t, conn) {
		if strings.Contains(line, c.NoRecord) {
			t.Errorf("%s has a record: %s", c.NoRecord, line)
		}
	}
}

// A company that is loaded later has the same people, and the address that is told
// as new is two days old on that day; the same day gives the same company.
func TestCreateOn(t *testing.T) {
	t.Parallel()
	on := time.Date(2027, 3, 4, 5, 6, 7, 0, time.UTC)
	load := func(on time.Time) []string {
		url := testkit.EmptyDB(t)
		if err := acme.CreateOn(t.Context(), url, on); err != nil {
			t.Fatal(err)
		}
		conn, err := pgx.Connect(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close(context.Background()) })
		if _, err := conn.Exec(t.Context(), `set timezone to 'UTC'`); err != nil {
			t.Fatal(err)
		}
		return dump(t, conn)
	}
	first, again := load(on), load(on)
	if !slices.Equal(first, again) {
		t.Error("two companies of one day differ")
	}
	conn, _ := setup(t)
	sample := map[string]bool{}
	for _, line := range dump(t, conn) {
		sample[line] = true
	}
	other := slices.DeleteFunc(first, func(line string) bool { return sample[line] })
	if len(other) != 1 || !strings.Contains(other[0], acme.AwkwardCases().RecentlyChanged) || !strings.Contains(other[0], "2027-03-02T05:06:07") {
		t.Errorf("another day changes %q", other)
	}
}
