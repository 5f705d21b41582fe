package desk

import (
	"slices"

	"github.com/gofiber/fiber/v2"

	"habeas/portal/desk/casefile"
	"habeas/portal/web"
	"habeas/requests"
	"habeas/requests/clock"
	"habeas/templates"
)

// pausePage offers what may stop a clock at all; whether it may stop this one
// is said by the law table, with the article.
func (h desk) pausePage(c *fiber.Ctx) error {
	_, v, err := h.pausing(c)
	if err != nil {
		return err
	}
	return h.render(c, fiber.StatusOK, templates.Decision(v))
}

func (h desk) pausing(c *fiber.Ctx) (*requests.Case, templates.DecisionPage, error) {
	cs, v, err := h.decision(c, "pause")
	if err != nil {
		return nil, v, err
	}
	v.Rights = rightOptions(cs)
	v.Grounds = []templates.Option{
		{Value: "identity", Label: "We asked for proof of identity"},
		{Value: "clarification", Label: "We asked what is meant"},
		{Value: "fee", Label: "We asked for a fee that the law allows"},
	}
	return cs, v, nil
}

func (h desk) pause(c *fiber.Ctx) error {
	cs, v, err := h.pausing(c)
	if err != nil {
		return err
	}
	if _, err := h.Svc.Pause(c.UserContext(), web.Actor(c), cs.ID, step(c)); err != nil {
		return h.again(c, v, err)
	}
	return done(c, cs, "paused")
}

// resumePage shows the date that letting the clock go on today leads to.
func (h desk) resumePage(c *fiber.Ctx) error {
	cs, v, err := h.decision(c, "resume")
	if err != nil {
		return err
	}
	events := slices.Clone(cs.ClockEvents)
	for i := range events {
		if events[i].Kind != clock.Extended && events[i].To.IsZero() {
			events[i].To = casefile.Today(cs, h.Now())
		}
	}
	if cs.Has(requests.Paused) {
		v.NewDue = h.dueAfter(cs, events)
	}
	return h.render(c, fiber.StatusOK, templates.Decision(v))
}

func (h desk) resume(c *fiber.Ctx) error {
	cs, v, err := h.decision(c, "resume")
	if err != nil {
		return err
	}
	if _, err := h.Svc.Resume(c.UserContext(), web.Actor(c), cs.ID, step(c)); err != nil {
		return h.again(c, v, err)
	}
	return done(c, cs, "resumed")
}
