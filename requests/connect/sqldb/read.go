package sqldb

import (
	"context"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"habeas/requests/connect"
)

// Read implements connect.Reader: batches of keys, values as texts from the
// database, turned into JSON on the way. Redacted fields are not even selected.
func (d *DB) Read(ctx context.Context, targets iter.Seq2[connect.Target, error], emit func(connect.Row) error) error {
	return d.snapshot(ctx, func(tx pgx.Tx, cat *catalog) error {
		return d.batches(targets, func(b *batch) error {
			return d.readBatch(ctx, tx, cat, b, emit)
		})
	})
}

func (d *DB) readBatch(ctx context.Context, tx pgx.Tx, cat *catalog, b *batch, emit func(connect.Row) error) error {
	forms, exprs := b.reading(cat)
	args, err := splitKeys(b.t, b.keys)
	if err != nil {
		return err
	}
	k := keyParams(b.t, 1, "k")
	q := "select k.ord::text" + selected(exprs) + " from " + k.from + " join " + b.t.rel() + " t on " +
		equalKey(cat, b.t, "t", k) + " where " + live(b.t, "t") + " order by k.ord"
	rows, err := tx.Query(ctx, q, append([]any{pgx.QueryResultFormats{pgx.TextFormatCode}}, args...)...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		raw := rows.RawValues()
		ord, err := strconv.Atoi(string(raw[0]))
		if err != nil {
			return errOrder
		}
		out := connect.Row{Type: b.t.Name, Key: b.keys[ord-1], Values: b.values0(forms, raw[1:])}
		if err := emit(out); err != nil {
			return emitError{err}
		}
	}
	return rows.Err()
}

// reading lists what to select: one expression per field that is shown.
func (b *batch) reading(cat *catalog) ([]form, []string) {
	var forms []form
	var exprs []string
	for _, c := range b.t.Columns {
		if b.action == connect.Redact && (len(b.fields) == 0 || slices.Contains(b.fields, c.Name)) {
			forms = append(forms, formRedacted)
			continue
		}
		f := formOf(cat.attr(b.t, c.Name))
		forms = append(forms, f)
		if f == formJSON {
			exprs = append(exprs, "to_json("+col("t", c.Name)+")")
		} else {
			exprs = append(exprs, col("t", c.Name))
		}
	}
	return forms, exprs
}

// values0 makes one row's values: one buffer and one slice per row, which the
// caller may keep.
func (b *batch) values0(forms []form, raw [][]byte) []connect.Value {
	size := 0
	for _, v := range raw {
		size += len(v) + 8
	}
	buf := make([]byte, 0, size)
	out := make([]connect.Value, len(forms))
	at := 0
	for i, f := range forms {
		out[i].Field = b.t.Columns[i].Name
		if f == formRedacted {
			out[i].Redacted = true
			continue
		}
		start := len(buf)
		buf = appendJSON(buf, f, raw[at])
		out[i].Data = buf[start:len(buf):len(buf)]
		at++
	}
	return out
}

// form is how a column's text becomes JSON.
type form int

const (
	formText     form = iota // a JSON string
	formNumber               // digits as they are; NaN and Infinity as strings
	formBool                 // t or f
	formRaw                  // JSON already
	formTime                 // "2006-01-02 15:04:05" becomes "2006-01-02T15:04:05"
	formZone                 // the same with +00
	formJSON                 // through to_json
	formRedacted             // not selected
)

func formOf(a attribute) form {
	switch a.base {
	case "int2", "int4", "int8", "numeric", "float4", "float8", "oid":
		return formNumber
	case "text", "varchar", "bpchar", "name", "citext", "uuid", "date", "inet", "cidr", "macaddr", "bytea":
		return formText
	case "bool":
		return formBool
	case "json", "jsonb":
		return formRaw
	case "timestamp":
		return formTime
	case "timestamptz":
		return formZone
	}
	return formJSON
}

func appendJSON(dst []byte, f form, v []byte) []byte {
	if v == nil {
		return append(dst, "null"...)
	}
	switch f {
	case formNumber:
		if len(v) > 0 && (v[len(v)-1] < '0' || v[len(v)-1] > '9') { // NaN, Infinity
			return appendQuoted(dst, v)
		}
		return append(dst, v...)
	case formBool:
		if v[0] == 't' {
			return append(dst, "true"...)
		}
		return append(dst, "false"...)
	case formRaw, formJSON:
		return append(dst, v...)
	case formTime, formZone:
		if len(v) < 19 || v[10] != ' ' { // infinity, years of five digits, BC
			return appendQuoted(dst, v)
		}
		dst = append(dst, '"')
		dst = append(dst, v[:10]...)
		dst = append(dst, 'T')
		dst = append(dst, v[11:]...)
		if f == formZone && strings.HasSuffix(string(v), "+00") {
			dst = append(dst, ":00"...)
		}
		return append(dst, '"')
	}
	return appendQuoted(dst, v)
}

const hexDigits = "0123456789abcdef"

// appendQuoted writes a JSON string; the database's texts are valid UTF-8.
func appendQuoted(dst, v []byte) []byte {
	dst = append(dst, '"')
	start := 0
	for i, c := range v {
		if c >= 0x20 && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, v[start:i]...)
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
		start = i + 1
	}
	dst = append(dst, v[start:]...)
	return append(dst, '"')
}
