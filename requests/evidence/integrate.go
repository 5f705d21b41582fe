package evidence

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// The advisory lock of the one integrator: "habeas" in ASCII.
const integratorLock = 0x686162656173

// integrateBatch bounds the memory and the length of one transaction.
const integrateBatch = 8192

// Integrate numbers the events that wait, extends the tree and signs a
// checkpoint, each batch in one transaction. When another process is at it, it
// returns 0 at once. A crash at any point leaves either all of a batch or
// nothing.
func (l *Log) Integrate(ctx context.Context) (int, error) {
	if l.signer == nil {
		return 0, ErrReadOnly
	}
	total := 0
	for {
		n := 0
		err := pgx.BeginFunc(ctx, l.pool, func(tx pgx.Tx) error {
			var err error
			n, err = l.integrate(ctx, tx)
			return err
		})
		if err != nil {
			return total, fmt.Errorf("evidence: integrate: %w", err)
		}
		total += n
		if n < integrateBatch {
			return total, nil
		}
	}
}

func (l *Log) integrate(ctx context.Context, tx pgx.Tx) (int, error) {
	var mine bool
	if err := tx.QueryRow(ctx, `select pg_try_advisory_xact_lock($1)`, int64(integratorLock)).Scan(&mine); err != nil || !mine {
		return 0, err
	}
	head, err := readCheckpoint(ctx, tx, `
		select size, root, note, at from checkpoints order by size desc limit 1`)
	if errors.Is(err, ErrNotFound) {
		if head, err = l.first(ctx, tx); err != nil {
			return 0, err
		}
	}
	if err != nil {
		return 0, err
	}
	if err := l.takeOver(ctx, tx, head); err != nil {
		return 0, err
	}
	ids, leaves, err := takePending(ctx, tx)
	if err != nil {
		return 0, err
	}
	if len(ids) == 0 {
		return 0, l.publishDue(ctx, tx)
	}
	tree, err := loadFrontier(ctx, tx, head.Size)
	if err != nil {
		return 0, err
	}
	if root, err := tree.root(); err != nil || root != head.Root {
		return 0, errors.Join(ErrDamaged, err)
	}
	indexes := make([]int64, len(leaves))
	for i, h := range leaves {
		indexes[i] = tree.size
		tree.add(h)
	}
	if _, err := tx.Exec(ctx, `
		insert into leaves (index, event_id) select u.index, u.id from unnest($1::bigint[], $2::bigint[]) as u (index, id)`,
		indexes, ids); err != nil {
		return 0, fmt.Errorf("leaves: %w", err)
	}
	if err := storeTiles(ctx, tx, tree.tiles()); err != nil {
		return 0, err
	}
	root, err := tree.root()
	if err != nil {
		return 0, err
	}
	if err := l.storeCheckpoint(ctx, tx, tree.size, root); err != nil {
		return 0, err
	}
	return len(ids), l.publishDue(ctx, tx)
}

// first writes the checkpoint of the empty tree.
func (l *Log) first(ctx context.Context, tx pgx.Tx) (Checkpoint, error) {
	root, err := tlog.TreeHash(0, nil)
	if err != nil {
		return Checkpoint{}, err
	}
	if err := l.storeCheckpoint(ctx, tx, 0, root); err != nil {
		return Checkpoint{}, err
	}
	return readCheckpoint(ctx, tx, `
		select size, root, note, at from checkpoints order by size desc limit 1`)
}

// takeOver signs the head again when it is signed with another key, and leaves
// the public key for processes that only read.
func (l *Log) takeOver(ctx context.Context, tx pgx.Tx, head Checkpoint) error {
	vkey, err := l.vkey(ctx, tx)
	if err != nil {
		return err
	}
	var current string
	err = tx.QueryRow(ctx, `select vkey from log_keys order by since desc limit 1`).Scan(&current)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return fmt.Errorf("log key: %w", err)
	}
	if current == vkey {
		return nil
	}
	if _, err := tx.Exec(ctx, `
		insert into log_keys (vkey, since) values ($1, clock_timestamp())
		on conflict (vkey) do update set since = excluded.since`, vkey); err != nil {
		return fmt.Errorf("log key: %w", err)
	}
	signed, err := l.sign(checkpointText(l.origin, head.Size, head.Root))
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `update checkpoints set note = $2 where size = $1`, head.Size, string(signed)); err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	return nil
}

// takePending removes waiting events from the queue, in the order of their ids,
// and returns their leaf hashes. Within a case that is the order of seq: the
// case's row lock is held from one id to the next.
func takePending(ctx context.Context, tx pgx.Tx) (ids []int64, leaves []tlog.Hash, err error) {
	rows, err := tx.Query(ctx, `
		delete from events_pending
		where event_id <= coalesce(
			(select event_id from events_pending order by event_id offset $1 limit 1), 9223372036854775807)
		returning event_id`, integrateBatch-1)
	if err != nil {
		return nil, nil, fmt.Errorf("pending: %w", err)
	}
	if ids, err = pgx.CollectRows(rows, pgx.RowTo[int64]); err != nil || len(ids) == 0 {
		return nil, nil, err
	}
	slices.Sort(ids)
	rows, err = tx.Query(ctx, `select id, line from events where id = any($1) order by id`, ids)
	if err != nil {
		return nil, nil, fmt.Errorf("events: %w", err)
	}
	var id int64
	var line string
	_, err = pgx.ForEachRow(rows, []any{&id, &line}, func() error {
		if id == ids[len(leaves)] {
			leaves = append(leaves, tlog.RecordHash([]byte(line)))
		}
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("events: %w", err)
	}
	if len(leaves) != len(ids) {
		return nil, nil, fmt.Errorf("%w: event %d is gone", ErrDamaged, ids[len(leaves)])
	}
	return ids, leaves, nil
}

func storeTiles(ctx context.Context, tx pgx.Tx, tiles map[tileID][]byte) error {
	var levels []int16
	var ns []int64
	var data [][]byte
	for id, b := range tiles {
		levels, ns, data = append(levels, int16(id.level)), append(ns, id.n), append(data, b)
	}
	_, err := tx.Exec(ctx, `
		insert into tiles (level, n, data)
		select u.level, u.n, u.data from unnest($1::smallint[], $2::bigint[], $3::bytea[]) as u (level, n, data)
		on conflict (level, n) do update set data = excluded.data`, levels, ns, data)
	if err != nil {
		return fmt.Errorf("tiles: %w", err)
	}
	return nil
}

func (l *Log) sign(text string) ([]byte, error) {
	signed, err := note.Sign(&note.Note{Text: text}, l.signer)
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	return signed, nil
}

// storeCheckpoint signs a tree head; unpublished older ones make room.
func (l *Log) storeCheckpoint(ctx context.Context, tx pgx.Tx, size int64, root tlog.Hash) error {
	signed, err := l.sign(checkpointText(l.origin, size, root))
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `
		with old as (delete from checkpoints where published_at is null and size < $1)
		insert into checkpoints (size, root, note, at) values ($1, $2, $3, clock_timestamp())`,
		size, root[:], string(signed)); err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	return nil
}

// publishDue makes the newest checkpoint public when the last publication is
// PublishEvery ago.
func (l *Log) publishDue(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, `
		update checkpoints set published_at = clock_timestamp()
		where published_at is null
		  and size = (select max(size) from checkpoints)
		  and coalesce((select published_at from checkpoints where published_at is not null order by size desc limit 1), '-infinity')
		      <= clock_timestamp() - make_interval(secs => $1)`,
		l.publish.Seconds())
	if err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	return nil
}

// idle is how long the integrator sleeps when nobody wakes it.
const idle = time.Second
