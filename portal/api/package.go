package api

import (
	"io"
	"mime"
	"net"
	"time"

	"github.com/gofiber/fiber/v2"

	"habeas/portal/web"
)

// slowest is how long one write to a reader may take.
const slowest = 30 * time.Second

func (a *api) download(c *fiber.Ctx) error {
	if err := onlyGet(c); err != nil {
		return err // a look at the headers is no download
	}
	by := web.Actor(c)
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	d, err := a.svc.OpenPackage(c.UserContext(), by, id)
	if err != nil {
		return err
	}
	media := "application/zip"
	if len(d.Name) > 4 && d.Name[len(d.Name)-4:] == ".age" {
		media = "application/age"
	}
	sendFile(c, media, d.Name, d, d.Close, d.Size)
	return nil
}

// onlyGet refuses HEAD where an answer is made for one reader.
func onlyGet(c *fiber.Ctx) error {
	if c.Method() == fiber.MethodGet {
		return nil
	}
	c.Set(fiber.HeaderAllow, fiber.MethodGet)
	return fiber.NewError(fiber.StatusMethodNotAllowed, "This address knows GET only.")
}

// sendFile streams a file as an attachment. It runs after the handler has
// returned, so it keeps the connection and nothing of fiber's.
func sendFile(c *fiber.Ctx, media, name string, r io.Reader, closeAll func() error, size int64) {
	c.Set(fiber.HeaderContentType, media)
	c.Set(fiber.HeaderContentDisposition, mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	c.Set(fiber.HeaderXContentTypeOptions, noSniff)
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Set(fiber.HeaderConnection, "close") // its deadlines end with it
	if size <= 0 {
		size = -1
	}
	c.Context().SetBodyStream(&paced{r: r, close: closeAll, conn: c.Context().Conn()}, int(size))
}

// paced gives every write to a slow reader its own deadline: what was read is
// written before the next read.
type paced struct {
	r     io.Reader
	close func() error
	conn  net.Conn
}

func (p *paced) Read(b []byte) (int, error) {
	if err := p.conn.SetWriteDeadline(time.Now().Add(slowest)); err != nil {
		return 0, err
	}
	return p.r.Read(b)
}

// Close implements io.Closer: called when all was sent or the reader has gone.
func (p *paced) Close() error { return p.close() }
