package sqldb_test

import (
	"context"
	"testing"

	"habeas/requests/connect"
)

// A description that joins strangers ends the search with a reason, before it
// has read everybody, and hands out nothing.
func TestWalkTooWide(t *testing.T) {
	t.Parallel()
	const people = `
create table people (id int primary key, email text, team int);
create index on people (lower(email)); create index on people (team);
insert into people select g, 'p' || g || '@x.test', 1 from generate_series(1, 5000) g;`
	tests := []struct{ name, change, dataset, email string }{
		{"everybody of a team is one person", "", `version: 1
tables:
  people:
    key: id
    person: true
    erase: delete
    columns: {id: {}, email: {category: contact.email, identity: email}, team: {}}
    references: {team: {to: people.team, same_person: true}}
`, "p1@x.test"},
		{"everybody has the same address", "update people set email = 'info@x.test'", `version: 1
tables:
  people:
    key: id
    person: true
    erase: delete
    columns: {id: {}, email: {category: contact.email, identity: email}}
`, "info@x.test"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := open(t, people+tt.change, tt.dataset)
			emitted := 0
			_, err := s.Find(context.Background(), []connect.Identity{proven("email", tt.email)}, func(connect.Found) error { emitted++; return nil })
			if a := connect.Advice(err); err == nil || a.Code != "walk-too-wide" || a.Next != connect.Stop {
				t.Errorf("error %v", err)
			}
			if emitted > 0 {
				t.Errorf("%d records of everybody are handed out", emitted)
			}
		})
	}
}
