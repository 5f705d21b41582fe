package api

import (
	"context"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"habeas/portal/web"
	"habeas/requests"
)

// step is what a data protection officer asks to do to a case.
type step struct {
	Right  string `json:"right,omitempty" doc:"One right; all where it is left out."`
	Ground string `json:"ground,omitempty" doc:"A code of the law table."`
	Reason string `json:"reason,omitempty" doc:"In your own words. It is sealed in the case."`
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
		cs, err := do(c.UserContext(), web.Actor(c), id, requests.Step{Right: in.Right, Ground: in.Ground, Reason: in.Reason})
		if err != nil {
			return err
		}
		return a.answerCase(c, fiber.StatusOK, cs)
	}
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
