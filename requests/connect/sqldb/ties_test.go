package sqldb_test

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"habeas/requests/connect"
	"habeas/requests/connect/connecttest"
	"habeas/requests/connect/sqldb"
)

func tiesOf(t testing.TB, d *sqldb.DB, targets ...connect.Target) []string {
	t.Helper()
	var out []string
	seen := map[string]bool{}
	for _, x := range targets {
		seen[x.Type+"/"+x.Key] = true
	}
	err := d.Ties(context.Background(), connecttest.Stream(targets), func(e connect.Tie) error {
		if !seen[e.Type+"/"+e.Key] {
			t.Errorf("%s/%s needs something, and nothing led to it", e.Type, e.Key)
		}
		seen[e.NeedsType+"/"+e.NeedsKey] = true
		out = append(out, fmt.Sprintf("%s/%s > %s/%s", e.Type, e.Key, e.NeedsType, e.NeedsKey))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(out)
	return out
}

// A record hangs on the rows to which it refers, over composite keys, over its
// own table, and on what these refer to; on no other row of their types.
func TestTies(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(testing.TB) *sqldb.DB{
		"postgres": func(t testing.TB) *sqldb.DB { return world(t).DB },
		"mariadb":  func(t testing.TB) *sqldb.DB { return myWorld(t).DB },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := open(t)
			for _, x := range []struct {
				of   connect.Target
				want []string
			}{
				{connect.Target{Type: "order_lines", Key: `["1", "1", "1"]`}, []string{
					`contacts/1 > households/1`, `orders/["1", "1"] > contacts/1`, `order_lines/["1", "1", "1"] > orders/["1", "1"]`,
				}},
				{connect.Target{Type: "comments", Key: "3"}, []string{
					"comments/1 > contacts/1", "comments/2 > comments/1", "comments/2 > contacts/3", "comments/3 > comments/2", "comments/3 > contacts/2",
					"contacts/1 > households/1", "contacts/2 > contacts/1", "contacts/2 > households/2", "contacts/3 > households/1",
				}},
				{connect.Target{Type: "households", Key: "1"}, nil},
				{connect.Target{Type: "contacts", Key: "999"}, nil},
			} {
				slices.Sort(x.want)
				if got := tiesOf(t, d, x.of); !slices.Equal(got, x.want) {
					t.Errorf("%s/%s:\n%q, want\n%q", x.of.Type, x.of.Key, got, x.want)
				}
			}
		})
	}
}

// BenchmarkTies prints what it costs to ask on what a hundred held records hang,
// where the person has a thousand and a hundred thousand records of that type,
// the ratio of the two, and the heap that it grew by.
func BenchmarkTies(b *testing.B) {
	median, heap := map[int]time.Duration{}, uint64(0)
	for _, records := range []int{1_000, 100_000} {
		s := open(b, fmt.Sprintf(`create table people (id int primary key, email text not null);
			create index on people (email);
			create table files (id int primary key, person_id int not null references people);
			create index on files (person_id);
			create table pages (id int primary key, file_id int not null references files);
			create index on pages (file_id);
			insert into people values (1, 'anna@example.test');
			insert into files select g, 1 from generate_series(1, %[1]d / 10) g;
			insert into pages select g, 1 + g %% (%[1]d / 10) from generate_series(1, %[1]d) g;
			analyze`, records), `version: 1
tables:
  people:
    title: People
    purpose: p
    person: true
    key: id
    erase: delete
    columns: {id: {title: Number}, email: {title: E-mail, category: contact.email, identity: email}}
  files:
    title: Files
    purpose: p
    key: id
    erase: delete
    columns: {id: {title: Number}, person_id: {title: Person}}
    references: {person_id: people.id}
  pages:
    title: Pages
    purpose: p
    key: id
    erase: delete
    columns: {id: {title: Number}, file_id: {title: File}}
    references: {file_id: files.id}
`)
		var held []connect.Target
		for i := range 100 {
			held = append(held, connect.Target{Type: "pages", Key: fmt.Sprint(1 + i*records/100)})
		}
		var took []time.Duration
		for range 30 {
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			start := time.Now()
			if n := len(tiesOf(b, s.DB, held...)); n < 110 {
				b.Fatalf("%d ties", n)
			}
			took = append(took, time.Since(start))
			runtime.ReadMemStats(&after)
			if records == 100_000 {
				heap = max(heap, after.TotalAlloc-before.TotalAlloc)
			}
		}
		slices.Sort(took)
		median[records] = took[len(took)/2]
		s.pool.Close()
		_ = s.Close()
	}
	for b.Loop() { // everything was measured above
	}
	b.ReportMetric(median[1_000].Seconds()*1e3, "ms-1k")
	b.ReportMetric(median[100_000].Seconds()*1e3, "ms-100k")
	b.ReportMetric(median[100_000].Seconds()/median[1_000].Seconds(), "growth")
	b.ReportMetric(float64(heap)/1e6, "MB-allocated")
}
