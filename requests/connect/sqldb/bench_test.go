package sqldb_test

import (
	"context"
	"fmt"
	"iter"
	"runtime"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"habeas/requests/connect"
	"habeas/requests/connect/connecttest"
)

const benchSchema = `
create table people (id int primary key, email text not null);
create index on people (lower(email));
create table events (id bigint primary key, person_id int not null references people, kind text not null, body text, at timestamptz not null, amount numeric(10,2), seen boolean not null);
insert into people select g, 'p' || g || '@example.test' from generate_series(1, 1000) g;
create index on events (person_id);`

// benchFill makes rows, of which every n-th is the first person's.
const benchFill = `
insert into events select g, case when g %% %[2]d = 0 then 1 else 2 + g %% 999 end, 'kind' || g %% 7, 'Some words about event ' || g || ', as people write them.',
  timestamptz '2026-01-01' + g * interval '1 second', g %% 1000, g %% 2 = 0 from generate_series(1, %[1]d) g;
analyze;`

const benchData = `version: 1
tables:
  people:
    key: id
    person: true
    erase: delete
    columns: {id: {}, email: {category: contact.email, identity: email}}
  events:
    key: id
    erase: delete
    columns: {id: {}, person_id: {}, kind: {category: x}, body: {category: x}, at: {category: x}, amount: {category: x}, seen: {category: x}}
    references: {person_id: people.id}
`

// benchSystem has mine rows of one person among so many times as many.
func benchSystem(b *testing.B, mine, among int) system {
	b.Helper()
	s := open(b, benchSchema, benchData)
	fill(b, s, mine, among)
	return s
}

func fill(b *testing.B, s system, mine, among int) {
	b.Helper()
	exec(b, s.pool, "truncate events;")
	exec(b, s.pool, fmt.Sprintf(benchFill, among*mine, among))
}

func benchTargets(b *testing.B, s system, keepOwner bool) []connect.Target {
	b.Helper()
	var out []connect.Target
	_, err := s.Find(context.Background(), []connect.Identity{proven("email", "p1@example.test")}, func(f connect.Found) error {
		if f.Type == "events" {
			x := connect.Target{Type: f.Type, Key: f.Key, Action: connect.Erase}
			if keepOwner {
				x.Owner = f.Owner
			}
			out = append(out, x)
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return out
}

// BenchmarkCollect reads 200,000 rows of one person; ratio is the time of a
// bare pgx loop over the same rows to ours (bar: 0.7).
func BenchmarkCollect(b *testing.B) {
	const rows = 200_000
	s := benchSystem(b, rows, 2)
	targets := benchTargets(b, s, true)
	ctx := context.Background()
	ours, floor := time.Hour, time.Hour // the best of all rounds: other load only adds
	for b.Loop() {
		start := time.Now()
		n := 0
		q, err := s.pool.Query(ctx, "select id, person_id, kind, body, at, amount, seen from events where person_id = $1", 1)
		if err != nil {
			b.Fatal(err)
		}
		for q.Next() {
			if _, err := q.Values(); err != nil {
				b.Fatal(err)
			}
			n++
		}
		floor = min(floor, time.Since(start))
		if q.Err() != nil || n != rows {
			b.Fatalf("%d rows, %v", n, q.Err())
		}
		start, n = time.Now(), 0
		if err := s.Read(ctx, connecttest.Stream(targets), func(connect.Row) error { n++; return nil }); err != nil || n != rows {
			b.Fatalf("%d rows, %v", n, err)
		}
		ours = min(ours, time.Since(start))
	}
	b.ReportMetric(floor.Seconds()/ours.Seconds(), "ratio")
	b.ReportMetric(rows/ours.Seconds(), "rows/s")
}

// BenchmarkErase deletes 50,000 rows of one person by key; ratio is the time of
// a bare pgx program with the same statements to ours (bar: 0.7).
func BenchmarkErase(b *testing.B) {
	const rows = 50_000
	s := benchSystem(b, rows, 2)
	targets := benchTargets(b, s, true)
	ids := make([]int64, len(targets))
	for i, x := range targets {
		ids[i], _ = strconv.ParseInt(x.Key, 10, 64)
	}
	ctx := context.Background()
	ours, floor := time.Hour, time.Hour // the best of all rounds: other load only adds
	for b.Loop() {
		fill(b, s, rows, 2)
		start := time.Now()
		err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
			for at := 0; at < len(ids); at += 5000 {
				if _, err := tx.Exec(ctx, "delete from events where id = any($1)", ids[at:min(at+5000, len(ids))]); err != nil {
					return err
				}
			}
			return nil
		})
		floor = min(floor, time.Since(start))
		if err != nil {
			b.Fatal(err)
		}
		fill(b, s, rows, 2)
		start = time.Now()
		n := 0
		err = s.Apply(ctx, "job", connecttest.Stream(targets), func(connect.Result) error { n++; return nil })
		ours = min(ours, time.Since(start))
		if err != nil || n != rows {
			b.Fatalf("%d results, %v", n, err)
		}
	}
	b.ReportMetric(floor.Seconds()/ours.Seconds(), "ratio")
	b.ReportMetric(rows/ours.Seconds(), "rows/s")
}

// BenchmarkMillion finds, reads and erases a person with 1,000,000 rows among
// 10,000,000 and reports the highest heap meanwhile (bar: 64 MB).
func BenchmarkMillion(b *testing.B) {
	const rows, among = 1_000_000, 10
	s := benchSystem(b, rows, among)
	ctx := context.Background()
	// The plan hands its records as a stream, too.
	planned := func(action connect.Action) iter.Seq2[connect.Target, error] {
		return func(yield func(connect.Target, error) bool) {
			for i := among; i <= among*rows; i += among {
				if !yield(connect.Target{Type: "events", Key: strconv.Itoa(i), Owner: "people/1", Action: action}, nil) {
					return
				}
			}
		}
	}
	measure := func(name string, want int, do func(count func()) error) {
		runtime.GC()
		peak := watchHeap(b)
		start, n := time.Now(), 0
		if err := do(func() { n++ }); err != nil || n != want {
			b.Fatalf("%s: %d rows, %v", name, n, err)
		}
		b.ReportMetric(float64(rows)/time.Since(start).Seconds(), name+"/s")
		b.ReportMetric(float64(peak())/1e6, "MB-"+name)
	}
	for range b.N { // once: the rows are gone then
		measure("found", rows+1, func(count func()) error {
			_, err := s.Find(ctx, []connect.Identity{proven("email", "p1@example.test")}, func(connect.Found) error { count(); return nil })
			return err
		})
		measure("read", rows, func(count func()) error {
			return s.Read(ctx, planned(connect.Disclose), func(connect.Row) error { count(); return nil })
		})
		measure("erased", rows, func(count func()) error {
			return s.Apply(ctx, "job", planned(connect.Erase), func(connect.Result) error { count(); return nil })
		})
	}
}

// watchHeap samples the heap in use until the returned function is called.
func watchHeap(b *testing.B) func() uint64 {
	b.Helper()
	stop, done := make(chan struct{}), make(chan struct{})
	var top atomic.Uint64
	go func() {
		defer close(done)
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			top.Store(max(top.Load(), m.HeapInuse))
			select {
			case <-stop:
				return
			case <-tick.C:
			}
		}
	}()
	return func() uint64 {
		close(stop)
		<-done
		return top.Load()
	}
}
