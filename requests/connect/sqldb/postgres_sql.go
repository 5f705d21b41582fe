package sqldb

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"habeas/requests/connect/sqldb/dataset"
)

// castType is the type to which a text is cast before it is compared with the
// column: wide enough that no value of a like type overflows, and served by
// the column's index.
func castType(a attribute) string {
	switch a.base {
	case "int2", "int4", "int8":
		return "int8"
	case "", "text", "varchar", "name":
		return "text"
	}
	return a.sqlType
}

func (*postgres) text(_ attribute, expr string) string { return expr + "::text" }

func (*postgres) textList(texts []string) string {
	return "jsonb_build_array(" + strings.Join(texts, ", ") + ")::text"
}

func (*postgres) bytewise(text string) string { return text + ` collate "C"` }

func (*postgres) alike(a, b attribute) bool { return castType(a) == castType(b) }

func (*postgres) fits(a attribute, v string) bool {
	switch {
	case a.whole():
		return isWhole(v, false)
	case a.base == "uuid":
		return isUUID(v)
	}
	return true
}

func (*postgres) value(_ attribute, text string) string { return quoteText(text) }

func (*postgres) equal(_ attribute, expr, value string) string { return expr + " = " + value }

func (*postgres) same(_ attribute, expr, value string) string {
	return expr + " is not distinct from " + value
}

func (p *postgres) match(a attribute, e *dataset.Entry, expr string, k keys) string {
	if a.base == "citext" {
		return expr + " = " + k.cols[0]
	}
	if a.category != "S" {
		if castType(a) == "int8" || a.base == "uuid" {
			return expr + " = " + k.cols[0]
		}
		return expr + "::text = " + k.texts[0]
	}
	switch e.Match {
	case dataset.MatchFold:
		return "lower(" + expr + ") = lower(" + k.texts[0] + ")"
	case dataset.MatchNormal:
		return p.normal(e.Kind, expr) + " = " + k.texts[0]
	}
	return expr + " = " + k.texts[0]
}

func (p *postgres) served(a attribute, e *dataset.Entry) (func(string) bool, string) {
	want := quoteIfNeeded(e.Column)
	if a.textual() && a.base != "citext" {
		switch e.Match {
		case dataset.MatchFold:
			lower := "lower(" + want + ")"
			return func(key string) bool { return key == lower || key == "lower("+want+"::text)" }, "create index on TABLE (" + lower + ")"
		case dataset.MatchNormal:
			// The database prints expressions in its own way, so only the column
			// is looked for.
			return func(key string) bool { return strings.Contains(key, "(") && strings.Contains(key, want) },
				"create index on TABLE (" + p.normal(e.Kind, want) + ")"
		}
	}
	return func(key string) bool { return key == want }, "create index on TABLE (" + want + ")"
}

func (*postgres) normal(kind, expr string) string {
	switch kind {
	case "handle":
		return "lower(ltrim(btrim(" + expr + "), '@'))"
	case "phone":
		return "regexp_replace(case when left(btrim(" + expr + "), 1) = '+' then '+' else '' end || regexp_replace(" + expr + ", '[^0-9]', '', 'g'), '^00', '+')"
	case "email":
		return "lower(btrim(" + expr + "))"
	}
	return "btrim(" + expr + ")"
}

func (*postgres) day(expr string) string { return "to_char(" + expr + "::timestamp, 'YYYY-MM-DD')" }

func (*postgres) guard(_ *catalog, _ *dataset.Table, alias string, columns []string) string {
	cols := make([]string, len(columns))
	for i, c := range columns {
		cols[i] = col(alias, c)
	}
	return "(select to_jsonb(g)::text from (select " + strings.Join(cols, ", ") + ") g)"
}

func (*postgres) shown(a attribute, expr string) (string, form) {
	switch a.base {
	case "int2", "int4", "int8", "numeric", "float4", "float8", "oid":
		return expr, formNumber
	case "text", "varchar", "bpchar", "name", "citext", "uuid", "date", "inet", "cidr", "macaddr", "bytea":
		return expr, formText
	case "bool":
		return expr, formBool
	case "json", "jsonb":
		return expr, formRaw
	case "timestamp":
		return expr, formTime
	case "timestamptz":
		return expr, formZone
	}
	return "to_json(" + expr + ")", formJSON
}

func (*postgres) params(first int, alias string, like ...attribute) keys {
	var arrays, names []string
	k := keys{n: len(like)}
	for i, a := range like {
		name := "v" + strconv.Itoa(i+1)
		arrays, names = append(arrays, fmt.Sprintf("$%d::text[]", first+i)), append(names, name)
		k.texts = append(k.texts, alias+"."+name)
		k.cols = append(k.cols, alias+"."+name+"::"+castType(a))
	}
	k.from = fmt.Sprintf("unnest(%s) with ordinality %s(%s, ord)", strings.Join(arrays, ", "), alias, strings.Join(names, ", "))
	return k
}

