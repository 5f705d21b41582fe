package api

import (
	"encoding/json"
	"time"

	"habeas/requests"
)

// moment is a time as the contract writes it: RFC 3339 in UTC with Z.
type moment time.Time

// MarshalJSON implements json.Marshaler.
func (m moment) MarshalJSON() ([]byte, error) {
	return json.Marshal(time.Time(m).UTC().Format("2006-01-02T15:04:05.000Z"))
}

// date is a day without a time.
type date time.Time

// MarshalJSON implements json.Marshaler.
func (d date) MarshalJSON() ([]byte, error) {
	return json.Marshal(time.Time(d).Format(time.DateOnly))
}

func momentOf(t *time.Time) *moment {
	if t == nil || t.IsZero() {
		return nil
	}
	return new(moment(*t))
}

// items is every list of the API.
type items[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next_cursor,omitempty" doc:"Give it as cursor to get the next page. Left out on the last one."`
}

// full returns list, never nil: an empty list is [] and not null.
func full[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// each turns a list into its form on the wire.
func each[A, B any](list []A, fn func(A) B) []B {
	out := make([]B, len(list))
	for i, v := range list {
		out[i] = fn(v)
	}
	return out
}

// wrong is input that is not as it should be: 400 with the fields named.
func wrong(field, message string) error {
	return &requests.Error{
		Kind: requests.Invalid, Code: "invalid-input", Safe: "Some of what was sent is not as it should be.",
		Fields: []requests.FieldError{{Field: field, Message: message}},
	}
}
