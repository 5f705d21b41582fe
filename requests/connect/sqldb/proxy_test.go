package sqldb_test

import (
	"bytes"
	"net"
	"net/url"
	"sync"
	"testing"
)

// cut is where a proxy cuts a connection that commits.
type cut int

const (
	cutNever  cut = iota
	cutBefore     // the commit never reaches the server
	cutDuring     // it reaches the server, and nobody waits for the answer
	cutAfter      // the server has answered, and the answer is lost
)

// proxy stands between a connector and its database and can cut the
// connection at a commit.
type proxy struct {
	to string

	mu  sync.Mutex
	cut cut
	hit int // commits that were cut
}

// through starts a proxy for a database and returns the URL that goes through
// it.
func through(t testing.TB, raw string) (*proxy, string) {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{to: u.Host}
	u.Host = l.Addr().String()
	var open sync.WaitGroup
	t.Cleanup(func() {
		_ = l.Close()
		open.Wait()
	})
	open.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			open.Go(func() { p.serve(c) })
		}
	})
	return p, u.String()
}

// at sets where the next commits are cut.
func (p *proxy) at(c cut) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut, p.hit = c, 0
}

func (p *proxy) hits() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.hit
}

// on reports where to cut, if what a client sends is a commit.
func (p *proxy) on(sent []byte) cut {
	p.mu.Lock()
	defer p.mu.Unlock()
	// As PostgreSQL's clients end a text, and as MySQL's begin one.
	commits := bytes.HasSuffix(sent, []byte("commit\x00")) || bytes.HasSuffix(sent, []byte("\x03commit"))
	if p.cut == cutNever || !commits {
		return cutNever
	}
	p.hit++
	return p.cut
}

func (p *proxy) serve(client net.Conn) {
	defer func() { _ = client.Close() }()
	server, err := net.Dial("tcp", p.to)
	if err != nil {
		return
	}
	defer func() { _ = server.Close() }()
	lost := make(chan struct{}) // answers are no longer handed on
	answered := make(chan struct{}, 1)
	back := make(chan struct{})
	go func() {
		defer close(back)
		buf := make([]byte, 1<<16)
		for {
			n, err := server.Read(buf)
			if n > 0 {
				select {
				case <-lost:
					select {
					case answered <- struct{}{}:
					default:
					}
				default:
					if _, err := client.Write(buf[:n]); err != nil {
						_ = server.Close()
						return
					}
				}
			}
			if err != nil {
				_ = client.Close()
				return
			}
		}
	}()
	buf := make([]byte, 1<<16)
	for {
		n, err := client.Read(buf)
		if n > 0 {
			switch p.on(buf[:n]) {
			case cutBefore:
				return
			case cutDuring:
				close(lost)
				_, _ = server.Write(buf[:n])
				return
			case cutAfter:
				close(lost)
				_, _ = server.Write(buf[:n])
				select {
				case <-answered:
				case <-back:
				}
				return
			}
			if _, err := server.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}
