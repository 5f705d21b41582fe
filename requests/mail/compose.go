package mail

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"habeas/requests/seal"
	"habeas/templates/letters"
)

// What a letter says, as templates/letters has it: callers fill slots and need
// not know the templates.
type (
	// Slots are what a letter says.
	Slots = letters.Data
	// Company is who writes.
	Company = letters.Company
	// Authority is whom to complain to.
	Authority = letters.Authority
	// Reason is why a right was refused.
	Reason = letters.Reason
	// Kept is what was left as it is, and why.
	Kept = letters.Kept
	// Refused is a use that goes on although the person objected.
	Refused = letters.Refused
	// Counts are records by outcome.
	Counts = letters.Counts
	// Change is one thing that was corrected.
	Change = letters.Change
	// Untold is a recipient whom we could not tell, and why.
	Untold = letters.Untold
)

// The kinds of letters. docs/letters.md has what each must contain and which slots it needs.
const (
	Code                = letters.Code
	Ack                 = letters.Ack
	RequestJoined       = letters.RequestJoined
	Withdrawn           = letters.Withdrawn
	StoppedNotMe        = letters.StoppedNotMe
	ErasureWaits        = letters.ErasureWaits
	IDRequest           = letters.IDRequest
	Clarify             = letters.Clarify
	CorrectionProof     = letters.CorrectionProof
	Extension           = letters.Extension
	Unverified          = letters.Unverified
	Expired             = letters.Expired
	AccessReady         = letters.AccessReady
	PortabilityReady    = letters.PortabilityReady
	ErasureDone         = letters.ErasureDone
	WithdrawalDone      = letters.WithdrawalDone
	OptOutDone          = letters.OptOutDone
	RectificationDone   = letters.RectificationDone
	RestrictionDone     = letters.RestrictionDone
	RestrictionEnds     = letters.RestrictionEnds
	ObjectionDone       = letters.ObjectionDone
	Done                = letters.Done
	KeepNotice          = letters.KeepNotice
	Partial             = letters.Partial
	Refusal             = letters.Refusal
	Excessive           = letters.Excessive
	NotFound            = letters.NotFound
	RectificationDenied = letters.RectificationDenied
	CADeleteDenied      = letters.CADeleteDenied
	CACorrectDenied     = letters.CACorrectDenied
	StateDenied         = letters.StateDenied
	AppealReceived      = letters.AppealReceived
	AppealExtension     = letters.AppealExtension
	AppealDecision      = letters.AppealDecision
	ComplaintReceived   = letters.ComplaintReceived
	ComplaintAnswer     = letters.ComplaintAnswer
	BehalfNotice        = letters.BehalfNotice
	BehalfConfirm       = letters.BehalfConfirm
	BehalfStopped       = letters.BehalfStopped
	BehalfDeclined      = letters.BehalfDeclined
	BehalfPost          = letters.BehalfPost
	PermissionRefused   = letters.PermissionRefused
	PermissionMissing   = letters.PermissionMissing
	RecipientNotice     = letters.RecipientNotice
	DeskReminder        = letters.DeskReminder
	DeskOverdue         = letters.DeskOverdue
)

// What happens to the clock meanwhile, and how an appeal or a complaint was decided.
const (
	ClockRuns     = letters.ClockRuns
	ClockStops    = letters.ClockStops
	ClockRestarts = letters.ClockRestarts
	Granted       = letters.Granted
	PartlyGranted = letters.PartlyGranted
	Denied        = letters.Denied
)

// ToCustomer tells whether letters of a kind go to the person whose request it is.
func ToCustomer(kind string) bool { return letters.ToCustomer(kind) }

// Title is what a kind of letter is called in the language that fits the locale best.
func Title(kind, locale string) string { return letters.Title(kind, locale) }

// The slots whose words are the desk's.
const (
	SlotReason = letters.SlotReason
	SlotNote   = letters.SlotNote
	SlotPerson = letters.SlotPerson
)

// Ground is the sentence for the code of a ground, "" for one that has none.
func Ground(lang, code string) string { return letters.Ground(lang, code) }

// Cite writes a citation as a language does: Art. 17 DSGVO.
func Cite(lang, citation string) string { return letters.Cite(lang, citation) }

// HostsOf are the hosts of a company's own addresses, web and mail.
func HostsOf(addresses ...string) []string { return letters.HostsOf(addresses...) }

// Free lists the slots of a kind whose words are the desk's: reason, note, person.
func Free(kind string) []string { return letters.Free(kind) }

// CheckWords tells what is wrong with words that a person wrote for a slot; nil when nothing is.
// hosts are the company's own: the words may lead there and nowhere else.
func CheckWords(slot, text string, hosts []string) error {
	return letters.CheckWords(slot, text, hosts)
}

// Laws lists the laws that letters know, sorted.
func Laws() []string { return letters.Laws() }

// Grounds lists the codes of the table of grounds that letters have a sentence for, sorted.
func Grounds() []string { return letters.Grounds() }

// KindsOf lists the kinds of letters that a law has, sorted.
func KindsOf(law string) []string { return letters.KindsOf(law) }

// KindsIn lists the kinds of letters that a family of laws has, sorted.
func KindsIn(family string) []string { return letters.KindsIn(family) }

// NamedUnder reports whether letters name an authority under a law by themselves.
func NamedUnder(law string) bool {
	_, ok := letters.AuthorityOf(law)
	return ok
}

// Compose renders a letter in the language that fits l.Locale best. A letter that lacks something the
// law wants in it is an error.
func Compose(l Letter, slots Slots) (Letter, error) {
	var err error
	l.Locale = letters.Match(l.Locale)
	if l.Subject, l.Text, l.HTML, l.Version, err = letters.Render(l.Kind, l.Locale, slots); err != nil {
		return Letter{}, fmt.Errorf("mail: write: %w", err)
	}
	return l, nil
}

// Write composes a letter and queues it. When it cannot be composed, nothing is queued.
func Write(ctx context.Context, tx pgx.Tx, key seal.Key, l Letter, slots Slots) error {
	l, err := Compose(l, slots)
	if err != nil {
		return err
	}
	return Enqueue(ctx, tx, key, l)
}
