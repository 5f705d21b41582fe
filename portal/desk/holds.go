package desk

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"habeas/portal/desk/casefile"
	"habeas/portal/web"
	"habeas/requests"
	"habeas/requests/connect"
	"habeas/templates"
)

var holdGrounds = map[string]string{"litigation": "Legal claims", "retention_duty": "A duty to keep", "person_at_risk": "A person at risk", requests.Withheld: "Ground withheld"}

// holds lists what is kept from erasure, by the day of its review.
func (h desk) holds(c *fiber.Ctx) error {
	ctx, by := c.UserContext(), web.Actor(c)
	lifted := c.Query("lifted") != ""
	list, err := h.Svc.Holds(ctx, by, lifted)
	if err != nil {
		return err
	}
	names, err := h.staff(ctx)
	if err != nil {
		return err
	}
	v := templates.HoldsPage{Page: h.page(c), CanSet: by.Role == requests.DPO, Lifted: lifted}
	for _, hold := range list {
		row, err := h.holdRow(c, hold, names)
		if err != nil {
			return err
		}
		if row.Due {
			v.Due++
		}
		v.Holds = append(v.Holds, row)
	}
	return h.render(c, fiber.StatusOK, templates.Holds(v))
}

func (h desk) holdRow(c *fiber.Ctx, hold *requests.Hold, names casefile.Names) (templates.HoldRow, error) {
	row := templates.HoldRow{
		ID: hold.ID.String(), What: h.held(hold), Ground: holdGrounds[hold.Ground], Cite: hold.Cite, Owner: names.Of(hold.Owner.String()), ReviewOn: hold.ReviewOn,
		SetBy: names.Of(hold.SetBy.String()), SetAt: hold.SetAt, Due: hold.LiftedAt == nil && !hold.ReviewOn.After(h.Now()),
	}
	if hold.LiftedAt != nil {
		row.LiftedAt = *hold.LiftedAt
	}
	if by := web.Actor(c); by.Role == requests.DPO {
		reason, err := h.Svc.HoldReason(by, hold)
		if err != nil {
			return row, err
		}
		row.Reason = reason
	}
	cases, err := h.Svc.HoldCases(c.UserContext(), hold.ID)
	if err != nil {
		return row, err
	}
	for _, k := range cases {
		row.Cases = append(row.Cases, templates.CaseLink{ID: k.ID.String(), Reference: k.Reference})
	}
	return row, nil
}

// held says in words what a hold is on. Nobody is named.
func (h desk) held(hold *requests.Hold) string {
	titles := casefile.TitlesOf(h.Svc)
	switch hold.Scope {
	case "system":
		return "All of " + titles.System(hold.System)
	case "records":
		if hold.Things == 1 {
			return "One record of " + titles.System(hold.System)
		}
		return fmt.Sprintf("%d records of %s", hold.Things, titles.System(hold.System))
	}
	return "A person"
}

func (h desk) newHoldPage(c *fiber.Ctx) error {
	v, err := h.holdForm(c)
	if err != nil {
		return err
	}
	v.Owner = cmp.Or(v.Owner, web.Actor(c).ID)
	return h.render(c, fiber.StatusOK, templates.NewHold(v))
}

// holdForm is the form with what was typed.
func (h desk) holdForm(c *fiber.Ctx) (templates.HoldPage, error) {
	text := func(name string) string { return strings.TrimSpace(c.FormValue(name)) }
	v := templates.HoldPage{
		Page: h.page(c), Scope: text("scope"), System: text("system"), Ground: text("ground"), Cite: text("cite"), Owner: text("owner"),
		ReviewOn: text("review_on"), Reason: text("reason"), Email: text("email"), Phone: text("phone"), CustomerID: text("customer_id"),
		Type: text("type"), Keys: text("keys"),
	}
	systems, _, err := h.Svc.Systems(c.UserContext())
	if err != nil {
		return v, err
	}
	for _, s := range systems {
		v.Systems = append(v.Systems, templates.Option{Value: s.Name, Label: s.Title})
		conn, ok := h.Svc.System(s.Name)
		if !ok {
			continue
		}
		for _, t := range conn.Describe().Types {
			o := templates.Option{Value: t.Name, Label: cmp.Or(t.Title, t.Name)}
			if !slices.ContainsFunc(v.Types, func(have templates.Option) bool { return have.Value == o.Value }) {
				v.Types = append(v.Types, o)
			}
		}
	}
	users, err := h.Svc.Users(c.UserContext())
	if err != nil {
		return v, err
	}
	for _, u := range users {
		if !u.Disabled && (u.Role == requests.DPO || u.Role == requests.Agent) {
			v.Owners = append(v.Owners, templates.Option{Value: u.ID.String(), Label: u.Name})
		}
	}
	return v, nil
}

func (h desk) setHold(c *fiber.Ctx) error {
	v, err := h.holdForm(c)
	if err != nil {
		return err
	}
	n := requests.NewHold{Scope: v.Scope, Ground: v.Ground, Cite: v.Cite, Reason: v.Reason}
	switch v.Scope { // what was typed for another scope does not count
	case "person":
		for _, id := range []connect.Identity{{Kind: "email", Value: v.Email}, {Kind: "phone", Value: v.Phone}, {Kind: "customer_id", Value: v.CustomerID}} {
			if id.Value != "" {
				n.Identities = append(n.Identities, id)
			}
		}
	case "records":
		for key := range strings.Lines(v.Keys) {
			if key = strings.TrimSpace(key); key != "" {
				n.Records = append(n.Records, requests.HeldRecord{Type: v.Type, Key: key})
			}
		}
		n.System = v.System
	case "system":
		n.System = v.System
	}
	n.ReviewOn, _ = time.Parse(time.DateOnly, v.ReviewOn) // the zero day lies in the past: said so
	n.Owner, _ = uuid.Parse(v.Owner)
	if _, err := h.Svc.SetHold(c.UserContext(), web.Actor(c), n); err != nil {
		faults, status, ok := onForm(err, map[string]string{"identities": "email", "records": "keys"})
		if !ok {
			return err
		}
		v.Errors = faults
		return h.render(c, status, templates.NewHold(v))
	}
	return seeOther(c, "/desk/holds", "held")
}

func (h desk) liftPage(c *fiber.Ctx) error {
	v, _, err := h.lifting(c)
	if err != nil {
		return err
	}
	return h.render(c, fiber.StatusOK, templates.LiftHold(v))
}

func (h desk) lifting(c *fiber.Ctx) (templates.LiftPage, uuid.UUID, error) {
	id, err := param(c, "hold")
	if err != nil {
		return templates.LiftPage{}, id, err
	}
	hold, err := h.Svc.Hold(c.UserContext(), web.Actor(c), id)
	if err != nil {
		return templates.LiftPage{}, id, err
	}
	return templates.LiftPage{
		Page: h.page(c), Hold: templates.HoldRow{ID: id.String(), What: h.held(hold), Ground: holdGrounds[hold.Ground]},
		Action: "/desk/holds/" + id.String() + "/lift", Reason: strings.TrimSpace(c.FormValue("reason")),
	}, id, nil
}

func (h desk) liftHold(c *fiber.Ctx) error {
	v, id, err := h.lifting(c)
	if err != nil {
		return err
	}
	if _, err := h.Svc.LiftHold(c.UserContext(), web.Actor(c), id, v.Reason); err != nil {
		faults, status, ok := onForm(err, nil)
		if !ok {
			return err
		}
		v.Errors = faults
		return h.render(c, status, templates.LiftHold(v))
	}
	return seeOther(c, "/desk/holds", "lifted")
}
