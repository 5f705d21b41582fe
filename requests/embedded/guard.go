package embedded

import (
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"syscall"
)

// guardScript waits until its standard input ends, which happens however this
// program ends, then ends the server $1 with signal $2, unless told that it is
// gone, and removes folder $3 if one is named.
const guardScript = `read word
if [ "$word" != gone ]; then
	kill -s "$2" "$1" 2>/dev/null
	i=0
	while [ $i -lt 100 ]; do
		case "$(ps -o stat= -p "$1" 2>/dev/null)" in ''|Z*) break ;; esac
		sleep 0.1
		i=$((i+1))
	done
fi
if [ -n "$3" ]; then rm -rf -- "$3"; fi`

// guard is a shell that cleans up after us when we could not.
type guard struct {
	cmd  *exec.Cmd
	wake io.WriteCloser
}

// newGuard starts a guard for the server pid: it sends sig (INT, TERM) to it
// and removes the folder remove, if it is not empty, once we are gone.
func newGuard(pid int, sig, remove string) (*guard, error) {
	cmd := exec.Command("/bin/sh", "-c", guardScript, "habeas-guard", strconv.Itoa(pid), sig, remove)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("guard: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("guard: %w", err)
	}
	return &guard{cmd: cmd, wake: in}, nil
}

// release tells the guard that the server is gone, lets it remove its folder,
// and waits for it.
func (g *guard) release() {
	if g == nil {
		return
	}
	_, _ = io.WriteString(g.wake, "gone\n")
	_ = g.wake.Close()
	_ = g.cmd.Wait()
}

// dismiss ends the guard without its doing anything.
func (g *guard) dismiss() {
	if g == nil {
		return
	}
	_ = g.cmd.Process.Kill()
	_ = g.cmd.Wait()
	_ = g.wake.Close()
}
