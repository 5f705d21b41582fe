package evidence_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"habeas/migrations"
	"habeas/requests/embedded"
	"habeas/requests/evidence"
	"habeas/requests/testkit"
)

// BenchmarkAppend measures the log against its floor, the plain insert of an
// event with the same columns, in the same transactions: each locks and
// updates its case and writes one event. Both run by turns in slices, so that
// a busy machine burdens both. The metric "ratio" is the time per transaction
// with the log over that without (bar: 1.10); the integrator runs meanwhile.
func BenchmarkAppend(b *testing.B) {
	pool := durable(b)
	log, err := evidence.OpenLog(pool, evidence.Config{Origin: origin, Signer: key})
	if err != nil {
		b.Fatal(err)
	}
	for _, sql := range []string{
		`create table bench_cases (id uuid primary key, seq bigint not null)`,
		`create table bench_events (id bigint generated always as identity primary key, case_id uuid not null, seq bigint not null,
			kind text not null, at timestamptz not null, line text not null, unique (case_id, seq))`,
	} {
		if _, err := pool.Exec(b.Context(), sql); err != nil {
			b.Fatal(err)
		}
	}
	const writers = 32
	ids := make([]string, 1000)
	for i := range ids {
		ids[i] = uuid.NewString()
		if _, err := pool.Exec(b.Context(), `insert into bench_cases values ($1, 0)`, ids[i]); err != nil {
			b.Fatal(err)
		}
	}
	line := fmt.Sprintf(`{"actor":"worker","at":"2026-11-21T10:00:00.000Z","case":"%s","data":{"attempt":1,"stage":"erase","system":"crm","task":"t"},"kind":"task.started","salt":"%032d","seq":1,"v":1}`, ids[0], 0)
	plain := func(ctx context.Context, tx pgx.Tx, id string, seq int64) error {
		_, err := tx.Exec(ctx, `insert into bench_events (case_id, seq, kind, at, line) values ($1, $2, $3, $4, $5)`,
			id, seq, "task.started", time.Now(), line)
		return err
	}
	logged := func(ctx context.Context, tx pgx.Tx, id string, seq int64) error {
		return evidence.Append(ctx, tx, id, time.Now(), seq-1, step(1))
	}
	var next atomic.Int64
	slice := func(n int, write func(context.Context, pgx.Tx, string, int64) error) time.Duration {
		var wg sync.WaitGroup
		var left atomic.Int64
		left.Store(int64(n))
		start := time.Now()
		for range writers {
			wg.Go(func() {
				for left.Add(-1) >= 0 {
					id := ids[next.Add(1)%int64(len(ids))]
					err := pgx.BeginFunc(b.Context(), pool, func(tx pgx.Tx) error {
						var seq int64
						err := tx.QueryRow(b.Context(), `update bench_cases set seq = seq + 1 where id = $1 returning seq`, id).Scan(&seq)
						if err != nil {
							return err
						}
						return write(b.Context(), tx, id, seq)
					})
					if err != nil {
						b.Error(err)
						return
					}
				}
			})
		}
		wg.Wait()
		return time.Since(start)
	}
	slice(500, plain)
	slice(500, logged)
	ctx, stop := context.WithCancel(b.Context())
	ended := make(chan error, 1)
	go func() { ended <- log.Run(ctx) }()
	var floor, ours time.Duration
	n := 0
	b.ResetTimer()
	for n < b.N {
		k := min(500, b.N-n)
		floor += slice(k, plain)
		ours += slice(k, logged)
		n += k
	}
	b.StopTimer()
	stop()
	<-ended
	b.ReportMetric(ours.Seconds()/floor.Seconds(), "ratio")
	b.ReportMetric(float64(n)/ours.Seconds(), "tx/s")
	b.ReportMetric(float64(n)/floor.Seconds(), "floor-tx/s")
}

// durable starts a PostgreSQL that syncs its log to disk as in production: the
// testkit's does not, and would make the floor too cheap.
func durable(b *testing.B) *pgxpool.Pool {
	b.Helper()
	dir, err := os.MkdirTemp("", "habeas-bench-pg-")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { os.RemoveAll(dir) })
	pg, err := embedded.StartPostgres(b.Context(), embedded.Options{DataDir: filepath.Join(dir, "data")})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := pg.Stop(context.Background()); err != nil {
			b.Error(err)
		}
	})
	if err := pg.CreateDatabase(b.Context(), "bench"); err != nil {
		b.Fatal(err)
	}
	if err := migrations.Up(b.Context(), pg.URL("bench")); err != nil {
		b.Fatal(err)
	}
	cfg, err := pgxpool.ParseConfig(pg.URL("bench"))
	if err != nil {
		b.Fatal(err)
	}
	cfg.MaxConns = 36
	pool, err := pgxpool.NewWithConfig(b.Context(), cfg)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(pool.Close)
	return pool
}

// BenchmarkProof measures one inclusion proof from cold tiles in a log of a
// million events (bar: 1 ms).
func BenchmarkProof(b *testing.B) {
	pool := testkit.DB(b)
	log, err := evidence.OpenLog(pool, evidence.Config{Origin: origin, Signer: key})
	if err != nil {
		b.Fatal(err)
	}
	const size = 1_000_000
	if _, err := pool.Exec(b.Context(), `
		with e as (
			insert into events (case_id, seq, kind, at, line)
			select '00000000-0000-0000-0000-000000000001', s, 'x', now(), '{"leaf":' || s || '}' from generate_series(1, $1::bigint) s
			returning id)
		insert into events_pending select id from e`, size); err != nil {
		b.Fatal(err)
	}
	start := time.Now()
	if _, err := log.Integrate(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(0, "ns/op")
	integrated := time.Since(start)
	i := int64(0)
	b.ResetTimer()
	for b.Loop() {
		i = (i + 618_033) % size
		if _, err := log.Proof(b.Context(), i, size); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/1000/float64(b.N), "ms/proof")
	b.ReportMetric(size/integrated.Seconds(), "integrated/s")
}
