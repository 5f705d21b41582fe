package queue_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"

	"habeas/requests/queue"
	"habeas/requests/testkit"
)

func setup(t *testing.T) (*queue.Queue, *redis.Client, string) {
	t.Helper()
	t.Parallel()
	rdb, prefix := testkit.Redis(t)
	return queue.New(rdb, prefix), rdb, prefix
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, q *queue.Queue, consumer string, systems ...string) []queue.Message {
	t.Helper()
	msgs, err := q.Read(t.Context(), consumer, systems, 100, 50*time.Millisecond)
	must(t, err)
	return msgs
}

func ids(msgs []queue.Message) []string {
	var out []string
	for _, m := range msgs {
		out = append(out, m.Stream+" "+m.Task.String())
	}
	slices.Sort(out)
	return out
}

func length(t *testing.T, q *queue.Queue, system string) int64 {
	t.Helper()
	n, err := q.Len(t.Context(), system)
	must(t, err)
	return n
}

func TestPushReadAck(t *testing.T) {
	q, _, _ := setup(t)
	must(t, q.Open(t.Context(), "crm", "social"))
	must(t, q.Open(t.Context(), "crm", "social")) // again is harmless
	a, b, c := uuid.New(), uuid.New(), uuid.New()
	must(t, q.Push(t.Context(), "crm", a, b))
	must(t, q.Push(t.Context(), "social", c))
	must(t, q.Push(t.Context(), "social"))

	one := read(t, q, "one", "crm", "social")
	want := []string{"crm " + a.String(), "crm " + b.String(), "social " + c.String()}
	slices.Sort(want)
	if !slices.Equal(ids(one), want) {
		t.Fatalf("read %v, want %v", ids(one), want)
	}
	if two := read(t, q, "two", "crm", "social"); len(two) != 0 {
		t.Errorf("delivered to two consumers: %v", ids(two))
	}
	if n := length(t, q, "crm"); n != 2 {
		t.Errorf("%d in the stream before the ack", n)
	}
	must(t, q.Ack(t.Context(), one...))
	must(t, q.Ack(t.Context()))
	if n := length(t, q, "crm") + length(t, q, "social"); n != 0 {
		t.Errorf("%d left after the ack", n)
	}
}

func TestEveryMessageGoesToOneOfManyReaders(t *testing.T) {
	q, _, _ := setup(t)
	must(t, q.Open(t.Context(), "crm"))
	const n = 200
	tasks := make([]uuid.UUID, n)
	for i := range tasks {
		tasks[i] = uuid.New()
	}
	must(t, q.Push(t.Context(), "crm", tasks...))
	type got struct {
		ids []uuid.UUID
		err error
	}
	out := make(chan got)
	for range 8 {
		consumer := uuid.NewString()
		go func() {
			var g got
			for {
				msgs, err := q.Read(t.Context(), consumer, []string{"crm"}, 7, 20*time.Millisecond)
				if err != nil || len(msgs) == 0 {
					g.err = err
					break
				}
				for _, m := range msgs {
					g.ids = append(g.ids, m.Task)
				}
				if g.err = q.Ack(t.Context(), msgs...); g.err != nil {
					break
				}
			}
			out <- g
		}()
	}
	seen := map[uuid.UUID]int{}
	for range 8 {
		g := <-out
		must(t, g.err)
		for _, id := range g.ids {
			seen[id]++
		}
	}
	for _, id := range tasks {
		if seen[id] != 1 {
			t.Errorf("%s delivered %d times", id, seen[id])
		}
	}
	if left := length(t, q, "crm"); left != 0 {
		t.Errorf("%d left", left)
	}
}

