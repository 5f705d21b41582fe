package audit

import (
	"fmt"
	"math"
	"net/url"
	"time"

	"github.com/gofiber/fiber/v2"

	"habeas/portal/desk/casefile"
	"habeas/portal/web"
	"habeas/requests"
	"habeas/templates"
)

// list shows cases, those with gaps first.
func (h *audit) list(c *fiber.Ctx) error {
	v := templates.AuditListPage{Page: web.PageOf(c), Right: c.Query("right"), From: c.Query("from"), To: c.Query("to"), Gaps: c.Query("gaps") != ""}
	f, faults := filter(c)
	if len(faults) > 0 {
		v.Errors = faults
		return render(c, fiber.StatusBadRequest, templates.AuditList(v))
	}
	found, err := h.Svc.Audit(c.UserContext(), f)
	if err != nil {
		return err
	}
	n, err := h.Svc.AuditFigures(c.UserContext(), f)
	if err != nil {
		return err
	}
	if v.Log, err = h.state(c.UserContext(), time.Hour); err != nil {
		return err
	}
	v.Figures = templates.Figures{
		Received: n.Received, Answered: n.Answered, OnTime: n.OnTime, Late: n.Late, Refused: n.Refused, Open: n.Open,
		MedianDays: int(math.Round(n.MedianDays)),
	}
	for _, r := range requests.Rights() {
		v.Rights = append(v.Rights, templates.Option{Value: r, Label: templates.RightLabel(r)})
	}
	for _, a := range found.Cases {
		v.Rows = append(v.Rows, h.row(a))
	}
	q := query(v)
	if n.Received > 0 {
		v.Sample = "/audit/sample" + suffix(q)
	}
	if f.Cursor != "" {
		v.First = "/audit" + suffix(q)
	}
	if found.Next != "" {
		q.Set("cursor", found.Next)
		v.Next = "/audit" + suffix(q)
	}
	return render(c, fiber.StatusOK, templates.AuditList(v))
}

func query(v templates.AuditListPage) url.Values {
	q := url.Values{}
	for name, value := range map[string]string{"right": v.Right, "from": v.From, "to": v.To} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if v.Gaps {
		q.Set("gaps", "1")
	}
	return q
}

func suffix(q url.Values) string {
	if len(q) == 0 {
		return ""
	}
	return "?" + q.Encode()
}

func filter(c *fiber.Ctx) (requests.AuditFilter, []templates.FieldError) {
	f := requests.AuditFilter{Right: c.Query("right"), OnlyGaps: c.Query("gaps") != "", Cursor: c.Query("cursor")}
	var faults []templates.FieldError
	day := func(name string, into *time.Time) {
		typed := c.Query(name)
		if typed == "" {
			return
		}
		t, err := time.Parse(time.DateOnly, typed)
		if err != nil {
			faults = append(faults, templates.FieldError{Field: name, Message: "Give the day as 2026-11-21."})
			return
		}
		*into = t
	}
	day("from", &f.From)
	day("to", &f.To)
	if len(faults) == 0 && !f.From.IsZero() && !f.To.IsZero() && f.To.Before(f.From) {
		faults = append(faults, templates.FieldError{Field: "to", Message: "The period ends before it begins."})
	}
	return f, faults
}

func (h *audit) row(a requests.AuditedCase) templates.AuditRow {
	row := templates.AuditRow{CaseRow: casefile.Row(a.Case, h.Now()), Gaps: gapWords(a.Gaps), Events: a.Events}
	row.NextHref = ""
	if a.Answered != nil {
		row.Answered = *a.Answered
	}
	return row
}

// gapWords says in words what is missing.
func gapWords(gaps []requests.Gap) []string {
	var out []string
	for _, g := range gaps {
		out = append(out, gapWord(g))
	}
	return out
}

func gapWord(g requests.Gap) string {
	n := func(one, many string) string {
		if g.Count == 1 {
			return "1 " + one
		}
		return fmt.Sprintf("%d %s", g.Count, many)
	}
	switch g.Code {
	case "late":
		return "Answered " + n("day", "days") + " late"
	case "overdue":
		return "Open " + n("day", "days") + " past its due date"
	case "unproven":
		return n("record", "records") + " without a proven outcome"
	case "failed":
		return n("task", "tasks") + " failed for good"
	case "unapproved":
		return n("approval", "approvals") + " missing for what was done"
	case "unlogged":
		return n("event", "events") + " not in the log yet"
	case "missing":
		return n("event", "events") + " missing: the case counts others than are stored"
	}
	return g.Code
}

// sample draws one case at random, so that nobody chooses what is looked at.
func (h *audit) sample(c *fiber.Ctx) error {
	f, faults := filter(c)
	if len(faults) > 0 {
		return web.Redirect(c, "/audit")
	}
	id, err := h.Svc.RandomCase(c.UserContext(), f)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	return web.Redirect(c, templates.AuditCasePath(id.String()))
}
