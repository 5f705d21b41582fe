package export

import (
	"encoding/csv"
	"encoding/json"
	"strings"
	"testing"

	"habeas/requests/connect"
)

// readCSV reads one row as a spreadsheet does.
func readCSV(t *testing.T, line []byte) []string {
	t.Helper()
	rec, err := csv.NewReader(strings.NewReader(string(line))).Read()
	if err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	return rec
}

func TestCSVCells(t *testing.T) {
	for _, tt := range []struct{ name, data, want string }{
		{"text", `"Anna"`, "Anna"},
		{"quotes and comma", `"say \"hi\", twice"`, `say "hi", twice`},
		{"line break", `"one\ntwo"`, "one\ntwo"},
		{"null", `null`, ""},
		{"nothing", ``, ""},
		{"true", `true`, "true"},
		{"number", `12.50`, "12.50"},
		{"negative number", `-12.50`, "-12.50"},
		{"object", `{"a":1}`, `{"a":1}`},
		{"arabic", `"ليلى الحسن"`, "ليلى الحسن"},
		{"astral, escaped", `"\ud835\udc9c"`, "𝒜"},
		{"formula", `"=HYPERLINK(\"https://evil.test\")"`, `'=HYPERLINK("https://evil.test")`},
		{"plus", `"+4930123"`, "'+4930123"},
		{"minus text", `"-2+3"`, "'-2+3"},
		{"at", `"@SUM(1)"`, "'@SUM(1)"},
		{"space before", `"  =1"`, "  '=1"},
		{"quote before", `"\"=1"`, `"'=1`},
		{"tab before", `"\t=1"`, "'\t'=1"},
		{"line before", `"a\n=1"`, "a\n'=1"},
		{"semicolon before", `"a;=1"`, "a;'=1"},
		{"full width", `"＝1"`, "'＝1"},
		{"harmless inside", `"a=b"`, "a=b"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			line := appendCSVRow(nil, connect.Row{Values: []connect.Value{{Field: "x"}, {Field: "y", Data: json.RawMessage(tt.data)}, {Field: "z", Redacted: true}}})
			rec := readCSV(t, line)
			if rec[1] != tt.want || rec[2] != "[withheld]" {
				t.Errorf("%q", rec)
			}
		})
	}
}

// Whatever the value, no spreadsheet finds a cell that begins like a formula,
// whether it parts cells by commas, semicolons or tabs; and without the
// apostrophes it is the value.
func FuzzCSVCell(f *testing.F) {
	for _, s := range []string{"", "=1", "a;\"=1", "\r\n@x", "'=1", "＋1", "-", "\t"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		s = strings.ToValidUTF8(s, "")
		line := append(appendCell(nil, s), "\r\n"...)
		raw := strings.NewReplacer(`""`, `"`).Replace(strings.TrimSuffix(strings.TrimPrefix(string(line), `"`), "\"\r\n"))
		if strings.ReplaceAll(raw, "'", "") != strings.ReplaceAll(s, "'", "") {
			t.Errorf("%q became %q", s, raw)
		}
		for _, part := range strings.FieldsFunc(raw, func(r rune) bool { return strings.ContainsRune(";\t\r\n", r) }) {
			part = strings.TrimLeft(part, " \"")
			if part != "" && strings.ContainsAny(part[:1], "=+-@") {
				t.Errorf("%q: a cell begins with %q", s, part)
			}
			for _, wide := range []string{"＝", "＋", "－", "＠"} {
				if strings.HasPrefix(part, wide) {
					t.Errorf("%q: a cell begins with %q", s, part)
				}
			}
		}
	})
}
