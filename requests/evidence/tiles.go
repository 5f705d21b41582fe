package evidence

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	tileHeight = 8
	tileWidth  = 1 << tileHeight
)

type tileID struct {
	level int
	n     int64
}

// querier is a pool, or a transaction that holds one state of the log.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// loadTiles reads tiles at their stored widths; missing ones are left out.
func loadTiles(ctx context.Context, q querier, ids []tileID, into map[tileID][]byte) error {
	levels := make([]int16, len(ids))
	ns := make([]int64, len(ids))
	for i, id := range ids {
		levels[i], ns[i] = int16(id.level), id.n
	}
	rows, err := q.Query(ctx, `
		select t.level, t.n, t.data
		from unnest($1::smallint[], $2::bigint[]) as k (level, n)
		join tiles t on t.level = k.level and t.n = k.n`, levels, ns)
	if err != nil {
		return fmt.Errorf("evidence: tiles: %w", err)
	}
	var id tileID
	var level int16
	var data []byte
	_, err = pgx.ForEachRow(rows, []any{&level, &id.n, &data}, func() error {
		id.level = int(level)
		into[id] = append([]byte(nil), data...)
		return nil
	})
	if err != nil {
		return fmt.Errorf("evidence: tiles: %w", err)
	}
	return nil
}

// tileReader is a tlog.HashReader over stored tiles; it keeps what it read.
type tileReader struct {
	ctx  context.Context // tlog.HashReader has no room for it
	q    querier
	have map[tileID][]byte
}

func newTileReader(ctx context.Context, q querier) *tileReader {
	return &tileReader{ctx, q, make(map[tileID][]byte)}
}

// ReadHashes reads every tile that it needs in one query.
func (r *tileReader) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var missing []tileID
	asked := make(map[tileID]bool)
	for _, x := range indexes {
		t := tlog.TileForIndex(tileHeight, x)
		id := tileID{t.L, t.N}
		if _, ok := r.have[id]; !ok && !asked[id] {
			asked[id] = true
			missing = append(missing, id)
		}
	}
	if len(missing) > 0 {
		if err := loadTiles(r.ctx, r.q, missing, r.have); err != nil {
			return nil, err
		}
	}
	hashes := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		t := tlog.TileForIndex(tileHeight, x)
		data := r.have[tileID{t.L, t.N}]
		if len(data) < t.W*tlog.HashSize {
			return nil, fmt.Errorf("evidence: tile %s is missing or too short", TilePath(t.L, t.N, t.W))
		}
		h, err := tlog.HashFromTile(t, data, x)
		if err != nil {
			return nil, fmt.Errorf("evidence: %w", err)
		}
		hashes[i] = h
	}
	return hashes, nil
}

// TilePath is the C2SP tlog-tiles path of a tile under /log/tile/, such as
// "0/x001/234.p/5". (sumdb/tlog would put the height before the level.)
func TilePath(level int, n int64, width int) string {
	p := tlog.Tile{H: tileHeight, L: level, N: n, W: width}.Path()
	return strings.TrimPrefix(p, "tile/8/")
}

// ParseTilePath reads what TilePath writes, and nothing else.
func ParseTilePath(path string) (level int, n int64, width int, err error) {
	// The length bounds N, which sumdb/tlog would let overflow.
	if len(path) > 64 || strings.Count(path, "/") > 7 {
		return 0, 0, 0, errors.New("evidence: malformed tile path")
	}
	t, err := tlog.ParseTilePath("tile/8/" + path)
	if err != nil || t.L < 0 || t.L > 7 || t.N < 0 || TilePath(t.L, t.N, t.W) != path {
		return 0, 0, 0, errors.New("evidence: malformed tile path")
	}
	return t.L, t.N, t.W, nil
}

// frontier is the right edge of the tree: the unfinished tile of every level.
type frontier struct {
	size  int64
	edge  [][]byte          // per level, less than a full tile
	fresh map[tileID][]byte // finished since, to be stored; nil: not kept
}

// edgeTiles names the unfinished tiles of a tree of this size with their
// widths.
func edgeTiles(size int64) map[tileID]int {
	ids := make(map[tileID]int)
	for level, count := 0, size; count > 0; level, count = level+1, count>>tileHeight {
		if w := int(count & (tileWidth - 1)); w > 0 {
			ids[tileID{level, count >> tileHeight}] = w
		}
	}
	return ids
}

// loadFrontier reads the right edge of the stored tree and wants it to be
// exactly of this size.
func loadFrontier(ctx context.Context, q querier, size int64) (*frontier, error) {
	f := &frontier{size: size, fresh: make(map[tileID][]byte)}
	want := edgeTiles(size)
	ids := make([]tileID, 0, len(want))
	for id := range want {
		ids = append(ids, id)
	}
	got := make(map[tileID][]byte)
	if err := loadTiles(ctx, q, ids, got); err != nil {
		return nil, err
	}
	for id, w := range want {
		if len(got[id]) != w*tlog.HashSize {
			return nil, fmt.Errorf("%w: tile %s", ErrDamaged, TilePath(id.level, id.n, w))
		}
		for len(f.edge) <= id.level {
			f.edge = append(f.edge, nil)
		}
		f.edge[id.level] = got[id]
	}
	return f, nil
}

// add appends one leaf.
func (f *frontier) add(h tlog.Hash) {
	count := f.size
	f.size++
	for level := 0; ; level++ {
		if len(f.edge) == level {
			f.edge = append(f.edge, nil)
		}
		f.edge[level] = append(f.edge[level], h[:]...)
		if len(f.edge[level]) < tileWidth*tlog.HashSize {
			return
		}
		if f.fresh != nil {
			f.fresh[tileID{level, count >> tileHeight}] = f.edge[level]
			h = subtree(f.edge[level])
			f.edge[level] = nil
		} else {
			h = subtree(f.edge[level])
			f.edge[level] = f.edge[level][:0]
		}
		count >>= tileHeight
	}
}

// tiles returns everything to be stored: the finished tiles and the edge.
func (f *frontier) tiles() map[tileID][]byte {
	for id := range edgeTiles(f.size) {
		f.fresh[id] = f.edge[id.level]
	}
	return f.fresh
}

// subtree hashes a full tile to the one node above it.
func subtree(tile []byte) tlog.Hash {
	if len(tile) == tlog.HashSize {
		return tlog.Hash(tile)
	}
	half := len(tile) / 2
	return tlog.NodeHash(subtree(tile[:half]), subtree(tile[half:]))
}

// root returns the root hash of the tree.
func (f *frontier) root() (tlog.Hash, error) {
	h, err := tlog.TreeHash(f.size, f)
	if err != nil {
		return tlog.Hash{}, fmt.Errorf("evidence: root: %w", err)
	}
	return h, nil
}

// ReadHashes serves tlog.TreeHash, which asks for nodes of the edge only.
func (f *frontier) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		t := tlog.TileForIndex(tileHeight, x)
		if t.L >= len(f.edge) || t.N != f.size>>(tileHeight*(t.L+1)) {
			return nil, errors.New("evidence: node outside of the tree's edge")
		}
		h, err := tlog.HashFromTile(t, f.edge[t.L], x)
		if err != nil {
			return nil, err
		}
		hashes[i] = h
	}
	return hashes, nil
}
