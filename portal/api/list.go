package api

import (
	"github.com/gofiber/fiber/v2"

	"habeas/requests"
)

var (
	statusNames = each(requests.Statuses, func(s requests.Status) string { return string(s) })
	flagNames   = each([]requests.Flag{
		requests.Paused, requests.Extended, requests.Overdue, requests.Attention, requests.Partial, requests.Unproven,
	}, func(f requests.Flag) string { return string(f) })
	rightNames = []string{
		"access", "portability", "rectification", "erasure", "restriction", "objection", "consent_withdrawal", "opt_out", "limit",
	}
)

const maxList = 200

var (
	cursorParam = param{name: "cursor", schema: schema{"type": "string"}, doc: "next_cursor of the page before."}
	listParams  = []param{
		{name: "status", schema: words(statusNames)},
		{name: "right", schema: words(rightNames)},
		{name: "due_before", schema: schema{"type": "string", "format": "date"}},
		{name: "system", schema: schema{"type": "string"}, doc: "Has tasks in this system."},
		{name: "flag", schema: words(flagNames)},
		cursorParam,
		{name: "limit", schema: between(1, maxList, 50)},
	}
)

func (a *api) list(c *fiber.Ctx) error {
	q := readQuery(c, names(listParams)...)
	f := requests.Filter{
		Status: requests.Status(q.oneOf("status", statusNames)), Right: q.oneOf("right", rightNames), DueBefore: q.date("due_before"),
		Flag: requests.Flag(q.oneOf("flag", flagNames)), Cursor: q.text("cursor"), Limit: int(q.number("limit", 50, 1, maxList)), Ended: true,
	}
	if q.text("system") != "" {
		f.System = q.oneOf("system", append(a.svc.SystemNames(), requests.OwnSystem))
	}
	if err := q.err(); err != nil {
		return err
	}
	page, err := a.svc.List(c.UserContext(), f)
	if err != nil {
		return err
	}
	return answer(c, fiber.StatusOK, items[caseView]{Items: each(page.Cases, summary), Next: page.Next})
}

// searching names one of both.
type searching struct {
	Reference string  `json:"reference,omitempty"`
	Identity  *person `json:"identity,omitempty"`
}

func (a *api) search(c *fiber.Ctx) error {
	var in searching
	if err := decode(c, &in); err != nil {
		return err
	}
	if (in.Reference == "") == (in.Identity == nil) {
		return wrong("reference", "Give a reference or an identity, one of both.")
	}
	var page *requests.Page
	var err error
	if in.Identity == nil {
		page, err = a.svc.Search(c.UserContext(), in.Reference, nil)
	} else {
		if in.Identity.missing() {
			return wrong("identity", "Give its kind and value.")
		}
		page, err = a.svc.Search(c.UserContext(), "", new(in.Identity.identity()))
	}
	if err != nil {
		return err
	}
	return answer(c, fiber.StatusOK, items[caseView]{Items: each(page.Cases, summary)})
}
