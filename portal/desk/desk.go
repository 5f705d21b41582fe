// Package desk is what the staff work with: the list of cases, one page per
// case, and one plain page per decision. Every page is load, validate, act,
// redirect. Roles are checked by the route table before a handler runs.
package desk

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"time"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"habeas/portal/desk/casefile"
	"habeas/portal/web"
	"habeas/requests"
	"habeas/templates"
)

// Deps are what the desk is made of.
type Deps struct {
	Svc *requests.Service
	Now func() time.Time // default time.Now
}

type desk struct{ Deps }

// Routes of the desk and the admin's pages.
func Routes(d Deps) []web.Route {
	if d.Now == nil {
		d.Now = time.Now
	}
	h := desk{d}
	dpo := []requests.Role{requests.DPO}
	works := []requests.Role{requests.DPO, requests.Agent}
	sees := []requests.Role{requests.DPO, requests.Agent, requests.Admin}
	counts := []requests.Role{requests.DPO, requests.Auditor}
	switches := []requests.Role{requests.DPO, requests.Admin}
	admin := []requests.Role{requests.Admin}
	const of = "/desk/cases/:id"
	return []web.Route{
		{Method: fiber.MethodGet, Path: "/desk", Roles: works, Handler: h.list},
		{Method: fiber.MethodPost, Path: "/desk/search", Roles: works, Handler: h.search},
		{Method: fiber.MethodGet, Path: "/desk/new", Roles: works, Handler: h.newCase},
		{Method: fiber.MethodPost, Path: "/desk/new", Roles: works, Handler: h.fileCase},
		{Method: fiber.MethodGet, Path: of, Roles: works, Handler: h.showCase},
		{Method: fiber.MethodGet, Path: of + "/approve", Roles: dpo, Handler: h.approvePage},
		{Method: fiber.MethodPost, Path: of + "/approve", Roles: dpo, Handler: h.approve},
		{Method: fiber.MethodGet, Path: of + "/refuse", Roles: dpo, Handler: h.refusePage},
		{Method: fiber.MethodPost, Path: of + "/refuse", Roles: dpo, Handler: h.refuse},
		{Method: fiber.MethodGet, Path: of + "/extend", Roles: dpo, Handler: h.extendPage},
		{Method: fiber.MethodPost, Path: of + "/extend", Roles: dpo, Handler: h.extend},
		{Method: fiber.MethodGet, Path: of + "/law", Roles: works, Handler: h.lawPage},
		{Method: fiber.MethodPost, Path: of + "/law", Roles: works, Handler: h.correctLaw},
		{Method: fiber.MethodGet, Path: of + "/pause", Roles: dpo, Handler: h.pausePage},
		{Method: fiber.MethodPost, Path: of + "/pause", Roles: dpo, Handler: h.pause},
		{Method: fiber.MethodGet, Path: of + "/resume", Roles: dpo, Handler: h.resumePage},
		{Method: fiber.MethodPost, Path: of + "/resume", Roles: dpo, Handler: h.resume},
		{Method: fiber.MethodGet, Path: of + "/rediscover", Roles: dpo, Handler: h.rediscoverPage},
		{Method: fiber.MethodPost, Path: of + "/rediscover", Roles: dpo, Handler: h.rediscover},
		{Method: fiber.MethodGet, Path: of + "/withdraw", Roles: dpo, Handler: h.withdrawPage},
		{Method: fiber.MethodPost, Path: of + "/withdraw", Roles: dpo, Handler: h.withdraw},
		{Method: fiber.MethodGet, Path: of + "/prove", Roles: works, Handler: h.provePage},
		{Method: fiber.MethodPost, Path: of + "/prove", Roles: works, Handler: h.prove},
		{Method: fiber.MethodGet, Path: of + "/decide", Roles: works, Handler: h.decidePage},
		{Method: fiber.MethodPost, Path: of + "/decide", Roles: works, Handler: h.decide},
		{Method: fiber.MethodGet, Path: of + "/personal-data", Roles: works, Handler: h.personalPage},
		{Method: fiber.MethodPost, Path: of + "/personal-data", Roles: works, Handler: h.personal},
		{Method: fiber.MethodGet, Path: of + "/letters/:letter", Roles: works, Handler: h.letterPage},
		{Method: fiber.MethodPost, Path: of + "/letters/:letter", Roles: works, Handler: h.letter},
		{Method: fiber.MethodPost, Path: of + "/letters/:letter/posted", Roles: works, Handler: h.posted},
		{Method: fiber.MethodGet, Path: of + "/drafts/:draft", Roles: dpo, Handler: h.draftPage},
		{Method: fiber.MethodPost, Path: of + "/drafts/:draft", Roles: dpo, Handler: h.sendDraft},
		{Method: fiber.MethodGet, Path: of + "/drafts/:draft/:n", Roles: dpo, Handler: h.draftHTML},
		{Method: fiber.MethodGet, Path: of + "/drafts/:draft/:n/:lang", Roles: dpo, Handler: h.draftHTML},
		{Method: fiber.MethodGet, Path: of + "/replies", Roles: works, Handler: h.repliesPage},
		{Method: fiber.MethodPost, Path: of + "/replies", Roles: works, Handler: h.replies},
		{Method: fiber.MethodPost, Path: of + "/replies/:reply/drop", Roles: works, Handler: h.dropReply},
		{Method: fiber.MethodGet, Path: of + "/behalf", Roles: works, Handler: h.behalfPage},
		{Method: fiber.MethodPost, Path: of + "/behalf", Roles: works, Handler: h.decideBehalf},
		{Method: fiber.MethodPost, Path: of + "/documents/:document", Roles: works, Handler: h.document},
		{Method: fiber.MethodGet, Path: of + "/preview", Roles: dpo, Handler: h.previewPage},
		{Method: fiber.MethodPost, Path: of + "/preview", Roles: dpo, Handler: h.preview},
		{Method: fiber.MethodGet, Path: of + "/ask/:kind", Roles: dpo, Handler: h.askPage},
		{Method: fiber.MethodPost, Path: of + "/ask/:kind", Roles: dpo, Handler: h.ask},
		{Method: fiber.MethodGet, Path: of + "/corrections", Roles: works, Handler: h.correctPage},
		{Method: fiber.MethodPost, Path: of + "/corrections", Roles: works, Handler: h.correct},
		{Method: fiber.MethodGet, Path: of + "/recipients", Roles: works, Handler: h.recipientsPage},
		{Method: fiber.MethodPost, Path: of + "/recipients/:notice", Roles: works, Handler: h.settleRecipient},
		{Method: fiber.MethodGet, Path: of + "/objection", Roles: dpo, Handler: h.weighPage},
		{Method: fiber.MethodPost, Path: of + "/objection", Roles: dpo, Handler: h.weigh},
		{Method: fiber.MethodGet, Path: of + "/restriction", Roles: dpo, Handler: h.restrictionPage},
		{Method: fiber.MethodPost, Path: of + "/restriction/warn", Roles: dpo, Handler: h.warnRestriction},
		{Method: fiber.MethodPost, Path: of + "/restriction/lift", Roles: dpo, Handler: h.liftRestriction},
		{Method: fiber.MethodGet, Path: of + "/tasks/:task/result", Roles: works, Handler: h.manualPage},
		{Method: fiber.MethodPost, Path: of + "/tasks/:task/result", Roles: works, Handler: h.manual, MaxBody: maxUpload + 64<<10},
		{Method: fiber.MethodPost, Path: of + "/tasks/:task/retry", Roles: works, Handler: h.retry},
		{Method: fiber.MethodGet, Path: "/desk/figures", Roles: counts, Handler: h.figures},
		{Method: fiber.MethodGet, Path: "/desk/figures/cases", Roles: counts, Handler: h.figureCases},
		{Method: fiber.MethodGet, Path: of + "/appeal", Roles: works, Handler: h.enterPage},
		{Method: fiber.MethodPost, Path: of + "/appeal", Roles: works, Handler: h.enter},
		{Method: fiber.MethodPost, Path: of + "/answer", Roles: dpo, Handler: h.answerMatter},
		{Method: fiber.MethodGet, Path: "/desk/holds", Roles: works, Handler: h.holds},
		{Method: fiber.MethodGet, Path: "/desk/holds/new", Roles: dpo, Handler: h.newHoldPage},
		{Method: fiber.MethodPost, Path: "/desk/holds/new", Roles: dpo, Handler: h.setHold},
		{Method: fiber.MethodGet, Path: "/desk/holds/:hold/lift", Roles: dpo, Handler: h.liftPage},
		{Method: fiber.MethodPost, Path: "/desk/holds/:hold/lift", Roles: dpo, Handler: h.liftHold},
		{Method: fiber.MethodGet, Path: "/desk/systems", Roles: sees, Handler: h.systems},
		{Method: fiber.MethodPost, Path: "/desk/systems/:name/pause", Roles: switches, Handler: h.pauseSystem},
		{Method: fiber.MethodPost, Path: "/desk/systems/:name/resume", Roles: switches, Handler: h.resumeSystem},
		{Method: fiber.MethodPost, Path: "/desk/systems/:name/check", Roles: switches, Handler: h.checkSystem},
		{Method: fiber.MethodGet, Path: "/admin/users", Roles: admin, Handler: h.users},
		{Method: fiber.MethodPost, Path: "/admin/users", Roles: admin, Handler: h.addUser},
		{Method: fiber.MethodPost, Path: "/admin/users/:user/disable", Roles: admin, Handler: h.disableUser},
		{Method: fiber.MethodPost, Path: "/admin/users/:user/enable", Roles: admin, Handler: h.enableUser},
		{Method: fiber.MethodPost, Path: "/admin/users/:user/token", Roles: admin, Handler: h.userToken},
	}
}

