package evidence_test

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/mod/sumdb/note"

	"habeas/requests/evidence"
	"habeas/requests/testkit"
)

const origin = "privacy.acme.example/log"

var key = ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))

func open(t testing.TB, pool *pgxpool.Pool, every time.Duration) *evidence.Log {
	t.Helper()
	log, err := evidence.OpenLog(pool, evidence.Config{Origin: origin, Signer: key, PublishEvery: every})
	if err != nil {
		t.Fatal(err)
	}
	return log
}

func step(n int) evidence.Event {
	return evidence.Event{Actor: "system", Data: evidence.TaskStarted{Attempt: evidence.Count(n), Stage: "erase", System: "crm", Task: "t"}}
}

func appendTo(t testing.TB, pool *pgxpool.Pool, caseID string, after int64, events ...evidence.Event) {
	t.Helper()
	err := pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
		return evidence.Append(t.Context(), tx, caseID, time.Now(), after, events...)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func integrate(t testing.TB, log *evidence.Log) int {
	t.Helper()
	n, err := log.Integrate(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func count(t testing.TB, pool *pgxpool.Pool, table string) (n int) {
	t.Helper()
	if err := pool.QueryRow(t.Context(), "select count(*) from "+table).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestAppendIsPartOfTheTransaction(t *testing.T) {
	t.Parallel()
	pool := testkit.DB(t)
	log := open(t, pool, 0)
	id := uuid.NewString()
	undone := errors.New("undone")
	err := pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
		if err := evidence.Append(t.Context(), tx, id, time.Now(), 0, step(1)); err != nil {
			t.Fatal(err)
		}
		return undone
	})
	if !errors.Is(err, undone) {
		t.Fatal(err)
	}
	if n := integrate(t, log); n != 0 {
		t.Fatalf("%d events of a transaction that never was", n)
	}
	appendTo(t, pool, id, 0, step(1), step(2))
	appendTo(t, pool, id, 2, step(3))
	if err := log.WaitFor(canceled(t), id); !errors.Is(err, context.Canceled) {
		t.Errorf("WaitFor without integrator: %v", err)
	}
	if n := integrate(t, log); n != 3 {
		t.Fatalf("integrated %d, want 3", n)
	}
	if err := log.WaitFor(t.Context(), id); err != nil {
		t.Error(err)
	}
	lines, err := log.CaseLines(t.Context(), id)
	if err != nil || len(lines) != 3 {
		t.Fatalf("%d lines, %v", len(lines), err)
	}
	for i, l := range lines {
		if l.Seq != int64(i)+1 || l.Index != int64(i) || l.Case != id {
			t.Errorf("line %d: %+v", i, l)
		}
		if d, err := l.Payload(); err != nil || d.(evidence.TaskStarted).Attempt != evidence.Count(i+1) {
			t.Errorf("line %d: %v %v", i, d, err)
		}
	}
	salts := map[string]bool{lines[0].Salt: true, lines[1].Salt: true, lines[2].Salt: true}
	if len(salts) != 3 {
		t.Error("a salt is used twice")
	}
	entries, err := log.Entries(t.Context(), 1, 99)
	if err != nil || len(entries) != 2 || entries[0].Index != 1 {
		t.Errorf("entries %+v %v", entries, err)
	}
	// The same number twice is refused, whoever tries.
	err = pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
		return evidence.Append(t.Context(), tx, id, time.Now(), 2, step(3))
	})
	if err == nil {
		t.Error("seq 3 is there twice")
	}
}

func canceled(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	t.Cleanup(cancel)
	<-ctx.Done()
	ctx2, cancel2 := context.WithCancel(t.Context())
	cancel2()
	return ctx2
}

func TestAppendRefusesAPayloadThatIsNone(t *testing.T) {
	t.Parallel()
	pool := testkit.DB(t)
	for name, e := range map[string]evidence.Event{
		"free text": {Actor: "system", Data: evidence.StatusChanged{From: "Erika Mustermann", To: "filed"}},
		"actor":     {Actor: "erika@acme.example", Data: evidence.StatusChanged{From: "a", To: "b"}},
		"no data":   {Actor: "system"},
	} {
		err := pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
			return evidence.Append(t.Context(), tx, uuid.NewString(), time.Now(), 0, step(1), e)
		})
		if err == nil {
			t.Errorf("%s is written", name)
		}
	}
	if n := count(t, pool, "events"); n != 0 {
		t.Errorf("%d events", n)
	}
}

func TestSystemStreamHasNoGaps(t *testing.T) {
	t.Parallel()
	pool := testkit.DB(t)
	log := open(t, pool, 0)
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			_ = pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
				err := evidence.AppendSystem(t.Context(), tx,
					evidence.Event{Actor: "admin:1", Data: evidence.SystemPaused{System: "crm"}},
					evidence.Event{Actor: "admin:1", Data: evidence.SystemResumed{System: "crm"}})
				if err != nil {
					t.Error(err)
				}
				if i%4 == 0 {
					return errors.New("undone")
				}
				return nil
			})
		})
	}
	wg.Wait()
	integrate(t, log)
	lines, err := log.CaseLines(t.Context(), evidence.SystemCase)
	if err != nil || len(lines) != 30 {
		t.Fatalf("%d lines, %v", len(lines), err)
	}
	for i, l := range lines {
		if l.Seq != int64(i)+1 || l.Index != int64(i) {
			t.Errorf("line %d has seq %d, index %d", i, l.Seq, l.Index)
		}
	}
}

