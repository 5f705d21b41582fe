package embedded

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	_ "github.com/go-sql-driver/mysql" // the driver for administration
)

// errNoMariaDB says what to install: nothing of ours is kept in a MariaDB, so
// none is fetched.
var errNoMariaDB = errors.New("no mariadbd found: run `apt-get install -y mariadb-server-core` (macOS: `brew install mariadb`)")

// MariaDBOptions says how to start a throwaway MariaDB.
type MariaDBOptions struct {
	// DataDir holds the data and the log. It is made if missing, and removed
	// when the server stops or this program dies.
	DataDir string
	// Template is a folder that keeps a fresh data folder to copy instead of
	// making one each time; made if missing. "" means none.
	Template string
	// Settings are further server options, name to value.
	Settings map[string]string
}

// MariaDB is a running server, for tests of connectors.
type MariaDB struct {
	host    string
	proc    *process
	guard   *guard
	cluster *cluster
	stop    sync.Once
	stopErr error
}

// StartMariaDB starts an installed MariaDB on a free port of 127.0.0.1, without
// durability, and returns when it accepts connections. ctx bounds the start.
func StartMariaDB(ctx context.Context, opt MariaDBOptions) (*MariaDB, error) {
	server, share, err := findMariaDB()
	if err != nil {
		return nil, err
	}
	runner, err := runnerAccount()
	if err != nil {
		return nil, err
	}
	dir, err := filepath.Abs(opt.DataDir)
	if err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	c := &cluster{bin: filepath.Dir(server), dir: dir, data: filepath.Join(dir, "mysql"), runner: runner, remove: dir}
	m, err := c.startMariaDB(ctx, server, share, opt)
	if err != nil {
		return nil, errors.Join(err, c.close())
	}
	return m, nil
}

// findMariaDB returns the server's program and the folder of the SQL that makes
// its system tables.
func findMariaDB() (server, share string, err error) {
	servers := []string{"/usr/sbin/mariadbd", "/usr/bin/mariadbd", "/opt/homebrew/opt/mariadb/bin/mariadbd", "/usr/local/opt/mariadb/bin/mariadbd"}
	if path, err := exec.LookPath("mariadbd"); err == nil {
		servers = append([]string{path}, servers...)
	}
	for _, server := range servers {
		if _, err := os.Stat(server); err != nil {
			continue
		}
		for _, share := range []string{"mysql", "mariadb"} {
			share = filepath.Join(filepath.Dir(filepath.Dir(server)), "share", share)
			if _, err := os.Stat(filepath.Join(share, systemTables[0])); err == nil {
				return server, share, nil
			}
		}
	}
	return "", "", errNoMariaDB
}

// systemTables are the files that make a server's own tables, in order.
var systemTables = []string{"mysql_system_tables.sql", "mysql_performance_tables.sql", "mysql_system_tables_data.sql"}

// startMariaDB makes the data folder and runs the server in it.
func (c *cluster) startMariaDB(ctx context.Context, server, share string, opt MariaDBOptions) (*MariaDB, error) {
	for _, dir := range []string{c.dir, c.data} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fmt.Errorf("make data folder: %w", err)
		}
		if err := c.runner.own(dir); err != nil {
			return nil, err
		}
	}
	if !c.runner.reaches(c.data) {
		return nil, fmt.Errorf("user %s cannot reach %s: choose a data folder below folders that everybody may pass", c.runner.name, c.data)
	}
	if err := c.mariadbTables(ctx, server, share, opt.Template); err != nil {
		return nil, err
	}
	for try := 1; ; try++ {
		m, err := c.runMariaDB(ctx, server, opt)
		if err == nil || try == 3 || !errors.Is(err, errPortTaken) {
			return m, err
		}
	}
}

// mariadbOptions hold for making and running: small files, nothing durable.
var mariadbOptions = []string{
	"--no-defaults",
	"--innodb-log-file-size=16M",
	"--innodb-flush-log-at-trx-commit=0",
	"--innodb-doublewrite=0",
	"--innodb-buffer-pool-size=64M",
	"--character-set-server=utf8mb4",
}

