package sqldb_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"habeas/requests/connect"
	"habeas/requests/connect/connecttest"
)

// What the database refuses is said without a value, and nothing is changed.
func TestRefused(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, before, code string
		next               connect.Next
	}{
		{"not null", "alter table comments alter author set not null, alter contact_id set not null", "not-null", connect.Stop},
		{"check", "alter table comments add check (author <> 'Erased')", "check", connect.Stop},
		{"too long", "alter table comments alter author type varchar(5)", "too-long", connect.Stop},
		{"trigger", "create function no() returns trigger language plpgsql as $$ begin raise exception 'anna@example.test stays'; end $$; create trigger no before delete on emails for each row execute function no()", "refused", connect.Stop},
		{"undescribed rows refer", "create table extra (contact_id bigint references contacts); insert into extra values (1)", "foreign-key", connect.Stop},
		{"undescribed rows cascade", "create table extra (contact_id bigint references contacts on delete cascade); insert into extra values (1)", "cascade", connect.Stop},
		{"a new order", "insert into orders values (9, 9, 1, '2026-01-01')", "more-rows", connect.Drifted},
		{"a table is gone", "alter table emails rename to mails", "schema", connect.Stop},
		{"somebody moved in", "update contacts set household_id = 2 where id = 3", "not-as-planned", connect.Drifted},
		{"a comment is Ben's", "update comments set contact_id = 3 where id = 1", "not-as-planned", connect.Drifted},
		{"a line's order is Ben's", "update orders set contact_id = 3 where tenant = 2", "not-as-planned", connect.Drifted},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := world(t)
			exec(t, s.pool, "delete from subscriptions where id = 5")
			found, _ := connecttest.Find(t, s.DB, []connect.Identity{proven("email", "anna@example.test")})
			exec(t, s.pool, tt.before)
			before := snapshotAll(t, s.pool)
			_, err := connecttest.Apply(context.Background(), s.DB, "job", connecttest.Erasure(found))
			a := connect.Advice(err)
			if err == nil || a.Code != tt.code || a.Next != tt.next {
				t.Fatalf("error %v (%s), want %s", err, a.Next, tt.code)
			}
			if strings.Contains(fmt.Sprintf("%v %v", err, errors.Unwrap(a)), "anna") {
				t.Error("the error quotes a value")
			}
			if d := cmp.Diff(before, snapshotAll(t, s.pool)); d != "" {
				t.Errorf("something changed:\n%s", d)
			}
		})
	}
}

// A never_erase table is not erased from, whatever a plan says.
func TestPlansBeyondTheDataset(t *testing.T) {
	t.Parallel()
	s := open(t, "create table a (id int primary key, v text); insert into a values (1, 'x')",
		"version: 1\ntables:\n  a: {key: id, never_erase: law, columns: {id: {}, v: {category: x}}}")
	for _, x := range []connect.Target{
		{Type: "a", Key: "1", Action: connect.Erase},
		{Type: "a", Key: "1", Action: connect.Mask},
		{Type: "a", Key: "1", Action: connect.Suppress},
		{Type: "a", Key: "1", Action: connect.Mask, Fields: []string{"id"}},
		{Type: "b", Key: "1", Action: connect.Erase},
		{Type: "a", Key: "1", Action: connect.Erase, Fields: []string{"nothing"}},
	} {
		if _, err := connecttest.Apply(t.Context(), s.DB, "job", []connect.Target{x}); connect.Advice(err).Next != connect.Stop || err == nil {
			t.Errorf("%s %s: %v", x.Action, x.Type, err)
		}
	}
}

// Rows that refer to each other in circles and to themselves.
func TestCycles(t *testing.T) {
	t.Parallel()
	s := open(t, `
create table people (id int primary key, email text, main_id int);
create table places (id int primary key, person_id int not null references people, parent_id int references places);
alter table people add foreign key (main_id) references places;
create index on people (lower(email)); create index on places (person_id);
insert into people values (1, 'a@x.test', null), (2, 'b@x.test', null);
insert into places select g, 1 + g % 2, null from generate_series(1, 12000) g;
update places set parent_id = id - 2 where id > 2;
update people set main_id = case id when 2 then 11 else 12 end;`, `version: 1
tables:
  people:
    key: id
    person: true
    erase: delete
    columns: {id: {}, email: {category: c, identity: email}, main_id: {}}
    references: {main_id: {to: places.id, direction: none}}
  places:
    key: id
    erase: delete
    columns: {id: {}, person_id: {}, parent_id: {}}
    references: {person_id: people.id, parent_id: {to: places.id, direction: none}}
`)
	found, _ := connecttest.Find(t, s.DB, []connect.Identity{proven("email", "a@x.test")})
	targets := connecttest.Erasure(found)
	slices.Reverse(targets) // the order of a plan is not the order of deletes
	got, err := connecttest.Apply(t.Context(), s.DB, "job", targets)
	if err != nil || len(got) != 6001 {
		t.Fatalf("%d results, %v", len(got), err)
	}
	var people, places int
	if err := s.pool.QueryRow(t.Context(), "select (select count(*) from people), (select count(*) from places)").Scan(&people, &places); err != nil || people != 1 || places != 6000 {
		t.Errorf("%d people, %d places, %v", people, places, err)
	}
}

