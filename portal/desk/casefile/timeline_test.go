package casefile

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"habeas/requests"
	"habeas/requests/evidence"
)

// silent are the kinds that the desk's timeline leaves out, with the reason.
var silent = map[string]string{
	"status.changed": "what led to the step is told",
	"user.changed":   "not of a case", "token.changed": "not of a case", "config.changed": "not of a case", "key.rotated": "not of a case",
	"system.paused": "not of a case", "system.resumed": "not of a case", "system.restored": "not of a case",
}

// TestEveryEventHasWords: whatever kind of event a case has, the desk's timeline
// and the printed evidence say what it was.
func TestEveryEventHasWords(t *testing.T) {
	t.Parallel()
	for _, d := range evidence.Kinds() {
		full := reflect.New(reflect.TypeOf(d)).Elem()
		fillIn(full)
		d := full.Interface().(evidence.Data)
		switch d := d.(type) {
		case evidence.TaskStarted:
			checkWords(t, d, "tried again") // a first attempt is not worth a line
			continue
		case evidence.TaskFinished:
			d.Stage = "manual"
			checkWords(t, d, "by hand")
			continue
		}
		title, text := tell(d, TitlesOf(&requests.Service{}))
		if silent[d.Kind()] != "" {
			if title != "" {
				t.Errorf("%s is said to be left out and is told: %q", d.Kind(), title)
			}
		} else if title == "" {
			t.Errorf("%s has no words in the desk's timeline", d.Kind())
		}
		if strings.Contains(title+text, "_") || strings.Contains(title+text, "%!") {
			t.Errorf("%s: %q %q", d.Kind(), title, text)
		}
		if words := evidence.WordsOf(d); strings.HasPrefix(words, "event of kind") {
			t.Errorf("%s has no words in the printed evidence", d.Kind())
		}
	}
	for kind := range silent {
		if !slices.ContainsFunc(evidence.Kinds(), func(d evidence.Data) bool { return d.Kind() == kind }) {
			t.Errorf("there is no %s", kind)
		}
	}
}

func checkWords(t *testing.T, d evidence.Data, want string) {
	t.Helper()
	if title, _ := tell(d, TitlesOf(&requests.Service{})); !strings.Contains(title, want) {
		t.Errorf("%s: %q, want %q", d.Kind(), title, want)
	}
}

// fillIn gives every field a value.
func fillIn(v reflect.Value) {
	switch {
	case v.Type() == reflect.TypeFor[evidence.Time]():
		v.Set(reflect.ValueOf(evidence.At(time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC))))
	case v.Type() == reflect.TypeFor[evidence.Date]():
		v.SetString("2026-11-21")
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			fillIn(v.Field(i))
		}
	case v.Kind() == reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fillIn(v.Index(0))
	case v.Kind() == reflect.String:
		v.SetString("word")
	case v.CanInt():
		v.SetInt(2)
	case v.Kind() == reflect.Bool:
		v.SetBool(true)
	}
}
