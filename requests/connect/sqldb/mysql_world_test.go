package sqldb_test

import (
	"context"
	"database/sql"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	_ "github.com/go-sql-driver/mysql"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"habeas/requests/connect"
	"habeas/requests/connect/connecttest"
	"habeas/requests/connect/sqldb"
	"habeas/requests/testkit"
)

// mySystem is a MariaDB database with its connector.
type mySystem struct {
	*sqldb.DB
	pool *sql.DB
	url  string
}

// myOpen fills an empty MariaDB database and describes it.
func myOpen(t testing.TB, schema, dataset string) mySystem {
	t.Helper()
	raw := testkit.MariaDB(t)
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	password, _ := u.User.Password()
	pool, err := sql.Open("mysql", u.User.Username()+":"+password+"@tcp("+u.Host+")"+u.Path+"?multiStatements=true&interpolateParams=true&time_zone='%2B00:00'")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pool.Close() })
	myExec(t, pool, schema)
	c, err := sqldb.Open(context.Background(), connect.Config{
		Name: "crm", Title: "Small world", URL: raw, Dataset: dataset, Now: func() time.Time { return day },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return mySystem{c.(*sqldb.DB), pool, raw}
}

func myExec(t testing.TB, pool *sql.DB, statements string) {
	t.Helper()
	if _, err := pool.ExecContext(context.Background(), statements); err != nil {
		t.Fatalf("%v", err)
	}
}

func myWorld(t testing.TB) mySystem {
	return myOpen(t, file(t, "world.mysql.sql"), "testdata/world.yaml")
}

// mySnapshot reads every row of every table, by primary key.
func mySnapshot(t testing.TB, pool *sql.DB) map[string]string {
	t.Helper()
	tables := myRows(t, pool, `
select c.table_name,
       (select case count(*) when 1 then concat('cast(`+"`', max(k.column_name), '`"+` as char)')
               else concat('json_array(', group_concat(concat('cast(`+"`', k.column_name, '`"+` as char)') order by k.seq_in_index), ')') end
        from information_schema.statistics k where k.table_schema = database() and k.table_name = c.table_name and k.index_name = 'PRIMARY'),
       group_concat(concat('coalesce(hex(`+"`', c.column_name, '`"+`), ''null'')') order by c.ordinal_position)
from information_schema.columns c where c.table_schema = database() group by c.table_name`)
	out := map[string]string{}
	for _, x := range tables {
		for _, row := range myRows(t, pool, "select "+x[1]+", concat_ws('|', "+x[2]+") from `"+x[0]+"`") {
			out[x[0]+"/"+row[0]] = row[1]
		}
	}
	return out
}

// myRows reads all rows of a query as texts.
func myRows(t testing.TB, pool *sql.DB, q string) [][]string {
	t.Helper()
	rows, err := pool.QueryContext(context.Background(), q)
	if err != nil {
		t.Fatalf("%v", err)
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var out [][]string
	for rows.Next() {
		row := make([]sql.NullString, len(columns))
		into := make([]any, len(columns))
		for i := range row {
			into[i] = &row[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		texts := make([]string, len(row))
		for i, v := range row {
			texts[i] = v.String
		}
		out = append(out, texts)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestConformanceMariaDB(t *testing.T) {
	connecttest.Run(t, connecttest.Suite{New: func(t *testing.T) connecttest.World {
		s := myWorld(t)
		myExec(t, s.pool, "delete from subscriptions where id = 5")
		w := smallWorld(s.DB)
		w.Snapshot = func(t *testing.T) map[string]string { return mySnapshot(t, s.pool) }
		w.Steal = func(t *testing.T) {
			myExec(t, s.pool, "update orders set contact_id = 3 where (tenant, no) = (1, 1)")
		}
		return w
	}})
}

// The same proposals as on PostgreSQL, row by row.
func TestProposalsMariaDB(t *testing.T) {
	t.Parallel()
	my, pg := myWorld(t), world(t)
	who := []connect.Identity{proven("email", "anna@example.test"), proven("social_id", "mastodon:u1"), proven("phone", "+49 30 12345"), proven("customer_id", "c-3")}
	want, wantFindings := connecttest.Find(t, pg.DB, who)
	got, findings := connecttest.Find(t, my.DB, who)
	for i := range want {
		want[i].Guard = nil
	}
	for i := range got {
		got[i].Guard = nil
	}
	if d := diff(want, got); d != "" {
		t.Errorf("found (-PostgreSQL +MariaDB):\n%s", d)
	}
	// MariaDB has no index on expressions, and says so of telephone numbers.
	findings.Warnings = slices.DeleteFunc(findings.Warnings, func(w connect.Warning) bool { return w.Code == "no-index" })
	if d := cmp.Diff(wantFindings, findings, cmpopts.EquateEmpty()); d != "" {
		t.Errorf("learned (-PostgreSQL +MariaDB):\n%s", d)
	}
	faults, err := my.Check(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range faults {
		if !strings.Contains(f.Text, "phone") { // no index on an expression in MariaDB
			t.Errorf("%s: %s", f.Where, f.Text)
		}
	}
}
