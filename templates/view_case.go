package templates

import (
	"time"
)

// CaseHead is the sticky top of every page about one case.
type CaseHead struct {
	ID        string
	Reference string
	Rights    []string
	Country   string
	Article   string // "GDPR Art. 17"
	Status    string
	Flags     []string
	Result    string
	Clock     Clock
	Channel   string // portal api phone letter counter e-mail
	Locale    string
}

// Action is something that may be done now.
type Action struct {
	Label string
	Href  string
	Kind  string // primary secondary warning link
}

// CasePage is everything about one case that the desk needs to decide.
type CasePage struct {
	Page
	Case        CaseHead
	Primary     *Action
	Actions     []Action
	Waiting     string // what the case waits for, in one sentence
	Timeline    []TimelineItem
	Tasks       []TaskRow
	Plan        *PlanView
	Approvals   Approvals
	Proofs      []Proof
	Letters     []LetterRow
	Outcomes    []OutcomeCount
	Kept        []KeptRecord
	Holds       []Hold
	Recipients  []RecipientRow
	Objections  []ObjectionRow
	Weigh       string // path on which the objection is weighed; "" when it cannot be
	Restriction string // where a restriction stands, in one sentence
	Events      int    // events of this case
	InLog       int    // how many of them are in the log
	Stream      string // path of the event stream
	Replies     int    // that the customer sent and nobody has deleted
	Related     []RelatedCase
	Doubts      Doubts
	Facts       *FactsCount // nil where details do not count
	Recourse    []string    // what can be entered about it: appeal, complaint
}

// TimelineItem is one thing that happened, newest first.
type TimelineItem struct {
	At    time.Time
	Title string
	By    string // "customer", "Dana Okafor, DPO", "Habeas"
	Text  string
	Kind  string // event kind, e.g. plan.made
	Index int64  // index in the log; -1 when not there yet
}

// TaskRow is one task: one system in one stage.
type TaskRow struct {
	ID           string
	System       string
	Stage        string // discover collect suppress apply verify rescan manual
	Status       string // waiting running done retry failed manual paused
	Attempts     int
	Records      int
	Next         time.Time // retry: next attempt
	Error        string    // last cause, in words without personal data
	Manual       bool
	Instructions string
	Due          time.Time
	ResultHref   string // manual and open: where to record the result
	RetryHref    string // failed: POST there starts it again
	Receipts     int
}

// PlanView is the plan as stored.
type PlanView struct {
	Hash       string // 64 hex
	MadeAt     time.Time
	Counts     []ActionCount
	Records    []PlanRow
	Next       string // href of the next page of records
	First      string
	Total      int
	Warnings   []string
	Candidates int // records reached only by an unproved identity: not in the plan
	Manual     []ManualRow
	CanDecide  bool
	Undecided  int    // records that wait for a decision
	Drift      string // what differed when the systems were read again
	// CorrectionsOpen says that nobody has decided yet what is corrected.
	CorrectionsOpen bool
}

// ActionCount counts the plan's records by action.
type ActionCount struct {
	Action string
	Count  int
}

// PlanRow is one record of the plan. Key is opaque; no values.
type PlanRow struct {
	System  string
	Type    string
	Key     string
	Right   string
	Action  string
	Fields  []string
	Ground  string // code
	Why     string // ground in words
	Cite    string
	Until   time.Time
	Via     string
	Match   string // exact derived ambiguous
	Shared  int
	Outcome string
	Decided bool   // changed by the desk
	Ref     string // names the record in links and forms; holds no key
	Choices []Option
	Meant   *Meant // ambiguous: what its system proposed if it is this person's
}

// Meant is what happens to a record once it is known to be this person's.
type Meant struct{ Action, Why, Cite string }

// ManualRow is work that a person does in a system that Habeas cannot change.
type ManualRow struct {
	System       string
	Instructions string
	Due          time.Time
	Status       string
}

// Approvals says who has agreed and who still must.
type Approvals struct {
	Needed     int
	Given      []Approval
	CanApprove bool
	Why        string // why this person cannot approve
}

// Approval is one person's agreement to one plan hash.
type Approval struct {
	By   string
	At   time.Time
	Hash string
}

// Proof is one proof of identity. It holds no values.
type Proof struct {
	Kind   string
	At     time.Time
	Result string
}

// LetterRow is a letter of the case. Status: queued sent failed.
type LetterRow struct {
	At      time.Time
	Kind    string
	Status  string
	Href    string
	Locale  string
	Version string
}

// Hold keeps records from being erased.
type Hold struct {
	What   string
	Ground string
	Owner  string
	Review time.Time
}
