// Package letters writes what we mail to people: subject, plain text and HTML of one content, every
// sentence from the catalogue (templates/locales/<language>/letters.yaml). A letter that lacks
// something the law wants in it does not render.
package letters

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/language"
)

// The kinds of letters.
const (
	Code           = "code"            // verification code, also for what staff filed
	Ack            = "ack"             // receipt (11 CCR 7021(a))
	Joined         = "joined"          // a duplicate was joined to the earlier request
	AccessReady    = "access_ready"    // GDPR 15, 20
	ErasureDone    = "erasure_done"    // GDPR 17
	WithdrawalDone = "withdrawal_done" // GDPR 7(3)
	OptOutDone     = "opt_out_done"    // Civ. 1798.120, .121; objection to advertising, GDPR 21(2)
	Done           = "done"            // rectification, restriction, objection
	Partial        = "partial"
	Refusal        = "refusal" // GDPR 12(4)
	NotFound       = "not_found"
	Unverified     = "unverified" // 11 CCR 7022(a), 7024(a)
	Extension      = "extension"  // GDPR 12(3)
	Withdrawn      = "withdrawn"  // the customer stopped it
	StoppedNotMe   = "stopped_not_me"
	Expired        = "expired" // a denial: identity never proven
)

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
	Text   string // facts, in plain words
	Ground string // citation: "GDPR Art. 17(3)(e)"
}

// Kept is what was left as it is or left out, and why.
type Kept struct {
	What   string // "invoices"
	Count  int
	Text   string
	Ground string
	Until  time.Time // date; zero when it is not known
}

// Counts are records by outcome. Accepted is what a system took without a means to check; Purging is
// removed by its system later. Neither is ever called erased.
type Counts struct {
	Erased, Masked, Detached, Suppressed, Corrected, Kept, Accepted, Purging int
}

// Data are the slots of a letter; which of them a kind needs, Render tells. Civil dates are taken as
// they stand in their location; At is a moment and is written with its zone.
type Data struct {
	Company   Company
	Authority Authority // overrides the law's; required under EU
	Law       string    // code of the clock's law table: EU UK CA VA …

	Reference string
	Received  time.Time // date
	Rights    []string  // codes
	Name      string    // of the person; used only where the address is proven

	Code     string        // six digits
	Valid    time.Duration // of the code
	Staff    bool          // code: our team filed the request
	Again    bool          // code: for a request that was verified before
	Verified bool          // ack: the address is confirmed

	EnterURL    string // page that asks for the code
	NotMeURL    string
	StatusURL   string
	DownloadURL string
	UndoURL     string // withdrawal_done, opt_out_done: given when nobody proved who asked
	ProofURL    string

	Due      time.Time // date of our answer
	Previous time.Time // extension: the date before it
	Until    time.Time // date: package to be had, code to be entered, purge done
	Backups  time.Time // date by which backups are overwritten
	Next     time.Time // date of the next re-scan
	At       time.Time // when it was done
	Joined   string    // reference of the earlier request

	Counts      Counts
	Kept        []Kept
	Reasons     []Reason
	Why         string   // extension: reason
	Purposes    []string // withdrawal_done, in the company's words; none means all
	Remaining   []string // withdrawal_done: what goes on, with its legal ground
	Recipients  []string // whom we told
	Results     []string // done, partial: what was done
	SearchedFor []string // not_found: kinds of identifiers
	SearchedIn  []string // not_found: systems, in the company's words
	Begun       []string // withdrawn, stopped_not_me: what had been done before
	Restored    bool     // stopped_not_me: consents were put back
	Listed      bool     // erasure_done: the person is on our own suppression list
}

// ErrMissing says that a letter lacks a slot; its text names kind and slots, never values.
var ErrMissing = errors.New("letters: something that the letter must contain is missing")

// ErrDigits says that a text would hold a run of six or more digits that is not the code of a code
// mail: programs find the code by that. Links need tokens without digits (mail.Token).
var ErrDigits = errors.New("letters: a run of six or more digits that is not the code")

// compositions writes each kind.
var compositions = map[string]func(*composer){
	Code: (*composer).code, Ack: (*composer).ack, Joined: (*composer).joined, AccessReady: (*composer).accessReady,
	ErasureDone: (*composer).erasureDone, WithdrawalDone: (*composer).withdrawalDone, OptOutDone: (*composer).optOutDone,
	Done: (*composer).done, Partial: (*composer).partial, Refusal: (*composer).refusal, NotFound: (*composer).notFound,
	Unverified: (*composer).unverified, Extension: (*composer).extension, Withdrawn: (*composer).withdrawn,
	StoppedNotMe: (*composer).stoppedNotMe, Expired: (*composer).expired,
}

// Kinds lists the kinds of letters, sorted.
func Kinds() []string {
	kinds := make([]string, 0, len(compositions))
	for kind := range compositions {
		kinds = append(kinds, kind)
	}
	slices.Sort(kinds)
	return kinds
}

// Match is the catalogue's language that serves a wanted one best: what Render will write.
func Match(locale string) string {
	tags := catalogues().bundle.LanguageTags()
	_, i, _ := language.NewMatcher(tags).Match(language.Make(locale))
	return tags[i].String()
}

// Render writes a letter. version names the wording (a digest of the catalogue). ErrMissing when a
// slot is empty that the kind needs, ErrDigits when the text could be taken for a code mail.
func Render(kind, locale string, d Data) (subject, text, html, version string, err error) {
	compose, ok := compositions[kind]
	if !ok {
		return "", "", "", "", fmt.Errorf("letters: there is no letter %q", kind)
	}
	c, err := newComposer(kind, Match(locale), d)
	if err != nil {
		return "", "", "", "", err
	}
	c.frame(compose)
	if err := c.fault(); err != nil {
		return "", "", "", "", err
	}
	text = c.doc.plainText()
	if err := checkDigits(kind, d.Code, c.doc.Subject, text); err != nil {
		return "", "", "", "", err
	}
	var page strings.Builder
	if err := letter(c.doc).Render(context.Background(), &page); err != nil {
		return "", "", "", "", fmt.Errorf("letters: %s: %w", kind, err)
	}
	return c.doc.Subject, text, page.String(), catalogues().versions[c.doc.Lang], nil
}

var digitRun = regexp.MustCompile(`[0-9]{6,}`)

func checkDigits(kind, code, subject, text string) error {
	runs := digitRun.FindAllString(text, -1)
	if kind == Code && len(runs) == 1 && runs[0] == code {
		runs = nil
	}
	if len(runs) > 0 || digitRun.MatchString(subject) {
		return fmt.Errorf("%w (%s)", ErrDigits, kind)
	}
	return nil
}
