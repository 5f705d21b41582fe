package sqldb_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"habeas/requests/connect"
	"habeas/requests/connect/connecttest"
)

// oddities has what MySQL has and PostgreSQL has not.
const oddities = "set sql_mode = '';" +
	"create table `order` (`key` bigint unsigned primary key, `select` varchar(60) not null, code varchar(40) collate utf8mb4_bin, latin varchar(60) character set latin1, " +
	"born date, seen datetime, stamp timestamp null, flag bit(4), size enum('s', 'm'), kinds set('a', 'b', 'c'), photo blob, data json, price decimal(12,3) unsigned, at time, y year, " +
	"len int generated always as (char_length(`select`)) stored, note text, ok boolean, f float, key (`select`), key (code), key (latin));" +
	"create table `Lines` (id binary(16) primary key, `order` bigint unsigned not null, `text` varchar(40), foreign key (`order`) references `order` (`key`));" +
	"create table tags (name varchar(40) not null, n decimal(6,2) not null, order_key bigint unsigned not null, primary key (name, n), foreign key (order_key) references `order` (`key`));" +
	"insert into `order` (`key`, `select`, code, latin, born, seen, stamp, flag, size, kinds, photo, data, price, at, y, note, ok, f) values " +
	"(18446744073709551610, 'Anna@x.test', 'AbC', 'j\u00fcrgen@x.test', '0000-00-00', '0000-00-00 00:00:00', '2026-01-02 03:04:05', b'1010', 'm', 'a,c', x'00ff', '{\"a\": 1}', 12.5, '-10:11:12', 1999, 'it''s \"q\" \\\\ ?', true, 0.5)," +
	"(2, 'anna@x.test', 'abc', 'jurgen@x.test', '1980-02-30', null, null, null, 's', '', null, null, null, null, null, null, false, null)," +
	"(3, 'änna@x.test', 'ABC', 'other@x.test', '1980-02-03', null, null, null, '', '', null, null, null, null, null, null, null, null)," +
	"(4, 'anna@x.test  ', 'abc ', 'anna@x.test', '1980-02-03', null, null, null, 's', '', null, null, null, null, null, null, null, null);" +
	"insert into `Lines` values (x'00112233445566778899aabbccddeeff', 18446744073709551610, 'one'), (x'ff112233445566778899aabbccddee00', 2, 'two');" +
	"insert into tags values ('Red', 1.50, 18446744073709551610), ('rod', 1.50, 2), ('b|\"c', 2, 18446744073709551610);"

const oddDataset = `version: 1
tables:
  orders:
    table: order
    key: key
    person: true
    erase: delete
    columns:
      key: {}
      select: {category: contact.email, identity: email, match: MATCH}
      code: {category: identity.id, identity: customer_id}
      latin: {category: contact.email, identity: account_id, match: exact}
      born: {}
      seen: {}
      stamp: {}
      flag: {}
      size: {}
      kinds: {}
      photo: {}
      data: {}
      price: {}
      at: {}
      y: {}
      len: {}
      note: {}
      ok: {}
      f: {}
  lines:
    table: Lines
    key: id
    erase: delete
    columns: {id: {}, order: {}, text: {category: c}}
    references: {order: orders.key}
  tags:
    key: [name, n]
    erase: delete
    columns: {name: {category: c}, n: {}, order_key: {}}
    references: {order_key: orders.key}
`

// An exact match is one of bytes, a folded one of letters: never what the
// column's collation makes of accents and blanks.
func TestCollationsMariaDB(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ match, kind, value, want string }{
		{"exact", "email", "anna@x.test", "2"},
		{"exact", "email", "Anna@x.test", "18446744073709551610 2"}, // as given, and as addresses are compared
		{"fold", "email", "ANNA@x.test", "18446744073709551610 2"},
		{"fold", "email", "änna@X.test", "3"},
		{"normal", "email", "anna@x.test", "18446744073709551610 2 4"},
		{"exact", "customer_id", "abc", "2"},
		{"exact", "account_id", "jürgen@x.test", "18446744073709551610"},
		{"exact", "account_id", "j\u0142rgen@x.test", ""}, // latin1 has no ł, and no ? stands for it
		{"exact", "account_id", "j?rgen@x.test", ""},
	} {
		t.Run(fmt.Sprint(tt.match, " ", tt.kind, " ", tt.value), func(t *testing.T) {
			t.Parallel()
			s := myOpen(t, oddities, strings.ReplaceAll(oddDataset, "MATCH", tt.match))
			found, _ := connecttest.Find(t, s.DB, []connect.Identity{proven(tt.kind, tt.value)})
			var got []string
			for _, f := range found {
				if f.Type == "orders" {
					got = append(got, f.Key)
				}
			}
			if strings.Join(got, " ") != tt.want {
				t.Errorf("found %q, want %q", got, tt.want)
			}
		})
	}
}

