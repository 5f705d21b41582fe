package migrations_test

import (
	"io/fs"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"habeas/migrations"
	"habeas/requests/testkit"
)

// TestUpBySeveralAtOnce migrates as an ordinary owner, as when three programs
// start together: one does the work, the others wait and find it done.
func TestUpBySeveralAtOnce(t *testing.T) {
	t.Parallel()
	testkit.DB(t) // makes the role, which an ordinary owner may not
	url := testkit.EmptyDB(t)
	var all errgroup.Group
	for range 3 {
		all.Go(func() error { return migrations.Up(t.Context(), url) })
	}
	if err := all.Wait(); err != nil {
		t.Fatal(err)
	}
	list, err := migrations.Status(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	files, err := fs.Glob(migrations.FS(), "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	var applied []string
	for _, v := range list {
		if v.Applied {
			applied = append(applied, v.File)
		}
	}
	if !slices.Equal(applied, files) {
		t.Errorf("applied %v, files are %v", applied, files)
	}
}

// TestProgramOwnsNothing holds the rights that the design draws: the program's
// role owns no table and may make none.
func TestProgramOwnsNothing(t *testing.T) {
	t.Parallel()
	conn, err := pgx.Connect(t.Context(), testkit.DBURL(t))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	var owned int
	if err := conn.QueryRow(t.Context(), `select count(*) from pg_tables where tableowner = current_user`).Scan(&owned); err != nil || owned != 0 {
		t.Errorf("owns %d tables, %v", owned, err)
	}
	for _, sql := range []string{`create table mine (id int)`, `create schema mine`, `drop table cases`, `alter table cases add mine int`} {
		if _, err := conn.Exec(t.Context(), sql); err == nil {
			t.Errorf("the program's role may: %s", sql)
		}
	}
}
