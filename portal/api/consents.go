package api

import (
	"time"

	"github.com/gofiber/fiber/v2"

	"habeas/portal/web"
	"habeas/requests"
)

type consentGiven struct {
	Identity person     `json:"identity"`
	Purpose  string     `json:"purpose"`
	Allowed  *bool      `json:"allowed"`
	Since    *time.Time `json:"since,omitempty" doc:"When the person said so; now where it is left out."`
}

type consentAsked struct {
	Identity person `json:"identity"`
	Purpose  string `json:"purpose"`
}

// consentState is what holds now. Somebody who never said anything is not
// allowed, without since and receipt.
type consentState struct {
	Allowed bool    `json:"allowed"`
	Since   *moment `json:"since,omitempty"`
	Receipt string  `json:"receipt,omitempty"`
	// AskAgainFrom is when a person who opted out of sale or sharing may be
	// asked to opt in again.
	AskAgainFrom *moment `json:"ask_again_from,omitempty"`
}

func (a *api) consentOf(purpose string, s requests.ConsentState) consentState {
	return consentState{Allowed: s.Allowed, Since: momentOf(&s.Since), Receipt: s.Receipt, AskAgainFrom: momentOf(a.svc.AskAgainFrom(purpose, s))}
}

func (a *api) recordConsent(c *fiber.Ctx) error {
	var in consentGiven
	if err := decode(c, &in); err != nil {
		return err
	}
	if in.Allowed == nil {
		return wrong("allowed", "Say true or false.")
	}
	s, err := a.svc.RecordConsent(c.UserContext(), web.Actor(c), requests.ConsentEntry{
		Identity: in.Identity.identity(), Purpose: in.Purpose, Allowed: *in.Allowed, Since: in.Since,
	})
	if err != nil {
		return err
	}
	return answer(c, fiber.StatusCreated, a.consentOf(in.Purpose, s))
}

func (a *api) checkConsent(c *fiber.Ctx) error {
	var in consentAsked
	if err := decode(c, &in); err != nil {
		return err
	}
	s, err := a.svc.CheckConsent(c.UserContext(), in.Identity.identity(), in.Purpose)
	if err != nil {
		return err
	}
	return answer(c, fiber.StatusOK, a.consentOf(in.Purpose, s))
}
