package subject

import (
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"habeas/portal/web"
	"habeas/requests"
	"habeas/templates"
)

// appealPage asks what the customer does not agree with.
func (h subject) appealPage(c *fiber.Ctx) error {
	cs, v, err := h.appealing(c)
	if err != nil {
		return err
	}
	if sent := c.Query("sent"); sent != "" {
		list, err := h.Svc.Matters(c.UserContext(), cs)
		if err != nil {
			return err
		}
		for _, m := range list {
			if m.Reference == sent {
				v.Kind, v.Sent, v.Due = m.Kind, m.Reference, m.DueOn
				return web.Render(c, templates.Appeal(v))
			}
		}
	}
	kind, open, err := h.recourse(c, cs)
	switch {
	case err != nil:
		return err
	case kind == "" && len(open) > 0: // sent before: it is with us
		v.Kind, v.Sent, v.Due = open[0].Kind, open[0].Reference, open[0].Due
	case kind == "":
		return fiber.ErrNotFound
	}
	return web.Render(c, templates.Appeal(v))
}

// recourse is what this customer can file about the request now, and what was
// filed and is not decided yet. While an appeal is open nothing else is offered.
func (h subject) recourse(c *fiber.Ctx, cs *requests.Case) (string, []templates.Recourse, error) {
	kinds, open, err := h.Svc.Recourses(c.UserContext(), cs)
	var out []templates.Recourse
	for _, m := range open {
		out = append(out, templates.Recourse{Kind: m.Kind, Reference: m.Reference, Due: m.DueOn})
	}
	if len(kinds) == 0 || slices.ContainsFunc(out, func(r templates.Recourse) bool { return r.Kind == requests.KindAppeal }) {
		return "", out, err
	}
	return kinds[0], out, err
}

func (h subject) appealing(c *fiber.Ctx) (*requests.Case, templates.AppealPage, error) {
	cs, err := h.own(c)
	if err != nil {
		return nil, templates.AppealPage{}, err
	}
	return cs, templates.AppealPage{
		Page: web.PageOf(c), Kind: h.Svc.Recourse(cs), Reference: cs.Reference, Message: strings.TrimSpace(c.FormValue("message")),
	}, nil
}

// appeal files it, as a case of its own.
func (h subject) appeal(c *fiber.Ctx) error {
	cs, v, err := h.appealing(c)
	if err != nil {
		return err
	}
	if v.Kind == "" {
		return fiber.ErrNotFound
	}
	if v.Message == "" || len(v.Message) > maxMessage {
		key := "error.appeal_message"
		if v.Message != "" {
			key = "error.message_long"
		}
		v.Errors = []templates.FieldError{{Field: "message", Message: say(c, key, "Max", maxMessage)}}
		return web.Render(c.Status(fiber.StatusUnprocessableEntity), templates.Appeal(v))
	}
	m, err := h.Svc.FileMatter(c.UserContext(), web.Actor(c), cs.ID, requests.NewMatter{Kind: v.Kind, Message: v.Message})
	if codeOf(err) == "matter-open" {
		v.Errors = []templates.FieldError{{Message: say(c, "error.appeal_open")}}
		return web.Render(c.Status(fiber.StatusConflict), templates.Appeal(v))
	}
	if err != nil {
		return err
	}
	return web.Redirect(c, "/status/appeal?sent="+m.Reference)
}

// linked is the status page of an appeal, a complaint or a duplicate; nil for a
// request of its own.
func (h subject) linked(c *fiber.Ctx, cs *requests.Case) (*templates.MatterStatusPage, error) {
	v := &templates.MatterStatusPage{Page: web.PageOf(c), Kind: cs.Kind, Reference: cs.Reference, Due: cs.DueOn, Result: cs.Result}
	joined, err := h.Svc.Joined(c.UserContext(), cs)
	switch {
	case err != nil:
		return nil, err
	case joined != nil:
		v.Kind, v.Of, v.Due = "joined", joined.Reference, joined.DueOn
	case cs.Matter():
		first, err := h.Svc.First(c.UserContext(), cs)
		if err != nil {
			return nil, err
		}
		v.Of = first.Reference
		if cs.Status == requests.Withdrawn {
			v.Result = "withdrawn"
		}
	default:
		return nil, nil
	}
	v.Letters, err = h.letters(c, cs)
	return v, err
}
