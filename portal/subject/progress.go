package subject

import (
	"time"

	"habeas/portal/desk/casefile"
	"habeas/requests"
	"habeas/templates"
)

type clockFunc = func() time.Time

// progress tells how far each system is, from its tasks in the order in which
// they were made: the last one that is not over speaks for the system.
// What an access case collects before anybody decided is part of the search.
func progress(tasks []requests.TaskView, titles casefile.Titles, decided bool) []templates.SystemProgress {
	var out []templates.SystemProgress
	at := map[string]int{}
	for _, t := range tasks {
		if t.System == requests.OwnSystem || t.Status == "cancelled" || t.Stage == requests.Rescan || t.Stage == requests.Resume {
			continue
		}
		i, ok := at[t.System]
		if !ok {
			i = len(out)
			at[t.System] = i
			out = append(out, templates.SystemProgress{Name: titles.System(t.System)})
		}
		s := &out[i]
		if t.Stage == requests.Discover {
			s.Found = int(t.Count)
		}
		if busy(s.State) { // an earlier stage still runs
			continue
		}
		if s.State, s.Next = stateOf(t); s.State == "done" && t.Stage == requests.Collect && !decided {
			s.State = "found"
		}
	}
	return out
}

// hushed says of each system no more than that it is searched, and nothing once
// all are: what is there is told when it is settled who is asking.
func hushed(systems []templates.SystemProgress, status requests.Status) []templates.SystemProgress {
	if status != requests.Discovering {
		return nil
	}
	for i := range systems {
		systems[i].Found = 0
		if s := &systems[i]; s.State == "found" || s.State == "done" || s.State == "acting" {
			s.State = "searching"
		}
	}
	return systems
}

func busy(state string) bool {
	switch state {
	case "", "done", "found":
		return false
	}
	return true
}

// stateOf is a task in the customer's words.
func stateOf(t requests.TaskView) (string, time.Time) {
	switch {
	case t.Stage == requests.ByHand && t.Status != "done":
		return "person", time.Time{}
	case t.Status == "failed":
		return "person", time.Time{} // somebody looks after it
	case t.Status == "waiting" && t.Failures > 0:
		return "retrying", t.Next
	case t.Status == "waiting":
		return "waiting", time.Time{}
	case t.Status == "done" && t.Stage == requests.Discover:
		return "found", time.Time{}
	case t.Status == "done":
		return "done", time.Time{}
	case t.Stage == requests.Discover:
		return "searching", time.Time{}
	case t.Stage == requests.Check, t.Stage == requests.Verify:
		return "checking", time.Time{}
	}
	return "acting", time.Time{}
}
