package sqldb_test

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"habeas/requests/connect"
	"habeas/requests/connect/connecttest"
	"habeas/requests/connect/sqldb"
	"habeas/requests/testkit"
)

// faultsOf checks a description, each fault as "line: text" or, for advice,
// "line: advice: text".
func faultsOf(t *testing.T, s interface {
	Check(context.Context) ([]connect.Fault, error)
},
) []string {
	t.Helper()
	faults, err := s.Check(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range faults {
		text := strings.TrimPrefix(f.Where, "dataset:") + ": " + f.Text
		if f.Advice {
			text = strings.Replace(text, ": ", ": advice: ", 1)
		}
		out = append(out, text)
	}
	return out
}

const checkedTables = `
create domain colour as text check (value in ('red', 'none'));
create domain named as text not null;
create table people (id int primary key, email text, other text, kind text check (kind in ('a', 'b')), both_kinds text, paint colour, called named, doc json, seat int, born date,
  size int generated always as (seat * 2) stored, mark char(4), serial int unique, pair text, constraint pairs check (pair is null or pair <> kind));
create index on people (lower(email));
create table things (id int primary key, person_id int references people, doc json, at point, note text); create index on things (person_id);
create table parts (id int primary key, thing_id int not null references things, note text); create index on parts (thing_id);
create table threads (id int primary key, title text);
create table posts (id int primary key, person_id int references people, thread_id int references threads, body text); create index on posts (person_id); create index on posts (thread_id);
`

// Every way in which a file and a database do not go together is named with its
// line and with what would help.
func TestCheckExplains(t *testing.T) {
	t.Parallel()
	const people = "version: 1\ntables:\n  people:\n    key: id\n    person: true\n    erase: mask\n    columns:\n      id: {}\n      email: {category: contact.email, identity: email}\n"
	tests := []struct{ name, dataset, before, want string }{
		{"a value outside a constraint", people + "      kind: {category: c, erase: {text: Erased}}", "", "10: constraint people_kind_check refuses what column kind of people is erased to"},
		{"a value inside a constraint", people + "      kind: {category: c, erase: {text: b}}", "", ""},
		{"null passes a constraint", people + "      kind: {category: c}", "", ""},
		{"a constraint of a domain", people + "      paint: {category: c, erase: {text: Erased}}", "", "10: constraint colour_check refuses what column paint of people is erased to"},
		{"a value inside a domain", people + "      paint: {category: c, erase: {text: none}}", "", ""},
		{"a domain that is never null", people + "      called: {category: c}", "", "10: column called is NOT NULL and cannot be erased to null: give it a text or random"},
		{"a constraint over two columns", people + "      pair: {category: c, erase: {text: x}}", "", "10: advice: constraint pairs looks at column pair of people: see that it takes what the column is erased to"},
		{"generated", people + "      size: {category: c}", "", "10: column size is generated and cannot be masked; mask what it is made of"},
		{"text in a number", people + "      seat: {category: c, erase: {text: x}}", "", "10: column seat takes no text; erase it to null"},
		{"text too long", people + "      mark: {category: c, erase: {text: Erased}}", "", "10: the text for column mark has 6 characters, the column takes 4"},
		{"random too long", people + "      mark: {category: c, erase: random}", "", "10: column mark takes 4 characters, a random value needs 23"},
		{"random whole number", people + "      seat: {category: c, erase: random}", "", ""},
		{"random document", people + "      doc: {category: c, erase: random}", "", "10: column doc (json) takes no random value: only texts, uuids, whole numbers, dates and times do"},
		{"digest of a number", people + "      seat: {category: c, erase: hash}", "", "10: column seat (int4) takes no digest: only texts and uuids do"},
		{"year of a date", people + "      born: {category: c, erase: year}", "", ""},
		{"year of a text", people + "      other: {category: c, erase: year}", "", "10: column other (text) has no year to truncate to: only dates and times do"},
		{"a name in other letters", people + "      Born: {category: c}", "", "10: column Born does not exist in public.people; there is born"},
		{"a key that cannot be compared", "version: 1\ntables:\n  things:\n    key: doc\n    erase: delete\n    columns: {doc: {}}", "", "3: the key of things is in column doc of type json, which cannot be compared; use another column"},
		{"an identity that cannot be compared", people + "      doc: {identity: customer_id}", "", "10: the identity customer_id of people is in column doc of type json, which cannot be compared"},
		{
			"a walk that never narrows",
			people + "  posts:\n    key: id\n    erase: delete\n    columns: {id: {}, person_id: {}, thread_id: {}}\n    references:\n      person_id: people.id\n      thread_id: {to: threads.id, direction: both}\n" +
				"  threads: {key: id, erase: delete, columns: {id: {}}}",
			"", "16: a walk from posts goes up to threads and down again by posts.thread_id to rows of everybody who uses the same row of threads; it never narrows to one person",
		},
		{
			"a shared row narrows it",
			people + "  posts:\n    key: id\n    erase: delete\n    columns: {id: {}, person_id: {}, thread_id: {}}\n    references:\n      person_id: people.id\n      thread_id: {to: threads.id, direction: both}\n" +
				"  threads: {key: id, erase: delete, shared_by: [{table: posts, column: thread_id, person: person_id}], columns: {id: {}}}",
			"", "",
		},
		{
			"an order that a constraint forbids",
			people + "  things:\n    key: id\n    erase: delete\n    columns: {id: {}, person_id: {}}\n    references: {person_id: people.id}\n  parts:\n    key: id\n    erase: delete\n    erase_after: things\n    columns: {id: {}, thing_id: {}}\n    references: {thing_id: things.id}",
			"", "18: parts is to be erased after things, but constraint parts_thing_id_fkey wants its rows to go first",
		},
		{"a trigger", people + "      other: {category: c}", "create function f() returns trigger language plpgsql as $$ begin return new; end $$; create trigger keep_history before update on people for each row execute function f()", "3: advice: trigger keep_history runs when rows of people are changed: see that it does not refuse"},
		{"a view", "version: 1\ntables:\n  v: {key: id, erase: delete, columns: {id: {}}}", "create view v as select * from people", "3: v is a view or foreign table and cannot be erased from: describe the tables below it"},
		{"read-only", people + "      other: {category: c}", "READ ONLY", "default_transaction_read_only is on for this user"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			before := tt.before
			if before == "READ ONLY" {
				before = "do $$ begin execute 'alter database ' || quote_ident(current_database()) || ' set default_transaction_read_only = on'; end $$"
			}
			s := open(t, checkedTables+before, tt.dataset+"\n")
			got := faultsOf(t, s.DB)
			if tt.want == "" {
				for _, g := range got {
					if !strings.Contains(g, "advice") {
						t.Errorf("fault %s", g)
					}
				}
				return
			}
			if !slices.ContainsFunc(got, func(g string) bool { return strings.Contains(g, tt.want) }) {
				t.Errorf("faults %q, want %q", got, tt.want)
			}
		})
	}
}

