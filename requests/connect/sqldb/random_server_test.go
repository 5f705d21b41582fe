package sqldb_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"

	"habeas/requests/testkit"
)

// rServer is a database in which random schemas are made, one after the other.
type rServer struct {
	dialect string
	url     string
	schema  string
	built   string   // the tables that stand there now
	tables  []string // their names
	exec    func(sql string) error
	query   func(sql string, row func(table int, values []cell)) error
}

func postgresServer(t testing.TB) *rServer {
	s := &rServer{dialect: "postgresql", url: testkit.EmptyDB(t), schema: "Any one"}
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, s.url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(ctx) })
	s.exec = func(sql string) error {
		_, err := conn.PgConn().Exec(ctx, sql).ReadAll()
		return err
	}
	s.query = func(sql string, row func(int, []cell)) error {
		rows, err := conn.Query(ctx, sql)
		if err != nil {
			return err
		}
		var table int
		var values []*string
		_, err = pgx.ForEachRow(rows, []any{&table, &values}, func() error {
			row(table, cells(values))
			return nil
		})
		return err
	}
	return s
}

func mariadbServer(t testing.TB) *rServer {
	s := &rServer{dialect: "mariadb", url: testkit.MariaDB(t)}
	u, err := url.Parse(s.url)
	if err != nil {
		t.Fatal(err)
	}
	s.schema = strings.Trim(u.Path, "/")
	password, _ := u.User.Password()
	cfg := mysql.NewConfig()
	cfg.User, cfg.Passwd, cfg.Net, cfg.Addr, cfg.DBName, cfg.MultiStatements = u.User.Username(), password, "tcp", u.Host, s.schema, true
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { _ = db.Close() })
	ctx := context.Background()
	s.exec = func(q string) error {
		_, err := db.ExecContext(ctx, q)
		return err
	}
	s.query = func(q string, row func(int, []cell)) error {
		rows, err := db.QueryContext(ctx, q)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var table int
			var array []byte
			if err := rows.Scan(&table, &array); err != nil {
				return err
			}
			values, err := cellsOf(array)
			if err != nil {
				return err
			}
			row(table, values)
		}
		return rows.Err()
	}
	return s
}

func cells(values []*string) []cell {
	out := make([]cell, len(values))
	for i, v := range values {
		out[i] = null
		if v != nil {
			out[i] = cell(*v)
		}
	}
	return out
}

// build makes the tables of a schema, and drops those of the last.
func (s *rServer) build(x *rSchema) error {
	var b strings.Builder
	if s.dialect == "postgresql" {
		q := x.quoted(s.schema)
		fmt.Fprintf(&b, "set client_min_messages = error; drop schema if exists %s cascade; create schema %s;\n", q, q)
	}
	ddl := x.ddl()
	if ddl == s.built {
		return nil
	}
	s.built = ""
	if s.dialect == "mariadb" {
		b.WriteString("set foreign_key_checks = 0;\n")
		for _, t := range s.tables {
			b.WriteString("drop table if exists " + t + ";\n")
		}
		b.WriteString("set foreign_key_checks = 1;\n")
		s.tables = nil
		for _, t := range x.tables {
			s.tables = append(s.tables, x.rel(t))
		}
	}
	b.WriteString(ddl)
	if err := s.exec(b.String()); err != nil {
		return err
	}
	s.built = ddl
	return nil
}

// fill puts other rows into the tables.
func (s *rServer) fill(p *rPeople) error {
	var names []string
	for _, x := range p.s.tables {
		names = append(names, p.s.rel(x))
	}
	if s.dialect == "mariadb" {
		q := "set foreign_key_checks = 0;\n"
		for _, n := range names {
			q += "delete from " + n + ";\n"
		}
		return s.exec(q + "set foreign_key_checks = 1;\n" + p.fill())
	}
	return s.exec("truncate " + strings.Join(names, ", ") + ";\n" + p.fill())
}

// read reads every row.
func (s *rServer) read(x *rSchema) (*rPeople, error) {
	p := &rPeople{s: x, rows: make([][]*rRow, len(x.tables))}
	var parts []string
	for i, t := range x.tables {
		var cols []string
		for _, c := range t.cols {
			if s.dialect == "postgresql" {
				cols = append(cols, x.quoted(c.name)+"::text")
			} else {
				cols = append(cols, "cast("+x.quoted(c.name)+" as char)")
			}
		}
		array := "array[" + strings.Join(cols, ", ") + "]"
		if s.dialect != "postgresql" {
			array = "json_array(" + strings.Join(cols, ", ") + ")"
		}
		parts = append(parts, fmt.Sprintf("select %d, %s from %s", i, array, x.rel(t)))
	}
	err := s.query(strings.Join(parts, " union all "), func(table int, values []cell) {
		p.rows[table] = append(p.rows[table], &rRow{t: x.tables[table], v: values})
	})
	return p, err
}

var errNoArray = errors.New("not an array of texts")

// cellsOf reads a JSON array of texts.
func cellsOf(text []byte) ([]cell, error) {
	var values []*string
	if err := json.Unmarshal(text, &values); err != nil {
		return nil, errNoArray
	}
	return cells(values), nil
}
