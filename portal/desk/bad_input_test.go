package desk_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/google/uuid"

	"habeas/portal/desk"
	"habeas/portal/desk/desktest"
	"habeas/portal/web"
	"habeas/requests"
	"habeas/requests/connect"
	"habeas/requests/testkit"
	"habeas/requests/testkit/company"
)

// frozen is the desk at a moment that the test moves, with one request of 1
// June 2026, due on 1 July.
func frozen(t *testing.T, country string, rights ...string) (*company.Company, *desktest.Visitor, *testkit.Clock, uuid.UUID) {
	t.Helper()
	clk := testkit.NewClock(time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC))
	c := company.New(t, company.Options{Workers: -1, Now: clk.Now})
	rdb, prefix := testkit.Redis(t)
	site := desktest.Open(t, c.Svc, web.Config{Redis: rdb, Prefix: prefix, Digest: c.Ring.Lookup}, desk.Routes(desk.Deps{Svc: c.Svc, Now: clk.Now}))
	r, err := c.Svc.File(t.Context(), c.Agent, requests.Filing{
		Rights: rights, Country: country, Locale: "en", Channel: "letter", Identities: []connect.Identity{{Kind: "email", Value: "nobody@people.example"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c, site.As(c.DPOs[0]), clk, r.ID
}

// refused wants the form again, with what was typed and these words, and
// nothing changed.
func refused(t *testing.T, c *company.Company, id uuid.UUID, status int, send func() *desktest.Page, says ...string) {
	t.Helper()
	before := c.State(id)
	send().Is(status).Says(says...)
	if after := c.State(id); after != before {
		t.Errorf("it was refused and changed something:\n%s\n%s", before, after)
	}
}

func TestBadInput_AnImpossibleDateChangesNothing(t *testing.T) {
	t.Parallel()
	c, dana, _, id := frozen(t, "CH", "access")
	filing := url.Values{"channel": {"letter"}, "rights": {"access"}, "country": {"DE"}, "email": {"nobody@people.example"}, "reason": {"Found in the post"}}
	for _, day := range []string{"2026-02-30", "2026-06-31", "31.6.2026", "yesterday", ""} {
		with := url.Values{"received_at": {day}}
		for k, v := range filing {
			with[k] = v
		}
		if day != "" { // an empty field is today's post
			refused(t, c, id, 400, func() *desktest.Page { return dana.Get("/desk/new").Submit("/desk/new", with) }, "one that the calendar has", "YYYY-MM-DD")
			refused(t, c, id, 400, func() *desktest.Page {
				return dana.Get(path(id, "extend")).Submit(path(id, "extend"), url.Values{"ground": {"complexity"}, "reason": {"Typed with care"}, "until": {day}})
			}, "day of the calendar", "Typed with care")
			refused(t, c, id, 400, func() *desktest.Page { return dana.Get("/desk/figures?from=" + day) }, "day of the calendar")
		}
		refused(t, c, id, 400, func() *desktest.Page {
			return dana.Get(path(id, "ask/id_request")).Submit(path(id, "ask/id_request"), url.Values{"proof": {"document"}, "reason": {"Typed with care"}, "until": {day}})
		}, "the day until which you wait", "Typed with care")
	}
}

func TestBadInput_AReceivedDateInTheFutureChangesNothing(t *testing.T) {
	t.Parallel()
	c, dana, _, id := frozen(t, "DE", "access")
	for country, cite := range map[string]string{"DE": "Reg. 1182/71 Art. 3(1)", "GB": "UK GDPR Art. 12A", "BR": "LGPD Art. 19"} {
		refused(t, c, id, 400, func() *desktest.Page {
			return dana.Get("/desk/new").Submit("/desk/new", url.Values{
				"channel": {"letter"}, "rights": {"access"}, "country": {country}, "email": {"nobody@people.example"}, "reason": {"Found in the post"}, "received_at": {"2026-06-03"},
			})
		}, "received in the future", cite)
	}
}

func TestBadInput_AnExtensionAfterTheDueDateChangesNothing(t *testing.T) {
	t.Parallel()
	c, dana, clk, id := frozen(t, "DE", "access")
	in := url.Values{"ground": {"complexity"}, "reason": {"Typed with care"}}
	clk.Set(time.Date(2026, 7, 2, 12, 0, 0, 0, time.UTC))
	refused(t, c, id, 422, func() *desktest.Page { return dana.Get(path(id, "extend")).Submit(path(id, "extend"), in) }, "1 July 2026", "can no longer be extended", "GDPR Art. 12(3)", "Typed with care")
	clk.Set(time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC))
	// The letter is looked at in time, and sent too late.
	letter := dana.Get(path(id, "extend")).Submit(path(id, "extend"), in).Is(200).Says("Nothing is decided yet", "1 September 2026")
	clk.Set(time.Date(2026, 7, 2, 0, 30, 0, 0, time.UTC))
	refused(t, c, id, 422, func() *desktest.Page { return sendLetter(letter) }, "can no longer be extended", "GDPR Art. 12(3)")
}

func TestBadInput_ARefusalWithoutAGroundChangesNothing(t *testing.T) {
	t.Parallel()
	c, dana, _, id := frozen(t, "DE", "access")
	form := dana.Get(path(id, "refuse")).Is(200)
	refused(t, c, id, 422, func() *desktest.Page {
		return form.Submit(path(id, "refuse"), url.Values{"reason": {"Typed with care"}})
	}, "needs its ground", "GDPR Art. 15", "Typed with care")
	refused(t, c, id, 422, func() *desktest.Page {
		return form.Submit(path(id, "refuse"), url.Values{"ground": {"too_busy"}, "reason": {"Typed with care"}})
	}, "is no ground for this right", "GDPR Art. 15", "Typed with care")
	refused(t, c, id, 400, func() *desktest.Page { return form.Submit(path(id, "refuse"), url.Values{"ground": {"excessive"}}) }, "Give the reason")
	// Consent can always be taken back: there is no ground at all.
	_, dana, _, id = frozen(t, "DE", "consent_withdrawal")
	dana.Get(path(id, "refuse")).Is(200).Says("no ground on which this could be refused")
}

// The law of Switzerland sets no figure: the desk announces the day, and the
// letter promises it.
func TestAnExtensionThatIsAnnounced(t *testing.T) {
	t.Parallel()
	c, dana, _, id := frozen(t, "CH", "access")
	form := dana.Get(path(id, "extend")).Is(200).Says("Day on which the answer will come")
	with := func(until string) func() *desktest.Page {
		return func() *desktest.Page {
			return form.Submit(path(id, "extend"), url.Values{"ground": {"complexity"}, "reason": {"Typed with care"}, "until": {until}})
		}
	}
	refused(t, c, id, 400, with(""), "Name the day on which the answer will come", "Art. 18")
	refused(t, c, id, 400, with("2026-06-20"), "lies after the due date, 1 July 2026", "Art. 18")
	letter := with("2026-08-15")().Is(200).Says("Nothing is decided yet", "Typed with care", "15 August 2026")
	if back := letter.Link("Back, nothing is sent"); back != path(id, "extend")+"?ground=complexity&right=&until=2026-08-15" {
		t.Errorf("leads back to %s", back)
	}
	sendLetter(letter).Is(200).Says("Deadline extended")
	cs, err := c.Svc.Get(t.Context(), c.DPOs[0], id)
	if err != nil || cs.DueOn.Format(time.DateOnly) != "2026-08-15" || !cs.Has(requests.Extended) {
		t.Errorf("due %v %v, %v", cs.DueOn, cs.Flags, err)
	}
	// Where the law sets the date there is nothing to announce.
	_, dana, _, id = frozen(t, "DE", "access")
	dana.Get(path(id, "extend")).Is(200).Hides("Day on which the answer will come")
}
