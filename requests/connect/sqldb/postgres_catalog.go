package sqldb

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"habeas/requests/connect/sqldb/dataset"
)

// load implements engine. It reads the catalogue anew only when its mark has
// changed: an erasure must know every constraint as it is now, and most of the
// time they are what they were.
func (p *postgres) load(ctx context.Context, s session, data *dataset.Dataset) (*catalog, error) {
	tx := s.(*pgSession).tx // arrays in the answers are read by the driver
	mark, err := catalogMark(ctx, tx, data)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	known := p.known
	p.mu.Unlock()
	if known != nil && known.mark == mark {
		return known, nil
	}
	cat := &catalog{spelling: p, rels: map[[2]string]*relation{}, mark: mark}
	byOID := map[uint32]*relation{}
	schemas, names := relations(data)
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
	if err := cat.loadForeignKeys(ctx, tx, oids); err != nil {
		return nil, err
	}
	p.mu.Lock()
	p.known = cat
	p.mu.Unlock()
	return cat, nil
}

// relations lists the schema and name of every described table.
func relations(data *dataset.Dataset) (schemas, names []string) {
	for _, t := range data.Tables {
		schemas, names = append(schemas, t.Schema), append(names, t.Rel)
	}
	return schemas, names
}

// catalogMark changes when anything does that the catalogue is read from: the
// tables, their columns, indexes and constraints, those that refer to them, and
// what our user may do. It is read before the catalogue, so that a change in
// between is seen the next time.
func catalogMark(ctx context.Context, tx pgx.Tx, data *dataset.Dataset) (mark string, err error) {
	const q = `
with r as materialized (
  select c.oid, c.xmin as x, n.oid as schema, n.xmin as y
  from unnest($1::text[], $2::text[]) w(s, r)
  join pg_namespace n on n.nspname = w.s
  join pg_class c on c.relnamespace = n.oid and c.relname = w.r)
select md5(coalesce(string_agg(v, ' ' order by v), '')) from (
  select 'r' || r.oid || '.' || r.x || '.' || r.schema || '.' || r.y as v from r
  union all select 'a' || a.attrelid || '.' || a.attnum || '.' || a.xmin from pg_attribute a where a.attrelid = any(array(select r.oid from r)) and a.attnum > 0
  union all select 'i' || i.indexrelid || '.' || i.xmin from pg_index i where i.indrelid = any(array(select r.oid from r))
  union all select 'f' || f.oid || '.' || f.xmin from pg_constraint f where f.conrelid = any(array(select r.oid from r)) or f.confrelid = any(array(select r.oid from r))
  union all select 'm' || m.roleid || '.' || m.member || '.' || m.xmin from pg_auth_members m
  union all select 'u' || u.oid || '.' || u.rolsuper from pg_roles u where u.rolname = current_user) marks`
	schemas, names := relations(data)
	err = tx.QueryRow(ctx, q, schemas, names).Scan(&mark)
	return mark, err
}

func (c *catalog) loadColumns(ctx context.Context, tx pgx.Tx, schemas, names []string, byOID map[uint32]*relation) error {
	const q = `
select n.nspname, c.relname, c.oid, c.relkind::text,
       has_table_privilege(c.oid, 'select') or has_any_column_privilege(c.oid, 'select'),
       has_table_privilege(c.oid, 'update') or has_any_column_privilege(c.oid, 'update'),
       has_table_privilege(c.oid, 'delete'),
       a.attname, quote_ident(tn.nspname) || '.' || quote_ident(ty.typname),
       coalesce(base.typname, ty.typname), coalesce(base.typcategory, ty.typcategory)::text,
       a.attnotnull or (ty.typtype = 'd' and ty.typnotnull), a.attgenerated <> '' or a.attidentity = 'a',
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
