package evidence_test

import (
	"context"
	"crypto/ed25519"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/mod/sumdb/note"

	"habeas/requests/evidence"
	"habeas/requests/testkit"
)

// A crash in the middle of a batch leaves all of it to the next try.
func TestCrashWhileIntegrating(t *testing.T) {
	t.Parallel()
	pool := testkit.DB(t)
	log := open(t, pool, 0)
	fillTo(t, pool, 300)
	integrate(t, log)
	fillTo(t, pool, 700)
	// The integrator gets as far as the tiles, waits for this lock, and dies.
	tx, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(context.WithoutCancel(t.Context()))
	if _, err := tx.Exec(t.Context(), "lock table tiles in exclusive mode"); err == nil {
		t.Log("tiles locked by the program itself")
	} else {
		t.Fatal(err)
	}
	ctx, crash := context.WithCancel(t.Context())
	died := make(chan error, 1)
	go func() {
		_, err := log.Integrate(ctx)
		died <- err
	}()
	waitForLock(t, pool)
	crash()
	if err := <-died; err == nil {
		t.Fatal("integrated through a lock")
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := count(t, pool, "events_pending"); n != 400 {
		t.Fatalf("%d events wait, want 400", n)
	}
	if n := count(t, pool, "leaves"); n != 300 {
		t.Fatalf("%d leaves, want 300", n)
	}
	// The dead integrator's backend may hold the advisory lock a moment longer.
	n := 0
	for n == 0 && t.Context().Err() == nil {
		n = integrate(t, log)
	}
	if n != 400 {
		t.Fatalf("integrated %d, want 400", n)
	}
	checkTree(t, pool, log)
}

// waitForLock returns when a backend of this database waits for a lock.
func waitForLock(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	for waiting := false; !waiting; {
		err := pool.QueryRow(t.Context(), `
			select exists (select 1 from pg_locks l join pg_database d on d.oid = l.database
			               where d.datname = current_database() and not l.granted)`).Scan(&waiting)
		if err != nil {
			t.Fatal(err)
		}
	}
}

// A tile, a checkpoint or an event that was tampered with stops the signing.
func TestDamageIsNotSigned(t *testing.T) {
	t.Parallel()
	for name, sql := range map[string]string{
		"tile altered": "update tiles set data = set_byte(data, 5, 1 + get_byte(data, 5) % 255) where level = 0 and n = 1",
		"tile cut":     "update tiles set data = substr(data, 1, 32) where level = 0 and n = 1",
		"tile gone":    "delete from tiles where level = 1",
		"event gone":   "insert into events_pending values (99999)",
		"head gone":    "alter table checkpoints disable trigger all; delete from checkpoints where size = 300",
		"rolled back":  "alter table checkpoints disable trigger all; delete from checkpoints; insert into checkpoints (size, root, note) values (0, sha256(''), '')",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pool := testkit.DB(t)
			log := open(t, pool, 0)
			for _, n := range []int{200, 300} {
				fillTo(t, pool, n)
				integrate(t, log)
			}
			owner, err := pgx.Connect(t.Context(), testkit.OwnerURL(t))
			if err != nil {
				t.Fatal(err)
			}
			defer owner.Close(t.Context())
			if _, err := owner.Exec(t.Context(), sql); err != nil {
				t.Fatal(err)
			}
			fillTo(t, pool, 400)
			if n, err := log.Integrate(t.Context()); err == nil {
				t.Errorf("%d more events signed", n)
			}
		})
	}
}

func TestPublishing(t *testing.T) {
	t.Parallel()
	pool := testkit.DB(t)
	slow := open(t, pool, time.Hour)
	if _, err := slow.Published(t.Context()); !errors.Is(err, evidence.ErrNotFound) {
		t.Errorf("before the first: %v", err)
	}
	fillTo(t, pool, 10)
	integrate(t, slow)
	first, err := slow.Published(t.Context())
	if err != nil || first.Size != 10 {
		t.Fatalf("the first is published at once: %+v %v", first, err)
	}
	for _, n := range []int{20, 30} {
		fillTo(t, pool, n)
		integrate(t, slow)
	}
	pub, err := slow.Published(t.Context())
	latest, err2 := slow.Latest(t.Context())
	if err != nil || err2 != nil || pub.Size != 10 || latest.Size != 30 {
		t.Fatalf("published %d, latest %d, %v %v", pub.Size, latest.Size, err, err2)
	}
	if n := count(t, pool, "checkpoints"); n != 2 {
		t.Errorf("%d checkpoints kept, want the published and the latest", n)
	}
	if _, err := slow.Tile(t.Context(), 0, 0, 11); !errors.Is(err, evidence.ErrNotFound) {
		t.Errorf("a tile beyond the published tree: %v", err)
	}
	if _, err := slow.Consistency(t.Context(), 10, 30); !errors.Is(err, evidence.ErrNotFound) {
		t.Errorf("consistency beyond the published tree: %v", err)
	}
	// Nothing new, but the time has come.
	integrate(t, open(t, pool, 0))
	if pub, err := slow.Published(t.Context()); err != nil || pub.Size != 30 {
		t.Errorf("published %d %v", pub.Size, err)
	}
	if n, at, err := slow.Lag(t.Context()); n != 0 || !at.IsZero() || err != nil {
		t.Errorf("lag %d %v %v", n, at, err)
	}
	fillTo(t, pool, 31)
	if n, at, err := slow.Lag(t.Context()); n != 1 || at.IsZero() || err != nil {
		t.Errorf("lag %d %v %v", n, at, err)
	}
}

func TestRunWakesForThoseWhoWait(t *testing.T) {
	t.Parallel()
	pool := testkit.DB(t)
	log := open(t, pool, 0)
	reader, err := evidence.OpenLog(pool, evidence.Config{Origin: origin})
	if err != nil {
		t.Fatal(err)
	}
	if err := reader.Run(t.Context()); !errors.Is(err, evidence.ErrReadOnly) {
		t.Errorf("run without key: %v", err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 2)
	go func() { ended <- log.Run(ctx) }()
	go func() { ended <- open(t, pool, 0).Run(ctx) }()
	for range 5 {
		id := uuid.NewString()
		appendTo(t, pool, id, 0, step(1))
		if err := reader.WaitFor(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	checkTree(t, pool, reader)
	stop()
	for range 2 {
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("run ended with %v", err)
		}
	}
	// Both gave their connections back: the pool's Close would wait for them.
}

func TestANewKeyTakesOver(t *testing.T) {
	t.Parallel()
	pool := testkit.DB(t)
	fillTo(t, pool, 5)
	integrate(t, open(t, pool, 0))
	next := ed25519.NewKeyFromSeed([]byte(strings.Repeat("n", 32)))
	log, err := evidence.OpenLog(pool, evidence.Config{Origin: origin, Signer: next})
	if err != nil {
		t.Fatal(err)
	}
	integrate(t, log)
	want, err := evidence.VKey(origin, next.Public().(ed25519.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	reader, err := evidence.OpenLog(pool, evidence.Config{Origin: origin})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := reader.VKey(t.Context()); err != nil || got != want {
		t.Errorf("%s %v", got, err)
	}
	cp, err := reader.Published(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	v, err := note.NewVerifier(want)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := note.Open(cp.Note, note.VerifierList(v)); err != nil || cp.Size != 5 {
		t.Errorf("size %d: %v", cp.Size, err)
	}
}
