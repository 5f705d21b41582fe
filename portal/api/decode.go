package api

import (
	"errors"
	"io"
	"mime"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/gofiber/fiber/v2"

	"habeas/requests"
)

// decode reads the body into v and refuses all that v does not ask for:
// unknown and double members, other types, other text after the value, and
// what is not UTF-8. An empty body is an empty object.
func decode(c *fiber.Ctx, v any) error {
	if kind := c.Get(fiber.HeaderContentType); kind != "" {
		t, _, err := mime.ParseMediaType(kind)
		if err != nil || (t != "application/json" && !strings.HasSuffix(t, "+json")) {
			return fiber.NewError(fiber.StatusUnsupportedMediaType, "Send JSON: Content-Type: application/json.")
		}
	}
	body, err := rawBody(c)
	if err != nil {
		return err
	}
	if len(body) == 0 {
		return nil
	}
	return fault(json.Unmarshal(body, v, json.RejectUnknownMembers(true), json.MatchCaseInsensitiveNames(false)))
}

// rawBody is the body as sent. Compressed ones are refused: a small one could
// become a large one.
func rawBody(c *fiber.Ctx) ([]byte, error) {
	if enc := c.Get(fiber.HeaderContentEncoding); enc != "" && enc != "identity" {
		return nil, fiber.NewError(fiber.StatusUnsupportedMediaType, "Send the body without Content-Encoding.")
	}
	return c.Request().Body(), nil
}

// fault says what is wrong with a body, and where. It repeats no values.
func fault(err error) error {
	if err == nil {
		return nil
	}
	var known *requests.Error
	if errors.As(err, &known) {
		return known
	}
	field, message := "", "This is not valid JSON."
	var semantic *json.SemanticError
	var syntax *jsontext.SyntacticError
	switch {
	case errors.Is(err, json.ErrUnknownName):
		errors.As(err, &semantic)
		field, message = fieldOf(semantic.JSONPointer), "There is no such member here."
	case errors.Is(err, jsontext.ErrDuplicateName):
		errors.As(err, &syntax)
		field, message = fieldOf(syntax.JSONPointer), "This member stands here twice."
	case errors.As(err, &semantic):
		field, message = fieldOf(semantic.JSONPointer), wanted(semantic)
	case errors.As(err, &syntax):
		field = fieldOf(syntax.JSONPointer)
		if errors.Is(err, io.ErrUnexpectedEOF) {
			message = "The body ends too early."
		} else if strings.Contains(syntax.Err.Error(), "UTF-8") {
			message = "This is not valid UTF-8."
		} else if strings.Contains(syntax.Err.Error(), "after top-level value") {
			message = "There is something after the JSON value."
		}
	}
	if field == "" {
		field = "body"
	}
	return wrong(field, message)
}

// wanted says of which type a value has to be.
func wanted(e *json.SemanticError) string {
	if e.GoType == nil {
		return "This value is not of the right type."
	}
	switch e.GoType.String() {
	case "time.Time":
		return "Give a time as RFC 3339, on a day that the calendar has, such as 2026-11-21T10:00:00Z."
	case "api.person":
		return `Give an object with kind and value, such as {"kind":"email","value":"…"}.`
	}
	switch s := schemaOf(e.GoType, nil); s["type"] {
	case "array":
		return "Give a list."
	case "boolean":
		return "Give true or false."
	case "object":
		return "Give an object."
	case "string":
		return "Give a text."
	}
	return "This value is not of the right type."
}

// fieldOf writes a JSON pointer the way people name a field:
// "/identities/0/value" is "identities[0].value".
func fieldOf(p jsontext.Pointer) string {
	var b strings.Builder
	for token := range p.Tokens() {
		if strings.Trim(token, "0123456789") == "" {
			b.WriteString("[" + token + "]")
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		b.WriteString(token)
	}
	return shorten(b.String())
}

// shorten keeps a name that a stranger chose short and on one line.
func shorten(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, s)
	if runes := []rune(s); len(runes) > 100 {
		return string(runes[:100]) + "…"
	}
	return s
}
