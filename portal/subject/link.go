package subject

import (
	"context"
	"net/url"

	"github.com/gofiber/fiber/v2"

	"habeas/portal/web"
	"habeas/requests"
	"habeas/templates"
)

// link is a page behind a link in a letter. Looking changes nothing: mail
// programs open links by themselves.
type link struct {
	key  string // catalogue section
	kind string // of the token
	path string
	act  func(h subject, ctx context.Context, token string) (*requests.Case, error)
}

var (
	notMeLink = link{key: "not_me", kind: "not_me", path: "/not-me", act: func(h subject, ctx context.Context, t string) (*requests.Case, error) {
		return h.Svc.NotMe(ctx, t)
	}}
	undoLink = link{key: "undo", kind: "undo", path: "/undo", act: func(h subject, ctx context.Context, t string) (*requests.Case, error) {
		return h.Svc.Undo(ctx, t)
	}}
	cancelLink = link{key: "cancel", kind: "cancel", path: "/cancel", act: func(h subject, ctx context.Context, t string) (*requests.Case, error) {
		return h.Svc.Cancel(ctx, t)
	}}
)

const maxToken = 200

// declined is the notice after somebody for whom another one asks said no.
const declined = "declined"

func (h subject) linkPage(c *fiber.Ctx, l link) error {
	v := templates.ConfirmPage{Page: web.PageOf(c), Key: l.key, Action: l.path, Token: c.Query("token")}
	if done := c.Query("done"); done != "" {
		if v.Done, v.Token = true, ""; done == declined && l.kind == notMeLink.kind {
			v.Key = "decline"
		}
		return web.Render(c, templates.Confirm(v))
	}
	if v.Token == "" || len(v.Token) > maxToken {
		return fiber.ErrNotFound
	}
	cs, represented, err := h.tokenCase(c, l, v.Token)
	if err != nil {
		return err
	}
	if l.kind == "undo" {
		for _, p := range h.withdrawn(c, cs) {
			v.Purposes = append(v.Purposes, templates.Option{Label: p.Name})
		}
	}
	v.Reference = cs.Reference
	if represented {
		if err := h.askedFor(c, cs, l, &v); err != nil {
			return err
		}
	}
	return web.Render(c, templates.Confirm(v))
}

// askedFor tells the person for whom somebody else asks what is asked and in
// which capacity, and offers to say no.
func (h subject) askedFor(c *fiber.Ctx, cs *requests.Case, l link, v *templates.ConfirmPage) error {
	r, err := h.Svc.Representation(c.UserContext(), cs)
	if err != nil || r == nil {
		return err
	}
	v.Standing, v.Rights = r.Kind, cs.Rights
	if l.kind == notMeLink.kind {
		v.Key = "decline"
	} else {
		v.No = notMeLink.path + "?" + url.Values{"token": {v.Token}}.Encode()
	}
	return nil
}

// tokenCase is the request of a link. To stop it, the person for whom somebody
// else asks has the same link as to confirm it.
func (h subject) tokenCase(c *fiber.Ctx, l link, token string) (cs *requests.Case, represented bool, err error) {
	cs, err = h.Svc.TokenCase(c.UserContext(), token, l.kind)
	if err != nil && l.kind == notMeLink.kind {
		if other, err := h.Svc.TokenCase(c.UserContext(), token, permitLink.kind); err == nil {
			return other, true, nil
		}
	}
	return cs, l.kind == permitLink.kind, err
}

func (h subject) linkAct(c *fiber.Ctx, l link) error {
	token := c.FormValue("token")
	if token == "" || len(token) > maxToken {
		return fiber.ErrNotFound
	}
	cs, represented, err := h.tokenCase(c, l, token)
	if err != nil {
		return err
	}
	if _, err := l.act(h, c.UserContext(), token); err != nil {
		return h.tooLateFor(c, l, cs, token, err)
	}
	if represented && l.kind == notMeLink.kind {
		return web.Redirect(c, l.path+"?done="+declined)
	}
	return web.Redirect(c, l.path+"?done=1")
}

func (h subject) tooLateFor(c *fiber.Ctx, l link, cs *requests.Case, token string, err error) error {
	if codeOf(err) != "already-begun" {
		return err
	}
	v := templates.ConfirmPage{Page: web.PageOf(c), Key: l.key, Action: l.path, Token: token, Reference: cs.Reference}
	v.Errors = []templates.FieldError{{Message: say(c, "error.too_late")}}
	return web.Render(c.Status(fiber.StatusConflict), templates.Confirm(v))
}

func (h subject) notMePage(c *fiber.Ctx) error { return h.linkPage(c, notMeLink) }

func (h subject) notMe(c *fiber.Ctx) error { return h.linkAct(c, notMeLink) }

func (h subject) undoPage(c *fiber.Ctx) error { return h.linkPage(c, undoLink) }

func (h subject) undo(c *fiber.Ctx) error { return h.linkAct(c, undoLink) }

func (h subject) cancelPage(c *fiber.Ctx) error { return h.linkPage(c, cancelLink) }

func (h subject) cancel(c *fiber.Ctx) error { return h.linkAct(c, cancelLink) }
