package sqldb_test

import (
	"context"
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"habeas/requests/connect"
	"habeas/requests/connect/connecttest"
	"habeas/requests/connect/sqldb"
	"habeas/requests/testkit"
)

var day = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// system is a database with its connector.
type system struct {
	*sqldb.DB
	pool *pgxpool.Pool
}

// open fills an empty database and describes it.
func open(t testing.TB, schema, dataset string) system {
	t.Helper()
	url := testkit.EmptyDB(t)
	pool, err := pgxpool.New(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	exec(t, pool, schema)
	c, err := sqldb.Open(context.Background(), connect.Config{
		Name: "crm", Title: "Small world", URL: url, Dataset: dataset, Now: func() time.Time { return day },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return system{c.(*sqldb.DB), pool}
}

func file(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func exec(t testing.TB, pool *pgxpool.Pool, sql string) {
	t.Helper()
	if _, err := pool.Exec(context.Background(), sql); err != nil {
		t.Fatalf("%v", err)
	}
}

func world(t testing.TB) system { return open(t, file(t, "world.sql"), "testdata/world.yaml") }

// keys of the tables of the small world, for snapshots.
var worldKeys = map[string]string{
	"households": "id::text", "contacts": "id::text", "emails": "jsonb_build_array(email, contact_id::text)::text",
	"orders": "jsonb_build_array(tenant::text, no::text)::text", "order_lines": "jsonb_build_array(tenant::text, no::text, line::text)::text",
	"invoices": "id::text", "comments": "id::text", "opportunities": "id::text", "subscriptions": "id::text", "profiles": "id::text",
	"threads": "id::text", "participants": "jsonb_build_array(thread_id::text, profile_id::text)::text", "messages": "id::text",
}

// snapshot reads every row of the given tables over a connection of its own.
func snapshot(t testing.TB, pool *pgxpool.Pool, tables map[string]string) map[string]string {
	t.Helper()
	out := map[string]string{}
	for table, key := range tables {
		rows, err := pool.Query(context.Background(), "select "+key+", r::text from "+pgx.Identifier{table}.Sanitize()+" r")
		if err != nil {
			t.Fatal(err)
		}
		var k, v string
		if _, err := pgx.ForEachRow(rows, []any{&k, &v}, func() error { out[table+"/"+k] = v; return nil }); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func diff(want, got any) string { return cmp.Diff(want, got) }

func proven(kind, value string) connect.Identity {
	return connect.Identity{Kind: kind, Value: value, Proven: true}
}

// annas are the records of Anna: both her contacts, and what hangs on them.
var annas = []string{
	"contacts/1", "contacts/2", "households/1", "households/2",
	`emails/["anna@work.test", "1"]`, `emails/["anna.maybe@work.test", "1"]`,
	`orders/["1", "1"]`, `orders/["2", "1"]`, `order_lines/["1", "1", "1"]`, `order_lines/["1", "1", "2"]`, `order_lines/["2", "1", "1"]`,
	"invoices/00000000-0000-0000-0000-00000000000a", "invoices/00000000-0000-0000-0000-00000000000b",
	"comments/1", "comments/3", "opportunities/1", "subscriptions/1", "subscriptions/2",
	"profiles/1", "profiles/4", "threads/1", "threads/2", `participants/["1", "1"]`, `participants/["2", "1"]`,
	"messages/1", "messages/2", "messages/3",
}

func TestConformance(t *testing.T) {
	connecttest.Run(t, connecttest.Suite{New: func(t *testing.T) connecttest.World {
		s := world(t)
		// The row that holds Anna's address and refers to Ben is a test of its own.
		exec(t, s.pool, "delete from subscriptions where id = 5")
		w := smallWorld(s.DB)
		w.Snapshot = func(t *testing.T) map[string]string { return snapshot(t, s.pool, worldKeys) }
		w.Steal = func(t *testing.T) { exec(t, s.pool, "update orders set contact_id = 3 where (tenant, no) = (1, 1)") }
		return w
	}})
}

// snapshotAll reads every row of every table, by primary key.
func snapshotAll(t testing.TB, pool *pgxpool.Pool) map[string]string {
	t.Helper()
	ctx := context.Background()
	rows, err := pool.Query(ctx, `
select format('%I.%I', n.nspname, c.relname),
       (select string_agg(format('r.%I::text', a.attname), $$ || '|' || $$ order by k.o)
        from unnest(i.indkey::int2[]) with ordinality k(n, o) join pg_attribute a on a.attrelid = c.oid and a.attnum = k.n)
from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_index i on i.indrelid = c.oid and i.indisprimary
where c.relkind = 'r' and n.nspname not in ('pg_catalog', 'information_schema')`)
	if err != nil {
		t.Fatal(err)
	}
	tables := map[string]string{}
	var table, key string
	if _, err := pgx.ForEachRow(rows, []any{&table, &key}, func() error { tables[table] = key; return nil }); err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for table, key := range tables {
		rows, err := pool.Query(ctx, "select "+key+", r::text from "+table+" r")
		if err != nil {
			t.Fatal(err)
		}
		var k, v string
		if _, err := pgx.ForEachRow(rows, []any{&k, &v}, func() error { out[table+"/"+k] = v; return nil }); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// smallWorld is what is true about the people of the small world, on every
// kind of database.
func smallWorld(db *sqldb.DB) connecttest.World {
	return connecttest.World{
		System:    db,
		Person:    []connect.Identity{proven("email", " anna@EXAMPLE.test")},
		Records:   annas,
		Shared:    []string{"households/1", "threads/1", "messages/2"},
		Ambiguous: []connect.Identity{proven("email", "twin@example.test")},
		Unproven:  []connect.Identity{{Kind: "handle", Value: "claimed@bluesky"}},
		Nobody: []connect.Identity{
			proven("email", "nobody@example.test"), proven("email", "' or true --"), proven("email", "gone@example.test"), proven("handle", "no network"),
			proven("phone", "not a number"), proven("customer_id", "%"), proven("passport", "X1"), proven("email", ""), proven("email", "a\x00b"),
		},
		Correct: connect.Target{Type: "contacts", Key: "1", Owner: "contacts/1", Action: connect.Correct, Values: map[string]json.RawMessage{
			"name": json.RawMessage(`"Anna Müller'; drop table contacts"`), "born": json.RawMessage(`"1981-03-01"`), "tags": json.RawMessage(`["z"]`), "notes": json.RawMessage(`null`),
		}},
		Secrets: []string{"anna@example.test", "secret-key"},
		BadKey:  connect.Target{Type: "contacts", Key: "secret-key", Action: connect.Mask},
	}
}
