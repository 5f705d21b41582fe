package desk

import (
	"slices"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"habeas/portal/places"
	"habeas/portal/web"
	"habeas/requests"
	"habeas/requests/clock"
	"habeas/requests/connect"
	"habeas/requests/identity"
	"habeas/templates"
)

// newCase asks what came by phone, letter, counter or e-mail.
func (h desk) newCase(c *fiber.Ctx) error {
	return h.render(c, fiber.StatusOK, templates.NewCase(h.newPage(c)))
}

// newPage is the form with what was typed.
func (h desk) newPage(c *fiber.Ctx) templates.NewCasePage {
	v := templates.NewCasePage{
		Page: h.page(c), Channel: c.FormValue("channel"), Received: c.FormValue("received_at"), Reason: c.FormValue("reason"),
		Answers: templates.Answers{
			Rights: formList(c, "rights"), Purposes: formList(c, "purposes"), Country: c.FormValue("country"), Region: c.FormValue("region"),
			Email: strings.TrimSpace(c.FormValue("email")), Name: strings.TrimSpace(c.FormValue("name")), Phone: strings.TrimSpace(c.FormValue("phone")),
			CustomerID: strings.TrimSpace(c.FormValue("customer_id")), Network: c.FormValue("network"), Handle: strings.TrimSpace(c.FormValue("handle")),
			Message: c.FormValue("message"), Behalf: c.FormValue("behalf"), ChildAge: c.FormValue("age"),
			RepName: strings.TrimSpace(c.FormValue("rep_name")), RepEmail: strings.TrimSpace(c.FormValue("rep_email")),
		},
		Standings: []templates.Option{{Value: "self", Label: "The person whose data it is"}},
		Countries: places.Countries("en"), Regions: places.States(), Networks: places.Networks(),
	}
	for _, p := range h.Svc.Settings().Purposes {
		v.Purposes = append(v.Purposes, templates.Option{Value: p.Name, Label: p.Title})
	}
	offered := h.Svc.Settings().Offered()
	for _, lang := range offered {
		v.Languages = append(v.Languages, templates.Option{Value: lang, Label: languageName(lang)})
	}
	if v.Language = c.FormValue("locale"); !slices.Contains(offered, v.Language) {
		v.Language = offered[0]
	}
	for _, s := range identity.Standings {
		v.Standings = append(v.Standings, templates.Option{Value: s, Label: standingLabel[s]})
	}
	for _, a := range identity.Ages {
		v.Ages = append(v.Ages, templates.Option{Value: a, Label: sentence(ageLabel[a])})
	}
	if v.Received == "" {
		v.Received = h.Now().UTC().Format(time.DateOnly)
	}
	return v
}

func formList(c *fiber.Ctx, name string) []string {
	var out []string
	for _, v := range c.Context().PostArgs().PeekMulti(name) {
		if s := string(v); s != "" && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// fileCase files the request with its day of receipt.
func (h desk) fileCase(c *fiber.Ctx) error {
	v := h.newPage(c)
	f, err := h.filing(v)
	var receipt *requests.Receipt
	if err == nil {
		receipt, err = h.Svc.File(c.UserContext(), web.Actor(c), f)
	}
	if err != nil {
		faults, status, ok := onForm(err, newField)
		if !ok {
			return err
		}
		v.Errors = faults
		return h.render(c, status, templates.NewCase(v))
	}
	return seeOther(c, templates.DeskCasePath(receipt.ID.String(), ""), "filed")
}

// newField leads a fault of the filing to the control that it stands for.
var newField = map[string]string{
	"identities": "email", "corrections": "message", "on_behalf.kind": "behalf", "on_behalf.age": "age", "on_behalf.name": "rep_name", "on_behalf.email": "rep_email",
}

func (h desk) filing(v templates.NewCasePage) (requests.Filing, error) {
	a := v.Answers
	f := requests.Filing{
		Rights: a.Rights, Purposes: a.Purposes, Country: a.Country, Name: a.Name, Message: a.Message, Locale: v.Language,
		Channel: v.Channel, Reason: strings.TrimSpace(v.Reason),
	}
	if a.Country == "US" {
		f.Region = a.Region
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
		add("handle", strings.TrimPrefix(a.Handle, "@")+"@"+a.Network)
	}
	if a.Behalf != "" && a.Behalf != "self" {
		f.OnBehalf = &requests.Behalf{Kind: a.Behalf, Name: a.RepName, Email: a.RepEmail, Age: a.ChildAge}
	}
	var faults []requests.FieldError
	if f.OnBehalf == nil && (a.RepName != "" || a.RepEmail != "") {
		faults = append(faults, requests.FieldError{Field: "behalf", Message: "Say in which capacity this person asks for another."})
	}
	if v.Channel == "" {
		faults = append(faults, requests.FieldError{Field: "channel", Message: "Say how the request came."})
	}
	if a.Handle != "" && a.Network == "" {
		faults = append(faults, requests.FieldError{Field: "network", Message: "Say on which network the handle is."})
	}
	_, law, err := h.Svc.LawOf(a.Country, a.Region)
	if err != nil {
		return f, err
	}
	at, err := h.received(v.Received, law)
	if err != nil {
		faults = append(faults, requests.FieldError{Field: "received_at", Message: "Give the day of receipt, one that the calendar has, as YYYY-MM-DD."})
	}
	f.ReceivedAt = at
	if len(faults) > 0 {
		return f, &requests.Error{Kind: requests.Invalid, Code: "invalid-input", Safe: "Some of what was sent is not as it should be.", Fields: faults}
	}
	return f, nil
}

// received is the instant that stands for a day of receipt: none for today,
// noon in the law's zone for a day before.
func (h desk) received(typed string, law clock.Choice) (*time.Time, error) {
	zone, err := time.LoadLocation(law.Zone)
	if err != nil {
		zone = time.UTC
	}
	d, err := time.ParseInLocation(time.DateOnly, strings.TrimSpace(typed), zone)
	if err != nil {
		return nil, err
	}
	if d.Format(time.DateOnly) == h.Now().In(zone).Format(time.DateOnly) {
		return nil, nil
	}
	noon := d.Add(12 * time.Hour)
	return &noon, nil
}
