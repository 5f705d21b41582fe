package desk

import (
	"slices"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"habeas/portal/desk/casefile"
	"habeas/portal/web"
	"habeas/requests"
	"habeas/templates"
)

// restricted is the page about a case's restriction; a case without one has no
// such page.
func (h desk) restricted(c *fiber.Ctx) (*requests.Case, templates.RestrictionPage, error) {
	cs, err := h.load(c)
	if err != nil {
		return nil, templates.RestrictionPage{}, err
	}
	r, err := h.Svc.Restriction(c.UserContext(), cs)
	if err != nil {
		return nil, templates.RestrictionPage{}, err
	}
	if r == nil {
		return nil, templates.RestrictionPage{}, noSuchCase
	}
	moment := func(t *time.Time) time.Time {
		if t == nil {
			return time.Time{}
		}
		return *t
	}
	v := templates.RestrictionPage{
		Page: h.page(c), Case: h.head(cs), Action: templates.DeskCasePath(cs.ID.String(), "restriction"), Ground: "As asked for",
		Since: r.Since, WarnedAt: moment(r.WarnedAt), LiftOn: moment(r.LiftOn), LiftedAt: moment(r.LiftedAt), Reason: strings.TrimSpace(c.FormValue("reason")),
	}
	tasks, err := h.Svc.Tasks(c.UserContext(), cs)
	if err != nil {
		return nil, v, err
	}
	titles := casefile.TitlesOf(h.Svc)
	for _, t := range tasks {
		title := titles.System(t.System)
		switch {
		case t.Stage == requests.ByHand && t.Result == "done" && !slices.Contains(v.Marked, title):
			v.Marked = append(v.Marked, title)
		case t.Stage == requests.Resume && t.Status == "done" && t.Count > 0:
			v.Back = append(v.Back, title+", "+casefile.Records(t.Count))
		case t.Stage == requests.Resume && t.Status == "failed":
			v.Stuck = append(v.Stuck, title)
		case t.Stage == requests.Resume && (t.Status == "waiting" || t.Status == "running"):
			v.Giving = append(v.Giving, title)
		}
	}
	if law, err := cs.LawRow(); err == nil {
		if g, ok := law.Grants("restriction", r.Ground); ok {
			v.Ground = sentence(g.Text) + " (" + g.Cite + ")"
		}
	}
	y, m, d := v.LiftOn.Date()
	today := casefile.Today(cs, h.Now())
	v.CanLift = r.LiftOn != nil && !time.Date(y, m, d, 0, 0, 0, 0, time.UTC).After(time.Date(today.Year, today.Month, today.Day, 0, 0, 0, 0, time.UTC))
	return cs, v, nil
}

func (h desk) restrictionPage(c *fiber.Ctx) error {
	_, v, err := h.restricted(c)
	if err != nil {
		return err
	}
	return h.render(c, fiber.StatusOK, templates.Restriction(v))
}

// warnRestriction leads to the letter that tells the person of the end.
func (h desk) warnRestriction(c *fiber.Ctx) error {
	cs, v, err := h.restricted(c)
	if err != nil {
		return err
	}
	err = h.draft(c, cs, requests.LetterDraft{Do: doFree, Step: requests.Step{Reason: v.Reason}})
	return h.restrictionFaults(c, v, err)
}

// liftRestriction ends it.
func (h desk) liftRestriction(c *fiber.Ctx) error {
	cs, v, err := h.restricted(c)
	if err != nil {
		return err
	}
	if _, err := h.Svc.LiftRestriction(c.UserContext(), web.Actor(c), cs.ID); err != nil {
		return h.restrictionFaults(c, v, err)
	}
	return seeOther(c, v.Action, "unrestricted")
}

// restrictionFaults shows the page with what is wrong, or hands the error on.
func (h desk) restrictionFaults(c *fiber.Ctx, v templates.RestrictionPage, err error) error {
	faults, status, ok := onForm(err, nil)
	if err == nil || !ok {
		return err
	}
	v.Errors = faults
	return h.render(c, status, templates.Restriction(v))
}
