package desk

import (
	"slices"

	"github.com/gofiber/fiber/v2"

	"habeas/portal/web"
	"habeas/requests"
	"habeas/templates"
)

// letterPage asks why somebody wants to read a letter.
func (h desk) letterPage(c *fiber.Ctx) error {
	v, _, err := h.asked(c)
	if err != nil {
		return err
	}
	return h.render(c, fiber.StatusOK, templates.Letter(v))
}

func (h desk) asked(c *fiber.Ctx) (templates.LetterPage, *requests.Case, error) {
	cs, err := h.load(c)
	if err != nil {
		return templates.LetterPage{}, nil, err
	}
	list, err := h.Svc.Letters(c.UserContext(), cs)
	if err != nil {
		return templates.LetterPage{}, nil, err
	}
	i := slices.IndexFunc(list, func(l requests.LetterView) bool { return l.ID == c.Params("letter") })
	if i < 0 {
		return templates.LetterPage{}, nil, noSuchCase
	}
	return templates.LetterPage{
		Page: h.page(c), Case: h.head(cs), Action: templates.DeskCasePath(cs.ID.String(), "letters/"+list[i].ID),
		Kind: list[i].Kind, Purpose: c.FormValue("purpose"), Purposes: purposes(), Paper: list[i].Status == "paper",
	}, cs, nil
}

// letter shows a letter as it was sent.
func (h desk) letter(c *fiber.Ctx) error {
	v, cs, err := h.asked(c)
	if err != nil {
		return err
	}
	l, err := h.Svc.ReadLetter(c.UserContext(), web.Actor(c), cs.ID, c.Params("letter"), v.Purpose)
	if err != nil {
		faults, status, ok := onForm(err, nil)
		if !ok {
			return err
		}
		v.Errors = faults
		return h.render(c, status, templates.Letter(v))
	}
	v.Shown, v.To, v.Subject, v.Text = true, l.To, l.Subject, l.Text
	return h.render(c, fiber.StatusOK, templates.Letter(v))
}
