package requests_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"habeas/requests"
	"habeas/requests/testkit"
)

// BenchmarkList measures the desk's list over 10,000 and over 1,000,000 cases,
// one in twenty of them open, and reports how much slower the larger is.
func BenchmarkList(b *testing.B) {
	db := testkit.DB(b)
	fill(b, db, 1, 10_000)
	small := listTime(b, db)
	fill(b, db, 10_001, 1_000_000)
	large := listTime(b, db)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(small.Seconds()*1000, "ms-10k")
	b.ReportMetric(large.Seconds()*1000, "ms-1M")
	b.ReportMetric(large.Seconds()/small.Seconds(), "growth")
}

// listTime is the time of the desk's first and a later page, and of three of
// its filters: the fastest tenth of many rounds, so that what the server still
// writes after the load does not count.
func listTime(b *testing.B, db *pgxpool.Pool) time.Duration {
	svc := requests.New(requests.Parts{DB: db, Ring: testkit.Ring(b)})
	first, err := svc.List(b.Context(), requests.Filter{})
	if err != nil || len(first.Cases) != 50 || first.Next == "" {
		b.Fatalf("%d cases, %v", len(first.Cases), err)
	}
	var took []time.Duration
	for range 300 {
		start := time.Now()
		for _, f := range []requests.Filter{{}, {Cursor: first.Next}, {Group: "ready"}, {Group: "overdue"}, {Right: "erasure"}} {
			if _, err := svc.List(b.Context(), f); err != nil {
				b.Fatal(err)
			}
		}
		took = append(took, time.Since(start))
	}
	slices.Sort(took)
	return took[len(took)/10]
}

func fill(b *testing.B, db *pgxpool.Pool, from, to int) {
	b.Helper()
	_, err := db.Exec(context.Background(), `insert into cases (id, reference, status, rights, country, law, holiday_set, zone, channel, received_at, filed_at, due_on, sealed)
		select gen_random_uuid(), 'HB-' || g, case when g % 20 <> 0 then 'closed' when g % 60 = 0 then 'review' when g % 40 = 0 then 'filed' else 'executing' end,
			case when random() < 0.4 then '{access}' else '{erasure}'::text[] end, 'DE', 'EU', 'DE', 'Europe/Berlin', 'portal', now(), now(),
			current_date + (random() * 60)::int - 5, '\x00'
		from generate_series($1::int, $2::int) g`, from, to)
	if err != nil {
		b.Fatal(err)
	}
	owner, err := pgxpool.New(context.Background(), testkit.OwnerURL(b))
	if err != nil {
		b.Fatal(err)
	}
	defer owner.Close()
	if _, err := owner.Exec(context.Background(), `vacuum analyze cases`); err != nil {
		b.Fatal(err)
	}
	if _, err := owner.Exec(context.Background(), `checkpoint`); err != nil {
		b.Log("no checkpoint:", err)
	}
}
