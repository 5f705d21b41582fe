package sqldb

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// postgres speaks to PostgreSQL.
type postgres struct {
	pool *pgxpool.Pool

	mu    sync.Mutex
	known *catalog // as last read; its mark says whether it still holds
}

var _ engine = (*postgres)(nil)

// postgresLimits are the time limits inside an apply: waiting for others'
// locks, one statement, and an idle transaction.
const postgresLimits = `set local lock_timeout = '10s'; set local statement_timeout = '10min'; set local idle_in_transaction_session_timeout = '2min'`

// openPostgres prepares connections to a URL; it does not connect yet. Errors
// do not quote it, it is a secret.
func openPostgres(url string, conns int) (*postgres, error) {
	pc, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, errors.New("url is not a PostgreSQL connection string")
	}
	pc.MaxConns = int32(conns)
	pc.MinConns = 0
	for k, v := range map[string]string{
		"application_name": "habeas", "timezone": "UTC", "datestyle": "ISO", "intervalstyle": "iso_8601",
		// Rows are looked up by keys over indexes; plans for a disk of another age
		// read whole tables instead. pgSession.fit says when a plan may be reused.
		"plan_cache_mode": "force_generic_plan", "enable_seqscan": "off", "random_page_cost": "1.1", "jit": "off",
		"bytea_output": "hex", "standard_conforming_strings": "on", "client_encoding": "UTF8",
	} {
		pc.ConnConfig.RuntimeParams[k] = v
	}
	if pc.ConnConfig.ConnectTimeout == 0 {
		pc.ConnConfig.ConnectTimeout = connectLimit
	}
	pool, err := pgxpool.NewWithConfig(context.Background(), pc)
	if err != nil {
		return nil, errors.New("url is not a usable PostgreSQL connection string")
	}
	return &postgres{pool: pool}, nil
}

func (*postgres) kind() string { return "postgresql" }

func (p *postgres) close() { p.pool.Close() }

func (p *postgres) read(ctx context.Context, fn func(session) error) error {
	tx, err := p.pool.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return err
	}
	defer rollback(tx)
	return fn(&pgSession{tx: tx})
}

func (p *postgres) write(ctx context.Context, fn func(session) error) error {
	tx, err := p.pool.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.ReadCommitted, AccessMode: pgx.ReadWrite})
	if err != nil {
		return err
	}
	defer rollback(tx)
	if _, err := tx.Exec(ctx, postgresLimits); err != nil {
		return err
	}
	if err := fn(&pgSession{tx: tx}); err != nil {
		return err
	}
	err = tx.Commit(ctx)
	var pg *pgconn.PgError
	if err == nil || errors.As(err, &pg) || errors.Is(err, pgx.ErrTxCommitRollback) {
		return err // the database says whether it did
	}
	return errUnknown
}

// rollback ends a transaction even when its context is over.
func rollback(tx pgx.Tx) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	_ = tx.Rollback(ctx) // closed already, or the connection is gone and so is the transaction
}

// pgSession is a transaction.
type pgSession struct {
	tx     pgx.Tx
	custom bool // plans are made for the sets at hand
}

// fewKeys is up to how many keys the plan that serves any set is a good one: a
// loop over indexes. Most people have no more, and making a plan costs more
// than looking up their rows.
const fewKeys = 100

// fit sees to it that statements for larger sets are planned for them.
func (s *pgSession) fit(ctx context.Context, keys int) error {
	if s.custom || keys <= fewKeys {
		return nil
	}
	s.custom = true
	_, err := s.tx.Exec(ctx, "set local plan_cache_mode = force_custom_plan")
	return err
}

// mostKeys is the size of the largest set among a statement's parameters.
func mostKeys(args []any) (most int) {
	for _, a := range args {
		if set, ok := a.([]string); ok {
			most = max(most, len(set))
		}
	}
	return most
}

func (s *pgSession) each(ctx context.Context, q string, args []any, fn func(row [][]byte) error) error {
	if err := s.fit(ctx, mostKeys(args)); err != nil {
		return err
	}
	args = append([]any{pgx.QueryResultFormats{pgx.TextFormatCode}}, args...)
	rows, err := s.tx.Query(ctx, q, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := fn(rows.RawValues()); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (s *pgSession) exec(ctx context.Context, q string, args []any) (int64, error) {
	if err := s.fit(ctx, mostKeys(args)); err != nil {
		return 0, err
	}
	tag, err := s.tx.Exec(ctx, q, args...)
	return tag.RowsAffected(), err
}

func (s *pgSession) ahead(ctx context.Context) pipeline {
	// Its statements are planned each time anyway. If this fails, so does the
	// first of them.
	_ = s.fit(ctx, fewKeys+1)
	return &pgPipeline{pipe: s.tx.Conn().PgConn().StartPipeline(ctx)}
}

// pgPipeline sends statements without waiting for answers.
type pgPipeline struct{ pipe *pgconn.Pipeline }

func (p *pgPipeline) send(q string, args []any) error {
	params := make([][]byte, len(args))
	for i, a := range args {
		texts, ok := a.([]string)
		if !ok {
			return fmt.Errorf("sqldb: a set of texts expected, not %T", a)
		}
		params[i] = textArray(texts)
	}
	p.pipe.SendQueryParams(q, params, nil, nil, []int16{pgx.TextFormatCode})
	return nil
}

func (p *pgPipeline) flush() error { return p.pipe.Sync() }

func (p *pgPipeline) receive(fn func(row [][]byte) error) error {
	results, err := p.pipe.GetResults()
	if err != nil {
		return err
	}
	rows, ok := results.(*pgconn.ResultReader)
	if !ok {
		return errOrder
	}
	for rows.NextRow() {
		if err := fn(rows.Values()); err != nil {
			_, _ = rows.Close()
			return err
		}
	}
	_, err = rows.Close()
	return err
}

func (p *pgPipeline) settle() error {
	_, err := p.pipe.GetResults() // the synchronisation point
	return err
}

func (p *pgPipeline) close() error { return p.pipe.Close() }

// textArray writes a text[] in the database's own form.
func textArray(values []string) []byte {
	size := 2
	for _, v := range values {
		size += len(v) + 3
	}
	out := append(make([]byte, 0, size), '{')
	for i, v := range values {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, '"')
		for j := range len(v) {
			if v[j] == '"' || v[j] == '\\' {
				out = append(out, '\\')
			}
			out = append(out, v[j])
		}
		out = append(out, '"')
	}
	return append(out, '}')
}
