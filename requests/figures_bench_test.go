package requests_test

import (
	"context"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"habeas/requests"
	"habeas/requests/evidence"
	"habeas/requests/testkit"
)

// BenchmarkFigures measures the figures' page over a log of 100,000 and of
// 1,000,000 events, ten to a case: the first look, which folds the log, and a
// later one. It reports both times, how much slower the larger is than ten times
// the smaller, and the heap that folding takes.
func BenchmarkFigures(b *testing.B) {
	db := testkit.DB(b)
	owner, err := pgxpool.New(context.Background(), testkit.OwnerURL(b))
	if err != nil {
		b.Fatal(err)
	}
	defer owner.Close()
	tellTemplates(b, db, owner)
	small := figuresTime(b, db, owner, 100_000)
	large := figuresTime(b, db, owner, 1_000_000)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(small.page.Seconds()*1000, "ms-100k")
	b.ReportMetric(large.page.Seconds()*1000, "ms-1M")
	b.ReportMetric(large.page.Seconds()/small.page.Seconds()/10, "growth")
	b.ReportMetric(small.fold.Seconds(), "fold-s-100k")
	b.ReportMetric(large.fold.Seconds(), "fold-s-1M")
	b.ReportMetric(large.fold.Seconds()/small.fold.Seconds()/10, "fold-growth")
	b.ReportMetric(large.heap, "MB")
}

type figuresTook struct {
	fold, page time.Duration
	heap       float64 // MB above what there was before
}

// figuresTime fills the log up to n events, counts it from its beginning and
// then looks at the figures several times.
func figuresTime(b *testing.B, db, owner *pgxpool.Pool, n int) figuresTook {
	b.Helper()
	exec := func(sql string, args ...any) {
		if _, err := owner.Exec(b.Context(), sql, args...); err != nil {
			b.Fatal(err)
		}
	}
	exec(`with made as (select gen_random_uuid() as id, 1 + g % (select count(*) from told t where t.seq = 1) as template
			from generate_series(1, ($1::bigint - (select count(*) from events)) / 10) g)
		insert into events (case_id, seq, kind, at, line)
		select m.id, t.seq, t.kind, t.at, replace(t.line, t.case_id::text, m.id::text) from made m join told t on t.template = m.template order by m.id, t.seq`, n)
	exec(`insert into leaves (index, event_id) select row_number() over (order by e.id) - 1, e.id from events e on conflict do nothing`)
	exec(`delete from figures`)
	exec(`update figures_cursor set next = 0`)
	exec(`vacuum analyze events, leaves`)
	if _, err := owner.Exec(b.Context(), `checkpoint`); err != nil {
		b.Log("no checkpoint:", err)
	}
	svc := requests.New(requests.Parts{DB: db, Ring: testkit.Ring(b)})
	var took figuresTook
	stop := make(chan struct{})
	heap := make(chan float64, 1)
	go watchHeap(stop, heap)
	start := time.Now()
	if err := svc.CountFigures(b.Context()); err != nil {
		b.Fatal(err)
	}
	took.fold = time.Since(start)
	close(stop)
	took.heap = <-heap
	exec(`vacuum analyze figures`)
	var pages []time.Duration
	for range 9 {
		start = time.Now()
		f, err := svc.RequestFigures(b.Context(), requests.FigureFilter{})
		if err != nil || f.Total.Received == 0 || f.Entries < int64(n)*9/10 {
			b.Fatalf("%+v, %v", f, err)
		}
		pages = append(pages, time.Since(start))
	}
	slices.Sort(pages)
	took.page = pages[len(pages)/2]
	return took
}

// watchHeap tells by how much the heap grew at most until it is stopped, in MB.
func watchHeap(stop <-chan struct{}, out chan<- float64) {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	before, most := m.HeapAlloc, m.HeapAlloc
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			out <- float64(most-before) / (1 << 20)
			return
		case <-tick.C:
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapAlloc)
		}
	}
}

// tellTemplates writes a few dozen cases of ten events each, of several laws,
// rights, months and ends, as what the log's many are made of: the table told.
func tellTemplates(b *testing.B, db, owner *pgxpool.Pool) {
	b.Helper()
	type place struct{ law, set, zone, country evidence.Code }
	places := []place{{"EU", "DE", "Europe/Berlin", "DE"}, {"UK", "EW", "Europe/London", "GB"}, {"CA", "US", "America/Los_Angeles", "US"}, {"VA", "none", "America/New_York", "US"}}
	rights := []evidence.Code{"access", "erasure", "opt_out"}
	for month := range 24 {
		for i, p := range places {
			right := rights[(month+i)%len(rights)]
			at := time.Date(2025, time.Month(1+month), 3+i, 9, 0, 0, 0, time.UTC)
			task := uuid.NewString()
			events := []evidence.Event{{Actor: "public", Data: evidence.RequestFiled{
				Channel: "portal", Country: p.country, Law: p.law, Holidays: p.set, Zone: p.zone, ReceivedAt: evidence.At(at), DueOn: evidence.Day(at.AddDate(0, 1, 0)),
				Rights: []evidence.Code{right}, Policy: "strict",
			}}}
			for range 7 {
				events = append(events, evidence.Event{Actor: "worker", Data: evidence.TaskStarted{Task: evidence.ID(task), System: "crm", Stage: "discover", Attempt: 1}})
			}
			if month%4 == 0 {
				events = append(events, evidence.Event{Actor: "dpo", Data: evidence.ClockExtended{Cite: "GDPR Art. 12(3)", From: evidence.Day(at.AddDate(0, 1, 0)), To: evidence.Day(at.AddDate(0, 3, 0)), Ground: "complexity", On: evidence.Date(at.Format(time.DateOnly))}})
			} else {
				events = append(events, evidence.Event{Actor: "worker", Data: evidence.TaskStarted{Task: evidence.ID(task), System: "crm", Stage: "verify", Attempt: 1}})
			}
			switch month % 5 {
			case 0:
				events = append(events, evidence.Event{Actor: "dpo", Data: evidence.RequestRefused{Cite: "GDPR Art. 12(5)", Ground: "excessive", Right: right}})
			case 1:
				events = append(events, evidence.Event{Actor: "worker", Data: evidence.TaskStarted{Task: evidence.ID(task), System: "crm", Stage: "rescan", Attempt: 1}}) // open
			default:
				events = append(events, evidence.Event{Actor: "worker", Data: evidence.RequestCompleted{Result: "done"}})
			}
			err := pgx.BeginFunc(b.Context(), db, func(tx pgx.Tx) error {
				return evidence.Append(b.Context(), tx, uuid.Must(uuid.NewV7()).String(), at.AddDate(0, 0, 20), 0, events...)
			})
			if err != nil {
				b.Fatal(err)
			}
		}
	}
	_, err := owner.Exec(b.Context(), `create table told as select e.case_id, e.seq, e.kind, e.at, e.line, dense_rank() over (order by e.case_id) as template from events e`)
	if err != nil {
		b.Fatal(err)
	}
}
