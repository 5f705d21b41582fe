package sqldb

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"habeas/requests/connect"
	"habeas/requests/connect/sqldb/dataset"
)

// quote quotes an identifier.
func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// quoteText writes a text of the dataset file as a literal whose type the
// database infers. Values of people are parameters, never literals.
func quoteText(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

func relName(t *dataset.Table) string { return quote(t.Schema) + "." + quote(t.Rel) }

func col(alias, name string) string { return alias + "." + quote(name) }

// keyText is the key of a row as text: the column's text, or a JSON array of
// the columns' texts.
func keyText(t *dataset.Table, alias string) string {
	if len(t.Key) == 1 {
		return col(alias, t.Key[0]) + "::text"
	}
	parts := make([]string, len(t.Key))
	for i, k := range t.Key {
		parts[i] = col(alias, k) + "::text"
	}
	return "jsonb_build_array(" + strings.Join(parts, ", ") + ")::text"
}

var errKey = connect.Permanent("bad-key", "A record's key does not have the shape of its table's key.", nil)

// splitKeys turns keys into one array of texts per key column.
func splitKeys(t *dataset.Table, keys []string) ([]any, error) {
	n := len(t.Key)
	if n == 1 {
		return []any{keys}, nil
	}
	cols := make([][]string, n)
	for i := range cols {
		cols[i] = make([]string, len(keys))
	}
	for j, k := range keys {
		var parts []string
		if err := json.Unmarshal([]byte(k), &parts); err != nil || len(parts) != n {
			return nil, errKey
		}
		for i, p := range parts {
			cols[i][j] = p
		}
	}
	out := make([]any, n)
	for i := range cols {
		out[i] = cols[i]
	}
	return out, nil
}

// castType is the type to which a text is cast before it is compared with the
// column: wide enough that no value of a like type overflows, and served by
// the column's index.
func castType(a attribute) string {
	switch a.base {
	case "int2", "int4", "int8":
		return "int8"
	case "text", "varchar", "name":
		return "text"
	}
	return a.sqlType
}

// alike reports whether two columns can be compared directly.
func alike(a, b attribute) bool {
	return castType(a) == castType(b)
}

// keys is a set of keys as parameters of a statement: a table of key columns
// and ord, numbered from 1.
type keys struct {
	from string   // "unnest(…) with ordinality k(v1, v2, ord)"
	cols []string // k.v1, k.v2
}

// keyParams names the parameters from $first on for the keys of t.
func keyParams(t *dataset.Table, first int, alias string) keys {
	var arrays, names []string
	k := keys{}
	for i := range t.Key {
		arrays = append(arrays, fmt.Sprintf("$%d::text[]", first+i))
		names = append(names, "v"+strconv.Itoa(i+1))
		k.cols = append(k.cols, alias+".v"+strconv.Itoa(i+1))
	}
	k.from = fmt.Sprintf("unnest(%s) with ordinality %s(%s, ord)", strings.Join(arrays, ", "), alias, strings.Join(names, ", "))
	return k
}

// equalKey compares the row's key with the parameters.
func equalKey(cat *catalog, t *dataset.Table, alias string, k keys) string {
	parts := make([]string, len(t.Key))
	for i, name := range t.Key {
		parts[i] = col(alias, name) + " = " + k.cols[i] + "::" + castType(cat.attr(t, name))
	}
	return strings.Join(parts, " and ")
}

// keyAny restricts rows to a set of keys given as parameters from $first on.
func keyAny(cat *catalog, t *dataset.Table, alias string, first int) string {
	if len(t.Key) == 1 {
		return fmt.Sprintf("%s = any($%d::text[]::%s[])", col(alias, t.Key[0]), first, castType(cat.attr(t, t.Key[0])))
	}
	k := keyParams(t, first, "kk")
	var have, want []string
	for i, name := range t.Key {
		have = append(have, col(alias, name))
		want = append(want, k.cols[i]+"::"+castType(cat.attr(t, name)))
	}
	return fmt.Sprintf("(%s) in (select %s from %s)", strings.Join(have, ", "), strings.Join(want, ", "), k.from)
}

// joinOn compares columns of two tables pair by pair, as texts where the types
// differ.
func joinOn(cat *catalog, a *dataset.Table, aAlias string, aCols []string, b *dataset.Table, bAlias string, bCols []string) string {
	parts := make([]string, len(aCols))
	for i := range aCols {
		l, r := col(aAlias, aCols[i]), col(bAlias, bCols[i])
		if !alike(cat.attr(a, aCols[i]), cat.attr(b, bCols[i])) {
			l, r = l+"::text", r+"::text"
		}
		parts[i] = l + " = " + r
	}
	return strings.Join(parts, " and ")
}

// condSQL writes static conditions.
func condSQL(alias string, conds []dataset.Cond) string {
	var parts []string
	for _, c := range conds {
		name := col(alias, c.Column)
		var alts []string
		for _, v := range c.Values {
			switch {
			case v.Null && c.Not:
				alts = append(alts, name+" is not null")
			case v.Null:
				alts = append(alts, name+" is null")
			case c.Not:
				alts = append(alts, name+" is distinct from "+quoteText(v.Text))
			default:
				alts = append(alts, name+" = "+quoteText(v.Text))
			}
		}
		join := " or "
		if c.Not {
			join = " and "
		}
		parts = append(parts, "("+strings.Join(alts, join)+")")
	}
	return strings.Join(parts, " and ")
}

// live restricts rows to those that the dataset describes.
func live(t *dataset.Table, alias string) string {
	if len(t.Where) == 0 {
		return "true"
	}
	return condSQL(alias, t.Where)
}

// matchSQL compares a column with a text, as the entry says.
func matchSQL(cat *catalog, t *dataset.Table, e *dataset.Entry, alias, value string) string {
	a := cat.attr(t, e.Column)
	c := col(alias, e.Column)
	if a.base == "citext" {
		return c + " = " + value + "::" + a.sqlType
	}
	if a.category != "S" {
		if castType(a) == "int8" || a.base == "uuid" {
			return c + " = " + value + "::" + castType(a)
		}
		return c + "::text = " + value
	}
	switch e.Match {
	case dataset.MatchFold:
		return "lower(" + c + ") = lower(" + value + ")"
	case dataset.MatchNormal:
		return normalSQL(e.Kind, c) + " = " + value
	}
	return c + " = " + value
}

// normalSQL is an identity kind's normal form in SQL, as Identity.Normal.
func normalSQL(kind, c string) string {
	switch kind {
	case "handle":
		return "lower(ltrim(btrim(" + c + "), '@'))"
	case "phone":
		return "regexp_replace(case when left(btrim(" + c + "), 1) = '+' then '+' else '' end || regexp_replace(" + c + ", '[^0-9]', '', 'g'), '^00', '+')"
	case "email":
		return "lower(btrim(" + c + "))"
	}
	return "btrim(" + c + ")"
}

// splitSocial takes a handle (name@network) or social id (network:id) apart.
func splitSocial(kind, value string) (part, network string, ok bool) {
	if kind == "social_id" {
		network, part, ok = strings.Cut(value, ":")
		return part, network, ok && part != "" && network != ""
	}
	i := strings.LastIndexByte(value, '@')
	if i <= 0 || i == len(value)-1 {
		return "", "", false
	}
	return strings.TrimPrefix(value[:i], "@"), value[i+1:], true
}

// fitsColumn reports whether a value can be compared with the column at all,
// so that an identity of another form never makes a statement fail.
func fitsColumn(a attribute, v string) bool {
	switch {
	case strings.ContainsRune(v, 0):
		return false
	case castType(a) == "int8":
		_, err := strconv.ParseInt(v, 10, 64)
		return err == nil
	case a.base == "uuid":
		return len(v) == 36 && strings.Count(v, "-") == 4 && strings.Trim(v, "0123456789abcdefABCDEF-") == ""
	}
	return true
}

// ownerName and splitOwner write and read Found.Owner: "contacts/17", or a JSON
// array of these where several rows of one person use a shared row.
func ownerName(table, key string) string { return table + "/" + key }

var errOwner = errors.New("sqldb: not an owner")

func splitOwner(owner string) ([][2]string, error) {
	if owner == "" {
		return nil, nil
	}
	names := []string{owner}
	if owner[0] == '[' {
		if err := json.Unmarshal([]byte(owner), &names); err != nil {
			return nil, errOwner
		}
	}
	out := make([][2]string, 0, len(names))
	for _, n := range names {
		t, k, ok := strings.Cut(n, "/")
		if !ok {
			return nil, errOwner
		}
		out = append(out, [2]string{t, k})
	}
	return out, nil
}
