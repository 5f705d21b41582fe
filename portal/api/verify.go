package api

import (
	"errors"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"habeas/portal/web"
	"habeas/requests"
)

type verifying struct {
	Code string `json:"code" doc:"The six digits of the mail."`
}

type verified struct {
	Status      requests.Status `json:"status"`
	AccessToken string          `json:"access_token" doc:"Opens this request only; fresh for 15 minutes."`
}

// maxCode bounds what is compared with a code.
const maxCode = 64

func (a *api) verify(c *fiber.Ctx) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	var in verifying
	if err := decode(c, &in); err != nil {
		return err
	}
	if strings.TrimSpace(in.Code) == "" || len(in.Code) > maxCode {
		return wrong("code", "Give the six digits of the mail.")
	}
	p, err := a.svc.Verify(c.UserContext(), id, in.Code)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	return answer(c, fiber.StatusOK, verified{Status: p.Status, AccessToken: p.Token})
}

type codeSent struct {
	Verification *verification `json:"verification"`
}

func (a *api) newCode(c *fiber.Ctx) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	if err := decode(c, &empty{}); err != nil {
		return err
	}
	v, err := a.svc.SendCode(c.UserContext(), id)
	if err != nil {
		return err
	}
	return answer(c, fiber.StatusAccepted, codeSent{verificationOf(v)})
}

// stopped says that a request was stopped before anything was done.
type stopped struct {
	Status requests.Status `json:"status"`
	Begun  []string        `json:"begun" doc:"Systems in which work had begun: none, or the call is refused."`
}

func (a *api) withdraw(c *fiber.Ctx) error {
	by := web.Actor(c)
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	if err := decode(c, &empty{}); err != nil {
		return err
	}
	if _, err := a.svc.Get(c.UserContext(), by, id); err != nil {
		return err
	}
	cs, err := a.svc.Withdraw(c.UserContext(), by, id)
	if err != nil {
		return a.sayBegun(c, by, err)
	}
	return answer(c, fiber.StatusOK, stopped{Status: cs.Status, Begun: []string{}})
}

// sayBegun adds to a refused withdrawal in which systems work has begun.
func (a *api) sayBegun(c *fiber.Ctx, by requests.Actor, cause error) error {
	var e *requests.Error
	if !errors.As(cause, &e) || e.Code != "already-begun" {
		return cause
	}
	id, err := pathID(c, "id")
	if err != nil {
		return cause
	}
	cs, err := a.svc.Get(c.UserContext(), by, id)
	if err != nil || !requests.NeedsProof(cs.Rights) {
		return cause
	}
	tasks, err := a.svc.Tasks(c.UserContext(), cs)
	if err != nil {
		return errors.Join(cause, err)
	}
	var begun []string
	for _, t := range tasks {
		title := a.title(t.System)
		acted := t.Stage == requests.Suppress || t.Stage == requests.Erase
		if acted && t.Attempts > 0 && !slices.Contains(begun, title) {
			begun = append(begun, title)
		}
	}
	if len(begun) == 0 {
		return cause
	}
	more := *e
	more.Safe += " Begun in: " + strings.Join(begun, ", ") + "."
	return &more
}

// title is a system's name for people.
func (a *api) title(system string) string {
	if conn, ok := a.svc.System(system); ok {
		if d := conn.Describe(); d.Title != "" {
			return d.Title
		}
	}
	return system
}

type denying struct {
	Token string `json:"token" doc:"From the link in the mail."`
}

func (a *api) notMe(c *fiber.Ctx) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	var in denying
	if err := decode(c, &in); err != nil {
		return err
	}
	if in.Token == "" {
		return wrong("token", "Give the token of the link in the mail.")
	}
	cs, err := a.svc.TokenCase(c.UserContext(), in.Token, "not_me")
	if err != nil {
		return err
	}
	if cs.ID != id {
		return noSuch()
	}
	if cs, err = a.svc.NotMe(c.UserContext(), in.Token); err != nil {
		return err
	}
	return answer(c, fiber.StatusOK, stopped{Status: cs.Status, Begun: []string{}})
}
