package report

import (
	"slices"
	"strconv"
)

// What both forms of the report say.
const (
	NoGaps         = "The events show no gap."
	NoPersonalData = "Holds ids, codes, counts, times and digests; no personal data."
	CheckIt        = "This page is one file of a report that can be checked without trusting it: habeas verify FILE recomputes every hash, proof and signature beside it."
	Unwitnessed    = "Unwitnessed: the operator could have rewritten this log before others saw a checkpoint of it."
)

// EvidencePage is the readable evidence report of one case, for report.html
// and report.pdf alike. It is told by the case's events and receipts alone and
// holds no personal data: ids, codes, counts, times and digests.
type EvidencePage struct {
	Case   string
	Facts  []Fact   // law, rights, received, due, answered, …
	Gaps   []string // what an auditor should ask about, worst first
	Notes  []string // what is worth knowing and no fault
	Clocks []Clock
	Plans  []Plan
	Signed []Approval
	Done   []Outcome // what the systems were told to do
	Seen   []Outcome // what was seen afterwards
	Events []Event
	Log    []Fact // where the report stands in the log
}

// Fact is a name and its value.
type Fact struct{ Name, Value string }

// Clock is one date of the legal clock and the article that sets it.
type Clock struct{ What, Date, Cite string }

// Plan is one state of the plan.
type Plan struct {
	At, Hash, What string
	Counts         []PlanCount
}

// PlanCount counts records of a plan.
type PlanCount struct {
	System, Action string
	Count          int64
}

// Approval is one signature under a plan's hash.
type Approval struct {
	At, Who, Of, Hash string
	Stands            bool // the plan was not changed afterwards
}

// Outcome counts records with the same fate.
type Outcome struct {
	System, Type, Right, Outcome string
	Count                        int64
}

// Event is one line of the log in words.
type Event struct {
	Seq, Index     int64
	At, Actor, Say string
}

// Table is a list of the report. Numbers are the columns that hold figures,
// Widths the columns' shares of a line of 12 on paper.
type Table struct {
	Caption string
	Head    []string
	Rows    [][]string
	Numbers []int
	Widths  []int
}

// Number reports whether a column holds figures.
func (t Table) Number(i int) bool { return slices.Contains(t.Numbers, i) }

// ClockTable lists the dates of the legal clock.
func (p EvidencePage) ClockTable() Table {
	t := Table{Caption: "Dates of the legal clock", Head: []string{"What", "Date", "Rule"}, Widths: []int{4, 3, 5}}
	for _, c := range p.Clocks {
		t.Rows = append(t.Rows, []string{c.What, c.Date, c.Cite})
	}
	return t
}

// Table lists what a plan does.
func (p Plan) Table() Table {
	t := Table{Caption: "What this plan does", Head: []string{"System", "Action", "Records"}, Numbers: []int{2}, Widths: []int{5, 4, 3}}
	for _, c := range p.Counts {
		t.Rows = append(t.Rows, []string{c.System, c.Action, strconv.FormatInt(c.Count, 10)})
	}
	return t
}

// ApprovalTable lists who signed which plan.
func (p EvidencePage) ApprovalTable() Table {
	t := Table{Caption: "Approvals", Head: []string{"When (UTC)", "Who", "Which", "Plan", "Stands"}, Widths: []int{3, 4, 1, 2, 2}}
	for _, a := range p.Signed {
		stands := "no, the plan changed"
		if a.Stands {
			stands = "yes"
		}
		t.Rows = append(t.Rows, []string{a.At, a.Who, a.Of, a.Hash[:min(len(a.Hash), 12)] + "…", stands})
	}
	return t
}

// DoneTable lists what the systems were told to do.
func (p EvidencePage) DoneTable() Table { return outcomeTable("What was done", p.Done) }

// SeenTable lists what was seen afterwards.
func (p EvidencePage) SeenTable() Table {
	return outcomeTable("What was seen when the systems were looked at again", p.Seen)
}

func outcomeTable(caption string, list []Outcome) Table {
	t := Table{Caption: caption, Head: []string{"System", "Type", "Right", "Outcome", "Records"}, Numbers: []int{4}, Widths: []int{2, 3, 2, 3, 2}}
	for _, o := range list {
		t.Rows = append(t.Rows, []string{o.System, o.Type, o.Right, o.Outcome, strconv.FormatInt(o.Count, 10)})
	}
	return t
}

// EventTable lists every event.
func (p EvidencePage) EventTable() Table {
	t := Table{Caption: "Every event, as it stands in the log", Head: []string{"No.", "In the log", "When (UTC)", "Who", "What"}, Numbers: []int{0, 1}, Widths: []int{1, 1, 2, 3, 5}}
	for _, e := range p.Events {
		index := "waiting"
		if e.Index >= 0 {
			index = strconv.FormatInt(e.Index, 10)
		}
		t.Rows = append(t.Rows, []string{strconv.FormatInt(e.Seq, 10), index, e.At, e.Actor, e.Say})
	}
	return t
}
