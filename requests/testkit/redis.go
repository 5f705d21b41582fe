package testkit

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"habeas/requests/embedded"
)

// errNoRedis says what to install. Tests want the real one.
var errNoRedis = errors.New("no redis-server on PATH: run `apt-get install -y redis-server`")

// sharedRedis is the binary's Redis.
var sharedRedis = sync.OnceValues(func() (*embedded.Redis, error) {
	dir, err := os.MkdirTemp("", "habeas-test-redis-")
	if err != nil {
		return nil, err
	}
	return startRedis(embedded.RedisOptions{DataDir: dir, Throwaway: true})
})

// startRedis refuses the imitation.
func startRedis(opt embedded.RedisOptions) (*embedded.Redis, error) {
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	r, err := embedded.StartRedis(ctx, opt)
	if err != nil {
		return nil, err
	}
	if r.Volatile() {
		return nil, errors.Join(errNoRedis, r.Stop(ctx))
	}
	return r, nil
}

// Redis returns a client of the binary's Redis and a key prefix, ending in a
// colon, that no other test has. Keys under it are deleted when t ends.
func Redis(t testing.TB) (client *redis.Client, prefix string) {
	t.Helper()
	r, err := sharedRedis()
	if err != nil {
		t.Fatalf("testkit: Redis: %v", err)
	}
	client = dial(t, r.URL())
	prefix = fmt.Sprintf("t%d:", serial.Add(1))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		keys := client.Scan(ctx, 0, prefix+"*", 1000).Iterator()
		for keys.Next(ctx) {
			client.Unlink(ctx, keys.Val())
		}
		if err := errors.Join(keys.Err(), client.Close()); err != nil {
			t.Errorf("testkit: clean up Redis: %v", err)
		}
	})
	return client, prefix
}

// RedisURL returns the URL of the binary's Redis, for programs that are
// configured by one. Its keys are shared with the other tests.
func RedisURL(t testing.TB) string {
	t.Helper()
	r, err := sharedRedis()
	if err != nil {
		t.Fatalf("testkit: Redis: %v", err)
	}
	return r.URL()
}

// dial opens a client.
func dial(t testing.TB, url string) *redis.Client {
	t.Helper()
	o, err := redis.ParseURL(url)
	if err != nil {
		t.Fatalf("testkit: %v", err)
	}
	return redis.NewClient(o)
}

// RedisServer is a test's own Redis, to be flushed, killed and started again.
type RedisServer struct {
	t    testing.TB
	dir  string
	port int
	mu   sync.Mutex
	now  *embedded.Redis // nil: killed
	url  string
}

// OwnRedis starts a Redis for t alone. It keeps nothing over a Kill.
func OwnRedis(t testing.TB) *RedisServer {
	t.Helper()
	s := &RedisServer{t: t, dir: t.TempDir()}
	s.Start()
	t.Cleanup(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.now == nil {
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := s.now.Stop(ctx); err != nil {
			t.Errorf("testkit: stop Redis: %v", err)
		}
	})
	return s
}

// URL returns the server's URL: the same after every Start.
func (s *RedisServer) URL() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.url
}

// Client returns a client of the server, closed when the test ends.
func (s *RedisServer) Client() *redis.Client {
	s.t.Helper()
	c := dial(s.t, s.URL())
	s.t.Cleanup(func() { _ = c.Close() })
	return c
}

// Kill ends the server with SIGKILL and waits until it is gone.
func (s *RedisServer) Kill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.now == nil {
		return
	}
	s.now.Kill()
	_ = s.now.Stop(context.Background()) // it is dead: gives back its folder
	s.now = nil
}

// Start starts the server, again on the same port and empty, and returns when
// it answers. It does nothing if the server runs.
func (s *RedisServer) Start() {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.now != nil {
		return
	}
	dir := filepath.Join(s.dir, strconv.FormatInt(serial.Add(1), 10))
	r, err := startRedis(embedded.RedisOptions{DataDir: dir, Throwaway: true, Port: s.port})
	if err != nil {
		s.t.Fatalf("testkit: Redis: %v", err)
	}
	u, err := url.Parse(r.URL())
	if err != nil {
		s.t.Fatalf("testkit: %v", err)
	}
	if s.port, err = strconv.Atoi(u.Port()); err != nil {
		s.t.Fatalf("testkit: %v", err)
	}
	s.now, s.url = r, r.URL()
}
