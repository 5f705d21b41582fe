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

	ctx context.Context // of the transaction, whose life the snapshot shares
	log *Log
	tx  pgx.Tx
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
	s := &Snapshot{Case: caseID, ctx: ctx, log: l, tx: tx}
	if err := s.read(); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func (s *Snapshot) read() (err error) {
	s.Checkpoint, err = readCheckpoint(s.ctx, s.tx, `
		select size, root, note, at from checkpoints order by size desc limit 1`)
	if err != nil {
		return err
	}
	if s.VKey, err = s.log.vkey(s.ctx, s.tx); err != nil {
		return err
	}
	v, err := parseVKey(s.VKey)
	if err != nil {
		return fmt.Errorf("evidence: log key: %w", err)
	}
	if size, root, err := openCheckpoint(s.Checkpoint.Note, v); err != nil || size != s.Checkpoint.Size || root != s.Checkpoint.Root {
		return errors.Join(ErrDamaged, err)
	}
	s.Lines, err = readLines(s.ctx, s.tx, `
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
	tiles := newTileReader(s.ctx, s.tx)
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
func (s *Snapshot) WriteReceipts(w io.Writer) error {
	for _, line := range s.Lines {
		c, ok := chunkOf(line)
		if !ok || c.Count == 0 {
			continue
		}
		rows, err := s.tx.Query(s.ctx, `
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
func (s *Snapshot) Close() {
	// A read-only transaction has nothing to lose.
	_ = s.tx.Rollback(context.WithoutCancel(s.ctx))
}
