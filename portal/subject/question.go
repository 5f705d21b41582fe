package subject

import (
	"net/mail"
	"slices"
	"strings"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"

	"habeas/portal/places"
	"habeas/portal/web"
	"habeas/requests"
	"habeas/requests/identity"
	"habeas/templates"
)

// question is one page of the form: what it shows, and what it makes of the
// answer. Faults are catalogue keys below error, by field.
type question struct {
	path  string
	page  func(templates.QuestionPage) templ.Component
	take  func(h subject, c *fiber.Ctx, a *templates.Answers) []fault
	asked func(a templates.Answers) bool // nil: always
}

type fault struct{ field, key string }

// questions in the order in which they are asked.
var questions = []question{
	{path: "/request/what", page: templates.What, take: takeWhat},
	{path: "/request/who", page: templates.Who, take: takeWho},
	{path: "/request/behalf", page: templates.Behalf, take: takeBehalf, asked: templates.Answers.ForOther},
	{path: "/request/child", page: templates.Child, take: takeChild, asked: func(a templates.Answers) bool { return a.ForOther() && a.Behalf == identity.ForParent }},
	{path: "/request/yourself", page: templates.Yourself, take: takeYourself, asked: templates.Answers.ForOther},
	{path: "/request/where", page: templates.Where, take: takeWhere},
	{path: "/request/details", page: templates.Details, take: takeDetails, asked: templates.Answers.NeedsDetails},
	{path: "/request/contact", page: templates.Contact, take: takeContact},
	{path: "/request/purposes", page: templates.Purposes, take: takePurposes, asked: func(a templates.Answers) bool { return a.Has("consent_withdrawal") }},
	{path: "/request/consequences", page: templates.Consequences, take: takeConsequences, asked: func(a templates.Answers) bool { return a.Has("erasure") }},
}

// step leads along the questions: dir is 1 or -1.
func step(path string, a templates.Answers, dir int) string {
	i := slices.IndexFunc(questions, func(q question) bool { return q.path == path })
	for i += dir; i >= 0 && i < len(questions); i += dir {
		if q := questions[i]; q.asked == nil || q.asked(a) {
			return q.path
		}
	}
	if i < 0 {
		return "/"
	}
	return "/request/check"
}

// lastQuestion is the one before the check page.
func lastQuestion(a templates.Answers) string {
	for _, q := range slices.Backward(questions) {
		if q.asked == nil || q.asked(a) {
			return q.path
		}
	}
	return "/"
}

// missing is the first question that has no good answer yet, "" when all have.
func missing(a templates.Answers) string {
	switch {
	case len(a.Rights) == 0:
		return "/request/what"
	case a.Who != "self" && a.Who != "other":
		return "/request/who"
	case behalfMissing(a) != "":
		return behalfMissing(a)
	case a.Country == "" || (a.Country == "US" && a.Region == ""):
		return "/request/where"
	case a.Has("rectification") && len(a.Corrections) == 0, a.Has("restriction") && a.Restriction == "", a.Has("objection") && a.Objection == "" && len(a.Objections) == 0,
		a.Has("access") && a.Region == "CA" && (a.Know == "" || a.Period == ""):
		return "/request/details"
	case a.Email == "", len(otherPerson(&a)) > 0:
		return "/request/contact"
	case a.Has("consent_withdrawal") && len(a.Purposes) == 0:
		return "/request/purposes"
	case a.Has("erasure") && !a.Has("access") && a.Download == "":
		return "/request/consequences"
	}
	return ""
}

func (h subject) questionPage(c *fiber.Ctx, q question, a templates.Answers, change bool) templates.QuestionPage {
	v := templates.QuestionPage{
		Page: web.PageOf(c), Answers: a, Back: step(q.path, a, -1), Change: change,
		Countries: places.Countries(templates.Lang(c.UserContext())), Regions: places.States(), Networks: places.Networks(), Purposes: h.purposes(c), Uses: h.uses(c),
	}
	if change {
		v.Back = "/request/check"
	}
	return v
}

// purposes are what people consent to, as the page's language calls it.
func (h subject) purposes(c *fiber.Ctx) []templates.Option {
	var out []templates.Option
	for _, p := range h.Svc.Settings().Purposes {
		out = append(out, templates.Option{Value: p.Name, Label: p.In(templates.Lang(c.UserContext()))})
	}
	return out
}

func (h subject) ask(q question) fiber.Handler {
	return func(c *fiber.Ctx) error {
		d, _, err := h.draft(c)
		if err != nil {
			return err
		}
		v := h.questionPage(c, q, d.Answers, c.Query("change") != "")
		if right := c.Query("right"); len(v.Answers.Rights) == 0 && slices.Contains(requests.Rights(), right) {
			v.Answers.Rights = []string{right} // chosen on the start page
		}
		return web.Render(c, q.page(v))
	}
}

