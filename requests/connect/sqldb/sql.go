package sqldb

import (
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

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

// textOf is a column's value as text.
func textOf(cat *catalog, t *dataset.Table, alias, name string) string {
	return cat.text(cat.attr(t, name), col(alias, name))
}

// literal is a text of the dataset file as an expression of type text.
func literal(cat *catalog, s string) string { return cat.text(attribute{}, quoteText(s)) }

// keyText is the key of a row as text: the column's text, or a JSON array of
// the columns' texts.
func keyText(cat *catalog, t *dataset.Table, alias string) string {
	parts := make([]string, len(t.Key))
	for i, k := range t.Key {
		parts[i] = textOf(cat, t, alias, k)
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return cat.textList(parts)
}

var errKey = connect.Permanent("bad-key", "A record's key does not have the shape of its table's key.", nil)

// splitKeys turns keys into one array of texts per key column.
func splitKeys(t *dataset.Table, keys []string) ([][]string, error) {
	n := len(t.Key)
	if n == 1 {
		return [][]string{keys}, nil
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
	return cols, nil
}

// keyParams names the parameters from $first on for the keys of t.
func keyParams(cat *catalog, t *dataset.Table, first int, alias string) keys {
	like := make([]attribute, len(t.Key))
	for i, k := range t.Key {
		like[i] = cat.attr(t, k)
	}
	return cat.params(first, alias, like...)
}

// keyColumns are keys by column, each of a form that its column can hold.
func keyColumns(cat *catalog, t *dataset.Table, keys []string) ([][]string, error) {
	cols, err := splitKeys(t, keys)
	if err != nil {
		return nil, err
	}
	for i, c := range cols {
		a := cat.attr(t, t.Key[i])
		if slices.ContainsFunc(c, func(v string) bool { return !fitsColumn(cat, a, v) }) {
			return nil, errKey
		}
	}
	return cols, nil
}

// keyArgs are the values of keyParams.
func keyArgs(cat *catalog, t *dataset.Table, keys []string) ([]any, error) {
	cols, err := splitKeys(t, keys)
	if err != nil {
		return nil, err
	}
	return cat.args(cols), nil
}

// equalKey compares the row's key with the parameters.
func equalKey(t *dataset.Table, alias string, k keys) string {
	parts := make([]string, len(t.Key))
	for i, name := range t.Key {
		parts[i] = col(alias, name) + " = " + k.cols[i]
	}
	return strings.Join(parts, " and ")
}

// joinOn compares columns of two tables pair by pair, as texts where the types
// differ.
func joinOn(cat *catalog, a *dataset.Table, aAlias string, aCols []string, b *dataset.Table, bAlias string, bCols []string) string {
	parts := make([]string, len(aCols))
	for i := range aCols {
		l, r := col(aAlias, aCols[i]), col(bAlias, bCols[i])
		if !cat.alike(cat.attr(a, aCols[i]), cat.attr(b, bCols[i])) {
			l, r = textOf(cat, a, aAlias, aCols[i]), textOf(cat, b, bAlias, bCols[i])
		}
		parts[i] = l + " = " + r
	}
	return strings.Join(parts, " and ")
}

// condSQL writes static conditions.
func condSQL(cat *catalog, t *dataset.Table, alias string, conds []dataset.Cond) string {
	var parts []string
	for _, c := range conds {
		name, a := col(alias, c.Column), cat.attr(t, c.Column)
		var alts []string
		for _, v := range c.Values {
			switch {
			case v.Null && c.Not:
				alts = append(alts, name+" is not null")
			case v.Null:
				alts = append(alts, name+" is null")
			case c.Not:
				alts = append(alts, "not ("+cat.same(a, name, cat.value(a, v.Text))+")")
			default:
				alts = append(alts, cat.equal(a, name, cat.value(a, v.Text)))
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
func live(cat *catalog, t *dataset.Table, alias string) string {
	if len(t.Where) == 0 {
		return "true"
	}
	return condSQL(cat, t, alias, t.Where)
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
func fitsColumn(cat *catalog, a attribute, v string) bool {
	return !strings.ContainsRune(v, 0) && utf8.ValidString(v) && cat.fits(a, v)
}

// isUUID reports whether a text is a UUID as databases write it.
func isUUID(v string) bool {
	return len(v) == 36 && strings.Count(v, "-") == 4 && strings.Trim(v, "0123456789abcdefABCDEF-") == ""
}

// isWhole reports whether a text is a number that a column of whole numbers
// can hold.
func isWhole(v string, unsigned bool) bool {
	var err error
	if unsigned {
		_, err = strconv.ParseUint(v, 10, 64)
	} else {
		_, err = strconv.ParseInt(v, 10, 64)
	}
	return err == nil
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
