package sqldb

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"habeas/requests/connect"
	"habeas/requests/connect/sqldb/dataset"
)

// catalog is what the database says about the described tables.
type catalog struct {
	rels map[[2]string]*relation // by schema and name
	fks  []foreignKey
}

type relation struct {
	oid     uint32
	kind    string // r, p: tables; v, m, f: others
	columns map[string]attribute
	sel     bool
	upd     bool
	del     bool
	indexes []index
}

type attribute struct {
	sqlType   string // quoted, usable in a cast
	base      string // type name; of a domain, that of its base type
	category  string // pg_type.typcategory: N, S, D, …
	notNull   bool
	generated bool
	length    int // of varchar(n) and char(n); 0 for none
	update    bool
}

type index struct {
	unique  bool
	partial bool
	keys    []string // column names, or expressions as the database prints them
}

// foreignKey is a constraint that touches a described table.
type foreignKey struct {
	name       string
	child      [2]string
	parent     [2]string
	columns    []string
	toColumns  []string
	onDelete   string // a, r: refuses; c: cascades; n, d: sets
	deferrable bool
	nullable   bool // every referencing column may be null
}

func (c *catalog) of(t *dataset.Table) *relation { return c.rels[[2]string{t.Schema, t.Rel}] }

// attr returns a column's facts; the zero attribute when it does not exist.
func (c *catalog) attr(t *dataset.Table, col string) attribute {
	if r := c.of(t); r != nil {
		return r.columns[col]
	}
	return attribute{}
}

func (d *DB) forgetCatalog() {
	d.mu.Lock()
	d.cat = nil
	d.mu.Unlock()
}

func (d *DB) catalog(ctx context.Context, tx pgx.Tx) (*catalog, error) {
	d.mu.Lock()
	cat := d.cat
	d.mu.Unlock()
	if cat != nil {
		return cat, nil
	}
	cat, err := loadCatalog(ctx, tx, d.data)
	if err != nil {
		return nil, err
	}
	if err := cat.complete(d.data); err != nil {
		return nil, err
	}
	d.mu.Lock()
	d.cat = cat
	d.mu.Unlock()
	return cat, nil
}

// complete refuses a database that lacks a table or column of the dataset.
func (c *catalog) complete(data *dataset.Dataset) error {
	for _, t := range data.Tables {
		rel := c.of(t)
		if rel == nil {
			return connect.Permanent("schema", "The database has no table for "+t.Name+"; habeas systems check names what differs.", nil)
		}
		for _, col := range t.Columns {
			if _, ok := rel.columns[col.Name]; !ok {
				return connect.Permanent("schema", "The database lacks a column of "+t.Name+"; habeas systems check names what differs.", nil)
			}
		}
	}
	return nil
}

func loadCatalog(ctx context.Context, tx pgx.Tx, data *dataset.Dataset) (*catalog, error) {
	cat := &catalog{rels: map[[2]string]*relation{}}
	var schemas, names []string
	for _, t := range data.Tables {
		schemas, names = append(schemas, t.Schema), append(names, t.Rel)
	}
	byOID := map[uint32]*relation{}
	if err := cat.loadColumns(ctx, tx, schemas, names, byOID); err != nil {
		return nil, err
	}
	oids := make([]uint32, 0, len(byOID))
	for oid := range byOID {
		oids = append(oids, oid)
	}
	slices.Sort(oids)
	if err := cat.loadIndexes(ctx, tx, oids, byOID); err != nil {
		return nil, err
	}
	return cat, cat.loadForeignKeys(ctx, tx, oids)
}

