package embedded

import (
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/alicebob/miniredis/v2"
)

// tick is how often the imitation's clock is moved on. Its keys would
// otherwise never expire.
const tick = 100 * time.Millisecond

// miniServer is a Redis in this process.
type miniServer struct {
	server *miniredis.Miniredis
	quit   chan struct{}
	ended  chan struct{}
}

// startMini starts the imitation on 127.0.0.1:port, 0 for a free one.
func startMini(port int) (*Redis, error) {
	server := miniredis.NewMiniRedis()
	if err := server.StartAddr("127.0.0.1:" + strconv.Itoa(port)); err != nil {
		return nil, fmt.Errorf("start Redis in process: %w", err)
	}
	m := &miniServer{server: server, quit: make(chan struct{}), ended: make(chan struct{})}
	go m.run()
	return &Redis{
		url:      &url.URL{Scheme: "redis", Host: server.Addr(), Path: "/0"},
		volatile: true,
		mini:     m,
	}, nil
}

// run moves the clock on by the time that really passed.
func (m *miniServer) run() {
	defer close(m.ended)
	t := time.NewTicker(tick)
	defer t.Stop()
	last := time.Now()
	for {
		select {
		case <-m.quit:
			return
		case now := <-t.C:
			m.server.FastForward(now.Sub(last))
			last = now
		}
	}
}

// stop ends the clock, then the server.
func (m *miniServer) stop() {
	close(m.quit)
	<-m.ended
	m.server.Close()
}
