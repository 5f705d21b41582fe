package fides

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/google/go-cmp/cmp"
	_ "github.com/jackc/pgx/v5/stdlib" // one way to both databases

	"habeas/requests/connect"
	"habeas/requests/connect/connecttest"
	"habeas/requests/connect/sqldb"
	"habeas/requests/connect/sqldb/draft"
	"habeas/requests/testkit"
)

// shop is a database with rows, and the Fides file imported for it.
type shop struct {
	*sqldb.DB
	rows *sql.DB
	mine bool // MariaDB
}

func connected(t *testing.T, address string) *sql.DB {
	t.Helper()
	driver, dsn := "pgx", address
	if u, err := url.Parse(address); err == nil && u.Scheme == "mysql" {
		cfg := mysql.NewConfig()
		cfg.User, cfg.Net, cfg.Addr, cfg.DBName = u.User.Username(), "tcp", u.Host, strings.TrimPrefix(u.Path, "/")
		cfg.Passwd, _ = u.User.Password()
		driver, dsn = "mysql", cfg.FormatDSN()
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// newShop fills a database and imports the file with the database at hand.
func newShop(t *testing.T, address, file string) shop {
	t.Helper()
	s := shop{rows: connected(t, address), mine: strings.HasPrefix(address, "mysql")}
	b, err := os.ReadFile("testdata/shop.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, stmt := range strings.Split(string(b), ";\n") {
		if stmt = strings.TrimSpace(stmt); stmt == "" || strings.HasPrefix(stmt, "-- mysql") && !s.mine {
			continue
		}
		if !s.mine {
			stmt = strings.ReplaceAll(stmt, "datetime", "timestamp")
		}
		if _, err := s.rows.ExecContext(t.Context(), stmt); err != nil {
			t.Fatalf("%v in %s", err, stmt)
		}
	}
	live, err := draft.Read(t.Context(), address, "")
	if err != nil {
		t.Fatal(err)
	}
	_, res := imported(t, Options{Title: "Shop", Live: live}, file)
	c, err := sqldb.Open(t.Context(), connect.Config{Name: "shop", URL: address, Dataset: string(res.Text)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	s.DB = c.(*sqldb.DB)
	faults, err := s.Check(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range connect.Standing(faults) {
		t.Errorf("%s: %s", f.Where, f.Text)
	}
	return s
}

// everywhere runs a test on both databases.
func everywhere(t *testing.T, fn func(t *testing.T, s shop)) {
	t.Run("PostgreSQL", func(t *testing.T) { t.Parallel(); fn(t, newShop(t, testkit.EmptyDB(t), "shop_postgres.yml")) })
	t.Run("MariaDB", func(t *testing.T) { t.Parallel(); fn(t, newShop(t, testkit.MariaDB(t), "shop_mysql.yml")) })
}

func mail(address string) []connect.Identity {
	return []connect.Identity{{Kind: "email", Value: address, Proven: true}}
}

// keys lists what was found, by table.
func keys(found []connect.Found) map[string][]string {
	out := map[string][]string{}
	for _, f := range found {
		out[f.Type] = append(out[f.Type], f.Key)
	}
	return out
}

// Access gives the rows that the file's own references lead to, per table.
func TestShopAccess(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, email string
		want        map[string][]string
	}{
		{"a customer", "customer-1@shop.example", map[string][]string{
			"address": {"1", "2"}, "customer": {"1"}, "login": {"1", "2", "3"}, "orders": {"ord-a", "ord-c", "ord-d"},
			"order_item": {`["ord-a","1"]`, `["ord-c","1"]`, `["ord-c","2"]`, `["ord-d","1"]`}, "payment_card": {"pay-a"},
			"product": {"1", "2"}, "service_request": {"ser-a"}, "visit": {`["customer-1@shop.example","2026-01-06 01:00:00"]`},
		}},
		// The second column of a table that nothing else leads to.
		{"by an alternate address", "customer-1-alt@shop.example", map[string][]string{"service_request": {"ser-a"}}},
		// Without a row of customers: requests only.
		{"requests only", "customer-3@shop.example", map[string][]string{"service_request": {"ser-c", "ser-d"}}},
		// A customer whose only link is a record of employees: its address, and
		// the requests that hang on it.
		{"an employee", "employee-1@shop.example", map[string][]string{
			"address": {"3"}, "employee": {"1"}, "service_request": {"ser-a", "ser-b", "ser-c"},
		}},
		// In both tables: what either leads to.
		{"employee and customer", "both@shop.example", map[string][]string{
			"address": {"3", "4"}, "customer": {"3"}, "employee": {"2"}, "login": {"8"}, "orders": {"ord-e"},
			"order_item": {`["ord-e","1"]`}, "product": {"3"}, "payment_card": {"pay-c"}, "service_request": {"ser-d"},
		}},
		{"reports", "admin@shop.example", map[string][]string{"report": {"1", "2"}}},
		{"nobody", "nobody@shop.example", map[string][]string{}},
	}
	everywhere(t, func(t *testing.T, s shop) {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				found, _ := connecttest.Find(t, s.DB, mail(tt.email))
				got := keys(found)
				for _, list := range got {
					for i, k := range list {
						list[i] = strings.NewReplacer(", ", ",", "T01:", " 01:", ".000000", "").Replace(k)
					}
				}
				if d := cmp.Diff(tt.want, got); d != "" {
					t.Error(d)
				}
				for _, f := range found {
					if f.Match == connect.Ambiguous {
						t.Errorf("%s %s is ambiguous", f.Type, f.Key)
					}
				}
			})
		}
	})
}

// dump is every row of every table, as text.
func (s shop) dump(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, table := range []string{"address", "customer", "employee", "login", "order_item", "orders", "payment_card", "product", "report", "service_request", "visit"} {
		rows, err := s.rows.QueryContext(t.Context(), "select * from "+table)
		if err != nil {
			t.Fatal(err)
		}
		cols, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		for n := 0; rows.Next(); n++ {
			vals := make([]sql.NullString, len(cols))
			into := make([]any, len(cols))
			for i := range vals {
				into[i] = &vals[i]
			}
			if err := rows.Scan(into...); err != nil {
				t.Fatal(err)
			}
			var line []string
			for i, v := range vals {
				text := "null"
				if v.Valid {
					text = v.String
				}
				line = append(line, cols[i]+"="+text)
			}
			id := vals[0].String
			if table == "order_item" || table == "visit" {
				id += "/" + vals[1].String
			}
			out[table+" "+id] = strings.Join(line, " ")
		}
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// Erasure does what the data categories say to the rows found, takes the person
// out of what others use too, and touches nothing else.
func TestShopErasure(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, s shop) {
		found, _ := connecttest.Find(t, s.DB, mail("customer-1@shop.example"))
		for _, f := range found {
			if f.Type == "address" && (f.Shared != 1 || f.Erasure.Action != connect.Detach) {
				t.Errorf("address %s: shared with %d, %s", f.Key, f.Shared, f.Erasure.Action)
			}
			if (f.Type == "product" || f.Type == "order_item") && f.Erasure != nil {
				t.Errorf("%s %s: erasure would %s what is not personal", f.Type, f.Key, f.Erasure.Action)
			}
		}
		before := s.dump(t)
		if _, err := connecttest.Apply(context.Background(), s.DB, "job", connecttest.Erasure(found)); err != nil {
			t.Fatal(err)
		}
		after := s.dump(t)
		changed := map[string]string{}
		for id, row := range before {
			if after[id] != row {
				changed[id] = after[id]
			}
		}
		created := "created=2026-01-01T11:47:42Z"
		if s.mine {
			created = "created=2026-01-01 11:47:42"
		}
		want := map[string]string{
			"customer 1":            "id=1 email=null name=null " + created + " address_id=null",
			"orders ord-a":          "id=ord-a customer_id=null shipping_address_id=null payment_card_id=pay-a",
			"orders ord-c":          "id=ord-c customer_id=null shipping_address_id=null payment_card_id=pay-a",
			"orders ord-d":          "id=ord-d customer_id=null shipping_address_id=null payment_card_id=pay-b",
			"payment_card pay-a":    "id=pay-a name=null ccn=null code=null preferred=null customer_id=null billing_address_id=null",
			"login 1":               "id=1 customer_id=null time=null",
			"login 2":               "id=2 customer_id=null time=null",
			"login 3":               "id=3 customer_id=null time=null",
			"service_request ser-a": "",
		}
		for id, row := range changed {
			switch {
			case strings.HasPrefix(id, "visit customer-1@"):
				if row != "" {
					t.Errorf("%s is still there: %s", id, row)
				}
			case id == "service_request ser-a":
				if strings.Contains(row, "customer-1") || !strings.Contains(row, "employee_id=null") || row == "" {
					t.Errorf("%s is %s", id, row)
				}
			case row != want[id]:
				t.Errorf("%s is %s, want %s", id, row, want[id])
			}
			delete(want, id)
		}
		delete(want, "")
		if len(want) > 0 {
			t.Errorf("not erased: %v", want)
		}
		again, _ := connecttest.Find(t, s.DB, mail("customer-1@shop.example"))
		if len(again) > 0 {
			t.Errorf("still found: %v", keys(again))
		}
		// The other person at the address still has it.
		other, _ := connecttest.Find(t, s.DB, mail("customer-2@shop.example"))
		if !slices.ContainsFunc(other, func(f connect.Found) bool { return f.Type == "address" && f.Key == "1" }) {
			t.Errorf("customer 2 lost the address: %v", keys(other))
		}
	})
}

// The last who uses an address masks it.
func TestShopErasureOfTheLast(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, s shop) {
		for _, e := range []string{"customer-1", "customer-2"} {
			found, _ := connecttest.Find(t, s.DB, mail(e+"@shop.example"))
			if _, err := connecttest.Apply(context.Background(), s.DB, "job-"+e, connecttest.Erasure(found)); err != nil {
				t.Fatal(err)
			}
		}
		for id, row := range s.dump(t) {
			if strings.HasPrefix(id, "address 1 ") || id == "address 1" || id == "address 2" {
				if !strings.Contains(row, "street=null") || !strings.Contains(row, "city=null") {
					t.Errorf("%s: %s", id, row)
				}
			}
			for _, gone := range []string{"customer-1@", "customer-2@"} {
				if strings.Contains(row, gone) {
					t.Errorf("%s: %s", id, row)
				}
			}
		}
	})
}

// Two rows of customers under one address stay with the desk.
func TestShopAmbiguous(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, s shop) {
		if _, err := s.rows.ExecContext(t.Context(), "insert into customer values (9, 'customer-2@shop.example', 'Another', null, 1)"); err != nil {
			t.Fatal(err)
		}
		found, findings := connecttest.Find(t, s.DB, mail("customer-2@shop.example"))
		for _, f := range found {
			if f.Type == "customer" && f.Match != connect.Ambiguous {
				t.Errorf("%s %s is %s", f.Type, f.Key, f.Match)
			}
		}
		if !slices.ContainsFunc(findings.Warnings, func(w connect.Warning) bool { return w.Code == "ambiguous" }) {
			t.Errorf("warnings %+v", findings.Warnings)
		}
		_ = fmt.Sprint
	})
}
