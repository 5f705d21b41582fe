package sqldb_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"habeas/requests/connect"
	"habeas/requests/connect/connecttest"
)

// maskDataset has a column for every way to mask and every type that takes it.
const maskDataset = `version: 1
tables:
  a:
    key: id
    erase: mask
    columns:
      id: {}
      email: {category: contact.email, identity: email, erase: hash}
      again: {category: contact.email, erase: hash}
      name: {category: identity.name, erase: random}
      short: {category: identity.name, erase: random}
      ref: {category: identity.id, erase: hash}
      small: {category: identity.id, erase: random}
      n: {category: identity.id, erase: random}
      big: {category: identity.id, erase: random}
      born: {category: identity.birth, erase: year}
      day: {category: identity.birth, erase: random}
      seen: {category: identity.birth, erase: year}
      left: {category: identity.birth, erase: random}
      nothing: {category: identity.birth, erase: year}
      no_text: {category: identity.name, erase: hash}
`

func maskedRows(t *testing.T, db connect.Connector, exec func(string), read func() [][]string) {
	t.Helper()
	exec(`insert into a values (1, 'anna@example.test', 'anna@example.test', 'Anna', 'An', 'anna@example.test', 7, 7, 7, '1980-02-29', '1980-02-29', '2020-05-06 07:08:09', '2020-05-06 07:08:09', null, null)`)
	exec(`insert into a values (2, 'ben@example.test', 'anna@example.test', 'Ben', 'Be', 'ben@example.test', 8, 8, 8, '1981-01-01', '1981-01-01', '2021-01-01 00:00:00', '2021-05-06 07:08:09', null, null)`)
	targets := []connect.Target{{Type: "a", Key: "1", Action: connect.Mask}, {Type: "a", Key: "2", Action: connect.Mask}}
	before := read()
	if got := connecttest.Look(t, db, targets); got[0].State != connect.Present || got[1].State != connect.Present {
		t.Fatalf("before: %+v", got)
	}
	if _, err := connecttest.Apply(t.Context(), db, "job", targets); err != nil {
		t.Fatal(err)
	}
	if got := connecttest.Look(t, db, targets); got[0].State != connect.Masked || got[1].State != connect.Masked {
		t.Fatalf("after: %+v", got)
	}
	rows := read()
	if _, err := connecttest.Apply(t.Context(), db, "job", targets); err != nil {
		t.Fatal(err)
	}
	if d := diff(rows, read()); d != "" {
		t.Errorf("what is masked is masked again:\n%s", d)
	}
	anna, ben := rows[0], rows[1]
	if anna[1] != anna[2] || anna[1] != ben[2] || anna[1] == ben[1] || !strings.HasPrefix(anna[1], "erased-") || len(anna[1]) != 39 {
		t.Errorf("digests: %q %q", anna, ben)
	}
	for i, column := range []string{"id", "email", "again", "name", "short", "ref", "small", "n", "big", "born", "day", "seen", "left"} {
		random := slices.Contains([]string{"name", "short", "small", "n", "big", "day", "left"}, column)
		if random && (anna[i] == ben[i] || anna[i] == before[0][i] || anna[i] == "") {
			t.Errorf("%s: %q, %q", column, anna[i], ben[i])
		}
	}
	if anna[9] != "1980-01-01" || ben[9] != "1981-01-01" || !strings.HasPrefix(anna[11], "2020-01-01 00:00:00") {
		t.Errorf("years: %q, %q, %q", anna[9], ben[9], anna[11])
	}
	if anna[13] != "" || anna[14] != "" {
		t.Errorf("what was null: %q, %q", anna[13], anna[14])
	}
}

func TestMasks(t *testing.T) {
	t.Parallel()
	s := open(t, `create table a (id int primary key, email text, again text, name text not null, short varchar(23), ref text,
small smallint, n int unique, big bigint unique, born date, day date, seen timestamp, "left" timestamptz, nothing date, no_text text)`, maskDataset)
	maskedRows(t, s.DB, func(q string) { exec(t, s.pool, q) }, func() [][]string {
		rows, err := s.pool.Query(t.Context(), `select array(select coalesce(v, '') from unnest(array[id::text, email, again, name, short, ref, small::text, n::text, big::text, born::text, day::text, seen::text, "left"::text, nothing::text, no_text]) with ordinality x(v, o) order by o) from a order by id`)
		if err != nil {
			t.Fatal(err)
		}
		out, err := pgx.CollectRows(rows, pgx.RowTo[[]string])
		if err != nil {
			t.Fatal(err)
		}
		return out
	})
}

func TestMasksMariaDB(t *testing.T) {
	t.Parallel()
	for name, columns := range map[string]string{
		"signed":   "small tinyint, n int unique, big bigint unique, born date, day date, seen datetime, `left` timestamp null",
		"unsigned": "small mediumint unsigned, n int unsigned unique, big bigint unsigned unique, born date, day date, seen timestamp null, `left` datetime(3)",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := myOpen(t, "create table a (id int primary key, email varchar(80), again varchar(80) collate utf8mb4_unicode_ci, name varchar(60) character set latin1 not null, short varchar(23), ref longtext, "+
				columns+", nothing date, no_text text)", maskDataset)
			maskedRows(t, s.DB, func(q string) { myExec(t, s.pool, q) }, func() [][]string {
				return myRows(t, s.pool, "select * from a order by id")
			})
		})
	}
}