// The database goes away and comes back: try again, then all is done once.
func TestUnreachable(t *testing.T) {
	t.Parallel()
	s := world(t)
	exec(t, s.pool, "delete from subscriptions where id = 5")
	who := []connect.Identity{proven("email", "anna@example.test")}
	found, _ := connecttest.Find(t, s.DB, who)
	exec(t, s.pool, `create function drop_out() returns trigger language plpgsql as $$ begin perform pg_terminate_backend(pg_backend_pid()); return old; end $$;
create trigger drop_out before delete on contacts for each row execute function drop_out()`)
	before := snapshotAll(t, s.pool)
	_, err := connecttest.Apply(context.Background(), s.DB, "job", connecttest.Erasure(found))
	if connect.Advice(err).Next != connect.Retry || err == nil {
		t.Fatalf("error %v", err)
	}
	if d := cmp.Diff(before, snapshotAll(t, s.pool)); d != "" {
		t.Fatalf("half of it is done:\n%s", d)
	}
	exec(t, s.pool, "drop trigger drop_out on contacts")
	if _, err := connecttest.Apply(context.Background(), s.DB, "job", connecttest.Erasure(found)); err != nil {
		t.Fatal(err)
	}
}

// Check names what is missing or in the way, with the line to look at.
func TestCheckFaults(t *testing.T) {
	t.Parallel()
	tests := []struct{ change, want string }{
		{"alter table comments alter author set not null, alter contact_id set not null", "column contact_id is NOT NULL and cannot be erased to null"},
		{"truncate comments; alter table comments add unique (author)", "column author is unique"},
		{"truncate comments; alter table comments alter author type varchar(3)", "the text for column author has 6 characters"},
		{"truncate comments; alter table comments alter mail type varchar(20)", "column mail takes 20 characters"},
		{"drop index contacts_lower_idx", "looking up email in contacts has no index"},
		{"drop index contacts_phone", "looking up phone in contacts has no index"},
		{"drop index orders_contact_id_idx", "following contact_id from contacts to orders has no index"},
		{"drop index contacts_household_id_idx", "counting who uses a row by contacts.household_id has no index"},
		{"alter table emails rename to mails", "table public.emails does not exist"},
		{"alter table contacts rename born to birth", "column born does not exist in public.contacts"},
		{"alter table opportunities alter contact_id set not null", "column contact_id of opportunities is NOT NULL and cannot be detached"},
		{"create table extra (contact_id bigint references contacts on delete cascade)", "deleting from contacts would delete rows along (public.extra.contact_id)"},
	}
	for _, tt := range tests {
		t.Run(tt.want, func(t *testing.T) {
			t.Parallel()
			s := world(t)
			exec(t, s.pool, tt.change)
			faults, err := s.Check(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if !slices.ContainsFunc(faults, func(f connect.Fault) bool {
				return strings.Contains(f.Text, tt.want) && strings.HasPrefix(f.Where, "dataset")
			}) {
				t.Errorf("faults %+v, want %q", faults, tt.want)
			}
		})
	}
}

// A constraint that was added since the last look would take rows of others
// along; the erasure sees it.
func TestApplySeesANewConstraint(t *testing.T) {
	s := open(t, `create table people (id int primary key, email text not null); create index on people (lower(email));
create table pets (id int primary key, owner int);
insert into people values (1, 'p1@example.test'), (2, 'p2@example.test');
insert into pets values (1, 1);`, `version: 1
tables:
  people:
    key: id
    person: true
    erase: delete
    columns: {id: {}, email: {category: contact.email, identity: email}}
`)
	erase := func(email string) error {
		found, _ := connecttest.Find(t, s.DB, []connect.Identity{proven("email", email)})
		_, err := connecttest.Apply(t.Context(), s.DB, "job", connecttest.Erasure(found))
		return err
	}
	if err := erase("p2@example.test"); err != nil {
		t.Fatal(err)
	}
	exec(t, s.pool, "alter table pets add foreign key (owner) references people on delete cascade")
	if err := erase("p1@example.test"); connect.Advice(err).Code != "cascade" {
		t.Errorf("the cascade was not seen: %v", err)
	}
}
