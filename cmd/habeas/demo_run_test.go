package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// binary is the program under test, built once.
var binary string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "habeas-cmd-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	binary = filepath.Join(dir, "habeas")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build: %v\n%s", err, out)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// command runs the program to its end.
func command(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}

// running is a demo that runs.
type running struct {
	*testing.T
	ready
	cmd     *exec.Cmd
	data    string
	out     *output
	ended   chan error
	started map[int]string // all processes, by id: when each began
}

// output is what a program prints, read while it runs.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// startDemo starts a demo on a folder and waits for its ready file.
func startDemo(t *testing.T, data, listen string, more ...string) *running {
	t.Helper()
	d := &running{T: t, data: data, out: &output{}, ended: make(chan error, 1)}
	file := filepath.Join(t.TempDir(), "ready.json")
	d.cmd = exec.Command(binary, "demo", "--listen", listen, "--data", data, "--ready-file", file)
	d.cmd.Args = append(d.cmd.Args, more...)
	d.cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "DATABASE_URL=") || strings.HasPrefix(v, "REDIS_URL=")
	})
	d.cmd.Stdout, d.cmd.Stderr = d.out, d.out
	if err := d.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { d.ended <- d.cmd.Wait() }()
	t.Cleanup(func() { _ = d.cmd.Process.Kill() })
	d.until("the demo is ready", 90*time.Second, func() bool {
		select {
		case err := <-d.ended:
			t.Fatalf("the demo ended: %v\n%s", err, d.out)
		default:
		}
		raw, err := os.ReadFile(file)
		if err == nil {
			err = json.Unmarshal(raw, &d.ready) // written atomically: whole or not there
			if err != nil {
				t.Fatalf("ready file: %v", err)
			}
		}
		return err == nil
	})
	d.started = family(d.cmd.Process.Pid)
	return d
}

// until asks again and again.
func (d *running) until(what string, most time.Duration, fn func() bool) {
	d.Helper()
	end := time.After(most)
	tick := time.NewTicker(25 * time.Millisecond)
	defer tick.Stop()
	for !fn() {
		select {
		case <-end:
			d.Fatalf("waited %v until %s", most, what)
		case <-tick.C:
		}
	}
}

// stop ends the demo as a service manager does: 0 within ten seconds, and
// nothing that it started runs on. A browser holds a connection open meanwhile
// on which it asked nothing.
func (d *running) stop() {
	d.Helper()
	ahead, err := net.Dial("tcp", strings.TrimPrefix(d.URL, "http://"))
	if err != nil {
		d.Fatal(err)
	}
	defer ahead.Close()
	began := time.Now()
	if err := d.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		d.Fatal(err)
	}
	select {
	case err := <-d.ended:
		if err != nil {
			d.Errorf("SIGTERM: %v\n%s", err, d.out)
		}
	case <-time.After(15 * time.Second):
		d.Fatal("still running 15 s after SIGTERM")
	}
	if took := time.Since(began); took > 10*time.Second {
		d.Errorf("took %v to stop", took)
	}
	if left := d.left(); len(left) > 0 {
		d.Errorf("left running after SIGTERM: %v", left)
	}
}

// kill ends the demo so that it can do nothing more; what it started notices.
func (d *running) kill() {
	d.Helper()
	if err := d.cmd.Process.Kill(); err != nil {
		d.Fatal(err)
	}
	<-d.ended
	d.until("nothing is left running after kill -9", 20*time.Second, func() bool { return len(d.left()) == 0 })
}

func (d *running) left() []string {
	var left []string
	for pid, began := range d.started {
		if at, _, state := stat(pid); at == began && state != "Z" {
			name, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
			left = append(left, strings.ReplaceAll(string(name), "\x00", " "))
		}
	}
	return left
}

// family are a process and all that it started.
func family(root int) map[int]string {
	children := map[int][]int{}
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err == nil {
			_, parent, _ := stat(pid)
			children[parent] = append(children[parent], pid)
		}
	}
	out := map[int]string{}
	for todo := []int{root}; len(todo) > 0; todo = todo[1:] {
		out[todo[0]], _, _ = stat(todo[0])
		todo = append(todo, children[todo[0]]...)
	}
	return out
}

// stat reads when a process began, its parent and its state.
func stat(pid int) (began string, parent int, state string) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", 0, ""
	}
	fields := strings.Fields(string(raw[bytes.LastIndexByte(raw, ')')+1:]))
	parent, _ = strconv.Atoi(fields[1])
	return fields[19], parent, fields[0]
}

// call makes an API call, with v as JSON unless it is nil.
func (d *running) call(method, path, token string, v any) (int, []byte) {
	d.Helper()
	var body io.Reader
	if v != nil {
		raw, err := json.Marshal(v)
		if err != nil {
			d.Fatal(err)
		}
		body = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(d.Context(), method, d.URL+path, body)
	if err != nil {
		d.Fatal(err)
	}
	if v != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		d.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		d.Fatal(err)
	}
	return res.StatusCode, raw
}

// want makes a call that has to end with a status, and reads its answer.
func (d *running) want(status int, method, path, token string, v, into any) {
	d.Helper()
	got, raw := d.call(method, path, token, v)
	if got != status {
		d.Fatalf("%s %s: %d, want %d: %s", method, path, got, status, raw)
	}
	if into != nil {
		if err := json.Unmarshal(raw, into); err != nil {
			d.Fatalf("%s %s: %v: %s", method, path, err, raw)
		}
	}
}

func (d *running) token(role string, n int) string {
	d.Helper()
	for _, s := range d.Staff {
		if s.Role == role {
			if n == 0 {
				return s.Token
			}
			n--
		}
	}
	d.Fatalf("nobody of role %s", role)
	return ""
}
