package embedded

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"
)

// RedisOptions says which Redis to use.
type RedisOptions struct {
	// URL of a Redis that runs already (REDIS_URL). With it nothing is
	// started and nothing is stopped.
	URL string
	// DataDir holds the append-only file and the log; made if missing.
	DataDir string
	// Throwaway is for tests: nothing is written, no password, and DataDir
	// is removed when the server stops or this program dies.
	Throwaway bool
	// Port on 127.0.0.1; 0 picks a free one.
	Port int
	// Log takes what happens; nil means slog.Default.
	Log *slog.Logger
}

// Redis is a running server.
type Redis struct {
	url      *url.URL
	volatile bool
	proc     *process // nil: not ours, or in process
	guard    *guard
	mini     *miniServer
	remove   string
	stop     sync.Once
	stopErr  error
}

// URL returns the server's URL, with its password.
func (r *Redis) URL() string { return r.url.String() }

// Volatile tells that what the server holds dies with this program, because
// no Redis was found and an imitation runs in process. That is safe, since
// PostgreSQL dispatches again what is lost, but worth saying aloud.
func (r *Redis) Volatile() bool { return r.volatile }

// StartRedis returns a server that accepts connections: the one at opt.URL,
// or a redis-server or valkey-server from PATH started on 127.0.0.1, or else
// one in process, which Volatile tells. ctx bounds the start, not the
// server's life.
func StartRedis(ctx context.Context, opt RedisOptions) (*Redis, error) {
	if opt.Log == nil {
		opt.Log = slog.Default()
	}
	if opt.URL != "" {
		return useRedis(ctx, opt.URL)
	}
	bin, ok := findRedis()
	if !ok {
		opt.Log.WarnContext(ctx, "no redis-server or valkey-server on PATH: using a volatile Redis in process")
		return startMini(opt.Port)
	}
	if opt.DataDir == "" {
		return nil, errors.New("embedded Redis: no data folder given")
	}
	for try := 1; ; try++ {
		r, err := startRedis(ctx, bin, opt)
		if err == nil || opt.Port != 0 || try == 3 || !errors.Is(err, errPortTaken) {
			return r, err
		}
	}
}

// findRedis looks for a server on PATH.
func findRedis() (string, bool) {
	for _, name := range []string{"redis-server", "valkey-server"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, true
		}
	}
	return "", false
}

// useRedis takes a server that somebody else runs.
func useRedis(ctx context.Context, raw string) (*Redis, error) {
	u, err := url.Parse(raw)
	if err != nil {
		// The error of url.Parse would quote the password.
		return nil, errors.New("REDIS_URL is not a URL: write it as redis://:password@host:6379/0")
	}
	r := &Redis{url: u}
	if err := r.ping(ctx); err != nil {
		return nil, fmt.Errorf("Redis at %s: %w", u.Host, err)
	}
	return r, nil
}

// ping asks the server for a sign of life.
func (r *Redis) ping(ctx context.Context) error {
	o, err := redis.ParseURL(r.URL())
	if err != nil {
		return errors.New("address is not a Redis URL")
	}
	o.MaxRetries = -1
	o.DialTimeout = 2 * time.Second
	c := redis.NewClient(o)
	defer func() { _ = c.Close() }()
	return c.Ping(ctx).Err()
}

// startRedis runs bin.
func startRedis(ctx context.Context, bin string, opt RedisOptions) (*Redis, error) {
	dir, err := filepath.Abs(opt.DataDir)
	if err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make data folder: %w", err)
	}
	port := opt.Port
	if port == 0 {
		if port, err = freePort(); err != nil {
			return nil, err
		}
	}
	logPath := filepath.Join(dir, "redis.log")
	logFile, err := os.OpenFile(logPath, os.O_CREATE|os.O_TRUNC|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open Redis's log: %w", err)
	}
	defer func() { _ = logFile.Close() }()

	r := &Redis{url: &url.URL{Scheme: "redis", Host: "127.0.0.1:" + strconv.Itoa(port), Path: "/0"}}
	secret := ""
	if opt.Throwaway {
		r.remove = dir
	} else {
		// Anybody on this machine can reach the port, and Redis can be told
		// to write files.
		secret = newSecret()
		r.url.User = url.UserPassword("", secret)
	}
	cmd := exec.Command(bin, "-")
	cmd.Dir = dir
	cmd.Stdin = strings.NewReader(redisConfig(port, secret, opt.Throwaway)) // not in the arguments: ps shows them
	cmd.Stdout, cmd.Stderr = logFile, logFile
	if r.proc, err = startProcess(cmd, syscall.SIGTERM); err != nil {
		return nil, err
	}
	if !kernelKills || r.remove != "" {
		if r.guard, err = newGuard(cmd.Process.Pid, "TERM", r.remove); err != nil {
			r.proc.kill()
			return nil, err
		}
	}
	err = r.proc.poll(ctx, 5*time.Millisecond, func(ctx context.Context) bool { return r.ping(ctx) == nil })
	if err != nil {
		r.proc.kill()
		r.guard.dismiss()
		why := tail(logPath)
		if strings.Contains(why, "Address already in use") {
			return nil, fmt.Errorf("%w: %s", errPortTaken, why)
		}
		return nil, fmt.Errorf("start Redis: %w: %s", err, why)
	}
	return r, nil
}

// redisConfig is the server's configuration: loopback only, an append-only
// file written at least once a second.
func redisConfig(port int, secret string, throwaway bool) string {
	lines := []string{
		"bind 127.0.0.1",
		"port " + strconv.Itoa(port),
		"dir ./",
		`save ""`,
		"daemonize no",
		"maxmemory-policy noeviction",
	}
	if secret != "" {
		lines = append(lines, "requirepass "+secret)
	}
	if throwaway {
		lines = append(lines, "appendonly no")
	} else {
		lines = append(lines, "appendonly yes", "appendfsync everysec")
	}
	return strings.Join(lines, "\n") + "\n"
}

// Kill is kill -9, for tests of what survives it.
func (r *Redis) Kill() {
	if r.proc != nil {
		r.proc.kill()
	}
}

// Stop ends a server of ours, in well under a second; after 5 seconds, or
// when ctx ends, it is killed. A server that somebody else runs is left alone.
func (r *Redis) Stop(ctx context.Context) error {
	r.stop.Do(func() {
		if r.mini != nil {
			r.mini.stop()
		}
		if r.proc == nil {
			return
		}
		ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		r.stopErr = r.proc.stop(ctx, syscall.SIGTERM)
		r.guard.release()
	})
	return r.stopErr
}
