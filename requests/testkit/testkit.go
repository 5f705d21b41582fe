// Package testkit gives tests real servers: one PostgreSQL and one Redis per
// test binary, started when the first test asks and gone when the binary ends,
// and in them a database or key prefix for each test. A test whose server
// cannot be had fails; it does not skip.
//
// No TestMain is needed, and tests may run in parallel.
package testkit

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"habeas/migrations"
	"habeas/requests/embedded"
)

// startLimit bounds the start of a server on a busy machine.
const startLimit = 2 * time.Minute

// template is the migrated database that DB clones.
const template = "habeas_template"

// serial numbers what this binary's tests make.
var serial atomic.Int64

// postgres is the binary's PostgreSQL.
var postgres = sync.OnceValues(func() (*embedded.Postgres, error) {
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	dir, err := os.MkdirTemp("", "habeas-test-pg-")
	if err != nil {
		return nil, err
	}
	return embedded.StartPostgres(ctx, embedded.Options{
		DataDir: dir, Throwaway: true, Template: clusterTemplate(),
	})
})

// clusterTemplate is where a fresh cluster is kept between runs.
func clusterTemplate() string {
	cache, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(cache, "habeas", "initdb")
}

// migrated makes the template database, once.
var migrated = sync.OnceValue(func() error {
	pg, err := postgres()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	if err := pg.CreateDatabase(ctx, template); err != nil {
		return err
	}
	if err := migrations.Up(ctx, pg.URL(template)); err != nil {
		return err
	}
	return pg.CreateRole(ctx, migrations.Role)
})

// server returns the binary's PostgreSQL or ends the test.
func server(t testing.TB) *embedded.Postgres {
	t.Helper()
	pg, err := postgres()
	if err != nil {
		t.Fatalf("testkit: PostgreSQL: %v", err)
	}
	return pg
}

// admin runs one statement as the superuser.
func admin(ctx context.Context, pg *embedded.Postgres, sql string) error {
	conn, err := pgx.Connect(ctx, pg.URL("postgres"))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	_, err = conn.Exec(ctx, sql)
	return err
}

// newDatabase makes a database for t, with the given options of CREATE
// DATABASE, and drops it when t ends.
func newDatabase(t testing.TB, pg *embedded.Postgres, options string) string {
	t.Helper()
	name := fmt.Sprintf("t%d", serial.Add(1))
	if err := admin(t.Context(), pg, "create database "+name+" "+options); err != nil {
		t.Fatalf("testkit: create database: %v", err)
	}
	t.Cleanup(func() {
		// t's own context has ended by now.
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if err := admin(ctx, pg, "drop database if exists "+name+" with (force)"); err != nil {
			t.Errorf("testkit: drop database: %v", err)
		}
	})
	return name
}
