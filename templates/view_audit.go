package templates

import "time"

// AuditListPage lists cases for the auditor, gaps first, without personal data.
type AuditListPage struct {
	Page
	Log     LogState
	Rows    []AuditRow
	Rights  []Option
	Right   string
	From    string // YYYY-MM-DD as typed
	To      string
	Gaps    bool // only cases with gaps
	Figures Figures
	Next    string
	First   string
	Sample  string // href that picks one case at random
}

// AuditRow is one case with what is missing in it.
type AuditRow struct {
	CaseRow
	Answered time.Time // zero while open
	Gaps     []string  // in words, e.g. "Answered 3 days late"
	Events   int
}

// Figures are counts over the filtered period.
type Figures struct {
	Received   int
	Answered   int
	OnTime     int
	Late       int
	Refused    int
	Open       int
	MedianDays int
}

// LogState is the state of the evidence log.
type LogState struct {
	Size       int64
	Origin     string
	Root       string // base64
	At         time.Time
	Checkpoint string // the signed note, whole
	Key        string // verifier key
	Pending    int
	Intact     bool
	Fault      string // what is wrong when not intact
	CheckedAt  time.Time
	Witnessed  bool
	Published  int64 // size of the published checkpoint
}

// AuditCasePage is one case with its events and log indexes.
type AuditCasePage struct {
	Page
	Case      CaseHead
	Answered  time.Time
	Gaps      []string
	Events    []EventRow
	Next      string
	First     string
	Approvals []Approval
	Outcomes  []OutcomeCount
	Kept      []KeptRecord
	Letters   []LetterRow
	Tasks     []TaskRow
	PlanHash  string
	// Recipients were told of what was done, or were not, with proof or ground.
	Recipients  []RecipientRow
	Objections  []ObjectionRow
	Restriction string // where one stands, in a sentence
	Evidence    string // path of the report download
	Log         LogState
}

// EventRow is one event of a case.
type EventRow struct {
	Seq   int64
	Index int64 // in the log; -1 while pending
	At    time.Time
	Kind  string
	Words string // what it tells, without hashes and ids
	Actor string
	Data  string // the payload as canonical JSON
}

// LogPage shows the log's state.
type LogPage struct {
	Page
	Log   LogState
	Tiles []TileRow
}

// TileRow is one tile of the log.
type TileRow struct {
	Href  string
	Path  string
	Level int
	Width int
}
