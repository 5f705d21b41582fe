package desk

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"habeas/portal/desk/casefile"
	"habeas/portal/web"
	"habeas/requests"
	"habeas/templates"
)

// manualPage shows what is to be done by hand, and asks what came of it.
func (h desk) manualPage(c *fiber.Ctx) error {
	v, _, err := h.byHand(c)
	if err != nil {
		return err
	}
	return h.render(c, fiber.StatusOK, templates.ManualResult(v))
}

func (h desk) byHand(c *fiber.Ctx) (templates.ManualPage, *requests.Case, error) {
	cs, err := h.load(c)
	if err != nil {
		return templates.ManualPage{}, nil, err
	}
	tasks, err := h.Svc.Tasks(c.UserContext(), cs)
	if err != nil {
		return templates.ManualPage{}, nil, err
	}
	rows := casefile.Tasks(cs, tasks, casefile.TitlesOf(h.Svc), true)
	i := slices.IndexFunc(rows, func(t templates.TaskRow) bool { return t.ID == c.Params("task") && t.Manual })
	if i < 0 {
		return templates.ManualPage{}, nil, &requests.Error{Kind: requests.NotFound, Code: "no-such-task", Safe: "There is no such task."}
	}
	return templates.ManualPage{
		Page: h.page(c), Case: h.head(cs), Task: rows[i], Action: templates.DeskTaskPath(cs.ID.String(), rows[i].ID, "result"),
		Result: c.FormValue("result"), Reason: c.FormValue("reason"),
	}, cs, nil
}

// manual records the result of work by hand with its proof.
func (h desk) manual(c *fiber.Ctx) error {
	v, cs, err := h.byHand(c)
	if err != nil {
		return err
	}
	task, err := param(c, "task")
	if err != nil {
		return err
	}
	r := requests.ManualResult{Result: v.Result, Reason: strings.TrimSpace(v.Reason)}
	if r.Proof, err = upload(c, "proof"); err == nil {
		err = h.Svc.FinishManual(c.UserContext(), web.Actor(c), cs.ID, task, r)
	}
	if err != nil {
		faults, status, ok := onForm(err, nil)
		if !ok {
			return err
		}
		v.Errors = faults
		return h.render(c, status, templates.ManualResult(v))
	}
	return done(c, cs, "result")
}

// maxUpload is one byte more than the service takes, so that the service
// says what is too much.
const maxUpload = 5<<20 + 1

// upload reads a file of the form; none is no error.
func upload(c *fiber.Ctx, name string) ([]byte, error) {
	if !strings.HasPrefix(c.Get(fiber.HeaderContentType), fiber.MIMEMultipartForm) {
		return nil, nil
	}
	header, err := c.FormFile(name)
	if err != nil || header.Size == 0 {
		return nil, nil // no file was chosen
	}
	f, err := header.Open()
	if err != nil {
		return nil, fmt.Errorf("open upload: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxUpload))
	if err != nil {
		return nil, fmt.Errorf("read upload: %w", err)
	}
	return data, nil
}

// retry starts a failed task again.
func (h desk) retry(c *fiber.Ctx) error {
	cs, err := h.load(c)
	if err != nil {
		return err
	}
	task, err := param(c, "task")
	if err != nil {
		return err
	}
	if err := h.Svc.RetryTask(c.UserContext(), web.Actor(c), cs.ID, task); err != nil {
		return err
	}
	return done(c, cs, "retried")
}
