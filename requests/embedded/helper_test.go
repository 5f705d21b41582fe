package embedded_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"habeas/requests/embedded"
)

// helperDir in the environment turns this test binary into a program that
// runs both servers on that folder until SIGTERM, to be killed by tests.
const helperDir = "HABEAS_EMBEDDED_HELPER"

func TestMain(m *testing.M) {
	if dir := os.Getenv(helperDir); dir != "" {
		if err := runHelper(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// servers is what the helper tells on its standard output when it is ready.
type servers struct {
	Postgres, Redis string
}

func runHelper(dir string) error {
	term := make(chan os.Signal, 1)
	signal.Notify(term, syscall.SIGTERM)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	pg, err := embedded.StartPostgres(ctx, embedded.Options{DataDir: filepath.Join(dir, "postgres")})
	if err != nil {
		return err
	}
	redis, err := embedded.StartRedis(ctx, embedded.RedisOptions{DataDir: filepath.Join(dir, "redis")})
	if err != nil {
		return err
	}
	if err := json.NewEncoder(os.Stdout).Encode(servers{pg.URL("postgres"), redis.URL()}); err != nil {
		return err
	}
	<-term
	if err := redis.Stop(ctx); err != nil {
		return err
	}
	return pg.Stop(ctx)
}

// helper is a running helper.
type helper struct {
	servers
	cmd *exec.Cmd
}

// startHelper runs the helper on dir, as the user with this name if one is
// given, and waits until both servers are ready.
func startHelper(t *testing.T, dir, as string) helper {
	t.Helper()
	cmd := exec.Command(program(t))
	cmd.Env = append(os.Environ(), helperDir+"="+dir)
	cmd.Stderr = t.Output()
	cmd.SysProcAttr = &syscall.SysProcAttr{}
	if as != "" {
		uid, gid := ids(t, as)
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uid, Gid: gid}
		cmd.Dir = "/"
		cmd.Env = append(cmd.Env, "HOME=/nonexistent")
	}
	// The servers must not keep this pipe open, or whoever waits for our
	// output would wait for them.
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	h := helper{cmd: cmd}
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil && err != io.EOF {
		t.Fatal(err)
	}
	if err := json.Unmarshal(line, &h.servers); err != nil {
		t.Fatalf("the helper did not start: %v", err)
	}
	return h
}

// end waits for the helper and returns its exit code, -1 for a signal.
func (h helper) end() int {
	_ = h.cmd.Wait()
	return h.cmd.ProcessState.ExitCode()
}

// program copies this test binary to where every user may run it.
func program(t *testing.T) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(openDir(t), "helper")
	if err := os.WriteFile(path, b, 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// openDir makes a folder that every user may pass through. t.TempDir makes
// one that only we may.
func openDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "habeas-embedded-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// ids looks a user up.
func ids(t *testing.T, name string) (uid, gid uint32) {
	t.Helper()
	u, err := user.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.ParseInt(u.Uid, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	m, err := strconv.ParseInt(u.Gid, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return uint32(n), uint32(m)
}

// processes lists the live processes whose command line, environment or
// working folder names dir: the servers on it, with all their workers.
func processes(t *testing.T, dir string) []string {
	t.Helper()
	out, err := exec.Command("ps", "-eww", "-o", "pid=,stat=,args=").Output()
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		if len(fields) < 3 || strings.HasPrefix(fields[1], "Z") {
			continue
		}
		cwd, _ := os.Readlink("/proc/" + fields[0] + "/cwd") // "" where there is no /proc
		if (strings.Contains(line, dir) || strings.HasPrefix(cwd, dir)) && !strings.Contains(line, "ps -eww") {
			found = append(found, strings.TrimSpace(line))
		}
	}
	return found
}

// waitGone waits until no process is on dir.
func waitGone(t *testing.T, dir string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		left := processes(t, dir)
		if len(left) == 0 {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("still running:\n%s", strings.Join(left, "\n"))
		case <-tick.C:
		}
	}
}
