package subject

import (
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"habeas/portal/web"
	"habeas/requests"
	"habeas/requests/identity"
	"habeas/templates"
)

// factsCard asks for details beside the proved address; nil where none are asked
// for. It depends on the law, the rights and the day, never on what is held.
func (h subject) factsCard(c *fiber.Ctx, cs *requests.Case, behalf *templates.BehalfState) (*templates.FactsCard, error) {
	asked, err := h.Svc.FactsAsked(c.UserContext(), cs)
	if err != nil || asked == nil {
		return nil, err
	}
	card := &templates.FactsCard{Person: behalf != nil, Spent: asked.Left == 0}
	if asked.Given != nil {
		card.Given = *asked.Given
	} else if asked.Declared != nil {
		card.Given = *asked.Declared
	}
	return card, nil
}

// factsCase is the own case with what is asked of it.
func (h subject) factsCase(c *fiber.Ctx) (*requests.Case, templates.FactsPage, error) {
	v := templates.FactsPage{Page: web.PageOf(c), Done: c.Query("done") != ""}
	cs, err := h.own(c)
	if err != nil {
		return nil, v, err
	}
	asked, err := h.Svc.FactsAsked(c.UserContext(), cs)
	if err != nil {
		return nil, v, err
	}
	if asked == nil {
		if v.Done { // it was decided meanwhile
			return cs, v, nil
		}
		return nil, v, fiber.ErrNotFound
	}
	behalf, err := h.behalfState(c, cs)
	if err != nil {
		return nil, v, err
	}
	v.Count, v.Named, v.Declares, v.Spent, v.Person, v.Disputes = asked.Points, asked.Named, asked.Declares, asked.Left == 0, behalf != nil, cs.Asks("rectification")
	for _, f := range asked.Ask {
		v.Ask = append(v.Ask, string(f))
	}
	if slices.Contains(v.Ask, string(identity.FactName)) {
		v.Named = false // it is among those that are asked for
	}
	if asked.Declared != nil {
		v.Declared = *asked.Declared
	}
	return cs, v, nil
}

func (h subject) factsPage(c *fiber.Ctx) error {
	cs, v, err := h.factsCase(c)
	if err != nil {
		return err
	}
	if cs.Status == requests.Filed {
		return web.Redirect(c, "/status")
	}
	return web.Render(c, templates.Facts(v))
}

// facts takes the details. The answer is the same whatever is held.
func (h subject) facts(c *fiber.Ctx) error {
	cs, v, err := h.factsCase(c)
	if err != nil {
		return err
	}
	given := requests.FactsGiven{Facts: map[identity.Fact]string{}}
	v.Typed = map[string]string{}
	for _, name := range v.Ask {
		v.Typed[name] = strings.TrimSpace(c.FormValue(name))
		given.Facts[identity.Fact(name)] = v.Typed[name]
	}
	if v.Declares {
		v.Typed["declared"] = strings.TrimSpace(c.FormValue("declared"))
		if given.Declared = v.Typed["declared"]; given.Declared != "" {
			given.Text = say(c, "facts.declare_text")
		}
	}
	err = h.Svc.GiveFacts(c.UserContext(), web.Actor(c), cs.ID, given)
	if err == nil {
		return web.Redirect(c, "/status/facts?done=1")
	}
	status := fiber.StatusUnprocessableEntity
	switch e := requests.AsError(err); {
	case e.Code == "too-many-facts":
		status, v.Errors = fiber.StatusTooManyRequests, []templates.FieldError{{Message: say(c, "error.facts_many")}}
	case e.Kind == requests.Invalid:
		for _, f := range e.Fields {
			v.Errors = append(v.Errors, factFault(c, v, f.Field))
		}
	default:
		return err
	}
	return web.Render(c.Status(status), templates.Facts(v))
}

// factFault is what is wrong with one detail, in the page's language.
func factFault(c *fiber.Ctx, v templates.FactsPage, field string) templates.FieldError {
	switch field {
	case "name", "phone", "postcode", "number", "declared":
		return templates.FieldError{Field: field, Message: say(c, "error.fact_"+field)}
	}
	first := ""
	if len(v.Ask) > 0 {
		first = v.Ask[0]
	}
	return templates.FieldError{Field: first, Message: say(c, "error.fact_none")}
}
