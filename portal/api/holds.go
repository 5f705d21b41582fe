package api

import (
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"habeas/portal/web"
	"habeas/requests"
	"habeas/requests/connect"
)

// holdView is a hold without the people and records that it names.
type holdView struct {
	ID       uuid.UUID `json:"id"`
	Scope    string    `json:"scope" enum:"person,system,records"`
	System   string    `json:"system,omitempty"`
	Ground   string    `json:"ground" enum:"litigation,retention_duty,person_at_risk,withheld" doc:"withheld where it tells something of a person and who asks is neither a data protection officer nor answers for the hold."`
	Cite     string    `json:"cite,omitempty" doc:"The article that was named; left out: the law's own, or withheld with the ground."`
	Owner    uuid.UUID `json:"owner"`
	ReviewOn date      `json:"review_on"`
	SetBy    uuid.UUID `json:"set_by"`
	SetAt    moment    `json:"set_at"`
	LiftedAt *moment   `json:"lifted_at,omitempty"`
	Things   int       `json:"things" doc:"How many identities or records it names."`
	Cases    int       `json:"cases" doc:"How many requests keep something back because of it."`
}

func holdOf(h *requests.Hold) holdView {
	return holdView{
		ID: h.ID, Scope: h.Scope, System: h.System, Ground: h.Ground, Cite: h.Cite, Owner: h.Owner, ReviewOn: date(h.ReviewOn),
		SetBy: h.SetBy, SetAt: moment(h.SetAt), LiftedAt: momentOf(h.LiftedAt), Things: h.Things, Cases: h.Cases,
	}
}

var holdParams = []param{{name: "lifted", schema: words([]string{"true", "false"}), doc: "true lists lifted holds, too."}}

func (a *api) holds(c *fiber.Ctx) error {
	q := readQuery(c, names(holdParams)...)
	lifted := q.oneOf("lifted", []string{"true", "false"})
	if err := q.err(); err != nil {
		return err
	}
	list, err := a.svc.Holds(c.UserContext(), web.Actor(c), lifted == "true")
	if err != nil {
		return err
	}
	return answer(c, fiber.StatusOK, items[holdView]{Items: each(list, holdOf)})
}

type holding struct {
	Scope      string     `json:"scope" enum:"person,system,records"`
	System     string     `json:"system,omitempty" doc:"Of a system, or of records."`
	Identities []person   `json:"identities,omitempty" doc:"Of a person: kept as keyed digests only."`
	Records    []heldItem `json:"records,omitempty"`
	Ground     string     `json:"ground" enum:"litigation,retention_duty,person_at_risk"`
	Cite       string     `json:"cite,omitempty" doc:"The article. A person at risk needs one; for the others the law's own is taken."`
	Owner      *uuid.UUID `json:"owner,omitempty" doc:"Who answers for it; left out: who sets it."`
	ReviewOn   string     `json:"review_on" doc:"YYYY-MM-DD, within two years."`
	Reason     string     `json:"reason" doc:"In your own words. It is sealed."`
}

type heldItem struct {
	Type string `json:"type"`
	Key  string `json:"key"`
}

func (a *api) setHold(c *fiber.Ctx) error {
	var in holding
	if err := decode(c, &in); err != nil {
		return err
	}
	day, err := time.Parse(time.DateOnly, in.ReviewOn)
	if err != nil {
		return wrong("review_on", "Give a date as YYYY-MM-DD.")
	}
	n := requests.NewHold{
		Scope: in.Scope, System: in.System, Ground: in.Ground, Cite: in.Cite, ReviewOn: day, Reason: in.Reason,
		Identities: each(in.Identities, func(p person) connect.Identity { return p.identity() }),
		Records:    each(in.Records, func(r heldItem) requests.HeldRecord { return requests.HeldRecord(r) }),
	}
	if in.Owner != nil {
		n.Owner = *in.Owner
	}
	h, err := a.svc.SetHold(c.UserContext(), web.Actor(c), n)
	if err != nil {
		return err
	}
	return answer(c, fiber.StatusCreated, holdOf(h))
}

type lifting struct {
	Reason string `json:"reason"`
}

func (a *api) liftHold(c *fiber.Ctx) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	var in lifting
	if err := decode(c, &in); err != nil {
		return err
	}
	h, err := a.svc.LiftHold(c.UserContext(), web.Actor(c), id, in.Reason)
	if err != nil {
		return err
	}
	return answer(c, fiber.StatusOK, holdOf(h))
}
