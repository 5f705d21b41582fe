package connect

import (
	"errors"
	"fmt"
	"time"
)

// Error says what to do next. Code and its text reach logs, the desk and the
// evidence log, so neither may hold personal data; the cause is for errors.Is
// and is never printed.
type Error struct {
	Next  Next
	Code  string        // short and static: "unreachable", "not-null", "permission"
	Text  string        // one sentence for the desk
	After time.Duration // for Retry: not sooner than this
	Cause error
}

// Next is what the worker does with a failed task.
type Next string

// Retry: try again with backoff. Drifted: back to review. ByHand: a manual
// task. Stop: permanent, the case needs attention.
const (
	Retry   Next = "retry"
	Drifted Next = "drift"
	ByHand  Next = "manual"
	Stop    Next = "permanent"
)

func (e *Error) Error() string { return fmt.Sprintf("%s: %s", e.Code, e.Text) }
func (e *Error) Unwrap() error { return e.Cause }

// RetryAfter asks for another attempt, not sooner than after (0: as the
// backoff says).
func RetryAfter(after time.Duration, code, text string, cause error) error {
	return &Error{Next: Retry, Code: code, Text: text, After: after, Cause: cause}
}

// Drift says that the system is not what was planned; nothing was changed.
func Drift(code, text string) error { return &Error{Next: Drifted, Code: code, Text: text} }

// Hand says that a person has to do it.
func Hand(code, text string) error { return &Error{Next: ByHand, Code: code, Text: text} }

// Permanent says that trying again will not help.
func Permanent(code, text string, cause error) error {
	return &Error{Next: Stop, Code: code, Text: text, Cause: cause}
}

// IsDrift reports whether err says that the system changed since the plan.
func IsDrift(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Next == Drifted
}

// Advice returns what to do about err. An error that is none of ours is worth
// another attempt and is reported as "unexpected".
func Advice(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return &Error{Next: Retry, Code: "unexpected", Text: "The system answered in a way Habeas does not know.", Cause: err}
}
