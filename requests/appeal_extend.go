package requests

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"habeas/requests/clock"
	"habeas/requests/evidence"
	"habeas/requests/mail"
)

// ExtendsAppeal says whether the law of an appeal lets us take longer with it,
// once: Colorado (C.R.S. 6-1-1306(3)) and Minnesota.
func (c *Case) ExtendsAppeal() bool {
	law, err := c.LawRow()
	return err == nil && c.Kind == KindAppeal && slices.ContainsFunc(law.Terms, func(t clock.Term) bool { return t.Name == "extended_appeal" })
}

// AppealExtended is by when an appeal would be decided if it were extended; zero
// where that is not possible any more.
func (c *Case) AppealExtended(now time.Time) time.Time {
	today := clock.DateIn(now, zone(c.Zone))
	if !c.ExtendsAppeal() || c.Has(Extended) || c.Status != Review || dateTime(today).After(c.DueOn) {
		return time.Time{}
	}
	l := c.legal()
	l.events = []clock.Event{{Kind: clock.Extended, From: today}}
	all, err := matterDeadlines(l, c.Kind, now)
	if err != nil || len(all) == 0 {
		return time.Time{}
	}
	return dateTime(all[len(all)-1].Due)
}

// extendAppeal takes the extension that the law has for an appeal, announced
// with its reason before the first date is over.
func (ch *change) extendAppeal(ctx context.Context, by Actor, st Step) error {
	law, err := ch.c.LawRow()
	if err != nil {
		return unlawful(err)
	}
	if err := ch.mayExtendAppeal(law, st); err != nil {
		return err
	}
	before := ch.c.DueOn
	ch.c.setFlag(Extended, true)
	ch.c.ClockEvents = append(slices.Clone(ch.c.ClockEvents), clock.Event{Kind: clock.Extended, From: ch.today()})
	if err := ch.s.setMatterClock(ch.c); err != nil {
		return err
	}
	ch.record(by, evidence.ClockExtended{
		Cite: evidence.Cite(law.Cite), From: evidence.Day(before), To: evidence.Day(ch.c.DueOn), Ground: evidence.Code(firstOf(st.Ground, "reason")),
		On: evidence.Date(ch.today().String()), Reason: ch.reasonDigest(st.Reason),
	})
	first, err := ch.s.load(ctx, ch.Tx, *ch.c.Of)
	if err != nil {
		return err
	}
	return ch.write(ctx, mail.AppealExtension, func(d *mail.Slots) {
		d.Joined, d.Previous, d.Why, d.WhyCode = first.Reference, before, st.Reason, st.Ground
	})
}

func (ch *change) mayExtendAppeal(law *clock.Law, st Step) error {
	no := func(why string) error { return unlawful(&clock.Error{Unlawful: true, Cite: law.Cite, Text: why}) }
	grounds := []string{"complexity", "number"}
	if law.Extension != nil {
		grounds = law.Extension.Grounds
	}
	switch {
	case ch.c.Kind == KindComplaint:
		return no("A complaint is answered without undue delay; its time is not extended.")
	case !ch.c.ExtendsAppeal():
		return no("The " + law.Name + " does not extend the time for an appeal; decide it by its due date.")
	case ch.c.Has(Extended):
		return no("The time was already extended once; there is no second extension.")
	case dateTime(ch.today()).After(ch.c.DueOn):
		return no("An extension must be announced by the base due date; it can no longer be extended.")
	case ch.c.Status != Review:
		return refuse(Conflict, "not-in-review", "This was decided already.")
	case !st.Until.IsZero():
		return invalid(FieldError{Field: "until", Message: "The law sets the new date itself (" + law.Cite + "); leave this out."})
	case st.Ground == "" && strings.TrimSpace(st.Reason) == "":
		return no("An extension needs its reason, which the person is told; give one of " + strings.Join(grounds, ", ") + ".")
	case st.Ground != "" && !slices.Contains(grounds, st.Ground):
		return no("This is no ground to extend the time; give one of " + strings.Join(grounds, ", ") + ".")
	case len(st.Reason) > maxReason:
		return invalid(FieldError{Field: "reason", Message: fmt.Sprintf("A reason has at most %d letters.", maxReason)})
	}
	return nil
}
