package session

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"habeas/requests/testkit"
)

func setup(t *testing.T) (*Store, context.Context) {
	t.Helper()
	client, prefix := testkit.Redis(t)
	return NewStore(client, prefix), context.Background()
}

func TestSessionLivesWhileUsed(t *testing.T) {
	s, ctx := setup(t)
	fresh := time.Now().Add(10 * time.Minute).Truncate(time.Second)
	token, err := s.Start(ctx, Customer, "case-1", fresh)
	if err != nil {
		t.Fatal(err)
	}
	got, ok, err := s.Get(ctx, Customer, token, true)
	if err != nil || !ok || got.ID != "case-1" || !got.Fresh.Equal(fresh) {
		t.Fatalf("got %+v %v %v", got, ok, err)
	}
	if _, ok, _ := s.Get(ctx, Staff, token, true); ok {
		t.Error("a customer's token opens a staff session")
	}
	key := s.key(Customer, token)
	if err := s.redis.Expire(ctx, key, time.Minute).Err(); err != nil {
		t.Fatal(err)
	}
	if _, ok, _ = s.Get(ctx, Customer, token, false); !ok {
		t.Fatal("session gone")
	}
	if left := s.redis.TTL(ctx, key).Val(); left > time.Minute {
		t.Errorf("a page's own request kept the session alive: %v left", left)
	}
	if _, ok, _ = s.Get(ctx, Customer, token, true); !ok {
		t.Fatal("session gone")
	}
	if left := s.redis.TTL(ctx, key).Val(); left < Idle-time.Minute {
		t.Errorf("use did not keep the session alive: %v left", left)
	}
	if err := s.End(ctx, Customer, token); err != nil {
		t.Fatal(err)
	}
	if _, ok, _ = s.Get(ctx, Customer, token, true); ok {
		t.Error("signed out and still in")
	}
}

func TestSessionEndsAfterItsLongest(t *testing.T) {
	s, ctx := setup(t)
	token, err := s.Start(ctx, Staff, "user-1", time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	s.now = func() time.Time { return time.Now().Add(Longest + time.Minute) }
	if _, ok, err := s.Get(ctx, Staff, token, true); ok || err != nil {
		t.Errorf("still in after %v: %v", Longest, err)
	}
	if n := s.redis.Exists(ctx, s.key(Staff, token)).Val(); n != 0 {
		t.Error("the ended session is still stored")
	}
}

func TestRedisHoldsIdsOnly(t *testing.T) {
	s, ctx := setup(t)
	token, err := s.Start(ctx, Staff, "user-1", time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	keys, err := s.redis.Keys(ctx, s.prefix+"*").Result()
	if err != nil || len(keys) != 1 {
		t.Fatalf("%v %v", keys, err)
	}
	if strings.Contains(keys[0], token) || strings.Contains(s.redis.Get(ctx, keys[0]).Val(), token) {
		t.Error("Redis holds the token itself")
	}
}

func TestForeignTokens(t *testing.T) {
	s, ctx := setup(t)
	for _, token := range []string{"", "x", strings.Repeat("a", 43), strings.Repeat("a", 5000)} {
		if _, ok, err := s.Get(ctx, Staff, token, true); ok || err != nil {
			t.Errorf("%.50q: %v %v", token, ok, err)
		}
	}
}

func TestCSRFBelongsToItsCookie(t *testing.T) {
	ring := testkit.Ring(t)
	d := Digest(ring.Lookup)
	a, b := NewToken(), NewToken()
	if a == b || len(a) != 43 {
		t.Fatal("tokens are not random")
	}
	if !d.Holds(d.CSRF(a), "", a) || !d.Holds(d.CSRF(a), b, a) {
		t.Error("the right token is refused")
	}
	for _, token := range []string{"", a, d.CSRF(b), d.CSRF(a) + "A", d.CSRF("")} {
		if d.Holds(token, a, "") {
			t.Errorf("%q is taken", token)
		}
	}
	if Digest(testkit.Ring(t).Lookup).CSRF(a) == d.CSRF(a) {
		t.Error("another key, the same token")
	}
}

func TestCookieFlags(t *testing.T) {
	for base, secure := range map[string]bool{
		"http://127.0.0.1:8080": false, "http://localhost:1": false, "http://[::1]:80": false,
		"https://privacy.acme.example": true, "http://privacy.acme.example": true, "http://127.0.0.1.acme.example": true, "": true,
	} {
		k := NewCookies(base)
		app := fiber.New()
		app.Get("/", func(c *fiber.Ctx) error { k.Set(c, Staff, "t"); return nil })
		res, err := app.Test(httptest.NewRequest("GET", "/", nil))
		if err != nil {
			t.Fatal(err)
		}
		cookie := res.Cookies()[0]
		if cookie.Secure != secure || !cookie.HttpOnly || cookie.Path != "/" || cookie.Domain != "" || !strings.Contains(res.Header.Get("Set-Cookie"), "SameSite=Lax") {
			t.Errorf("%q: %s", base, res.Header.Get("Set-Cookie"))
		}
		if strings.HasPrefix(cookie.Name, "__Host-") != secure {
			t.Errorf("%q: name %s", base, cookie.Name)
		}
	}
}