func (c *catalog) loadColumns(ctx context.Context, tx pgx.Tx, schemas, names []string, byOID map[uint32]*relation) error {
	const q = `
select n.nspname, c.relname, c.oid, c.relkind::text,
       has_table_privilege(c.oid, 'select') or has_any_column_privilege(c.oid, 'select'),
       has_table_privilege(c.oid, 'update') or has_any_column_privilege(c.oid, 'update'),
       has_table_privilege(c.oid, 'delete'),
       a.attname, quote_ident(tn.nspname) || '.' || quote_ident(ty.typname),
       coalesce(base.typname, ty.typname), coalesce(base.typcategory, ty.typcategory)::text,
       a.attnotnull, a.attgenerated <> '' or a.attidentity = 'a',
       case when coalesce(base.typname, ty.typname) in ('varchar', 'bpchar') then
         greatest(case when a.atttypmod > 0 then a.atttypmod else ty.typtypmod end - 4, 0) else 0 end,
       has_column_privilege(c.oid, a.attnum, 'update')
from unnest($1::text[], $2::text[]) w(s, r)
join pg_namespace n on n.nspname = w.s
join pg_class c on c.relnamespace = n.oid and c.relname = w.r and c.relkind in ('r', 'p', 'v', 'm', 'f')
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
join pg_type ty on ty.oid = a.atttypid
join pg_namespace tn on tn.oid = ty.typnamespace
left join pg_type base on base.oid = ty.typbasetype and ty.typtype = 'd'
where has_schema_privilege(n.oid, 'usage')`
	rows, err := tx.Query(ctx, q, schemas, names)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var key [2]string
		var r relation
		var name string
		var a attribute
		if err := rows.Scan(&key[0], &key[1], &r.oid, &r.kind, &r.sel, &r.upd, &r.del,
			&name, &a.sqlType, &a.base, &a.category, &a.notNull, &a.generated, &a.length, &a.update); err != nil {
			return err
		}
		rel := c.rels[key]
		if rel == nil {
			rel = &r
			rel.columns = map[string]attribute{}
			c.rels[key] = rel
			byOID[rel.oid] = rel
		}
		rel.columns[name] = a
	}
	return rows.Err()
}

func (c *catalog) loadIndexes(ctx context.Context, tx pgx.Tx, oids []uint32, byOID map[uint32]*relation) error {
	const q = `
select i.indrelid, i.indisunique, i.indpred is not null,
       array(select pg_get_indexdef(i.indexrelid, k, true) from generate_series(1, i.indnkeyatts) k order by k)
from pg_index i
where i.indrelid = any($1::oid[]) and i.indisvalid
order by i.indexrelid`
	rows, err := tx.Query(ctx, q, oids)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var oid uint32
		var ix index
		if err := rows.Scan(&oid, &ix.unique, &ix.partial, &ix.keys); err != nil {
			return err
		}
		byOID[oid].indexes = append(byOID[oid].indexes, ix)
	}
	return rows.Err()
}

func (c *catalog) loadForeignKeys(ctx context.Context, tx pgx.Tx, oids []uint32) error {
	const q = `
select f.conname, cn.nspname, cc.relname, pn.nspname, pc.relname, f.confdeltype::text, f.condeferrable,
       array(select a.attname::text from unnest(f.conkey) with ordinality k(n, o)
             join pg_attribute a on a.attrelid = f.conrelid and a.attnum = k.n order by k.o),
       array(select a.attname::text from unnest(f.confkey) with ordinality k(n, o)
             join pg_attribute a on a.attrelid = f.confrelid and a.attnum = k.n order by k.o),
       not exists (select 1 from unnest(f.conkey) k(n)
             join pg_attribute a on a.attrelid = f.conrelid and a.attnum = k.n and a.attnotnull)
from pg_constraint f
join pg_class cc on cc.oid = f.conrelid
join pg_namespace cn on cn.oid = cc.relnamespace
join pg_class pc on pc.oid = f.confrelid
join pg_namespace pn on pn.oid = pc.relnamespace
where f.contype = 'f' and f.conparentid = 0 and (f.conrelid = any($1::oid[]) or f.confrelid = any($1::oid[]))
order by cn.nspname, cc.relname, f.conname`
	rows, err := tx.Query(ctx, q, oids)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var f foreignKey
		if err := rows.Scan(&f.name, &f.child[0], &f.child[1], &f.parent[0], &f.parent[1], &f.onDelete, &f.deferrable,
			&f.columns, &f.toColumns, &f.nullable); err != nil {
			return err
		}
		c.fks = append(c.fks, f)
	}
	return rows.Err()
}
