package sqldb

import (
	"context"
	"strings"

	"habeas/requests/connect/sqldb/dataset"
)

// inspect implements inspector.
func (m *mysql) inspect(ctx context.Context, s session, cat *catalog, data *dataset.Dataset) (*facts, error) {
	f := newFacts()
	l := &mysqlLoader{s: s, maria: m.isMaria(), data: data, cat: cat}
	if err := l.names(ctx); err != nil {
		return nil, err
	}
	for key, r := range cat.rels {
		f.unreadable[key] = map[string]bool{}
		for name, a := range r.columns {
			f.unreadable[key][name] = a.hidden
		}
	}
	const triggers = `select event_object_schema, event_object_table, trigger_name, event_manipulation from information_schema.triggers where event_object_schema = %s and event_object_table = %s`
	err := l.each(ctx, triggers, func(_ *relation, key [2]string, row [][]byte) error {
		f.triggers[key] = append(f.triggers[key], trigger{name: string(row[0]), del: string(row[1]) == "DELETE", upd: string(row[1]) == "UPDATE"})
		return nil
	})
	if err != nil {
		return nil, err
	}
	if err := l.checks(ctx, f); err != nil {
		return nil, err
	}
	const q = "select @@global.read_only, @@global.innodb_read_only"
	return f, s.each(ctx, q, nil, func(row [][]byte) error {
		if truth(row[0]) || truth(row[1]) {
			f.readOnly = "this server is read-only, a replica perhaps; connect to the primary"
		}
		return nil
	})
}

// checks notes which constraints look at a masked column. What they say to the
// new value is the server's to know.
func (l *mysqlLoader) checks(ctx context.Context, f *facts) error {
	q := `
select t.table_schema, t.table_name, c.constraint_name, c.check_clause
from information_schema.table_constraints t
join information_schema.check_constraints c on c.constraint_schema = t.constraint_schema and c.constraint_name = t.constraint_name
where t.constraint_type = 'CHECK' and t.table_schema = %s and t.table_name = %s`
	if l.maria { // names of constraints are a table's own there
		q = `select constraint_schema, table_name, constraint_name, check_clause from information_schema.check_constraints where constraint_schema = %s and table_name = %s`
	}
	return l.each(ctx, q, func(r *relation, key [2]string, row [][]byte) error {
		var t *dataset.Table
		for _, x := range l.data.Tables {
			if [2]string{x.Schema, x.Rel} == key {
				t = x
			}
		}
		if t == nil || mysqlJSON.Match(row[1]) {
			return nil
		}
		k := constraint{name: string(row[0]), refuses: map[string]verdict{}}
		for _, c := range t.Columns {
			if c.Mask.Changes() && (strings.Contains(string(row[1]), "`"+c.Name+"`") || strings.Contains(string(row[1]), `"`+c.Name+`"`)) {
				k.columns = append(k.columns, c.Name)
				k.refuses[c.Name] = unknown
			}
		}
		if len(k.columns) > 0 {
			f.checks[key] = append(f.checks[key], k)
		}
		return nil
	})
}
