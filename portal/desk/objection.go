package desk

import (
	"strings"

	"github.com/gofiber/fiber/v2"

	"habeas/portal/desk/casefile"
	"habeas/portal/web"
	"habeas/requests"
	"habeas/requests/clock"
	"habeas/templates"
)

// objected is what a case objects to, as this person may see it.
func (h desk) objected(c *fiber.Ctx, cs *requests.Case) ([]templates.ObjectionRow, error) {
	rows, err := casefile.Objections(c.UserContext(), h.Svc, cs)
	if err != nil || web.Actor(c).Role == requests.DPO {
		return rows, err
	}
	for i := range rows {
		rows[i].Reason = ""
	}
	return rows, nil
}

// weighing is the page on which an objection is weighed; a case without one to
// uses of the register has no such page.
func (h desk) weighing(c *fiber.Ctx) (*requests.Case, templates.ObjectionPage, error) {
	cs, err := h.load(c)
	if err != nil {
		return nil, templates.ObjectionPage{}, err
	}
	v := templates.ObjectionPage{
		Page: h.page(c), Case: h.head(cs), Action: templates.DeskCasePath(cs.ID.String(), "objection"), Weighs: cs.Status == requests.Review,
		Chosen: formList(c, "uses"), Ground: c.FormValue("ground"), Reason: strings.TrimSpace(c.FormValue("reason")),
	}
	if v.Rows, err = h.objected(c, cs); err != nil {
		return nil, v, err
	}
	if len(v.Rows) == 0 {
		return nil, v, noSuchCase
	}
	for _, r := range v.Rows {
		if !r.Marketing && !r.Refused {
			v.Open = append(v.Open, templates.Option{Value: r.Use, Label: r.Title, Hint: r.Basis})
		}
	}
	if law, err := cs.LawRow(); err == nil {
		for _, g := range law.Grounds("objection") {
			if g.Scope == clock.ScopeRequest || g.Scope == clock.ScopeBoth {
				v.Grounds = append(v.Grounds, templates.Option{Value: g.Code, Label: sentence(g.Text), Hint: g.Cite})
			}
		}
	}
	return cs, v, nil
}

func (h desk) weighPage(c *fiber.Ctx) error {
	_, v, err := h.weighing(c)
	if err != nil {
		return err
	}
	return h.render(c, fiber.StatusOK, templates.Objections(v))
}

// weigh refuses the objection to single uses.
func (h desk) weigh(c *fiber.Ctx) error {
	cs, v, err := h.weighing(c)
	if err != nil {
		return err
	}
	var wrong error
	switch {
	case len(v.Chosen) == 0:
		wrong = misfilled("uses", "Choose the uses that go on.")
	case v.Ground == "":
		wrong = misfilled("ground", "Choose the ground on which they go on.")
	case v.Reason == "":
		wrong = misfilled("reason", "Give the reason: the person reads it.")
	default:
		_, wrong = h.Svc.RefuseUses(c.UserContext(), web.Actor(c), cs.ID, v.Chosen, requests.Step{Ground: v.Ground, Reason: v.Reason})
	}
	if wrong != nil {
		faults, status, ok := onForm(wrong, nil)
		if !ok {
			return wrong
		}
		v.Errors = faults
		return h.render(c, status, templates.Objections(v))
	}
	return done(c, cs, "weighed")
}
