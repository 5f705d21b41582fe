package work_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/go-redis/v9"

	"habeas/requests"
	"habeas/requests/blob"
	"habeas/requests/connect"
	"habeas/requests/connect/sqldb"
	"habeas/requests/evidence"
	"habeas/requests/queue"
	"habeas/requests/seal"
	"habeas/requests/testkit"
	"habeas/requests/testkit/acme"
	"habeas/requests/work"
)

// lease of the workers in the fault run: what a dead one held comes back
// after it.
const lease = 2 * time.Second

// Where a worker process finds things.
const (
	envDB, envCRM, envRedis, envDir = "HABEAS_FAULT_DB", "HABEAS_FAULT_CRM", "HABEAS_FAULT_REDIS", "HABEAS_FAULT_DIR"
)

// TestMain is the worker process when the fault run starts this binary again.
func TestMain(m *testing.M) {
	if os.Getenv(envDB) == "" {
		os.Exit(m.Run())
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := worker(ctx); err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "worker:", err)
		os.Exit(1)
	}
}

func worker(ctx context.Context) error {
	svc, q, err := open(ctx, os.Getenv(envDB), os.Getenv(envCRM), os.Getenv(envRedis), os.Getenv(envDir), nil)
	if err != nil {
		return err
	}
	return work.New(svc, q, work.Options{
		Name: uuid.NewString(), Concurrency: 6, Lease: lease, Again: lease, Poll: 100 * time.Millisecond, Sweep: time.Second,
	}).Run(ctx)
}

// open makes the service that test and worker processes share.
func open(ctx context.Context, db, crm, rdb, dir string, log func(*pgxpool.Pool) (*evidence.Log, error)) (*requests.Service, *queue.Queue, error) {
	pool, err := pgxpool.New(ctx, db)
	if err != nil {
		return nil, nil, err
	}
	ring, err := seal.LoadRing(filepath.Join(dir, "keys.json"))
	if err != nil {
		return nil, nil, err
	}
	blobs, err := blob.Dir(filepath.Join(dir, "blobs"))
	if err != nil {
		return nil, nil, err
	}
	opt, err := redis.ParseURL(rdb)
	if err != nil {
		return nil, nil, err
	}
	q := queue.New(redis.NewClient(opt), "fault")
	parts := requests.Parts{
		DB: pool, Ring: ring, Blobs: blobs, Wake: func(ctx context.Context) { _ = q.Wake(ctx) },
		Settings: requests.Settings{
			Company: "Acme Outdoor", Contact: "privacy@acme.example", BaseURL: "http://127.0.0.1", Authority: "Authority", AuthorityAt: "https://authority.example",
			ApprovalsErasure: 1, Purposes: []requests.Purpose{{Name: "marketing_email", Title: "News"}, {Name: "social_ads", Title: "Ads"}, {Name: "profiling", Title: "Profiles"}},
		},
	}
	if log != nil {
		if parts.Log, err = log(pool); err != nil {
			return nil, nil, err
		}
	}
	for _, cfg := range []connect.Config{
		{Name: "crm", URL: crm, Dataset: acme.CRM, Now: time.Now}, {Name: "social", URL: crm, Dataset: acme.Social, Now: time.Now},
	} {
		c, err := sqldb.Open(ctx, cfg)
		if err != nil {
			return nil, nil, err
		}
		parts.Systems = append(parts.Systems, c)
	}
	return requests.New(parts), q, nil
}

