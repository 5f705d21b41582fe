// Package embedded gives a laptop, a demo and the tests the two servers that
// Habeas needs, PostgreSQL and Redis: it finds what is installed, fetches a
// pinned PostgreSQL when none is, starts them on free loopback ports under an
// unprivileged user, and stops them. Nothing that it starts outlives the
// program, not even after kill -9.
//
// Production does not use it: there DATABASE_URL and REDIS_URL name servers
// that somebody runs.
package embedded

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
)

// errPortTaken says that a server died while binding its port: between the
// moment the port was free and the server's start somebody else took it.
var errPortTaken = errors.New("port taken by another program")

// freePort asks the kernel for a TCP port that is free on 127.0.0.1 now.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// newSecret returns 128 random bits in hex.
func newSecret() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails since Go 1.24
	return hex.EncodeToString(b[:])
}

// tail returns the last lines of a server's log, to say why it did not start.
func tail(path string) string {
	const most = 1 << 10
	f, err := os.Open(path)
	if err != nil {
		return "no log"
	}
	defer func() { _ = f.Close() }()
	if size, err := f.Seek(0, io.SeekEnd); err == nil && size > most {
		_, _ = f.Seek(-most, io.SeekEnd)
	} else {
		_, _ = f.Seek(0, io.SeekStart)
	}
	b, _ := io.ReadAll(f)
	return strings.TrimSpace(string(b))
}
