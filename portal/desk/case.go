package desk

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"habeas/portal/desk/casefile"
	"habeas/portal/web"
	"habeas/requests"
	"habeas/templates"
)

// showCase is everything about one case, without personal data.
func (h desk) showCase(c *fiber.Ctx) error {
	cs, err := h.load(c)
	if err != nil {
		return err
	}
	if cs.Matter() {
		return h.showMatter(c, cs)
	}
	ctx := c.UserContext()
	by := web.Actor(c)
	names, err := h.staff(ctx)
	if err != nil {
		return err
	}
	titles := casefile.TitlesOf(h.Svc)
	tasks, err := h.Svc.Tasks(ctx, cs)
	if err != nil {
		return err
	}
	lines, err := h.Svc.Events(ctx, cs)
	if err != nil {
		return err
	}
	letters, err := h.Svc.Letters(ctx, cs)
	if err != nil {
		return err
	}
	proofs, err := h.Svc.Proofs(ctx, cs)
	if err != nil {
		return err
	}
	id := cs.ID.String()
	v := templates.CasePage{
		Page: h.page(c), Case: h.head(cs), Timeline: casefile.Timeline(lines, names, titles), Events: len(lines),
		Tasks: casefile.Tasks(cs, tasks, titles, true), Proofs: casefile.Proofs(proofs, names),
		Letters: casefile.Letters(cs, letters, func(letter string) string { return templates.DeskCasePath(id, "letters/"+letter) }),
	}
	v.Case.Clock.Changes = casefile.Changes(lines)
	for _, l := range lines {
		if l.Index >= 0 {
			v.InLog++
		}
	}
	if cs.Status.Open() {
		v.Stream = "/api/v1/stream?request=" + id
	}
	if err := h.planPart(c, cs, by, &v); err != nil {
		return err
	}
	totals, err := h.Svc.OutcomeTotals(ctx, cs)
	if err != nil {
		return err
	}
	if v.Outcomes = casefile.Outcomes(totals); len(v.Outcomes) > 0 {
		kept, err := h.Svc.Kept(ctx, cs)
		if err != nil {
			return err
		}
		v.Kept = casefile.Kept(kept, titles)
	}
	if v.Replies, err = h.Svc.CountReplies(ctx, cs); err != nil {
		return err
	}
	if err := h.recipientsPart(c, cs, &v); err != nil {
		return err
	}
	if v.Related, err = h.related(ctx, cs); err != nil {
		return err
	}
	if err := h.doubtPart(c, cs, &v); err != nil {
		return err
	}
	if v.Recourse, _, err = h.Svc.Recourses(ctx, cs); err != nil {
		return err
	}
	h.actions(cs, by, tasks, &v)
	slices.SortStableFunc(v.Actions, buttonsFirst)
	if err := h.behalfPart(c, cs, &v); err != nil {
		return err
	}
	return h.render(c, fiber.StatusOK, templates.Case(v))
}

// planRows is how many records a page of the plan shows.
const planRows = 100

func (h desk) planPart(c *fiber.Ctx, cs *requests.Case, by requests.Actor, v *templates.CasePage) error {
	if cs.PlanID == nil {
		return nil
	}
	p, err := h.Svc.Plan(c.UserContext(), cs, c.Query("cursor"), planRows)
	if err != nil {
		return err
	}
	key, err := h.Svc.CaseKey(c.UserContext(), cs.ID.String())
	if err != nil {
		return err
	}
	view := casefile.Plan(p, key, casefile.TitlesOf(h.Svc))
	view.CanDecide = cs.Status == requests.Review
	path := templates.DeskCasePath(cs.ID.String(), "")
	if c.Query("cursor") != "" {
		view.First = path + "#plan"
	}
	if p.Next != "" {
		view.Next = path + "?cursor=" + p.Next + "#plan"
	}
	v.Plan = &view
	v.Approvals, err = h.approvals(c, cs, by)
	return err
}

