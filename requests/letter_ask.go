package requests

import (
	"context"
	"strings"

	"github.com/google/uuid"

	"habeas/requests/clock"
	"habeas/requests/evidence"
	"habeas/requests/mail"
)

// Ask is a question to the customer: for a proof of identity (GDPR 12(6)) or
// for what they look for (Recital 63).
type Ask struct {
	Kind  string     `json:"kind"`  // id_request, clarify
	Why   string     `json:"why"`   // the doubt, or what makes it hard
	Items []string   `json:"items"` // what would prove it, or our questions
	Until clock.Date `json:"until"` // when we need the reply
	Pause bool       `json:"pause"` // stop the clock, where the law has that
}

// askGrounds are what the clock calls a question.
var askGrounds = map[string]string{mail.IDRequest: "identity", mail.Clarify: "clarification"}

// MayPause reports whether the law lets the clock stand for the question; its
// refusal names the article.
func (s *Service) MayPause(ctx context.Context, id uuid.UUID, kind string) error {
	_, err := s.Rehearse(ctx, func(ctx context.Context) error {
		_, err := s.Pause(ctx, Actor{Role: DPO}, id, Step{Ground: askGrounds[kind]})
		return err
	})
	return err
}

// AskCustomer sends a question and, where asked and lawful, stops the clock
// first.
func (s *Service) AskCustomer(ctx context.Context, by Actor, id uuid.UUID, q Ask) (*Case, error) {
	ground, ok := askGrounds[q.Kind]
	if !ok {
		return nil, invalid(FieldError{Field: "kind", Message: "Ask for a proof of identity or for what the customer looks for."})
	}
	if err := s.checkAsk(q); err != nil {
		return nil, err
	}
	c, err := s.decideClock(ctx, id, func(ch *change) error {
		if !dateTime(q.Until).After(dateTime(ch.today())) {
			return invalid(FieldError{Field: "until", Message: "Give a day that is still to come."})
		}
		does := mail.ClockRuns
		if q.Pause {
			if err := ch.pause(by, Step{Ground: ground}); err != nil {
				return err
			}
			does = ch.c.effect(clock.PauseKind(ground))
		} else if e := ch.c.effect(clock.PauseKind(ground)); e == mail.ClockRestarts {
			does = e // the period begins with the proof, whether or not anybody pauses
		}
		ch.record(by, evidence.LetterEdited{
			Digest: evidence.Digest(ch.key.Digest("ask", append([]string{q.Why}, q.Items...)...)), Template: evidence.Code(q.Kind), Slots: []evidence.Code{"reason"},
		})
		return ch.write(ctx, q.Kind, func(d *mail.Slots) {
			d.Why, d.Items, d.Until, d.Clock = q.Why, q.Items, dateTime(q.Until), does
		})
	})
	return c, err
}

func (s *Service) checkAsk(q Ask) error {
	var faults []FieldError
	if strings.TrimSpace(q.Why) == "" && q.Kind == mail.IDRequest {
		faults = append(faults, FieldError{Field: "reason", Message: "Say what makes you doubt: the customer reads it (GDPR Art. 12(6))."})
	}
	if len(q.Items) == 0 || len(q.Items) > 10 {
		faults = append(faults, FieldError{Field: "items", Message: "Name between one and ten things to ask for."})
	}
	if !q.Until.Valid() {
		faults = append(faults, FieldError{Field: "until", Message: "Give the day until which you wait for the reply."})
	}
	if len(faults) > 0 {
		return invalid(faults...)
	}
	return s.checkWords(Words{Note: strings.Join(q.Items, "\n")}, q.Why)
}

// effect is what an event does to the clock of this case, in the words of a
// letter.
func (c *Case) effect(event string) string {
	law, err := c.LawRow()
	if err != nil {
		return mail.ClockRuns
	}
	for _, m := range law.Moves {
		if m.Event != event || m.Policy != "" && m.Policy != c.PausePolicy || len(m.Rights) > 0 && !c.Asks(m.Rights...) {
			continue
		}
		if m.Effect == "restart" {
			return mail.ClockRestarts
		}
		return mail.ClockStops
	}
	return mail.ClockRuns
}

// Posted notes that a letter on paper was posted.
func (s *Service) Posted(ctx context.Context, by Actor, id uuid.UUID, letter string) error {
	if err := uuid.Validate(letter); err != nil {
		return errNotFound()
	}
	return s.within(ctx, id, func(ch *change) error {
		var kind, locale, version, digest string
		err := ch.QueryRow(ctx, `update outbox set status = 'sent', sent_at = $3 where id = $1 and case_id = $2 and status = 'paper'
			returning kind, locale, version, digest`, letter, id, ch.at).Scan(&kind, &locale, &version, &digest)
		if err != nil {
			return errNotFound()
		}
		ch.record(by, evidence.LetterSent{
			Digest: evidence.Digest(digest), Template: evidence.Code(kind), Language: evidence.Code(locale), Letter: evidence.ID(letter), Version: evidence.Code(version), Way: "post",
		})
		return nil
	})
}