// What the database user may not do is named, by table and by column.
func TestCheckRights(t *testing.T) {
	t.Parallel()
	const text = `version: 1
tables:
  people:
    key: id
    person: true
    erase: mask
    columns:
      id: {}
      email: {category: contact.email, identity: email}
      other: {category: c}
  things:
    key: id
    erase: delete
    columns: {id: {}, person_id: {}}
    references: {person_id: people.id}
`
	tests := []struct{ name, grants, want string }{
		{"nothing", "", "3: table public.people does not exist, or its schema may not be used"},
		{"usage only", "grant usage on schema public to %[1]s", "3: the database user may not read public.people: grant select"},
		{"some columns", "grant usage on schema public to %[1]s; grant select (id, email) on people to %[1]s", "10: the database user may not read column other of people: grant select (other)"},
		{"no update", "grant usage on schema public to %[1]s; grant select on people, things to %[1]s", "10: the database user may not update column other of people: grant update (other)"},
		{"one update", "grant usage on schema public to %[1]s; grant select on people, things to %[1]s; grant update (email) on people to %[1]s", "10: the database user may not update column other of people: grant update (other)"},
		{"no delete", "grant usage on schema public to %[1]s; grant select, update on people, things to %[1]s", "11: the database user may not delete from things: grant delete"},
		{"row security", "grant usage on schema public to %[1]s; grant select, update, delete on people, things to %[1]s; alter table people enable row level security; create policy p on people using (id > 1)", "3: row security hides rows of people from the database user"},
		{"all", "grant usage on schema public to %[1]s; grant select, update, delete on people, things to %[1]s", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := open(t, checkedTables+"drop table parts;", text)
			var role string
			if err := s.pool.QueryRow(t.Context(), "select current_user").Scan(&role); err != nil {
				t.Fatal(err)
			}
			// A role of its own, as which the same person signs in.
			guest := testkit.EmptyDB(t)
			u, err := url.Parse(guest)
			if err != nil {
				t.Fatal(err)
			}
			name := u.User.Username()
			exec(t, s.pool, "revoke all on schema public from public; grant usage on schema public to "+role)
			exec(t, s.pool, "do $$ begin execute 'grant connect on database ' || quote_ident(current_database()) || ' to "+name+"'; end $$")
			if tt.grants != "" {
				exec(t, s.pool, fmt.Sprintf(tt.grants, name))
			}
			u.Path = "/" + database(t, s.pool)
			c, err := sqldb.Open(t.Context(), connect.Config{Name: "x", URL: u.String(), Dataset: text})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = c.Close() }()
			got := faultsOf(t, c)
			if tt.want == "" {
				for _, g := range got {
					if !strings.Contains(g, "advice") {
						t.Errorf("fault %s", g)
					}
				}
			} else if !slices.ContainsFunc(got, func(g string) bool { return strings.Contains(g, tt.want) }) {
				t.Errorf("faults %q, want %q", got, tt.want)
			}
		})
	}
}

