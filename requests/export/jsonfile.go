package export

import (
	"encoding/json"

	"habeas/requests/connect"
)

// A data file in JSON is one array with one object per record: "_record" is
// its key in the system, then its fields as the system holds them; "_withheld"
// names fields that are not shown.

// jsonShape holds the member names of a type, encoded once.
type jsonShape struct{ names [][]byte }

func newJSONShape(row connect.Row) jsonShape {
	var s jsonShape
	for _, v := range row.Values {
		s.names = append(s.names, append(jsonText(v.Field), ':'))
	}
	return s
}

// appendJSONRow adds a record.
func (s jsonShape) appendJSONRow(b []byte, row connect.Row) []byte {
	b = append(b, `{"_record":`...)
	b = append(b, jsonText(row.Key)...)
	withheld := false
	for i, v := range row.Values {
		if v.Redacted {
			withheld = true
			continue
		}
		b = append(b, ',')
		b = append(b, s.names[i]...)
		if len(v.Data) == 0 {
			b = append(b, "null"...)
		} else {
			b = append(b, v.Data...)
		}
	}
	if withheld {
		b = append(b, `,"_withheld":[`...)
		first := true
		for i, v := range row.Values {
			if !v.Redacted {
				continue
			}
			if !first {
				b = append(b, ',')
			}
			first = false
			b = append(b, s.names[i][:len(s.names[i])-1]...)
		}
		b = append(b, ']')
	}
	return append(b, '}')
}

// jsonText encodes a text; the short way is for keys and names.
func jsonText(s string) []byte {
	short := true
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' {
			short = false
			break
		}
	}
	if short {
		return append(append(append(make([]byte, 0, len(s)+3), '"'), s...), '"')
	}
	b, err := json.Marshal(s)
	if err != nil {
		return []byte(`""`) // a string always encodes
	}
	return b
}
