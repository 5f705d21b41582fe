package desk

import (
	"github.com/gofiber/fiber/v2"

	"habeas/requests"
	"habeas/requests/clock"
	"habeas/templates"
)

// refusePage offers the grounds that the law has.
func (h desk) refusePage(c *fiber.Ctx) error {
	cs, v, err := h.refusal(c)
	if err != nil {
		return err
	}
	if _, err := cs.LawRow(); err == nil && len(v.Grounds) == 0 {
		v.Errors = []templates.FieldError{{Message: "The law has no ground on which this could be refused."}}
	}
	return h.render(c, fiber.StatusOK, templates.Decision(v))
}

func (h desk) refusal(c *fiber.Ctx) (*requests.Case, templates.DecisionPage, error) {
	cs, v, err := h.decision(c, "refuse")
	if err != nil {
		return nil, v, err
	}
	v.Rights, v.Grounds = rightOptions(cs), grounds(cs, clock.ScopeRequest)
	return cs, v, nil
}

// grounds of the case's law for its rights, each with its article; scope
// leaves out those that concern only records, or only requests.
func grounds(cs *requests.Case, scope string) []templates.Option {
	law, err := cs.LawRow()
	if err != nil {
		return nil
	}
	var out []templates.Option
	seen := map[string]int{}
	for _, right := range cs.Rights {
		for _, g := range law.Grounds(right) {
			if g.Scope != scope && g.Scope != clock.ScopeBoth {
				continue
			}
			if i, ok := seen[g.Code]; ok {
				if out[i].Hint != g.Cite {
					out[i].Hint += "; " + g.Cite
				}
				continue
			}
			seen[g.Code] = len(out)
			out = append(out, templates.Option{Value: g.Code, Label: sentence(g.Text), Hint: g.Cite})
		}
	}
	return out
}

// refuse leads to the letter that refuses one right or all of them. The ground
// is checked by the law table; the reason is for the customer to read.
func (h desk) refuse(c *fiber.Ctx) error {
	cs, v, err := h.refusal(c)
	if err != nil {
		return err
	}
	st := step(c)
	if err := needReason(st, "Give the reason: the customer reads it."); err != nil {
		return h.again(c, v, err)
	}
	if err := h.draft(c, cs, requests.LetterDraft{Do: doRefuse, Step: st}); err != nil {
		return h.again(c, v, err)
	}
	return nil
}
