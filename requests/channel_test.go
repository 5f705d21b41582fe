package requests_test

import (
	"slices"
	"testing"
	"time"

	"habeas/requests"
	"habeas/requests/connect"
	"habeas/requests/evidence"
	"habeas/requests/testkit/acme"
	"habeas/requests/testkit/company"
)

// TestEnteredByStaff: what came by phone, letter, counter or e-mail is entered
// with the day on which it came in, and its clock runs from then.
func TestEnteredByStaff(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{Workers: -1})
	file := func(by requests.Actor, channel string, received time.Time, reason string) (*requests.Receipt, error) {
		return c.Svc.File(c.Context(), by, requests.Filing{
			Rights: []string{"access"}, Country: "DE", Locale: "en", Channel: channel, ReceivedAt: &received, Reason: reason,
			Identities: []connect.Identity{{Kind: "email", Value: acme.Subjects()[0].Email}},
		})
	}
	now := time.Now().Truncate(time.Second)
	for _, x := range []struct {
		name     string
		by       requests.Actor
		channel  string
		received time.Time
		reason   string
		field    string
	}{
		{"in the future", c.Agent, "letter", now.Add(time.Hour), "came early", "received_at"},
		{"a slip of the year", c.Agent, "letter", time.Date(1926, 11, 21, 0, 0, 0, 0, time.UTC), "lay about", "received_at"},
		{"no reason", c.Agent, "letter", now.AddDate(0, 0, -3), " ", "reason"},
		{"old without a reason", c.Agent, "letter", now.AddDate(-2, 0, 0), "", "reason"},
		{"by pigeon", c.Agent, "pigeon", now.AddDate(0, 0, -3), "lay about", "channel"},
		{"by a customer", requests.Actor{Role: requests.Public}, "letter", now.AddDate(0, 0, -3), "lay about", "channel"},
	} {
		_, err := file(x.by, x.channel, x.received, x.reason)
		if e := refused(t, err, "invalid-input"); !slices.ContainsFunc(e.Fields, func(f requests.FieldError) bool { return f.Field == x.field }) {
			t.Errorf("%s: %+v", x.name, e.Fields)
		}
	}
	for channel, received := range map[string]time.Time{
		"phone": now.AddDate(0, 0, -1), "letter": now.AddDate(0, 0, -20), "counter": now.AddDate(0, -6, 0), "e-mail": now.AddDate(-2, 0, 0),
	} {
		r, err := file(c.Agent, channel, received, "It lay in another office")
		must(t, err)
		k := caseNow(c, r.ID)
		if !k.ReceivedAt.Equal(received) || k.Channel != channel || k.FiledBy == nil || k.DueOn.Before(received) || k.DueOn.After(received.AddDate(0, 1, 7)) {
			t.Errorf("%s: received %s, due %s, %+v", channel, k.ReceivedAt, k.DueOn, k.FiledBy)
		}
		if filed := payloads[evidence.RequestFiled](c, r.ID); len(filed) != 1 || !filed[0].ReceivedAt.Equal(received) || filed[0].Reason == "" {
			t.Errorf("%s: %+v", channel, filed)
		}
	}
}
