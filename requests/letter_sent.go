package requests

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"habeas/requests/evidence"
	"habeas/requests/mail"
)

// LetterSent notes, in the transaction that marks a letter sent, that it was.
func (s *Service) LetterSent(ctx context.Context, tx pgx.Tx, l mail.Sent) error {
	sent := evidence.LetterSent{
		Digest: evidence.Digest(l.Digest), Template: evidence.Code(l.Kind), Language: evidence.Code(l.Locale), Letter: evidence.ID(l.ID), Version: evidence.Code(l.Version),
	}
	if l.Kind == mail.RecipientNotice {
		return s.noticeSent(ctx, tx, l, sent)
	}
	return s.noteLetter(ctx, tx, l.Case, sent)
}

// LetterFailed notes that a letter was given up. The desk has to answer
// another way.
func (s *Service) LetterFailed(ctx context.Context, tx pgx.Tx, l mail.Sent, code int) error {
	if _, err := tx.Exec(ctx, `update cases set flags = array(select distinct f from unnest(flags || '{attention}') f order by f) where id = $1`, l.Case); err != nil {
		return fmt.Errorf("flag case: %w", err)
	}
	if l.Kind == mail.RecipientNotice {
		if err := noticeFailed(ctx, tx, l); err != nil {
			return err
		}
	}
	return s.noteLetter(ctx, tx, l.Case, evidence.LetterFailed{
		Code: evidence.Code(fmt.Sprintf("smtp-%d", code)), Template: evidence.Code(l.Kind), Letter: evidence.ID(l.ID),
	})
}

func (s *Service) noteLetter(ctx context.Context, tx pgx.Tx, caseID string, data evidence.Data) error {
	if caseID == mail.SystemCase {
		return evidence.AppendSystem(ctx, tx, evidence.Event{Actor: workerActor.String(), Data: data})
	}
	var seq int64
	var at time.Time
	err := tx.QueryRow(ctx, `update cases set event_seq = event_seq + 1, event_at = greatest(clock_timestamp(), event_at)
		where id = $1 returning event_seq, event_at`, caseID).Scan(&seq, &at)
	if err != nil {
		return fmt.Errorf("number event: %w", err)
	}
	return evidence.Append(ctx, tx, caseID, at, seq-1, evidence.Event{Actor: workerActor.String(), Data: data})
}

// LetterText is a letter as it was sent.
type LetterText struct{ Subject, Text, HTML, Lang string }

// Letter opens one letter of a case.
func (s *Service) Letter(ctx context.Context, c *Case, id string) (LetterText, error) {
	if err := uuid.Validate(id); err != nil {
		return LetterText{}, errNotFound()
	}
	key, err := s.CaseKey(ctx, c.ID.String())
	if err != nil {
		return LetterText{}, err
	}
	l, err := mail.Read(ctx, s.db, key, id)
	if err != nil || l.Case != c.ID.String() {
		return LetterText{}, errNotFound()
	}
	return LetterText{Subject: l.Subject, Text: l.Text, HTML: l.HTML, Lang: l.Locale}, nil
}
