package clock

import (
	"fmt"
	"strings"
)

// Error is what the law table refuses: an input that cannot be, or a step that
// the law does not allow. Its text names the rule and is fit to be shown.
type Error struct {
	Unlawful bool   // the law refuses it; otherwise the input is wrong
	Field    string // of the input, when it is wrong: law, set, zone, right, received, event, pause_policy, ground
	Cite     string // the article, "" for plain input errors
	Text     string // one sentence with what to do
}

// Error is the text with its article.
func (e *Error) Error() string {
	if e.Cite == "" {
		return e.Text
	}
	return strings.TrimSuffix(e.Text, ".") + " (" + e.Cite + ")."
}

func badInput(field, format string, args ...any) *Error {
	return &Error{Field: field, Text: fmt.Sprintf(format, args...)}
}

func unlawful(cite, format string, args ...any) *Error {
	return &Error{Unlawful: true, Cite: cite, Text: fmt.Sprintf(format, args...)}
}

func badSet(name string) *Error {
	return badInput("set", "There is no holiday set %q; use one of %s.", clip(name), strings.Join(Sets(), ", "))
}