func database(t *testing.T, pool *pgxpool.Pool) (name string) {
	t.Helper()
	if err := pool.QueryRow(t.Context(), "select current_database()").Scan(&name); err != nil {
		t.Fatal(err)
	}
	return name
}

// A search warns of what concerns the types it found, and of nothing else.
func TestFindWarnsOfWhatItFound(t *testing.T) {
	t.Parallel()
	s := open(t, checkedTables+"drop table parts; insert into people (id, email, called) values (1, 'a@x.test', 'A'), (2, 'b@x.test', 'B'); insert into things (id, person_id) values (1, 2); create table extra (thing_id int references things on delete cascade)", `version: 1
tables:
  people:
    key: id
    person: true
    erase: mask
    columns:
      id: {}
      email: {category: contact.email, identity: email}
      called: {category: identity.name}
  things:
    key: id
    erase: delete
    columns: {id: {}, person_id: {}}
    references: {person_id: people.id}
`)
	codes := func(email string) []string {
		_, f := connecttest.Find(t, s.DB, []connect.Identity{proven("email", email)})
		var out []string
		for _, w := range f.Warnings {
			out = append(out, fmt.Sprint(w.Code, w.Actions))
		}
		return out
	}
	if got := codes("a@x.test"); !slices.Equal(got, []string{"not-null[mask]"}) {
		t.Errorf("warnings %v", got)
	}
	if got := codes("b@x.test"); !slices.Equal(got, []string{"cascade[erase]", "not-null[mask]"}) {
		t.Errorf("warnings %v", got)
	}
	if got := codes("nobody@x.test"); len(got) > 0 {
		t.Errorf("warnings %v", got)
	}
}
