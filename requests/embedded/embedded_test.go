package embedded_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"

	"habeas/requests/embedded"
)

func startPostgres(t *testing.T, opt embedded.Options) *embedded.Postgres {
	t.Helper()
	pg, err := embedded.StartPostgres(t.Context(), opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pg.Stop(context.Background()) })
	return pg
}

func execSQL(t *testing.T, url, sql string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	if _, err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
}

// TestPostgresKeepsItsData starts cold, then warm. As root, t.TempDir is a
// folder that the server's user cannot walk to, openDir is one that it can.
func TestPostgresKeepsItsData(t *testing.T) {
	t.Parallel()
	for name, dir := range map[string]string{"closed folder": t.TempDir(), "open folder": openDir(t)} {
		t.Run(name, func(t *testing.T) {
			opt := embedded.Options{DataDir: filepath.Join(dir, "deep", "postgres")}
			pg := startPostgres(t, opt)
			for range 2 { // making what exists is no error
				if err := pg.CreateDatabase(t.Context(), "habeas"); err != nil {
					t.Fatal(err)
				}
				if err := pg.CreateRole(t.Context(), "habeas_app"); err != nil {
					t.Fatal(err)
				}
			}
			execSQL(t, pg.URL("habeas"), `create table kept (id int); insert into kept values (1); grant select on kept to habeas_app`)
			began := time.Now()
			if err := pg.Stop(t.Context()); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("stop took %s", took)
			}
			waitGone(t, dir)

			pg = startPostgres(t, opt)
			execSQL(t, pg.URLAs("habeas_app", "habeas"), `select 1 / count(*) from kept`)
			forged := strings.Replace(pg.URL("habeas"), "postgres:", "postgres:x", 2)
			if conn, err := pgx.Connect(t.Context(), forged); err == nil {
				_ = conn.Close(t.Context())
				t.Error("a wrong password was let in")
			}
			if err := pg.Stop(t.Context()); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestPostgresRefusesFolderInUse(t *testing.T) {
	t.Parallel()
	opt := embedded.Options{DataDir: t.TempDir()}
	startPostgres(t, opt)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := embedded.StartPostgres(ctx, opt); err == nil || !strings.Contains(err.Error(), "another habeas") {
		t.Errorf("second start: %v", err)
	}
}

func TestPostgresOvercomesStalePidFile(t *testing.T) {
	t.Parallel()
	opt := embedded.Options{DataDir: t.TempDir()}
	pg := startPostgres(t, opt)
	if err := pg.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	// A crash left the file, and the number is somebody else's now: ours.
	pid := filepath.Join(opt.DataDir, "pgdata", "postmaster.pid")
	if err := os.WriteFile(pid, []byte("1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	startPostgres(t, opt)
}

func TestPostgresUsesAnother(t *testing.T) {
	t.Parallel()
	first := startPostgres(t, embedded.Options{DataDir: t.TempDir(), Throwaway: true})
	second := startPostgres(t, embedded.Options{URL: first.URL("postgres")})
	if err := second.CreateDatabase(t.Context(), "acme_crm"); err != nil {
		t.Fatal(err)
	}
	if err := second.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	execSQL(t, second.URL("acme_crm"), `select 1`) // it was not ours to stop

	_, err := embedded.StartPostgres(t.Context(), embedded.Options{URL: "postgres://u:secret@127.0.0.1:%zz/"})
	if err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("bad URL: %v", err)
	}
}

func TestThrowawayLeavesNothing(t *testing.T) {
	t.Parallel()
	template := t.TempDir()
	for range 2 { // by initdb, then from the template
		dir := filepath.Join(t.TempDir(), "gone")
		pg := startPostgres(t, embedded.Options{DataDir: dir, Throwaway: true, Template: template})
		execSQL(t, pg.URL("postgres"), `create table t (id int)`)
		if err := pg.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(dir); !os.IsNotExist(err) {
			t.Errorf("data folder is still there: %v", err)
		}
	}
}

// TestNothingOutlivesTheProgram ends the program that runs the servers in
// every way that programs end, as this user and, where we may, as others.
func TestNothingOutlivesTheProgram(t *testing.T) {
	t.Parallel()
	users := []string{""}
	if os.Geteuid() == 0 {
		users = append(users, "nobody")
	}
	for _, as := range users {
		t.Run("as "+as, func(t *testing.T) {
			dir := openDir(t)
			if as != "" {
				uid, gid := ids(t, as)
				if err := os.Chown(dir, int(uid), int(gid)); err != nil {
					t.Fatal(err)
				}
			}
			h := startHelper(t, dir, as)
			if n := len(processes(t, dir)); n < 2 {
				t.Fatalf("found only %d processes of the helper", n)
			}
			execSQL(t, h.Postgres, `create table kept (id int)`)
			if err := h.cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			h.end()
			// Started at once: the old server may still be on its way out.
			h = startHelper(t, dir, as)
			execSQL(t, h.Postgres, `select * from kept`)
			if err := h.cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			if code := h.end(); code != 0 {
				t.Errorf("exit code %d after SIGTERM", code)
			}
			waitGone(t, dir)

			h = startHelper(t, dir, as)
			if err := h.cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			h.end()
			waitGone(t, dir)
		})
	}
}

func startRedis(t *testing.T, opt embedded.RedisOptions) (*embedded.Redis, *redis.Client) {
	t.Helper()
	r, err := embedded.StartRedis(t.Context(), opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Stop(context.Background()) })
	o, err := redis.ParseURL(r.URL())
	if err != nil {
		t.Fatal(err)
	}
	c := redis.NewClient(o)
	t.Cleanup(func() { _ = c.Close() })
	return r, c
}

func TestRedisKeepsItsData(t *testing.T) {
	t.Parallel()
	opt := embedded.RedisOptions{DataDir: filepath.Join(t.TempDir(), "redis")}
	r, c := startRedis(t, opt)
	if r.Volatile() {
		t.Fatal("no redis-server on PATH: run `apt-get install -y redis-server`")
	}
	if err := c.Set(t.Context(), "a", "1", 0).Err(); err != nil {
		t.Fatal(err)
	}
	stranger := redis.NewClient(&redis.Options{Addr: c.Options().Addr})
	defer func() { _ = stranger.Close() }()
	if err := stranger.Ping(t.Context()).Err(); err == nil {
		t.Error("Redis answers without a password")
	}
	if err := r.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, c = startRedis(t, opt)
	if got := c.Get(t.Context(), "a").Val(); got != "1" {
		t.Errorf("after a restart: %q", got)
	}
}

func TestRedisUsesAnother(t *testing.T) {
	t.Parallel()
	first, _ := startRedis(t, embedded.RedisOptions{DataDir: filepath.Join(t.TempDir(), "r"), Throwaway: true})
	second, c := startRedis(t, embedded.RedisOptions{URL: first.URL()})
	if err := second.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := c.Ping(t.Context()).Err(); err != nil {
		t.Errorf("a server that is not ours was stopped: %v", err)
	}
}

// TestRedisImitation runs without a redis-server on PATH.
func TestRedisImitation(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	r, c := startRedis(t, embedded.RedisOptions{})
	if !r.Volatile() {
		t.Error("an imitation does not say that it is one")
	}
	if err := c.Set(t.Context(), "a", "1", 200*time.Millisecond).Err(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for c.Exists(ctx, "a").Val() == 1 { // its clock goes on by itself
		if ctx.Err() != nil {
			t.Fatal("the key does not expire")
		}
	}
	if ctx.Err() != nil {
		t.Fatal("the key does not expire")
	}
}
