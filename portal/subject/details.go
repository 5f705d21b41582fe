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
func takeDetails(_ subject, c *fiber.Ctx, a *templates.Answers) []fault {
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
		one(&a.Objection, "objection", "objection", "marketing", "other")
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
	if a.Has("access") && a.Region == "CA" {
		f.Know, f.Period = a.Know, a.Period
	}
}
