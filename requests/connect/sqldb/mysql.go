package sqldb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"net"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	my "github.com/go-sql-driver/mysql"
)

// mysql speaks to MySQL 8 and MariaDB 10.6 or newer.
type mysql struct {
	pool   *sql.DB
	schema string       // the database of the URL
	maria  atomic.Int32 // 0: not known yet, 1: MySQL, 2: MariaDB
}

var _ engine = (*mysql)(nil)

// mysqlMode makes the server read what this package writes: names in double
// quotes, texts in single ones without escapes, || for joining; and refuse
// values that do not fit instead of changing them. Dates of zeros stay legible.
const mysqlMode = "'ANSI_QUOTES,PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES,STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'"

// mysqlSchema is the database of a URL.
func mysqlSchema(u *url.URL) string { return strings.Trim(u.Path, "/") }

// openMySQL prepares connections to a URL such as
// mysql://user:password@host:3306/db?tls=true; it does not connect yet. Errors
// do not quote it, it is a secret.
func openMySQL(raw string, conns int) (*mysql, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || mysqlSchema(u) == "" {
		return nil, errors.New("url is not of the form mysql://user:password@host:3306/database")
	}
	cfg := my.NewConfig()
	cfg.Net, cfg.Addr, cfg.DBName = "tcp", u.Host, mysqlSchema(u)
	if u.Port() == "" {
		cfg.Addr = net.JoinHostPort(u.Hostname(), "3306")
	}
	cfg.User = u.User.Username()
	cfg.Passwd, _ = u.User.Password()
	cfg.TLSConfig = "preferred"
	for name, values := range u.Query() {
		if name != "tls" {
			return nil, errors.New("url has a parameter that is not known: only tls=true, skip-verify, preferred or false")
		}
		cfg.TLSConfig = values[0]
	}
	cfg.Timeout = connectLimit
	// One round trip per statement; the driver writes values as literals in the
	// server's own rules.
	cfg.InterpolateParams = true
	cfg.ClientFoundRows = true
	cfg.Logger = &my.NopLogger{}
	cfg.Params = map[string]string{"sql_mode": mysqlMode, "time_zone": "'+00:00'", "max_sort_length": "8192", "group_concat_max_len": "16777216"}
	connector, err := my.NewConnector(cfg)
	if err != nil {
		return nil, errors.New("url is not usable: tls must be true, skip-verify, preferred or false")
	}
	pool := sql.OpenDB(connector)
	pool.SetMaxOpenConns(conns)
	pool.SetMaxIdleConns(conns)
	pool.SetConnMaxIdleTime(5 * time.Minute)
	return &mysql{pool: pool, schema: mysqlSchema(u)}, nil
}

func (*mysql) kind() string { return "mysql" }

func (m *mysql) close() { _ = m.pool.Close() }

func (m *mysql) read(ctx context.Context, fn func(session) error) error {
	conn, err := m.connect(ctx)
	if err != nil {
		return err
	}
	defer release(conn)
	for _, q := range []string{
		"set transaction isolation level repeatable read",
		"start transaction with consistent snapshot, read only",
	} {
		if _, err := conn.ExecContext(ctx, q); err != nil {
			return err
		}
	}
	return fn(mySession{conn})
}

func (m *mysql) write(ctx context.Context, fn func(session) error) error {
	conn, err := m.connect(ctx)
	if err != nil {
		return err
	}
	defer release(conn)
	for _, q := range []string{
		m.limits("10", "600"),
		"set transaction isolation level read committed",
		"start transaction read write",
	} {
		if _, err := conn.ExecContext(ctx, q); err != nil {
			return err
		}
	}
	if err := fn(mySession{conn}); err != nil {
		return err
	}
	_, err = conn.ExecContext(ctx, "commit")
	if err == nil {
		_, _ = conn.ExecContext(ctx, m.limits("default", "default")) // reads may take their time
		return nil
	}
	var refused *my.MySQLError
	if errors.As(err, &refused) {
		return err // the database says that it did not
	}
	return errUnknown
}

