package desk

import (
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"habeas/portal/desk/casefile"
	"habeas/portal/web"
	"habeas/requests"
	"habeas/requests/clock"
	"habeas/templates"
)

// showMatter is an appeal or complaint, which has no plan and no tasks.
func (h desk) showMatter(c *fiber.Ctx, cs *requests.Case) error {
	v, err := h.matter(c, cs)
	if err != nil {
		return err
	}
	return h.render(c, fiber.StatusOK, templates.Matter(v))
}

func (h desk) matter(c *fiber.Ctx, cs *requests.Case) (templates.MatterPage, error) {
	ctx, by, id := c.UserContext(), web.Actor(c), cs.ID.String()
	first, err := h.Svc.First(ctx, cs)
	if err != nil {
		return templates.MatterPage{}, err
	}
	v := templates.MatterPage{
		Page: h.page(c), Case: h.head(cs), Kind: cs.Kind, Of: templates.CaseLink{ID: first.ID.String(), Reference: first.Reference},
		Action: templates.DeskCasePath(id, "answer"), Result: cs.Result,
		Decision: c.FormValue("decision"), Reason: strings.TrimSpace(c.FormValue("reason")), Ground: strings.TrimSpace(c.FormValue("ground")),
		Rights: formList(c, "rights"),
	}
	for _, r := range first.Rights {
		v.OfRights = append(v.OfRights, templates.Option{Value: r, Label: templates.RightLabel(r)})
	}
	letters, err := h.Svc.Letters(ctx, cs)
	if err != nil {
		return v, err
	}
	v.Letters = casefile.Letters(cs, letters, func(letter string) string { return templates.DeskCasePath(id, "letters/"+letter) })
	redone, err := h.Svc.Matters(ctx, cs)
	if err != nil {
		return v, err
	}
	for _, r := range redone {
		v.Redo = templates.CaseLink{ID: r.ID.String(), Reference: r.Reference}
	}
	if cs.Status != requests.Review {
		return v, nil
	}
	if err := h.Svc.MayDecideMatter(ctx, by, cs); err != nil {
		e := requests.AsError(err)
		if e.Kind != requests.Forbidden {
			return v, err
		}
		v.Why = e.Safe
		return v, nil
	}
	v.Decides = true
	v.Extends = !cs.AppealExtended(h.Now()).IsZero()
	return v, nil
}

// answerMatter leads to the letter with the decision.
func (h desk) answerMatter(c *fiber.Ctx) error {
	cs, err := h.load(c)
	if err != nil {
		return err
	}
	if !cs.Matter() {
		return noSuchCase
	}
	v, err := h.matter(c, cs)
	if err != nil {
		return err
	}
	err = h.draft(c, cs, requests.LetterDraft{Do: doMatter, Matter: requests.MatterDecision{
		Decision: v.Decision, Rights: v.Rights, Reason: v.Reason, Ground: v.Ground,
	}})
	if err != nil {
		faults, status, ok := onForm(err, nil)
		if !ok {
			return err
		}
		v.Errors = faults
		return h.render(c, status, templates.Matter(v))
	}
	return nil
}

// enterPage asks for an appeal or complaint that came another way.
func (h desk) enterPage(c *fiber.Ctx) error {
	_, v, err := h.entering(c)
	if err != nil {
		return err
	}
	return h.render(c, fiber.StatusOK, templates.EnterMatter(v))
}

func (h desk) entering(c *fiber.Ctx) (*requests.Case, templates.MatterPage, error) {
	cs, err := h.load(c)
	if err != nil {
		return nil, templates.MatterPage{}, err
	}
	offers, open, err := h.Svc.Recourses(c.UserContext(), cs)
	switch {
	case err != nil:
		return nil, templates.MatterPage{}, err
	case len(offers) == 0 && len(open) > 0:
		return nil, templates.MatterPage{}, &requests.Error{Kind: requests.Conflict, Code: "matter-open", Safe: "There is one about this request already, " + open[0].Reference + ", which is not decided yet."}
	case len(offers) == 0:
		return nil, templates.MatterPage{}, &requests.Error{Kind: requests.Conflict, Code: "no-recourse", Safe: "Nothing can be filed about this case any more, or it is an appeal or complaint itself."}
	}
	text := func(name string) string { return strings.TrimSpace(c.FormValue(name)) }
	v := templates.MatterPage{
		Page: h.page(c), Case: h.head(cs), Action: templates.DeskCasePath(cs.ID.String(), "appeal"), Kind: text("kind"), Message: text("message"),
		Channel: text("channel"), Received: text("received_at"), Late: text("late"),
	}
	if v.Received == "" {
		v.Received = casefile.Today(cs, h.Now()).String()
	}
	if slices.Contains(offers, requests.KindAppeal) {
		v.Kinds = append(v.Kinds, templates.Option{Value: "appeal", Label: "An appeal", Hint: "Against what was denied. The law sets a time for the answer."})
	}
	if slices.Contains(offers, requests.KindComplaint) {
		v.Kinds = append(v.Kinds, templates.Option{Value: "complaint", Label: "A complaint", Hint: "About anything in how the request was dealt with."})
	}
	return cs, v, nil
}

func (h desk) enter(c *fiber.Ctx) error {
	cs, v, err := h.entering(c)
	if err != nil {
		return err
	}
	n := requests.NewMatter{Kind: v.Kind, Message: v.Message, Channel: v.Channel, Reason: v.Late}
	var m *requests.Case
	if n.ReceivedAt, err = h.received(v.Received, clock.Choice{Zone: cs.Zone}); err != nil {
		err = &requests.Error{Kind: requests.Invalid, Code: "invalid-input", Safe: "Give the day of receipt.", Fields: []requests.FieldError{
			{Field: "received_at", Message: "Give the day of receipt, such as 2026-11-21."},
		}}
	} else if n.Channel == "" {
		err = &requests.Error{Kind: requests.Invalid, Code: "invalid-input", Safe: "Say how it came.", Fields: []requests.FieldError{{Field: "channel", Message: "Say how it came."}}}
	} else {
		m, err = h.Svc.FileMatter(c.UserContext(), web.Actor(c), cs.ID, n)
	}
	if err != nil {
		faults, status, ok := onForm(err, map[string]string{"reason": "late"})
		if !ok {
			return err
		}
		v.Errors = faults
		return h.render(c, status, templates.EnterMatter(v))
	}
	return done(c, m, "entered")
}
