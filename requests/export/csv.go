package export

import (
	"encoding/json"
	"strings"
	"unicode/utf8"

	"habeas/requests/connect"
)

// csvStart is a byte order mark: without it spreadsheets take UTF-8 for an
// old code page.
const csvStart = "\ufeff"

// withheldCell stands in CSV for a field that is not shown.
const withheldCell = "[withheld]"

// appendCSVHead adds the line of column names (RFC 4180).
func appendCSVHead(b []byte, fields []string) []byte {
	for i, f := range fields {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendCell(b, f)
	}
	return append(b, "\r\n"...)
}

// appendCSVRow adds a row.
func appendCSVRow(b []byte, row connect.Row) []byte {
	for i, v := range row.Values {
		if i > 0 {
			b = append(b, ',')
		}
		if v.Redacted {
			b = append(b, withheldCell...)
			continue
		}
		b = appendValue(b, v.Data)
	}
	return append(b, "\r\n"...)
}

// appendValue adds one JSON value as a cell: texts as they are, null as
// nothing, objects and lists as JSON.
func appendValue(b []byte, data json.RawMessage) []byte {
	if len(data) == 0 {
		return b
	}
	switch c := data[0]; {
	case c == '"':
		if inner := []byte(data[1 : len(data)-1]); plain(inner) {
			return appendCell(b, inner)
		}
		var s string
		if err := json.Unmarshal(data, &s); err != nil {
			return appendCell(b, string(data))
		}
		return appendCell(b, s)
	case c == '-' || c >= '0' && c <= '9':
		return append(b, data...) // a number is no formula
	case string(data) == "null":
		return b
	}
	return appendCell(b, []byte(data))
}

// plain reports whether the inside of a JSON text is the text itself.
func plain(b []byte) bool {
	for _, c := range b {
		if c == '\\' || c == '"' || c < ' ' {
			return false
		}
	}
	return true
}

// appendCell adds a quoted cell. A spreadsheet runs a cell that begins like a
// formula; such a beginning gets an apostrophe before it, also behind what
// another spreadsheet might take for the end of a cell (semicolon, tab, line).
func appendCell[T string | []byte](b []byte, s T) []byte {
	b = append(b, '"')
	if harmless(s) {
		return append(append(b, s...), '"')
	}
	start := true
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case start && formula(s, i):
			b = append(b, '\'')
			start = c == '\t' || c == '\r' || c == '\n'
		case c == ';' || c == '\t' || c == '\n' || c == '\r':
			start = true
		case c != ' ' && c != '"' && c != '\'':
			start = false
		}
		if c == '"' {
			b = append(b, '"')
		}
		b = append(b, c)
	}
	return append(b, '"')
}

// special are the bytes that need a closer look anywhere in a cell; first,
// those at its beginning.
var special, first = func() (s, f [256]bool) {
	for _, c := range []byte("\";\t\n\r") {
		s[c] = true
	}
	for _, c := range []byte("=+-@ '\xef") {
		f[c] = true
	}
	return s, f
}()

// harmless is the short way: nothing in s needs a closer look.
func harmless[T string | []byte](s T) bool {
	if len(s) > 0 && first[s[0]] {
		return false
	}
	for i := range len(s) {
		if special[s[i]] {
			return false
		}
	}
	return true
}

// formula reports whether a spreadsheet could take what begins at i for a
// formula. Full-width forms count: some programs fold them.
func formula[T string | []byte](s T, i int) bool {
	switch s[i] {
	case '=', '+', '-', '@':
		return true
	case 0xef:
		r, _ := utf8.DecodeRuneInString(string(s[i:min(len(s), i+utf8.UTFMax)]))
		return strings.ContainsRune("＝＋－＠", r)
	}
	return i == 0 && (s[i] == '\t' || s[i] == '\r' || s[i] == '\n')
}
