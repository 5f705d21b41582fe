package sqldb_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"habeas/requests/connect"
	"habeas/requests/connect/connecttest"
)

// A description that does not fit its database: every call ends with a reason,
// for good and without a value of anybody, check says what is wrong, and nothing
// is handed out or changed.
func TestBadDescriptions(t *testing.T) {
	t.Parallel()
	const head = "version: 1\ntables:\n  people:\n    key: id\n    person: true\n    erase: delete\n    columns: {id: {}, email: {category: contact.email, identity: email}, doc: {}, spot: {}%s}\n"
	const orders = "  orders:\n    key: %s\n    erase: delete\n    columns: {id: {}, doc: {}, spot: {}, person_id: {}}\n    references: {%s}\n"
	tests := []struct{ name, dataset string }{
		{"a table that does not exist", fmt.Sprintf(head, "") + "  nothing:\n    key: id\n    erase: delete\n    columns: {id: {}, person_id: {}}\n    references: {person_id: people.id}\n"},
		{"a column that does not exist", fmt.Sprintf(head, ", nothing: {}")},
		{"a condition on a column that does not exist", fmt.Sprintf(head, "") + "    where: {nothing: null}\n"},
		{"a key that cannot be compared", fmt.Sprintf(head, "") + fmt.Sprintf(orders, "doc", "person_id: people.id")},
		{"a reference that cannot be compared", fmt.Sprintf(head, "") + fmt.Sprintf(orders, "id", "doc: people.doc")},
		{"a reference between shapes", fmt.Sprintf(head, "") + fmt.Sprintf(orders, "id", "spot: people.spot")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := open(t, `
create table people (id int primary key, email text, doc json, spot point);
create index on people (lower(email));
create table orders (id int primary key, doc json, spot point, person_id int);
create index on orders (person_id);
insert into people values (1, 'ann@x.test', '{"a": 1}', '(1,2)'), (2, 'bob@x.test', null, null);
insert into orders values (1, '{"a": 1}', '(1,2)', 1), (2, '{"a": 2}', '(1,3)', 2);`, tt.dataset)
			before := snapshotAll(t, s.pool)
			who := []connect.Identity{proven("email", "ann@x.test")}
			var found []connect.Found
			_, err := s.Find(context.Background(), who, func(f connect.Found) error { found = append(found, f); return nil })
			if err == nil { // rows with such a key can be seen, but not be named
				_, err = connecttest.Apply(context.Background(), s.DB, "job", connecttest.Erasure(found))
			}
			if a := connect.Advice(err); err == nil || a.Next != connect.Stop {
				t.Errorf("error %v (%s, cause %v)", err, a.Next, a.Cause)
			}
			if strings.Contains(fmt.Sprint(err), "ann") {
				t.Errorf("the error quotes a value: %v", err)
			}
			faults, err := s.Check(context.Background())
			if err != nil || len(faults) == 0 {
				t.Errorf("check: %v, %v", faults, err)
			}
			if d := cmp.Diff(before, snapshotAll(t, s.pool)); d != "" {
				t.Errorf("something changed:\n%s", d)
			}
		})
	}
}
