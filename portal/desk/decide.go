package desk

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"habeas/portal/desk/casefile"
	"habeas/portal/web"
	"habeas/requests"
	"habeas/requests/clock"
	"habeas/requests/connect"
	"habeas/templates"
)

// asProposed decides that records are this person's: each is dealt with as its
// system proposed, with the ground that keeps it where there is one.
const asProposed = "proposed"

// decideAtOnce is how many records one page decides about.
const decideAtOnce = 100

// decidePage shows the records named, or those that nobody decided about yet.
func (h desk) decidePage(c *fiber.Ctx) error {
	var refs []string
	for _, r := range c.Context().QueryArgs().PeekMulti("record") {
		refs = append(refs, string(r))
	}
	_, v, _, err := h.deciding(c, refs)
	if err != nil {
		return err
	}
	return h.render(c, fiber.StatusOK, templates.Decide(v))
}

// deciding is the page with the records picked.
func (h desk) deciding(c *fiber.Ctx, refs []string) (*requests.Case, templates.DecidePage, []requests.PickedRecord, error) {
	cs, err := h.load(c)
	if err != nil {
		return nil, templates.DecidePage{}, nil, err
	}
	p, err := h.Svc.Plan(c.UserContext(), cs, "", 0)
	if err != nil {
		return nil, templates.DecidePage{}, nil, err
	}
	if len(refs) > decideAtOnce {
		return nil, templates.DecidePage{}, nil, &requests.Error{Kind: requests.Invalid, Code: "invalid-input", Safe: fmt.Sprintf("Decide about at most %d records at once.", decideAtOnce)}
	}
	picked, err := h.Svc.Pick(c.UserContext(), cs, refs, decideAtOnce*4+1)
	if err != nil {
		return nil, templates.DecidePage{}, nil, err
	}
	v := templates.DecidePage{
		Page: h.page(c), Case: h.head(cs), Action: templates.DeskCasePath(cs.ID.String(), "decide"), Hash: p.Hash,
		Ground: c.FormValue("ground"), Reason: c.FormValue("reason"), Chosen: c.FormValue("all"),
	}
	if len(picked) > decideAtOnce {
		picked, v.More = picked[:decideAtOnce], true
	}
	titles := casefile.TitlesOf(h.Svc)
	proposed := 0
	for _, r := range picked {
		row := casefile.PlanRow(r.PlanRecord, r.Ref, titles)
		row.Choices = casefile.Choices(h.Svc, r.Record)
		if p := r.Note.Proposed; p != nil {
			row.Why = strings.TrimSuffix(row.Why+". If it is this person's: "+string(p.Action)+", "+p.Ground, ", ")
			proposed++
		}
		v.Records = append(v.Records, row)
	}
	if len(v.Records) > 1 {
		v.All = commonChoices(v.Records)
		if proposed == len(v.Records) {
			v.All = append([]templates.Option{{Value: asProposed, Label: "This person's: do to each what was proposed"}}, v.All...)
		}
	}
	v.Grounds = slices.Concat(deskGrounds, recordGrounds(cs))
	if len(v.Records) == 0 {
		v.Errors = []templates.FieldError{{Message: "No record of this plan waits for a decision."}}
	}
	return cs, v, picked, nil
}

// commonChoices are what can be done to every one of the records.
func commonChoices(rows []templates.PlanRow) []templates.Option {
	var out []templates.Option
	for _, o := range rows[0].Choices {
		everywhere := !slices.ContainsFunc(rows, func(r templates.PlanRow) bool {
			return !slices.ContainsFunc(r.Choices, func(have templates.Option) bool { return have.Value == o.Value })
		})
		if everywhere {
			out = append(out, o)
		}
	}
	return out
}

// deskGrounds are for records of which it was unclear whose they are.
var deskGrounds = []templates.Option{
	{Value: "own", Label: "Checked: the record is this person's"},
	{Value: "other", Label: "Checked: the record is somebody else's"},
}

var deskGroundText = map[string]string{
	"own":   "GDPR Art. 12(6): checked, the record is this person's",
	"other": "GDPR Art. 12(6): checked, the record is somebody else's",
}

// recordGrounds are the law's grounds to keep a record back.
func recordGrounds(cs *requests.Case) []templates.Option {
	list := grounds(cs, clock.ScopeRecord)
	for i := range list {
		list[i].Label += " (" + list[i].Hint + ")"
	}
	return list
}

