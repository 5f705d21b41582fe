package audit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"habeas/portal/web"
	"habeas/requests"
)

// waitForLog is how long a download waits for the case's events to be in the
// log.
const waitForLog = 5 * time.Second

// reporter writes evidence reports.
type reporter interface {
	Evidence(ctx context.Context, by requests.Actor, id uuid.UUID, w io.Writer) error
}

// evidence hands out the report of a case. It is made whole in a file first:
// making one holds a database connection, and a reader may be slow.
func (h *audit) evidence(c *fiber.Ctx) error {
	cs, err := h.load(c)
	if err != nil {
		return err
	}
	svc, ok := any(h.Svc).(reporter)
	if !ok {
		return &requests.Error{Kind: requests.Unavailable, Code: "no-report", Safe: "Reports cannot be made at the moment. Try again later."}
	}
	f, err := os.CreateTemp("", "habeas-evidence-*.zip")
	if err != nil {
		return fmt.Errorf("make report: %w", err)
	}
	if err := os.Remove(f.Name()); err != nil { // it lives as long as it is open
		return errors.Join(err, f.Close())
	}
	ctx, cancel := context.WithTimeout(c.UserContext(), 4*waitForLog)
	defer cancel()
	if err := svc.Evidence(ctx, web.Actor(c), cs.ID, f); err != nil {
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
