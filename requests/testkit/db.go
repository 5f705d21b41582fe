package testkit

import (
	"fmt"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"habeas/migrations"
)

// databases remembers each running test's database.
var databases sync.Map // testing.TB → name

// DB returns a pool on t's own database, a clone of a migrated one, connected
// as habeas_app with the rights that the program has. Pool and database are
// gone when t ends. Asked twice, it opens a second pool on the same database.
func DB(t testing.TB) *pgxpool.Pool {
	t.Helper()
	return pool(t, DBURL(t))
}

// DBURL returns the URL of t's own database as habeas_app: that of DB(t).
func DBURL(t testing.TB) string {
	t.Helper()
	return server(t).URLAs(migrations.Role, database(t))
}

// OwnerURL returns the URL of t's own database as its owner, for what the
// program itself may not do.
func OwnerURL(t testing.TB) string {
	t.Helper()
	return server(t).URL(database(t))
}

// EmptyDB returns the URL of a new empty database as its owner, an ordinary
// role without further rights on the server: what a connector's system is.
// Every call makes another one; it is gone when t ends.
func EmptyDB(t testing.TB) (url string) {
	t.Helper()
	pg := server(t)
	owner := fmt.Sprintf("owner%d", serial.Add(1))
	if err := pg.CreateRole(t.Context(), owner); err != nil {
		t.Fatalf("testkit: %v", err)
	}
	return pg.URLAs(owner, newDatabase(t, pg, "owner "+owner))
}

// database returns the name of t's own database, made at the first call.
func database(t testing.TB) string {
	t.Helper()
	if name, ok := databases.Load(t); ok {
		return name.(string)
	}
	if err := migrated(); err != nil {
		t.Fatalf("testkit: migrate the template database: %v", err)
	}
	name := newDatabase(t, server(t), "template "+template)
	databases.Store(t, name)
	t.Cleanup(func() { databases.Delete(t) })
	return name
}

// pool opens a pool that ends with t.
func pool(t testing.TB, url string) *pgxpool.Pool {
	t.Helper()
	p, err := pgxpool.New(t.Context(), url)
	if err != nil {
		t.Fatalf("testkit: %v", err)
	}
	t.Cleanup(p.Close)
	return p
}
