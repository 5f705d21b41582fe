package export_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"habeas/requests/connect"
	"habeas/requests/export"
)

// stage writes rows as a stage.
func stage(t interface {
	Helper()
	Fatal(...any)
}, rows ...connect.Row,
) []byte {
	t.Helper()
	var b bytes.Buffer
	w := export.NewStage(&b)
	for _, r := range rows {
		if err := w.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func readStage(b []byte) ([]connect.Row, error) {
	s, err := export.OpenStage(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	var rows []connect.Row
	for row, err := range s.All() {
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func row(typ, key string, values ...string) connect.Row {
	r := connect.Row{Type: typ, Key: key}
	for i := 0; i < len(values); i += 2 {
		v := connect.Value{Field: values[i]}
		switch values[i+1] {
		case "withheld":
			v.Redacted = true
		case "":
		default:
			v.Data = json.RawMessage(values[i+1])
		}
		r.Values = append(r.Values, v)
	}
	return r
}

func TestStageReturnsWhatWasWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var rows []connect.Row
		for i, typ := range []string{"a", "b", "ç"} {
			fields := rapid.SliceOfNDistinct(rapid.String(), 0, 4, rapid.ID[string]).Draw(t, "fields")
			for range rapid.IntRange(0, 3).Draw(t, "rows") {
				r := connect.Row{Type: typ, Key: rapid.String().Draw(t, "key")}
				for _, f := range fields {
					v := connect.Value{Field: f, Redacted: rapid.Bool().Draw(t, "redacted")}
					if !v.Redacted {
						text, err := json.Marshal(rapid.String().Draw(t, "value"))
						if err != nil {
							t.Fatal(err)
						}
						v.Data = text
					}
					r.Values = append(r.Values, v)
				}
				if i == 2 && len(r.Values) > 0 { // fields may differ within a type
					r.Values = r.Values[:rapid.IntRange(0, len(r.Values)).Draw(t, "n")]
				}
				rows = append(rows, r)
			}
		}
		got, err := readStage(stage(t, rows...))
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != len(rows) {
			t.Fatalf("%d rows, want %d", len(got), len(rows))
		}
		for i := range rows {
			if rows[i].Type != got[i].Type || rows[i].Key != got[i].Key || len(rows[i].Values) != len(got[i].Values) {
				t.Fatalf("row %d: %v, want %v", i, got[i], rows[i])
			}
			for k := range rows[i].Values {
				if d := cmp.Diff(rows[i].Values[k], got[i].Values[k]); d != "" {
					t.Fatal(d)
				}
			}
		}
	})
}

func TestStageCutShortIsNoticed(t *testing.T) {
	whole := stage(t, row("a", "1", "x", `"one"`), row("a", "2", "x", `2`), row("b", "1", "y", "withheld"))
	for n := range len(whole) {
		if _, err := readStage(whole[:n]); !errors.Is(err, export.ErrStage) {
			t.Fatalf("cut after %d of %d bytes: %v", n, len(whole), err)
		}
	}
	if _, err := readStage(append(bytes.Clone(whole), 'x')); !errors.Is(err, export.ErrStage) {
		t.Errorf("a byte more: %v", err)
	}
}

func TestStageRefusesWhatNoPackageCouldHold(t *testing.T) {
	for name, rows := range map[string][]connect.Row{
		"no JSON":          {row("a", "1", "x", `{"open":`)},
		"broken text":      {row("a", "1", "x", `"a"b"`)},
		"type apart again": {row("a", "1"), row("b", "1"), row("a", "2")},
	} {
		w := export.NewStage(io.Discard)
		var err error
		for _, r := range rows {
			if e := w.Write(r); e != nil {
				err = e
			}
		}
		if err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestStageRepairsInvalidUTF8(t *testing.T) {
	rows, err := readStage(stage(t, connect.Row{Type: "a", Key: "1", Values: []connect.Value{{Field: "x", Data: []byte("\"a\xffb\"")}}}))
	if err != nil {
		t.Fatal(err)
	}
	if got := string(rows[0].Values[0].Data); got != "\"a\ufffdb\"" {
		t.Errorf("%q", got)
	}
}

func FuzzOpenStage(f *testing.F) {
	f.Add([]byte("habeas-stage/1\n"))
	f.Add([]byte("habeas-stage/1\n\x00\x00"))
	f.Add(stage(f, row("a", "1", "x", `"one"`, "y", "withheld"), row("a", "2", "x", `2`, "y", "null")))
	f.Fuzz(func(t *testing.T, b []byte) {
		rows, err := readStage(b)
		if err != nil && len(rows) > 0 {
			t.Error("rows and an error")
		}
	})
}
