package embedded

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// cluster is a data folder of PostgreSQL and the programs for it.
type cluster struct {
	bin      string
	dir      string // holds pgdata, password, postgres.log
	data     string // dir/pgdata, owned by the runner
	runner   *account
	password string   // "" trusts every connection (throwaway)
	handle   *os.File // open on data if the runner cannot walk there
	remove   string   // folder to remove at the end
}

// openCluster makes the folder ready to start from: made by initdb, or copied
// from a template, or found.
func openCluster(ctx context.Context, bin string, runner *account, opt Options) (_ *cluster, err error) {
	dir, err := filepath.Abs(opt.DataDir)
	if err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	c := &cluster{bin: bin, dir: dir, data: filepath.Join(dir, "pgdata"), runner: runner}
	if opt.Throwaway {
		c.remove = dir
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make data folder: %w", err)
	}
	defer func() {
		if err != nil {
			_ = c.close()
		}
	}()
	if !opt.Throwaway {
		if c.password, err = password(dir); err != nil {
			return nil, err
		}
	}
	if err := os.Mkdir(c.data, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return nil, fmt.Errorf("make data folder: %w", err)
	}
	if err := runner.own(c.data); err != nil {
		return nil, err
	}
	if !runner.reaches(c.data) {
		if c.handle, err = os.Open(c.data); err != nil {
			return nil, fmt.Errorf("open data folder: %w", err)
		}
		if runtime.GOOS != "linux" {
			return nil, fmt.Errorf("user %s cannot reach %s: choose a data folder below folders that everybody may pass", runner.name, c.data)
		}
	}
	if _, err := os.Stat(filepath.Join(c.data, "PG_VERSION")); err == nil {
		return c, nil
	}
	if opt.Throwaway && opt.Template != "" {
		return c, c.fromTemplate(ctx, opt.Template)
	}
	return c, c.initdb(ctx)
}

// path is the cluster's folder as the server sees it. Where the runner may
// not walk down to it (below /root, or what mktemp -d made), it comes in
// through a file descriptor that it inherits.
func (c *cluster) path() string {
	if c.handle != nil {
		return "/proc/self/fd/3"
	}
	return c.data
}

// command prepares a program of PostgreSQL to run as the runner.
func (c *cluster) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(c.bin, name), args...)
	cmd.SysProcAttr = c.runner.attributes()
	cmd.Dir = "/" // the runner may not be allowed to stand where we do
	cmd.Env = []string{"LC_ALL=C", "TZ=UTC", "PATH=" + os.Getenv("PATH"), "TMPDIR=/tmp"}
	if c.handle != nil {
		cmd.ExtraFiles = []*os.File{c.handle}
	}
	return cmd
}

// initdb makes the cluster.
func (c *cluster) initdb(ctx context.Context) error {
	args := []string{"-D", c.path(), "-U", superuser, "-E", "UTF8", "--locale=C"}
	if c.password == "" {
		args = append(args, "--auth=trust", "--no-sync")
	} else {
		file, err := c.passwordFile()
		if err != nil {
			return err
		}
		defer func() { _ = os.Remove(file) }()
		args = append(args, "--auth=scram-sha-256", "--pwfile="+file)
	}
	cmd := c.command(ctx, "initdb", args...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, strings.TrimSpace(string(out)))
	}
	return nil
}

// passwordFile hands the password to initdb, in a file that only the runner
// reads and that lies where it can walk to.
func (c *cluster) passwordFile() (string, error) {
	dir := os.TempDir()
	if c.runner != nil {
		dir = "/tmp"
	}
	f, err := os.CreateTemp(dir, "habeas-")
	if err != nil {
		return "", fmt.Errorf("hand over the password: %w", err)
	}
	_, err = f.WriteString(c.password + "\n")
	err = errors.Join(err, f.Close(), c.runner.own(f.Name()))
	if err != nil {
		_ = os.Remove(f.Name())
		return "", fmt.Errorf("hand over the password: %w", err)
	}
	return f.Name(), nil
}

