package requests

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"habeas/requests/connect"
)

// form is what a field's values look like, as far as the value shows it that
// stands there now.
type form string

const (
	formNone   form = "" // nothing stands there
	formWords  form = "words"
	formNumber form = "number"
	formYesNo  form = "boolean"
	formDate   form = "date"
	formTime   form = "time"
	formJSON   form = "json"
)

// formSays tells people how a value of a form is written.
var formSays = map[form]string{
	formWords:  "This field holds text.",
	formNumber: "This field holds a number: write it with digits and a point, such as 12.50.",
	formYesNo:  "This field holds yes or no: write yes or no.",
	formDate:   "This field holds a date: write it as 2026-01-31.",
	formTime:   "This field holds a time: write it as 2026-01-31 14:05.",
	formJSON:   "This field holds a JSON document: write the whole of it.",
}

var looksLikeTime = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}`)

func formOf(raw json.RawMessage) form {
	var v any
	if json.Unmarshal(raw, &v) != nil {
		return formNone
	}
	switch v := v.(type) {
	case float64:
		return formNumber
	case bool:
		return formYesNo
	case map[string]any, []any:
		return formJSON
	case string:
		if _, err := time.Parse(time.DateOnly, v); err == nil {
			return formDate
		}
		if looksLikeTime.MatchString(v) {
			return formTime
		}
		return formWords
	}
	return formNone
}

// timeForms are those in which a time is taken.
var timeForms = []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", time.DateTime, "2006-01-02 15:04", "2006-01-02T15:04"}

// numeral is a JSON number.
var numeral = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)

// typed makes of what somebody typed a value of the form of the one that stands
// there now.
func typed(old json.RawMessage, text string) (json.RawMessage, error) {
	f := formOf(old)
	text = strings.TrimSpace(text)
	switch f {
	case formNumber:
		if numeral.MatchString(text) {
			return json.RawMessage(text), nil
		}
	case formYesNo:
		switch strings.ToLower(text) {
		case "true", "yes":
			return json.RawMessage("true"), nil
		case "false", "no":
			return json.RawMessage("false"), nil
		}
	case formJSON:
		if raw := json.RawMessage(text); formOf(raw) == formJSON {
			return raw, nil
		}
	default:
		raw, err := json.Marshal(text)
		if err != nil {
			return nil, fmt.Errorf("encode value: %w", err)
		}
		return raw, fits(old, raw)
	}
	return nil, fmt.Errorf("%s", formSays[f])
}

// fits says how a new value is to be written where it is not of the form of the
// one that stands there now. Taking a value away fits everywhere.
func fits(old, value json.RawMessage) error {
	want, got := formOf(old), formOf(value)
	if want == formNone || got == formNone || want == got {
		return nil
	}
	var text string
	if json.Unmarshal(value, &text) == nil {
		switch {
		case want == formWords, want == formTime && slices.ContainsFunc(timeForms, func(form string) bool { _, err := time.Parse(form, text); return err == nil }):
			return nil
		}
	}
	return fmt.Errorf("%s", formSays[want])
}

// keys are the fields of a type by which its records are known: they are never
// corrected.
func keys(t connect.Type) []string {
	var out []string
	for _, f := range t.Fields {
		if f.Key {
			out = append(out, f.Name)
		}
	}
	return out
}
