package draft

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/go-sql-driver/mysql"
)

// readMySQL reads information_schema, which MySQL and MariaDB share but for
// indexes over expressions.
func readMySQL(ctx context.Context, u *url.URL, schema string) (*Database, error) {
	cfg := mysql.NewConfig()
	cfg.User, cfg.DBName = u.User.Username(), strings.TrimPrefix(u.Path, "/")
	cfg.Passwd, _ = u.User.Password()
	cfg.Net, cfg.Addr = "tcp", u.Host
	if u.Port() == "" && u.Host != "" {
		cfg.Addr += ":3306"
	}
	if socket := u.Query().Get("socket"); socket != "" {
		cfg.Net, cfg.Addr = "unix", socket
	}
	cfg.TLSConfig = u.Query().Get("tls")
	if schema == "" {
		schema = cfg.DBName
	}
	if schema == "" {
		return nil, errors.New("the address names no database: mysql://user@host/database")
	}
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		return nil, ErrURL // the cause may quote the address
	}
	pool := sql.OpenDB(connector)
	defer func() { _ = pool.Close() }()
	tx, err := pool.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, errors.New("the MySQL server does not answer, or refuses the sign-in")
	}
	defer func() { _ = tx.Rollback() }()
	db := &Database{Engine: "mysql", Schema: schema}
	var version string
	if err := tx.QueryRowContext(ctx, "select version()").Scan(&version); err != nil {
		return nil, fmt.Errorf("read version: %w", err)
	}
	if strings.Contains(strings.ToLower(version), "mariadb") {
		db.Engine = "mariadb"
	}
	byName := map[string]*Table{}
	for _, read := range []func() error{
		func() error { return db.myTables(ctx, tx, byName) },
		func() error { return db.myColumns(ctx, tx, byName) },
		func() error { return db.myIndexes(ctx, tx, byName) },
		func() error { return db.myForeignKeys(ctx, tx, byName) },
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

func (d *Database) myTables(ctx context.Context, tx *sql.Tx, byName map[string]*Table) error {
	const q = `
select t.table_name, t.table_type, t.table_comment
from information_schema.tables t
where t.table_schema = ?
order by t.table_name`
	return each(ctx, tx, q, []any{d.Schema}, func(scan func(...any) error) error {
		t := Table{Schema: d.Schema, Kind: Base}
		var kind string
		if err := scan(&t.Name, &kind, &t.Comment); err != nil {
			return err
		}
		if strings.Contains(kind, "VIEW") {
			t.Kind, t.Comment = View, "" // MySQL's comment of a view is the word VIEW
		}
		d.Tables = append(d.Tables, &t)
		byName[t.Name] = &t
		return nil
	})
}

func (d *Database) myColumns(ctx context.Context, tx *sql.Tx, byName map[string]*Table) error {
	const q = `
select c.table_name, c.column_name, c.data_type, c.column_type, c.is_nullable, coalesce(c.character_maximum_length, 0),
       c.extra, c.column_comment
from information_schema.columns c
where c.table_schema = ?
order by c.table_name, c.ordinal_position`
	return each(ctx, tx, q, []any{d.Schema}, func(scan func(...any) error) error {
		var table, data, nullable, extra string
		var length int64
		var c Column
		if err := scan(&table, &c.Name, &data, &c.Type, &nullable, &length, &extra, &c.Comment); err != nil {
			return err
		}
		c.NotNull = nullable == "NO"
		c.Generated = strings.Contains(strings.ToUpper(extra), "GENERATED") && !strings.Contains(strings.ToUpper(extra), "DEFAULT_GENERATED")
		c.Sort = mySort(strings.ToLower(data), strings.ToLower(c.Type))
		if c.Sort == Text && length < 65535 {
			c.Length = int(length)
		}
		if t := byName[table]; t != nil {
			t.Columns = append(t.Columns, c)
		}
		return nil
	})
}

func mySort(data, full string) Sort {
	switch data {
	case "tinyint":
		if strings.HasPrefix(full, "tinyint(1)") {
			return Truth
		}
		return Whole
	case "smallint", "mediumint", "int", "bigint", "year":
		return Whole
	case "decimal", "float", "double":
		return Number
	case "char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum", "set":
		return Text
	case "date", "datetime", "timestamp":
		return Date
	case "json":
		return JSON
	case "uuid":
		return UUID
	case "inet4", "inet6":
		return Net
	case "point", "geometry":
		return Point
	case "bit":
		return Truth
	}
	return Other
}

func (d *Database) myIndexes(ctx context.Context, tx *sql.Tx, byName map[string]*Table) error {
	// An index over an expression has no column name; only MySQL has these, in
	// a column that MariaDB lacks.
	const q = `
select s.table_name, s.index_name, s.non_unique, coalesce(s.column_name, ''), s.sub_part is not null
from information_schema.statistics s
where s.table_schema = ?
order by s.table_name, s.index_name, s.seq_in_index`
	var last string
	return each(ctx, tx, q, []any{d.Schema}, func(scan func(...any) error) error {
		var table, name, column string
		var nonUnique int
		var prefix bool
		if err := scan(&table, &name, &nonUnique, &column, &prefix); err != nil {
			return err
		}
		t := byName[table]
		if t == nil {
			return nil
		}
		if at := table + "\x00" + name; at != last {
			last = at
			t.Indexes = append(t.Indexes, Index{Unique: nonUnique == 0 && !prefix})
		}
		ix := &t.Indexes[len(t.Indexes)-1]
		ix.Keys = append(ix.Keys, column)
		ix.Unique = ix.Unique && !prefix
		if name == "PRIMARY" {
			t.Key, t.Primary = ix.Keys, true
		}
		return nil
	})
}

func (d *Database) myForeignKeys(ctx context.Context, tx *sql.Tx, byName map[string]*Table) error {
	const q = `
select k.table_name, k.constraint_name, k.column_name, k.referenced_table_schema, k.referenced_table_name,
       k.referenced_column_name, r.delete_rule
from information_schema.key_column_usage k
join information_schema.referential_constraints r
  on r.constraint_schema = k.constraint_schema and r.constraint_name = k.constraint_name and r.table_name = k.table_name
where k.table_schema = ? and k.referenced_table_name is not null
order by k.table_name, k.constraint_name, k.ordinal_position`
	var last string
	return each(ctx, tx, q, []any{d.Schema}, func(scan func(...any) error) error {
		var table, name, column, toSchema, toName, toColumn, rule string
		if err := scan(&table, &name, &column, &toSchema, &toName, &toColumn, &rule); err != nil {
			return err
		}
		t := byName[table]
		if t == nil {
			return nil
		}
		if at := table + "\x00" + name; at != last {
			last = at
			t.ForeignKeys = append(t.ForeignKeys, ForeignKey{ToSchema: toSchema, ToName: toName, OnDelete: strings.ToLower(rule)})
		}
		f := &t.ForeignKeys[len(t.ForeignKeys)-1]
		f.Columns, f.ToColumns = append(f.Columns, column), append(f.ToColumns, toColumn)
		return nil
	})
}

// each runs a query and gives every row to fn.
func each(ctx context.Context, tx *sql.Tx, query string, args []any, fn func(scan func(...any) error) error) error {
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("read the catalogue: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := fn(rows.Scan); err != nil {
			return fmt.Errorf("read the catalogue: %w", err)
		}
	}
	return rows.Err()
}
