package sqldb_test

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"habeas/requests/connect"
	"habeas/requests/connect/connecttest"
)

// docExample is the dataset file in docs/datasets.md that has a table.
func docExample(t *testing.T, table string) string {
	t.Helper()
	doc, err := os.ReadFile("../../../docs/datasets.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile("(?s)```yaml\n(version: 1.*?)```").FindAllSubmatch(doc, -1) {
		if strings.Contains(string(m[1]), "\n  "+table+":") {
			return string(m[1])
		}
	}
	t.Fatalf("docs/datasets.md has no example with %s", table)
	return ""
}

func typesAndKeys(found []connect.Found) []string {
	var out []string
	for _, f := range found {
		out = append(out, f.Type+" "+f.Key)
	}
	return out
}

// The example of the docs: a soft-deleted customer, and copies whose customer
// is long gone, are found and go; the copy that the trigger writes on the way
// is not made for Habeas.
func TestHistoryAndSoftDeletedRows(t *testing.T) {
	t.Parallel()
	s := open(t, `
create table customers (id int primary key, email text, name text, deleted_at timestamptz);
create table customers_history (version_id serial primary key, customer_id int, email text, name text);
create index on customers (lower(email)); create index on customers_history (lower(email)); create index on customers_history (customer_id);
insert into customers values (1, 'anna@x.test', 'Anna', now()), (2, 'ben@x.test', 'Ben', null);
insert into customers_history (customer_id, email, name) values (1, 'anna@old.test', 'Anna'), (9, 'anna@x.test', 'Anna, long gone'), (2, 'ben@x.test', 'Ben');
create function remember() returns trigger language plpgsql as $$ begin
  if current_setting('application_name') <> 'habeas' then insert into customers_history (customer_id, email, name) values (old.id, old.email, old.name); end if;
  return old; end $$;
create trigger remember before delete or update on customers for each row execute function remember();
update customers set name = 'Anna A.' where id = 1`, docExample(t, "customers_history"))
	who := []connect.Identity{proven("email", "anna@x.test")}
	found, f := connecttest.Find(t, s.DB, who)
	if d := cmp.Diff([]string{"customers 1", "customers_history 1", "customers_history 2", "customers_history 4"}, typesAndKeys(found)); d != "" {
		t.Error(d)
	}
	if !slices.ContainsFunc(f.Warnings, func(w connect.Warning) bool { return w.Code == "trigger" }) {
		t.Errorf("nothing warns of the trigger: %+v", f.Warnings)
	}
	if _, err := connecttest.Apply(context.Background(), s.DB, "job", connecttest.Erasure(found)); err != nil {
		t.Fatal(err)
	}
	var left int
	if err := s.pool.QueryRow(t.Context(), "select (select count(*) from customers where id = 1) + (select count(*) from customers_history where customer_id <> 2)").Scan(&left); err != nil || left != 0 {
		t.Errorf("%d rows are left, %v", left, err)
	}
}

// erase_after and erase_before order tables that nothing else orders, and
// against references.
func TestEraseOrder(t *testing.T) {
	t.Parallel()
	const tables = `
create table seen (n serial, what text);
create function seen() returns trigger language plpgsql as $$ begin insert into seen (what) values (tg_table_name); return old; end $$;
create table people (id int primary key, email text);
create table a (id int primary key, person_id int); create table b (id int primary key, person_id int); create table c (id int primary key, a_id int);
create index on people (lower(email)); create index on a (person_id); create index on b (person_id); create index on c (a_id);
create trigger seen before delete on people for each row execute function seen(); create trigger seen before delete on a for each row execute function seen();
create trigger seen before delete on b for each row execute function seen(); create trigger seen before delete on c for each row execute function seen();
insert into people values (1, 'a@x.test'); insert into a values (1, 1); insert into b values (1, 1); insert into c values (1, 1);`
	const text = `version: 1
tables:
  people: {key: id, person: true, erase: delete, columns: {id: {}, email: {identity: email}}}
  a: {key: id, erase: delete, columns: {id: {}, person_id: {}}, references: {person_id: people.id}%s}
  b: {key: id, erase: delete, columns: {id: {}, person_id: {}}, references: {person_id: people.id}%s}
  c: {key: id, erase: delete, columns: {id: {}, a_id: {}}, references: {a_id: a.id}%s}
`
	for _, tt := range []struct{ a, b, c, want string }{
		{"", "", "", "b,c,a,people"},
		{"", ", erase_after: a", "", "c,a,b,people"},
		{", erase_before: [c]", "", "", "b,a,c,people"},
		{"", "", ", erase_after: [a, people]", "b,a,people,c"},
	} {
		t.Run(tt.want, func(t *testing.T) {
			t.Parallel()
			s := open(t, tables, fmt.Sprintf(text, tt.a, tt.b, tt.c))
			found, _ := connecttest.Find(t, s.DB, []connect.Identity{proven("email", "a@x.test")})
			if _, err := connecttest.Apply(context.Background(), s.DB, "job", connecttest.Erasure(found)); err != nil {
				t.Fatal(err)
			}
			var got string
			if err := s.pool.QueryRow(t.Context(), "select string_agg(what, ',' order by n) from seen").Scan(&got); err != nil || got != tt.want {
				t.Errorf("erased %s, want %s, %v", got, tt.want, err)
			}
		})
	}
}

