package api

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"habeas/requests"
)

// query reads a call's query. What the call does not know, or knows once and
// gets twice, is refused: a filter that is ignored shows too much.
type query struct {
	values map[string]string
	faults []requests.FieldError
}

func readQuery(c *fiber.Ctx, known ...string) *query {
	q := &query{values: map[string]string{}}
	c.Context().QueryArgs().VisitAll(func(k, v []byte) {
		name, value := string(k), string(v)
		switch _, twice := q.values[name]; {
		case !slices.Contains(known, name):
			q.bad(shorten(name), "There is no such parameter. Use "+strings.Join(known, ", ")+".")
		case twice:
			q.bad(name, "Give this parameter once.")
		default:
			q.values[name] = value
		}
	})
	return q
}

func (q *query) bad(field, message string) {
	q.faults = append(q.faults, requests.FieldError{Field: field, Message: message})
}

func (q *query) err() error {
	if len(q.faults) == 0 {
		return nil
	}
	return &requests.Error{Kind: requests.Invalid, Code: "invalid-input", Safe: "The query is not as it should be.", Fields: q.faults}
}

func (q *query) text(name string) string { return q.values[name] }

// oneOf reads one of a fixed set of words.
func (q *query) oneOf(name string, words []string) string {
	v := q.values[name]
	if v != "" && !slices.Contains(words, v) {
		q.bad(name, "Use "+strings.Join(words, ", ")+".")
	}
	return v
}

// number reads a whole number between low and high, digits only.
func (q *query) number(name string, or, low, high int64) int64 {
	v, given := q.values[name]
	if !given {
		return or
	}
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil || strings.HasPrefix(v, "+") || strings.HasPrefix(v, "-") || n < low || n > high {
		q.bad(name, "Give a whole number from "+strconv.FormatInt(low, 10)+" to "+strconv.FormatInt(high, 10)+".")
		return or
	}
	return n
}

func (q *query) date(name string) time.Time {
	v := q.values[name]
	if v == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.DateOnly, v)
	if err != nil {
		q.bad(name, "Give a date as YYYY-MM-DD.")
	}
	return t
}

// noSuch is the answer for what does not exist and for what the asker may not
// see.
func noSuch() error {
	return &requests.Error{Kind: requests.NotFound, Code: "not-found", Safe: "There is no such request, or it is not yours to see."}
}

// pathID reads an id in the path. Whatever is not one exists nowhere.
func pathID(c *fiber.Ctx, name string) (uuid.UUID, error) {
	id, err := uuid.Parse(c.Params(name))
	if err != nil || id.String() != c.Params(name) {
		return uuid.Nil, noSuch()
	}
	return id, nil
}
