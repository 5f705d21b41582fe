package sqldb

import (
	"context"
	"errors"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"habeas/requests/connect/sqldb/dataset"
)

// inspect implements inspector.
func (p *postgres) inspect(ctx context.Context, s session, cat *catalog, data *dataset.Dataset) (*facts, error) {
	tx := s.(*pgSession).tx
	f := newFacts()
	schemas, names := relations(data)
	if err := f.pgTables(ctx, tx, schemas, names); err != nil {
		return nil, err
	}
	if err := f.pgTriggers(ctx, tx, schemas, names); err != nil {
		return nil, err
	}
	if err := f.pgChecks(ctx, tx, schemas, names, cat, data); err != nil {
		return nil, err
	}
	var standard, recovering bool
	// The transaction itself is read-only; what the next one would be counts.
	err := tx.QueryRow(ctx, "select current_setting('default_transaction_read_only')::bool, pg_is_in_recovery()").Scan(&standard, &recovering)
	switch {
	case recovering:
		f.readOnly = "this server is a standby, which takes no changes; connect to the primary"
	case standard:
		f.readOnly = "default_transaction_read_only is on for this user; switch it off for this user or database"
	}
	return f, err
}

func (f *facts) pgTables(ctx context.Context, tx pgx.Tx, schemas, names []string) error {
	const q = `
select n.nspname, c.relname, row_security_active(c.oid),
       array(select a.attname::text from pg_attribute a
             where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and not has_column_privilege(c.oid, a.attnum, 'select'))
from unnest($1::text[], $2::text[]) w(s, r)
join pg_namespace n on n.nspname = w.s and has_schema_privilege(n.oid, 'usage')
join pg_class c on c.relnamespace = n.oid and c.relname = w.r and c.relkind in ('r', 'p', 'v', 'm', 'f')`
	rows, err := tx.Query(ctx, q, schemas, names)
	if err != nil {
		return err
	}
	var key [2]string
	var hidden bool
	var unreadable []string
	_, err = pgx.ForEachRow(rows, []any{&key[0], &key[1], &hidden, &unreadable}, func() error {
		f.hidden[key] = hidden
		f.unreadable[key] = map[string]bool{}
		for _, c := range unreadable {
			f.unreadable[key][c] = true
		}
		return nil
	})
	return err
}

func (f *facts) pgTriggers(ctx context.Context, tx pgx.Tx, schemas, names []string) error {
	const q = `
select n.nspname, c.relname, t.tgname, t.tgtype & 8 <> 0, t.tgtype & 16 <> 0
from unnest($1::text[], $2::text[]) w(s, r)
join pg_namespace n on n.nspname = w.s
join pg_class c on c.relnamespace = n.oid and c.relname = w.r
join pg_trigger t on t.tgrelid = c.oid and not t.tgisinternal and t.tgenabled <> 'D'
order by n.nspname, c.relname, t.tgname`
	rows, err := tx.Query(ctx, q, schemas, names)
	if err != nil {
		return err
	}
	var key [2]string
	var tr trigger
	_, err = pgx.ForEachRow(rows, []any{&key[0], &key[1], &tr.name, &tr.del, &tr.upd}, func() error {
		f.triggers[key] = append(f.triggers[key], tr)
		return nil
	})
	return err
}

// pgConstraint is a constraint with the text of its expression, in which the
// columns stand by their names (of a domain: VALUE).
type pgConstraint struct {
	constraint
	expr   string
	domain string
}

func (f *facts) pgChecks(ctx context.Context, tx pgx.Tx, schemas, names []string, cat *catalog, data *dataset.Dataset) error {
	const q = `
select n.nspname, c.relname, k.conname, pg_get_expr(k.conbin, k.conrelid), '',
       array(select a.attname::text from pg_attribute a where a.attrelid = c.oid and a.attnum = any(k.conkey))
from unnest($1::text[], $2::text[]) w(s, r)
join pg_namespace n on n.nspname = w.s
join pg_class c on c.relnamespace = n.oid and c.relname = w.r
join pg_constraint k on k.conrelid = c.oid and k.contype = 'c'
union all
select n.nspname, c.relname, k.conname, '', format_type(ty.oid, null), array[a.attname::text]
from unnest($1::text[], $2::text[]) w(s, r)
join pg_namespace n on n.nspname = w.s
join pg_class c on c.relnamespace = n.oid and c.relname = w.r
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
join pg_type ty on ty.oid = a.atttypid and ty.typtype = 'd'
join pg_constraint k on k.contypid = ty.oid
order by 1, 2, 3`
	rows, err := tx.Query(ctx, q, schemas, names)
	if err != nil {
		return err
	}
	all := map[[2]string][]pgConstraint{}
	var key [2]string
	var k pgConstraint
	_, err = pgx.ForEachRow(rows, []any{&key[0], &key[1], &k.name, &k.expr, &k.domain, &k.columns}, func() error {
		k := k
		k.columns = slices.Clone(k.columns)
		all[key] = append(all[key], k)
		return nil
	})
	if err != nil {
		return err
	}
	for _, t := range data.Tables {
		key := [2]string{t.Schema, t.Rel}
		for _, k := range all[key] {
			k.refuses = map[string]verdict{}
			for _, name := range k.columns {
				c := t.Column(name)
				if c == nil || !c.Mask.Changes() || len(masks(t, c)) == 0 {
					continue
				}
				if k.refuses[name], err = k.ask(ctx, tx, cat.attr(t, name), c); err != nil {
					return err
				}
			}
			f.checks[key] = append(f.checks[key], k.constraint)
		}
	}
	return nil
}

// ask lets the database say what the constraint makes of the value that masking
// writes. It reads no row.
func (k pgConstraint) ask(ctx context.Context, tx pgx.Tx, a attribute, c *dataset.Column) (verdict, error) {
	value, ok := sample(a, c)
	if !ok || len(k.columns) != 1 {
		return unknown, nil
	}
	q := "select (" + k.expr + ") is false from (select " + value + "::" + a.sqlType + " as " + quote(c.Name) + ") v"
	if k.domain != "" {
		cast := "(" + value + "::" + a.sqlType + ")::text" // refuses by an error
		q = "select " + cast + " is null and " + cast + " is not null"
	}
	if _, err := tx.Exec(ctx, "savepoint ask"); err != nil {
		return unknown, err
	}
	var no bool
	err := tx.QueryRow(ctx, q).Scan(&no)
	var pg *pgconn.PgError
	if err != nil && !errors.As(err, &pg) {
		return unknown, err
	}
	if _, back := tx.Exec(ctx, "rollback to savepoint ask"); back != nil {
		return unknown, back
	}
	switch {
	case pg != nil && pg.Code == "23514", pg != nil && pg.Code == "23502":
		return refused, nil
	case pg != nil:
		return unknown, nil // its function is not ours to call, say
	case no:
		return refused, nil
	}
	return fine, nil
}
