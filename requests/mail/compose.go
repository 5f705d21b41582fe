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
	// Counts are records by outcome.
	Counts = letters.Counts
)

// The kinds of letters that requests send by name.
const (
	Code           = letters.Code
	Ack            = letters.Ack
	AccessReady    = letters.AccessReady
	ErasureDone    = letters.ErasureDone
	WithdrawalDone = letters.WithdrawalDone
	OptOutDone     = letters.OptOutDone
	Refusal        = letters.Refusal
	NotFound       = letters.NotFound
	Extension      = letters.Extension
	Unverified     = letters.Unverified
	Withdrawn      = letters.Withdrawn
	StoppedNotMe   = letters.StoppedNotMe
	Expired        = letters.Expired
)

// Write renders a letter in the language that fits l.Locale best and queues
// it: Enqueue, with subject, text and HTML from the template. A letter that
// lacks something the law wants in it is an error, and nothing is queued.
func Write(ctx context.Context, tx pgx.Tx, key seal.Key, l Letter, slots Slots) error {
	var err error
	l.Locale = letters.Match(l.Locale)
	if l.Subject, l.Text, l.HTML, l.Version, err = letters.Render(l.Kind, l.Locale, slots); err != nil {
		return fmt.Errorf("mail: write: %w", err)
	}
	return Enqueue(ctx, tx, key, l)
}
