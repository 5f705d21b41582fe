package desk

import (
	"strings"

	"github.com/gofiber/fiber/v2"

	"habeas/requests"
	"habeas/templates"
)

// decision is a page that does one thing to a case, with what was typed.
func (h desk) decision(c *fiber.Ctx, kind string) (*requests.Case, templates.DecisionPage, error) {
	cs, err := h.load(c)
	if err != nil {
		return nil, templates.DecisionPage{}, err
	}
	return cs, templates.DecisionPage{
		Page: h.page(c), Case: h.head(cs), Kind: kind, Action: templates.DeskCasePath(cs.ID.String(), kind),
		Ground: c.FormValue("ground"), Reason: c.FormValue("reason"), Right: c.FormValue("right"),
	}, nil
}

// step is what the form asks for.
func step(c *fiber.Ctx) requests.Step {
	return requests.Step{Right: c.FormValue("right"), Ground: c.FormValue("ground"), Reason: strings.TrimSpace(c.FormValue("reason"))}
}

// again shows the form with what is wrong, or hands the error on.
func (h desk) again(c *fiber.Ctx, v templates.DecisionPage, err error) error {
	faults, status, ok := onForm(err, nil)
	if !ok {
		return err
	}
	v.Errors = faults
	return h.render(c, status, templates.Decision(v))
}

// needReason refuses a step whose reason stands in a letter or the case.
func needReason(st requests.Step, message string) error {
	if st.Reason != "" {
		return nil
	}
	return &requests.Error{
		Kind: requests.Invalid, Code: "invalid-input", Safe: message,
		Fields: []requests.FieldError{{Field: "reason", Message: message}},
	}
}

// done goes back to the case.
func done(c *fiber.Ctx, cs *requests.Case, what string) error {
	return seeOther(c, templates.DeskCasePath(cs.ID.String(), ""), what)
}
