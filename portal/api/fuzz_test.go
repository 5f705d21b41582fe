package api

import (
	"bytes"
	"errors"
	"mime/multipart"
	"testing"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"habeas/requests"
)

// FuzzDecode: whatever is sent as a body, the answer is a value or a refusal
// that names a field in valid UTF-8.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		`{"rights":["access"],"country":"DE","identities":[{"kind":"email","value":"a@b.example"}],"received_at":"2026-11-21T10:00:00Z"}`,
		`{"identities":["a@b.example",{"kind":"x","kind":"y"}]}`, `{"on_behalf":{"a":[1,2,{}]}}`, `{}x`, `[`, "\"\xff\"", `{"a":"\ud800"}`, `null`, ``,
	} {
		f.Add([]byte(seed))
	}
	app := fiber.New()
	f.Fuzz(func(t *testing.T, body []byte) {
		c := app.AcquireCtx(&fasthttp.RequestCtx{})
		defer app.ReleaseCtx(c)
		c.Request().SetBody(body)
		var in filing
		refused(t, decode(c, &in))
	})
}

// FuzzForm does the same for forms with a proof.
func FuzzForm(f *testing.F) {
	f.Add([]byte("--b\r\nContent-Disposition: form-data; name=\"result\"\r\n\r\ndone\r\n--b--\r\n"))
	f.Add([]byte("--b\r\nContent-Disposition: form-data; name=\"proof\"; filename=\"x\"\r\n\r\n\x00\xff\r\n--b--"))
	f.Add([]byte("--b\r\n\r\n\r\n--b--\r\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := readForm(multipart.NewReader(bytes.NewReader(body), "b"))
		refused(t, err)
		if err == nil && !utf8.ValidString(r.Reason+r.Result) {
			t.Error("a field that is not UTF-8 got through")
		}
	})
}

// refused wants no error, or one that may be shown.
func refused(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	var e *requests.Error
	if !errors.As(err, &e) || e.Kind != requests.Invalid || len(e.Fields) == 0 {
		t.Fatalf("%v is no refusal with fields", err)
	}
	for _, f := range e.Fields {
		if !utf8.ValidString(f.Field) || f.Field == "" || f.Message == "" {
			t.Errorf("field %q, message %q", f.Field, f.Message)
		}
	}
}
