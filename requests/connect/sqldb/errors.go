package sqldb

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"habeas/requests/connect"
)

// state stands for a database error where it is a cause: the database's own
// message may quote values of a row.
type state string

func (s state) Error() string { return "SQLSTATE " + string(s) }

// emitError carries an error of the caller's own callback through unchanged.
type emitError struct{ err error }

func (e emitError) Error() string { return e.err.Error() }
func (e emitError) Unwrap() error { return e.err }

// advise turns an error of the database into advice without personal data.
func (d *DB) advise(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	var own emitError
	if errors.As(err, &own) {
		return own.err
	}
	var ours *connect.Error
	if errors.As(err, &ours) {
		return err
	}
	if ctx.Err() != nil {
		return connect.RetryAfter(0, "cancelled", "The work was stopped before it was done; nothing was changed.", ctx.Err())
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		if len(pg.Code) == 5 && pg.Code[:2] == "42" {
			d.forgetCatalog()
		}
		if pg.Code == "23503" && d.data.Describes(pg.SchemaName, pg.TableName) {
			return connect.Drift("more-rows", "Rows of "+pg.TableName+" that were not planned hang on rows that go; nothing was changed.")
		}
		return adviseState(pg)
	}
	return connect.RetryAfter(0, "unreachable", "The database does not answer.", nil)
}

func adviseState(pg *pgconn.PgError) error {
	where := pg.TableName
	if where == "" {
		where = "a table"
	}
	cause := state(pg.Code)
	stop := func(code, format string, args ...any) error {
		return connect.Permanent(code, fmt.Sprintf(format, args...), cause)
	}
	switch pg.Code {
	case "40001", "40P01":
		return connect.RetryAfter(time.Second, "conflict", "Another transaction changed the same rows; nothing was changed.", cause)
	case "55P03":
		return connect.RetryAfter(30*time.Second, "locked", "Rows are locked by another program; nothing was changed.", cause)
	case "57014":
		return connect.RetryAfter(time.Minute, "too-slow", "The database stopped a statement that took too long; an index may be missing.", cause)
	case "23502":
		return stop("not-null", "Column %s of %s must not be empty, but the dataset file erases it to null.", pg.ColumnName, where)
	case "23503":
		return stop("foreign-key", "Rows elsewhere still refer to rows of %s (constraint %s).", where, pg.ConstraintName)
	case "23505":
		return stop("unique", "Constraint %s of %s wants unique values; erase its column with random or null.", pg.ConstraintName, where)
	case "23514":
		return stop("check", "Constraint %s of %s refuses the new value.", pg.ConstraintName, where)
	case "22001":
		return stop("too-long", "A new value is longer than its column.")
	case "22P02", "22003", "22007", "22008":
		return stop("bad-value", "A key or value does not fit the type of its column.")
	case "42501":
		return stop("permission", "The database user may not do this; habeas systems check names the missing right.")
	case "42P01", "42703", "42883", "42804", "3F000":
		return stop("schema", "The database is not as the dataset file says; habeas systems check names the difference.")
	case "25006":
		return stop("read-only", "The database takes no changes (read-only).")
	case "P0001":
		return stop("refused", "A trigger of the database refused the change.")
	case "28P01", "28000", "3D000":
		return stop("sign-in", "The database refuses the sign-in or does not exist.")
	}
	switch pg.Code[:min(2, len(pg.Code))] {
	case "08", "53", "57", "58", "XX":
		return connect.RetryAfter(0, "unreachable", "The database does not answer as it should.", cause)
	case "25":
		return connect.RetryAfter(0, "transaction", "The database ended the transaction; nothing was changed.", cause)
	}
	return stop("database", "The database refused the statement (SQLSTATE %s).", pg.Code)
}
