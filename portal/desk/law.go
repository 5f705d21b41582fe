package desk

import (
	"cmp"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"habeas/portal/places"
	"habeas/portal/web"
	"habeas/requests"
	"habeas/requests/clock"
	"habeas/templates"
)

// lawPage shows which law a request runs under and why, and what another place
// would lead to.
func (h desk) lawPage(c *fiber.Ctx) error {
	_, v, err := h.law(c)
	if err != nil {
		return err
	}
	return h.render(c, fiber.StatusOK, templates.CorrectLaw(v))
}

func (h desk) law(c *fiber.Ctx) (*requests.Case, templates.LawPage, error) {
	cs, err := h.load(c)
	if err != nil {
		return nil, templates.LawPage{}, err
	}
	region := cmp.Or(c.FormValue("region"), strings.TrimPrefix(cs.Region, cs.Country+"-"))
	v := templates.LawPage{
		Page: h.page(c), Case: h.head(cs), Action: templates.DeskCasePath(cs.ID.String(), "law"),
		Countries: places.Countries("en"), Regions: places.States(),
		Country: cmp.Or(c.FormValue("country"), cs.Country), Region: region, Law: c.FormValue("law"), Set: c.FormValue("set"), Reason: c.FormValue("reason"),
	}
	for _, code := range h.Svc.Laws().Codes() {
		if row, err := h.Svc.Law(code); err == nil {
			v.Laws = append(v.Laws, templates.Option{Value: code, Label: row.Name})
		}
	}
	slices.SortFunc(v.Laws, func(a, b templates.Option) int { return strings.Compare(a.Label, b.Label) })
	for _, set := range clock.Sets() {
		v.Sets = append(v.Sets, templates.Option{Value: set, Label: setNames[set]})
	}
	v.SetNow = setNames[cs.HolidaySet]
	return cs, v, nil
}

var setNames = map[string]string{
	"DE": "Germany", "FR": "France", "IE": "Ireland", "EW": "England and Wales", "SC": "Scotland", "US": "United States, federal", "none": "No holidays",
}

// correctLaw puts the request under the law that applies.
func (h desk) correctLaw(c *fiber.Ctx) error {
	cs, v, err := h.law(c)
	if err != nil {
		return err
	}
	_, err = h.Svc.CorrectLaw(c.UserContext(), web.Actor(c), cs.ID, requests.LawChange{
		Country: v.Country, Region: c.FormValue("region"), Law: v.Law, Set: v.Set, Reason: strings.TrimSpace(v.Reason),
	})
	if err == nil {
		return done(c, cs, "law")
	}
	faults, status, ok := onForm(err, nil)
	if !ok {
		return err
	}
	v.Errors = faults
	return h.render(c, status, templates.CorrectLaw(v))
}
