package sqldb_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"

	"habeas/requests/connect"
	"habeas/requests/connect/connecttest"
)

const raceDataset = `version: 1
tables:
  people:
    key: id
    person: true
    erase: mask
    columns: {id: {}, name: {category: identity.name, erase: {text: Erased}}}
  rooms:
    key: id
    erase: mask
    shared_by: [{table: members, column: room_id, person: person_id}]
    shared_erase: mask
    columns: {id: {}, topic: {category: content.message, erase: {text: Erased}}, note: {category: content.message, erase: {text: Erased}}}
  members:
    key: [room_id, person_id]
    erase: delete
    columns: {room_id: {}, person_id: {}}
    references: {person_id: people.id, room_id: {to: rooms.id, direction: to}}
`

const raceRooms = 150

// racers are the plans of two people who use the same rooms. They come in
// opposite orders and mask different columns first, so that each would lock
// what the other waits for.
func racers() [2][]connect.Target {
	var out [2][]connect.Target
	for who := range out {
		rooms := make([]int, raceRooms)
		for i := range rooms {
			rooms[i] = i + 1
		}
		fields := [][]string{{"topic"}, {"note"}}
		if who == 1 {
			slices.Reverse(rooms)
			slices.Reverse(fields)
		}
		owner := "people/" + strconv.Itoa(who+1)
		for i, room := range rooms {
			field := fields[0]
			if i >= raceRooms/2 {
				field = fields[1]
			}
			out[who] = append(out[who], connect.Target{Type: "rooms", Key: strconv.Itoa(room), Owner: owner, Action: connect.Mask, Fields: field})
		}
		out[who] = append(out[who], connect.Target{Type: "people", Key: strconv.Itoa(who + 1), Owner: owner, Action: connect.Mask})
	}
	return out
}

// race applies both plans at once, again and again. The database counts the
// deadlocks, which deadlocks reads.
func race(t *testing.T, db connect.Connector, reset func(), deadlocks func() int) {
	t.Helper()
	before := deadlocks()
	for round := range 15 {
		reset()
		var wg sync.WaitGroup
		errs := make([]error, 2)
		start := make(chan struct{})
		for i, targets := range racers() {
			wg.Go(func() {
				<-start
				_, errs[i] = connecttest.Apply(context.Background(), db, "job"+strconv.Itoa(i), targets)
			})
		}
		close(start)
		wg.Wait()
		for i, err := range errs {
			if err != nil {
				t.Fatalf("round %d, job %d: %v", round, i, err)
			}
		}
	}
	_ = db.Close() // so that every connection has told its count
	if n := deadlocks() - before; n > 0 {
		t.Errorf("%d deadlocks", n)
	}
}

func raceSchema(serial string) string {
	return `create table people (id int primary key, name varchar(60));
create table rooms (id int primary key, topic varchar(60), note varchar(60));
create table members (room_id int not null references rooms (id), person_id int not null references people (id), primary key (room_id, person_id));` + serial
}

func raceRows() string {
	q := "delete from members; delete from rooms; delete from people; insert into people values (1, 'Ann'), (2, 'Ben');"
	for i := 1; i <= raceRooms; i++ {
		q += fmt.Sprintf("insert into rooms values (%d, 'topic', 'note'); insert into members values (%d, 1), (%d, 2);", i, i, i)
	}
	return q
}

// Two cases never wait for each other, whatever order their plans have.
func TestNoDeadlock(t *testing.T) {
	t.Parallel()
	s := open(t, raceSchema("create index on members (person_id)"), raceDataset)
	race(t, s.DB, func() { exec(t, s.pool, raceRows()) }, func() int {
		var n int
		if err := s.pool.QueryRow(t.Context(), "select deadlocks from pg_stat_database where datname = current_database()").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	})
}

func TestNoDeadlockMariaDB(t *testing.T) {
	t.Parallel()
	s := myOpen(t, raceSchema("create index members_person on members (person_id)"), raceDataset)
	race(t, s.DB, func() { myExec(t, s.pool, raceRows()) }, func() int {
		// Of the whole server: other tests of this binary make none.
		n, err := strconv.Atoi(myRows(t, s.pool, "show global status like 'Innodb_deadlocks'")[0][1])
		if err != nil {
			t.Fatal(err)
		}
		return n
	})
}