// limits sets how many seconds locks are waited for and a statement may take.
func (m *mysql) limits(locks, statement string) string {
	q := "set session innodb_lock_wait_timeout = " + locks + ", lock_wait_timeout = " + locks
	if m.isMaria() {
		return q + ", max_statement_time = " + statement
	}
	return q // MySQL limits the time of queries only
}

func (m *mysql) isMaria() bool { return m.maria.Load() == 2 }

// connect takes a connection and learns once what server it is.
func (m *mysql) connect(ctx context.Context) (*sql.Conn, error) {
	conn, err := m.pool.Conn(ctx)
	if err != nil || m.maria.Load() != 0 {
		return conn, err
	}
	var version string
	if err := conn.QueryRowContext(ctx, "select version()").Scan(&version); err != nil {
		_ = conn.Close()
		return nil, err
	}
	m.maria.Store(1)
	if strings.Contains(version, "MariaDB") {
		m.maria.Store(2)
	}
	return conn, nil
}

// release ends a transaction, even when its context is over, and gives the
// connection back; one that cannot even roll back is closed.
func release(conn *sql.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if _, err := conn.ExecContext(ctx, "rollback"); err != nil {
		_ = conn.Raw(func(any) error { return driver.ErrBadConn })
	}
	_ = conn.Close()
}

// mySession is a transaction.
type mySession struct{ conn *sql.Conn }

func (s mySession) each(ctx context.Context, q string, args []any, fn func(row [][]byte) error) error {
	q, args = positional(q, args)
	rows, err := s.conn.QueryContext(ctx, q, args...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	raw := make([]sql.RawBytes, len(columns))
	row := make([][]byte, len(columns))
	into := make([]any, len(columns))
	for i := range raw {
		into[i] = &raw[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		for i, v := range raw {
			row[i] = v
		}
		if err := fn(row); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (s mySession) exec(ctx context.Context, q string, args []any) (int64, error) {
	q, args = positional(q, args)
	done, err := s.conn.ExecContext(ctx, q, args...)
	if err != nil {
		return 0, err
	}
	return done.RowsAffected()
}

func (s mySession) ahead(ctx context.Context) pipeline { return &myPipeline{s: s, ctx: ctx} }

// myPipeline keeps queries until their rows are asked for: the protocol takes
// one at a time.
type myPipeline struct {
	s    mySession
	ctx  context.Context //nolint:containedctx // it lives as long as one call of Read
	sent []myQuery
}

type myQuery struct {
	q    string
	args []any
}

func (p *myPipeline) send(q string, args []any) error {
	p.sent = append(p.sent, myQuery{q, args})
	return nil
}

func (p *myPipeline) receive(fn func(row [][]byte) error) error {
	next := p.sent[0]
	p.sent = p.sent[1:]
	return p.s.each(p.ctx, next.q, next.args, fn)
}

func (*myPipeline) flush() error  { return nil }
func (*myPipeline) settle() error { return nil }
func (*myPipeline) close() error  { return nil }

// positional turns $1, $2, … into question marks with their values in the order
// of the text. A list becomes as many values, and no value where it is empty.
func positional(q string, args []any) (string, []any) {
	if len(args) == 0 {
		return q, nil
	}
	var out strings.Builder
	out.Grow(len(q) + 16)
	var values []any
	quoted := byte(0)
	for i := 0; i < len(q); i++ {
		c := q[i]
		switch {
		case quoted != 0:
			if c == quoted {
				quoted = 0
			}
		case c == '\'' || c == '"':
			quoted = c
		case c == '$':
			n, end := 0, i+1
			for ; end < len(q) && q[end] >= '0' && q[end] <= '9'; end++ {
				n = n*10 + int(q[end]-'0')
			}
			i = end - 1
			list, ok := args[n-1].([]string)
			switch {
			case !ok:
				out.WriteByte('?')
				values = append(values, args[n-1])
			case len(list) == 0:
				out.WriteString("select null from dual where false")
			default:
				out.WriteString("?" + strings.Repeat(", ?", len(list)-1))
				for _, v := range list {
					values = append(values, v)
				}
			}
			continue
		}
		out.WriteByte(c)
	}
	return out.String(), values
}
