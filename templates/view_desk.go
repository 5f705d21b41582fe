package templates

import (
	"time"
)

// SignInPage is the staff's door.
type SignInPage struct {
	Page
	Email string
	Next  string   // path to go to afterwards
	Ended bool     // the session ended by itself
	Hint  []Option // the demo's sign-ins: Label is the person, Value the e-mail, Hint the password
}

// ListPage is the desk's list of cases, soonest due first.
type ListPage struct {
	Page
	Filters []Filter // count filters, in order
	Rights  []Option // for the right filter
	Systems []Option
	Filter  string // key of the active filter, "" = all open
	Right   string
	System  string
	Rows    []CaseRow
	Next    string // href of the next page, "" at the end
	First   string // href of the first page, "" when on it
	Paused  bool   // everything is paused by the kill switch
	Found   string // result of a search: what was searched for, in words without personal data
}

// Filter is one count above the list.
type Filter struct {
	Key    string // all overdue week waiting attention ready
	Label  string
	Count  int
	Capped bool // Count is a lower bound ("1000+")
}

// CaseRow is one case in a list. It holds no personal data.
type CaseRow struct {
	ID        string
	Reference string
	Rights    []string
	Country   string // name, "Germany"
	Law       string // "GDPR"
	Status    string
	Flags     []string
	Result    string
	Clock     Clock
	Next      string // next action in words: "Decide the plan"
	NextHref  string
	Channel   string
}

// DecisionPage is a plain page that does one thing to a case. Kind: approve
// refuse extend pause resume rediscover release withdraw retry.
type DecisionPage struct {
	Page
	Case      CaseHead
	Of        string // of a proof in a request for somebody else: asker or person
	Kind      string
	Action    string // path of the POST
	Plan      *PlanView
	Approvals Approvals
	Grounds   []Option // choices, Hint holds the article
	Ground    string
	Reason    string
	Right     string
	Rights    []Option // when one right of several can be chosen
	NewDue    time.Time
	Final     bool // this approval is the last one needed: it starts the work
	Wait      time.Duration
	Letter    string // preview of the letter that will be sent, plain text
	Until     string // extend: the day announced, as typed
	Announced bool   // extend: the law sets no date, so the desk announces one
}

// DecidePage changes what the plan does to one or several records.
type DecidePage struct {
	Page
	Case    CaseHead
	Action  string
	Groups  []PlanGroup // their rows have Choices
	All     []Option    // choices for all that are ticked
	Chosen  string      // the one chosen for all
	Fields  string      // one group whose action takes fields: as typed
	Grounds []Option
	Ground  string
	Reason  string
	Hash    string
	More    bool // more records wait than fit on the page
}

// ManualPage records the result of a manual task.
type ManualPage struct {
	Page
	Case   CaseHead
	Task   TaskRow
	Action string
	Result string
	Reason string
}

// PersonalPage asks for the purpose and then shows personal data.
type PersonalPage struct {
	Page
	Case       CaseHead
	Action     string
	Purpose    string
	Purposes   []Option
	Shown      bool
	Identities []IdentityRow
	Message    string
	Systems    []PersonalSystem
	Letters    []LetterRow
}

// IdentityRow is an identity in clear.
type IdentityRow struct {
	Kind   string
	Value  string
	Proven bool
}

// PersonalSystem is what one system holds, in clear.
type PersonalSystem struct {
	System  string
	Records []PersonalRecord
	More    bool
	Error   string
}

// PersonalRecord is one record in clear.
type PersonalRecord struct {
	Type   string
	Key    string
	Action string
	Fields []PersonalField
}

// PersonalField is one field in clear.
type PersonalField struct {
	Name     string
	Value    string
	Category string
	Redacted bool
}

// NewCasePage files a request that came by phone, letter, counter or e-mail.
type NewCasePage struct {
	Page
	Answers   Answers
	Channel   string
	Received  string // as typed, YYYY-MM-DD
	Reason    string
	Standings []Option // in which capacity somebody asks for another
	Ages      []Option // of a parent's child
	Countries []Option
	Regions   []Option
	Networks  []Option
	Purposes  []Option
	Languages []Option
	Language  string // of letters and package
}

// SystemsPage shows the connected systems and their switches.
type SystemsPage struct {
	Page
	Systems   []SystemRow
	AllPaused bool
	Since     time.Time
	PausedBy  string
	CanSwitch bool
}

// SystemRow is one connected system. Health: ok fault unknown unreachable.
type SystemRow struct {
	Name      string
	Label     string
	Kind      string // sqldb, declared, manual …
	Health    string
	CheckedAt time.Time
	Faults    []string
	Paused    bool
	PausedBy  string
	Since     time.Time
	Waiting   int
	Running   int
	Failed    int
	Slots     int
	Types     []string // record types
	Can       []string // find read erase mask detach suppress look …
	Cannot    []string // what cannot be checked
}

// UsersPage lists users and roles for the admin.
type UsersPage struct {
	Page
	Users []UserRow
	Email string
	Name  string
	Role  string
	Link  string // API token, shown once
}

// UserRow is one member of staff.
type UserRow struct {
	ID       string
	Name     string
	Email    string
	Role     string
	Since    time.Time
	Locked   bool
	Disabled bool
	You      bool
}

// LetterPage shows a letter as it was sent, once a purpose was named.
type LetterPage struct {
	Page
	Case     CaseHead
	Action   string
	Kind     string
	Purpose  string
	Purposes []Option
	Shown    bool
	To       string
	Subject  string
	Text     string
	Paper    bool // waits to be printed and posted
}
