package desk

import (
	"slices"

	"github.com/gofiber/fiber/v2"

	"habeas/portal/desk/casefile"
	"habeas/portal/web"
	"habeas/requests"
	"habeas/requests/identity"
	"habeas/templates"
)

// doubtPart is why it is open who is asking, with the form that settles it.
func (h desk) doubtPart(c *fiber.Ctx, cs *requests.Case, v *templates.CasePage) error {
	if cs.Status != requests.Review && cs.Status != requests.Discovering {
		return nil
	}
	list, err := h.Svc.Doubts(c.UserContext(), cs)
	if err != nil {
		return err
	}
	titles := casefile.TitlesOf(h.Svc)
	for _, d := range list {
		if d.Settled != nil {
			continue
		}
		view := templates.DoubtView{System: titles.System(d.System)}
		switch {
		case d.Reason == identity.SeveralPeople:
			view.People = d.People
		case d.On != nil:
			view.On, view.Before = d.On.Format("2 January 2006"), d.Before
		}
		v.Doubts.List = append(v.Doubts.List, view)
	}
	if by := web.Actor(c).Role; len(v.Doubts.List) > 0 && (by == requests.DPO || by == requests.Agent) {
		v.Doubts.Asks = by == requests.DPO && cs.Status == requests.Review
		v.Doubts.Action = templates.DeskCasePath(cs.ID.String(), "prove")
		v.Doubts.Proofs = slices.DeleteFunc(slices.Clone(handProofs), func(o templates.Option) bool { return !slices.Contains(settling, o.Value) })
	}
	return nil
}

// settling are the proofs that settle alone who is asking.
var settling = []string{string(identity.StaffCheck), string(identity.Document), string(identity.SignIn)}
