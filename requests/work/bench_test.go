package work_test

import (
	"context"
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
	"habeas/requests"
	"habeas/requests/embedded"
	"habeas/requests/testkit"
)

// BenchmarkJobLoop measures a job from its claim to its recorded end, with a
// no-op for the act, against the bare loop of the same two commits: mark it
// running; mark it done, write its effect and a plain audit row. Both run by
// turns in slices, so that a busy machine burdens both. The metric "ratio" is
// our throughput over the floor's (bar: 0.8).
func BenchmarkJobLoop(b *testing.B) {
	pool := durable(b)
	ring := testkit.Ring(b)
	_, key, err := ring.NewKey()
	if err != nil {
		b.Fatal(err)
	}
	svc := requests.New(requests.Parts{DB: pool, Ring: ring})
	const workers = 16
	prepare(b, pool, svc, workers)

	var floor, ours time.Duration
	const slice = 1000
	n := 0
	b.ResetTimer()
	for n < b.N {
		k := min(slice, b.N-n)
		b.StopTimer()
		tasks, bare := jobs(b, pool, key, k)
		b.StartTimer()
		floor += each(b, workers, bare, func(ctx context.Context, id uuid.UUID) error { return bareJob(ctx, pool, id) })
		ours += each(b, workers, tasks, func(ctx context.Context, id uuid.UUID) error {
			cl, err := svc.Claim(ctx, id, "bench", time.Minute)
			if err != nil {
				return err
			}
			return svc.Checked(ctx, cl, 1)
		})
		n += k
	}
	b.StopTimer()
	var done, started int
	if err := pool.QueryRow(b.Context(), `select (select count(*) from tasks where status = 'done'), (select count(*) from events)`).Scan(&done, &started); err != nil {
		b.Fatal(err)
	}
	if done != n || started < 2*n {
		b.Fatalf("%d of %d tasks are done, with %d events", done, n, started)
	}
	b.ReportMetric(floor.Seconds()/ours.Seconds(), "ratio")
	b.ReportMetric(float64(n)/ours.Seconds(), "jobs/s")
	b.ReportMetric(float64(n)/floor.Seconds(), "floor-jobs/s")
}

// bareJob is the floor.
func bareJob(ctx context.Context, pool *pgxpool.Pool, id uuid.UUID) error {
	if _, err := pool.Exec(ctx, `update bare_tasks set status = 'running', attempt = attempt + 1, lease_until = now() + interval '1 minute' where id = $1 and status = 'waiting'`, id); err != nil {
		return err
	}
	return pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `update bare_tasks set status = 'done', lease_until = null where id = $1 and attempt = 1`, id); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `insert into bare_effects (task_id, records) values ($1, 1)`, id); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `insert into bare_audit (task_id, kind, at, line) values ($1, 'task.finished', now(), 'done')`, id)
		return err
	})
}

func prepare(b *testing.B, pool *pgxpool.Pool, svc *requests.Service, workers int) {
	b.Helper()
	for _, sql := range []string{
		`create table bare_tasks (id uuid primary key, status text not null, attempt int not null default 0, lease_until timestamptz)`,
		`create table bare_effects (id bigint generated always as identity primary key, task_id uuid not null, records bigint not null)`,
		`create table bare_audit (id bigint generated always as identity primary key, task_id uuid not null, kind text not null, at timestamptz not null, line text not null)`,
	} {
		if _, err := pool.Exec(b.Context(), sql); err != nil {
			b.Fatal(err)
		}
	}
	if err := svc.Prepare(b.Context()); err != nil {
		b.Fatal(err)
	}
	if _, err := pool.Exec(b.Context(), `insert into systems (name) values ('crm');`); err != nil {
		b.Fatal(err)
	}
	if _, err := pool.Exec(b.Context(), `insert into slots (system, n) select 'crm', g from generate_series(1, $1::int) g`, 2*workers); err != nil {
		b.Fatal(err)
	}
}

// jobs makes n cases in discovery, each with a task in crm and one elsewhere
// that stays open, and n bare tasks.
func jobs(b *testing.B, pool *pgxpool.Pool, key []byte, n int) (tasks, bare []uuid.UUID) {
	b.Helper()
	for range n {
		tasks, bare = append(tasks, uuid.Must(uuid.NewV7())), append(bare, uuid.Must(uuid.NewV7()))
	}
	batch := &pgx.Batch{}
	batch.Queue(`insert into bare_tasks (id, status) select unnest($1::uuid[]), 'waiting'`, bare)
	batch.Queue(`insert into cases (id, reference, status, rights, country, law, holiday_set, zone, channel, received_at, filed_at, due_on, key_wrapped, sealed)
		select i, 'B-' || i, 'discovering', '{access}', 'DE', 'EU', 'DE', 'Europe/Berlin', 'portal', now(), now(), now() + interval '30 days', $2, '\x00'
		from unnest($1::uuid[]) i`, tasks, key)
	batch.Queue(`insert into tasks (id, case_id, system, stage, round, status, created_at, due_on, next_attempt_at)
		select i, i, 'crm', 'discover', 101, 'waiting', now(), now() + interval '30 days', now() from unnest($1::uuid[]) i`, tasks)
	batch.Queue(`insert into tasks (id, case_id, system, stage, round, status, created_at, due_on, next_attempt_at)
		select gen_random_uuid(), i, 'social', 'discover', 101, 'waiting', now(), now() + interval '30 days', now() from unnest($1::uuid[]) i`, tasks)
	if err := pool.SendBatch(b.Context(), batch).Close(); err != nil {
		b.Fatal(err)
	}
	return tasks, bare
}

// each does fn for every id, with so many at once.
func each(b *testing.B, workers int, ids []uuid.UUID, fn func(context.Context, uuid.UUID) error) time.Duration {
	b.Helper()
	var next atomic.Int64
	var wg sync.WaitGroup
	start := time.Now()
	for range workers {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(ids)); i = next.Add(1) - 1 {
				if err := fn(b.Context(), ids[i]); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	return time.Since(start)
}

// durable starts a PostgreSQL that syncs to disk as in production.
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
	cfg.MaxConns = 20
	pool, err := pgxpool.NewWithConfig(b.Context(), cfg)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(pool.Close)
	return pool
}
