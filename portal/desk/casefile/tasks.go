package casefile

import (
	"slices"
	"time"

	"habeas/requests"
	"habeas/templates"
)

// Tasks are a case's tasks as staff see them, newest stage last. Links to act
// on them are set where act is. There a search that was repeated with what
// another system taught shows its last round only.
func Tasks(c *requests.Case, list []requests.TaskView, titles Titles, act bool) []templates.TaskRow {
	var out []templates.TaskRow
	id := c.ID.String()
	for _, t := range list {
		if t.Status == "cancelled" || (t.Stage == requests.Rescan && t.Status == "waiting") {
			continue
		}
		row := templates.TaskRow{
			ID: t.ID.String(), System: titles.System(t.System), Stage: stageCode(t.Stage), Status: t.Status, Attempts: t.Attempts,
			Records: int(t.Count), Error: t.ErrorText, Manual: t.Stage == requests.ByHand, Instructions: t.Instructions,
		}
		if t.Due != nil {
			row.Due = *t.Due
		}
		switch {
		case t.Stage == requests.ByHand && t.Status == "open":
			row.Status = "manual"
			if act {
				row.ResultHref = templates.DeskTaskPath(id, row.ID, "result")
			}
		case t.Stage == requests.ByHand:
			row.Error = manualResult[t.Result]
		case t.Status == "waiting" && t.Failures > 0:
			row.Status, row.Next = "retry", t.Next
			if act {
				row.RetryHref = templates.DeskTaskPath(id, row.ID, "retry")
			}
		case t.Status == "failed" && act:
			row.RetryHref = templates.DeskTaskPath(id, row.ID, "retry")
		}
		if act && row.Stage == string(requests.Discover) {
			out = slices.DeleteFunc(out, func(r templates.TaskRow) bool {
				return r.Stage == row.Stage && r.System == row.System && r.Status == "done"
			})
		}
		out = append(out, row)
	}
	return out
}

var manualResult = map[string]string{"not_found": "Nothing was found there.", "exception": "It could not be done: the record stays."}

// stageCode is the word that pages have for a stage.
func stageCode(s requests.Stage) string {
	switch s {
	case requests.Check:
		return "drift"
	case requests.Erase:
		return "apply"
	}
	return string(s)
}

// NextRescan is when Habeas looks again; zero when it does not.
func NextRescan(list []requests.TaskView) time.Time {
	var next time.Time
	for _, t := range list {
		if t.Stage == requests.Rescan && t.Status == "waiting" && (next.IsZero() || t.Next.Before(next)) {
			next = t.Next
		}
	}
	return next
}
