package testkit_test

import (
	"database/sql"
	"net/url"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"habeas/requests/testkit"
)

func TestDatabases(t *testing.T) {
	for _, name := range []string{"one", "two", "three"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pool := testkit.DB(t)
			if got := text(t, pool, `select current_user::text`); got != "habeas_app" {
				t.Errorf("connected as %s", got)
			}
			here := text(t, pool, `select current_database()::text`)
			if again := text(t, testkit.DB(t), `select current_database()::text`); again != here {
				t.Errorf("second pool is on %s, not %s", again, here)
			}
			if n := text(t, pool, `select count(*)::text from cases`); n != "0" {
				t.Errorf("a fresh database holds %s cases", n)
			}
			owner, err := pgx.Connect(t.Context(), testkit.OwnerURL(t))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = owner.Close(t.Context()) }()
			// Own tables, made in each of the parallel tests, must not meet.
			if _, err := owner.Exec(t.Context(), `create table mine (id int)`); err != nil {
				t.Error(err)
			}
			if _, err := pool.Exec(t.Context(), `drop table mine`); err == nil {
				t.Error("habeas_app dropped a table of the owner")
			}
		})
	}
}

func TestEmptyDB(t *testing.T) {
	t.Parallel()
	conn, err := pgx.Connect(t.Context(), testkit.EmptyDB(t))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	if _, err := conn.Exec(t.Context(), `create schema crm; create table crm.contacts (id int primary key); create table public.other (id int)`); err != nil {
		t.Errorf("the owner may not make tables: %v", err)
	}
	var super bool
	if err := conn.QueryRow(t.Context(), `select rolsuper from pg_roles where rolname = current_user`).Scan(&super); err != nil || super {
		t.Errorf("owner is a superuser: %v, %v", super, err)
	}
}

func TestRedis(t *testing.T) {
	t.Parallel()
	one, prefix := testkit.Redis(t)
	_, other := testkit.Redis(t)
	if prefix == other {
		t.Fatalf("prefix %s twice", prefix)
	}
	if err := one.Set(t.Context(), prefix+"a", "1", 0).Err(); err != nil {
		t.Fatal(err)
	}
}

func TestOwnRedis(t *testing.T) {
	t.Parallel()
	s := testkit.OwnRedis(t)
	url := s.URL()
	c := s.Client()
	if err := c.Set(t.Context(), "a", "1", 0).Err(); err != nil {
		t.Fatal(err)
	}
	s.Kill()
	if err := c.Ping(t.Context()).Err(); err == nil {
		t.Fatal("a killed server answers")
	}
	s.Start()
	if s.URL() != url {
		t.Errorf("came back at %s, not %s", s.URL(), url)
	}
	if n, err := c.Exists(t.Context(), "a").Result(); err != nil || n != 0 {
		t.Errorf("after a kill: %d keys, %v", n, err)
	}
}

func TestClock(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	c := testkit.NewClock(at)
	if got := c.Add(time.Hour); !got.Equal(at.Add(time.Hour)) || !c.Now().Equal(got) {
		t.Errorf("added an hour: %s, shows %s", got, c.Now())
	}
	if c.Set(at); !c.Now().Equal(at) {
		t.Errorf("set back: shows %s", c.Now())
	}
}

func text(t *testing.T, pool *pgxpool.Pool, sql string) string {
	t.Helper()
	var s string
	if err := pool.QueryRow(t.Context(), sql).Scan(&s); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestMariaDB(t *testing.T) {
	t.Parallel()
	one, other := testkit.MariaDB(t), testkit.MariaDB(t)
	if one == other {
		t.Fatal("two calls gave one database")
	}
	u, err := url.Parse(one)
	if err != nil {
		t.Fatal(err)
	}
	password, _ := u.User.Password()
	db, err := sql.Open("mysql", u.User.Username()+":"+password+"@tcp("+u.Host+")"+u.Path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for _, statement := range []string{"create table a (id int primary key)", "insert into a values (1)"} {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := db.ExecContext(t.Context(), "select 1 from mysql.global_priv"); err == nil {
		t.Error("an ordinary user reads the server's own tables")
	}
}
