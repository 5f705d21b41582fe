package subject

import (
	"errors"
	"io"
	"strings"

	"github.com/gofiber/fiber/v2"
)

// errUpload is a field that holds more than one file.
var errUpload = errors.New("subject: more than one file in a field")

// upload is the one file of a form's field, nil when none was chosen. It reads a
// byte more than limit, so that the service says what is too much. What its
// sender calls it is not read.
func upload(c *fiber.Ctx, field string, limit int64) ([]byte, error) {
	if !strings.HasPrefix(c.Get(fiber.HeaderContentType), fiber.MIMEMultipartForm) {
		return nil, nil
	}
	form, err := c.MultipartForm()
	if err != nil {
		return nil, err
	}
	files := form.File[field]
	switch {
	case len(files) == 0 || len(files) == 1 && files[0].Size == 0 && files[0].Filename == "":
		return nil, nil
	case len(files) > 1:
		return nil, errUpload
	}
	f, err := files[0].Open()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, limit+1))
	if raw == nil {
		raw = []byte{} // chosen, and empty
	}
	return raw, err
}
