package requests_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"habeas/requests"
	"habeas/requests/connect"
	"habeas/requests/evidence"
	"habeas/requests/mail"
	"habeas/requests/testkit/company"
)

// hands is a clock that stands where it is put.
type hands struct {
	mu sync.Mutex
	at time.Time
}

func (h *hands) now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.at
}

func (h *hands) put(at time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.at = at
}

func noon(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 12, 0, 0, 0, time.UTC) }

// still is a company whose clock stands and whose sweeper only a test runs.
func still(t *testing.T, at time.Time, set requests.Settings) (*company.Company, *hands) {
	t.Helper()
	h := &hands{at: at}
	return company.New(t, company.Options{Workers: -1, Now: h.now, Settings: set}), h
}

func sweep(c *company.Company) {
	c.Helper()
	must(c.TB, c.Svc.Sweep(c.Context()))
}

// alarms waits until n mails to the desk have come and returns their subjects
// by receiver.
func alarms(c *company.Company, reference string, n int) map[string][]string {
	c.Helper()
	out := map[string][]string{}
	about := func(m mail.Captured) bool {
		return strings.Contains(m.Text, reference) && (slices.Contains(m.To, "dpoa@acme.example") || slices.Contains(m.To, "dpob@acme.example"))
	}
	if n > 0 { // for each of the two
		must(c.TB, poll(c, func() bool {
			k := 0
			for _, m := range c.Mail.Messages() {
				if about(m) {
					k++
				}
			}
			return k >= 2*n
		}))
	}
	for _, m := range c.Mail.Messages() {
		if strings.Contains(m.Text, reference) {
			for _, to := range m.To {
				out[to] = append(out[to], m.Subject)
			}
		}
	}
	return out
}

