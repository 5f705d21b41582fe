package subject

import (
	"context"
	"io"
	"net/mail"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"habeas/portal/web"
	"habeas/requests"
	"habeas/requests/identity"
	"habeas/templates"
)

func takeBehalf(_ subject, c *fiber.Ctx, a *templates.Answers) []fault {
	a.Behalf = c.FormValue("behalf")
	if !slices.Contains(identity.Standings, a.Behalf) {
		a.Behalf = ""
		return []fault{{"behalf", "behalf"}}
	}
	if a.Behalf != identity.ForParent {
		a.ChildAge = ""
	}
	return nil
}

func takeChild(_ subject, c *fiber.Ctx, a *templates.Answers) []fault {
	a.ChildAge = c.FormValue("age")
	if !slices.Contains(identity.Ages, a.ChildAge) {
		a.ChildAge = ""
		return []fault{{"age", "child_age"}}
	}
	return nil
}

func takeYourself(_ subject, c *fiber.Ctx, a *templates.Answers) []fault {
	a.RepName, a.RepEmail = strings.TrimSpace(c.FormValue("rep_name")), strings.TrimSpace(c.FormValue("rep_email"))
	var faults []fault
	switch {
	case a.RepName == "":
		faults = append(faults, fault{"rep_name", "rep_name"})
	case len(a.RepName) > maxField || strings.ContainsFunc(a.RepName, control):
		faults = append(faults, fault{"rep_name", "too_long"})
	}
	addr, err := mail.ParseAddress(a.RepEmail)
	switch {
	case a.RepEmail == "":
		faults = append(faults, fault{"rep_email", "email_needed"})
	case err != nil || addr.Address != a.RepEmail || len(a.RepEmail) > maxField:
		faults = append(faults, fault{"rep_email", "email"})
	}
	return faults
}

// otherPerson is what the person concerned must have besides, when somebody else
// asks: a name, and an address of their own where they are asked to confirm.
func otherPerson(a *templates.Answers) []fault {
	if !a.ForOther() {
		return nil
	}
	var faults []fault
	if a.Name == "" {
		faults = append(faults, fault{"name", "person_name"})
	}
	if identity.Confirms(a.Behalf, a.ChildAge) && a.Email != "" && strings.EqualFold(a.Email, a.RepEmail) {
		faults = append(faults, fault{"email", "person_email"})
	}
	return faults
}

// behalfMissing is the first of these questions without a good answer.
func behalfMissing(a templates.Answers) string {
	switch {
	case !a.ForOther():
		return ""
	case a.Behalf == "":
		return "/request/behalf"
	case a.Behalf == identity.ForParent && a.ChildAge == "":
		return "/request/child"
	case a.RepName == "" || a.RepEmail == "":
		return "/request/yourself"
	}
	return ""
}

// behalfOf is who asks, for the filing.
func behalfOf(a templates.Answers) *requests.Behalf {
	if !a.ForOther() {
		return nil
	}
	return &requests.Behalf{Kind: a.Behalf, Name: a.RepName, Email: a.RepEmail, Age: a.ChildAge}
}

// behalfState is what a request for somebody else waits for, as who asks sees it.
func (h subject) behalfState(c *fiber.Ctx, cs *requests.Case) (*templates.BehalfState, error) {
	if cs.Status != requests.Filed {
		return nil, nil
	}
	r, err := h.Svc.Representation(c.UserContext(), cs)
	if err != nil || r == nil || r.Proven {
		return nil, err
	}
	return &templates.BehalfState{
		Permission: !r.Permission && len(r.Documents) == 0, Looking: len(r.Documents) > 0, Refused: r.Refused,
		Person: r.Confirms && !r.Confirmed,
	}, nil
}

// permissionCase is the own case, if it is one for somebody else that waits for
// a permission.
func (h subject) permissionCase(c *fiber.Ctx) (*requests.Case, *requests.Representation, error) {
	cs, err := h.own(c)
	if err != nil {
		return nil, nil, err
	}
	r, err := h.Svc.Representation(c.UserContext(), cs)
	if err == nil && (r == nil || r.Permission) {
		err = fiber.ErrNotFound
	}
	return cs, r, err
}

func (h subject) permissionPage(c *fiber.Ctx) error {
	_, r, err := h.permissionCase(c)
	if err != nil {
		return err
	}
	return web.Render(c, templates.SendPermission(templates.PermissionPage{Page: web.PageOf(c), Kind: r.Kind, Refused: r.Refused, Done: c.Query("done") != ""}))
}

// permission takes the document. What its sender calls it is not read.
func (h subject) permission(c *fiber.Ctx) error {
	cs, r, err := h.permissionCase(c)
	if err != nil {
		return err
	}
	var file []byte
	if strings.HasPrefix(c.Get(fiber.HeaderContentType), fiber.MIMEMultipartForm) {
		if header, err := c.FormFile("file"); err == nil && header.Size > 0 {
			f, err := header.Open()
			if err != nil {
				return err
			}
			defer f.Close()
			if file, err = io.ReadAll(io.LimitReader(f, requests.MaxDocument+1)); err != nil {
				return err
			}
		}
	}
	if _, err := h.Svc.AddDocument(c.UserContext(), web.Actor(c), cs.ID, file); err != nil {
		e := requests.AsError(err)
		v := templates.PermissionPage{Page: web.PageOf(c), Kind: r.Kind, Refused: r.Refused}
		switch {
		case e.Code == "too-many-documents":
			v.Errors = []templates.FieldError{{Message: say(c, "error.reply_many")}}
			return web.Render(c.Status(fiber.StatusTooManyRequests), templates.SendPermission(v))
		case e.Kind != requests.Invalid:
			return err
		}
		v.Errors = []templates.FieldError{{Field: "file", Message: say(c, "error.permission")}}
		return web.Render(c.Status(fiber.StatusBadRequest), templates.SendPermission(v))
	}
	return web.Redirect(c, "/status/permission?done=1")
}

// permitLink is behind the link by which the person concerned confirms that
// somebody asks for them.
var permitLink = link{key: "permit", kind: "confirm", path: "/confirm", act: func(h subject, ctx context.Context, t string) (*requests.Case, error) {
	return h.Svc.ConfirmBehalf(ctx, t)
}}

func (h subject) permitPage(c *fiber.Ctx) error { return h.linkPage(c, permitLink) }

func (h subject) permit(c *fiber.Ctx) error { return h.linkAct(c, permitLink) }
