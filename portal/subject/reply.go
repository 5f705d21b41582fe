package subject

import (
	"errors"
	"strings"

	"github.com/gofiber/fiber/v2"

	"habeas/portal/web"
	"habeas/requests"
	"habeas/templates"
)

// maxReply is one byte more than a file may have, so that the service says
// what is too much.
const maxReply = requests.MaxReplyFile + 1

func (h subject) replyPage(c *fiber.Ctx) error {
	if _, err := h.own(c); err != nil {
		return err
	}
	return web.Render(c, templates.SendReply(templates.ReplyPage{Page: web.PageOf(c), Done: c.Query("done") != ""}))
}

// reply takes the customer's answer to a question of ours, with a file where
// we asked for one.
func (h subject) reply(c *fiber.Ctx) error {
	cs, err := h.own(c)
	if err != nil {
		return err
	}
	r := requests.Reply{Text: c.FormValue("text")}
	file, err := upload(c, "file", requests.MaxReplyFile)
	if err != nil && !errors.Is(err, errUpload) {
		return err
	}
	if r.File = file; err != nil {
		v := templates.ReplyPage{Page: web.PageOf(c), Text: r.Text}
		v.Errors = []templates.FieldError{{Field: "file", Message: say(c, "error.one_file")}}
		return web.Render(c.Status(fiber.StatusBadRequest), templates.SendReply(v))
	}
	if err := h.Svc.SendReply(c.UserContext(), web.Actor(c), cs.ID, r); err != nil {
		e := requests.AsError(err)
		v := templates.ReplyPage{Page: web.PageOf(c), Text: r.Text}
		switch {
		case e.Code == "too-many-replies":
			v.Errors = []templates.FieldError{{Message: say(c, "error.reply_many")}}
			return web.Render(c.Status(fiber.StatusTooManyRequests), templates.SendReply(v))
		case e.Kind != requests.Invalid:
			return err
		}
		for _, f := range e.Fields {
			key := map[string]string{"file": "error.reply_file", "text": "error.reply"}[f.Field]
			if f.Field == "text" && strings.TrimSpace(r.Text) != "" {
				key = "error.message_long"
			}
			v.Errors = append(v.Errors, templates.FieldError{Field: f.Field, Message: say(c, key)})
		}
		return web.Render(c.Status(fiber.StatusBadRequest), templates.SendReply(v))
	}
	return web.Redirect(c, "/status/reply?done=1")
}
