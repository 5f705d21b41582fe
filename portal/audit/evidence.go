package audit

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/gofiber/fiber/v2"

	"habeas/portal/web"
)

// evidence hands out the report of a case. It is made whole in a file first:
// making one holds a database connection, and a reader may be slow.
func (h *audit) evidence(c *fiber.Ctx) error {
	cs, err := h.load(c)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp("", "habeas-evidence-*.zip")
	if err != nil {
		return fmt.Errorf("make report: %w", err)
	}
	if err := os.Remove(f.Name()); err != nil { // it lives as long as it is open
		return errors.Join(err, f.Close())
	}
	if err := h.Svc.Evidence(c.UserContext(), web.Actor(c), cs.ID, f); err != nil {
		return errors.Join(err, f.Close())
	}
	size, err := f.Seek(0, io.SeekEnd)
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("send report: %w", err), f.Close())
	}
	c.Set(fiber.HeaderContentType, "application/zip")
	c.Set(fiber.HeaderContentDisposition, fmt.Sprintf(`attachment; filename="%s-evidence.zip"`, cs.Reference))
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.SendStream(f, int(size)) // closes f
}
