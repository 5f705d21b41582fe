package web

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"

	"habeas/requests"
)

// maxDrain is how much of a body nobody wants is read all the same, so that
// the sender sees the answer and not a reset connection.
const maxDrain = 16 << 20

// readBody reads the body up to the route's limit. More is drained, then
// refused.
func (a *App) readBody(c *fiber.Ctx, r *Route) error {
	if !r.writes() {
		drain(c)
		return nil
	}
	if len(c.Request().Header.ContentEncoding()) > 0 && string(c.Request().Header.ContentEncoding()) != "identity" {
		drain(c) // a small compressed form unpacks into gigabytes
		return fiber.NewError(fiber.StatusUnsupportedMediaType, "Send the body without Content-Encoding.")
	}
	limit := r.maxBody()
	stream := c.Context().RequestBodyStream()
	if stream == nil {
		if int64(len(c.Request().Body())) > limit {
			return tooLarge(limit)
		}
		return nil
	}
	body, err := io.ReadAll(io.LimitReader(stream, limit+1))
	if err != nil {
		c.Context().SetConnectionClose()
		return &requests.Error{Kind: requests.Invalid, Code: "body-broken", Safe: "The body ended too early. Send it again.", Cause: err}
	}
	if int64(len(body)) > limit {
		drain(c)
		return tooLarge(limit)
	}
	c.Request().SetBodyRaw(body)
	return nil
}

// drain reads what is left of a body, up to maxDrain; beyond it the
// connection is closed after the answer.
func drain(c *fiber.Ctx) {
	stream := c.Context().RequestBodyStream()
	if stream == nil {
		return
	}
	n, err := io.CopyN(io.Discard, stream, maxDrain)
	if n == maxDrain || (err != nil && !errors.Is(err, io.EOF)) {
		c.Context().SetConnectionClose()
	}
}

func tooLarge(limit int64) error {
	return fiber.NewError(fiber.StatusRequestEntityTooLarge, fmt.Sprintf("The body may have at most %d bytes.", limit))
}

// plainText refuses what is not UTF-8 or holds NUL in the address or in a
// form: PostgreSQL stores neither, and nobody types it.
func plainText(c *fiber.Ctx) error {
	ok := textual(c.Request().URI().Path())
	look := func(k, v []byte) { ok = ok && textual(k) && textual(v) }
	c.Context().QueryArgs().VisitAll(look)
	if bytes.HasPrefix(c.Request().Header.ContentType(), []byte(fiber.MIMEApplicationForm)) {
		c.Context().PostArgs().VisitAll(look)
	}
	if bytes.HasPrefix(c.Request().Header.ContentType(), []byte(fiber.MIMEMultipartForm)) {
		form, err := c.MultipartForm()
		if err != nil {
			return &requests.Error{Kind: requests.Invalid, Code: "form-broken", Safe: "The form could not be read. Send it again.", Cause: err}
		}
		for k, values := range form.Value {
			ok = ok && textual([]byte(k))
			for _, v := range values {
				ok = ok && textual([]byte(v))
			}
		}
	}
	if !ok {
		return &requests.Error{Kind: requests.Invalid, Code: "not-utf-8", Safe: "Text must be UTF-8 without NUL."}
	}
	return nil
}

func textual(b []byte) bool { return utf8.Valid(b) && bytes.IndexByte(b, 0) < 0 }
