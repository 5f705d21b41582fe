package requests

import (
	"errors"
	"fmt"
)

// Kind says which sort of refusal an error is; the portal turns it into an
// HTTP status.
type Kind string

// The kinds of error.
const (
	Invalid      Kind = "invalid"      // 400: the input is not what is asked for
	Unlawful     Kind = "unlawful"     // 422: the law table does not allow it
	Unprocessed  Kind = "unprocessed"  // 422: well formed, and still not right (a wrong code)
	Unauthorized Kind = "unauthorized" // 401
	Forbidden    Kind = "forbidden"    // 403
	NotFound     Kind = "not-found"    // 404
	Gone         Kind = "gone"         // 410
	Conflict     Kind = "conflict"     // 409
	TooMany      Kind = "too-many"     // 429
	Unavailable  Kind = "unavailable"  // 503
	Internal     Kind = "internal"     // 500
)

// Error is a refusal that may be shown. Safe is one or two plain sentences
// that say what to do; neither it nor Code holds personal data.
type Error struct {
	Kind   Kind
	Code   string // stable, for programs: "plan-changed"
	Safe   string
	Fields []FieldError
	Cause  error
}

// FieldError is what is wrong with one field of the input.
type FieldError struct {
	Field   string `json:"field"`
	Message string `json:"message"`
}

func (e *Error) Error() string {
	if e.Cause != nil {
		return fmt.Sprintf("%s (%s): %v", e.Code, e.Kind, e.Cause)
	}
	return fmt.Sprintf("%s (%s)", e.Code, e.Kind)
}

func (e *Error) Unwrap() error { return e.Cause }

func refuse(kind Kind, code, safe string) *Error { return &Error{Kind: kind, Code: code, Safe: safe} }

func invalid(fields ...FieldError) *Error {
	return &Error{Kind: Invalid, Code: "invalid-input", Safe: "Some of what was sent is not as it should be.", Fields: fields}
}

// AsError returns err as an Error; anything unknown becomes a plain internal
// one whose cause is kept for the log.
func AsError(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return &Error{Kind: Internal, Code: "internal", Safe: "Something went wrong on our side. Nothing was lost. Please try again in a few minutes.", Cause: err}
}

// errNotFound is the one answer for a case that does not exist and for one
// that the asker may not see.
func errNotFound() *Error {
	return refuse(NotFound, "not-found", "There is no such request, or it is not yours to see.")
}

func errMoved() *Error {
	return refuse(Conflict, "case-moved", "The request has moved on in the meantime. Open it again to see where it stands.")
}
