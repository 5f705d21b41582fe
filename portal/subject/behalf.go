package subject

import (
	"context"
	"errors"
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
		faults = append(faults, fault{"rep_email", "rep_email"})
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

// behalfState is what a request for somebody else waits for, as who asks sees it;
// nil is a request of one's own. An opt-out waits for nothing; it says what became of
// a document.
func (h subject) behalfState(c *fiber.Ctx, cs *requests.Case) (*templates.BehalfState, error) {
	r, err := h.Svc.Representation(c.UserContext(), cs)
	if err != nil || r == nil || r.HandedOver {
		return nil, err
	}
	ended := &templates.BehalfState{Ended: true, Declined: r.Declined}
	if r.Declined {
		return ended, nil
	}
	v := &templates.BehalfState{Looking: len(r.Documents) > 0, Refused: r.Refused, Because: r.Ground}
	switch {
	case !r.Needed:
		v.Optional = true
		if cs.Status == requests.Withdrawn || !v.Looking && !v.Refused {
			return ended, nil
		}
	case cs.Status != requests.Filed || r.Proven:
		return ended, nil
	default:
		v.Permission, v.Person = !r.Permission && !v.Looking, r.Confirms && !r.Confirmed
	}
	return v, nil
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
	return web.Render(c, templates.SendPermission(permissionView(c, r)))
}

func permissionView(c *fiber.Ctx, r *requests.Representation) templates.PermissionPage {
	return templates.PermissionPage{Page: web.PageOf(c), Kind: r.Kind, Refused: r.Refused, Because: r.Ground, Done: c.Query("done") != ""}
}

// permission takes the document.
func (h subject) permission(c *fiber.Ctx) error {
	cs, r, err := h.permissionCase(c)
	if err != nil {
		return err
	}
	file, err := upload(c, "file", requests.MaxDocument)
	if err == nil {
		_, err = h.Svc.AddDocument(c.UserContext(), web.Actor(c), cs.ID, file)
	}
	if err == nil {
		return web.Redirect(c, "/status/permission?done=1")
	}
	v, status := permissionView(c, r), fiber.StatusBadRequest
	switch e := requests.AsError(err); {
	case errors.Is(err, errUpload):
		v.Errors = []templates.FieldError{{Field: "file", Message: say(c, "error.one_file")}}
	case e.Code == "too-many-documents":
		status, v.Errors = fiber.StatusTooManyRequests, []templates.FieldError{{Message: say(c, "error.permission_many")}}
	case e.Kind == requests.Invalid:
		v.Errors = []templates.FieldError{{Field: "file", Message: say(c, "error.permission")}}
	default:
		return err
	}
	return web.Render(c.Status(status), templates.SendPermission(v))
}

// maxFiled is how large a permission may be that comes with the form: anybody
// may send the form, so that less is taken than from a proved address.
const maxFiled = 4 << 20

// permissionFiled is the permission that came with the check page: offered where
// no address is proved and so no page takes it afterwards (11 CCR 7026(j)).
func permissionFiled(c *fiber.Ctx, f *requests.Filing) *templates.FieldError {
	if f.OnBehalf == nil || requests.NeedsProof(f.Rights) {
		return nil
	}
	file, err := upload(c, "permission", maxFiled)
	switch {
	case errors.Is(err, errUpload):
		return &templates.FieldError{Field: "permission", Message: say(c, "error.one_file")}
	case err != nil, len(file) > maxFiled, file != nil && len(file) == 0:
		return &templates.FieldError{Field: "permission", Message: say(c, "error.permission_filed")}
	}
	f.OnBehalf.Permission = file
	return nil
}

// permitLink is behind the link by which the person concerned confirms that
// somebody asks for them.
var permitLink = link{key: "permit", kind: "confirm", path: "/confirm", act: func(h subject, ctx context.Context, t string) (*requests.Case, error) {
	return h.Svc.ConfirmBehalf(ctx, t)
}}

func (h subject) permitPage(c *fiber.Ctx) error { return h.linkPage(c, permitLink) }

func (h subject) permit(c *fiber.Ctx) error { return h.linkAct(c, permitLink) }
