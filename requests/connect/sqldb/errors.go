package sqldb

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"habeas/requests/connect"
)

// state stands for a database error where it is a cause: the database's own
// message may quote values of a row.
type state string

func (s state) Error() string { return string(s) }

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
	if errors.Is(err, errUnknown) {
		// The next attempt reads what is there and ends what is left.
		return connect.RetryAfter(0, "commit-unknown", "The connection broke during the commit; the next attempt looks at what is there.", nil)
	}
	if ctx.Err() != nil {
		return connect.RetryAfter(0, "cancelled", "The work was stopped before it was done; nothing was changed.", ctx.Err())
	}
	r, ok := d.engine.explain(err)
	if !ok {
		return connect.RetryAfter(0, "unreachable", "The database does not answer.", nil)
	}
	if r.changed {
		d.forgetCatalog()
	}
	if r.class == refusedForeignKey && d.data.Describes(r.schema, r.table) {
		return connect.Drift("more-rows", "Rows of "+r.table+" that were not planned hang on rows that go; nothing was changed.")
	}
	return r.advice()
}

// advice says what to do about a refusal.
func (r refusal) advice() error {
	where := cmp.Or(r.table, "a table")
	cause := state(r.code)
	stop := func(code, format string, args ...any) error {
		return connect.Permanent(code, fmt.Sprintf(format, args...), cause)
	}
	switch r.class {
	case refusedConflict:
		return connect.RetryAfter(time.Second, "conflict", "Another transaction changed the same rows; nothing was changed.", cause)
	case refusedLocked:
		return connect.RetryAfter(30*time.Second, "locked", "Rows are locked by another program; nothing was changed.", cause)
	case refusedSlow:
		return connect.RetryAfter(time.Minute, "too-slow", "The database stopped a statement that took too long; an index may be missing.", cause)
	case refusedNotNull:
		return stop("not-null", "Column %s of %s must not be empty, but the dataset file erases it to null.", r.column, where)
	case refusedForeignKey:
		return stop("foreign-key", "Rows elsewhere still refer to rows of %s (constraint %s).", where, r.constraint)
	case refusedUnique:
		return stop("unique", "Constraint %s of %s wants unique values; erase its column with random or null.", r.constraint, where)
	case refusedCheck:
		return stop("check", "Constraint %s of %s refuses the new value.", r.constraint, where)
	case refusedLength:
		return stop("too-long", "A new value is longer than its column.")
	case refusedValue:
		return stop("bad-value", "A key or value does not fit the type of its column.")
	case refusedRight:
		return stop("permission", "The database user may not do this; habeas systems check names the missing right.")
	case refusedSchema:
		return stop("schema", "The database is not as the dataset file says; habeas systems check names the difference.")
	case refusedReadOnly:
		return stop("read-only", "The database takes no changes (read-only).")
	case refusedTrigger:
		return stop("refused", "A trigger of the database refused the change.")
	case refusedSignIn:
		return stop("sign-in", "The database refuses the sign-in or does not exist.")
	case refusedAway:
		return connect.RetryAfter(0, "unreachable", "The database does not answer as it should.", cause)
	case refusedTransaction:
		return connect.RetryAfter(0, "transaction", "The database ended the transaction; nothing was changed.", cause)
	}
	return stop("database", "The database refused the statement (%s).", r.code)
}
