package draft_test

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
	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"habeas/requests/connect"
	"habeas/requests/connect/sqldb"
	"habeas/requests/connect/sqldb/dataset"
	"habeas/requests/connect/sqldb/draft"
	"habeas/requests/testkit"
	"habeas/requests/testkit/acme"
)

func pgExec(t testing.TB, address, stmts string) {
	t.Helper()
	c, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close(context.WithoutCancel(t.Context())) }()
	if _, err := c.Exec(t.Context(), stmts); err != nil {
		t.Fatal(err)
	}
}

// tester is a test, or one round of a property.
type tester interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	Fatal(args ...any)
}

// drafted drafts a file, and holds it against the parser and the database. What
// check still finds are look-ups without an index, each named in the draft.
func drafted(t tester, ctx context.Context, address, schema string) (*dataset.Dataset, string) {
	t.Helper()
	db, err := draft.Read(ctx, address, schema)
	if err != nil {
		t.Fatal(err)
	}
	text, err := draft.Write(db)
	if err != nil {
		t.Fatal(err)
	}
	d, err := dataset.Parse("draft", text)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	c, err := sqldb.Open(ctx, connect.Config{Name: "x", URL: address, Dataset: string(text)})
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	defer func() { _ = c.Close() }()
	faults, err := c.Check(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range faults {
		if !strings.Contains(f.Text, "has no index") {
			t.Errorf("%s: %s\n%s", f.Where, f.Text, text)
		} else if !strings.Contains(string(text), "has no index") {
			t.Errorf("the draft does not say: %s\n%s", f.Text, text)
		}
	}
	return d, string(text)
}

// The company's CRM: people, shared rows and lists are found where its own
// description has them.
func TestDraftAcme(t *testing.T) {
	t.Parallel()
	address := testkit.EmptyDB(t)
	if err := acme.Create(t.Context(), address); err != nil {
		t.Fatal(err)
	}
	d, text := drafted(t, t.Context(), address, "crm")
	if d.Table("contacts") == nil || !d.Table("contacts").Person {
		t.Errorf("contacts are people\n%s", text)
	}
	for table, want := range map[string]string{"contacts": "email", "newsletter_subscriptions": "email"} {
		tb := d.Table(table)
		found := false
		for _, e := range tb.Entries {
			found = found || e.Column == want && e.Kind == "email" && e.Enter
			if changed := map[string]string{"contacts": "email_changed_at"}[table]; e.Column == want && e.ChangedAt != changed {
				t.Errorf("%s.%s changed at %q, want %q\n%s", table, want, e.ChangedAt, changed, text)
			}
		}
		if !found {
			t.Errorf("no e-mail address enters at %s\n%s", table, text)
		}
	}
	for _, c := range []string{"given_name", "family_name", "email", "phone", "birth_date"} {
		if d.Table("contacts").Column(c).Category == "" {
			t.Errorf("contacts.%s is personal", c)
		}
	}
	if len(d.Table("households").SharedBy) == 0 || len(d.Table("addresses").SharedBy) == 0 {
		t.Errorf("households and addresses are shared\n%s", text)
	}
	merged := false
	for _, r := range d.Table("contacts").Refs {
		merged = merged || r.Columns[0] == "merged_into" && r.SamePerson
	}
	if !merged {
		t.Error("merged_into is the same person")
	}
	for _, s := range acme.Subjects() {
		if strings.Contains(text, s.Email) || strings.Contains(text, s.Name) {
			t.Error("a draft holds a value of a row")
		}
	}
}

// The world that sqldb is tested on.
func TestDraftWorld(t *testing.T) {
	t.Parallel()
	address := testkit.EmptyDB(t)
	b, err := os.ReadFile("../testdata/world.sql")
	if err != nil {
		t.Fatal(err)
	}
	pgExec(t, address, string(b))
	d, text := drafted(t, t.Context(), address, "public")
	if !d.Table("contacts").Person {
		t.Errorf("contacts are people\n%s", text)
	}
}

// Names, keys and kinds of tables that programs stumble over.
const oddPostgres = `
create schema "Odd Schema"; create schema other; create schema "a.b";
create table "Odd Schema"."Order" ("Id" int generated always as identity primary key, "user" int, "select" text, "E-Mail" text not null unique, "weird "" quote" text, "a,b" text, "null" text, "ümlaut" text);
create table "Odd Schema"."Customer" ("Id" uuid primary key, "E-Mail" varchar(20) not null unique, "firstName" varchar(3) not null, "birthDate" date not null, "photo" bytea not null);
alter table "Odd Schema"."Order" add "customerId" uuid not null references "Odd Schema"."Customer" on delete cascade;
create table "Odd Schema".log ("customerId" uuid references "Odd Schema"."Customer" on delete restrict, said text);
create table other."Customer" (a int, b int, "Name" text, telefon text, primary key (a, b));
create table other.visits (id serial primary key, cust_a int not null, cust_b int not null, at timestamptz, ip inet, foreign key (cust_a, cust_b) references other."Customer");
create table other.no_key (x int, email text);
create table other.unique_key (nr int not null, email citext_like, unique (nr));
create table "a.b".t (id int primary key, email text);
create view other.mails as select email from other.no_key;
create table other.events (id int, at date not null, email text, primary key (id, at)) partition by range (at);
create table other.events_2026 partition of other.events for values from ('2026-01-01') to ('2027-01-01');
create table other.animal (id int primary key, owner_email text); create table other.dog (bark text) inherits (other.animal);
create table other.cycle_a (id int primary key, b_id int not null); create table other.cycle_b (id int primary key, a_id int not null references other.cycle_a, kunden_name text);
alter table other.cycle_a add foreign key (b_id) references other.cycle_b;
create table other.tree (id int primary key, parent_id int references other.tree, "Bemerkung" text);
create table other.total (id int primary key, net numeric, gross numeric generated always as (net * 1.19) stored);
`

func TestDraftOddPostgres(t *testing.T) {
	t.Parallel()
	address := testkit.EmptyDB(t)
	pgExec(t, address, "create domain citext_like as text check (length(value) > 1);"+oddPostgres)
	d, text := drafted(t, t.Context(), address, "")
	for _, want := range []string{"other.no_key: no primary key", "other.mails: a view", "other.events_2026: rows of other.events", "other.dog: rows of other.animal", "a.b.t: the name of its schema has a dot"} {
		if !strings.Contains(strings.Join(strings.Fields(strings.ReplaceAll(text, "#", "")), " "), want) {
			t.Errorf("the draft does not say %q\n%s", want, text)
		}
	}
	c := d.Table("Odd Schema_Customer")
	if c == nil || !c.Person || c.Erase.Do != dataset.MaskRow {
		t.Errorf("the customer is referred to by a table without a key, so it is masked: %+v\n%s", c, text)
	}
	if o := d.Table("other_Customer"); o == nil || len(o.Key) != 2 || o.Column("telefon").Category != "contact.phone" {
		t.Errorf("other_Customer %+v", o)
	}
	if d.Table("cycle_a").Erase.Do != dataset.MaskRow {
		t.Error("a circle of foreign keys is masked")
	}
}

// myExec runs statements one by one on MariaDB.
func myExec(t testing.TB, address string, stmts ...string) {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	cfg := mysql.NewConfig()
	cfg.User, cfg.Net, cfg.Addr, cfg.DBName = u.User.Username(), "tcp", u.Host, strings.TrimPrefix(u.Path, "/")
	cfg.Passwd, _ = u.User.Password()
	if s := u.Query().Get("socket"); s != "" {
		cfg.Net, cfg.Addr = "unix", s
	}
	c, err := mysql.NewConnector(cfg)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(c)
	defer func() { _ = db.Close() }()
	for _, s := range stmts {
		if _, err := db.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%v in %s", err, s)
		}
	}
}

