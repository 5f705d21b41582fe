// Package draft looks at a live database and writes a first dataset file for
// it: tables, keys, references, columns that look like personal data, each
// guess with its reason. It reads catalogues only, never a row, so that no
// value of anybody can stand in a draft. A person goes on from there.
package draft

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
)

// Database is what the catalogue says.
type Database struct {
	Engine string // postgresql, mysql or mariadb
	Schema string // the schema (MySQL: database) that names without one mean
	Tables []*Table
}

// Table is one table, view or foreign table.
type Table struct {
	Schema, Name string
	Kind         Kind
	Comment      string
	Of           string // the parent of a partition or of an inheriting table
	Columns      []Column
	Key          []string // primary key, else a unique index over columns that are never null
	Primary      bool     // Key is the primary key
	Indexes      []Index
	ForeignKeys  []ForeignKey
}

// Kind of a table.
type Kind string

// The kinds of tables. Part is a partition or an inheriting table, whose rows
// are its parent's.
const (
	Base    Kind = "table"
	View    Kind = "view"
	Foreign Kind = "foreign table"
	Part    Kind = "part"
)

// Column is one column.
type Column struct {
	Name      string
	Type      string // as the database names it
	Sort      Sort
	NotNull   bool
	Generated bool
	Length    int // characters; 0 for no limit
	Comment   string
}

// Sort of values, as far as a draft tells them apart.
type Sort string

// The sorts of values.
const (
	Text   Sort = "text"
	Number Sort = "number"
	Whole  Sort = "whole number"
	Date   Sort = "date"
	Truth  Sort = "truth value"
	UUID   Sort = "uuid"
	Net    Sort = "network address"
	JSON   Sort = "document"
	Point  Sort = "place"
	Other  Sort = "other"
)

// Index is an index over the whole table. Keys are column names, or
// expressions as the database prints them.
type Index struct {
	Unique bool
	Keys   []string
}

// ForeignKey is a constraint of the table.
type ForeignKey struct {
	Columns          []string
	ToSchema, ToName string
	ToColumns        []string
	OnDelete         string
	Deferrable       bool
}

// ErrURL is an address that names no database this package can read.
var ErrURL = errors.New("the address must look like postgres://user@host/database, mysql://user@host/database or mariadb://user@host/database")

// Read reads the catalogue of the database at an address. schema narrows it to
// one schema; empty means all of PostgreSQL's but its own, and MySQL's database
// of the address. Errors hold no part of the address.
func Read(ctx context.Context, address, schema string) (*Database, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, ErrURL // the cause quotes the address, which is a secret
	}
	switch u.Scheme {
	case "postgres", "postgresql":
		return readPostgres(ctx, address, schema)
	case "mysql", "mariadb":
		return readMySQL(ctx, u, schema)
	}
	return nil, ErrURL
}

// Table returns a table, or nil.
func (d *Database) Table(schema, name string) *Table {
	for _, t := range d.Tables {
		if t.Schema == schema && t.Name == name {
			return t
		}
	}
	return nil
}

// Column returns a column, or nil.
func (t *Table) Column(name string) *Column {
	i := slices.IndexFunc(t.Columns, func(c Column) bool { return c.Name == name })
	if i < 0 {
		return nil
	}
	return &t.Columns[i]
}

// Unique reports whether one of the unique indexes stands on just this column.
func (t *Table) Unique(column string) bool {
	return slices.ContainsFunc(t.Indexes, func(ix Index) bool {
		return ix.Unique && len(ix.Keys) == 1 && (ix.Keys[0] == column || strings.Contains(ix.Keys[0], "("+column))
	})
}

// leads reports whether an index begins with the column, or with the
// expression over it.
func (t *Table) leads(keys ...string) bool {
	return slices.ContainsFunc(t.Indexes, func(ix Index) bool { return len(ix.Keys) > 0 && slices.Contains(keys, ix.Keys[0]) })
}

// keyFromIndexes takes a unique index over columns that are never null for a
// table without a primary key; the shortest, so that keys stay short.
func (t *Table) keyFromIndexes() {
	if t.Primary {
		return
	}
	for _, ix := range t.Indexes {
		fits := ix.Unique && len(ix.Keys) > 0 && !slices.ContainsFunc(ix.Keys, func(k string) bool {
			c := t.Column(k)
			return c == nil || !c.NotNull
		})
		if fits && (len(t.Key) == 0 || len(ix.Keys) < len(t.Key)) {
			t.Key = ix.Keys
		}
	}
}
