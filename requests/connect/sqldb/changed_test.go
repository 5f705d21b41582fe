package sqldb_test

import (
	"strings"
	"testing"
	"time"

	"habeas/requests/connect"
	"habeas/requests/connect/connecttest"
)

const movers = `version: 1
tables:
  contacts:
    key: id
    person: true
    erase: delete
    columns:
      id:       {}
      email:    {category: contact.email, identity: email, changed_at: moved_at, learn: {proven: always}}
      phone:    {category: contact.phone, identity: phone, match: exact}
      moved_at: {}
  letters:
    key: id
    erase: delete
    columns:
      id:      {}
      address: {category: contact.email, identity: email, changed_at: put_in}
      put_in:  {}
`

const moversSQL = `
create table contacts (id int primary key, email text, phone text, moved_at timestamptz);
create table letters (id int primary key, address text, put_in date);
insert into contacts values
	(1, 'Old@one.test', '+491', null),
	(2, 'new@one.test', '+492', '2026-11-19 12:00+00'),
	(3, 'both@one.test', '+493', '2026-03-01 12:00+00'),
	(4, 'both@one.test', '+494', '2026-11-01 12:00+00'),
	(5, 'odd@one.test', '+495', 'infinity');
insert into letters values (1, 'letter@one.test', '2026-11-20'), (2, 'old@one.test', '2020-01-01'), (3, 'old@one.test', '2025-05-05');`

// A search says of each proved identity to how many people it leads and when it
// last changed in any row where it stands: the latest day counts.
func TestEntrances(t *testing.T) {
	s := open(t, moversSQL, movers)
	on := func(y int, m time.Month, d int) *time.Time { return new(time.Date(y, m, d, 0, 0, 0, 0, time.UTC)) }
	for _, tt := range []struct {
		who  connect.Identity
		want []connect.Entrance
	}{
		{proven("email", "old@one.test"), []connect.Entrance{{People: 1, ChangedOn: on(2025, 5, 5)}}},
		{proven("email", "NEW@one.test"), []connect.Entrance{{People: 1, ChangedOn: on(2026, 11, 19)}}},
		{proven("email", "both@one.test"), []connect.Entrance{{People: 2, ChangedOn: on(2026, 11, 1)}}},
		{proven("email", "letter@one.test"), []connect.Entrance{{ChangedOn: on(2026, 11, 20)}}},
		{proven("email", "odd@one.test"), []connect.Entrance{{People: 1}}},
		// The number is the person's for years; that the address which it teaches
		// moved says nothing of who has the number.
		{proven("phone", "+492"), []connect.Entrance{{People: 1}}},
		{connect.Identity{Kind: "email", Value: "new@one.test"}, nil},
		{proven("email", "nobody@one.test"), nil},
	} {
		for i := range tt.want {
			tt.want[i].Identity = tt.who
		}
		_, f := connecttest.Find(t, s, []connect.Identity{tt.who})
		if d := diff(tt.want, f.Entered); d != "" {
			t.Errorf("%s:\n%s", tt.who.Value, d)
		}
	}
}

// A column that holds no date is a fault of the file, with its line.
func TestChangedAtWantsADate(t *testing.T) {
	s := open(t, moversSQL, strings.Replace(movers, "changed_at: moved_at", "changed_at: phone", 1))
	faults, err := s.Check(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if faults = connect.Standing(faults); len(faults) != 1 || !strings.Contains(faults[0].Text, "changed_at") || !strings.HasSuffix(faults[0].Where, ":9") {
		t.Errorf("%+v", faults)
	}
}
