package api

import (
	"context"
	"errors"
	"io"
	"os"
	"time"

	"github.com/gofiber/fiber/v2"

	"habeas/portal/web"
)

// reportFor bounds the making of a report.
const reportFor = 10 * time.Minute

// evidence makes the report in a file first, so that a refusal is still
// possible, its length is known, and a slow reader holds no database.
func (a *api) evidence(c *fiber.Ctx) error {
	if err := onlyGet(c); err != nil {
		return err
	}
	by := web.Actor(c)
	cs, err := a.caseOf(c, by)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp("", "habeas-evidence-")
	if err != nil {
		return err
	}
	if err := os.Remove(f.Name()); err != nil { // it lives as long as it is open
		return errors.Join(err, f.Close())
	}
	ctx, cancel := context.WithTimeout(c.UserContext(), reportFor)
	defer cancel()
	if err := a.svc.Evidence(ctx, by, cs.ID, f); err != nil {
		return errors.Join(err, f.Close())
	}
	size, err := f.Seek(0, io.SeekCurrent)
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		return errors.Join(err, f.Close())
	}
	sendFile(c, "application/zip", cs.Reference+"-evidence.zip", f, f.Close, size)
	return nil
}