// load reads the case that the path names.
func (h desk) load(c *fiber.Ctx) (*requests.Case, error) {
	id, err := caseID(c)
	if err != nil {
		return nil, err
	}
	return h.Svc.Get(c.UserContext(), web.Actor(c), id)
}

// noSuchCase is the answer for an id that is none, as for one unknown.
var noSuchCase = &requests.Error{Kind: requests.NotFound, Code: "not-found", Safe: "There is no such request, or it is not yours to see."}

func caseID(c *fiber.Ctx) (uuid.UUID, error) { return param(c, "id") }

func param(c *fiber.Ctx, name string) (uuid.UUID, error) {
	id, err := uuid.Parse(c.Params(name))
	if err != nil {
		return id, noSuchCase
	}
	return id, nil
}

// head is the top of a case's page.
func (h desk) head(cs *requests.Case) templates.CaseHead { return casefile.Head(cs, h.Now()) }

// render writes a page; one with errors on its form says so in its status.
func (h desk) render(c *fiber.Ctx, status int, page templ.Component) error {
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Status(status)
	return web.Render(c, page)
}

// seeOther goes on to a case's page, or another, after something was done.
func seeOther(c *fiber.Ctx, path, done string) error {
	if done != "" {
		path += "?" + url.Values{"done": {done}}.Encode()
	}
	return c.Redirect(path, fiber.StatusSeeOther)
}

