package sqldb

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"

	"habeas/requests/connect/sqldb/dataset"
)

// engine is one kind of database: how it is spoken to, and how what this
// package says is spelled there. Whose a row is, what is planned and in which
// order it is done is decided above it and once for all. There are two:
// postgres and mysql.
type engine interface {
	kind() string // as in habeas.yaml
	spelling
	// read runs fn in one read-only transaction, whose statements all see the
	// same state of the database.
	read(ctx context.Context, fn func(session) error) error
	// write runs fn in one transaction with limits of time for locks and
	// statements, and commits. errUnknown says that nobody knows whether it did.
	write(ctx context.Context, fn func(session) error) error
	// load reads what the database says about the described tables.
	load(ctx context.Context, s session, data *dataset.Dataset) (*catalog, error)
	// explain takes an error of the database apart. ok is false for an error
	// that is not the database's own, a broken connection say.
	explain(err error) (r refusal, ok bool)
	close()
}

// session runs statements in one transaction. Their parameters are $1, $2, …:
// a text, a set from args, or (for in) a []string.
type session interface {
	// each hands out every row as texts, nil for null, which are valid until fn
	// returns.
	each(ctx context.Context, q string, args []any, fn func(row [][]byte) error) error
	// exec returns how many rows it concerned, changed or not.
	exec(ctx context.Context, q string, args []any) (int64, error)
	// ahead sends queries before the rows of earlier ones are read, where the
	// database can do that.
	ahead(ctx context.Context) pipeline
}

// pipeline is a queue of queries on their way.
type pipeline interface {
	send(q string, args []any) error
	// flush ends a batch of queries; receive reads the oldest query's rows, and
	// after the last one of a batch comes settle.
	flush() error
	receive(fn func(row [][]byte) error) error
	settle() error
	close() error
}

// spelling is what differs in SQL. A statement reaches rows by their keys,
// which are parameters: a rowset.
type spelling interface {
	// text is an expression of a column's type (the zero attribute: a text) as
	// text, the same for the same value everywhere.
	text(a attribute, expr string) string
	// textList is a text that is a JSON array of texts.
	textList(texts []string) string
	// bytewise is what to order by, so that texts come in the order of their
	// bytes.
	bytewise(text string) string
	// alike reports whether columns can be compared directly.
	alike(a, b attribute) bool
	// fits reports whether a text can be compared with a column at all.
	fits(a attribute, text string) bool
	// value is a text of the dataset file as a value for a column.
	value(a attribute, text string) string
	// equal compares a column with a value, exactly; for same, null is null.
	equal(a attribute, expr, value string) string
	same(a attribute, expr, value string) string
	// match compares a column with an identity of this kind.
	match(a attribute, e *dataset.Entry, expr string, k keys) string
	// served says of an index, by its first key as the catalog has it, whether
	// it serves match; create is what to do where none does.
	served(a attribute, e *dataset.Entry) (by func(key string) bool, create string)
	// normal is an identity kind's normal form, as connect.Identity.Normal.
	normal(kind, expr string) string
	// day is a date or time as "2006-01-02".
	day(expr string) string
	// guard is the canonical text of columns of a row.
	guard(cat *catalog, t *dataset.Table, alias string, columns []string) string
	// random is a value that is the row's own and marked as one of ours.
	random(cat *catalog, t *dataset.Table, c *dataset.Column, secret string) string
	// digest is the hex of a keyed digest of a text; marked makes a masked value
	// of digits that begin with one.
	digest(secret, text string) string
	marked(a attribute, c *dataset.Column, digits string) string
	// datedMark says that a date or time is one that random makes.
	datedMark(a attribute, expr string) string
	// year is the first moment of a date's or time's year.
	year(a attribute, expr string) string
	// shown is how a column is selected to become JSON.
	shown(a attribute, expr string) (string, form)

	// params names parameters from $first on as a table: one typed column per
	// attribute, and ord from 1. args are their values, by column.
	params(first int, alias string, like ...attribute) keys
	args(cols [][]string) []any
	// join joins a table to a set of keys, which comes first.
	join() string
	// keyed restricts a statement to the rows t with these keys; spans does it in
	// several statements where that is faster. Parameters begin at $1.
	keyed(cat *catalog, t *dataset.Table, keys []string) (rowset, error)
	spans(cat *catalog, t *dataset.Table, keys []string) ([]rowset, error)
	// hint is the rowset's hint for rows reached by these columns.
	hint(cat *catalog, t *dataset.Table, cols []string) string
	// among says that row alias of t has one of the keys in $first….
	among(cat *catalog, t *dataset.Table, alias string, first int) string
	// in says that an expression is one of the texts in parameter $n.
	in(a attribute, expr string, n int) string
	// list gathers texts of several rows in a JSON array of texts: an aggregate,
	// null where there are none.
	list(text string) string
	// listed says that a text is in a JSON array of texts.
	listed(text, list string) string

	selecting(what, rel, alias string, r rowset, where string) string
	updating(rel, alias string, set []assignment, r rowset, where string) string
	deleting(rel, alias string, r rowset, where string) string
	// locking ends a query that locks the rows t.
	locking() string
	// rowwise reports whether foreign keys are checked for every single row, not
	// at the end of a statement.
	rowwise() bool

	// correct writes the assignments and parameters (from $first on) of new
	// values, given as JSON. corrected says that a column of row t has the value
	// that a JSON object of correction holds for it, if any.
	correct(cat *catalog, t *dataset.Table, values map[string]json.RawMessage, first int) (set []assignment, from string, args []any)
	correction(cat *catalog, t *dataset.Table, values map[string]json.RawMessage) string
	corrected(a attribute, t *dataset.Table, column, object string) string
}