// Every type is disclosed, whatever it holds, and its row can go.
func TestTypesMariaDB(t *testing.T) {
	t.Parallel()
	s := myOpen(t, oddities, strings.ReplaceAll(oddDataset, "MATCH", "exact"))
	who := []connect.Identity{proven("account_id", "jürgen@x.test")}
	found, _ := connecttest.Find(t, s.DB, who)
	var names []string
	var targets []connect.Target
	for _, f := range found {
		names = append(names, f.Type+"/"+f.Key)
		targets = append(targets, connect.Target{Type: f.Type, Key: f.Key, Owner: f.Owner, Action: connect.Disclose})
	}
	want := []string{"lines/00112233445566778899aabbccddeeff", "orders/18446744073709551610", `tags/["Red", "1.50"]`, `tags/["b|\"c", "2.00"]`}
	if d := diff(want, names); d != "" {
		t.Fatalf("found (-want +got):\n%s", d)
	}
	got := map[string]string{}
	err := s.Read(t.Context(), connecttest.Stream(targets), func(r connect.Row) error {
		for _, v := range r.Values {
			if r.Type == "orders" {
				got[v.Field] = string(v.Data)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if d := diff(map[string]string{
		"key": "18446744073709551610", "select": `"Anna@x.test"`, "code": `"AbC"`, "latin": `"jürgen@x.test"`,
		"born": `"0000-00-00"`, "seen": `"0000-00-00 00:00:00"`, "stamp": `"2026-01-02T03:04:05+00:00"`, "flag": "10", "size": `"m"`, "kinds": `"a,c"`,
		"photo": `"\\x00ff"`, "data": `{"a": 1}`, "price": "12.500", "at": `"-10:11:12"`, "y": "1999", "len": "11", "note": `"it's \"q\" \\ ?"`, "ok": "1", "f": "0.5",
	}, got); d != "" {
		t.Errorf("read (-want +got):\n%s", d)
	}
	before := mySnapshot(t, s.pool)
	if _, err := connecttest.Apply(t.Context(), s.DB, "job", connecttest.Erasure(found)); err != nil {
		t.Fatal(err)
	}
	after := mySnapshot(t, s.pool)
	if len(before)-len(after) != len(want) {
		t.Errorf("%d rows went, %d were planned", len(before)-len(after), len(want))
	}
	for key, row := range after {
		if before[key] != row {
			t.Errorf("%s changed", key)
		}
	}
	left, _ := connecttest.Find(t, s.DB, who)
	if len(left) > 0 {
		t.Errorf("%d records are still found", len(left))
	}
}

// What the database refuses is said without a value, and nothing is changed.
func TestRefusedMariaDB(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, before, code string
		next               connect.Next
	}{
		{"not null", "alter table comments drop foreign key comments_ibfk_1; alter table comments modify contact_id bigint not null", "not-null", connect.Stop},
		{"check", "alter table comments add check (author <> 'Erased')", "check", connect.Stop},
		{"too long", "alter table comments modify author varchar(5)", "too-long", connect.Stop},
		{"trigger", "create trigger no before delete on emails for each row signal sqlstate '45000' set message_text = 'anna@example.test stays'", "refused", connect.Stop},
		{"undescribed rows refer", "create table extra (contact_id bigint primary key, foreign key (contact_id) references contacts (id)); insert into extra values (1)", "foreign-key", connect.Stop},
		{"undescribed rows cascade", "create table extra (contact_id bigint primary key, foreign key (contact_id) references contacts (id) on delete cascade); insert into extra values (1)", "cascade", connect.Stop},
		{"a new order", "insert into orders values (9, 9, 1, '2026-01-01')", "more-rows", connect.Drifted},
		{"a table is gone", "rename table emails to mails", "schema", connect.Stop},
		{"somebody moved in", "update contacts set household_id = 2 where id = 3", "not-as-planned", connect.Drifted},
		{"a comment is Ben's", "update comments set contact_id = 3 where id = 1", "not-as-planned", connect.Drifted},
		{"a line's order is Ben's", "update orders set contact_id = 3 where tenant = 2", "not-as-planned", connect.Drifted},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := myWorld(t)
			myExec(t, s.pool, "delete from subscriptions where id = 5")
			found, _ := connecttest.Find(t, s.DB, []connect.Identity{proven("email", "anna@example.test")})
			myExec(t, s.pool, tt.before)
			before := mySnapshot(t, s.pool)
			_, err := connecttest.Apply(t.Context(), s.DB, "job", connecttest.Erasure(found))
			a := connect.Advice(err)
			if err == nil || a.Code != tt.code || a.Next != tt.next {
				t.Fatalf("error %v (%s), want %s", err, a.Next, tt.code)
			}
			if strings.Contains(fmt.Sprintf("%v %v", err, a.Cause), "anna") {
				t.Error("the error quotes a value")
			}
			if d := diff(before, mySnapshot(t, s.pool)); d != "" {
				t.Errorf("something changed:\n%s", d)
			}
		})
	}
}

// Rows that refer to rows of their own table, which cannot be nulled. (Row 2
// refers to itself; no server would let it go.)
func TestOwnRowsMariaDB(t *testing.T) {
	t.Parallel()
	s := myOpen(t, "create table people (id int primary key, email varchar(60), key (email));"+
		"create table places (id int primary key, person_id int not null, parent_id int not null, foreign key (person_id) references people (id), foreign key (parent_id) references places (id));"+
		"insert into people values (1, 'a@x.test'), (2, 'b@x.test');"+
		"insert into places values (2, 2, 2), (1, 1, 2);"+
		"insert into places select seq, 1 + (seq + 1) % 2, seq - 2 from seq_3_to_40;", `version: 1
tables:
  people: {key: id, person: true, erase: delete, columns: {id: {}, email: {category: c, identity: email}}}
  places:
    key: id
    erase: delete
    columns: {id: {}, person_id: {}, parent_id: {}}
    references: {person_id: people.id, parent_id: {to: places.id, direction: none}}
`)
	faults, err := s.Check(t.Context())
	if err != nil || len(faults) != 1 || !strings.Contains(faults[0].Text, "in a circle over constraint places_ibfk_2") {
		t.Errorf("faults %+v, %v", faults, err)
	}
	found, _ := connecttest.Find(t, s.DB, []connect.Identity{proven("email", "a@x.test")})
	got, err := connecttest.Apply(t.Context(), s.DB, "job", connecttest.Erasure(found))
	if err != nil || len(got) != 21 {
		t.Fatalf("%d results, %v", len(got), err)
	}
	if left := myRows(t, s.pool, "select count(*), min(person_id) from places"); left[0][0] != "20" || left[0][1] != "2" {
		t.Errorf("left: %v", left)
	}
}

// What changed is told by MariaDB as well; zeros for a time are no day.
func TestEntrancesMariaDB(t *testing.T) {
	t.Parallel()
	s := myOpen(t, `set sql_mode = ''; create table contacts (id int primary key, email varchar(80), phone varchar(20), moved_at datetime, key (email), key (phone));
create table letters (id int primary key, address varchar(80), put_in date, key (address));
insert into contacts values (1, 'new@one.test', '+491', '2026-11-19 23:59:59'), (2, 'zero@one.test', '+492', '0000-00-00 00:00:00')`, movers)
	_, f := connecttest.Find(t, s.DB, []connect.Identity{proven("email", "New@one.test"), proven("email", "zero@one.test")})
	want := []connect.Entrance{
		{Identity: proven("email", "New@one.test"), People: 1, ChangedOn: new(time.Date(2026, 11, 19, 0, 0, 0, 0, time.UTC))},
		{Identity: proven("email", "zero@one.test"), People: 1},
	}
	if d := diff(want, f.Entered); d != "" {
		t.Error(d)
	}
}