// German names, reserved words and unsigned keys on MariaDB.
func TestDraftMariaDB(t *testing.T) {
	t.Parallel()
	address := testkit.MariaDB(t)
	myExec(t, address,
		"create table `Lead` (id int unsigned auto_increment primary key, email varchar(100) not null, created datetime, unique (email))",
		"create table kunden (id bigint unsigned primary key, Vorname varchar(50) not null, Nachname text, Geburtsdatum date, Telefon varchar(30), Strasse varchar(80), PLZ char(5), key (Telefon)) comment 'Alle Kunden'",
		"create table `order` (id int primary key, kunden_id bigint unsigned not null, note text, total decimal(10,2), constraint f foreign key (kunden_id) references kunden (id) on delete cascade)",
		"create table besuche (nr int primary key, lead_id int unsigned, ip varchar(45), foreign key (lead_id) references `Lead` (id))",
		"create table nokey (a int, email varchar(20))",
		"create table pair (a int, b varchar(10), telephone varchar(20), primary key (a, b))",
		"create view v as select id from kunden",
	)
	d, text := drafted(t, t.Context(), address, "")
	if !d.Table("kunden").Person || !d.Table("Lead").Person {
		t.Errorf("kunden and Lead are people\n%s", text)
	}
	for c, want := range map[string]string{"Vorname": "identity.name", "Geburtsdatum": "identity.birth_date", "Telefon": "contact.phone", "PLZ": "contact.address"} {
		if got := d.Table("kunden").Column(c).Category; got != want {
			t.Errorf("%s is %q, want %q", c, got, want)
		}
	}
	if d.Table("nokey") != nil || d.Table("v") != nil || !strings.Contains(text, "Alle Kunden") {
		t.Errorf("what cannot be described is left out\n%s", text)
	}
}

