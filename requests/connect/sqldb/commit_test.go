package sqldb_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"habeas/requests/connect"
	"habeas/requests/connect/connecttest"
	"habeas/requests/connect/sqldb"
)

// committing is a small world behind a proxy.
type committing struct {
	db       *sqldb.DB
	proxy    *proxy
	exec     func(string)
	snapshot func() map[string]string
}

// A connection that breaks at a commit leaves a question, which the next
// attempt answers by looking: everything is done, and nothing is done twice.
func didItCommit(t *testing.T, world func(t *testing.T) committing) {
	for c, name := range map[cut]string{cutBefore: "before", cutDuring: "during", cutAfter: "after"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := world(t)
			w.exec("delete from subscriptions where id = 5")
			found, _ := connecttest.Find(t, w.db, []connect.Identity{proven("email", "anna@example.test")})
			targets := connecttest.Erasure(found)
			before := w.snapshot()

			w.proxy.at(c)
			_, err := connecttest.Apply(context.Background(), w.db, "job", targets)
			if a := connect.Advice(err); err == nil || a.Code != "commit-unknown" || a.Next != connect.Retry {
				t.Fatalf("error %v", err)
			}
			if strings.Contains(fmt.Sprint(err), "anna") {
				t.Error("the error quotes a value")
			}
			if w.proxy.hits() != 1 {
				t.Fatalf("%d commits were cut: nobody may try again by itself", w.proxy.hits())
			}
			// Waits until the server has ended the broken session's transaction.
			w.exec("update contacts set rating = rating")
			between := w.snapshot()
			undone := diff(before, between) == ""
			if c == cutBefore && !undone {
				t.Fatal("it is done although no commit was sent")
			}
			if c == cutAfter && undone {
				t.Fatal("it is undone although the commit was answered")
			}

			w.proxy.at(cutNever)
			results, err := connecttest.Apply(context.Background(), w.db, "job", targets)
			if err != nil || len(results) != len(targets) {
				t.Fatalf("the next attempt: %d results, %v", len(results), err)
			}
			after := w.snapshot()
			if !undone && diff(between, after) != "" {
				t.Errorf("what was done is done again:\n%s", diff(between, after))
			}
			for i, r := range connecttest.Look(t, w.db, targets) {
				if want := connecttest.State(targets[i].Action); want != "" && r.State != want {
					t.Errorf("%s %s: %s, want %s", r.Type, r.Key, r.State, want)
				}
			}
			planned := map[string]bool{}
			for _, x := range targets {
				planned[x.Type+"/"+x.Key] = x.Action != connect.Keep
			}
			for key, row := range before {
				if now := after[key]; now != row && !planned[key] {
					t.Errorf("%s changed and was not planned", key)
				}
			}
		})
	}
}

func TestDidItCommit(t *testing.T) {
	t.Parallel()
	didItCommit(t, func(t *testing.T) committing {
		s := world(t)
		p, url := through(t, s.pool.Config().ConnString())
		return committing{behind(t, url), p, func(q string) { exec(t, s.pool, q) }, func() map[string]string { return snapshot(t, s.pool, worldKeys) }}
	})
}

func TestDidItCommitMariaDB(t *testing.T) {
	t.Parallel()
	didItCommit(t, func(t *testing.T) committing {
		s := myWorld(t)
		p, url := through(t, s.url)
		return committing{behind(t, url), p, func(q string) { myExec(t, s.pool, q) }, func() map[string]string { return mySnapshot(t, s.pool) }}
	})
}

// behind opens the small world at another address.
func behind(t *testing.T, url string) *sqldb.DB {
	t.Helper()
	c, err := sqldb.Open(context.Background(), connect.Config{Name: "crm", URL: url, Dataset: "testdata/world.yaml"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c.(*sqldb.DB)
}
