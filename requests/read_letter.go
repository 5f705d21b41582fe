package requests

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"habeas/requests/evidence"
	"habeas/requests/mail"
)

// secrets are codes and links that act for the customer: nobody else sees
// them, or staff could prove an address that is not theirs.
var secrets = regexp.MustCompile(`\b[0-9]{6}\b|(token=)[A-Za-z0-9_%-]+`)

func withoutSecrets(text string) string {
	return secrets.ReplaceAllString(text, "${1}••••••")
}

// ReadLetter shows staff the text of a letter as it was sent, but for codes
// and tokens. It names the person, so it needs a purpose, and each look is an
// event.
func (s *Service) ReadLetter(ctx context.Context, by Actor, id uuid.UUID, letter, purpose string) (*mail.Letter, error) {
	if by.Role != DPO && by.Role != Agent {
		return nil, errNotFound()
	}
	if !slices.Contains(ViewPurposes, purpose) {
		return nil, invalid(FieldError{Field: "purpose", Message: "Say why you look."})
	}
	if _, err := uuid.Parse(letter); err != nil {
		return nil, errNotFound()
	}
	var out mail.Letter
	err := s.within(ctx, id, func(ch *change) error {
		var err error
		out, err = mail.Read(ctx, ch.Tx, ch.key, letter)
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			return errNotFound()
		case errors.Is(err, mail.ErrNoKey):
			return refuse(Gone, "key-destroyed", "The personal data of this request was destroyed at the end of its retention.")
		case err != nil:
			return fmt.Errorf("read letter: %w", err)
		case out.Case != id.String():
			return errNotFound()
		}
		out.Text, out.HTML = withoutSecrets(out.Text), ""
		ch.record(by, evidence.PersonalDataViewed{Purpose: evidence.Code(purpose), Records: 1, What: "letter"})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &out, nil
}
