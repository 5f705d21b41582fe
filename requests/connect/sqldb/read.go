package sqldb

import (
	"context"
	"iter"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"habeas/requests/connect"
)

// ahead is how many batches the database works on while one is read.
const ahead = 2

// Read implements connect.Reader: batches of keys, values as texts from the
// database, turned into JSON on the way. Redacted fields are not even selected.
// The statements go out in a pipeline, so that neither side waits for the
// other.
func (d *DB) Read(ctx context.Context, targets iter.Seq2[connect.Target, error], emit func(connect.Row) error) error {
	return d.snapshot(ctx, func(tx pgx.Tx, cat *catalog) (err error) {
		r := &rowReader{cat: cat, pipe: tx.Conn().PgConn().StartPipeline(ctx), emit: emit}
		defer func() {
			if cerr := r.pipe.Close(); err == nil {
				err = cerr
			}
		}()
		if err := d.batches(targets, r.send); err != nil {
			return err
		}
		for len(r.sent) > 0 {
			if err := r.receive(); err != nil {
				return err
			}
		}
		return nil
	})
}

// rowReader keeps a few batches on their way.
type rowReader struct {
	cat  *catalog
	pipe *pgconn.Pipeline
	emit func(connect.Row) error
	sent []sentBatch
}

type sentBatch struct {
	*batch
	forms   []form
	queries int
	keyAt   int // of the key's text among the selected columns
}

func (r *rowReader) send(b *batch) error {
	forms, exprs := b.reading(r.cat)
	out := sentBatch{batch: b, forms: forms}
	key := ""
	if out.keyAt = b.keyAt(forms); out.keyAt < 0 {
		out.keyAt, key = len(exprs), ", "+keyText(b.t, "t")
	}
	head := "select " + strings.TrimPrefix(selected(exprs)+key, ", ") + " from " + relName(b.t) + " t where " + live(b.t, "t") + " and "
	run, rest, lo, hi := dense(r.cat, b.t, b.keys)
	if len(run) > 0 {
		r.query(head+between(b.t, lo, hi), textArray(run))
		out.queries++
	}
	if len(rest) > 0 {
		cols, err := splitKeys(b.t, rest)
		if err != nil {
			return err
		}
		params := make([][]byte, len(cols))
		for i, c := range cols {
			params[i] = textArray(c.([]string))
		}
		r.query(head+keyAny(r.cat, b.t, "t", 1), params...)
		out.queries++
	}
	if err := r.pipe.Sync(); err != nil {
		return err
	}
	r.sent = append(r.sent, out)
	if len(r.sent) <= ahead {
		return nil
	}
	return r.receive()
}

func (r *rowReader) query(q string, params ...[]byte) {
	r.pipe.SendQueryParams(q, params, nil, nil, []int16{pgx.TextFormatCode})
}

// receive emits the rows of the oldest batch.
func (r *rowReader) receive() error {
	b := r.sent[0]
	r.sent = r.sent[1:]
	// The database answers in the order of its index; the rows go out in that of
	// the targets.
	values := make(map[string][]connect.Value, len(b.keys))
	for range b.queries {
		results, err := r.pipe.GetResults()
		if err != nil {
			return err
		}
		rows, ok := results.(*pgconn.ResultReader)
		if !ok {
			return errOrder
		}
		for rows.NextRow() {
			raw := rows.Values()
			values[string(raw[b.keyAt])] = b.row(b.forms, raw)
		}
		if _, err := rows.Close(); err != nil {
			return err
		}
	}
	for _, key := range b.keys {
		v, there := values[key]
		if !there {
			continue
		}
		if err := r.emit(connect.Row{Type: b.t.Name, Key: key, Values: v}); err != nil {
			return emitError{err}
		}
	}
	_, err := r.pipe.GetResults() // the batch's synchronisation point
	return err
}

// textArray writes a text[] in the database's own form.
func textArray(values []string) []byte {
	size := 2
	for _, v := range values {
		size += len(v) + 3
	}
	out := append(make([]byte, 0, size), '{')
	for i, v := range values {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, '"')
		for j := range len(v) {
			if v[j] == '"' || v[j] == '\\' {
				out = append(out, '\\')
			}
			out = append(out, v[j])
		}
		out = append(out, '"')
	}
	return append(out, '}')
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

// keyAt finds a selected column whose text is the key; -1 if there is none.
func (b *batch) keyAt(forms []form) int {
	at := 0
	for i, f := range forms {
		if len(b.t.Key) == 1 && b.t.Columns[i].Name == b.t.Key[0] && f != formJSON && f != formRedacted {
			return at
		}
		if f != formRedacted {
			at++
		}
	}
	return -1
}

// row makes one row's values: one buffer and one slice per row, which the
// caller may keep.
func (b *batch) row(forms []form, raw [][]byte) []connect.Value {
	size := 0
	for _, v := range raw {
		size += len(v) + 4
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
