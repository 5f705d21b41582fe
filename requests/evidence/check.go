package evidence

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/tlog"
)

// checkPage is how many entries Check holds at once: whole tiles.
const checkPage = 32 * tileWidth

// Check computes the whole tree again from the stored events and compares it
// with the tiles and the newest checkpoint. It returns how many entries are
// intact; an ErrDamaged names the first that is not. About a second for
// 300,000 entries.
func (l *Log) Check(ctx context.Context) (int64, error) {
	var n int64
	err := pgx.BeginTxFunc(ctx, l.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		head, err := readCheckpoint(ctx, tx, `
			select size, root, note, at from checkpoints order by size desc limit 1`)
		if err != nil {
			return err
		}
		tree := &frontier{}
		for tree.size < head.Size && err == nil {
			err = checkEntries(ctx, tx, tree, min(tree.size+checkPage, head.Size))
		}
		n = tree.size
		if err != nil {
			return err
		}
		if root, err := tree.root(); err != nil || root != head.Root {
			return fmt.Errorf("%w: the root of %d entries is another", ErrDamaged, n)
		}
		var lost int64
		if err := tx.QueryRow(ctx, `
			select count(*) from events e
			where not exists (select 1 from leaves l where l.event_id = e.id and l.index < $1)
			  and not exists (select 1 from events_pending p where p.event_id = e.id)`, head.Size).Scan(&lost); err != nil {
			return fmt.Errorf("evidence: check: %w", err)
		}
		if lost > 0 {
			return fmt.Errorf("%w: %d events are neither in the log nor waiting", ErrDamaged, lost)
		}
		return nil
	})
	return n, err
}

// checkEntries goes on up to but without entry to.
func checkEntries(ctx context.Context, q querier, tree *frontier, to int64) error {
	var ids []tileID
	for n := tree.size >> tileHeight; n<<tileHeight < to; n++ {
		ids = append(ids, tileID{0, n})
	}
	tiles := make(map[tileID][]byte)
	if err := loadTiles(ctx, q, ids, tiles); err != nil {
		return err
	}
	rows, err := q.Query(ctx, `
		select l.index, e.line from leaves l join events e on e.id = l.event_id
		where l.index >= $1 and l.index < $2 order by l.index`, tree.size, to)
	if err != nil {
		return fmt.Errorf("evidence: check: %w", err)
	}
	var index int64
	var line string
	_, err = pgx.ForEachRow(rows, []any{&index, &line}, func() error {
		if index != tree.size {
			return fmt.Errorf("%w: entry %d is gone", ErrDamaged, tree.size)
		}
		h := tlog.RecordHash([]byte(line))
		tile, at := tiles[tileID{0, index >> tileHeight}], int(index&(tileWidth-1))*tlog.HashSize
		if len(tile) < at+tlog.HashSize || tlog.Hash(tile[at:at+tlog.HashSize]) != h {
			return fmt.Errorf("%w: entry %d is not as its tile has it", ErrDamaged, index)
		}
		tree.add(h)
		return nil
	})
	if err == nil && tree.size != to {
		err = fmt.Errorf("%w: entry %d is gone", ErrDamaged, tree.size)
	}
	if err != nil {
		return fmt.Errorf("evidence: check: %w", err)
	}
	return nil
}
