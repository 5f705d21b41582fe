package testkit

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"habeas/requests/embedded"
)

// mariadb is the binary's MariaDB.
var mariadb = sync.OnceValues(func() (*embedded.MariaDB, error) {
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	dir, err := os.MkdirTemp("", "habeas-test-mariadb-")
	if err != nil {
		return nil, err
	}
	template := ""
	if cache, err := os.UserCacheDir(); err == nil {
		template = filepath.Join(cache, "habeas", "mariadb")
	}
	return embedded.StartMariaDB(ctx, embedded.MariaDBOptions{DataDir: dir, Template: template})
})

// MariaDB returns the URL of a new empty MariaDB database
// (mysql://user:password@host:port/db) as a user who may do everything in it
// and nothing else on the server: what a connector's system is. Every call
// makes another one; it is gone when t ends.
func MariaDB(t testing.TB) (url string) {
	t.Helper()
	server, err := mariadb()
	if err != nil {
		t.Fatalf("testkit: MariaDB: %v", err)
	}
	n := serial.Add(1)
	name, user, password := fmt.Sprintf("t%d", n), fmt.Sprintf("owner%d", n), "owner"
	err = server.Exec(t.Context(),
		"create database "+name,
		"create user "+user+" identified by '"+password+"'",
		"grant all privileges on "+name+".* to "+user)
	if err != nil {
		t.Fatalf("testkit: %v", err)
	}
	t.Cleanup(func() {
		// t's own context has ended by now.
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if err := server.Exec(ctx, "drop user "+user, "drop database "+name); err != nil {
			t.Errorf("testkit: drop database: %v", err)
		}
	})
	return server.URLAs(user, password, name)
}
