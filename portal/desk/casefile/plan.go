package casefile

import (
	"regexp"
	"slices"
	"time"

	"habeas/requests"
	"habeas/requests/connect"
	"habeas/requests/plan"
	"habeas/requests/seal"
	"habeas/templates"
)

// Plan is a plan as staff see it. key names its records.
func Plan(p *requests.PlanView, key seal.Key, titles Titles) templates.PlanView {
	v := templates.PlanView{Hash: p.Hash, MadeAt: p.CreatedAt, Counts: counts(p), Total: int(p.Total), Undecided: p.Undecided, CorrectionsOpen: p.WaitsForCorrections()}
	if p.Stale {
		v.Drift = "This plan was approved and no longer fits."
	}
	for _, w := range p.Warnings {
		v.Warnings = append(v.Warnings, w.Text)
	}
	for _, m := range p.Manual {
		v.Manual = append(v.Manual, templates.ManualRow{System: titles.System(m.System), Instructions: m.Instructions})
	}
	for _, r := range p.Records {
		v.Records = append(v.Records, PlanRow(r, requests.RecordRef(key, r.Record.System, r.Record.Type, r.Record.Key, r.Record.Right), titles))
	}
	return v
}

func counts(p *requests.PlanView) []templates.ActionCount {
	var out []templates.ActionCount
	for _, c := range p.Counts {
		i := slices.IndexFunc(out, func(a templates.ActionCount) bool { return a.Action == string(c.Action) })
		if i < 0 {
			out = append(out, templates.ActionCount{Action: string(c.Action)})
			i = len(out) - 1
		}
		out[i].Count += int(c.Count)
	}
	return out
}

// PlanRow is one record of a plan, without values.
func PlanRow(r requests.PlanRecord, ref string, titles Titles) templates.PlanRow {
	why, cite := Because(r.Record.Right, string(r.Record.Action), r.Record.Ground)
	row := templates.PlanRow{
		System: titles.System(r.Record.System), Type: titles.Type(r.Record.System, r.Record.Type), Key: ShownKey(r.Record.Key, ref),
		Right: r.Record.Right, Action: string(r.Record.Action), Fields: r.Record.Fields, Ground: r.Record.Ground, Why: why, Cite: cite,
		Via: r.Record.Via, Match: string(r.Note.Match), Shared: r.Note.Shared, Outcome: r.Outcome, Ref: ref,
	}
	if r.Note.Until != "" {
		row.Until, _ = time.Parse(time.DateOnly, r.Note.Until)
	}
	return row
}

// plainKey is a key that is surely an id: numbers, UUIDs, and arrays of them.
// Anything else may be an address or a name.
var plainKey = regexp.MustCompile(`^([0-9]{1,12}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$|^\[("?[0-9]{1,12}"?,?)+\]$`)

// ShownKey is a record's key where it cannot be personal data, and else the
// beginning of the digest that stands for it.
func ShownKey(key, ref string) string {
	if plainKey.MatchString(key) {
		return key
	}
	return "#" + ref[:min(8, len(ref))]
}

// Choices are what can be done to a record for a right, as the service
// allows it.
func Choices(svc *requests.Service, r plan.Record) []templates.Option {
	var can []connect.Action
	switch r.Right {
	case "access", "portability":
		can = []connect.Action{connect.Disclose, connect.Redact}
	case "erasure":
		if conn, ok := svc.System(r.System); ok {
			for _, t := range conn.Describe().Types {
				if t.Name == r.Type {
					for _, a := range []connect.Action{connect.Erase, connect.Mask, connect.Detach} {
						if slices.Contains(t.Actions, a) {
							can = append(can, a)
						}
					}
				}
			}
		}
	default:
		can = []connect.Action{connect.Suppress}
	}
	var out []templates.Option
	for _, a := range append(can, connect.Keep) {
		out = append(out, choice(a, r.Right))
	}
	return out
}

func choice(a connect.Action, right string) templates.Option {
	o := templates.Option{Value: string(a)}
	switch a {
	case connect.Disclose:
		o.Label, o.Hint = "Disclose", "Goes into the package as it is"
	case connect.Redact:
		o.Label, o.Hint = "Redact", "Goes into the package with the fields named blacked out"
	case connect.Erase:
		o.Label, o.Hint = "Erase", "The record goes"
	case connect.Mask:
		o.Label, o.Hint = "Mask", "The record stays, the person's data in it is overwritten"
	case connect.Detach:
		o.Label, o.Hint = "Detach", "Stays for the others who use it, without this person"
	case connect.Suppress:
		o.Label, o.Hint = "Suppress", "No longer used for this purpose"
	case connect.Keep:
		o.Label, o.Hint = "Keep", "Stays as it is, with a ground"
		if right == "access" || right == "portability" {
			o.Label, o.Hint = "Withhold", "Not disclosed, with a ground"
		}
	}
	return o
}
