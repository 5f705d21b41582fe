package audit

import (
	"slices"
	"time"

	"github.com/gofiber/fiber/v2"

	"habeas/portal/desk/casefile"
	"habeas/portal/web"
	"habeas/requests"
	"habeas/requests/clock"
	"habeas/requests/evidence"
	"habeas/templates"
)

// showCase is one case with every event and its place in the log.
func (h *audit) showCase(c *fiber.Ctx) error {
	cs, err := h.load(c)
	if err != nil {
		return err
	}
	ctx := c.UserContext()
	a, err := h.Svc.AuditCase(ctx, cs)
	if err != nil {
		return err
	}
	lines, err := h.Svc.Events(ctx, cs)
	if err != nil {
		return err
	}
	tasks, err := h.Svc.Tasks(ctx, cs)
	if err != nil {
		return err
	}
	for i := range tasks {
		tasks[i].Instructions = "" // may name a record by what only the desk may see
	}
	names, err := casefile.StaffNames(ctx, h.Svc)
	if err != nil {
		return err
	}
	given, _, err := h.Svc.Approvals(ctx, cs)
	if err != nil {
		return err
	}
	totals, err := h.Svc.OutcomeTotals(ctx, cs)
	if err != nil {
		return err
	}
	kept, err := h.Svc.Kept(ctx, cs)
	for i := range kept {
		kept[i].Ground = kept[i].Cited
	}
	if err != nil {
		return err
	}
	letters, err := h.Svc.Letters(ctx, cs)
	if err != nil {
		return err
	}
	titles := casefile.TitlesOf(h.Svc)
	v := templates.AuditCasePage{
		Page: web.PageOf(c), Case: casefile.Head(cs, h.Now()), Gaps: gapWords(a.Gaps),
		Approvals: casefile.Given(given, names), Outcomes: casefile.Outcomes(totals), Kept: casefile.Kept(kept, titles),
		Letters: casefile.Letters(cs, letters, nil), Tasks: casefile.Tasks(cs, tasks, titles, false),
		Evidence: templates.AuditCasePath(cs.ID.String()) + "/evidence",
	}
	if !follows(h.Svc, h.Now(), cs, lines) {
		v.Gaps = append(v.Gaps, "The due date does not follow from the events")
	}
	v.Case.Clock.Changes = casefile.Changes(lines)
	if v.Recipients, err = casefile.Recipients(ctx, h.Svc, cs); err != nil {
		return err
	}
	if v.Objections, err = casefile.Objections(ctx, h.Svc, cs); err != nil {
		return err
	}
	for i := range v.Objections {
		v.Objections[i].Reason = "" // its digest is in the log
	}
	if v.Restriction, err = casefile.Restriction(ctx, h.Svc, cs); err != nil {
		return err
	}
	if a.Answered != nil {
		v.Answered = *a.Answered
	}
	for _, g := range given {
		v.PlanHash = g.Hash
	}
	for _, l := range lines {
		v.Events = append(v.Events, templates.EventRow{
			Seq: l.Seq, Index: l.Index, At: l.At, Kind: l.Kind, Words: words(l), Actor: names.Actor(l.Actor), Data: string(l.Data),
		})
	}
	return render(c, fiber.StatusOK, templates.Audit(v))
}

// follows tells whether the due date can be computed again from the events
// alone: receipt, law, pauses and extensions.
func follows(svc *requests.Service, now time.Time, cs *requests.Case, lines []evidence.Line) bool {
	deadlines, err := svc.ClockFrom(lines)
	if err == nil && cs.Has(requests.Paused) { // an open pause counts up to today
		deadlines, err = svc.ClockAt(lines, now)
	}
	if err != nil {
		return false
	}
	y, m, d := cs.DueOn.Date()
	due := clock.Date{Year: y, Month: m, Day: d}
	return slices.ContainsFunc(deadlines, func(dl clock.Deadline) bool { return dl.Due == due })
}