// decide changes the plan: one record, several, or all on the page alike.
func (h desk) decide(c *fiber.Ctx) error {
	var refs []string
	for _, r := range c.Context().PostArgs().PeekMulti("record") {
		refs = append(refs, string(r))
	}
	if len(refs) == 0 {
		return &requests.Error{Kind: requests.Invalid, Code: "invalid-input", Safe: "Name at least one record."}
	}
	cs, v, picked, err := h.deciding(c, refs)
	if err != nil {
		return err
	}
	decisions, err := decisionsOf(c, cs, v, picked, refs)
	if err == nil && c.FormValue("plan_hash") != v.Hash {
		err = &requests.Error{Kind: requests.Conflict, Code: "plan-changed", Safe: "The plan has changed since you looked at it. Look at the records again before you decide."}
	}
	if err == nil {
		_, err = h.Svc.Decide(c.UserContext(), web.Actor(c), cs.ID, decisions)
	}
	if err != nil {
		faults, status, ok := onForm(err, map[string]string{"records[0].ground": "ground", "records": "action-0"})
		if !ok {
			return err
		}
		v.Errors = faults
		return h.render(c, status, templates.Decide(v))
	}
	return done(c, cs, "decided")
}

// decisionsOf reads the form: an action for each record or one for all, and
// the ground. What was chosen stays chosen on the page.
func decisionsOf(c *fiber.Ctx, cs *requests.Case, v templates.DecidePage, picked []requests.PickedRecord, refs []string) ([]requests.Decision, error) {
	ground, err := groundText(cs, c.FormValue("ground"), strings.TrimSpace(c.FormValue("reason")))
	var out []requests.Decision
	for i, r := range picked {
		at := slices.Index(refs, r.Ref) // the form numbers records as it showed them
		d := requests.Decision{
			System: r.Record.System, Type: r.Record.Type, Key: r.Record.Key, Right: r.Record.Right, Ground: ground,
			Action: connect.Action(cmp.Or(c.FormValue("all"), c.FormValue(fmt.Sprintf("action-%d", at)), string(r.Record.Action))),
			Fields: r.Record.Fields,
		}
		if c.FormValue("all") == asProposed && r.Note.Proposed != nil {
			d.Action, d.Fields, d.Ground = r.Note.Proposed.Action, r.Note.Proposed.Fields, cmp.Or(r.Note.Proposed.Ground, ground)
			v.Records[i].Action = string(d.Action)
			out = append(out, d)
			continue
		}
		if typed := c.FormValue(fmt.Sprintf("fields-%d", at)); typed != "" {
			d.Fields = strings.FieldsFunc(typed, func(x rune) bool { return x == ',' || x == ' ' })
		}
		if d.Action != connect.Redact && d.Action != connect.Mask && d.Action != r.Record.Action {
			d.Fields = nil // the fields were meant for the action before
		}
		v.Records[i].Action = string(d.Action)
		out = append(out, d)
	}
	if err == nil && len(out) < len(refs) {
		err = &requests.Error{Kind: requests.Conflict, Code: "plan-changed", Safe: "The plan no longer has one of these records. Open the case again."}
	}
	return out, err
}

// groundText is the ground as the plan keeps it: citation, words, and what
// the desk added.
func groundText(cs *requests.Case, code, reason string) (string, error) {
	bad := func(field, message string) error {
		return &requests.Error{Kind: requests.Invalid, Code: "invalid-input", Safe: message, Fields: []requests.FieldError{{Field: field, Message: message}}}
	}
	if len(reason) > 1000 {
		return "", bad("reason", "Use at most 1,000 letters.")
	}
	text, ok := deskGroundText[code]
	if !ok {
		var err error
		if text, err = lawGround(cs, code); err != nil {
			return "", bad("ground", "Choose the ground.")
		}
	}
	if reason != "" {
		text += ". " + reason
	}
	return text, nil
}

func lawGround(cs *requests.Case, code string) (string, error) {
	law, err := clock.Builtin().Law(cs.Law)
	if err != nil {
		return "", err
	}
	for _, right := range cs.Rights {
		for _, g := range law.Grounds(right) {
			if g.Code == code && g.Scope != clock.ScopeRequest {
				return g.Cite + ": " + g.Text, nil
			}
		}
	}
	return "", errors.New("desk: no such ground")
}
