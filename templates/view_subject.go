package templates

import "time"

// StartPage opens the portal.
type StartPage struct {
	Page
	Open bool // a draft of this browser can be continued
}

// Answers are what the customer has said so far, kept from page to page.
type Answers struct {
	Rights     []string // codes
	Who        string   // self or other
	Country    string   // ISO 3166-1 alpha-2
	Region     string   // US state as its two letters, "" elsewhere
	Email      string
	Name       string
	Phone      string
	CustomerID string
	Network    string // of the social handle
	Handle     string
	Purposes   []string // consents to withdraw
	Download   string   // erasure: "first" = send me a copy first, "no"
	Message    string

	// Who asks for somebody else; all else is then about that person.
	Behalf   string // agent, parent, attorney, guardian
	ChildAge string // under_13, 13_to_15, 16_or_more
	RepName  string
	RepEmail string

	Corrections []AskedCorrection // rectification
	Restriction string            // ground of Art. 18(1), a code
	Objection   string            // "marketing" or "other", where there is nothing to choose from
	Objections  []string          // uses of the register, or AllUses
	Know        string            // California: "pieces" or "categories"
	Period      string            // California: "all" since 2022, or the last "year"
}

// AllUses stands for everything that can be objected to.
const AllUses = "*"

// AskedCorrection is one thing to correct, in the person's own words.
type AskedCorrection struct{ What, Wrong, Right string }

// CorrectionsAsked is how many corrections the form takes.
const CorrectionsAsked = 3

func (a Answers) correction(i int) AskedCorrection {
	if i < len(a.Corrections) {
		return a.Corrections[i]
	}
	return AskedCorrection{}
}

// ForOther says whether somebody asks for another person.
func (a Answers) ForOther() bool { return a.Who == "other" }

// AnswerTo is the address that the code and the letters go to.
func (a Answers) AnswerTo() string {
	if a.ForOther() {
		return a.RepEmail
	}
	return a.Email
}

// NeedsDetails says whether a right asks for more than who and where.
func (a Answers) NeedsDetails() bool {
	return a.Has("rectification") || a.Has("restriction") || a.Has("objection") || a.Has("access") && a.Region == "CA"
}

// NeedsProof says whether a right asks for proof of who asks.
func (a Answers) NeedsProof() bool {
	for _, r := range a.Rights {
		if r != "consent_withdrawal" && r != "opt_out" && r != "limit" {
			return true
		}
	}
	return false
}

// Has says whether a right is among those asked for.
func (a Answers) Has(right string) bool {
	for _, r := range a.Rights {
		if r == right {
			return true
		}
	}
	return false
}

// QuestionPage is one question of the form. Back is the page before; Change
// says that the person came from the check page and goes back there.
type QuestionPage struct {
	Page
	Answers   Answers
	Back      string
	Change    bool
	Countries []Option // where
	Regions   []Option // where: US states
	Networks  []Option // contact
	Purposes  []Option // purposes
	Uses      []Option // details: what can be objected to
	Foreseen  Foreseen // check
}

// Foreseen is the law that a request would run under if it were filed now, and
// until when it would be answered.
type Foreseen struct {
	LawCode, LawName string
	Due              []ForeseenDue // the earliest first
	Longer           bool          // the law has an extension
}

// ForeseenDue is the day by which rights would be answered, and why that day.
type ForeseenDue struct {
	Rights []string
	Day    time.Time
	Rules  []Rule
}

// CodePage asks for the code that was mailed.
type CodePage struct {
	Page
	Reference string
	Email     string // as the person typed it in this session; never read from a system
	Action    string // path that takes the code
	Resend    string // path that mails a new one
	Why       string // catalogue key below code.why: file, find, download
	LeftToday int    // how many more codes can be asked for today
}

// ConfirmationPage says what was filed and until when it is answered.
type ConfirmationPage struct {
	Page
	Reference string
	Rights    []string
	Clock     Clock
	Email     string // where letters go, as typed
	Verified  bool
	CodeURL   string // where to give the code, when not verified yet
	Purposes  []Option
	Behalf    *BehalfState // what a request for somebody else waits for
	Facts     *FactsCard   // details that are asked for
}