// A clerk's number in a ticket does not make it the clerk's, products are no
// concern of an erasure, an order leaves a shared address, and a number of
// another system is taught to it.
func TestHandlersLookupsAndOtherSystems(t *testing.T) {
	t.Parallel()
	s := open(t, `
create table people (id int primary key, email text, support_no text);
create table tickets (id int primary key, email text, clerk_id int, product_id int);
create table products (id int primary key, name text);
create table addresses (id int primary key, street text);
create table orders (id int primary key, person_id int, address_id int, product_id int);
create index on people (lower(email)); create index on tickets (lower(email)); create index on tickets (clerk_id); create index on orders (person_id); create index on orders (address_id); create index on people (support_no);
insert into people values (1, 'clerk@x.test', null), (2, 'anna@x.test', 'S-2'), (3, 'ben@x.test', null);
insert into products values (1, 'Tent'); insert into addresses values (1, 'Elm St');
insert into tickets values (1, 'anna@x.test', 1, 1), (2, 'nobody@x.test', 1, null);
insert into orders values (1, 2, 1, 1), (2, 3, 1, 1);`, `version: 1
tables:
  people:
    key: id
    person: true
    erase: delete
    columns: {id: {}, email: {identity: email}, support_no: {category: identity.number}}
    references: {support_no: {to: {system: support, kind: support_no}, direction: both}}
  tickets:
    key: id
    erase: delete
    columns: {id: {}, email: {category: contact.email, identity: email}, clerk_id: {}, product_id: {}}
    references: {clerk_id: {to: people.id, direction: none, handler: true}, product_id: {to: products.id, direction: to}}
  products: {key: id, lookup: true, columns: {id: {}, name: {}}}
  addresses:
    key: id
    erase: delete
    shared_by: {table: orders, column: address_id, person: person_id, clear: true}
    columns: {id: {}, street: {category: contact.address}}
  orders:
    key: id
    erase: {keep: "HGB §257"}
    columns: {id: {}, person_id: {}, address_id: {}, product_id: {}}
    references: {person_id: people.id, address_id: {to: addresses.id, direction: to}, product_id: {to: products.id, direction: to}}
`)
	found, f := connecttest.Find(t, s.DB, []connect.Identity{proven("email", "anna@x.test")})
	if d := cmp.Diff([]string{"addresses 1", "orders 1", "people 2", "products 1", "tickets 1"}, typesAndKeys(found)); d != "" {
		t.Error(d)
	}
	for _, x := range found {
		if x.Match == connect.Ambiguous {
			t.Errorf("%s %s is ambiguous", x.Type, x.Key)
		}
		if x.Type == "products" && (x.Erasure != nil || x.Access == nil) {
			t.Errorf("product: %+v", x.Erasure)
		}
		if x.Type == "addresses" && (x.Shared != 1 || x.Erasure.Action != connect.Detach) {
			t.Errorf("address: shared %d, %+v", x.Shared, x.Erasure)
		}
	}
	if !slices.ContainsFunc(f.Learned, func(id connect.Identity) bool {
		return id.Kind == "support_no" && id.Value == "S-2" && id.Proven
	}) {
		t.Errorf("learned %+v", f.Learned)
	}
	if back, _ := connecttest.Find(t, s.DB, []connect.Identity{proven("support_no", "S-2")}); !slices.Contains(typesAndKeys(back), "people 2") {
		t.Error("what the other system knows does not enter here")
	}
	// The clerk is asked for by nobody's ticket.
	if clerk, _ := connecttest.Find(t, s.DB, []connect.Identity{proven("email", "clerk@x.test")}); !slices.Equal(typesAndKeys(clerk), []string{"people 1"}) {
		t.Errorf("clerk: %v", typesAndKeys(clerk))
	}
	targets := connecttest.Erasure(slices.DeleteFunc(found, func(x connect.Found) bool { return x.Type == "people" || x.Type == "tickets" }))
	if _, err := connecttest.Apply(context.Background(), s.DB, "job", targets); err != nil {
		t.Fatal(err)
	}
	var left string
	if err := s.pool.QueryRow(t.Context(), "select string_agg(id || ':' || coalesce(address_id::text, '-'), ' ' order by id) from orders").Scan(&left); err != nil || left != "1:- 2:1" {
		t.Errorf("orders %s, %v", left, err)
	}
}