// approvals says who has approved the plan in force, and whether this person
// may.
func (h desk) approvals(c *fiber.Ctx, cs *requests.Case, by requests.Actor) (templates.Approvals, error) {
	given, needed, err := h.Svc.Approvals(c.UserContext(), cs)
	if err != nil {
		return templates.Approvals{}, err
	}
	names, err := h.staff(c.UserContext())
	if err != nil {
		return templates.Approvals{}, err
	}
	a := templates.Approvals{Needed: needed, Given: casefile.Given(given, names)}
	if !requests.NeedsProof(cs.Rights) {
		a.Needed = 0 // approved by rule
	}
	if cs.Status != requests.Review {
		return a, nil
	}
	proofs, err := h.Svc.Proofs(c.UserContext(), cs)
	if err != nil {
		return a, err
	}
	switch {
	case by.Role != requests.DPO:
		a.Why = "Only a data protection officer approves."
	case slices.ContainsFunc(given, func(g requests.ApprovalView) bool { return g.User.String() == by.ID }):
		a.Why = "You have approved this plan. A second person has to approve it."
	case slices.ContainsFunc(proofs, func(p requests.ProofView) bool { return p.ByUser != nil && p.ByUser.String() == by.ID }):
		a.Why = "You recorded the proof of identity, so somebody else has to approve."
	default:
		a.CanApprove = true
	}
	return a, nil
}

// actions offers what this person can do now: one thing first, the rest
// beside it.
func (h desk) actions(cs *requests.Case, by requests.Actor, tasks []requests.TaskView, v *templates.CasePage) {
	id := cs.ID.String()
	act := func(label, verb, kind string) templates.Action {
		return templates.Action{Label: label, Href: templates.DeskCasePath(id, verb), Kind: kind}
	}
	first := func(a templates.Action) { v.Primary = &a }
	decides := by.Role == requests.DPO
	if v.Replies > 0 {
		v.Actions = append(v.Actions, templates.Action{Label: "Read what the customer sent", Href: templates.DeskCasePath(id, "replies"), Kind: "secondary"})
	}
	if n := untold(v.Recipients); n > 0 && cs.Status == requests.Completed {
		v.Actions = append(v.Actions, act("Tell the recipients", "recipients", "secondary"))
	}
	v.Waiting = h.waiting(cs, tasks, v)
	switch {
	case decides && cs.Has(requests.Paused) && cs.Status.Open():
		first(act("Let the clock go on", "resume", ""))
	case cs.Status == requests.Filed && cs.Channel != "portal" && cs.Channel != "api":
		first(act("Prove the identity by hand", "prove", ""))
	case cs.Status == requests.Review && v.Plan != nil && v.Plan.CorrectionsOpen:
		first(act("Decide the corrections", "corrections", ""))
	case cs.Status == requests.Review && v.Plan != nil && v.Plan.Undecided > 0:
		first(act("Decide what is unclear", "decide", ""))
	case cs.Status == requests.Review && len(v.Doubts.List) > 0:
		first(act("Settle who is asking", "prove", ""))
	case cs.Status == requests.Review && v.Approvals.CanApprove:
		first(act("Approve this plan", "approve", ""))
	}
	if i := slices.IndexFunc(v.Tasks, func(t templates.TaskRow) bool { return t.ResultHref != "" }); v.Primary == nil && i >= 0 {
		first(templates.Action{Label: "Record the result by hand", Href: v.Tasks[i].ResultHref})
	}
	if cs.Status == requests.Review && cs.Asks("rectification") && v.Primary != nil && v.Primary.Label != "Decide the corrections" {
		v.Actions = append(v.Actions, act("Change the corrections", "corrections", "secondary"))
	}
	if len(v.Recourse) > 0 && cs.Status != requests.Filed {
		v.Actions = append(v.Actions, act("Enter an "+strings.Join(v.Recourse, " or "), "appeal", "link"))
		if v.Recourse[0] == requests.KindComplaint {
			v.Actions[len(v.Actions)-1].Label = "Enter a complaint"
		}
	}
	if !decides || !cs.Status.Open() {
		return
	}
	if cs.Status == requests.Review || cs.Status == requests.Filed {
		v.Actions = append(v.Actions, act("Refuse", "refuse", "secondary"))
	}
	if !cs.Has(requests.Extended) {
		v.Actions = append(v.Actions, act("Extend the deadline", "extend", "secondary"))
	}
	if cs.Status == requests.Filed || cs.Status == requests.Review {
		v.Actions = append(v.Actions, act("Ask for a proof of identity", "ask/id_request", "link"))
	}
	if cs.Status == requests.Review && cs.Asks("rectification") {
		v.Actions = append(v.Actions, act("Ask for a proof of the correction", "ask/correction_proof", "link"))
	}
	if cs.Asks("access", "portability") {
		v.Actions = append(v.Actions, act("Ask what they look for", "ask/clarify", "link"))
	}
	if cs.PlanID != nil && requests.NeedsProof(cs.Rights) {
		v.Actions = append(v.Actions, act("Read the answer before it goes out", "preview", "link"))
	}
	if !cs.Has(requests.Paused) {
		v.Actions = append(v.Actions, act("Pause the clock", "pause", "link"))
	}
	if cs.Status == requests.Review {
		v.Actions = append(v.Actions, act("Search again", "rediscover", "link"))
	}
	if cs.Status.CanBecome(requests.Withdrawn) && cs.ActedAt == nil {
		v.Actions = append(v.Actions, act("Withdraw for the customer", "withdraw", "link"))
	}
}

