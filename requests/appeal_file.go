package requests

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"habeas/requests/evidence"
)

// NewMatter is an appeal or complaint as it comes in.
type NewMatter struct {
	Kind    string
	Rights  []string // of the request; none: those that were denied, or all
	Message string   // what the person says; sealed

	// For staff who enter what came another way.
	Channel    string
	ReceivedAt *time.Time
	Reason     string
}

// FileMatter takes in an appeal or a complaint about a request, from its own
// customer or by staff: a case of its own, with its own clock, which somebody
// else decides.
func (s *Service) FileMatter(ctx context.Context, by Actor, id uuid.UUID, n NewMatter) (*Case, error) {
	if by.Role == Customer && by.ID != id.String() || by.Role != Customer && by.Role != DPO && by.Role != Agent {
		return nil, errNotFound()
	}
	var c *Case
	err := s.within(ctx, id, func(ch *change) error {
		if err := ch.mayAppeal(ctx, by, &n); err != nil {
			return err
		}
		var err error
		if c, err = ch.newMatter(by, n); err != nil {
			return err
		}
		subject, err := openSubject(ch.key, ch.c.sealed)
		if err != nil {
			return fmt.Errorf("open case: %w", err)
		}
		subject.Message, subject.Reason = n.Message, n.Reason
		if err := ch.insertLinked(ctx, c, subject); err != nil {
			return err
		}
		ch.record(by, evidence.RecourseOpened{Case: evidence.ID(c.ID.String()), Matter: evidence.Code(c.Kind)})
		return ch.alongside(ctx, c.ID, func(m *change) error {
			c = m.c
			m.record(by, m.matterFiled(n))
			m.c.VerifiedAt = ch.c.VerifiedAt
			if err := m.become(by, Verified); err != nil {
				return err
			}
			if err := m.letterMatter(ctx, ch.c, nil); err != nil {
				return err
			}
			return m.become(by, Review)
		})
	})
	return c, err
}

// mayAppeal holds an appeal or complaint against the request that it is about.
func (ch *change) mayAppeal(ctx context.Context, by Actor, n *NewMatter) error {
	c := ch.c
	switch {
	case c.Matter():
		return refuse(Conflict, "not-a-request", "This is an appeal or complaint itself. What remains is the authority that its decision names.")
	case n.Kind != KindAppeal && n.Kind != KindComplaint:
		return invalid(FieldError{Field: "kind", Message: "Say what this is: appeal or complaint."})
	case strings.TrimSpace(n.Message) == "":
		return invalid(FieldError{Field: "message", Message: "Say what you do not agree with."})
	case len(n.Message) > maxMessage || strings.ContainsRune(n.Message, 0):
		return invalid(FieldError{Field: "message", Message: fmt.Sprintf("A message has at most %d letters.", maxMessage)})
	case c.JoinedInto != nil:
		return refuse(Conflict, "joined", "This request was joined to an earlier one. Turn to that one.")
	}
	if faults := ch.s.checkChannel(by, Filing{Channel: n.Channel, ReceivedAt: n.ReceivedAt, Reason: n.Reason}, nil); len(faults) > 0 {
		return invalid(faults...)
	}
	denied := c.denied()
	if n.Kind == KindAppeal {
		if _, ok := ch.s.appealTerm(c); !ok {
			e := refuse(Unlawful, "no-appeal", "The law of this request has no appeal to the company; file a complaint instead.")
			if law, err := c.LawRow(); err == nil {
				e.Safe = law.Cite + ": " + e.Safe
			}
			return e
		}
		if len(denied) == 0 {
			return refuse(Conflict, "nothing-denied", "Nothing of this request was denied. An appeal is against a denial.")
		}
	}
	for _, r := range n.Rights {
		if !slices.Contains(c.Rights, r) || n.Kind == KindAppeal && !slices.Contains(denied, r) {
			return invalid(FieldError{Field: "rights", Message: "Name rights of the request; for an appeal, those that were denied."})
		}
	}
	if len(n.Rights) == 0 {
		if n.Rights = denied; len(denied) == 0 {
			n.Rights = c.Rights
		}
	}
	n.Rights = slices.Sorted(slices.Values(n.Rights))
	if c.RecourseUntil != nil && c.RecourseUntil.AddDate(0, 0, 1).Before(ch.s.now()) {
		return refuse(Conflict, "recourse-over", "The time for an appeal or a complaint to us is over. The authority that our answer names still hears you.")
	}
	var open bool
	if err := ch.QueryRow(ctx, `select exists (select 1 from cases m where m.of_case = $1 and m.kind = $2
		and m.status not in ('completed', 'closed', 'refused', 'expired', 'withdrawn'))`, c.ID, n.Kind).Scan(&open); err != nil {
		return fmt.Errorf("look for matters: %w", err)
	}
	if open {
		return refuse(Conflict, "matter-open", "There is one about this request already, which is not decided yet.")
	}
	return nil
}

// newMatter is the case of an appeal or complaint, with its clock.
func (ch *change) newMatter(by Actor, n NewMatter) (*Case, error) {
	first := ch.c
	c := &Case{
		ID: newID(), Reference: newReference(), Status: Filed, Rights: n.Rights, Purposes: first.Purposes, Country: first.Country, Region: first.Region,
		Law: first.Law, HolidaySet: first.HolidaySet, Zone: first.Zone, PausePolicy: first.PausePolicy, Locale: first.Locale, laws: first.laws,
		Channel: firstOf(n.Channel, "portal"), ReceivedAt: ch.s.now(), FiledAt: ch.s.now(), Kind: n.Kind, Of: new(first.ID), Holidays: first.Holidays,
	}
	if n.ReceivedAt != nil {
		c.ReceivedAt = *n.ReceivedAt
	}
	if by.Staff() {
		if id, err := uuid.Parse(by.ID); err == nil {
			c.FiledBy = &id
		}
	}
	return c, ch.s.setMatterClock(c)
}

// setMatterClock sets by when an appeal or complaint is answered.
func (s *Service) setMatterClock(c *Case) (err error) {
	if c.Deadlines, err = matterDeadlines(c.legal(), c.Kind, s.now()); err != nil {
		return err
	}
	for _, d := range c.Deadlines {
		c.DueOn = dateTime(d.Due)
	}
	if len(c.Deadlines) == 0 {
		return refuse(Unlawful, "no-appeal", "The law of this request sets no time for this.")
	}
	return nil
}

func (ch *change) matterFiled(n NewMatter) evidence.MatterFiled {
	c := ch.c
	e := evidence.MatterFiled{
		Channel: evidence.Code(c.Channel), DueOn: evidence.Day(c.DueOn), Holidays: evidence.Code(c.HolidaySet), Law: evidence.Code(c.Law),
		Locale: evidence.Code(c.Locale), Matter: evidence.Code(c.Kind), Of: evidence.ID(c.Of.String()), ReceivedAt: evidence.At(c.ReceivedAt),
		Rights: codes(c.Rights), Zone: evidence.Code(c.Zone), Reason: ch.reasonDigest(n.Reason), OwnDays: ownDates(c.Holidays),
		Words: evidence.Digest(ch.key.Digest("words", n.Message)),
	}
	return e
}