// mariadbTables fills the data folder, from the template where there is one.
func (c *cluster) mariadbTables(ctx context.Context, server, share, template string) error {
	kept := ""
	if template != "" {
		info, err := os.Stat(server)
		if err != nil {
			return fmt.Errorf("look at mariadbd: %w", err)
		}
		// Another build of the server gets data of its own.
		kept = filepath.Join(template, strconv.FormatInt(info.ModTime().Unix(), 36)+"-"+strconv.FormatInt(info.Size(), 36))
		if err := c.copyTree(kept, c.data); err == nil || !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	script := strings.Builder{}
	script.WriteString("create database mysql;\nuse mysql;\nset @auth_root_socket=null;\n")
	for _, name := range systemTables {
		b, err := os.ReadFile(filepath.Join(share, name))
		if err != nil {
			return fmt.Errorf("make MariaDB's tables: %w", err)
		}
		script.Write(b)
		script.WriteString("\n")
	}
	script.WriteString("flush privileges;\ncreate or replace user root@'127.0.0.1';\ngrant all privileges on *.* to root@'127.0.0.1' with grant option;\n")
	cmd := c.command(ctx, filepath.Base(server), append(mariadbOptions, "--bootstrap", "--datadir="+c.data, "--enforce-storage-engine=", "--max-allowed-packet=8M")...)
	cmd.Stdin = strings.NewReader(script.String())
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("make MariaDB's tables: %w: %s", err, strings.TrimSpace(string(out)))
	}
	if kept == "" {
		return nil
	}
	return keep(c.data, kept)
}

// runMariaDB runs the server and returns when it accepts connections.
func (c *cluster) runMariaDB(ctx context.Context, server string, opt MariaDBOptions) (*MariaDB, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	logPath := filepath.Join(c.dir, "mariadb.log")
	logFile, err := os.OpenFile(logPath, os.O_CREATE|os.O_TRUNC|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open MariaDB's log: %w", err)
	}
	defer func() { _ = logFile.Close() }()
	args := append(mariadbOptions[:len(mariadbOptions):len(mariadbOptions)],
		"--datadir="+c.data, "--port="+strconv.Itoa(port), "--bind-address=127.0.0.1",
		"--socket="+filepath.Join(c.data, "s"), "--pid-file="+filepath.Join(c.data, "pid"),
		"--skip-name-resolve", "--default-time-zone=+00:00", "--performance-schema=off",
		"--max-connections=200", "--max-allowed-packet=64M", "--tmpdir="+c.data)
	for name, value := range opt.Settings {
		args = append(args, "--"+name+"="+value)
	}
	// The server outlives ctx, which bounds only the start.
	cmd := c.command(context.WithoutCancel(ctx), filepath.Base(server), args...)
	cmd.Stdout, cmd.Stderr = logFile, logFile
	proc, err := startProcess(cmd, syscall.SIGTERM)
	if err != nil {
		return nil, err
	}
	m := &MariaDB{host: "127.0.0.1:" + strconv.Itoa(port), proc: proc, cluster: c}
	if m.guard, err = newGuard(cmd.Process.Pid, "TERM", c.remove); err != nil {
		proc.kill()
		return nil, err
	}
	if err := proc.poll(ctx, 10*time.Millisecond, m.answers); err != nil {
		proc.kill()
		m.guard.dismiss()
		why := tail(logPath)
		if strings.Contains(why, "Address already in use") {
			return nil, fmt.Errorf("%w: %s", errPortTaken, why)
		}
		return nil, fmt.Errorf("start MariaDB: %w: %s", err, why)
	}
	return m, nil
}

// answers tells whether the server takes a connection now.
func (m *MariaDB) answers(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	return m.Exec(ctx, "do 1") == nil
}

// Exec runs statements as the superuser.
func (m *MariaDB) Exec(ctx context.Context, statements ...string) error {
	db, err := sql.Open("mysql", "root@tcp("+m.host+")/")
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	for _, s := range statements {
		if _, err := db.ExecContext(ctx, s); err != nil {
			return fmt.Errorf("MariaDB: %w", err)
		}
	}
	return nil
}

// URLAs returns the URL of database db for a user.
func (m *MariaDB) URLAs(user, password, db string) string {
	u := url.URL{Scheme: "mysql", User: url.UserPassword(user, password), Host: m.host, Path: "/" + db}
	return u.String()
}

// Kill is kill -9, for tests of what survives it.
func (m *MariaDB) Kill() { m.proc.kill() }

// Stop ends the server and removes its folder; after 8 seconds, or when ctx
// ends, it is killed.
func (m *MariaDB) Stop(ctx context.Context) error {
	m.stop.Do(func() {
		ctx, cancel := context.WithTimeout(ctx, 8*time.Second)
		defer cancel()
		m.stopErr = m.proc.stop(ctx, syscall.SIGTERM)
		m.guard.release()
		m.stopErr = errors.Join(m.stopErr, m.cluster.close())
	})
	return m.stopErr
}
