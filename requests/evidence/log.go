package evidence

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/mod/sumdb/tlog"
)

// ErrNotFound: no such checkpoint, tile or entry, or not published yet.
var ErrNotFound = errors.New("evidence: not in the log")

// ErrDamaged: tiles, events or checkpoints in the database contradict each
// other. Nothing is signed until somebody has looked.
var ErrDamaged = errors.New("evidence: the stored log contradicts its checkpoint")

// ErrReadOnly: this process has no signing key.
var ErrReadOnly = errors.New("evidence: no signing key in this process")

// Config is what a log needs.
type Config struct {
	Origin string // key name and first line of every checkpoint, e.g. "privacy.acme.example/log"
	// Signer is the Ed25519 key, nil in processes that only read the log.
	Signer ed25519.PrivateKey
	// PublishEvery is how often the public checkpoint advances; 0 means with
	// every integration.
	PublishEvery time.Duration
}

// Log is the Merkle tree over all events. It is safe for concurrent use.
type Log struct {
	pool    *pgxpool.Pool
	origin  string
	signer  *signer
	publish time.Duration
}

// OpenLog returns the log in this database. It reads nothing yet.
func OpenLog(pool *pgxpool.Pool, cfg Config) (*Log, error) {
	l := &Log{pool: pool, origin: cfg.Origin, publish: cfg.PublishEvery}
	if cfg.Signer == nil {
		return l, nil
	}
	s, err := newSigner(cfg.Origin, cfg.Signer)
	if err != nil {
		return nil, err
	}
	l.signer = &s
	return l, nil
}

// Checkpoint is a signed tree head.
type Checkpoint struct {
	Size int64
	Root tlog.Hash
	Note []byte // C2SP tlog-checkpoint
	At   time.Time
}

// Origin is the log's name: its key's name and the first line of every
// checkpoint.
func (l *Log) Origin() string { return l.origin }

// Latest returns the newest checkpoint, published or not: what reports and
// the customer's receipt use.
func (l *Log) Latest(ctx context.Context) (Checkpoint, error) {
	return readCheckpoint(ctx, l.pool, `
		select size, root, note, at from checkpoints order by size desc limit 1`)
}

// Published returns the newest public checkpoint.
func (l *Log) Published(ctx context.Context) (Checkpoint, error) {
	return readCheckpoint(ctx, l.pool, `
		select size, root, note, at from checkpoints
		where published_at is not null order by size desc limit 1`)
}

func readCheckpoint(ctx context.Context, q querier, sql string) (Checkpoint, error) {
	var c Checkpoint
	var root []byte
	var note string
	err := q.QueryRow(ctx, sql).Scan(&c.Size, &root, &note, &c.At)
	if errors.Is(err, pgx.ErrNoRows) {
		return Checkpoint{}, ErrNotFound
	}
	if err != nil {
		return Checkpoint{}, fmt.Errorf("evidence: checkpoint: %w", err)
	}
	if len(root) != tlog.HashSize {
		return Checkpoint{}, ErrDamaged
	}
	c.Root, c.Note = tlog.Hash(root), []byte(note)
	return c, nil
}

// VKey returns the log's public key: the signer's own, else the one that the
// signing worker left in the database.
func (l *Log) VKey(ctx context.Context) (string, error) { return l.vkey(ctx, l.pool) }

func (l *Log) vkey(ctx context.Context, q querier) (string, error) {
	if l.signer != nil {
		return VKey(l.origin, l.signer.key.Public().(ed25519.PublicKey))
	}
	var vkey string
	err := q.QueryRow(ctx, `select vkey from log_keys order by since desc limit 1`).Scan(&vkey)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", ErrNotFound
	}
	if err != nil {
		return "", fmt.Errorf("evidence: log key: %w", err)
	}
	return vkey, nil
}

// Tile returns the first width hashes of a tile, if the published tree has
// them.
func (l *Log) Tile(ctx context.Context, level int, n int64, width int) ([]byte, error) {
	pub, err := l.Published(ctx)
	if err != nil {
		return nil, err
	}
	if level < 0 || level > 7 || n < 0 || width < 1 || width > tileWidth ||
		n > pub.Size>>(tileHeight*(level+1)) || n<<tileHeight+int64(width) > pub.Size>>(tileHeight*level) {
		return nil, ErrNotFound
	}
	got := make(map[tileID][]byte)
	if err := loadTiles(ctx, l.pool, []tileID{{level, n}}, got); err != nil {
		return nil, err
	}
	data := got[tileID{level, n}]
	if len(data) < width*tlog.HashSize {
		return nil, ErrDamaged
	}
	return data[:width*tlog.HashSize], nil
}

// Lag is what the integrator has still to do: how many events wait, and since
// when the oldest of them (zero time: none).
func (l *Log) Lag(ctx context.Context) (int64, time.Time, error) {
	var n int64
	var oldest *time.Time
	err := l.pool.QueryRow(ctx, `
		select count(*), (select e.at from events_pending p join events e on e.id = p.event_id
		                  order by p.event_id limit 1)
		from events_pending`).Scan(&n, &oldest)
	if err != nil {
		return 0, time.Time{}, fmt.Errorf("evidence: lag: %w", err)
	}
	if oldest == nil {
		return n, time.Time{}, nil
	}
	return n, *oldest, nil
}
