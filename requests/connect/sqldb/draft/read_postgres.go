package draft

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

func readPostgres(ctx context.Context, address, schema string) (*Database, error) {
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return nil, errors.New("the PostgreSQL server does not answer, or refuses the sign-in") // the cause may quote the address
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return nil, fmt.Errorf("begin: %w", err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	db := &Database{Engine: "postgresql", Schema: "public"}
	byOID := map[uint32]*Table{}
	for _, read := range []func() error{
		func() error { return db.pgTables(ctx, tx, schema, byOID) },
		func() error { return pgColumns(ctx, tx, byOID) },
		func() error { return pgIndexes(ctx, tx, byOID) },
		func() error { return pgForeignKeys(ctx, tx, byOID) },
	} {
		if err := read(); err != nil {
			return nil, err
		}
	}
	for _, t := range db.Tables {
		t.keyFromIndexes()
	}
	return db, nil
}

func (d *Database) pgTables(ctx context.Context, tx pgx.Tx, schema string, byOID map[uint32]*Table) error {
	const q = `
select c.oid, n.nspname, c.relname, c.relkind::text, coalesce(obj_description(c.oid, 'pg_class'), ''),
       coalesce((select pn.nspname || '.' || pc.relname from pg_inherits i
                 join pg_class pc on pc.oid = i.inhparent join pg_namespace pn on pn.oid = pc.relnamespace
                 where i.inhrelid = c.oid order by i.inhseqno limit 1), '')
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'v', 'm', 'f')
  and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
  and ($1 = '' or n.nspname = $1)
  and not exists (select 1 from pg_depend d where d.objid = c.oid and d.classid = 'pg_class'::regclass and d.deptype = 'e')
order by n.nspname, c.relname`
	rows, err := tx.Query(ctx, q, schema)
	if err != nil {
		return fmt.Errorf("read tables: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var oid uint32
		var t Table
		var kind string
		if err := rows.Scan(&oid, &t.Schema, &t.Name, &kind, &t.Comment, &t.Of); err != nil {
			return fmt.Errorf("read tables: %w", err)
		}
		t.Kind = Base
		switch {
		case t.Of != "":
			t.Kind = Part
		case kind == "v" || kind == "m":
			t.Kind = View
		case kind == "f":
			t.Kind = Foreign
		}
		d.Tables = append(d.Tables, &t)
		byOID[oid] = &t
	}
	return rows.Err()
}

func oids(byOID map[uint32]*Table) []uint32 {
	out := make([]uint32, 0, len(byOID))
	for o := range byOID {
		out = append(out, o)
	}
	slices.Sort(out)
	return out
}

func pgColumns(ctx context.Context, tx pgx.Tx, byOID map[uint32]*Table) error {
	const q = `
select a.attrelid, a.attname, format_type(a.atttypid, a.atttypmod),
       coalesce(base.typname, ty.typname), coalesce(base.typcategory, ty.typcategory)::text,
       a.attnotnull or (ty.typtype = 'd' and ty.typnotnull), a.attgenerated <> '' or a.attidentity = 'a',
       case when coalesce(base.typname, ty.typname) in ('varchar', 'bpchar') then
         greatest(case when a.atttypmod > 0 then a.atttypmod else ty.typtypmod end - 4, 0) else 0 end,
       coalesce(col_description(a.attrelid, a.attnum), '')
from pg_attribute a
join pg_type ty on ty.oid = a.atttypid
left join pg_type base on base.oid = ty.typbasetype and ty.typtype = 'd'
where a.attrelid = any($1::oid[]) and a.attnum > 0 and not a.attisdropped
order by a.attrelid, a.attnum`
	rows, err := tx.Query(ctx, q, oids(byOID))
	if err != nil {
		return fmt.Errorf("read columns: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var oid uint32
		var c Column
		var base, category string
		if err := rows.Scan(&oid, &c.Name, &c.Type, &base, &category, &c.NotNull, &c.Generated, &c.Length, &c.Comment); err != nil {
			return fmt.Errorf("read columns: %w", err)
		}
		c.Sort = pgSort(base, category)
		byOID[oid].Columns = append(byOID[oid].Columns, c)
	}
	return rows.Err()
}

func pgSort(base, category string) Sort {
	switch base {
	case "int2", "int4", "int8":
		return Whole
	case "uuid":
		return UUID
	case "json", "jsonb", "xml", "hstore":
		return JSON
	case "date", "timestamp", "timestamptz":
		return Date
	}
	switch category {
	case "S":
		return Text
	case "N":
		return Number
	case "B":
		return Truth
	case "I":
		return Net
	case "G":
		return Point
	}
	return Other
}

func pgIndexes(ctx context.Context, tx pgx.Tx, byOID map[uint32]*Table) error {
	const q = `
select i.indrelid, i.indisprimary, i.indisunique, i.indpred is not null,
       array(select coalesce(a.attname::text, pg_get_indexdef(i.indexrelid, k, true))
             from generate_series(1, i.indnkeyatts) k
             left join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[k - 1] and i.indkey[k - 1] > 0
             order by k)
from pg_index i
where i.indrelid = any($1::oid[]) and i.indisvalid
order by i.indexrelid`
	rows, err := tx.Query(ctx, q, oids(byOID))
	if err != nil {
		return fmt.Errorf("read indexes: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var oid uint32
		var primary, partial bool
		var ix Index
		if err := rows.Scan(&oid, &primary, &ix.Unique, &partial, &ix.Keys); err != nil {
			return fmt.Errorf("read indexes: %w", err)
		}
		t := byOID[oid]
		if partial {
			continue // serves some rows only
		}
		if primary {
			t.Key, t.Primary = ix.Keys, true
		}
		t.Indexes = append(t.Indexes, ix)
	}
	return rows.Err()
}

func pgForeignKeys(ctx context.Context, tx pgx.Tx, byOID map[uint32]*Table) error {
	const q = `
select f.conrelid, pn.nspname, pc.relname, f.confdeltype::text, f.condeferrable,
       array(select a.attname::text from unnest(f.conkey) with ordinality k(n, o)
             join pg_attribute a on a.attrelid = f.conrelid and a.attnum = k.n order by k.o),
       array(select a.attname::text from unnest(f.confkey) with ordinality k(n, o)
             join pg_attribute a on a.attrelid = f.confrelid and a.attnum = k.n order by k.o)
from pg_constraint f
join pg_class pc on pc.oid = f.confrelid
join pg_namespace pn on pn.oid = pc.relnamespace
where f.contype = 'f' and f.conparentid = 0 and f.conrelid = any($1::oid[])
order by f.conrelid, f.conname`
	rows, err := tx.Query(ctx, q, oids(byOID))
	if err != nil {
		return fmt.Errorf("read foreign keys: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var oid uint32
		var f ForeignKey
		if err := rows.Scan(&oid, &f.ToSchema, &f.ToName, &f.OnDelete, &f.Deferrable, &f.Columns, &f.ToColumns); err != nil {
			return fmt.Errorf("read foreign keys: %w", err)
		}
		f.OnDelete = map[string]string{"a": "no action", "r": "restrict", "c": "cascade", "n": "set null", "d": "set default"}[strings.TrimSpace(f.OnDelete)]
		byOID[oid].ForeignKeys = append(byOID[oid].ForeignKeys, f)
	}
	return rows.Err()
}
