package sqldb

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"habeas/requests/connect/sqldb/dataset"
)

// load implements engine. The server reads its information schema table by
// table and only where both names are given, so each query is a union of one
// per table.
func (m *mysql) load(ctx context.Context, s session, data *dataset.Dataset) (*catalog, error) {
	l := &mysqlLoader{s: s, maria: m.isMaria(), data: data, cat: &catalog{spelling: m, rels: map[[2]string]*relation{}}}
	for _, step := range []func(context.Context) error{l.names, l.tables, l.columns, l.indexes, l.foreignKeys, l.rights} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	return l.cat, nil
}

type mysqlLoader struct {
	s     session
	maria bool
	data  *dataset.Dataset
	cat   *catalog
	fold  bool // the server takes no notice of case in names of tables
}

// names learns how the server compares names of tables.
func (l *mysqlLoader) names(ctx context.Context) error {
	return l.s.each(ctx, "select @@lower_case_table_names", nil, func(row [][]byte) error {
		l.fold = string(row[0]) != "0"
		return nil
	})
}

// each runs a query for every described table; %s stands for its schema and %s
// for its name, as parameters. The first two columns are those names.
func (l *mysqlLoader) each(ctx context.Context, q string, fn func(r *relation, key [2]string, row [][]byte) error) error {
	var parts []string
	var args []any
	for _, t := range l.data.Tables {
		parts = append(parts, fmt.Sprintf(q, "$"+strconv.Itoa(len(args)+1), "$"+strconv.Itoa(len(args)+2)))
		args = append(args, t.Schema, t.Rel)
	}
	return l.s.each(ctx, strings.Join(parts, " union all "), args, func(row [][]byte) error {
		key := l.name(string(row[0]), string(row[1]))
		return fn(l.cat.rels[key], key, row[2:])
	})
}

// name gives a table the spelling of the dataset, where the server's differs in
// case only and that means nothing to it.
func (l *mysqlLoader) name(schema, rel string) [2]string {
	for _, t := range l.data.Tables {
		if l.fold && strings.EqualFold(t.Schema, schema) && strings.EqualFold(t.Rel, rel) {
			return [2]string{t.Schema, t.Rel}
		}
	}
	return [2]string{schema, rel}
}

func (l *mysqlLoader) tables(ctx context.Context) error {
	const q = `select table_schema, table_name, table_type, coalesce(engine, '') from information_schema.tables where table_schema = %s and table_name = %s`
	return l.each(ctx, q, func(_ *relation, key [2]string, row [][]byte) error {
		r := &relation{kind: "r", columns: map[string]attribute{}}
		switch string(row[0]) {
		case "BASE TABLE", "SEQUENCE":
		case "SYSTEM VERSIONED":
			r.loose = "is system-versioned: the database keeps what is deleted or changed in its history"
		default:
			r.kind = "v"
		}
		if e := string(row[1]); r.kind == "r" && e != "InnoDB" && e != "" {
			r.loose = "is kept by " + e + ", which has no transactions: an erasure that fails half-way stays half done"
		}
		l.cat.rels[key] = r
		return nil
	})
}

func (l *mysqlLoader) columns(ctx context.Context) error {
	const q = `
select table_schema, table_name, column_name, data_type, column_type, is_nullable, extra,
       coalesce(character_maximum_length, 0), coalesce(character_set_name, ''), coalesce(collation_name, ''), privileges
from information_schema.columns where table_schema = %s and table_name = %s`
	err := l.each(ctx, q, func(r *relation, _ [2]string, row [][]byte) error {
		if r == nil {
			return nil
		}
		a := attribute{
			base: strings.ToLower(string(row[1])), sqlType: string(row[2]), notNull: string(row[3]) == "NO",
			generated: mysqlGenerated.Match(row[4]), unsigned: strings.Contains(string(row[2]), "unsigned"),
			charset: string(row[6]), collation: string(row[7]),
		}
		switch a.base {
		case "char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum", "set":
			a.category = "S"
		}
		if n, err := strconv.Atoi(string(row[5])); err == nil && n < 65536 && a.category == "S" && a.base != "text" {
			a.length = n
		}
		rights := strings.Split(string(row[8]), ",")
		a.update, a.hidden = slices.Contains(rights, "update"), !slices.Contains(rights, "select")
		r.sel = r.sel || slices.Contains(rights, "select")
		r.upd = r.upd || a.update
		r.columns[string(row[0])] = a
		return nil
	})
	if err != nil || !l.maria {
		return err
	}
	// MariaDB keeps JSON as a text with a check.
	const checks = `select constraint_schema, table_name, check_clause from information_schema.check_constraints where constraint_schema = %s and table_name = %s`
	return l.each(ctx, checks, func(r *relation, _ [2]string, row [][]byte) error {
		m := mysqlJSON.FindSubmatch(row[0])
		if m == nil || r == nil {
			return nil
		}
		if a, ok := r.columns[string(m[1])]; ok {
			a.base, a.category, a.length = "json", "", 0
			r.columns[string(m[1])] = a
		}
		return nil
	})
}

var (
	mysqlGenerated = regexp.MustCompile(`(?i)(virtual|stored|persistent) generated`)
	mysqlJSON      = regexp.MustCompile("^json_valid\\([`\"](.+)[`\"]\\)$")
)

