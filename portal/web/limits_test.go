package web

import (
	"bytes"
	"context"
	"io"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
)

func TestLargeBodiesAreRefusedAndTheAnswerArrives(t *testing.T) {
	b := setup(t, nil)
	c := b.client()
	for _, size := range []int{maxCallBody, maxCallBody + 1, 10 << 20, 15 << 20} {
		got := b.do(c, "POST", "/api/v1/echo", bytes.NewReader(make([]byte, size)), "Authorization", "Bearer dpo-token", "Content-Type", "application/octet-stream")
		want := 200
		if size > maxCallBody {
			want = 413
		}
		if got.status != want || (want == 200 && len(got.body) != size) {
			t.Errorf("%d bytes: %d, want %d", size, got.status, want)
		}
	}
	// Chunked, so that no length warns.
	got := b.do(c, "POST", "/api/v1/echo", io.LimitReader(zeros{}, 10<<20), "Authorization", "Bearer dpo-token")
	if got.status != 413 {
		t.Errorf("chunked: %d", got.status)
	}
	if got := b.do(c, "POST", "/api/v1/echo", io.LimitReader(zeros{}, 10<<20)); got.status != 401 {
		t.Errorf("nobody: %d", got.status)
	}
	if got := b.do(c, "GET", "/api/v1/who", nil, "Authorization", "Bearer dpo-token"); got.status != 200 {
		t.Errorf("the next request on the same connections: %d", got.status)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestRateLimitsKeepNoAddress(t *testing.T) {
	b := setup(t, func(c *Config) {
		c.Limits = Limits{FilingsPerMinute: 3, CallsPerSecond: 1}
		c.Now = func() time.Time { return time.Unix(1795000000, 0) }
		c.Proxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	})
	c := b.client()
	from := func(hops string) answered { return b.do(c, "POST", "/api/v1/file", nil, "X-Forwarded-For", hops) }
	for range 3 {
		if got := from("203.0.113.7"); got.status != 200 {
			t.Fatalf("%d %s", got.status, got.body)
		}
	}
	got := from("198.51.100.1, 203.0.113.7")
	if p := b.problem(got); p.Status != 429 || got.header.Get("Retry-After") == "" {
		t.Errorf("a forged hop gets by: %+v", p)
	}
	if got := from("203.0.113.8"); got.status != 200 {
		t.Errorf("another address: %d", got.status)
	}
	for i := range 4 {
		got := from([]string{"2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8:0:0:1::4"}[i])
		if want := 200; (got.status == want) != (i < 3) {
			t.Errorf("address %d of one /64: %d", i, got.status)
		}
	}
	last := 0
	for range 11 {
		last = b.do(c, "GET", "/api/v1/who", nil, "Authorization", "Bearer dpo-token").status
	}
	if last != 429 {
		t.Errorf("11 calls in a window of 10: %d", last)
	}
	keys, err := b.cfg.Redis.Keys(context.Background(), b.prefix+"*").Result()
	if err != nil || len(keys) == 0 {
		t.Fatal(keys, err)
	}
	for _, k := range keys {
		if regexp.MustCompile(`203\.0|2001:|dpo-token|127\.`).MatchString(k) {
			t.Errorf("key %s holds an address or token", k)
		}
	}
}

// Nobody fills our disks by filing: large filings of one address count by the
// hour, and small ones go on.
func TestLargeFilingsAreFewer(t *testing.T) {
	now := time.Unix(1795000000, 0)
	b := setup(t, func(c *Config) {
		c.Limits = Limits{FilingsPerMinute: 20, CallsPerSecond: 1}
		c.Now = func() time.Time { return now }
	}, Route{Method: "POST", Path: "/api/v1/upload", Roles: everybody, Kind: Call, MaxBody: 1 << 20, Handler: func(c *fiber.Ctx) error { return c.SendStatus(204) }})
	c := b.client()
	file := func(size int, chunked bool) int {
		var body io.Reader = strings.NewReader(strings.Repeat("x", size))
		if chunked {
			body = io.MultiReader(body)
		}
		return b.do(c, "POST", "/api/v1/upload", body).status
	}
	for i := range uploadsPerHour {
		if got := file(upload+1, i%2 == 1); got != 204 {
			t.Fatalf("large filing %d: %d", i, got)
		}
		now = now.Add(4 * time.Second)
	}
	if got := file(upload+1, false); got != 429 {
		t.Errorf("one large filing too many: %d", got)
	}
	now = now.Add(time.Minute)
	if got := file(1000, false); got != 204 {
		t.Errorf("a small filing afterwards: %d", got)
	}
	now = now.Add(time.Hour)
	if got := file(upload+1, true); got != 204 {
		t.Errorf("a large filing an hour later: %d", got)
	}
}
