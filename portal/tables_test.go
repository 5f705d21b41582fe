package portal_test

import (
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"
)

// tables are all rows of the company's database, read over a connection that
// Habeas knows nothing of: by table, then by primary key.
type tables struct {
	conn *pgx.Conn
	rows map[string]map[string]row
}

// row is one row: every byte of it, and its columns by name.
type row struct {
	text    string
	columns map[string]any
}

func readTables(t *testing.T, s *stage) *tables {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), s.CRM.Config().ConnString())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(t.Context()) })
	out := &tables{conn: conn, rows: map[string]map[string]row{}}
	got, err := conn.Query(t.Context(), `
		select i.indrelid::regclass::text, string_agg(quote_ident(a.attname), ' || ''/'' || ' order by array_position(i.indkey::int2[], a.attnum))
		from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any (i.indkey)
		where i.indisprimary and i.indrelid::regclass::text ~ '^(crm|social)\.'
		group by i.indrelid`)
	if err != nil {
		t.Fatal(err)
	}
	keys := map[string]string{}
	var table, key string
	if _, err := pgx.ForEachRow(got, []any{&table, &key}, func() error { keys[table] = key; return nil }); err != nil {
		t.Fatal(err)
	}
	if len(keys) < 20 {
		t.Fatalf("only %d tables", len(keys))
	}
	for table, key := range keys {
		out.rows[table] = map[string]row{}
		got, err := conn.Query(t.Context(), fmt.Sprintf(`select (%s)::text, t::text, to_jsonb(t) from %s t`, key, table))
		if err != nil {
			t.Fatal(err)
		}
		var id string
		var r row
		if _, err := pgx.ForEachRow(got, []any{&id, &r.text, &r.columns}, func() error {
			out.rows[table][id] = r
			r.columns = nil
			return nil
		}); err != nil {
			t.Fatal(table, err)
		}
	}
	return out
}
