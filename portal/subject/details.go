package subject

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"habeas/requests"
	"habeas/templates"
)

// maxDetail is how long each part of a correction may be.
const maxDetail = 500

// takeDetails takes what single rights need to know.
func takeDetails(h subject, c *fiber.Ctx, a *templates.Answers) []fault {
	var faults []fault
	text := func(name string) string { return strings.TrimSpace(c.FormValue(name)) }
	if a.Has("rectification") {
		a.Corrections = nil
		for i := range templates.CorrectionsAsked {
			x := templates.AskedCorrection{What: text(fmt.Sprintf("what-%d", i)), Wrong: text(fmt.Sprintf("wrong-%d", i)), Right: text(fmt.Sprintf("right-%d", i))}
			if x == (templates.AskedCorrection{}) {
				continue
			}
			switch {
			case len(x.What) > maxDetail || len(x.Wrong) > maxDetail || len(x.Right) > maxDetail || strings.ContainsFunc(x.What+x.Wrong+x.Right, control):
				faults = append(faults, fault{fmt.Sprintf("what-%d", i), "too_long"})
			case x.What == "":
				faults = append(faults, fault{fmt.Sprintf("what-%d", i), "correction"})
			case x.Right == "":
				faults = append(faults, fault{fmt.Sprintf("right-%d", i), "correction"})
			}
			a.Corrections = append(a.Corrections, x)
		}
		if len(a.Corrections) == 0 {
			faults = append(faults, fault{"what-0", "correction"})
		}
	}
	one := func(have *string, name, key string, known ...string) {
		*have = c.FormValue(name)
		if !slices.Contains(known, *have) {
			*have = ""
			faults = append(faults, fault{name, key})
		}
	}
	if a.Has("restriction") {
		one(&a.Restriction, "restriction", "restriction", "accuracy_contested", "unlawful_processing", "needed_for_claims", "objection_pending")
	}
	if a.Has("objection") {
		faults = append(faults, takeObjections(h.uses(c), c, a)...)
		if a.Message = text("reason"); len(a.Message) > maxMessage {
			faults = append(faults, fault{"reason", "message_long"})
		}
	}
	if a.Has("access") && a.Region == "CA" {
		one(&a.Know, "know", "know", "pieces", "categories")
		one(&a.Period, "period", "period", "all", "year")
	}
	return faults
}

// uses are what people may object to, as the page's language calls it; nothing
// where the company has no register of processing.
func (h subject) uses(c *fiber.Ctx) []templates.Option {
	var first, rest []templates.Option
	for _, p := range h.Svc.Settings().Objectable() {
		o := templates.Option{Value: p.Name, Label: p.In(templates.Lang(c.UserContext()))}
		if p.Marketing {
			o.Hint = say(c, "details.use_marketing")
			first = append(first, o)
			continue
		}
		rest = append(rest, o)
	}
	out := append(first, rest...)
	if len(out) > 1 {
		out = append(out, templates.Option{Value: templates.AllUses, Label: say(c, "details.use_all")})
	}
	return out
}

// takeObjections takes what an objection is to: uses of the register, or only
// whether it is advertising where there is none.
func takeObjections(uses []templates.Option, c *fiber.Ctx, a *templates.Answers) []fault {
	a.Objection, a.Objections = "", nil
	if len(uses) == 0 {
		if a.Objection = c.FormValue("objection"); a.Objection != "marketing" && a.Objection != "other" {
			a.Objection = ""
			return []fault{{"objection", "objection"}}
		}
		return nil
	}
	known := make([]string, len(uses))
	for i, o := range uses {
		known[i] = o.Value
	}
	a.Objections = chosen(c, "objection", known)
	if len(a.Objections) == 0 {
		return []fault{{"objection", "objection"}}
	}
	return nil
}

// detailed puts the details into the filing.
func detailed(f *requests.Filing, a templates.Answers) {
	if a.Has("rectification") {
		for _, x := range a.Corrections {
			f.Corrections = append(f.Corrections, requests.ProposedCorrection(x))
		}
	}
	if a.Has("restriction") {
		f.Restriction = a.Restriction
	}
	f.Marketing = a.Has("objection") && a.Objection == "marketing"
	if a.Has("objection") && !slices.Contains(a.Objections, templates.AllUses) {
		f.Objections = a.Objections
	}
	if a.Has("access") && a.Region == "CA" {
		f.Know, f.Period = a.Know, a.Period
	}
}