// Reminders come once for each distance, whoever sweeps and however often; when
// the date has passed the alarm is raised once.
func TestTheDeskIsRemindedOnceForEachDistance(t *testing.T) {
	t.Parallel()
	c, clk := still(t, noon(2026, 6, 1), requests.Settings{})
	r := c.File("nobody.remind@people.example", "access")
	k := get(c, r.ID)
	due := k.DueOn // 1 July
	var want []int64
	for _, left := range []int{20, 15, 14, 13, 7, 6, 3, 2, 1, 0} {
		clk.put(due.AddDate(0, 0, -left).Add(12 * time.Hour))
		var all sync.WaitGroup
		for range 4 { // four workers sweep at once, and one again
			all.Go(func() {
				if err := c.Svc.Sweep(context.WithoutCancel(c.Context())); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		sweep(c)
		if slices.Contains([]int{14, 7, 2, 1}, left) {
			want = append(want, int64(left))
		}
		var got []int64
		for _, e := range payloads[evidence.DeadlineNear](c, r.ID) {
			got = append(got, int64(e.Days))
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%d days before: reminded at %v, want %v", left, got, want)
		}
	}
	if get(c, r.ID).Has(requests.Overdue) {
		t.Error("overdue on the due date itself")
	}
	clk.put(due.Add(36 * time.Hour))
	sweep(c)
	sweep(c)
	if n := len(payloads[evidence.DeadlineMissed](c, r.ID)); n != 1 || !get(c, r.ID).Has(requests.Overdue) {
		t.Errorf("%d alarms, flags %v", n, get(c, r.ID).Flags)
	}
	got := alarms(c, r.Reference, 5)
	for _, who := range []string{"dpoa@acme.example", "dpob@acme.example"} {
		if len(got[who]) != 5 {
			t.Errorf("%s got %v, want four reminders and one alarm", who, got[who])
		}
	}
	for _, m := range c.Mail.Messages() {
		if slices.Contains(m.To, "dpoa@acme.example") && strings.Contains(m.Text+m.HTML+m.Subject, "nobody.remind") {
			t.Error("a mail to the desk names the person")
		}
	}
}

func get(c *company.Company, id uuid.UUID) *requests.Case {
	c.Helper()
	k, err := c.Svc.Get(c.Context(), c.Auditor, id)
	must(c.TB, err)
	return k
}

// A request that came in late is told of once, at the nearest distance; and a
// date that an extension moved is told of anew.
func TestRemindersFollowTheDate(t *testing.T) {
	t.Parallel()
	c, clk := still(t, noon(2026, 6, 26), requests.Settings{Remind: []int{7, 30, 14}}) // in any order
	at := noon(2026, 6, 1)
	r, err := c.Svc.File(c.Context(), c.Agent, requests.Filing{
		Rights: []string{"access"}, Country: "DE", Locale: "en", Channel: "letter", ReceivedAt: &at, Reason: "postmark",
		Identities: []connect.Identity{{Kind: "email", Value: "late.letter@people.example"}},
	})
	must(t, err)
	sweep(c)
	sweep(c)
	_, err = c.Svc.Extend(c.Context(), c.DPOs[0], r.ID, requests.Step{Ground: "complexity", Reason: "many systems"})
	must(t, err)
	sweep(c)
	clk.put(noon(2026, 8, 20))
	sweep(c)
	var got []string
	for _, e := range payloads[evidence.DeadlineNear](c, r.ID) {
		got = append(got, fmt.Sprintf("%s %d", e.DueOn, e.Days))
	}
	if want := []string{"2026-07-01 7", "2026-09-01 14"}; !slices.Equal(got, want) {
		t.Errorf("reminded %v, want %v", got, want)
	}
}

// A stopped clock reminds nobody, and its due date moves with the days.
func TestAPausedClockMovesWithTheDays(t *testing.T) {
	t.Parallel()
	c, clk := still(t, noon(2026, 6, 1), requests.Settings{PausePolicy: "suspend"})
	r := c.File("nobody.paused@people.example", "access")
	clk.put(noon(2026, 6, 20))
	_, err := c.Svc.Pause(c.Context(), c.DPOs[0], r.ID, requests.Step{Ground: "identity", Reason: "two people at this address"})
	must(t, err)
	for _, day := range []time.Time{noon(2026, 7, 1), noon(2026, 7, 15)} {
		clk.put(day)
		sweep(c)
	}
	k := get(c, r.ID)
	if k.Has(requests.Overdue) || len(payloads[evidence.DeadlineNear](c, r.ID)) != 0 {
		t.Errorf("flags %v, reminded %v", k.Flags, payloads[evidence.DeadlineNear](c, r.ID))
	}
	// 20 June to 15 July do not count: 26 days after 1 July, a Monday.
	if got := k.DueOn.Format(time.DateOnly); got != "2026-07-27" {
		t.Errorf("due %s", got)
	}
	_, err = c.Svc.Resume(c.Context(), c.DPOs[0], r.ID, requests.Step{})
	must(t, err)
	lines := events(c, r.ID)
	deadlines, err := requests.ClockFrom(lines)
	must(t, err)
	if deadlines[0].Due.String() != get(c, r.ID).DueOn.Format(time.DateOnly) {
		t.Errorf("from the log %v, in the case %s", deadlines[0].Due, get(c, r.ID).DueOn)
	}
}

// A date that moved into the future takes the alarm with it: here the law was
// another one all along.
func TestTheAlarmEndsWhereTheDateMoves(t *testing.T) {
	t.Parallel()
	c, clk := still(t, noon(2026, 6, 1), requests.Settings{})
	r := c.File("nobody.moved@people.example", "access")
	clk.put(noon(2026, 7, 3))
	sweep(c)
	if !get(c, r.ID).Has(requests.Overdue) {
		t.Fatal("no alarm")
	}
	k, err := c.Svc.CorrectLaw(t.Context(), c.DPOs[0], r.ID, requests.LawChange{Country: "US", Region: "VA", Reason: "The person lives in Norfolk."})
	must(t, err)
	if k.Has(requests.Overdue) || k.DueOn.Format(time.DateOnly) != "2026-07-16" {
		t.Errorf("due %s, flags %v", k.DueOn, k.Flags)
	}
}
