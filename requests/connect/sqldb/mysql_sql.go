package sqldb

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"habeas/requests/connect/sqldb/dataset"
)

// mysqlWide is how many characters of a column without a length are compared.
const mysqlWide = 2048

// mysqlClass puts column types together whose values are compared directly.
func mysqlClass(a attribute) string {
	switch a.base {
	case "date", "time", "year", "uuid", "inet4", "inet6", "json", "":
		return a.base
	case "datetime", "timestamp":
		return "datetime"
	case "decimal", "float", "double":
		return "number"
	case "binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob":
		return "binary"
	case "bit":
		return "int"
	}
	switch {
	case a.whole():
		return "int"
	case a.textual():
		return "text"
	}
	return "other"
}

// mysqlParam is the type of a parameter that is compared with a column: served
// by its index, in its own character set.
func mysqlParam(a attribute) string {
	switch mysqlClass(a) {
	case "int", "year":
		if a.unsigned || a.base == "bit" {
			return "bigint unsigned"
		}
		return "bigint"
	case "number":
		if a.base == "decimal" {
			return a.sqlType
		}
		return "double"
	case "date":
		return "date"
	case "datetime":
		return "datetime(6)"
	case "time":
		return "time(6)"
	case "text":
		n := a.length
		if n == 0 {
			n = mysqlWide
		}
		return fmt.Sprintf("varchar(%d) character set %s collate %s", n, a.charset, a.collation)
	case "uuid", "inet4", "inet6":
		return "varchar(45) character set utf8mb4 collate utf8mb4_bin"
	}
	return "longtext character set utf8mb4 collate utf8mb4_bin"
}

// mysqlText is an expression as text that is compared byte by byte, but for
// blanks at the end.
func mysqlText(expr string) string {
	return "convert(" + expr + " using utf8mb4) collate utf8mb4_bin"
}

// mysqlBytes is a text as its bytes.
func mysqlBytes(expr string) string { return "cast(convert(" + expr + " using utf8mb4) as binary)" }

func (*mysql) text(a attribute, expr string) string {
	switch {
	case mysqlClass(a) == "binary":
		return mysqlText("lower(hex(" + expr + "))")
	case a.base == "bit":
		return mysqlText(expr + " + 0")
	case a.base == "uuid" || a.base == "inet4" || a.base == "inet6":
		return mysqlText("cast(" + expr + " as char)")
	}
	return mysqlText(expr)
}

func (*mysql) textList(texts []string) string { return "json_array(" + strings.Join(texts, ", ") + ")" }

func (*mysql) bytewise(text string) string { return "cast(" + text + " as binary)" }

// alike columns of texts have one collation: of two, the server would not know
// by which to compare.
func (*mysql) alike(a, b attribute) bool {
	return mysqlClass(a) == mysqlClass(b) && a.charset == b.charset && a.collation == b.collation
}

// fits is strict: the server would read a number out of any text.
func (*mysql) fits(a attribute, v string) bool {
	switch mysqlClass(a) {
	case "int", "year":
		return isWhole(v, a.unsigned || a.base == "bit")
	case "number":
		_, err := strconv.ParseFloat(v, 64)
		return err == nil
	case "uuid":
		return isUUID(v)
	case "date", "datetime", "time":
		return v != "" && strings.Trim(v, "0123456789-: .") == ""
	case "binary":
		return len(v)%2 == 0 && strings.Trim(v, "0123456789abcdef") == ""
	case "text":
		return a.length == 0 || utf8.RuneCountInString(v) <= a.length
	}
	return true
}

func (*mysql) value(a attribute, text string) string {
	if c := mysqlClass(a); c == "int" || c == "number" {
		switch text {
		case "true":
			return "1"
		case "false":
			return "0"
		}
		if a.base == "bit" {
			return "cast(" + quoteText(text) + " as unsigned)"
		}
	}
	return quoteText(text)
}

// equal is not looser than bytes, whatever the column's collation says; the
// plain comparison is there for the index.
func (*mysql) equal(a attribute, expr, value string) string {
	if !a.textual() {
		return expr + " = " + value
	}
	return "(" + expr + " = " + value + " and " + mysqlBytes(expr) + " = " + mysqlBytes(value) + ")"
}

func (*mysql) same(a attribute, expr, value string) string {
	if !a.textual() {
		return expr + " <=> " + value
	}
	return mysqlBytes(expr) + " <=> " + mysqlBytes(value)
}