// Neither the program nor the owner changes what was written.
func TestTheLogIsAppendOnly(t *testing.T) {
	t.Parallel()
	pool := testkit.DB(t)
	log := open(t, pool, 0)
	appendTo(t, pool, uuid.NewString(), 0, step(1))
	integrate(t, log)
	owner, err := pgxpool.New(t.Context(), testkit.OwnerURL(t))
	if err != nil {
		t.Fatal(err)
	}
	defer owner.Close()
	for _, sql := range []string{
		"update events set line = '{}'", "delete from events", "truncate events cascade",
		"update events set line = '{}' where false",
		"update leaves set index = 7", "delete from leaves", "truncate leaves",
		"delete from checkpoints where size = 1", "update checkpoints set root = root where size = 1 and false", "truncate checkpoints",
		"update checkpoints set size = 9 where size = 1", "update checkpoints set published_at = null where size = 1",
	} {
		if _, err := pool.Exec(t.Context(), sql); err == nil && !strings.Contains(sql, "and false") {
			t.Errorf("the program may: %s", sql)
		}
		_, err := owner.Exec(t.Context(), sql)
		var pg *pgconn.PgError
		if strings.Contains(sql, "and false") {
			continue
		}
		if !errors.As(err, &pg) || !strings.Contains(pg.Message, "append only") {
			t.Errorf("the owner may: %s: %v", sql, err)
		}
	}
	if count(t, pool, "events") != 1 || count(t, pool, "leaves") != 1 {
		t.Error("something is gone")
	}
}

func TestManyWritersTwoIntegrators(t *testing.T) {
	t.Parallel()
	pool := testkit.DB(t)
	logs := []*evidence.Log{open(t, pool, 0), open(t, pool, 0)}
	const writers, each = 8, 40
	var writing, working sync.WaitGroup
	done := make(chan struct{})
	total := make(chan int, 2)
	for _, log := range logs {
		working.Go(func() {
			sum := 0
			for {
				n, err := log.Integrate(t.Context())
				if err != nil {
					t.Error(err)
					break
				}
				sum += n
				select {
				case <-done:
					total <- sum
					return
				default:
				}
			}
		})
	}
	ids := make([]string, writers)
	for w := range ids {
		ids[w] = uuid.NewString()
		writing.Go(func() {
			for i := range each {
				err := pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
					return evidence.Append(t.Context(), tx, ids[w], time.Now(), int64(2*i), step(2*i+1), step(2*i+2))
				})
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	writing.Wait()
	close(done)
	working.Wait()
	n := <-total + <-total + integrate(t, logs[0])
	if n != 2*writers*each {
		t.Fatalf("%d events numbered, want %d", n, 2*writers*each)
	}
	cp, err := logs[1].Latest(t.Context())
	if err != nil || cp.Size != int64(n) {
		t.Fatalf("checkpoint %+v %v", cp, err)
	}
	checkTree(t, pool, logs[0])
	for _, id := range ids {
		lines, err := logs[0].CaseLines(t.Context(), id)
		if err != nil || len(lines) != 2*each {
			t.Fatalf("%d lines, %v", len(lines), err)
		}
		for i, l := range lines {
			if l.Seq != int64(i)+1 || i > 0 && l.Index <= lines[i-1].Index {
				t.Fatalf("case out of order at %d: %+v", i, l)
			}
		}
	}
}

// checkTree computes the root from the events themselves.
func checkTree(t testing.TB, pool *pgxpool.Pool, log *evidence.Log) [][32]byte {
	t.Helper()
	rows, err := pool.Query(t.Context(), `select e.line from leaves l join events e on e.id = l.event_id order by l.index`)
	if err != nil {
		t.Fatal(err)
	}
	leaves, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) ([32]byte, error) {
		var line string
		err := row.Scan(&line)
		return evidence.NaiveLeaf([]byte(line)), err
	})
	if err != nil {
		t.Fatal(err)
	}
	cp, err := log.Latest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if cp.Size != int64(len(leaves)) || cp.Root != evidence.NaiveRoot(leaves) {
		t.Fatalf("checkpoint of %d: root %x, want %d and %x", cp.Size, cp.Root, len(leaves), evidence.NaiveRoot(leaves))
	}
	return leaves
}

// fillTo adds leaves until the log has n.
func fillTo(t testing.TB, pool *pgxpool.Pool, n int) {
	t.Helper()
	_, err := pool.Exec(t.Context(), `
		with e as (
			insert into events (case_id, seq, kind, at, line)
			select '00000000-0000-0000-0000-000000000001', s, 'x', now(), '{"leaf":' || s || '}'
			from generate_series((select count(*) + 1 from events), $1::bigint) s
			returning id)
		insert into events_pending select id from e`, n)
	if err != nil {
		t.Fatal(err)
	}
}

