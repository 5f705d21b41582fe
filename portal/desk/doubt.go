package desk

import (
	"fmt"
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
	if err := h.factsPart(c, cs, v); err != nil {
		return err
	}
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
		case d.Reason == identity.FactsShort && v.Facts != nil:
			view = templates.DoubtView{Facts: v.Facts.Say()}
		case d.Reason == identity.SeveralPeople:
			view.People = d.People
		case d.On != nil:
			view.On, view.Before = d.On.Format("2 January 2006"), d.Before
		}
		v.Doubts.List = append(v.Doubts.List, view)
	}
	v.Doubts.Cite = cs.DoubtCite(cs.Rights[0])
	if by := web.Actor(c).Role; len(v.Doubts.List) > 0 && (by == requests.DPO || by == requests.Agent) {
		v.Doubts.Asks = by == requests.DPO && cs.Status == requests.Review
		v.Doubts.Action = templates.DeskCasePath(cs.ID.String(), "prove")
		v.Doubts.Proofs = slices.DeleteFunc(slices.Clone(handProofs), func(o templates.Option) bool { return !slices.Contains(settling, o.Value) })
	}
	return nil
}

// factsPart is how far details about the person agree with what is held.
func (h desk) factsPart(c *fiber.Ctx, cs *requests.Case, v *templates.CasePage) error {
	f, err := h.Svc.Facts(c.UserContext(), cs)
	if err != nil || f == nil || f.Settled || cs.VerifiedAt == nil {
		return err
	}
	part := &templates.FactsCount{Points: f.Points, Counted: f.Counted, Agreed: casefile.FactNames(f.Agreed), Cite: f.Cite}
	say := func(format string, args ...any) { part.Lines = append(part.Lines, fmt.Sprintf(format, args...)) }
	const day = "2 January 2006"
	switch {
	case f.Comparing:
		say("What the customer sent is being compared.")
	case f.Given != nil:
		say("The customer last sent details on %s.", f.Given.Format(day))
	}
	switch {
	case f.Declared != nil && f.SignedAlike:
		say("The declaration under penalty of perjury was signed on %s with the name that the request gives. It is kept with the request.", f.Declared.Format(day))
	case f.Declared != nil:
		say("The declaration under penalty of perjury was signed on %s, but not with the name that the request gives. It is kept with the request.", f.Declared.Format(day))
	}
	switch {
	case f.Pieces && f.Reached:
		say("That suffices for specific pieces of information (11 CCR 7062(c)).")
	case f.Pieces:
		say("Specific pieces of information need three that agree and the declaration (11 CCR 7062(c)). Until then the answer gives categories only (11 CCR 7024(a)).")
	}
	if f.Asked != nil {
		say("The letter with other ways to prove who one is went out on %s. Without an answer within 30 days, refuse on the ground that the identity is unproven.", f.Asked.Format(day))
	}
	v.Facts = part
	return nil
}

// settling are the proofs that settle alone who is asking.
var settling = []string{string(identity.StaffCheck), string(identity.Document), string(identity.SignIn)}
