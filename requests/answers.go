package requests

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// How long stored answers and drafts live.
const (
	answerFor = 24 * time.Hour
	draftFor  = time.Hour
	// lostAfter is when a call that was claimed and never answered counts as
	// lost with its process: the same call may then be made again.
	lostAfter = 2 * time.Minute
)

// Answer is a stored answer to a call with an idempotency key.
type Answer struct {
	Status int    `json:"status"`
	Type   string `json:"type"`
	Body   []byte `json:"body"`
}

// Once claims an idempotency key for a call. It returns the first answer when
// the same call was answered before, nil when the caller has to answer now and
// Keep or Drop it; a conflict when the key was used for another call, or the
// first is still being answered. caller and key are stored as keyed digests.
func (s *Service) Once(ctx context.Context, caller, key string, call []byte) (*Answer, error) {
	k, body := s.onceKey(caller, key), s.ring.Lookup("idempotent-body", string(call))
	tag, err := s.db.Exec(ctx, `insert into idempotency (key, body, expires_at) values ($1, $2, clock_timestamp() + $3::interval)
		on conflict (key) do update set body = excluded.body, sealed = null, expires_at = excluded.expires_at
			where idempotency.expires_at < clock_timestamp()
				or idempotency.sealed is null and idempotency.body = excluded.body and idempotency.expires_at < excluded.expires_at - $4::interval`,
		k, body, answerFor, lostAfter)
	if err != nil {
		return nil, fmt.Errorf("claim idempotency key: %w", err)
	}
	if tag.RowsAffected() == 1 {
		return nil, nil
	}
	var have, sealed []byte
	err = s.db.QueryRow(ctx, `select i.body, i.sealed from idempotency i where i.key = $1`, k).Scan(&have, &sealed)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil, refuse(Conflict, "idempotency-busy", "A call with this key is being answered. Try again in a moment.")
	case err != nil:
		return nil, fmt.Errorf("read idempotency key: %w", err)
	case !bytes.Equal(have, body):
		return nil, refuse(Conflict, "idempotency-key-reused", "This Idempotency-Key was used for another call. Use a new one.")
	case sealed == nil:
		return nil, refuse(Conflict, "idempotency-busy", "A call with this key is being answered. Try again in a moment.")
	}
	var a Answer
	return &a, openJSON(s.ring.System(), "answer", sealed, &a)
}

// Keep stores the answer to a call that Once claimed.
func (s *Service) KeepAnswer(ctx context.Context, caller, key string, a Answer) error {
	raw, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("encode answer: %w", err)
	}
	_, err = s.db.Exec(ctx, `update idempotency set sealed = $2 where key = $1`, s.onceKey(caller, key), s.ring.System().Seal("answer", raw))
	if err != nil {
		return fmt.Errorf("keep answer: %w", err)
	}
	return nil
}

// DropAnswer frees a key whose call failed on our side, so that it can be
// tried again.
func (s *Service) DropAnswer(ctx context.Context, caller, key string) error {
	_, err := s.db.Exec(ctx, `delete from idempotency where key = $1`, s.onceKey(caller, key))
	if err != nil {
		return fmt.Errorf("drop answer: %w", err)
	}
	return nil
}

func (s *Service) onceKey(caller, key string) []byte {
	return s.ring.Lookup("idempotency", caller+"\x00"+key)
}

// SaveDraft keeps a half-filled form for an hour, sealed, under a random id
// that only its browser knows.
func (s *Service) SaveDraft(ctx context.Context, id string, draft any) error {
	raw, err := json.Marshal(draft)
	if err != nil {
		return fmt.Errorf("encode draft: %w", err)
	}
	_, err = s.db.Exec(ctx, `insert into drafts (hash, sealed, expires_at) values ($1, $2, clock_timestamp() + $3::interval)
		on conflict (hash) do update set sealed = excluded.sealed, expires_at = excluded.expires_at`, hashToken(id), s.ring.System().Seal("draft", raw), draftFor)
	if err != nil {
		return fmt.Errorf("save draft: %w", err)
	}
	return nil
}

// Draft reads a draft into form; false when there is none, or no longer.
func (s *Service) Draft(ctx context.Context, id string, form any) (bool, error) {
	var sealed []byte
	err := s.db.QueryRow(ctx, `select d.sealed from drafts d where d.hash = $1 and d.expires_at > clock_timestamp()`, hashToken(id)).Scan(&sealed)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read draft: %w", err)
	}
	return true, openJSON(s.ring.System(), "draft", sealed, form)
}

// DropDraft forgets a draft once it was filed.
func (s *Service) DropDraft(ctx context.Context, id string) error {
	if _, err := s.db.Exec(ctx, `delete from drafts where hash = $1`, hashToken(id)); err != nil {
		return fmt.Errorf("drop draft: %w", err)
	}
	return nil
}