// The tree of every awkward size against RFC 6962 computed from scratch: root,
// signature, tiles, inclusion of every leaf (of the large tree: of some), and
// consistency between all sizes.
func TestTreeIsRFC6962(t *testing.T) {
	t.Parallel()
	pool := testkit.DB(t)
	log := open(t, pool, 0)
	vkey, err := log.VKey(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		t.Fatal(err)
	}
	var sizes []int64
	roots := make(map[int64][32]byte)
	for _, size := range []int{0, 1, 255, 256, 257, 100_000} {
		fillTo(t, pool, size)
		integrate(t, log)
		leaves := checkTree(t, pool, log)
		cp, err := log.Published(t.Context())
		if err != nil || cp.Size != int64(size) {
			t.Fatalf("size %d: %+v %v", size, cp, err)
		}
		n, err := note.Open(cp.Note, note.VerifierList(verifier))
		if err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprintf("%s\n%d\n%s\n", origin, size, cp.Root); n.Text != want {
			t.Errorf("checkpoint %q, want %q", n.Text, want)
		}
		roots[cp.Size] = cp.Root
		sizes = append(sizes, cp.Size)
		for i := 0; i < size; i += 1 + size/300 {
			p, err := log.Proof(t.Context(), int64(i), cp.Size)
			if err != nil {
				t.Fatal(err)
			}
			if !evidence.NaiveInclusion(p.Path, int64(i), cp.Size, leaves[i], cp.Root) {
				t.Fatalf("proof of %d in %d does not hold", i, size)
			}
			if size > 1 && evidence.NaiveInclusion(p.Path, int64(i), cp.Size, leaves[(i+1)%size], cp.Root) {
				t.Fatalf("proof of %d in %d holds for another leaf", i, size)
			}
		}
		checkTiles(t, log, leaves)
	}
	for i, from := range sizes {
		for _, to := range sizes[i:] {
			path, err := log.Consistency(t.Context(), from, to)
			if err != nil {
				t.Fatal(err)
			}
			if from > 0 && !evidence.NaiveConsistency(path, from, to, roots[from], roots[to]) {
				t.Errorf("consistency from %d to %d does not hold", from, to)
			}
		}
	}
	for _, bad := range [][2]int64{{-1, 1}, {2, 1}, {1, 100_001}} {
		if _, err := log.Consistency(t.Context(), bad[0], bad[1]); !errors.Is(err, evidence.ErrNotFound) {
			t.Errorf("consistency %v: %v", bad, err)
		}
	}
	for _, bad := range [][2]int64{{-1, 1}, {1, 1}, {0, 100_001}} {
		if _, err := log.Proof(t.Context(), bad[0], bad[1]); !errors.Is(err, evidence.ErrNotFound) {
			t.Errorf("proof %v: %v", bad, err)
		}
	}
}

// checkTiles reads the log as a C2SP client does: whole tiles and the partial
// one of each level.
func checkTiles(t *testing.T, log *evidence.Log, level0 [][32]byte) {
	t.Helper()
	level, nodes := 0, level0
	for ; len(nodes) > 0; level++ {
		var up [][32]byte
		for n := 0; n*256 < len(nodes); n++ {
			part := nodes[n*256 : min(n*256+256, len(nodes))]
			got, err := log.Tile(t.Context(), level, int64(n), len(part))
			if err != nil {
				t.Fatalf("tile %s: %v", evidence.TilePath(level, int64(n), len(part)), err)
			}
			for i, h := range part {
				if [32]byte(got[32*i:32*i+32]) != h {
					t.Fatalf("tile %s differs at %d", evidence.TilePath(level, int64(n), len(part)), i)
				}
			}
			if len(part) == 256 {
				up = append(up, evidence.NaiveRoot(part))
			} else if _, err := log.Tile(t.Context(), level, int64(n), len(part)+1); !errors.Is(err, evidence.ErrNotFound) {
				t.Errorf("a tile wider than the tree: %v", err)
			}
			if n > 3 && n < len(nodes)/256-1 {
				n = len(nodes)/256 - 2
				for len(up) <= n {
					up = append(up, evidence.NaiveRoot(nodes[len(up)*256:len(up)*256+256]))
				}
			}
		}
		nodes = up
	}
	for _, bad := range []struct {
		level int
		n     int64
		width int
	}{{level, 0, 1}, {-1, 0, 1}, {8, 0, 1}, {0, -1, 1}, {0, 1 << 62, 1}, {0, 0, 0}, {0, 0, 257}} {
		if _, err := log.Tile(t.Context(), bad.level, bad.n, bad.width); !errors.Is(err, evidence.ErrNotFound) {
			t.Errorf("tile %+v: %v", bad, err)
		}
	}
}

func sum(b []byte) string { return fmt.Sprintf("%x", sha256.Sum256(b)) }
