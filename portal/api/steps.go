package api

import (
	"context"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"habeas/portal/web"
	"habeas/requests"
	"habeas/requests/clock"
)

// step is what a data protection officer asks to do to a case.
type step struct {
	Right  string `json:"right,omitempty" doc:"One right; all where it is left out."`
	Ground string `json:"ground,omitempty" doc:"A code of the law table."`
	Reason string `json:"reason,omitempty" doc:"In your own words. It is sealed in the case."`
	Until  string `json:"until,omitempty" doc:"Of an extension: the day announced, where the law sets no figure (YYYY-MM-DD)."`
}

// step carries out one of the verbs that take a step.
func (a *api) step(do func(context.Context, requests.Actor, uuid.UUID, requests.Step) (*requests.Case, error)) fiber.Handler {
	return func(c *fiber.Ctx) error {
		id, err := pathID(c, "id")
		if err != nil {
			return err
		}
		var in step
		if err := decode(c, &in); err != nil {
			return err
		}
		st := requests.Step{Right: in.Right, Ground: in.Ground, Reason: in.Reason}
		if in.Until != "" {
			if st.Until, err = clock.ParseDate(in.Until); err != nil {
				return wrong("until", "Give a day of the calendar as YYYY-MM-DD.")
			}
		}
		cs, err := do(c.UserContext(), web.Actor(c), id, st)
		if err != nil {
			return err
		}
		return a.answerCase(c, fiber.StatusOK, cs)
	}
}

// lawChange says which law applies to a request.
type lawChange struct {
	Country string `json:"country,omitempty" doc:"ISO 3166-1, two letters; as it was where it is left out."`
	Region  string `json:"region,omitempty" doc:"State or province, its short code."`
	Law     string `json:"law,omitempty" doc:"A law's code; that of the place where it is left out."`
	Set     string `json:"holidays,omitempty" doc:"A holiday set; that of the place where it is left out."`
	Reason  string `json:"reason" doc:"In your own words. It is sealed in the case."`
}

func (a *api) correctLaw(c *fiber.Ctx) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	var in lawChange
	if err := decode(c, &in); err != nil {
		return err
	}
	cs, err := a.svc.CorrectLaw(c.UserContext(), web.Actor(c), id, requests.LawChange{
		Country: in.Country, Region: in.Region, Law: in.Law, Set: in.Set, Reason: in.Reason,
	})
	if err != nil {
		return err
	}
	return a.answerCase(c, fiber.StatusOK, cs)
}

func (a *api) rediscover(c *fiber.Ctx) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	if err := decode(c, &step{}); err != nil {
		return err
	}
	cs, err := a.svc.Rediscover(c.UserContext(), web.Actor(c), id)
	if err != nil {
		return err
	}
	return a.answerCase(c, fiber.StatusAccepted, cs)
}

func (a *api) answerCase(c *fiber.Ctx, status int, cs *requests.Case) error {
	v, err := a.view(c, web.Actor(c), cs)
	if err != nil {
		return err
	}
	return answer(c, status, v)
}