func (l *mysqlLoader) indexes(ctx context.Context) error {
	expression := "null"
	if !l.maria {
		expression = "expression"
	}
	q := `select table_schema, table_name, index_name, non_unique, seq_in_index, column_name, ` + expression + `
from information_schema.statistics where table_schema = %s and table_name = %s`
	type place struct {
		r  *relation
		at string
	}
	found := map[place]map[int]string{}
	unique := map[place]bool{}
	err := l.each(ctx, q, func(r *relation, _ [2]string, row [][]byte) error {
		if r == nil {
			return nil
		}
		n, err := number(row[2])
		if err != nil {
			return err
		}
		key := quoteIfNeeded(string(row[3]))
		if row[3] == nil {
			key = string(row[4])
		}
		p := place{r, string(row[0])}
		if found[p] == nil {
			found[p] = map[int]string{}
		}
		found[p][int(n)] = key
		unique[p] = string(row[1]) == "0"
		return nil
	})
	for p, keys := range found {
		ix := index{name: p.at, unique: unique[p]}
		for i := 1; keys[i] != ""; i++ {
			ix.keys = append(ix.keys, keys[i])
		}
		p.r.indexes = append(p.r.indexes, ix)
	}
	return err
}

// foreignKeys reads the constraints of the schemas that the dataset names: a
// constraint on a described table is found by the table that has it.
func (l *mysqlLoader) foreignKeys(ctx context.Context) error {
	var schemas []any
	var marks []string
	for _, t := range l.data.Tables {
		if !slices.Contains(schemas, any(t.Schema)) {
			schemas = append(schemas, t.Schema)
			marks = append(marks, "$"+strconv.Itoa(len(schemas)))
		}
	}
	in := "(" + strings.Join(marks, ", ") + ")"
	rules := map[[3]string]string{}
	q := `select constraint_schema, table_name, constraint_name, delete_rule from information_schema.referential_constraints where constraint_schema in ` + in
	if err := l.s.each(ctx, q, schemas, func(row [][]byte) error {
		rule := "r"
		switch string(row[3]) {
		case "CASCADE":
			rule = "c"
		case "SET NULL":
			rule = "n"
		case "SET DEFAULT":
			rule = "d"
		}
		rules[[3]string{string(row[0]), string(row[1]), string(row[2])}] = rule
		return nil
	}); err != nil {
		return err
	}
	q = `
select table_schema, table_name, constraint_name, referenced_table_schema, referenced_table_name, column_name, referenced_column_name
from information_schema.key_column_usage
where table_schema in ` + in + ` and referenced_table_name is not null
order by table_schema, table_name, constraint_name, ordinal_position`
	var last [3]string
	err := l.s.each(ctx, q, schemas, func(row [][]byte) error {
		id := [3]string{string(row[0]), string(row[1]), string(row[2])}
		if id != last || len(l.cat.fks) == 0 {
			last = id
			l.cat.fks = append(l.cat.fks, foreignKey{
				name: id[2], child: l.name(id[0], id[1]), parent: l.name(string(row[3]), string(row[4])), onDelete: rules[id], nullable: true,
			})
		}
		f := &l.cat.fks[len(l.cat.fks)-1]
		f.columns, f.toColumns = append(f.columns, string(row[5])), append(f.toColumns, string(row[6]))
		if r := l.cat.rels[f.child]; r == nil || r.columns[string(row[5])].notNull {
			f.nullable = false
		}
		return nil
	})
	l.cat.fks = slices.DeleteFunc(l.cat.fks, func(f foreignKey) bool {
		return l.cat.rels[f.child] == nil && l.cat.rels[f.parent] == nil
	})
	return err
}

// rights learns where rows may be deleted. A role may give the right without
// its being listed, so with a role it is taken to be there.
func (l *mysqlLoader) rights(ctx context.Context) error {
	me := `concat('''', substring_index(current_user(), '@', 1), '''@''', substring_index(current_user(), '@', -1), '''')`
	q := `
select '%', '%' from information_schema.user_privileges where privilege_type = 'DELETE' and grantee = ` + me + `
union all select table_schema, '%' from information_schema.schema_privileges where privilege_type = 'DELETE' and grantee = ` + me + `
union all select table_schema, table_name from information_schema.table_privileges where privilege_type = 'DELETE' and grantee = ` + me + `
union all select '%', '%' from dual where coalesce(current_role(), 'NONE') <> 'NONE'`
	var granted [][2]string
	if err := l.s.each(ctx, q, nil, func(row [][]byte) error {
		granted = append(granted, [2]string{string(row[0]), string(row[1])})
		return nil
	}); err != nil {
		return err
	}
	for key, r := range l.cat.rels {
		r.del = slices.ContainsFunc(granted, func(g [2]string) bool {
			return likeName(g[0], key[0], l.fold) && (g[1] == "%" || g[1] == key[1] || (l.fold && strings.EqualFold(g[1], key[1])))
		})
	}
	return nil
}

// likeName matches a name with a pattern of a grant: % and _, escaped by \.
func likeName(pattern, name string, fold bool) bool {
	var re strings.Builder
	re.WriteString("^")
	if fold {
		re.WriteString("(?i)")
	}
	escaped := false
	for _, c := range pattern {
		switch {
		case c == '\\' && !escaped:
			escaped = true
			continue
		case c == '%' && !escaped:
			re.WriteString(".*")
		case c == '_' && !escaped:
			re.WriteString(".")
		default:
			re.WriteString(regexp.QuoteMeta(string(c)))
		}
		escaped = false
	}
	re.WriteString("$")
	ok, err := regexp.MatchString(re.String(), name)
	return err == nil && ok
}