// onForm tells whether an error belongs on the form it came from, as field
// errors with the status that says so. Others go to the error page.
func onForm(err error, fields map[string]string) (faults []templates.FieldError, status int, ok bool) {
	e := requests.AsError(err)
	switch e.Kind {
	case requests.Invalid:
		status = fiber.StatusBadRequest
	case requests.Unlawful, requests.Unprocessed:
		status = fiber.StatusUnprocessableEntity
	case requests.Conflict:
		status = fiber.StatusConflict
	case requests.Forbidden:
		status = fiber.StatusForbidden
	default:
		return nil, 0, false
	}
	for _, f := range e.Fields {
		faults = append(faults, templates.FieldError{Field: cmp.Or(fields[f.Field], f.Field), Message: f.Message})
	}
	if len(faults) == 0 {
		faults = []templates.FieldError{{Message: e.Safe}}
	}
	return faults, status, true
}

// staff names who did what.
func (h desk) staff(ctx context.Context) (casefile.Names, error) {
	return casefile.StaffNames(ctx, h.Svc)
}

// rightOptions are the case's rights to choose from; none where there is one.
func rightOptions(cs *requests.Case) []templates.Option {
	if len(cs.Rights) < 2 {
		return nil
	}
	var out []templates.Option
	for _, r := range cs.Rights {
		refused := slices.ContainsFunc(cs.Decisions, func(d requests.RightDecision) bool { return d.Right == r && d.Decision == "refused" })
		if !refused {
			out = append(out, templates.Option{Value: r, Label: templates.RightLabel(r)})
		}
	}
	return out
}