// StatusPage is the customer's view of a case.
type StatusPage struct {
	Page
	Reference string
	Rights    []string
	Status    string   // filed verified discovering review executing verifying completed closed refused expired withdrawn
	Flags     []string // paused extended overdue attention partial unproven
	Result    string   // no_data_held or ""
	Clock     Clock
	Systems   []SystemProgress
	Outcomes  []OutcomeCount
	Kept      []KeptRecord
	Refusals  []Refusal
	Letters   []LetterLine
	Purposes  []PurposeState
	Package   PackageState
	ErasureAt time.Time // the planned erasure begins then and can be cancelled; zero when nothing waits
	CanStop   bool
	Recourse  string // appeal, complaint, "" for none
	Appealed  []Recourse
	Receipt   string // path of the receipt, "" until there is one
	Stream    string // path of the event stream, "" when the case no longer moves
	Behalf    *BehalfState
	Facts     *FactsCard
	AccessTo  string // set when the answer was limited (e.g. categories only)
}

// BehalfState is what a request for somebody else waits for.
type BehalfState struct {
	Permission bool   // is still to be sent
	Looking    bool   // we look at it
	Refused    bool   // the last one did not suffice
	Because    string // why not, a code
	Person     bool   // the person concerned is still to confirm
	Optional   bool   // nothing waits for it: an opt-out took effect at once
	Ended      bool   // nothing is waited for any longer
	Declined   bool   // because the person concerned does not want it
}

// PermissionPage takes the document that proves that one may ask for another.
type PermissionPage struct {
	Page
	Kind    string // agent, parent, attorney, guardian
	Done    bool
	Refused bool
	Because string // why the last one did not suffice, a code
}

// SystemProgress is how far one system is, in the customer's words.
type SystemProgress struct {
	Name  string // as the company calls it: "Customer records"
	State string // waiting searching found acting checking done retrying person
	Found int
	Next  time.Time // retrying: when
}

// OutcomeCount counts records that ended alike.
type OutcomeCount struct {
	Outcome string
	Count   int
	Until   time.Time // purge_pending: gone by then
}

// KeptRecord is what was not erased, and why.
type KeptRecord struct {
	What  string
	Why   string
	Cite  string
	Until time.Time // zero: no fixed date
	Count int
}

// Refusal is a right that was refused, and why.
type Refusal struct {
	Right string
	Cite  string
	Text  string
}

// LetterLine is a letter that was sent in the case.
type LetterLine struct {
	At      time.Time
	Subject string
	Href    string
}

// PurposeState is one consent of the person.
type PurposeState struct {
	Name      string
	Withdrawn time.Time
}

// PackageState is the customer's package. State: none preparing ready expired.
type PackageState struct {
	State   string
	Expires time.Time
	Size    int64 // bytes
	Left    int   // downloads left; 0 = not limited
}

// DownloadPage hands out the package.
type DownloadPage struct {
	Page
	Reference string
	Package   PackageState
	Fresh     bool   // the code was given within 15 minutes
	Href      string // of the package itself
}

// SentLetterPage is a letter to the customer as it was sent.
type SentLetterPage struct {
	Page
	Letter LetterLine
	Lang   string // the letter's language, which may not be the page's
	Text   string
}

// ConfirmPage asks once more before something is done: stop, undo, not me.
type ConfirmPage struct {
	Page
	Standing  string   // permit, decline: in which capacity somebody asks
	Rights    []string // permit, decline: for what
	No        string   // permit: path of the page that stops it
	Key       string   // catalogue section: stop, undo, not_me
	Reference string
	Action    string // path of the POST
	Back      string
	Token     string // hidden value posted back, from the link in a letter
	Done      bool   // it has been done
	Begun     []string
	Purposes  []Option
}

// FindPage finds a request again by its reference.
type FindPage struct {
	Page
	Reference string
}

// ProblemPage says what went wrong and what to do. Code is an HTTP status, or
// 440 for a session that ended.
type ProblemPage struct {
	Page
	Code      int
	RequestID string
	Detail    string        // staff: what is wrong, in a sentence or two
	Retry     time.Duration // 429: try again after
	SignIn    string        // 440: where to sign in again
}
