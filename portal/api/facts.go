package api

import (
	"time"

	"github.com/gofiber/fiber/v2"

	"habeas/portal/web"
	"habeas/requests"
	"habeas/requests/identity"
	"habeas/templates"
)

// factsView is what a person may say of themselves beside the proved address
// (11 CCR 7062). It follows from law, rights and description of the systems alone:
// it is the same whether the person is known or not.
type factsView struct {
	Points      int             `json:"points" doc:"How many details have to agree in all, the proved address among them; 0 when nothing is asked."`
	Named       bool            `json:"named" doc:"The name given when filing counts as one."`
	Ask         []identity.Fact `json:"ask" doc:"Those that can be given."`
	Left        int             `json:"left" doc:"How often details may still be given."`
	Declaration string          `json:"declaration,omitempty" doc:"What is declared under penalty of perjury, where that is asked for and not given yet."`
	GivenAt     *time.Time      `json:"given_at,omitempty"`
	DeclaredAt  *time.Time      `json:"declared_at,omitempty"`
	Cite        string          `json:"cite,omitempty"`
}

// factsGiven are details to be compared with what is held.
type factsGiven struct {
	Facts    map[identity.Fact]string `json:"facts,omitempty" doc:"By name: name, phone, postcode, number. Compared, then deleted."`
	Declared string                   `json:"declared,omitempty" doc:"The full name, which signs the declaration."`
}

func (a *api) factsAsked(c *fiber.Ctx) error {
	cs, err := a.own(c)
	if err != nil {
		return err
	}
	return a.answerFacts(c, fiber.StatusOK, cs)
}

// giveFacts takes details. The answer is the same whatever is held.
func (a *api) giveFacts(c *fiber.Ctx) error {
	var in factsGiven
	if err := decode(c, &in); err != nil {
		return err
	}
	cs, err := a.own(c)
	if err != nil {
		return err
	}
	given := requests.FactsGiven{Facts: in.Facts, Declared: in.Declared}
	if given.Declared != "" {
		given.Text = declaration(cs)
	}
	if err := a.svc.GiveFacts(c.UserContext(), web.Actor(c), cs.ID, given); err != nil {
		return err
	}
	return a.answerFacts(c, fiber.StatusAccepted, cs)
}

// own is the customer's case.
func (a *api) own(c *fiber.Ctx) (*requests.Case, error) {
	id, err := pathID(c, "id")
	if err != nil {
		return nil, err
	}
	return a.svc.Get(c.UserContext(), web.Actor(c), id)
}

func (a *api) answerFacts(c *fiber.Ctx, status int, cs *requests.Case) error {
	v := factsView{Ask: []identity.Fact{}}
	asked, err := a.svc.FactsAsked(c.UserContext(), cs)
	if err != nil {
		return err
	}
	if asked != nil {
		v = factsView{
			Points: asked.Points, Named: asked.Named, Ask: append(v.Ask, asked.Ask...), Left: asked.Left,
			GivenAt: asked.Given, DeclaredAt: asked.Declared, Cite: asked.Cite,
		}
		if asked.Declares {
			v.Declaration = declaration(cs)
		}
	}
	return answer(c, status, v)
}

// declaration is what is declared, in the language of the request.
func declaration(cs *requests.Case) string { return templates.Text(cs.Locale, "facts.declare_text") }
