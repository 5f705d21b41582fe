package subject

import (
	"errors"
	"slices"

	"github.com/gofiber/fiber/v2"

	"habeas/portal/desk/casefile"
	"habeas/portal/places"
	"habeas/portal/web"
	"habeas/requests"
	"habeas/requests/connect"
	"habeas/templates"
)

// checkPage shows all answers before anything is sent.
func (h subject) checkPage(c *fiber.Ctx) error {
	d, _, err := h.draft(c)
	if err != nil {
		return err
	}
	if path := missing(d.Answers); path != "" {
		return web.Redirect(c, path)
	}
	v, err := h.checked(c, d.Answers)
	if err != nil {
		return err
	}
	return web.Render(c, templates.Check(v))
}

func (h subject) checked(c *fiber.Ctx, a templates.Answers) (templates.QuestionPage, error) {
	v := templates.QuestionPage{
		Page: web.PageOf(c), Answers: a, Back: lastQuestion(a),
		Countries: places.Countries(templates.Lang(c.UserContext())), Regions: places.States(), Networks: places.Networks(), Purposes: h.purposes(c), Uses: h.uses(c),
	}
	cs, err := h.Svc.Foresee(filing(c, a))
	if err != nil {
		return v, err
	}
	v.Foreseen, err = casefile.Foreseen(cs, h.Now())
	return v, err
}

// file sends the request. A second press of the button finds the draft filed
// and leads to the same place.
func (h subject) file(c *fiber.Ctx) error {
	d, _, err := h.draft(c)
	if err != nil {
		return err
	}
	if d.Filed != nil {
		return web.Redirect(c, after(*d.Filed))
	}
	if path := missing(d.Answers); path != "" {
		return web.Redirect(c, path)
	}
	f := filing(c, d.Answers)
	if fault := permissionFiled(c, &f); fault != nil {
		v, err := h.checked(c, d.Answers)
		if err != nil {
			return err
		}
		v.Errors = []templates.FieldError{*fault}
		return web.Render(c.Status(fiber.StatusUnprocessableEntity), templates.Check(v))
	}
	receipt, err := h.Svc.File(c.UserContext(), requests.Actor{Role: requests.Public}, f)
	if err != nil {
		return h.notFiled(c, d.Answers, err)
	}
	d.Filed = &filed{ID: receipt.ID, Email: d.Answers.AnswerTo(), Proof: receipt.Verification != nil}
	d.Answers = templates.Answers{}
	if err := h.save(c, d); err != nil {
		return err
	}
	return web.Redirect(c, after(*d.Filed))
}

func after(f filed) string {
	if f.Proof {
		return "/request/code"
	}
	return "/request/confirmation"
}

func filing(c *fiber.Ctx, a templates.Answers) requests.Filing {
	f := requests.Filing{
		Rights: a.Rights, Country: a.Country, Region: a.Region, Name: a.Name, Message: a.Message, Locale: templates.Lang(c.UserContext()),
	}
	detailed(&f, a)
	f.OnBehalf = behalfOf(a)
	if a.Has("consent_withdrawal") {
		f.Purposes = a.Purposes
	}
	if a.Has("erasure") && a.Download == "first" && !a.Has("access") {
		f.Rights = append(slices.Clone(a.Rights), "access")
	}
	add := func(kind, value string) {
		if value != "" {
			f.Identities = append(f.Identities, connect.Identity{Kind: kind, Value: value})
		}
	}
	add("email", a.Email)
	add("phone", a.Phone)
	add("customer_id", a.CustomerID)
	if a.Handle != "" {
		add("handle", a.Handle+"@"+a.Network)
	}
	return f
}

// formField leads a fault of the filing to the control that it stands for.
var formField = map[string]string{
	"identities": "email", "rights": "rights", "country": "country", "region": "region", "name": "name", "message": "message", "purposes": "purposes", "corrections": "what-0", "objections": "objection",
	"on_behalf.kind": "behalf", "on_behalf.age": "age", "on_behalf.name": "rep_name", "on_behalf.email": "rep_email",
	"on_behalf.permission": "permission",
}

// notFiled shows what the filing found wrong beside the answers.
func (h subject) notFiled(c *fiber.Ctx, a templates.Answers, err error) error {
	var e *requests.Error
	if !errors.As(err, &e) || e.Kind != requests.Invalid {
		return err
	}
	v, err := h.checked(c, a)
	if err != nil {
		return err
	}
	for _, f := range e.Fields {
		if f.Field == "on_behalf.permission" {
			f.Message = say(c, "error.permission_filed")
		}
		v.Errors = append(v.Errors, templates.FieldError{Field: formField[f.Field], Message: f.Message})
	}
	return web.Render(c.Status(fiber.StatusUnprocessableEntity), templates.Check(v))
}