// run is a fault run in progress.
type run struct {
	*testing.T
	svc       *requests.Service
	db, crm   *pgxpool.Pool
	log       *evidence.Log
	officer   requests.Actor
	agent     requests.Actor
	env       []string
	processes map[int]*exec.Cmd
	ctx       context.Context
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newRun(t *testing.T, server *testkit.RedisServer) *run {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	t.Cleanup(cancel)
	r := &run{T: t, db: testkit.DB(t), processes: map[int]*exec.Cmd{}, ctx: ctx}
	dir, crm := t.TempDir(), testkit.EmptyDB(t)
	must(t, acme.Create(ctx, crm))
	_, err := seal.CreateRing(filepath.Join(dir, "keys.json"))
	must(t, err)
	r.crm, err = pgxpool.New(ctx, crm)
	must(t, err)
	t.Cleanup(r.crm.Close)
	_, signer, err := ed25519.GenerateKey(nil)
	must(t, err)
	r.svc, _, err = open(ctx, testkit.DBURL(t), crm, server.URL(), dir, func(p *pgxpool.Pool) (*evidence.Log, error) {
		return evidence.OpenLog(p, evidence.Config{Origin: "acme.example/log", Signer: signer})
	})
	must(t, err)
	r.log = r.svc.Log()
	must(t, r.svc.Prepare(ctx))
	for _, role := range []requests.Role{requests.DPO, requests.Agent} {
		u, err := r.svc.AddUser(ctx, requests.Actor{Role: "operator"}, role, "", string(role)+"@acme.example", "violet-anchor-plum-47-tent")
		must(t, err)
		if role == requests.DPO {
			r.officer = u.Actor()
		} else {
			r.agent = u.Actor()
		}
	}
	r.env = append(os.Environ(), envDB+"="+testkit.DBURL(t), envCRM+"="+crm, envRedis+"="+server.URL(), envDir+"="+dir)
	t.Cleanup(func() {
		for i := range r.processes {
			r.kill(i)
		}
	})
	return r
}

// start starts worker process i.
func (r *run) start(i int) {
	r.Helper()
	self, err := os.Executable()
	must(r.T, err)
	cmd := exec.Command(self)
	cmd.Env = r.env
	must(r.T, cmd.Start())
	r.processes[i] = cmd
}

// kill ends worker process i with SIGKILL.
func (r *run) kill(i int) {
	cmd := r.processes[i]
	delete(r.processes, i)
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
}

// file files a request as staff would from a letter, proved by hand where the
// right asks for it.
func (r *run) file(email, right string) (uuid.UUID, error) {
	rec, err := r.svc.File(r.ctx, r.agent, requests.Filing{
		Rights: []string{right}, Country: "DE", Channel: "letter", Identities: []connect.Identity{{Kind: "email", Value: email}},
	})
	if err != nil {
		return uuid.Nil, err
	}
	if right != "consent_withdrawal" {
		_, err = r.svc.ProveByHand(r.ctx, r.agent, rec.ID, "known at the counter")
	}
	return rec.ID, err
}

// approve approves every case that waits for it. What may be somebody else's
// is kept back first.
func (r *run) approve() error {
	rows, err := r.db.Query(r.ctx, `select id from cases where status = 'review'`)
	if err != nil {
		return err
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return err
	}
	for _, id := range ids {
		k, err := r.svc.Get(r.ctx, r.officer, id)
		if err != nil {
			return err
		}
		p, err := r.svc.Plan(r.ctx, k, "", 1000)
		if err != nil {
			return err
		}
		hash := p.Hash
		if p.Undecided > 0 {
			var keep []requests.Decision
			for _, rec := range p.Records {
				if !rec.Decided {
					keep = append(keep, requests.Decision{System: rec.System, Type: rec.Type, Key: rec.Key, Action: connect.Keep, Ground: "GDPR Art. 15(4)"})
				}
			}
			if hash, err = r.svc.Decide(r.ctx, r.officer, id, keep); err != nil {
				return err
			}
		}
		if _, err := r.svc.Approve(r.ctx, r.officer, id, hash); err != nil && requests.AsError(err).Kind != requests.Conflict {
			return err
		}
	}
	return nil
}

func (r *run) ended() (n int) {
	must(r.T, r.db.QueryRow(r.ctx, `select count(*) from cases where status = 'completed'`).Scan(&n))
	return n
}

// until approves what waits until so many requests have ended.
func (r *run) until(n int) {
	r.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for r.ended() < n {
		must(r.T, r.approve())
		select {
		case <-r.ctx.Done():
			r.Fatalf("only %d of %d requests ended:\n%s", r.ended(), n, r.rest())
		case <-tick.C:
		}
	}
}

// rest says what has not ended.
func (r *run) rest() string {
	rows, err := r.db.Query(context.Background(), `select c.status || ' ' || c.flags::text || ' ' || t.system || ' ' || t.stage || ' ' || t.status || ' ' || t.error_code || ' ' || t.attempt || ' ' || count(*)
		from cases c left join tasks t on t.case_id = c.id and t.status not in ('done', 'cancelled') where c.status <> 'completed'
		group by c.status, c.flags, t.system, t.stage, t.status, t.error_code, t.attempt order by 1 limit 30`)
	if err != nil {
		return err.Error()
	}
	out, _ := pgx.CollectRows(rows, pgx.RowTo[*string])
	var b bytes.Buffer
	for _, s := range out {
		if s != nil {
			fmt.Fprintln(&b, *s)
		}
	}
	return b.String()
}

// none fails for every row of a query that must have none.
func (r *run) none(what, sql string, args ...any) {
	r.Helper()
	rows, err := r.db.Query(r.ctx, sql, args...)
	must(r.T, err)
	out, err := pgx.CollectRows(rows, pgx.RowTo[string])
	must(r.T, err)
	for i, s := range out {
		if r.Errorf("%s: %s", what, s); i == 5 {
			r.Fatalf("and %d more", len(out)-5)
		}
	}
}

func (r *run) emails(sql string, args ...any) []string {
	r.Helper()
	rows, err := r.crm.Query(r.ctx, sql, args...)
	must(r.T, err)
	out, err := pgx.CollectRows(rows, pgx.RowTo[string])
	must(r.T, err)
	return out
}

// TestWorkersAndRedisDie kills workers and Redis in the middle of 500
// requests. Every request ends, nothing happens twice, no event is missing.
func TestWorkersAndRedisDie(t *testing.T) {
	t.Parallel()
	const total = 500
	server := testkit.OwnRedis(t)
	r := newRun(t, server)

	type request struct{ email, right string }
	var all []request
	for _, s := range acme.Subjects() {
		all = append(all, request{s.Email, "erasure"})
	}
	erased := len(all)
	others := r.emails(`select email from crm.contacts where id between 210 and 1900 and paper_file is null and email is not null order by id limit $1`, total-erased)
	for i, email := range others {
		all = append(all, request{email, []string{"consent_withdrawal", "access"}[i%2]})
	}
	if len(all) != total {
		t.Fatalf("%d requests", len(all))
	}
	contacts := r.emails(`select id::text from crm.contacts`)

	r.start(0)
	r.start(1)
	var mu sync.Mutex
	cases := map[uuid.UUID]request{}
	filed := make(chan error, 1)
	go func() {
		var err error
		// erasures last of every hundred, so that each fault meets all rights
		for i := range all {
			q := all[(i*7)%total]
			var id uuid.UUID
			if id, err = r.file(q.email, q.right); err != nil {
				break
			}
			mu.Lock()
			cases[id] = q
			mu.Unlock()
		}
		filed <- err
	}()

	faults := []struct {
		name string
		do   func()
	}{
		{"a worker is killed", func() { r.kill(0); r.start(0) }},
		{"Redis is flushed", func() { must(t, server.Client().FlushAll(r.ctx).Err()) }},
		{"Redis is killed", func() { server.Kill(); server.Start() }},
		{"both workers are killed", func() { r.kill(0); r.kill(1); r.start(0); r.start(1) }},
		{"Redis and a worker are killed", func() { server.Kill(); r.kill(1); server.Start(); r.start(1) }},
	}
	for i, f := range faults {
		r.until((i + 1) * total / (len(faults) + 2))
		t.Logf("after %d requests: %s", r.ended(), f.name)
		f.do()
	}
	must(t, <-filed)
	r.until(total)

	r.none("not ended", `select c.id::text || ' ' || c.status from cases c where c.status <> 'completed'`)
	r.none("a task is left", `select t.case_id::text || ' ' || t.stage || ' ' || t.status from tasks t where t.status not in ('done', 'cancelled') and t.stage <> 'rescan'`)
	r.none("a slot is left", `select s.system || ' ' || s.n from slots s where s.task_id is not null`)
	r.none("events are missing", `select e.case_id::text from events e where e.case_id <> $1 group by e.case_id having min(e.seq) <> 1 or max(e.seq) <> count(*)`, evidence.SystemCase)
	r.none("the case's number is not its last event's", `select c.id::text from cases c where c.event_seq <> (select max(e.seq) from events e where e.case_id = c.id)`)
	r.none("a task ended twice or never", `select t.id::text || ' ' || t.stage from tasks t where t.status = 'done'
		and 1 <> (select count(*) from events e where e.case_id = t.case_id and e.kind = 'task.finished' and e.line::json->'data'->>'task' = t.id::text)`)
	r.none("an attempt without its intent", `select t.id::text || ' ' || t.stage from tasks t where t.attempt <>
		(select count(*) from events e where e.case_id = t.case_id and e.kind = 'task.started' and e.line::json->'data'->>'task' = t.id::text)`)
	r.none("an act was recorded twice", `select t.id::text || ' ' || e.kind from tasks t join events e on e.case_id = t.case_id and e.kind like 'record.%' and e.line::json->'data'->>'task' = t.id::text
		group by t.id, e.kind having count(*) <> 1`)
	r.none("a step was taken twice", `select e.case_id::text || ' ' || (e.line::json->'data'->>'to') from events e where e.kind = 'status.changed' and e.line::json->'data'->>'to' in ('verifying', 'completed')
		group by 1, e.case_id, e.line::json->'data'->>'to' having count(*) <> 1`)

	var again int
	must(t, r.db.QueryRow(r.ctx, `select count(*) from tasks where attempt > 1`).Scan(&again))
	t.Logf("%d tasks were done again", again)
	r.companyIsRight(erased, contacts, others)
	if _, err := r.log.Integrate(r.ctx); err != nil {
		t.Fatal(err)
	}
	r.evidenceHolds(again)
}

// companyIsRight looks at the company's own data.
func (r *run) companyIsRight(erased int, before, others []string) {
	r.Helper()
	if now := r.emails(`select id::text from crm.contacts`); len(now) != len(before)-erased {
		r.Errorf("%d contacts of %d are left, %d were to be erased", len(now), len(before), erased)
	}
	for _, s := range acme.Subjects() {
		if left := r.emails(`select email from crm.contacts where id = $1`, s.ContactID); len(left) > 0 {
			r.Errorf("%s is still there", s.CustomerID)
		}
	}
	var withdrew, read []string
	for i, email := range others {
		if i%2 == 0 {
			withdrew = append(withdrew, email)
		} else {
			read = append(read, email)
		}
	}
	if left := r.emails(`select email from crm.newsletter_subscriptions where email = any($1) and status = 'subscribed'`, withdrew); len(left) > 0 {
		r.Errorf("%d who withdrew are still subscribed", len(left))
	}
	if changed := r.emails(`select email from crm.newsletter_subscriptions where email = any($1) and status = 'suppressed'`, read); len(changed) > 0 {
		r.Errorf("%d who asked for access were unsubscribed", len(changed))
	}
}

// evidenceHolds checks, as an auditor would, cases whose tasks were done again
// and some others.
func (r *run) evidenceHolds(again int) {
	r.Helper()
	rows, err := r.db.Query(r.ctx, `(select distinct t.case_id from tasks t where t.attempt > 1 limit 20) union (select c.id from cases c order by c.id limit 10)`)
	must(r.T, err)
	ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	must(r.T, err)
	if again > 0 && len(ids) < 10 {
		r.Fatalf("%d cases", len(ids))
	}
	for _, id := range slices.Compact(ids) {
		snap, err := r.log.Snapshot(r.ctx, id.String())
		must(r.T, err)
		var out bytes.Buffer
		_, err = evidence.WriteReport(&out, evidence.Bundle{ReportHTML: []byte("x"), ReportPDF: []byte("x"), Snapshot: snap})
		snap.Close()
		must(r.T, err)
		if _, err := evidence.Verify(bytes.NewReader(out.Bytes()), int64(out.Len()), evidence.VerifyOptions{}); err != nil {
			r.Errorf("the evidence of %s does not hold: %v", id, err)
		}
	}
}
