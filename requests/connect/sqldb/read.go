package sqldb

import (
	"context"
	"iter"
	"slices"
	"strings"

	"habeas/requests/connect"
)

// ahead is how many batches the database works on while one is read.
const ahead = 2

// Read implements connect.Reader: batches of keys, values as texts from the
// database, turned into JSON on the way. Redacted fields are not even selected.
// The statements go out in a pipeline, so that neither side waits for the
// other.
func (d *DB) Read(ctx context.Context, targets iter.Seq2[connect.Target, error], emit func(connect.Row) error) error {
	return d.snapshot(ctx, func(tx session, cat *catalog) (err error) {
		r := &rowReader{cat: cat, pipe: tx.ahead(ctx), emit: emit}
		defer func() {
			if cerr := r.pipe.close(); err == nil {
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
	pipe pipeline
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
	if out.keyAt = b.keyAt(r.cat, exprs); out.keyAt < 0 {
		out.keyAt, exprs = len(exprs), append(exprs, keyText(r.cat, b.t, "t"))
	}
	spans, err := r.cat.spans(r.cat, b.t, b.keys)
	if err != nil {
		return err
	}
	for _, rows := range spans {
		q := r.cat.selecting(strings.Join(exprs, ", "), relName(b.t), "t", rows, live(r.cat, b.t, "t"))
		if err := r.pipe.send(q, rows.args); err != nil {
			return err
		}
	}
	out.queries = len(spans)
	if err := r.pipe.flush(); err != nil {
		return err
	}
	r.sent = append(r.sent, out)
	if len(r.sent) <= ahead {
		return nil
	}
	return r.receive()
}

// receive emits the rows of the oldest batch.
func (r *rowReader) receive() error {
	b := r.sent[0]
	r.sent = r.sent[1:]
	// The database answers in the order of its index; the rows go out in that of
	// the targets.
	values := make(map[string][]connect.Value, len(b.keys))
	for range b.queries {
		err := r.pipe.receive(func(raw [][]byte) error {
			values[string(raw[b.keyAt])] = b.row(b.forms, raw)
			return nil
		})
		if err != nil {
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
	return r.pipe.settle()
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
		expr, f := cat.shown(cat.attr(b.t, c.Name), col("t", c.Name))
		forms, exprs = append(forms, f), append(exprs, expr)
	}
	return forms, exprs
}

// keyAt finds a selected column that is the key's text as it is; -1 if there
// is none.
func (b *batch) keyAt(cat *catalog, exprs []string) int {
	if len(b.t.Key) > 1 {
		return -1
	}
	if want, f := cat.shown(cat.attr(b.t, b.t.Key[0]), col("t", b.t.Key[0])); f.isText() {
		return slices.Index(exprs, want)
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
	formUTC                  // the same without, in UTC
	formJSON                 // through to_json
	formRedacted             // not selected
)

// isText reports whether what is selected is the column's text, unchanged.
func (f form) isText() bool { return f != formJSON && f != formRedacted }

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
	case formTime, formZone, formUTC:
		if len(v) < 19 || v[10] != ' ' || string(v[:10]) == "0000-00-00" { // infinity, years of five digits, BC, none
			return appendQuoted(dst, v)
		}
		dst = append(dst, '"')
		dst = append(dst, v[:10]...)
		dst = append(dst, 'T')
		dst = append(dst, v[11:]...)
		switch {
		case f == formUTC:
			dst = append(dst, "+00:00"...)
		case f == formZone && strings.HasSuffix(string(v), "+00"):
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