// buttonsFirst puts what is done often before what is done rarely.
func buttonsFirst(a, b templates.Action) int {
	rank := func(a templates.Action) int {
		if a.Kind == "link" {
			return 1
		}
		return 0
	}
	return rank(a) - rank(b)
}

// waiting says in one sentence what the case waits for.
func (h desk) waiting(cs *requests.Case, tasks []requests.TaskView, v *templates.CasePage) string {
	failed, hand := 0, 0
	for _, t := range tasks {
		switch {
		case t.Status == "failed":
			failed++
		case t.Stage == requests.ByHand && t.Status == "open":
			hand++
		}
	}
	switch {
	case failed > 0:
		return fmt.Sprintf("%d of its tasks failed for good. Look at why, then try again.", failed)
	case cs.Status == requests.Filed && cs.Channel != "portal" && cs.Channel != "api":
		return "The customer proves the address by a code, or you record that the person proved it."
	case cs.Status == requests.Review && v.Plan != nil && v.Plan.CorrectionsOpen:
		return "Nobody has decided yet which fields are corrected, and which stay."
	case cs.Status == requests.Review && v.Plan != nil && v.Plan.Undecided > 0:
		return fmt.Sprintf("The plan waits for a decision about %d records.", v.Plan.Undecided)
	case cs.Status == requests.Review && len(v.Doubts.List) > 0:
		return "It is open who is asking: the mailed code does not show it. Somebody records another proof."
	case cs.Status == requests.Review:
		return fmt.Sprintf("The plan waits for approval: %d of %d given.", len(v.Approvals.Given), v.Approvals.Needed)
	case cs.Status == requests.Executing && cs.WaitUntil != nil && cs.ActedAt == nil && cs.WaitUntil.After(h.Now()):
		return "The erasure begins on " + cs.WaitUntil.UTC().Format("2 January 15:04") + " UTC. Until then the customer can cancel it."
	case hand > 0:
		return fmt.Sprintf("%d tasks have to be done by hand.", hand)
	case cs.Status == requests.Completed && untold(v.Recipients) > 0:
		return "Answered. It does not close yet: " + strings.Join(holding(cs, tasks, v.Recipients), " ")
	case cs.Status == requests.Completed:
		if next := casefile.NextRescan(tasks); !next.IsZero() {
			return "Answered. Habeas looks again on " + next.Format("2 January 2006") + "."
		}
	}
	return casefile.NextStep(cs, h.Now()).Label + "."
}
