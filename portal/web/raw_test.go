package web

import (
	"bytes"
	"compress/gzip"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
)

// What is no HTTP never reaches the middleware. Its answer is a problem, and
// the process lives on.
func TestWhatIsNotHTTP(t *testing.T) {
	b := setup(t, nil)
	host := strings.TrimPrefix(b.base, "http://")
	for name, raw := range map[string]string{
		"huge header":       "GET / HTTP/1.1\r\nHost: x\r\nX-A: " + strings.Repeat("a", 20_000) + "\r\n\r\n",
		"huge header, page": "GET /form HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\nX-A: " + strings.Repeat("a", 20_000) + "\r\n\r\n",
		"garbage":           "GARBAGE\r\n\r\n",
		"two lengths":       "POST /form HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: x\r\n\r\nabc",
		"bad chunk":         "POST /api/v1/file HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
	} {
		c, err := net.Dial("tcp", host)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		_ = c.SetDeadline(time.Now().Add(10 * time.Second))
		if _, err := io.WriteString(c, raw); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		head := make([]byte, 4096)
		n, _ := c.Read(head)
		c.Close()
		if got := string(head[:n]); !strings.HasPrefix(got, "HTTP/1.1 4") || !strings.Contains(got, "application/problem+json") {
			t.Errorf("%s: %.200q", name, got)
		}
	}
	if got := b.do(b.client(), "GET", "/form", nil); got.status != 200 {
		t.Errorf("afterwards: %d", got.status)
	}
}

func TestErrorWhileAnsweringAnError(t *testing.T) {
	b := setup(t, nil, Route{Method: "GET", Path: "/breaks", Roles: everybody, Handler: func(c *fiber.Ctx) error {
		c.Locals(appKey, "not the app") // the problem page cannot be made
		return fiber.ErrTeapot
	}})
	if got := b.do(b.client(), "GET", "/breaks", nil); got.status < 400 {
		t.Errorf("%d", got.status)
	}
	if got := b.do(b.client(), "GET", "/form", nil); got.status != 200 {
		t.Errorf("afterwards: %d", got.status)
	}
}

// 200 KB that unpack into 200 MB are refused packed.
func TestPackedFormIsRefused(t *testing.T) {
	b := setup(t, nil)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	form := multipart.NewWriter(z)
	part, err := form.CreateFormField("name")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(part, io.LimitReader(zeros{}, 200<<20)); err != nil {
		t.Fatal(err)
	}
	if err := form.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	got := b.do(b.client(), "POST", "/form", &packed, "Content-Type", form.FormDataContentType(), "Content-Encoding", "gzip")
	if got.status != http.StatusUnsupportedMediaType {
		t.Errorf("%d %.100s", got.status, got.body)
	}
}
