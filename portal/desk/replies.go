package desk

import (
	"encoding/base64"

	"github.com/gofiber/fiber/v2"

	"habeas/portal/web"
	"habeas/templates"
)

func (h desk) repliesView(c *fiber.Ctx) (templates.RepliesPage, error) {
	cs, err := h.load(c)
	if err != nil {
		return templates.RepliesPage{}, err
	}
	return templates.RepliesPage{
		Page: h.page(c), Case: h.head(cs), Action: templates.DeskCasePath(cs.ID.String(), "replies"), Purpose: c.FormValue("purpose"), Purposes: purposes(),
	}, nil
}

// repliesPage asks why somebody wants to read what the customer sent.
func (h desk) repliesPage(c *fiber.Ctx) error {
	v, err := h.repliesView(c)
	if err != nil {
		return err
	}
	return h.render(c, fiber.StatusOK, templates.Replies(v))
}

// replies shows what the customer sent. Files travel inside the page, so that
// no address leads to one.
func (h desk) replies(c *fiber.Ctx) error {
	v, err := h.repliesView(c)
	if err != nil {
		return err
	}
	id, err := caseID(c)
	if err != nil {
		return err
	}
	list, err := h.Svc.Replies(c.UserContext(), web.Actor(c), id, v.Purpose)
	if err != nil {
		faults, status, ok := onForm(err, nil)
		if !ok {
			return err
		}
		v.Errors = faults
		return h.render(c, status, templates.Replies(v))
	}
	v.Shown = true
	for _, r := range list {
		row := templates.ReplyRow{At: r.At, Text: r.Text, Type: r.Type, Drop: templates.DeskCasePath(id.String(), "replies/"+r.ID.String()+"/drop")}
		if len(r.File) > 0 {
			row.File = "data:" + r.Type + ";base64," + base64.StdEncoding.EncodeToString(r.File)
		}
		v.Replies = append(v.Replies, row)
	}
	return h.render(c, fiber.StatusOK, templates.Replies(v))
}

// dropReply deletes a reply that was checked.
func (h desk) dropReply(c *fiber.Ctx) error {
	cs, err := h.load(c)
	if err != nil {
		return err
	}
	reply, err := param(c, "reply")
	if err != nil {
		return err
	}
	if err := h.Svc.DropReply(c.UserContext(), web.Actor(c), cs.ID, reply); err != nil {
		return err
	}
	return done(c, cs, "reply-gone")
}
