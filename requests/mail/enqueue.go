// Package mail delivers letters. A letter is written to the outbox in the transaction that decides
// it, sealed under its case's key, and delivered after the commit: at least once, always with the
// same Message-ID, so that a second copy can be told for one. [Sink] captures mail for the demo and
// for tests.
package mail

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"habeas/requests/seal"
)

// SystemCase stands for the case of a letter that belongs to none; it is sealed under Ring.System.
const SystemCase = "00000000-0000-0000-0000-000000000000"

// channel is what Enqueue notifies and Run listens to.
const channel = "habeas_outbox"

const sealLabel = "outbox.sealed"

// Letter is one letter as it will be sent.
type Letter struct {
	ID      string // UUID, made by the caller; the Message-ID derives from it
	Case    string // UUID, or SystemCase
	Kind    string // letters.Kind
	Locale  string
	Version string // of the wording, from letters.Render
	To      string // one bare address; empty for a letter on paper
	Paper   bool   // printed and posted by the desk, not mailed
	Subject string
	Text    string
	HTML    string
}

// Sent is what the event letter.sent records about a letter. Digest is a keyed digest of address,
// subject, text and HTML.
type Sent struct {
	ID      string
	Case    string
	Kind    string
	Locale  string
	Version string
	Digest  string
	At      time.Time
}

// body is what the outbox seals.
type body struct {
	To      string `json:"to"`
	Subject string `json:"subject"`
	Text    string `json:"text"`
	HTML    string `json:"html"`
}

// Enqueue writes a letter to the outbox in the caller's transaction; it goes out after the commit.
// ErrAddress when To is not one bare address.
func Enqueue(ctx context.Context, tx pgx.Tx, key seal.Key, l Letter) error {
	if err := check(l); err != nil {
		return err
	}
	plain, err := json.Marshal(body{To: l.To, Subject: l.Subject, Text: l.Text, HTML: l.HTML})
	if err != nil {
		return fmt.Errorf("mail: enqueue: %w", err)
	}
	_, err = tx.Exec(ctx, `
		insert into outbox (id, case_id, kind, locale, version, digest, sealed, status)
		values ($1, $2, $3, $4, $5, $6, $7, case when $8 then 'paper' else 'due' end)`,
		l.ID, l.Case, l.Kind, l.Locale, l.Version,
		key.Digest("letter", l.ID, l.To, l.Subject, l.Text, l.HTML),
		key.Seal(sealLabel+" "+l.ID, plain), l.Paper)
	if err != nil {
		return fmt.Errorf("mail: enqueue: %w", err)
	}
	if _, err := tx.Exec(ctx, `select pg_notify($1, '')`, channel); err != nil {
		return fmt.Errorf("mail: enqueue: %w", err)
	}
	return nil
}

func check(l Letter) error {
	if err := CheckAddress(l.To); err != nil && !(l.Paper && l.To == "") {
		return err
	}
	if err := uuid.Validate(l.ID); err != nil {
		return fmt.Errorf("mail: enqueue: letter id: %w", err)
	}
	if err := uuid.Validate(l.Case); err != nil {
		return fmt.Errorf("mail: enqueue: case id: %w", err)
	}
	switch {
	case l.Kind == "" || l.Locale == "":
		return errors.New("mail: enqueue: a letter has a kind and a locale")
	case l.Subject == "" || hasControl(l.Subject):
		return errors.New("mail: enqueue: a subject is one line of text")
	case l.Text == "" || l.HTML == "":
		return errors.New("mail: enqueue: a letter has text and HTML")
	}
	return nil
}

// Forget removes the sealed letters of a case whose key is destroyed, and gives up those not yet
// sent. Kinds, times and digests stay.
func Forget(ctx context.Context, tx pgx.Tx, caseID string) error {
	_, err := tx.Exec(ctx, `
		update outbox
		set sealed = null, status = case when status in ('due', 'paper') then 'failed' else status end
		where case_id = $1`, caseID)
	if err != nil {
		return fmt.Errorf("mail: forget: %w", err)
	}
	return nil
}