// keys is a set of rows of parameters as a table in a statement.
type keys struct {
	from  string   // "unnest(…) with ordinality k(v1, v2, ord)"
	cols  []string // typed, to be compared with columns: "k.v1::int8"
	texts []string // as given: "k.v1"
	n     int      // how many parameters
}

// rowset restricts a statement to some rows.
type rowset struct {
	from string // a table of parameters; "" where on says it all
	on   string
	hint string // by which index rows are reached, so that no others are locked
	args []any
}

// assignment sets a column.
type assignment struct{ column, value string }

// errUnknown says that the connection broke while a transaction was committed.
var errUnknown = errors.New("sqldb: nobody knows whether it committed")

// class says what a database refused, whatever its codes are.
type class int

// What databases refuse. Unclassified errors stop a task.
const (
	refusedOther class = iota
	refusedConflict
	refusedLocked
	refusedSlow
	refusedNotNull
	refusedForeignKey
	refusedUnique
	refusedCheck
	refusedLength
	refusedValue
	refusedRight
	refusedSchema
	refusedReadOnly
	refusedTrigger
	refusedSignIn
	refusedTransaction
	refusedAway // the server is going down, is full, or is unwell
)

// refusal is an error of the database without values of rows.
type refusal struct {
	class                             class
	code                              string // "SQLSTATE 23505"
	schema, table, column, constraint string
	// changed says that the database may differ from its remembered catalogue.
	changed bool
}

// number reads a whole number that the database wrote.
func number(text []byte) (int64, error) {
	n, err := strconv.ParseInt(string(text), 10, 64)
	if err != nil {
		return 0, errNumber // the cause would quote it
	}
	return n, nil
}

var errNumber = errors.New("sqldb: a number expected")

// truth reads a boolean: t or f, 1 or 0; null is false.
func truth(text []byte) bool { return len(text) == 1 && (text[0] == 't' || text[0] == '1') }

// nullable is a text or nil.
func nullable(text []byte) *string {
	if text == nil {
		return nil
	}
	s := string(text)
	return &s
}
