package requests

import (
	"context"
	"slices"
	"strings"

	"github.com/google/uuid"

	"habeas/requests/clock"
	"habeas/requests/evidence"
)

// LawChange corrects which law a request runs under.
type LawChange struct {
	Country string // ISO 3166-1; "" leaves it
	Region  string
	Law     string // "" is the place's own
	Set     string // holiday set; "" is the law's and place's own
	Reason  string
}

// CorrectLaw puts a request under the law that applies to it and computes its
// clock anew: what a person said about the place of residence can be wrong, and
// the place does not always decide. Pauses stay where they were; an extension
// that the new law does not have falls, and its due date with it.
func (s *Service) CorrectLaw(ctx context.Context, by Actor, id uuid.UUID, to LawChange) (*Case, error) {
	return s.decideClock(ctx, id, func(ch *change) error {
		choice, err := s.checkLaw(ch.c, &to)
		if err != nil {
			return err
		}
		c := ch.c
		before, previous := c.DueOn, c.Law
		if to.Country == c.Country && to.Region == c.Region && choice.Law == c.Law && choice.Set == c.HolidaySet && choice.Zone == c.Zone {
			return refuse(Conflict, "same-law", "The request runs under this law already.")
		}
		c.Country, c.Region, c.Law, c.HolidaySet, c.Zone = to.Country, to.Region, choice.Law, choice.Set, choice.Zone
		c.Holidays = s.ownDays(c.Law, clock.DateIn(c.ReceivedAt, zone(c.Zone)))
		today := ch.today()
		c.ClockEvents = c.legal().carry(today).events
		c.setFlag(Extended, slices.ContainsFunc(c.ClockEvents, func(e clock.Event) bool { return e.Kind == clock.Extended }))
		if err := s.setClock(c); err != nil {
			return err
		}
		ch.record(by, evidence.LawCorrected{
			Country: evidence.Code(c.Country), Region: evidence.Code(c.Region), Law: evidence.Code(c.Law), Previous: evidence.Code(previous),
			Holidays: evidence.Code(c.HolidaySet), OwnDays: ownDates(c.Holidays), Zone: evidence.Code(c.Zone),
			On: evidence.Date(today.String()), From: evidence.Day(before), To: evidence.Day(c.DueOn), Reason: ch.reasonDigest(to.Reason),
		})
		if previous == c.Law {
			return nil
		}
		return ch.groundAgain(ctx, by)
	})
}

// groundAgain makes the plan anew under another law, as long as nothing was done
// on it: what one law lets stay may have no exemption in the other.
func (ch *change) groundAgain(ctx context.Context, by Actor) error {
	if ch.c.PlanID == nil || ch.c.ActedAt != nil {
		return nil
	}
	switch ch.c.Status {
	case Review:
		return ch.startDiscovery(ctx, by)
	case Executing:
		p, err := ch.plan(ctx)
		if err != nil || !p.concerns("erasure") {
			return err
		}
		return ch.replan(ctx, p)
	}
	return nil
}

// checkLaw fills in what the change leaves open and names what cannot be.
func (s *Service) checkLaw(c *Case, to *LawChange) (clock.Choice, error) {
	var faults []FieldError
	bad := func(field, message string) { faults = append(faults, FieldError{Field: field, Message: message}) }
	if to.Country == "" {
		to.Country = c.Country
		if to.Region == "" {
			to.Region = c.Region
		}
	}
	to.Country, to.Region = strings.ToUpper(strings.TrimSpace(to.Country)), strings.ToUpper(strings.TrimSpace(to.Region))
	if !countryForm.MatchString(to.Country) {
		bad("country", "Give the country as two letters, such as DE.")
	}
	if !regionForm.MatchString(to.Region) {
		bad("region", "Give the state or province as its short code, such as CA.")
	}
	switch {
	case strings.TrimSpace(to.Reason) == "":
		bad("reason", "Say why another law applies: it is kept with the request.")
	case len(to.Reason) > maxReason:
		bad("reason", "A reason has at most 2000 letters.")
	}
	choice := s.choose(to.Country, to.Region, c.ReceivedAt)
	if to.Law != "" && to.Law != choice.Law {
		row, err := s.set.Laws.Law(to.Law)
		if err != nil {
			bad("law", err.Error())
		} else {
			choice = clock.Choice{Law: row.Code, Set: row.Set, Zone: firstOf(s.set.Zone, row.Zone)}
			if row.Roll != nil && s.set.HolidaySet != "" {
				choice.Set = s.set.HolidaySet
			}
		}
	}
	if to.Set != "" {
		if !slices.Contains(clock.Sets(), to.Set) {
			bad("set", "There is no such holiday set; use one of "+strings.Join(clock.Sets(), ", ")+".")
		}
		choice.Set = to.Set
	}
	if len(faults) > 0 {
		return choice, invalid(faults...)
	}
	return choice, nil
}