func (*postgres) args(cols [][]string) []any {
	out := make([]any, len(cols))
	for i, c := range cols {
		out[i] = c
	}
	return out
}

func (*postgres) join() string { return " join " }

func (*postgres) hint(*catalog, *dataset.Table, []string) string { return "" }

func (p *postgres) among(cat *catalog, t *dataset.Table, alias string, first int) string {
	if len(t.Key) == 1 {
		return fmt.Sprintf("%s = any($%d::text[]::%s[])", col(alias, t.Key[0]), first, castType(cat.attr(t, t.Key[0])))
	}
	k := keyParams(cat, t, first, "kk")
	have := make([]string, len(t.Key))
	for i, name := range t.Key {
		have[i] = col(alias, name)
	}
	return fmt.Sprintf("(%s) in (select %s from %s)", strings.Join(have, ", "), strings.Join(k.cols, ", "), k.from)
}

func (p *postgres) keyed(cat *catalog, t *dataset.Table, keys []string) (rowset, error) {
	cols, err := keyColumns(cat, t, keys)
	return rowset{on: p.among(cat, t, "t", 1), args: p.args(cols)}, err
}

// spans reads a range of the index instead of single keys where they lie close
// together.
func (p *postgres) spans(cat *catalog, t *dataset.Table, keys []string) ([]rowset, error) {
	run, rest, lo, hi := dense(cat, t, keys)
	var out []rowset
	if len(run) > 0 {
		out = append(out, rowset{on: between(t, lo, hi), args: []any{run}})
	}
	if len(rest) == 0 {
		return out, nil
	}
	r, err := p.keyed(cat, t, rest)
	return append(out, r), err
}

func (*postgres) in(a attribute, expr string, n int) string {
	if castType(a) == "text" {
		return fmt.Sprintf("%s = any($%d::text[])", expr, n)
	}
	return fmt.Sprintf("%s = any($%d::text[]::%s[])", expr, n, castType(a))
}

func (*postgres) list(text string) string { return "json_agg(" + text + ")::text" }

func (*postgres) listed(text, list string) string {
	return text + " = any(array(select jsonb_array_elements_text(" + list + "::jsonb)))"
}

func (*postgres) selecting(what, rel, alias string, r rowset, where string) string {
	if r.from == "" {
		return "select " + what + " from " + rel + " " + alias + " where " + r.on + " and " + where
	}
	return "select " + what + " from " + r.from + " join " + rel + " " + alias + " on " + r.on + " where " + where
}

func (*postgres) updating(rel, alias string, set []assignment, r rowset, where string) string {
	parts := make([]string, len(set))
	for i, a := range set {
		parts[i] = quote(a.column) + " = " + a.value
	}
	q := "update " + rel + " " + alias + " set " + strings.Join(parts, ", ")
	if r.from != "" {
		q += " from " + r.from
	}
	return q + " where " + r.on + " and " + where
}

func (*postgres) deleting(rel, alias string, r rowset, where string) string {
	q := "delete from " + rel + " " + alias
	if r.from != "" {
		q += " using " + r.from
	}
	return q + " where " + r.on + " and " + where
}

func (*postgres) rowwise() bool { return false }

func (*postgres) locking() string { return " for update of t" }

func (*postgres) correct(_ *catalog, t *dataset.Table, values map[string]json.RawMessage, first int) ([]assignment, string, []any) {
	var set []assignment
	for f := range values {
		set = append(set, assignment{f, "r." + quote(f)})
	}
	slices.SortFunc(set, func(a, b assignment) int { return strings.Compare(a.column, b.column) })
	return set, fmt.Sprintf("jsonb_populate_record(null::%s, $%d::jsonb) r", relName(t), first), []any{objectJSON(values)}
}

func (*postgres) correction(_ *catalog, _ *dataset.Table, values map[string]json.RawMessage) string {
	return objectJSON(values)
}

func (*postgres) corrected(_ attribute, t *dataset.Table, column, object string) string {
	return fmt.Sprintf("(not (%s::jsonb ? %s) or to_jsonb(%s) is not distinct from to_jsonb((jsonb_populate_record(null::%s, %s::jsonb)).%s))",
		object, quoteText(column), col("t", column), relName(t), object, quote(column))
}

func objectJSON(values map[string]json.RawMessage) string {
	b, err := json.Marshal(values)
	if err != nil {
		return "{}"
	}
	return string(b)
}
