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
	var rows []templates.PlanRow
	proposed := 0
	for _, r := range picked {
		row := casefile.PlanRow(r.PlanRecord, r.Ref, titles)
		row.Choices = casefile.Choices(h.Svc, r.Record)
		if p := r.Note.Proposed; p != nil {
			why, cite := casefile.Because(r.Record.Right, string(p.Action), p.Ground)
			row.Meant = &templates.Meant{Action: string(p.Action), Why: why, Cite: cite}
			proposed++
		}
		rows = append(rows, row)
	}
	if len(rows) == 0 {
		v.Errors = []templates.FieldError{{Message: "No record of this plan waits for a decision."}}
		return cs, v, picked, nil
	}
	v.Groups, v.All = templates.PlanGroups(rows), commonChoices(rows)
	if proposed == len(rows) {
		v.All = append([]templates.Option{{Value: asProposed, Label: "This person's: do to each what was proposed"}}, v.All...)
	}
	if len(v.Groups) == 1 {
		v.Chosen = cmp.Or(v.Chosen, v.Groups[0].Action)
		v.Fields = cmp.Or(c.FormValue("fields"), strings.Join(v.Groups[0].PlanRow.Fields, ", "))
	}
	v.Grounds = slices.Concat(deskGrounds, granted(cs), recordGrounds(cs))
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
			out = append(out, templates.Option{Value: o.Value, Label: o.Label + ": " + lower(o.Hint)})
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
	"own":   "checked, the record is this person's",
	"other": "checked, the record is somebody else's",
}

// recordGrounds are the law's grounds to keep a record back.
func recordGrounds(cs *requests.Case) []templates.Option {
	list := grounds(cs, clock.ScopeRecord)
	for i := range list {
		list[i].Label += " (" + list[i].Hint + ")"
	}
	return list
}

// granted are the law's grounds for what is asked: GDPR Art. 17(1).
func granted(cs *requests.Case) []templates.Option {
	law, err := cs.LawRow()
	if err != nil {
		return nil
	}
	var out []templates.Option
	for _, right := range cs.Rights {
		for _, g := range law.Granted(right) {
			out = append(out, templates.Option{Value: g.Code, Label: sentence(g.Text) + " (" + g.Cite + ")"})
		}
	}
	return out
}

func lower(s string) string { return strings.ToLower(s[:1]) + s[1:] }

// refsOf are the records that controls of a name stand for: each holds one or
// several refs with spaces between.
func refsOf(c *fiber.Ctx, name string) []string {
	var refs []string
	for _, v := range c.Context().PostArgs().PeekMulti(name) {
		refs = append(refs, strings.Fields(string(v))...)
	}
	return refs
}

// decide changes the plan for the records that are ticked: for all of them
// alike, or for a line of them otherwise.
func (h desk) decide(c *fiber.Ctx) error {
	ticked, shown := refsOf(c, "record"), refsOf(c, "shown")
	if len(shown) == 0 {
		shown = ticked
	}
	if len(shown) == 0 {
		return &requests.Error{Kind: requests.Invalid, Code: "invalid-input", Safe: "Name at least one record."}
	}
	cs, v, picked, err := h.deciding(c, shown)
	if err != nil {
		return err
	}
	for i, g := range v.Groups {
		v.Groups[i].Off = !slices.Contains(ticked, g.Refs[0])
		v.Groups[i].Own = c.FormValue(fmt.Sprintf("action-%d", i))
	}
	decisions, err := decisionsOf(c, cs, v, picked, ticked)
	if err == nil && c.FormValue("plan_hash") != v.Hash {
		err = &requests.Error{Kind: requests.Conflict, Code: "plan-changed", Safe: "The plan has changed since you looked at it. Look at the records again before you decide."}
	}
	if err == nil {
		_, err = h.Svc.Decide(c.UserContext(), web.Actor(c), cs.ID, decisions)
	}
	if err != nil {
		faults, status, ok := onForm(err, map[string]string{"records[0].ground": "ground", "records": "all"})
		if !ok {
			return err
		}
		v.Errors = faults
		return h.render(c, status, templates.Decide(v))
	}
	return done(c, cs, "decided")
}

// decisionsOf reads the form: an action for each line of records or one for
// all, and the ground. What was chosen stays chosen on the page.
func decisionsOf(c *fiber.Ctx, cs *requests.Case, v templates.DecidePage, picked []requests.PickedRecord, ticked []string) ([]requests.Decision, error) {
	if len(ticked) == 0 {
		return nil, misfilled("record-0", "Tick at least one line of records.")
	}
	ground, err := groundText(cs, c.FormValue("ground"), strings.TrimSpace(c.FormValue("reason")))
	if err != nil {
		return nil, err
	}
	own := map[string]string{}
	for _, g := range v.Groups {
		for _, ref := range g.Refs {
			own[ref] = g.Own
		}
	}
	var out []requests.Decision
	for _, r := range picked {
		if !slices.Contains(ticked, r.Ref) {
			continue
		}
		action := cmp.Or(own[r.Ref], v.Chosen)
		if action == "" {
			return nil, misfilled("all", "Choose what happens to the records.")
		}
		d := requests.Decision{
			System: r.Record.System, Type: r.Record.Type, Key: r.Record.Key, Right: r.Record.Right, Ground: ground,
			Action: connect.Action(action), Fields: r.Record.Fields,
		}
		if action == asProposed && r.Note.Proposed != nil {
			d.Action, d.Fields, d.Ground = r.Note.Proposed.Action, r.Note.Proposed.Fields, cmp.Or(r.Note.Proposed.Ground, ground)
			out = append(out, d)
			continue
		}
		if typed := c.FormValue("fields"); typed != "" && len(v.Groups) == 1 {
			d.Fields = strings.FieldsFunc(typed, func(x rune) bool { return x == ',' || x == ' ' })
		}
		if d.Action != connect.Redact && d.Action != connect.Mask && d.Action != r.Record.Action {
			d.Fields = nil // the fields were meant for the action before
		}
		out = append(out, d)
	}
	if len(out) < len(ticked) {
		return nil, &requests.Error{Kind: requests.Conflict, Code: "plan-changed", Safe: "The plan no longer has one of these records. Open the case again."}
	}
	return out, nil
}

// misfilled is an answer that is missing or wrong, at its field.
func misfilled(field, message string) error {
	return &requests.Error{Kind: requests.Invalid, Code: "invalid-input", Safe: message, Fields: []requests.FieldError{{Field: field, Message: message}}}
}

// groundText is the ground as the plan keeps it: citation, words, and what
// the desk added.
func groundText(cs *requests.Case, code, reason string) (string, error) {
	if len(reason) > 1000 {
		return "", misfilled("reason", "Use at most 1,000 letters.")
	}
	text, ok := deskGroundText[code]
	if ok {
		text = cs.DoubtCite(cs.Rights[0]) + ": " + text
	} else {
		var err error
		if text, err = lawGround(cs, code); err != nil {
			return "", misfilled("ground", "Choose the ground.")
		}
	}
	if reason != "" {
		text += ". " + reason
	}
	return text, nil
}

func lawGround(cs *requests.Case, code string) (string, error) {
	law, err := cs.LawRow()
	if err != nil {
		return "", err
	}
	for _, right := range cs.Rights {
		for _, g := range law.Granted(right) {
			if g.Code == code {
				return g.Cite + ": " + g.Text, nil
			}
		}
		for _, g := range law.Grounds(right) {
			if g.Code == code && g.Scope != clock.ScopeRequest {
				return g.Cite + ": " + g.Text, nil
			}
		}
	}
	return "", errors.New("desk: no such ground")
}
