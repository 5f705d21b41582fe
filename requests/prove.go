package requests

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"habeas/requests/evidence"
)

// LogWait is how long a report or receipt waits for the log to take in a
// case's newest events.
const LogWait = 5 * time.Second

// snapshot waits until the case's events are in the log and takes them.
func (s *Service) snapshot(ctx context.Context, id uuid.UUID) (*evidence.Snapshot, error) {
	wait, cancel := context.WithTimeout(ctx, LogWait)
	defer cancel()
	if err := s.log.WaitFor(wait, id.String()); err != nil {
		if wait.Err() != nil && ctx.Err() == nil {
			return nil, refuse(Unavailable, "log-behind", "The newest events are not in the log yet. Try again in a few seconds.")
		}
		return nil, err
	}
	snap, err := s.log.Snapshot(ctx, id.String())
	if errors.Is(err, evidence.ErrNoEvents) {
		return nil, refuse(Unavailable, "log-behind", "The events are not in the log yet. Try again in a few seconds.")
	}
	return snap, err
}

// CustomerReceipt is what customers keep: their case's events, where these
// stand in the log, and the log's signed head.
type CustomerReceipt struct {
	Reference  string         `json:"reference"`
	Origin     string         `json:"log"`
	Key        string         `json:"key"`
	Checkpoint string         `json:"checkpoint"`
	Events     []ReceiptEvent `json:"events"`
	Witnessed  bool           `json:"witnessed"`
	Note       string         `json:"note"`
}

// ReceiptEvent is one event with its proof: path from the leaf upwards.
type ReceiptEvent struct {
	Index int64    `json:"index"`
	Line  string   `json:"line"`
	Path  [][]byte `json:"path"`
}

// Receipt returns the customer's receipt.
func (s *Service) CustomerReceipt(ctx context.Context, by Actor, id uuid.UUID) (*CustomerReceipt, error) {
	c, err := s.Get(ctx, by, id)
	if err != nil {
		return nil, err
	}
	snap, err := s.snapshot(ctx, id)
	if err != nil {
		return nil, err
	}
	defer snap.Close()
	r := &CustomerReceipt{
		Reference: c.Reference, Origin: s.log.Origin(), Key: snap.VKey, Checkpoint: string(snap.Checkpoint.Note),
		Note: "Unwitnessed: the operator could have rewritten this log.",
	}
	quiet, err := s.Quiet(ctx, c)
	if err != nil {
		return nil, err
	}
	for i, line := range snap.Lines {
		if ofHold(line) || line.Kind == "identity.compared" { // which facts agreed is the desk's
			continue
		}
		if quiet && line.Kind == "identity.failed" {
			continue // it may say what a search found
		}
		if (quiet || !NeedsProof(c.Rights)) && !slices.Contains(unverifiedMaySee, line.Kind) {
			continue
		}
		e := ReceiptEvent{Index: line.Index, Line: string(line.Raw)}
		for _, h := range snap.Proofs[i].Path {
			e.Path = append(e.Path, h[:])
		}
		r.Events = append(r.Events, e)
	}
	return r, nil
}

// unverifiedMaySee are the events that say nothing about what was found: where
// no identity was proved, or it is open who is asking, a receipt must not tell whether a person is known.
var unverifiedMaySee = []string{
	"request.filed", "request.withdrawn", "request.closed", "consent.changed", "letter.sent", "status.changed",
	"identity.verified", "identity.failed", "clock.paused", "clock.resumed", "clock.extended",
}

// ofHold are the events by which a case notes a hold: why something is kept for
// now is the desk's, and whoever asks may be the one who is feared. That it is
// kept, and the article, stands in the answer.
func ofHold(line evidence.Line) bool {
	return line.Kind == "hold.found" || line.Kind == "hold.lifted" || line.Kind == "drift.found" && bytes.Contains(line.Raw, []byte(`"code":"hold-set"`))
}

// SubjectOf returns what the filer said of themselves, to that filer.
func (s *Service) SubjectOf(_ context.Context, by Actor, c *Case) (Subject, error) {
	if by.Role != Customer || by.ID != c.ID.String() {
		return Subject{}, errNotFound()
	}
	return s.subject(c)
}

// RotateKeys adds a key-encryption key and wraps every case key under it.
func (s *Service) RotateKeys(ctx context.Context, by Actor) (int, error) {
	if err := s.ring.Rotate(); err != nil {
		return 0, err
	}
	n := 0
	for last := uuid.Nil; ; {
		rows, err := s.db.Query(ctx, `select c.id, c.key_wrapped from cases c where c.id > $1 and c.key_wrapped is not null order by c.id limit 500`, last)
		if err != nil {
			return n, fmt.Errorf("read case keys: %w", err)
		}
		type wrapped struct {
			ID  uuid.UUID
			Key []byte
		}
		batch, err := pgx.CollectRows(rows, pgx.RowToStructByPos[wrapped])
		if err != nil {
			return n, fmt.Errorf("read case keys: %w", err)
		}
		if len(batch) == 0 {
			break
		}
		for _, w := range batch {
			last = w.ID
			out, changed, err := s.ring.Rewrap(w.Key)
			if err != nil {
				return n, fmt.Errorf("wrap case key: %w", err)
			}
			if !changed {
				continue
			}
			if _, err := s.db.Exec(ctx, `update cases set key_wrapped = $3 where id = $1 and key_wrapped = $2`, w.ID, w.Key, out); err != nil {
				return n, fmt.Errorf("write case key: %w", err)
			}
			n++
		}
	}
	return n, pgx.BeginFunc(ctx, s.db, func(tx pgx.Tx) error {
		return evidence.AppendSystem(ctx, tx, evidence.Event{Actor: by.String(), Data: evidence.KeyRotated{Key: "seal", Version: evidence.Count(s.ring.KEK())}})
	})
}