func (m *mysql) match(a attribute, e *dataset.Entry, expr string, k keys) string {
	if !a.textual() {
		switch mysqlClass(a) {
		case "int", "uuid":
			return expr + " = " + k.cols[0]
		}
		return m.text(a, expr) + " = " + k.texts[0]
	}
	switch e.Match {
	case dataset.MatchFold:
		same := mysqlBytes("lower(convert("+expr+" using utf8mb4))") + " = " + mysqlBytes("lower("+k.texts[0]+")")
		if mysqlFolds(a) {
			same = expr + " = " + k.cols[0] + " and " + same // for the index
		}
		return same
	case dataset.MatchNormal:
		return mysqlBytes(m.normal(e.Kind, "convert("+expr+" using utf8mb4)")) + " = " + mysqlBytes(k.texts[0])
	}
	return expr + " = " + k.cols[0] + " and " + mysqlBytes(expr) + " = " + mysqlBytes(k.texts[0])
}

// mysqlFolds reports whether the column's own collation takes no notice of
// case, so that its index finds every spelling.
func mysqlFolds(a attribute) bool { return strings.HasSuffix(a.collation, "_ci") }

func (m *mysql) served(a attribute, e *dataset.Entry) (func(string) bool, string) {
	name := "`" + strings.ReplaceAll(e.Column, "`", "``") + "`"
	expression := ""
	switch {
	case !a.textual():
	case e.Match == dataset.MatchFold && !mysqlFolds(a):
		expression = "lower(" + name + ")"
	case e.Match == dataset.MatchNormal:
		expression = m.normal(e.Kind, name)
	}
	if expression == "" {
		return func(key string) bool { return unquoted(key) == e.Column }, "alter table TABLE add index (" + name + ")"
	}
	// An index on an expression serves only the very same one, and MariaDB has
	// none.
	return func(string) bool { return false },
		"add a generated column (" + expression + ") with an index, and describe that one with match: exact"
}

func (*mysql) normal(kind, expr string) string {
	switch kind {
	case "handle":
		return "lower(trim(leading '@' from trim(" + expr + ")))"
	case "phone":
		return "regexp_replace(case when left(trim(" + expr + "), 1) = '+' then '+' else '' end || regexp_replace(" + expr + ", '[^0-9]', ''), '^00', '+')"
	case "email":
		return "lower(trim(" + expr + "))"
	}
	return "trim(" + expr + ")"
}

func (*mysql) day(expr string) string { return "date_format(" + expr + ", '%Y-%m-%d')" }

func (m *mysql) guard(cat *catalog, t *dataset.Table, alias string, columns []string) string {
	parts := make([]string, len(columns))
	for i, c := range columns {
		parts[i] = quoteText(c) + ", " + textOf(cat, t, alias, c)
	}
	return "json_object(" + strings.Join(parts, ", ") + ")"
}

func (*mysql) shown(a attribute, expr string) (string, form) {
	switch mysqlClass(a) {
	case "int", "number", "year":
		if a.base == "bit" {
			return expr + " + 0", formNumber
		}
		return expr, formNumber
	case "datetime":
		if a.base == "timestamp" {
			return expr, formUTC
		}
		return expr, formTime
	case "json":
		return expr, formRaw
	case "binary":
		return "'\\x' || lower(hex(" + expr + "))", formText
	case "text", "date", "time", "uuid", "inet4", "inet6":
		return expr, formText
	}
	if a.base == "geometry" || a.base == "point" || a.base == "polygon" || a.base == "linestring" {
		return "st_astext(" + expr + ")", formText
	}
	return "lower(hex(" + expr + "))", formText
}

