package casefile

import (
	"time"

	"habeas/requests"
	"habeas/templates"
)

// NextStep is what happens next in a case, in words, with where somebody can
// do it. It asks nobody: a list of cases costs one query.
func NextStep(c *requests.Case, now time.Time) templates.Action {
	at := func(label, verb string) templates.Action {
		return templates.Action{Label: label, Href: templates.DeskCasePath(c.ID.String(), verb)}
	}
	on := func(label, part string) templates.Action {
		return templates.Action{Label: label, Href: templates.DeskCasePath(c.ID.String(), "") + "#" + part}
	}
	if c.Has(requests.Paused) && c.Status.Open() {
		return at("Let the clock go on when the answer is there", "resume")
	}
	attention := c.Has(requests.Attention)
	switch c.Status {
	case requests.Filed:
		if attention || (c.Channel != "portal" && c.Channel != "api") { // letters and calls bring no code by themselves
			return at("Prove the identity by hand", "prove")
		}
		return templates.Action{Label: "Waiting for the customer's code"}
	case requests.Verified, requests.Discovering:
		if attention {
			return on("A search failed: look and try again", "tasks")
		}
		return templates.Action{Label: "Habeas is searching the systems"}
	case requests.Review:
		if attention {
			return on("Decide about what is unclear", "plan")
		}
		return on("Decide the plan", "plan")
	case requests.Executing:
		if attention {
			return on("Something failed: look and try again", "tasks")
		}
		if c.WaitUntil != nil && c.WaitUntil.After(now) && c.ActedAt == nil {
			return templates.Action{Label: "Waiting time before the erasure: the customer can still cancel"}
		}
		return on("Habeas is carrying it out", "tasks")
	case requests.Verifying:
		if attention {
			return on("A check failed: look and try again", "tasks")
		}
		return templates.Action{Label: "Habeas is checking what was done"}
	case requests.Completed:
		if attention {
			return on("Look at what came back", "tasks")
		}
		return templates.Action{Label: "Answered; Habeas looks again later"}
	}
	return templates.Action{Label: "Nothing to do"}
}
