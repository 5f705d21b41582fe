package requests

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// piped is a transaction whose begin and commit travel with other statements:
// a job is many small transactions, and each way to the database and back
// counts. It ends with Commit, with a batch that says "commit", or with
// Rollback, which does nothing after either.
type piped struct {
	*pgxpool.Conn
}

// begin sends "begin" together with the statements of b and returns the open
// transaction with the results of b; these must be closed before it is used.
func (s *Service) begin(ctx context.Context, b *pgx.Batch) (piped, pgx.BatchResults, error) {
	conn, err := s.db.Acquire(ctx)
	if err != nil {
		return piped{}, nil, fmt.Errorf("begin: %w", err)
	}
	all := &pgx.Batch{}
	all.Queue("begin")
	all.QueuedQueries = append(all.QueuedQueries, b.QueuedQueries...)
	res := conn.SendBatch(ctx, all)
	if _, err := res.Exec(); err != nil {
		err = errors.Join(err, res.Close())
		conn.Release()
		return piped{}, nil, fmt.Errorf("begin: %w", err)
	}
	return piped{conn}, res, nil
}

// Commit implements pgx.Tx.
func (t piped) Commit(ctx context.Context) error {
	tag, err := t.Exec(ctx, "commit")
	if err == nil && tag.String() == "ROLLBACK" {
		err = pgx.ErrTxCommitRollback
	}
	return err
}

// Rollback ends the transaction if it is still open and gives its connection
// back; a broken one is dropped by the pool.
func (t piped) Rollback(ctx context.Context) error {
	defer t.Release()
	if t.Conn.Conn().PgConn().TxStatus() == 'I' {
		return nil
	}
	_, err := t.Exec(ctx, "rollback")
	return err
}

// Begin implements pgx.Tx. Nothing here nests transactions.
func (t piped) Begin(context.Context) (pgx.Tx, error) {
	return nil, errors.New("requests: transactions do not nest")
}

// LargeObjects implements pgx.Tx.
func (t piped) LargeObjects() pgx.LargeObjects { return pgx.LargeObjects{} }

// Prepare implements pgx.Tx.
func (t piped) Prepare(ctx context.Context, name, sql string) (*pgconn.StatementDescription, error) {
	return t.Conn.Conn().Prepare(ctx, name, sql)
}

// Conn implements pgx.Tx.
func (t pipedTx) Conn() *pgx.Conn { return t.piped.Conn.Conn() }

// pipedTx is piped under the method names of pgx.Tx.
type pipedTx struct{ piped }

var _ pgx.Tx = pipedTx{}
