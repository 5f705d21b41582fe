// Package queue hands task ids from the dispatcher to workers over Redis
// Streams, one stream per system. It holds ids and nothing else: PostgreSQL is
// the truth, and everything here may be lost at any time.
package queue

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"
)

// group is the consumer group all workers share.
const group = "workers"

// MaxBlock bounds a blocking read: go-redis does not interrupt one when its
// context ends.
const MaxBlock = time.Second

// Queue is a set of streams under one key prefix. Keys carry the hash tag
// {prefix}, so that all of them live in one slot of a Redis Cluster.
type Queue struct {
	rdb    redis.UniversalClient
	prefix string
}

// New returns the queue whose keys start with {prefix}.
func New(rdb redis.UniversalClient, prefix string) *Queue {
	return &Queue{rdb: rdb, prefix: "{" + prefix + "}:"}
}

// Message is one delivery of a task id. It must be acknowledged, whatever
// became of the task.
type Message struct {
	Stream string // the system
	ID     string // the stream's own id
	Task   uuid.UUID
}

func (q *Queue) key(system string) string { return q.prefix + "tasks:" + system }

// Open creates the streams and their consumer group where they are missing.
func (q *Queue) Open(ctx context.Context, systems ...string) error {
	for _, s := range systems {
		err := q.rdb.XGroupCreateMkStream(ctx, q.key(s), group, "0").Err()
		if err != nil && !strings.HasPrefix(err.Error(), "BUSYGROUP") {
			return fmt.Errorf("queue: open stream: %w", err)
		}
	}
	return nil
}

// Push adds tasks to a system's stream.
func (q *Queue) Push(ctx context.Context, system string, tasks ...uuid.UUID) error {
	if len(tasks) == 0 {
		return nil
	}
	_, err := q.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, t := range tasks {
			p.XAdd(ctx, &redis.XAddArgs{Stream: q.key(system), Values: []string{"t", t.String()}})
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("queue: push: %w", err)
	}
	return nil
}

// Read waits up to block (at most MaxBlock) for up to n messages over all the
// systems. ErrGone says that the streams are not there, as after a flush:
// Open them again.
func (q *Queue) Read(ctx context.Context, consumer string, systems []string, n int, block time.Duration) ([]Message, error) {
	keys := make([]string, 0, 2*len(systems))
	for _, s := range systems {
		keys = append(keys, q.key(s))
	}
	for range systems {
		keys = append(keys, ">")
	}
	streams, err := q.rdb.XReadGroup(ctx, &redis.XReadGroupArgs{
		Group: group, Consumer: consumer, Streams: keys, Count: int64(n), Block: min(block, MaxBlock),
	}).Result()
	switch {
	case errors.Is(err, redis.Nil):
		return nil, nil
	case err != nil && strings.HasPrefix(err.Error(), "NOGROUP"):
		return nil, ErrGone
	case err != nil:
		return nil, fmt.Errorf("queue: read: %w", err)
	}
	return q.messages(streams), nil
}

// ErrGone says that the streams vanished.
var ErrGone = errors.New("queue: the streams are gone")

func (q *Queue) messages(streams []redis.XStream) []Message {
	var out []Message
	for _, st := range streams {
		system := strings.TrimPrefix(st.Stream, q.prefix+"tasks:")
		for _, m := range st.Messages {
			raw, _ := m.Values["t"].(string)
			id, err := uuid.Parse(raw)
			if err != nil {
				id = uuid.Nil // acknowledged and dropped by the worker
			}
			out = append(out, Message{Stream: system, ID: m.ID, Task: id})
		}
	}
	return out
}

// Ack ends deliveries and removes them from their streams.
func (q *Queue) Ack(ctx context.Context, msgs ...Message) error {
	if len(msgs) == 0 {
		return nil
	}
	_, err := q.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, m := range msgs {
			p.XAck(ctx, q.key(m.Stream), group, m.ID)
			p.XDel(ctx, q.key(m.Stream), m.ID)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("queue: ack: %w", err)
	}
	return nil
}

// Reclaim drops deliveries that a consumer took and never acknowledged within
// idle: its worker died. The tasks themselves come back by their leases.
func (q *Queue) Reclaim(ctx context.Context, consumer string, systems []string, idle time.Duration) (int, error) {
	n := 0
	for _, s := range systems {
		msgs, _, err := q.rdb.XAutoClaimJustID(ctx, &redis.XAutoClaimArgs{
			Stream: q.key(s), Group: group, Consumer: consumer, MinIdle: idle, Start: "0", Count: 500,
		}).Result()
		if err != nil {
			if strings.HasPrefix(err.Error(), "NOGROUP") {
				continue
			}
			return n, fmt.Errorf("queue: reclaim: %w", err)
		}
		for _, id := range msgs {
			if err := q.Ack(ctx, Message{Stream: s, ID: id}); err != nil {
				return n, err
			}
			n++
		}
	}
	return n, nil
}

// Len is how many deliveries wait or are in work in a system's stream.
func (q *Queue) Len(ctx context.Context, system string) (int64, error) {
	n, err := q.rdb.XLen(ctx, q.key(system)).Result()
	if err != nil {
		return 0, fmt.Errorf("queue: length: %w", err)
	}
	return n, nil
}

// Epoch reports whether Redis still remembers this epoch, and sets it if not.
// When it was gone, everything dispatched was lost with it.
func (q *Queue) Epoch(ctx context.Context) (known bool, err error) {
	set, err := q.rdb.SetNX(ctx, q.prefix+"epoch", time.Now().UTC().Format(time.RFC3339Nano), 0).Result()
	if err != nil {
		return false, fmt.Errorf("queue: epoch: %w", err)
	}
	return !set, nil
}

// Wake tells every dispatcher that there is something to do. A lost call
// costs only the time until the next look.
func (q *Queue) Wake(ctx context.Context) error {
	if err := q.rdb.Publish(ctx, q.prefix+"wake", "").Err(); err != nil {
		return fmt.Errorf("queue: wake: %w", err)
	}
	return nil
}

// Wakes returns a channel that receives after calls to Wake, until ctx ends.
func (q *Queue) Wakes(ctx context.Context) <-chan struct{} {
	out := make(chan struct{}, 1)
	sub := q.rdb.Subscribe(ctx, q.prefix+"wake")
	go func() {
		defer sub.Close()
		in := sub.Channel()
		for {
			select {
			case <-ctx.Done():
				return
			case _, ok := <-in:
				if !ok {
					return
				}
				select {
				case out <- struct{}{}:
				default:
				}
			}
		}
	}()
	return out
}
