package requests

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/google/uuid"

	"habeas/requests/clock"
	"habeas/requests/evidence"
	"habeas/requests/mail"
)

// Ask is a question to the customer: for a proof of identity (GDPR 12(6)), for
// what they look for (Recital 63), for what shows that a correction is right
// (GDPR 16), or whether they agree to a fee (GDPR 12(5)).
type Ask struct {
	Kind  string     `json:"kind"`          // id_request, clarify, correction_proof, excessive
	Why   string     `json:"why"`           // the doubt, or what makes it hard
	Items []string   `json:"items"`         // what would prove it, or our questions
	Fee   string     `json:"fee,omitempty"` // excessive: the amount, such as "25.00 EUR"
	Until clock.Date `json:"until"`         // when we need the reply
	Pause bool       `json:"pause"`         // stop the clock, where the law has that
}

// askGrounds are what the clock calls a question; nothing where no law lets it
// stand meanwhile.
var askGrounds = map[string]string{mail.IDRequest: "identity", mail.Clarify: "clarification", mail.Excessive: "fee", mail.CorrectionProof: ""}

// feeForm is an amount with the currency's code.
var feeForm = regexp.MustCompile(`^[0-9]{1,4}([.,][0-9]{2})? [A-Z]{3}$`)

// MayPause reports whether the law lets the clock stand for the question; its
// refusal names the article.
func (s *Service) MayPause(ctx context.Context, id uuid.UUID, kind string) error {
	if askGrounds[kind] == "" {
		return noPause()
	}
	_, err := s.Rehearse(ctx, func(ctx context.Context) error {
		_, err := s.Pause(ctx, Actor{Role: DPO}, id, Step{Ground: askGrounds[kind]})
		return err
	})
	return err
}

// noPause says that what shows a right value is asked for on our own time: the
// answer stays due (GDPR Art. 12(3); 11 CCR 7021(b)).
func noPause() error {
	return refuse(Invalid, "not-lawful", "No law lets the clock stand while a correction is proved (GDPR Art. 12(3); 11 CCR 7021(b)).")
}

// AskCustomer sends a question and, where asked and lawful, stops the clock
// first.
func (s *Service) AskCustomer(ctx context.Context, by Actor, id uuid.UUID, q Ask) (*Case, error) {
	ground, ok := askGrounds[q.Kind]
	if !ok {
		return nil, invalid(FieldError{Field: "kind", Message: "Ask for a proof of identity, for what the customer looks for, for a proof of the correction, or for a fee."})
	}
	if err := s.checkAsk(q); err != nil {
		return nil, err
	}
	c, err := s.decideClock(ctx, id, func(ch *change) error {
		if !dateTime(q.Until).After(dateTime(ch.today())) {
			return invalid(FieldError{Field: "until", Message: "Give a day that is still to come."})
		}
		if q.Kind == mail.CorrectionProof && (ch.c.Status != Review || !ch.c.Asks("rectification")) {
			return refuse(Conflict, "not-in-review", "A proof of what is right is asked for while a request for rectification is in review.")
		}
		var reasons []mail.Reason
		if q.Kind == mail.Excessive {
			var err error
			if reasons, err = ch.feeReasons(q); err != nil {
				return err
			}
		}
		does := mail.ClockRuns
		switch {
		case ground == "" && q.Pause:
			return noPause()
		case ground == "": // the clock runs on
		case q.Pause:
			if err := ch.pause(by, Step{Ground: ground}); err != nil {
				return err
			}
			does = ch.c.effect(clock.PauseKind(ground))
		default:
			if e := ch.c.effect(clock.PauseKind(ground)); e == mail.ClockRestarts {
				does = e // the period begins with the proof, whether or not anybody pauses
			}
		}
		ch.record(by, evidence.LetterEdited{
			Digest: evidence.Digest(ch.key.Digest("ask", slices.Concat([]string{q.Why}, q.Items, feeOf(q))...)), Template: evidence.Code(q.Kind), Slots: []evidence.Code{"reason"},
		})
		return ch.write(ctx, q.Kind, func(d *mail.Slots) {
			d.Why, d.Items, d.Until, d.Clock = q.Why, q.Items, dateTime(q.Until), does
			if q.Kind == mail.Excessive {
				d.Fee, d.Reasons, d.Rights = q.Fee, reasons, nil
				for _, r := range reasons {
					d.Rights = append(d.Rights, r.Right)
				}
			}
		})
	})
	return c, err
}

func feeOf(q Ask) []string {
	if q.Fee == "" {
		return nil
	}
	return []string{q.Fee}
}

// feeReasons are why a fee is asked for, right by right: each must be one that
// the law lets be refused as excessive, for where it does not there is no fee
// (GDPR 12(5); Civ. 1798.145(h)(3)).
func (ch *change) feeReasons(q Ask) ([]mail.Reason, error) {
	var out []mail.Reason
	for _, right := range ch.c.Rights {
		if d := ch.c.decision(right); d != nil && d.Decision == "refused" {
			continue
		}
		st := Step{Right: right, Ground: mail.Excessive, Reason: q.Why}
		if err := ch.allowed(clock.Refuse, st); err != nil {
			return nil, err
		}
		out = append(out, mail.Reason{Right: right, Text: q.Why, Ground: string(ch.cite(st)), Code: mail.Excessive})
	}
	if len(out) == 0 {
		return nil, refuse(Conflict, "already-refused", "Everything in this request was refused already.")
	}
	return out, nil
}

func (s *Service) checkAsk(q Ask) error {
	var faults []FieldError
	if strings.TrimSpace(q.Why) == "" && q.Kind == mail.IDRequest {
		faults = append(faults, FieldError{Field: "reason", Message: "Say what makes you doubt: the customer reads it (GDPR Art. 12(6))."})
	}
	if strings.TrimSpace(q.Why) == "" && q.Kind == mail.CorrectionProof {
		faults = append(faults, FieldError{Field: "reason", Message: "Say why what stands there may be right: the customer reads it (GDPR Art. 16; 11 CCR 7023(d))."})
	}
	if q.Kind == mail.Excessive {
		if strings.TrimSpace(q.Why) == "" {
			faults = append(faults, FieldError{Field: "reason", Message: "Say what makes it excessive: the burden is yours, and volume alone is not enough (GDPR Art. 12(5))."})
		}
		if !feeForm.MatchString(q.Fee) {
			faults = append(faults, FieldError{Field: "fee", Message: "Give a reasonable amount with its currency, such as 25.00 EUR."})
		}
	} else if len(q.Items) == 0 || len(q.Items) > 10 {
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
