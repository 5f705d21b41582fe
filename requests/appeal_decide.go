package requests

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"habeas/requests/evidence"
	"habeas/requests/mail"
)

// MatterDecision is how an appeal or complaint ends.
type MatterDecision struct {
	Decision string   `json:"decision"`         // granted, partly, denied
	Rights   []string `json:"rights,omitempty"` // what is done again
	Reason   string   `json:"reason"`           // what the person is told
	Ground   string   `json:"ground,omitempty"` // the article it rests on; "" is the law's own
}

// DecideMatter decides an appeal or complaint. Who decided, changed or refused
// anything in the request may not. What is granted is done again as a request of
// its own, linked to this one: the first one's answer, evidence and end stay as
// they were given.
func (s *Service) DecideMatter(ctx context.Context, by Actor, id uuid.UUID, d MatterDecision) (matter, redo *Case, err error) {
	user, err := officer(by)
	if err != nil {
		return nil, nil, err
	}
	err = s.within(ctx, id, func(ch *change) error {
		matter = ch.c
		if !ch.c.Matter() {
			return refuse(Conflict, "not-a-matter", "This is a request. It is decided by its plan.")
		}
		if ch.c.Status != Review {
			return refuse(Conflict, "not-in-review", "This was decided already.")
		}
		first, err := s.load(ctx, ch.Tx, *ch.c.Of)
		if err != nil {
			return err
		}
		if err := ch.checkMatter(d, first); err != nil {
			return err
		}
		if err := ch.mayDecide(ctx, user, first); err != nil {
			return err
		}
		if len(d.Rights) > 0 {
			if redo, err = ch.redo(ctx, by, first, d.Rights); err != nil {
				return err
			}
		}
		return ch.decideMatter(ctx, by, first, redo, d)
	})
	return matter, redo, err
}

func (ch *change) checkMatter(d MatterDecision, first *Case) error {
	var faults []FieldError
	bad := func(field, message string) { faults = append(faults, FieldError{Field: field, Message: message}) }
	if !slices.Contains([]string{mail.Granted, mail.PartlyGranted, mail.Denied}, d.Decision) {
		bad("decision", "Decide: granted, partly or denied.")
	}
	if strings.TrimSpace(d.Reason) == "" || len(d.Reason) > maxReason {
		bad("reason", "Give the reasons: the person is told, in writing.")
	}
	if len(d.Ground) > maxCite || !plainText(d.Ground) {
		bad("ground", fmt.Sprintf("An article has at most %d letters.", maxCite))
	}
	for _, r := range d.Rights {
		if !slices.Contains(first.Rights, r) {
			bad("rights", "What is done again are rights of the request.")
			break
		}
	}
	switch {
	case d.Decision == mail.Denied && len(d.Rights) > 0:
		bad("rights", "Nothing is done again where this is denied.")
	case ch.c.Kind == KindAppeal && (d.Decision == mail.Granted || d.Decision == mail.PartlyGranted) && len(d.Rights) == 0:
		bad("rights", "Say which rights are done again.")
	}
	if len(faults) > 0 {
		return invalid(faults...)
	}
	return nil
}

// partOf are the events by which a person had a part in how a request was
// decided: what was done to which record, what was refused or kept, who was
// believed, under which law and by when.
var partOf = []string{
	"plan.approved", "plan.changed", "request.refused", "clock.extended", "clock.paused", "package.released", "identity.verified", "identity.failed",
	"correction.decided", "objection.refused", "law.corrected", "restriction.lifted",
}

// mayDecide refuses everybody who had a part in how the request was decided, as
// the log has it, and whoever this is about.
func (ch *change) mayDecide(ctx context.Context, user uuid.UUID, first *Case) error {
	var part bool
	err := ch.QueryRow(ctx, `select exists (select 1 from events e where e.case_id = $1 and e.kind = any($3)
			and split_part(e.line::json->>'actor', ':', 2) = $2)
		or exists (select 1 from hold_cases hc join holds h on h.id = hc.hold_id where hc.case_id = $1 and h.set_by::text = $2)`,
		first.ID, user.String(), partOf).Scan(&part)
	switch {
	case err != nil:
		return fmt.Errorf("read who decided: %w", err)
	case part:
		return refuse(Forbidden, "own-decision", "You had a part in deciding the request, so somebody else decides about it now.")
	}
	return ch.mayApprove(ctx, user)
}

// decideMatter writes the decision down, here and in the request, and answers.
func (ch *change) decideMatter(ctx context.Context, by Actor, first, redo *Case, d MatterDecision) error {
	ended := evidence.RecourseEnded{Case: evidence.ID(ch.c.ID.String()), Decision: evidence.Code(d.Decision)}
	decided := evidence.MatterDecided{
		Decision: evidence.Code(d.Decision), Of: evidence.ID(first.ID.String()), Reason: ch.reasonDigest(d.Reason), Rights: codes(d.Rights),
	}
	if redo != nil {
		decided.Redo, ended.Redo = evidence.ID(redo.ID.String()), evidence.ID(redo.ID.String())
	}
	for _, r := range ch.c.Rights {
		said := "granted"
		if !slices.Contains(d.Rights, r) && d.Decision != mail.Granted {
			said = "refused"
		}
		ch.c.Decisions = append(ch.c.Decisions, RightDecision{Right: r, Decision: said})
	}
	ch.c.Result = d.Decision
	ch.c.setFlag(Attention, false)
	ch.record(by, decided)
	if err := ch.become(by, Completed); err != nil {
		return err
	}
	if err := ch.letterMatter(ctx, first, &d); err != nil {
		return err
	}
	if err := ch.close(by); err != nil {
		return err
	}
	return ch.alongside(ctx, first.ID, func(f *change) error {
		f.record(by, ended)
		return nil
	})
}

// letterMatter acknowledges an appeal or complaint, or answers it.
func (ch *change) letterMatter(ctx context.Context, first *Case, d *MatterDecision) error {
	kinds := map[string][2]string{
		KindAppeal:    {mail.AppealReceived, mail.AppealDecision},
		KindComplaint: {mail.ComplaintReceived, mail.ComplaintAnswer},
	}[ch.c.Kind]
	if d == nil {
		return ch.write(ctx, kinds[0], func(s *mail.Slots) { s.Joined = first.Reference })
	}
	law, err := ch.c.LawRow()
	if err != nil {
		return unlawful(err)
	}
	return ch.write(ctx, kinds[1], func(s *mail.Slots) {
		s.Joined, s.Decision = first.Reference, d.Decision
		s.Reasons = []mail.Reason{{Text: d.Reason, Ground: firstOf(d.Ground, law.Cite)}}
	})
}

// MayDecideMatter says why a person may not decide an appeal or complaint; nil
// when they may.
func (s *Service) MayDecideMatter(ctx context.Context, by Actor, matter *Case) error {
	user, err := officer(by)
	if err != nil {
		return err
	}
	first, err := s.First(ctx, matter)
	if err != nil {
		return err
	}
	return pgx.BeginFunc(ctx, s.db, func(tx pgx.Tx) error {
		ch := &change{Tx: tx, s: s, c: matter}
		if ch.key, err = s.ring.Unwrap(matter.wrapped); err != nil {
			return fmt.Errorf("case key: %w", err)
		}
		return ch.mayDecide(ctx, user, first)
	})
}
