package evidence

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/jackc/pgx/v5"
)

// ErrNoEvents: the log holds nothing of this case yet.
var ErrNoEvents = errors.New("evidence: no events of this case in the log")

// Snapshot is one case as one state of the log shows it. It holds a database
// connection until Close, so write reports to a file before sending them to
// somebody slow.
type Snapshot struct {
	Case       string
	Lines      []Line  // events in the log, by seq
	Proofs     []Proof // of Lines, in the same order, for Checkpoint
	Checkpoint Checkpoint
	VKey       string

	receipts func(io.Writer) error
	sign     func(digest string) ([]byte, error)
	close    func()
}

// Snapshot reads a case's events with their proofs. Events that wait for the
// integrator are not in it: call WaitFor before.
func (l *Log) Snapshot(ctx context.Context, caseID string) (*Snapshot, error) {
	if !validCase(caseID) {
		return nil, fault("case")
	}
	tx, err := l.pool.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return nil, fmt.Errorf("evidence: snapshot: %w", err)
	}
	s := &Snapshot{
		Case: caseID,
		sign: func(digest string) ([]byte, error) { return l.signManifest(ctx, caseID, digest) },
		// A read-only transaction has nothing to lose.
		close: func() { _ = tx.Rollback(context.WithoutCancel(ctx)) },
	}
	if err := s.read(ctx, l, tx); err != nil {
		s.Close()
		return nil, err
	}
	s.receipts = func(w io.Writer) error { return s.readReceipts(ctx, tx, w) }
	return s, nil
}

func (s *Snapshot) read(ctx context.Context, l *Log, tx pgx.Tx) (err error) {
	s.Checkpoint, err = readCheckpoint(ctx, tx, `
		select size, root, note, at from checkpoints order by size desc limit 1`)
	if err != nil {
		return err
	}
	if s.VKey, err = l.vkey(ctx, tx); err != nil {
		return err
	}
	v, err := parseVKey(s.VKey)
	if err != nil {
		return fmt.Errorf("evidence: log key: %w", err)
	}
	if size, root, err := openCheckpoint(s.Checkpoint.Note, v); err != nil || size != s.Checkpoint.Size || root != s.Checkpoint.Root {
		return errors.Join(ErrDamaged, err)
	}
	s.Lines, err = readLines(ctx, tx, `
		select l.index, e.line
		from events e join leaves l on l.event_id = e.id
		where e.case_id = $1 and l.index < $2
		order by e.seq`, s.Case, s.Checkpoint.Size)
	if err != nil {
		return err
	}
	if len(s.Lines) == 0 {
		return ErrNoEvents
	}
	tiles := newTileReader(ctx, tx)
	for _, line := range s.Lines {
		p, err := prove(line.Index, s.Checkpoint.Size, tiles)
		if err != nil {
			return err
		}
		s.Proofs = append(s.Proofs, p)
	}
	return nil
}

// WriteReceipts streams receipts.jsonl: the chunks of all events that have
// one, in the order of the events.
func (s *Snapshot) WriteReceipts(w io.Writer) error { return s.receipts(w) }

func (s *Snapshot) readReceipts(ctx context.Context, tx pgx.Tx, w io.Writer) error {
	for _, line := range s.Lines {
		c, ok := chunkOf(line)
		if !ok || c.Count == 0 {
			continue
		}
		rows, err := tx.Query(ctx, `
			select body from receipts where task_id = $1 and kind = $2 and attempt = $3 and case_id = $4 order by part`,
			string(c.Task), line.Kind, int64(c.Attempt), s.Case)
		if err != nil {
			return fmt.Errorf("evidence: receipts: %w", err)
		}
		var body []byte
		if _, err := pgx.ForEachRow(rows, []any{&body}, func() error {
			_, err := w.Write(body)
			return err
		}); err != nil {
			return fmt.Errorf("evidence: receipts: %w", err)
		}
	}
	return nil
}

// chunkOf returns what an event says about its receipts, if it has any.
func chunkOf(line Line) (Chunk, bool) {
	t, ok := kindTypes[line.Kind]
	if !ok {
		return Chunk{}, false
	}
	if _, ok := zero(t).(chunked); !ok {
		return Chunk{}, false
	}
	d, err := line.Payload()
	if err != nil {
		return Chunk{}, false
	}
	return d.(chunked).chunk(), true
}

// Close gives the connection back.
func (s *Snapshot) Close() { s.close() }
