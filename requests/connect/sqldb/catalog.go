package sqldb

import (
	"context"

	"habeas/requests/connect"
	"habeas/requests/connect/sqldb/dataset"
)

// catalog is what the database says about the described tables, and how to
// speak of them there.
type catalog struct {
	spelling
	rels map[[2]string]*relation // by schema and name
	fks  []foreignKey
	mark string // of the state it was read in, where the database has one
}

type relation struct {
	oid     uint32
	kind    string // r, p: tables; v, m, f: others
	columns map[string]attribute
	sel     bool
	upd     bool
	del     bool
	indexes []index
	// loose says, in words, why the rows are not all there is, or cannot be
	// changed in a transaction; "" where nothing is odd.
	loose string
}

type attribute struct {
	sqlType   string // quoted, usable in a cast
	base      string // type name; of a domain, that of its base type
	category  string // pg_type.typcategory: N, S, D, …
	notNull   bool
	generated bool
	unsigned  bool
	charset   string // MySQL: of texts
	collation string
	hidden    bool // MySQL: our user may not read it
	length    int  // of varchar(n) and char(n); 0 for none
	update    bool
}

// textual reports whether the column takes texts.
func (a attribute) textual() bool { return a.category == "S" }

// whole reports whether the column holds whole numbers.
func (a attribute) whole() bool {
	switch a.base {
	case "int2", "int4", "int8", "tinyint", "smallint", "mediumint", "int", "bigint":
		return true
	}
	return false
}

type index struct {
	name    string // MySQL
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

func (d *DB) catalog(ctx context.Context, tx session) (*catalog, error) {
	d.mu.Lock()
	cat := d.cat
	d.mu.Unlock()
	if cat != nil {
		return cat, nil
	}
	cat, err := d.engine.load(ctx, tx, d.data)
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