func (h subject) answer(q question) fiber.Handler {
	return func(c *fiber.Ctx) error {
		d, _, err := h.draft(c)
		if err != nil {
			return err
		}
		change := c.FormValue("change") != ""
		faults := q.take(h, c, &d.Answers)
		if len(faults) > 0 {
			v := h.questionPage(c, q, d.Answers, change)
			for _, f := range faults {
				v.Errors = append(v.Errors, templates.FieldError{Field: f.field, Message: say(c, "error."+f.key, "Max", 200)})
			}
			return web.Render(c.Status(fiber.StatusUnprocessableEntity), q.page(v))
		}
		d.Filed = nil
		if err := h.save(c, d); err != nil {
			return err
		}
		if change {
			if path := missing(d.Answers); path != "" {
				return web.Redirect(c, path)
			}
			return web.Redirect(c, "/request/check")
		}
		return web.Redirect(c, step(q.path, d.Answers, 1))
	}
}

func takeWhat(_ subject, c *fiber.Ctx, a *templates.Answers) []fault {
	a.Rights = chosen(c, "rights", requests.Rights())
	if len(a.Rights) == 0 {
		return []fault{{"rights", "rights"}}
	}
	return nil
}

func takeWho(_ subject, c *fiber.Ctx, a *templates.Answers) []fault {
	a.Who = c.FormValue("who")
	if a.Who != "self" && a.Who != "other" {
		a.Who = ""
		return []fault{{"who", "who"}}
	}
	if a.Who == "self" {
		a.Behalf, a.ChildAge, a.RepName, a.RepEmail = "", "", "", ""
	}
	return nil
}

func takeWhere(_ subject, c *fiber.Ctx, a *templates.Answers) []fault {
	a.Country, a.Region = c.FormValue("country"), ""
	if !has(places.Countries(templates.Lang(c.UserContext())), a.Country) {
		a.Country = ""
		return []fault{{"country", "country"}}
	}
	if a.Country != "US" {
		return nil
	}
	a.Region = c.FormValue("region")
	if !has(places.States(), a.Region) {
		a.Region = ""
		return []fault{{"region", "region"}}
	}
	return nil
}

const (
	maxField   = 200
	maxMessage = 4000
)

func takeContact(_ subject, c *fiber.Ctx, a *templates.Answers) []fault {
	text := func(name string) string { return strings.TrimSpace(c.FormValue(name)) }
	a.Email, a.Name, a.Phone, a.CustomerID = text("email"), text("name"), text("phone"), text("customer_id")
	a.Network, a.Handle, a.Message = text("network"), text("handle"), text("message")
	var faults []fault
	addr, err := mail.ParseAddress(a.Email)
	switch {
	case a.Email == "":
		faults = append(faults, fault{"email", "email_needed"})
	case err != nil || addr.Address != a.Email || !strings.Contains(a.Email, "@") || len(a.Email) > maxField:
		faults = append(faults, fault{"email", "email"})
	}
	for _, f := range []struct{ name, value string }{{"name", a.Name}, {"customer_id", a.CustomerID}, {"handle", a.Handle}} {
		if len(f.value) > maxField || strings.ContainsFunc(f.value, control) {
			faults = append(faults, fault{f.name, "too_long"})
		}
	}
	if a.Phone != "" && (len(a.Phone) > 40 || strings.Trim(a.Phone, "+0123456789 ()/-.") != "" || !strings.ContainsAny(a.Phone, "0123456789")) {
		faults = append(faults, fault{"phone", "phone"})
	}
	if a.Handle != "" && !has(places.Networks(), a.Network) {
		faults = append(faults, fault{"network", "network"})
	}
	if a.Handle == "" && a.Network != "" {
		faults = append(faults, fault{"handle", "handle"})
	}
	if len(a.Message) > maxMessage {
		faults = append(faults, fault{"message", "message_long"})
	}
	return append(faults, otherPerson(a)...)
}

func control(r rune) bool { return r < ' ' || r == 0x7f }

func takePurposes(h subject, c *fiber.Ctx, a *templates.Answers) []fault {
	var known []string
	for _, p := range h.purposes(c) {
		known = append(known, p.Value)
	}
	a.Purposes = chosen(c, "purposes", known)
	if len(a.Purposes) == 0 {
		return []fault{{"purposes", "purposes"}}
	}
	return nil
}

func takeConsequences(_ subject, c *fiber.Ctx, a *templates.Answers) []fault {
	if a.Has("access") {
		return nil
	}
	a.Download = c.FormValue("download")
	if a.Download != "first" && a.Download != "no" {
		a.Download = ""
		return []fault{{"download", "download"}}
	}
	return nil
}

// chosen are the ticked values that are known, in the order of known.
func chosen(c *fiber.Ctx, name string, known []string) []string {
	var out []string
	for _, k := range known {
		for _, v := range c.Context().PostArgs().PeekMulti(name) {
			if string(v) == k && !slices.Contains(out, k) {
				out = append(out, k)
			}
		}
	}
	return out
}

func has(options []templates.Option, value string) bool {
	return slices.ContainsFunc(options, func(o templates.Option) bool { return o.Value == value })
}
