package letters

import "time"

// Company is who writes.
type Company struct {
	Name       string // required
	Contact    string // e-mail of the privacy team, required
	Phone      string
	Post       string // postal address, one line
	DPO        string // how to reach the data protection officer
	PrivacyURL string
	Colour     string // #rrggbb; anything else gives the stock colour
}

// Reason is why a right was refused.
type Reason struct {
	Right  string // code: erasure; "" for every right of the letter
	Text   string // facts, in plain words and in the letter's language
	Ground string // citation: "GDPR Art. 17(3)(e)", written in the letter's language
	Code   string // of the table of grounds: its sentence stands before the facts; "" for none
}

// Refused is a use of data that goes on although the person objected to it.
type Refused struct {
	Use    string // in the letter's language
	Text   string // facts, in plain words
	Ground string // citation
	Code   string // of the table of grounds
}

// Kept is what was left as it is or left out, and why.
type Kept struct {
	What   string // "invoices"
	Count  int
	Text   string // facts; may be empty when Code says enough
	Ground string
	Code   string // as Reason.Code
	Until  time.Time
}

// Untold is a recipient whom we could not tell, and why that was impossible or out of proportion.
type Untold struct{ Name, Text string }

// Change is one thing that was corrected: what it is, never its values.
type Change struct {
	What  string // "postal address"
	Where string // "customer database"
}

// Counts are records by outcome. Accepted is what a system took without a means to check; Purging is
// removed by its system later. Neither is ever called erased.
type Counts struct {
	Erased, Masked, Detached, Suppressed, Corrected, Kept, Accepted, Purging int
}

// What the clock does while we wait for an answer (id_request, clarify, excessive with a fee).
const (
	ClockRuns     = "runs"     // on, as if nothing had been asked
	ClockStops    = "stops"    // the days until the answer do not count
	ClockRestarts = "restarts" // the period begins when the answer is here
)

// How an appeal or a complaint was decided.
const (
	Granted       = "granted"
	PartlyGranted = "partly"
	Denied        = "denied"
)

// Data are the slots of a letter; docs/letters.md has which of them a kind needs. Civil dates are taken
// as they stand in their location; At is a moment and is written with its zone.
type Data struct {
	Company   Company
	Authority Authority // overrides the law's; required under EU
	Law       string    // code of the clock's law table: EU UK CA VA …
	Family    string    // whose letters a law has that is not in our table: EU UK CA US BR PIPEDA QC CH
	Appeal    int       // days in which an appeal is answered, where the clock's table has them

	Reference string
	Received  time.Time // date
	Rights    []string  // codes
	Name      string    // of the person; used only where the address is proven
	Verified  bool      // the address is proven

	Code  string        // six digits
	Valid time.Duration // of the code
	Staff bool          // code: our team filed the request
	Again bool          // code: for a request that was verified before

	EnterURL    string // page that asks for the code; id_request, clarify: page to answer on
	NotMeURL    string
	StatusURL   string
	DownloadURL string
	UndoURL     string // withdrawal_done, opt_out_done: given when nobody proved who asked
	ProofURL    string
	CancelURL   string // erasure_waits
	ConfirmURL  string // behalf_confirm
	OptOutURL   string // ca_delete_denied: given when the company sells or shares (7022(g))
	DeskURL     string // desk_reminder, desk_overdue

	Due      time.Time // date of our answer
	Previous time.Time // extension: the date before it
	Until    time.Time // date: package to be had, code to be entered, answer wanted, purge done, restriction ends; erasure_waits: a moment
	Backups  time.Time // date by which backups are overwritten
	Next     time.Time // date of the next re-scan
	At       time.Time // when it was done
	Joined   string    // request_joined, appeal_*, complaint_*: reference of the earlier request

	Counts      Counts
	Kept        []Kept
	Reasons     []Reason
	Why         string    // extension, restriction_ends: reason, and id_request, correction_proof: the doubt
	WhyCode     string    // extension: complexity, number, necessary
	Items       []string  // id_request: what would prove it (codes of proof.*, or words); clarify: our questions; correction_proof: what would show the right value
	Clock       string    // id_request, clarify, excessive with a fee: ClockRuns, ClockStops, ClockRestarts
	Fee         string    // excessive: an amount to agree to, such as "25.00 EUR"; "" refuses
	Purposes    []string  // withdrawal_done, objection_done, in the company's words; none means all
	Refused     []Refused // objection_done: what goes on, and why
	Remaining   []string  // withdrawal_done: what goes on, with its legal ground
	Recipients  []string  // whom we told
	Untold      []Untold  // whom we could not tell
	Results     []string  // what was done, in sentences
	Changes     []Change  // rectification_done
	SearchedFor []string  // not_found: kinds of identifiers (codes of identity.*, or words)
	SearchedIn  []string  // not_found: systems, in the company's words
	Unsearched  []string  // access_ready, CA: categories of records not searched (7024(c)(4))
	Withheld    []string  // access_ready, CA: kinds of data held and never put out (7024(d); codes of withheld.*, or words)
	Begun       []string  // withdrawn, stopped_not_me: what had been done before
	Restored    bool      // stopped_not_me: consents were put back
	Listed      bool      // erasure_done: the person is on our own suppression list
	Advertising bool      // objection_done: to direct marketing (21(2), (3))
	Health      bool      // ca_correct_denied: the data concern health (7023(f): a statement of 250 words)
	Decision    string    // appeal_decision, complaint_answer: Granted, PartlyGranted, Denied
	Recipient   string    // recipient_notice: who got the data from us
	Identifiers []string  // recipient_notice: by what they know the person
	Days        int       // desk_reminder: days left; desk_overdue: days past
	Open        int       // desk_reminder, desk_overdue: requests meant; 0 or 1 means the one of Reference

	Standing string // behalf_*: in which capacity somebody asks: agent, parent, attorney, guardian

	Note   string // free words of the desk, one or more paragraphs
	Person string // who at the company answers questions about this letter: name, extension
}
