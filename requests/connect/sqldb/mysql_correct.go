package sqldb

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"habeas/requests/connect/sqldb/dataset"
)

// mysqlCorrection is a new value, given as JSON, as the text that the column
// takes; nil for null.
func mysqlCorrection(a attribute, raw json.RawMessage) *string {
	var v any
	d := json.NewDecoder(strings.NewReader(string(raw)))
	d.UseNumber()
	if err := d.Decode(&v); err != nil || v == nil {
		return nil
	}
	text := string(raw)
	switch v := v.(type) {
	case string:
		text = v
		if mysqlClass(a) == "json" {
			text = string(raw)
		}
	case json.Number:
		text = v.String()
	case bool:
		if mysqlClass(a) != "json" {
			text = map[bool]string{true: "1", false: "0"}[v]
		}
	}
	switch mysqlClass(a) {
	case "datetime":
		// As it was disclosed, or with a zone: the server takes neither.
		if at, err := time.Parse(time.RFC3339Nano, text); err == nil {
			text = at.UTC().Format("2006-01-02 15:04:05.999999")
		} else {
			text = strings.Replace(text, "T", " ", 1)
		}
	case "binary":
		text = strings.TrimPrefix(text, `\x`)
	}
	return &text
}

// mysqlTyped is an expression of text as a value of the column's type.
func mysqlTyped(a attribute, expr string) string {
	switch mysqlClass(a) {
	case "binary":
		return "unhex(" + expr + ")"
	case "int", "year":
		if a.unsigned || a.base == "bit" {
			return "cast(" + expr + " as unsigned)"
		}
		return "cast(" + expr + " as signed)"
	case "number":
		if a.base == "decimal" {
			return "cast(" + expr + " as " + strings.TrimSuffix(a.sqlType, " unsigned") + ")"
		}
		return "(" + expr + " + 0e0)"
	case "date":
		return "cast(" + expr + " as date)"
	case "datetime":
		return "cast(" + expr + " as datetime(6))"
	case "time":
		return "cast(" + expr + " as time(6))"
	}
	return expr
}

func (*mysql) correct(cat *catalog, t *dataset.Table, values map[string]json.RawMessage, first int) ([]assignment, string, []any) {
	var set []assignment
	var args []any
	for _, f := range sortedFields(values) {
		a := cat.attr(t, f)
		text := mysqlCorrection(a, values[f])
		if text == nil {
			set = append(set, assignment{f, "null"})
			continue
		}
		value := fmt.Sprintf("$%d", first+len(args))
		if c := mysqlClass(a); c == "binary" || a.base == "bit" {
			value = mysqlTyped(a, value)
		}
		set, args = append(set, assignment{f, value}), append(args, *text)
	}
	return set, "", args
}

// correction writes each new value as an array of none (null) or one text.
func (*mysql) correction(cat *catalog, t *dataset.Table, values map[string]json.RawMessage) string {
	out := map[string][]string{}
	for f, raw := range values {
		out[f] = []string{}
		if text := mysqlCorrection(cat.attr(t, f), raw); text != nil {
			out[f] = append(out[f], *text)
		}
	}
	return jsonText(out)
}

func (m *mysql) corrected(a attribute, t *dataset.Table, column, object string) string {
	path := "$." + jsonText(column)
	value := "json_unquote(json_extract(" + object + ", " + quoteText(path+"[0]") + "))"
	have := col("t", column)
	same := m.same(a, have, mysqlTyped(a, value))
	if mysqlClass(a) == "json" {
		same = "cast(" + have + " as json) <=> cast(" + value + " as json)"
		if m.isMaria() {
			same = "json_normalize(" + have + ") <=> json_normalize(" + value + ")"
		}
	}
	return fmt.Sprintf("(not json_contains_path(%s, 'one', %s) or %s)", object, quoteText(path), same)
}

func sortedFields(values map[string]json.RawMessage) []string {
	fields := make([]string, 0, len(values))
	for f := range values {
		fields = append(fields, f)
	}
	slices.Sort(fields)
	return fields
}

// jsonText writes texts as JSON.
func jsonText(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("sqldb: texts are JSON: %v", err))
	}
	return string(b)
}
