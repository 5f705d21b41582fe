// Package migrations holds the database's schema, one numbered file per step,
// and applies it. It runs as the owner of the database; the program itself
// connects as the role habeas_app, to which every file grants what it needs.
package migrations

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed *.sql
var files embed.FS

// FS returns the migration files.
func FS() fs.FS { return files }

// Role is the role that the program connects as.
const Role = "habeas_app"

// createRole makes Role unless it exists. Roles belong to the whole server,
// so two databases that are migrated at once may both try.
const createRole = `do $$
begin
	if not exists (select 1 from pg_roles where rolname = 'habeas_app') then
		create role habeas_app nologin;
	end if;
exception when duplicate_object or unique_violation then
	null;
end
$$`

// Version is one migration and whether it has been applied.
type Version struct {
	File    string
	Applied bool
}

// Up brings the database to the newest version. Several programs may call it
// at once: one does the work while the others wait, for 5 minutes at most.
// ownerURL names the database's owner, who may create roles if habeas_app
// does not exist yet.
func Up(ctx context.Context, ownerURL string) error {
	return with(ownerURL, func(db *sql.DB, p *goose.Provider) error {
		if _, err := db.ExecContext(ctx, createRole); err != nil {
			return fmt.Errorf("create role %s: %w", Role, err)
		}
		if _, err := p.Up(ctx); err != nil {
			return fmt.Errorf("migrate: %w", err)
		}
		return nil
	})
}

// Status lists every migration, oldest first.
func Status(ctx context.Context, ownerURL string) ([]Version, error) {
	var list []Version
	err := with(ownerURL, func(_ *sql.DB, p *goose.Provider) error {
		found, err := p.Status(ctx)
		if err != nil {
			return fmt.Errorf("migration status: %w", err)
		}
		for _, s := range found {
			list = append(list, Version{File: s.Source.Path, Applied: s.State == goose.StateApplied})
		}
		return nil
	})
	return list, err
}

// with opens the database and goose over it.
func with(ownerURL string, use func(*sql.DB, *goose.Provider) error) error {
	db, err := sql.Open("pgx", ownerURL)
	if err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	defer func() { _ = db.Close() }()
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300))
	if err != nil {
		return fmt.Errorf("migration lock: %w", err)
	}
	p, err := goose.NewProvider(goose.DialectPostgres, db, files, goose.WithSessionLocker(locker))
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	return use(db, p)
}
