package subject

import (
	"slices"

	"github.com/gofiber/fiber/v2"

	"habeas/portal/desk/casefile"
	"habeas/portal/web"
	"habeas/requests"
	"habeas/templates"
)

// status is the customer's truth page. Where no identity was proved, only what
// was asked is shown: what systems hold would tell whether the person is known.
func (h subject) status(c *fiber.Ctx) error {
	cs, err := h.own(c)
	if err != nil {
		return err
	}
	h.link(c, web.Actor(c))
	if other, err := h.linked(c, cs); err != nil || other != nil {
		if err != nil {
			return err
		}
		return web.Render(c, templates.MatterStatus(*other))
	}
	v := templates.StatusPage{
		Page: web.PageOf(c), Reference: cs.Reference, Rights: cs.Rights, Status: string(cs.Status), Clock: casefile.Derived(cs, h.Now()),
		Receipt: "/api/v1/requests/" + cs.ID.String() + "/receipt",
	}
	if cs.Status.Open() {
		v.Stream = "/api/v1/stream?request=" + cs.ID.String()
	}
	if v.Recourse, v.Appealed, err = h.recourse(c, cs); err != nil {
		return err
	}
	if v.Letters, err = h.letters(c, cs); err != nil {
		return err
	}
	proved := requests.NeedsProof(cs.Rights)
	for _, f := range cs.Flags {
		if shown(f, proved) {
			v.Flags = append(v.Flags, string(f))
		}
	}
	if v.Behalf, err = h.behalfState(c, cs); err != nil {
		return err
	}
	if v.Facts, err = h.factsCard(c, cs, v.Behalf); err != nil {
		return err
	}
	v.Purposes = h.withdrawn(c, cs)
	if proved {
		if err := h.details(c, cs, &v); err != nil {
			return err
		}
	}
	return web.Render(c, templates.Status(v))
}

// shown are the flags that are a customer's business.
func shown(f requests.Flag, proved bool) bool {
	switch f {
	case requests.Paused, requests.Extended, requests.Overdue:
		return true
	case requests.Partial, requests.Unproven:
		return proved
	}
	return false
}

// withdrawn are the consents that this request took back.
func (h subject) withdrawn(c *fiber.Ctx, cs *requests.Case) []templates.PurposeState {
	if !cs.Asks("consent_withdrawal", "opt_out") || cs.Status == requests.Withdrawn {
		return nil
	}
	var out []templates.PurposeState
	for _, o := range h.purposes(c) {
		if slices.Contains(cs.Purposes, o.Value) {
			out = append(out, templates.PurposeState{Name: o.Label, Withdrawn: cs.FiledAt})
		}
	}
	return out
}

// details are what a person who proved who they are sees besides.
func (h subject) details(c *fiber.Ctx, cs *requests.Case, v *templates.StatusPage) error {
	ctx, now := c.UserContext(), h.Now()
	titles := casefile.TitlesOf(h.Svc).In(templates.Lang(ctx))
	v.Result = cs.Result
	tasks, err := h.Svc.Tasks(ctx, cs)
	if err != nil {
		return err
	}
	quiet, err := h.Svc.Quiet(ctx, cs)
	if err != nil {
		return err
	}
	if v.Systems = progress(tasks, titles, decided(cs.Status)); quiet {
		v.Systems = hushed(v.Systems, cs.Status)
	}
	totals, err := h.Svc.OutcomeTotals(ctx, cs)
	if err != nil {
		return err
	}
	v.Outcomes = casefile.Outcomes(totals)
	if decided(cs.Status) {
		kept, err := h.Svc.Kept(ctx, cs)
		if err != nil {
			return err
		}
		v.Kept = casefile.Kept(kept, titles)
		for i, k := range kept {
			v.Kept[i].Why, v.Kept[i].Cite = h.reason(c, cs, "erasure", k.Ground, "")
		}
	}
	for _, d := range cs.Decisions {
		if d.Decision == "refused" {
			why, cite := h.reason(c, cs, d.Right, d.Ground, d.Code)
			v.Refusals = append(v.Refusals, templates.Refusal{Right: d.Right, Cite: cite, Text: why})
		}
	}
	v.Package = packageOf(cs, h.Now)
	if v.Package.State == "ready" {
		scope, err := h.Svc.PackageScope(ctx, cs)
		if err != nil {
			return err
		}
		if scope != requests.Pieces {
			v.AccessTo = string(scope)
		}
	}
	if cs.Status == requests.Executing && cs.WaitUntil != nil && cs.WaitUntil.After(now) && cs.ActedAt == nil {
		v.ErasureAt = *cs.WaitUntil
	}
	v.CanStop = cs.ActedAt == nil && cs.Status.CanBecome(requests.Withdrawn)
	return nil
}

func decided(s requests.Status) bool {
	return slices.Contains([]requests.Status{requests.Executing, requests.Verifying, requests.Completed, requests.Closed}, s)
}

func packageOf(cs *requests.Case, now clockFunc) templates.PackageState {
	switch {
	case cs.PackageName != "" && cs.PackageUntil != nil && now().After(*cs.PackageUntil):
		return templates.PackageState{State: "expired", Size: cs.PackageSize}
	case cs.PackageName != "" && cs.PackageSize > 0:
		p := templates.PackageState{State: "ready", Size: cs.PackageSize}
		if cs.PackageUntil != nil {
			p.Expires = *cs.PackageUntil
		}
		return p
	case cs.Asks("access", "portability") && (cs.Status == requests.Executing || cs.Status == requests.Verifying):
		return templates.PackageState{State: "preparing"}
	}
	return templates.PackageState{State: "none"}
}