// start runs the server and returns when it accepts connections.
func (c *cluster) start(ctx context.Context, opt Options) (*Postgres, error) {
	if err := c.waitForPrevious(ctx); err != nil {
		return nil, err
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	logPath := filepath.Join(c.dir, "postgres.log")
	logFile, err := os.OpenFile(logPath, os.O_CREATE|os.O_TRUNC|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open PostgreSQL's log: %w", err)
	}
	defer func() { _ = logFile.Close() }()

	args := []string{"-D", c.path(), "-p", strconv.Itoa(port)}
	for name, value := range c.settings(opt) {
		args = append(args, "-c", name+"="+value)
	}
	// The server outlives ctx, which bounds only the start.
	cmd := c.command(context.WithoutCancel(ctx), "postgres", args...)
	cmd.Stdout, cmd.Stderr = logFile, logFile
	proc, err := startProcess(cmd, syscall.SIGINT)
	if err != nil {
		return nil, err
	}
	p := &Postgres{proc: proc, cluster: c, password: c.password, base: &url.URL{
		Scheme: "postgres", User: url.UserPassword(superuser, c.password),
		Host: "127.0.0.1:" + strconv.Itoa(port), RawQuery: "sslmode=disable",
	}}
	if !kernelKills || c.remove != "" {
		if p.guard, err = newGuard(cmd.Process.Pid, "INT", c.remove); err != nil {
			proc.kill()
			return nil, err
		}
	}
	err = proc.poll(ctx, 10*time.Millisecond, func(ctx context.Context) bool { return answers(ctx, p.URL("postgres")) })
	if err != nil {
		proc.kill()
		p.guard.dismiss()
		why := tail(logPath)
		if strings.Contains(why, "could not bind") {
			return nil, fmt.Errorf("%w: %s", errPortTaken, why)
		}
		return nil, fmt.Errorf("start PostgreSQL: %w: %s", err, why)
	}
	return p, nil
}

// settings are the server's settings for one program on one machine. The log
// names no values: a statement or a row in it could be personal data.
func (c *cluster) settings(opt Options) map[string]string {
	s := map[string]string{
		"listen_addresses":        "127.0.0.1",
		"unix_socket_directories": "",
		"log_error_verbosity":     "terse",
		"log_min_error_statement": "panic",
		"max_connections":         "200",
		"timezone":                "UTC",
		"wal_level":               "replica",
	}
	if opt.Throwaway {
		s["fsync"] = "off"
		s["synchronous_commit"] = "off"
		s["full_page_writes"] = "off"
		s["shared_buffers"] = "64MB"
		s["max_wal_size"] = "2GB"
		s["autovacuum_naptime"] = "1h"
	}
	for name, value := range opt.Settings {
		s[name] = value
	}
	return s
}

// waitForPrevious waits until the server of an earlier run, which may still
// be shutting down, has left the folder.
func (c *cluster) waitForPrevious(ctx context.Context) error {
	path := filepath.Join(c.data, "postmaster.pid")
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		pid, ok := postmaster(path)
		if !ok {
			return nil
		}
		if !isPostgres(pid) {
			// Left behind by a crash; the number may be another's by now,
			// which would keep PostgreSQL from starting.
			if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
				return fmt.Errorf("remove stale %s: %w", path, err)
			}
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("another habeas (PostgreSQL process %d) uses %s: stop it, or choose another data folder", pid, c.dir)
		case <-tick.C:
		}
	}
}

// postmaster reads the pid of the server that holds the folder.
func postmaster(path string) (int, bool) {
	b, err := os.ReadFile(path)
	if err != nil {
		return 0, false
	}
	first, _, _ := strings.Cut(string(b), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(first))
	return pid, err == nil && pid > 0
}

// isPostgres tells whether the process pid lives and is a PostgreSQL, as far
// as the system tells.
func isPostgres(pid int) bool {
	if err := syscall.Kill(pid, 0); errors.Is(err, syscall.ESRCH) {
		return false
	}
	comm, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/comm")
	if err != nil {
		return runtime.GOOS != "linux" // no /proc: believe the file
	}
	return strings.HasPrefix(string(comm), "postgres")
}

// answers tells whether the server takes a connection now.
func answers(ctx context.Context, target string) bool {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, target)
	if err != nil {
		return false
	}
	_ = conn.Close(ctx)
	return true
}

// close gives back what the cluster holds of this program.
func (c *cluster) close() error {
	if c.handle != nil {
		_ = c.handle.Close()
	}
	if c.remove != "" {
		if err := os.RemoveAll(c.remove); err != nil {
			return fmt.Errorf("remove throwaway data: %w", err)
		}
	}
	return nil
}