func (*mysql) params(first int, alias string, like ...attribute) keys {
	var columns []string
	k := keys{n: 1}
	for i, a := range like {
		name, path := "v"+strconv.Itoa(i+1), " path '$["+strconv.Itoa(i)+"]'"
		ref := alias + "." + name
		switch c := mysqlClass(a); {
		case c == "binary":
			columns = append(columns, name+" varchar(6144) character set utf8mb4 collate utf8mb4_bin"+path)
			k.cols, k.texts = append(k.cols, "unhex("+ref+")"), append(k.texts, mysqlText(ref))
		case c == "text" && a.charset != "utf8mb4":
			// What the column's character set cannot say becomes a question mark
			// there, so the text is kept as it was given, too.
			columns = append(columns, name+" "+mysqlParam(a)+path, "w"+name+" longtext character set utf8mb4 collate utf8mb4_bin"+path)
			k.cols, k.texts = append(k.cols, ref), append(k.texts, alias+".w"+name)
		default:
			columns = append(columns, name+" "+mysqlParam(a)+path)
			k.cols, k.texts = append(k.cols, ref), append(k.texts, mysqlText(ref))
		}
	}
	k.from = fmt.Sprintf("json_table($%d, '$[*]' columns (ord for ordinality, %s)) %s", first, strings.Join(columns, ", "), alias)
	return k
}

// args writes the rows as one JSON array of arrays.
func (*mysql) args(cols [][]string) []any {
	size := 2
	for _, c := range cols {
		for _, v := range c {
			size += len(v) + 4
		}
	}
	out := append(make([]byte, 0, size), '[')
	for i := range cols[0] {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, '[')
		for j, c := range cols {
			if j > 0 {
				out = append(out, ',')
			}
			out = appendQuoted(out, []byte(c[i]))
		}
		out = append(out, ']')
	}
	return []any{string(append(out, ']'))}
}

func (*mysql) join() string { return " straight_join " }

// hint names the index: of a small table, the server would rather read and lock
// all rows.
func (*mysql) hint(cat *catalog, t *dataset.Table, cols []string) string {
	rel := cat.of(t)
	if rel == nil {
		return ""
	}
	best := ""
	for _, ix := range rel.indexes {
		if len(ix.keys) < len(cols) || slices.ContainsFunc(ix.keys[:len(cols)], func(k string) bool { return !slices.Contains(cols, unquoted(k)) }) {
			continue
		}
		if best == "" || ix.name == "PRIMARY" {
			best = ix.name
		}
	}
	if best == "" {
		return ""
	}
	return " force index (" + quote(best) + ")"
}

func (*mysql) among(cat *catalog, t *dataset.Table, alias string, first int) string {
	k := keyParams(cat, t, first, "kk")
	have := make([]string, len(t.Key))
	for i, name := range t.Key {
		have[i] = col(alias, name)
	}
	return fmt.Sprintf("(%s) in (select %s from %s)", strings.Join(have, ", "), strings.Join(k.cols, ", "), k.from)
}

func (m *mysql) keyed(cat *catalog, t *dataset.Table, keys []string) (rowset, error) {
	cols, err := keyColumns(cat, t, keys)
	if err != nil {
		return rowset{}, err
	}
	k := keyParams(cat, t, 1, "k")
	return rowset{from: k.from, on: equalKey(t, "t", k), hint: m.hint(cat, t, t.Key), args: m.args(cols)}, nil
}

func (m *mysql) spans(cat *catalog, t *dataset.Table, keys []string) ([]rowset, error) {
	r, err := m.keyed(cat, t, keys)
	return []rowset{r}, err
}

func (m *mysql) in(a attribute, expr string, n int) string {
	return fmt.Sprintf("%s in ($%d)", m.text(a, expr), n)
}

func (*mysql) list(text string) string { return "json_arrayagg(" + text + ")" }

func (*mysql) listed(text, list string) string {
	return "json_contains(" + list + ", json_quote(" + text + "))"
}

func (*mysql) selecting(what, rel, alias string, r rowset, where string) string {
	return "select " + what + " from " + r.from + " straight_join " + rel + " " + alias + r.hint + " on " + r.on + " where " + where
}

// A statement that changes several tables may join them; one that changes a
// single table would look its keys up row by row.
func (*mysql) updating(rel, alias string, set []assignment, r rowset, where string) string {
	parts := make([]string, len(set))
	for i, a := range set {
		parts[i] = col(alias, a.column) + " = " + a.value
	}
	return "update " + r.from + " straight_join " + rel + " " + alias + r.hint + " on " + r.on + " set " + strings.Join(parts, ", ") + " where " + where
}

func (*mysql) deleting(rel, alias string, r rowset, where string) string {
	return "delete " + alias + " from " + r.from + " straight_join " + rel + " " + alias + r.hint + " on " + r.on + " where " + where
}

func (*mysql) rowwise() bool { return true }

func (*mysql) locking() string { return " for update" }