// Random schemas: whatever the catalogue holds, the draft parses and fits.
func TestDraftRandom(t *testing.T) {
	t.Parallel()
	address := testkit.EmptyDB(t)
	n := 0
	rapid.Check(t, func(r *rapid.T) {
		n++
		schema := fmt.Sprintf("s%d", n)
		pgExec(t, address, "create schema "+schema+"; set search_path = "+schema+";"+randomSchema(r))
		defer pgExec(t, address, "drop schema "+schema+" cascade")
		db, err := draft.Read(t.Context(), address, schema)
		if err != nil {
			r.Fatal(err)
		}
		if !slices.ContainsFunc(db.Tables, func(x *draft.Table) bool { return len(x.Key) > 0 }) {
			return // nothing that could be described
		}
		drafted(r, t.Context(), address, schema)
	})
}

var (
	tableNames = []string{"customers", "User", "order", "orders", "Kunde", "addresses", "select", "contact", "invoices", "staff", "été", "note s", "tickets", "products", "a-b"}
	colNames   = []string{"email", "E Mail", "telefon", "firstName", "nom", "note", "iban", "created_by", "customer_id", "user_id", "order_id", "ip", "gender", "street", "null", "on", "Größe", "kundennummer", "twitter", "merged_into", "status"}
	colTypes   = []string{"text", "varchar(5)", "varchar(40)", "int", "bigint", "uuid", "date", "timestamptz", "boolean", "jsonb", "bytea", "inet", "numeric", "text[]", "point", "xml"}
)

func randomSchema(r *rapid.T) string {
	q := func(s string) string { return pgx.Identifier{s}.Sanitize() }
	names := rapid.SliceOfNDistinct(rapid.SampledFrom(tableNames), 1, 6, rapid.ID[string]).Draw(r, "tables")
	var out strings.Builder
	type made struct {
		name string
		keys []string
	}
	var done []made
	for _, name := range names {
		keys := 1 + rapid.IntRange(0, 1).Draw(r, "keys")
		var cols, keyCols []string
		for i := range keys {
			k := fmt.Sprintf("k%d", i)
			cols, keyCols = append(cols, k+" int not null"), append(keyCols, k)
		}
		for _, c := range rapid.SliceOfNDistinct(rapid.SampledFrom(colNames), 0, 8, rapid.ID[string]).Draw(r, "columns") {
			col := q(c) + " " + rapid.SampledFrom(colTypes).Draw(r, "type")
			if rapid.Bool().Draw(r, "not null") {
				col += " not null"
			}
			cols = append(cols, col)
		}
		switch rapid.IntRange(0, 5).Draw(r, "key") {
		case 0: // none
			keyCols = nil
		case 1:
			cols = append(cols, "unique ("+strings.Join(keyCols, ", ")+")")
		default:
			cols = append(cols, "primary key ("+strings.Join(keyCols, ", ")+")")
		}
		fmt.Fprintf(&out, "create table %s (%s);\n", q(name), strings.Join(cols, ", "))
		done = append(done, made{name, keyCols})
	}
	for i := range rapid.IntRange(0, 6).Draw(r, "references") {
		from, to := rapid.SampledFrom(done).Draw(r, "from"), rapid.SampledFrom(done).Draw(r, "to")
		if len(to.keys) == 0 {
			continue
		}
		var cols []string
		null := rapid.SampledFrom([]string{"", " not null"}).Draw(r, "null")
		for j := range to.keys {
			c := fmt.Sprintf("%s%d_%d", rapid.SampledFrom([]string{"ref", "created_by", "merged"}).Draw(r, "stem"), i, j)
			fmt.Fprintf(&out, "alter table %s add %s int%s;\n", q(from.name), c, null)
			cols = append(cols, c)
		}
		fmt.Fprintf(&out, "alter table %s add foreign key (%s) references %s (%s) on delete %s%s;\n", q(from.name), strings.Join(cols, ", "), q(to.name), strings.Join(to.keys, ", "),
			rapid.SampledFrom([]string{"no action", "restrict", "cascade", "set null"}).Draw(r, "on delete"), rapid.SampledFrom([]string{"", " deferrable"}).Draw(r, "deferrable"))
	}
	return out.String()
}
