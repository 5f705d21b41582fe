// Package session keeps who is signed in: staff, or a customer with one case.
// Redis holds a digest of the session's id, the user's or case's id and times,
// nothing else. Losing Redis signs everybody out and loses nothing more.
package session

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// Idle is how long a session lives without a request; Longest is its end in
// any case.
const (
	Idle    = 15 * time.Minute
	Longest = 12 * time.Hour
)

// Kind says who is signed in. One browser may hold one session of each kind.
type Kind string

// Staff sessions hold a user's id, customer sessions a case's.
const (
	Staff    Kind = "staff"
	Customer Kind = "customer"
)

// Session is one signed-in person.
type Session struct {
	Kind    Kind
	ID      string    // user id or case id
	Started time.Time // when signed in
	Fresh   time.Time // customer: a code given lately counts as fresh until then
	Grant   string    // customer: what the access hangs on, requests.Actor.Grant
}

// Store keeps sessions in Redis. It is safe for concurrent use.
type Store struct {
	redis  *redis.Client
	prefix string
	now    func() time.Time
}

// NewStore returns a store whose keys begin with prefix.
func NewStore(client *redis.Client, prefix string) *Store {
	return &Store{redis: client, prefix: prefix, now: time.Now}
}

type stored struct {
	ID      string `json:"id"`
	Started int64  `json:"started"` // Unix seconds
	Fresh   int64  `json:"fresh,omitempty"`
	Grant   string `json:"grant,omitempty"`
}

// Start signs a person in and returns the session's token, 256 random bits
// that only the browser keeps. Every sign-in gets a new one.
func (s *Store) Start(ctx context.Context, kind Kind, id string, fresh time.Time) (string, error) {
	return s.StartGranted(ctx, kind, id, "", fresh)
}

// StartGranted is Start for a session that ends with what it was granted by.
func (s *Store) StartGranted(ctx context.Context, kind Kind, id, grant string, fresh time.Time) (string, error) {
	token := NewToken()
	v := stored{ID: id, Started: s.now().Unix(), Grant: grant}
	if !fresh.IsZero() {
		v.Fresh = fresh.Unix()
	}
	return token, s.put(ctx, kind, token, v)
}

// NewToken returns 256 random bits for a cookie.
func NewToken() string {
	raw := make([]byte, 32)
	rand.Read(raw)
	return base64.RawURLEncoding.EncodeToString(raw)
}

func (s *Store) put(ctx context.Context, kind Kind, token string, v stored) error {
	raw, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode session: %w", err)
	}
	if err := s.redis.Set(ctx, s.key(kind, token), raw, Idle).Err(); err != nil {
		return fmt.Errorf("store session: %w", err)
	}
	return nil
}

// Get returns the session of a token; false when there is none, or no longer.
// keep starts its idle time anew: true for what a person does, false for what
// a page does by itself.
func (s *Store) Get(ctx context.Context, kind Kind, token string, keep bool) (Session, bool, error) {
	if len(token) != 43 {
		return Session{}, false, nil
	}
	key := s.key(kind, token)
	read := s.redis.Get(ctx, key)
	if keep {
		read = s.redis.GetEx(ctx, key, Idle)
	}
	raw, err := read.Bytes()
	if errors.Is(err, redis.Nil) {
		return Session{}, false, nil
	}
	if err != nil {
		return Session{}, false, fmt.Errorf("read session: %w", err)
	}
	var v stored
	if err := json.Unmarshal(raw, &v); err != nil {
		return Session{}, false, fmt.Errorf("decode session: %w", err)
	}
	out := Session{Kind: kind, ID: v.ID, Started: time.Unix(v.Started, 0), Grant: v.Grant}
	if v.Fresh != 0 {
		out.Fresh = time.Unix(v.Fresh, 0)
	}
	if s.now().Sub(out.Started) > Longest {
		return Session{}, false, s.End(ctx, kind, token)
	}
	return out, true, nil
}

// End signs out.
func (s *Store) End(ctx context.Context, kind Kind, token string) error {
	if err := s.redis.Del(ctx, s.key(kind, token)).Err(); err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	return nil
}

// key holds a digest of the token: who reads Redis cannot sign in with it.
func (s *Store) key(kind Kind, token string) string {
	sum := sha256.Sum256([]byte(token))
	return s.prefix + "session:" + string(kind) + ":" + hex.EncodeToString(sum[:])
}
