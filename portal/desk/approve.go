package desk

import (
	"github.com/gofiber/fiber/v2"

	"habeas/portal/desk/casefile"
	"habeas/portal/web"
	"habeas/requests"
	"habeas/templates"
)

// approvePage shows what an approval would set off.
func (h desk) approvePage(c *fiber.Ctx) error {
	v, err := h.approval(c)
	if err != nil {
		return err
	}
	return h.render(c, fiber.StatusOK, templates.Decision(v))
}

func (h desk) approval(c *fiber.Ctx) (templates.DecisionPage, error) {
	cs, v, err := h.decision(c, "approve")
	if err != nil {
		return v, err
	}
	p, err := h.Svc.Plan(c.UserContext(), cs, "", 0)
	if err != nil {
		return v, err
	}
	key, err := h.Svc.CaseKey(c.UserContext(), cs.ID.String())
	if err != nil {
		return v, err
	}
	view := casefile.Plan(p, key, casefile.TitlesOf(h.Svc))
	v.Plan = &view
	if v.Approvals, err = h.approvals(c, cs, web.Actor(c)); err != nil {
		return v, err
	}
	v.Final = len(v.Approvals.Given)+1 >= v.Approvals.Needed
	if cs.Asks("erasure") {
		v.Wait = h.Svc.Settings().ErasureWait
	}
	if !v.Approvals.CanApprove && v.Approvals.Why != "" {
		v.Errors = []templates.FieldError{{Message: v.Approvals.Why}}
	}
	return v, nil
}

// approve signs the hash of the plan that was shown, and no other.
func (h desk) approve(c *fiber.Ctx) error {
	cs, err := h.load(c)
	if err != nil {
		return err
	}
	got, err := h.Svc.Approve(c.UserContext(), web.Actor(c), cs.ID, c.FormValue("plan_hash"))
	if err != nil {
		faults, status, ok := onForm(err, nil)
		if !ok {
			return err
		}
		v, perr := h.approval(c) // as the plan is now
		if perr != nil {
			return err
		}
		v.Errors = faults
		return h.render(c, status, templates.Decision(v))
	}
	if got.Status != requests.Review {
		return done(c, cs, "started")
	}
	return done(c, cs, "approved")
}