func TestReclaimDropsWhatADeadConsumerHeld(t *testing.T) {
	q, _, _ := setup(t)
	must(t, q.Open(t.Context(), "crm"))
	must(t, q.Push(t.Context(), "crm", uuid.New(), uuid.New()))
	if msgs := read(t, q, "dead", "crm"); len(msgs) != 2 {
		t.Fatal(ids(msgs))
	}
	n, err := q.Reclaim(t.Context(), "alive", []string{"crm", "never-opened"}, time.Hour)
	if err != nil || n != 0 {
		t.Fatalf("dropped %d that are in work: %v", n, err)
	}
	n, err = q.Reclaim(t.Context(), "alive", []string{"crm", "never-opened"}, 0)
	if err != nil || n != 2 {
		t.Fatalf("dropped %d, %v", n, err)
	}
	if left := length(t, q, "crm"); left != 0 {
		t.Errorf("%d left", left)
	}
}

func TestForeignMessagesAreDeliveredAsNothing(t *testing.T) {
	q, rdb, prefix := setup(t)
	must(t, q.Open(t.Context(), "crm"))
	must(t, rdb.XAdd(t.Context(), &redis.XAddArgs{Stream: "{" + prefix + "}:tasks:crm", Values: []string{"t", "not an id"}}).Err())
	msgs := read(t, q, "one", "crm")
	if len(msgs) != 1 || msgs[0].Task != uuid.Nil {
		t.Fatalf("%+v", msgs)
	}
	must(t, q.Ack(t.Context(), msgs...))
}

func TestAFlushIsNoticed(t *testing.T) {
	t.Parallel()
	server := testkit.OwnRedis(t)
	q := queue.New(server.Client(), "h")
	if _, err := q.Read(t.Context(), "one", []string{"crm"}, 1, time.Millisecond); !errors.Is(err, queue.ErrGone) {
		t.Fatalf("read before open: %v", err)
	}
	must(t, q.Open(t.Context(), "crm"))
	if known, err := q.Epoch(t.Context()); err != nil || known {
		t.Fatalf("first epoch: %v %v", known, err)
	}
	if known, err := q.Epoch(t.Context()); err != nil || !known {
		t.Fatalf("second look: %v %v", known, err)
	}
	must(t, q.Push(t.Context(), "crm", uuid.New()))
	for name, lose := range map[string]func(){
		"flush": func() { must(t, server.Client().FlushAll(t.Context()).Err()) },
		"kill":  func() { server.Kill(); server.Start() },
	} {
		lose()
		if _, err := q.Read(t.Context(), "one", []string{"crm"}, 1, time.Millisecond); !errors.Is(err, queue.ErrGone) {
			t.Fatalf("%s: read: %v", name, err)
		}
		if known, err := q.Epoch(t.Context()); err != nil || known {
			t.Fatalf("%s: the epoch is still known: %v", name, err)
		}
		must(t, q.Open(t.Context(), "crm"))
		must(t, q.Push(t.Context(), "crm", uuid.New()))
		if msgs := read(t, q, "one", "crm"); len(msgs) != 1 {
			t.Fatalf("%s: %v", name, ids(msgs))
		}
	}
	server.Kill()
	if _, err := q.Read(t.Context(), "one", []string{"crm"}, 1, time.Millisecond); err == nil || errors.Is(err, queue.ErrGone) {
		t.Errorf("a dead server: %v", err)
	}
	if _, err := q.Epoch(t.Context()); err == nil {
		t.Error("a dead server has an epoch")
	}
	if err := q.Push(t.Context(), "crm", uuid.New()); err == nil {
		t.Error("a dead server took a task")
	}
}

func TestWakesArrive(t *testing.T) {
	q, rdb, prefix := setup(t)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	wakes := q.Wakes(ctx)
	// the subscription is there when the server counts it
	for {
		n, err := rdb.PubSubNumSub(ctx, "{"+prefix+"}:wake").Result()
		must(t, err)
		if n["{"+prefix+"}:wake"] > 0 {
			break
		}
	}
	for range 50 {
		must(t, q.Wake(ctx))
	}
	select {
	case <-wakes:
	case <-ctx.Done():
		t.Fatal("no wake")
	}
}
