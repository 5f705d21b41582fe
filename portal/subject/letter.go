package subject

import (
	"github.com/gofiber/fiber/v2"

	"habeas/portal/web"
	"habeas/requests"
	"habeas/requests/mail"
	"habeas/templates"
)

// letters are what was sent to the customer in the case, newest first. Those
// that held codes are left out: their time is over.
func (h subject) letters(c *fiber.Ctx, cs *requests.Case) ([]templates.LetterLine, error) {
	list, err := h.Svc.Letters(c.UserContext(), cs)
	if err != nil {
		return nil, err
	}
	var out []templates.LetterLine
	for i := len(list) - 1; i >= 0; i-- {
		l := list[i]
		if l.Kind == mail.Code || !mail.ToCustomer(l.Kind) || l.Status != "sent" {
			continue
		}
		out = append(out, templates.LetterLine{At: l.At, Subject: mail.Title(l.Kind, templates.Lang(c.UserContext())), Href: "/status/letters/" + l.ID})
	}
	return out, nil
}

func (h subject) letter(c *fiber.Ctx) error {
	cs, err := h.own(c)
	if err != nil {
		return err
	}
	list, err := h.letters(c, cs)
	if err != nil {
		return err
	}
	for _, l := range list {
		if l.Href != "/status/letters/"+c.Params("letter") {
			continue
		}
		text, err := h.Svc.Letter(c.UserContext(), cs, c.Params("letter"))
		if err != nil {
			return err
		}
		l.Subject = text.Subject
		return web.Render(c, templates.SentLetter(templates.SentLetterPage{Page: web.PageOf(c), Letter: l, Lang: text.Lang, Text: text.Text}))
	}
	return &requests.Error{Kind: requests.NotFound, Code: "not-found", Safe: "There is no such letter."}
}
