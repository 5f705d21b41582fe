package api

import (
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/gofiber/fiber/v2"

	"habeas/portal/web"
	"habeas/requests"
	"habeas/requests/connect"
	"habeas/requests/plan"
)

const maxPlanPage = 1000

var planParams = []param{cursorParam, {name: "limit", schema: between(1, maxPlanPage, maxPlanPage)}}

// planView is a plan as stored.
type planView struct {
	PlanHash  string            `json:"plan_hash"`
	Version   int               `json:"version"`
	CreatedAt moment            `json:"created_at"`
	Total     int64             `json:"total" doc:"Records over all pages."`
	Undecided int               `json:"undecided" doc:"Records that somebody has to decide before anybody approves."`
	Stale     bool              `json:"stale" doc:"A system is not what was planned: a new plan is being made."`
	Records   []planRecord      `json:"records"`
	Manual    []plan.Manual     `json:"manual"`
	Warnings  []connect.Warning `json:"warnings"`
	Next      string            `json:"next_cursor,omitempty"`
}

type planRecord struct {
	System  string         `json:"system"`
	Type    string         `json:"type"`
	Key     string         `json:"key"`
	Right   string         `json:"right"`
	Action  connect.Action `json:"action" enum:"disclose,redact,erase,mask,suppress,correct,keep,detach"`
	Fields  []string       `json:"fields"`
	Ground  string         `json:"ground"`
	Via     string         `json:"via"`
	Match   connect.Match  `json:"match" enum:"exact,derived,ambiguous"`
	Shared  int            `json:"shared"`
	Decided bool           `json:"decided"`
	Outcome string         `json:"outcome,omitempty"`
	Until   *moment        `json:"until,omitempty"`
}

func (a *api) plan(c *fiber.Ctx) error {
	q := readQuery(c, names(planParams)...)
	limit := int(q.number("limit", maxPlanPage, 1, maxPlanPage))
	if err := q.err(); err != nil {
		return err
	}
	cs, err := a.caseOf(c, web.Actor(c))
	if err != nil {
		return err
	}
	hash, after, err := readPlanCursor(q.text("cursor"))
	if err != nil {
		return err
	}
	p, err := a.svc.Plan(c.UserContext(), cs, after, limit)
	if err != nil {
		return err
	}
	if hash != "" && hash != p.Hash {
		return &requests.Error{Kind: requests.Conflict, Code: "plan-changed", Safe: "The plan has changed since its first page. Start again."}
	}
	v := planView{
		PlanHash: p.Hash, Version: p.Version, CreatedAt: moment(p.CreatedAt), Total: p.Total, Undecided: p.Undecided, Stale: p.Stale,
		Records: each(p.Records, planRecordOf), Manual: full(p.Manual), Warnings: full(p.Warnings),
	}
	if p.Next != "" {
		v.Next = base64.RawURLEncoding.EncodeToString([]byte(p.Hash + ":" + p.Next))
	}
	return answer(c, fiber.StatusOK, v)
}

// readPlanCursor reads a cursor: it belongs to one plan, so that pages of two
// plans are never taken for one.
func readPlanCursor(cursor string) (hash, after string, err error) {
	if cursor == "" {
		return "", "", nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	hash, after, ok := strings.Cut(string(raw), ":")
	if err != nil || !ok || hash == "" || after == "" {
		return "", "", wrong("cursor", "This cursor is not one of ours. Start from the first page.")
	}
	return hash, after, nil
}

func planRecordOf(r requests.PlanRecord) planRecord {
	return planRecord{
		System: r.System, Type: r.Type, Key: r.Key, Right: r.Right, Action: r.Action, Fields: full(r.Fields), Ground: r.Ground, Via: r.Via,
		Match: r.Note.Match, Shared: r.Note.Shared, Decided: r.Decided, Outcome: r.Outcome, Until: momentOf(r.Until),
	}
}

// deciding changes records of the plan.
type deciding struct {
	Records []decision `json:"records"`
}

type decision struct {
	System string   `json:"system"`
	Type   string   `json:"type"`
	Key    string   `json:"key"`
	Right  string   `json:"right,omitempty" doc:"Where a record stands in the plan for several rights."`
	Action string   `json:"action" enum:"disclose,redact,erase,mask,suppress,correct,keep,detach"`
	Fields []string `json:"fields,omitempty"`
	Ground string   `json:"ground"`
}

type decided struct {
	PlanHash string `json:"plan_hash"`
}

// maxDecisions bounds one call.
const maxDecisions = 10_000

func (a *api) decide(c *fiber.Ctx) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	var in deciding
	if err := decode(c, &in); err != nil {
		return err
	}
	if len(in.Records) > maxDecisions {
		return wrong("records", fmt.Sprintf("Decide about at most %d records at once.", maxDecisions))
	}
	hash, err := a.svc.Decide(c.UserContext(), web.Actor(c), id, each(in.Records, func(d decision) requests.Decision {
		return requests.Decision{
			System: d.System, Type: d.Type, Key: d.Key, Right: d.Right, Action: connect.Action(d.Action), Fields: d.Fields, Ground: d.Ground,
		}
	}))
	if err != nil {
		return err
	}
	return answer(c, fiber.StatusOK, decided{PlanHash: hash})
}

type approving struct {
	PlanHash string `json:"plan_hash"`
}

type approved struct {
	Approvals int             `json:"approvals" doc:"Given so far."`
	Needed    int             `json:"needed"`
	Status    requests.Status `json:"status"`
}

func (a *api) approve(c *fiber.Ctx) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	var in approving
	if err := decode(c, &in); err != nil {
		return err
	}
	if in.PlanHash == "" {
		return wrong("plan_hash", "Give the hash of the plan that you looked at.")
	}
	got, err := a.svc.Approve(c.UserContext(), web.Actor(c), id, in.PlanHash)
	if err != nil {
		return err
	}
	return answer(c, fiber.StatusAccepted, approved{Approvals: got.Given, Needed: got.Needed, Status: got.Status})
}
