package evidence

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// receiptPart is how much is kept in memory before it is stored, in bytes.
const receiptPart = 1 << 20

// Receipt says what became of one record.
type Receipt struct {
	Type    string
	Key     string // keyed digest, 64 hex digits (seal.Key.Digest)
	Right   string
	Outcome string // a plan's outcome, or the reason why there is none
	At      time.Time
}

// ReceiptsOf names the receipts of one attempt at one task: Kind is the kind of
// the event that will vouch for them ("record.erased").
type ReceiptsOf struct {
	Case    string
	Task    string
	System  string
	Kind    string
	Attempt int64
}

// execer is a pool or a transaction.
type execer interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
}

// Receipts streams receipts to the database in parts, in constant memory.
type Receipts struct {
	db    execer
	of    ReceiptsOf
	buf   bytes.Buffer
	sum   hash.Hash
	count int64
	part  int
}

// OpenReceipts begins the receipts of an attempt and discards those of earlier
// ones, which did not finish. Parts may be stored outside of the transaction
// that ends the task: only what its event names counts.
func OpenReceipts(ctx context.Context, db execer, of ReceiptsOf) (*Receipts, error) {
	t, known := kindTypes[of.Kind]
	if known {
		_, known = zero(t).(chunked)
	}
	if !known {
		return nil, fmt.Errorf("evidence: events of kind %q have no receipts", of.Kind)
	}
	if !word(of.Task, "-_:.") || !word(of.System, "-_.:/+") || !validCase(of.Case) || of.Attempt < 0 {
		return nil, fault("receipts")
	}
	if _, err := db.Exec(ctx, `
		delete from receipts where task_id = $1 and kind = $2 and attempt <= $3`,
		of.Task, of.Kind, of.Attempt); err != nil {
		return nil, fmt.Errorf("evidence: receipts: %w", err)
	}
	return &Receipts{db: db, of: of, sum: sha256.New()}, nil
}

// Add appends one line.
func (r *Receipts) Add(ctx context.Context, rec Receipt) error {
	if !hex(rec.Key, 64) || !word(rec.Type, "-_.:/+") || !word(rec.Right, "-_.:/+") || !word(rec.Outcome, "-_.:/+") {
		return fault("receipt")
	}
	start := r.buf.Len()
	r.buf.Write(receiptLine{
		At: At(rec.At), Key: Digest(rec.Key), Outcome: Code(rec.Outcome), Right: Code(rec.Right),
		System: Code(r.of.System), Task: ID(r.of.Task), Type: Code(rec.Type),
	}.append(r.buf.AvailableBuffer()))
	r.buf.WriteByte('\n')
	r.sum.Write(r.buf.Bytes()[start:])
	r.count++
	if r.buf.Len() < receiptPart {
		return nil
	}
	return r.flush(ctx)
}

func (r *Receipts) flush(ctx context.Context) error {
	if _, err := r.db.Exec(ctx, `
		insert into receipts (case_id, task_id, kind, attempt, part, body) values ($1, $2, $3, $4, $5, $6)`,
		r.of.Case, r.of.Task, r.of.Kind, r.of.Attempt, r.part, r.buf.Bytes()); err != nil {
		return fmt.Errorf("evidence: receipts: %w", err)
	}
	r.buf.Reset()
	r.part++
	return nil
}

// Close stores the rest and returns what the event has to say.
func (r *Receipts) Close(ctx context.Context) (Chunk, error) {
	if r.buf.Len() > 0 {
		if err := r.flush(ctx); err != nil {
			return Chunk{}, err
		}
	}
	return Chunk{
		Attempt: Count(r.of.Attempt), Count: Count(r.count), SHA256: Digest(fmt.Sprintf("%x", r.sum.Sum(nil))),
		System: Code(r.of.System), Task: ID(r.of.Task),
	}, nil
}

// receiptLine is a line of receipts.jsonl.
type receiptLine struct {
	At      Time   `json:"at"`
	Key     Digest `json:"key"`
	Outcome Code   `json:"outcome"`
	Right   Code   `json:"right"`
	System  Code   `json:"system"`
	Task    ID     `json:"task"`
	Type    Code   `json:"type"`
}

// append writes the line as RFC 8785 JSON: no value needs an escape.
func (l receiptLine) append(b []byte) []byte {
	b = append(b, `{"at":"`...)
	b = l.At.UTC().AppendFormat(b, TimeFormat)
	for _, m := range [...][2]string{
		{`","key":"`, string(l.Key)},
		{`","outcome":"`, string(l.Outcome)},
		{`","right":"`, string(l.Right)},
		{`","system":"`, string(l.System)},
		{`","task":"`, string(l.Task)},
		{`","type":"`, string(l.Type)},
	} {
		b = append(append(b, m[0]...), m[1]...)
	}
	return append(b, `"}`...)
}

// parseReceipt reads a line of receipts.jsonl and wants it exactly as it is
// written.
func parseReceipt(raw []byte) (receiptLine, error) {
	var l receiptLine
	if err := json.Unmarshal(raw, &l); err != nil {
		return l, errors.New("not a receipt")
	}
	if !bytes.Equal(l.append(nil), raw) {
		return l, errors.New("not a receipt in its canonical form")
	}
	return l, nil
}
