package embedded

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// findPostgres returns the folder of an installed PostgreSQL's programs, the
// newest where there are several, or "" when there is none that runner may
// run.
func findPostgres(ctx context.Context, runner *account) string {
	for _, dir := range postgresDirs(ctx) {
		if usable(dir, runner) {
			return dir
		}
	}
	return ""
}

// postgresDirs lists where PostgreSQL may be, best first.
func postgresDirs(ctx context.Context) []string {
	var dirs []string
	if out, err := exec.CommandContext(ctx, "pg_config", "--bindir").Output(); err == nil {
		dirs = append(dirs, strings.TrimSpace(string(out)))
	}
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin",
		"/usr/pgsql-*/bin",
		"/opt/homebrew/opt/postgresql*/bin",
		"/usr/local/opt/postgresql*/bin",
		"/home/linuxbrew/.linuxbrew/opt/postgresql*/bin",
		"/Applications/Postgres.app/Contents/Versions/*/bin",
	} {
		found, _ := filepath.Glob(pattern) // a fixed pattern is never malformed
		slices.SortFunc(found, func(a, b string) int { return version(b) - version(a) })
		dirs = append(dirs, found...)
	}
	if path, err := exec.LookPath("postgres"); err == nil {
		if real, err := filepath.EvalSymlinks(path); err == nil {
			dirs = append(dirs, filepath.Dir(real))
		}
	}
	return dirs
}

// version reads the major version out of a path such as
// /usr/lib/postgresql/15/bin or …/opt/postgresql@17/bin, 0 if it names none.
func version(dir string) int {
	name := filepath.Base(filepath.Dir(dir))
	digits := strings.TrimLeft(name, "abcdefghijklmnopqrstuvwxyz-@")
	n, err := strconv.Atoi(digits)
	if err != nil {
		return 0
	}
	return n
}

// usable tells whether dir holds a server and initdb that runner may run.
func usable(dir string, runner *account) bool {
	for _, name := range []string{"postgres", "initdb"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.IsDir() || info.Mode()&0o111 == 0 {
			return false
		}
	}
	return runner.reaches(dir)
}
