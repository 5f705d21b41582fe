package requests_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"habeas/requests"
	"habeas/requests/clock"
	"habeas/requests/evidence"
	"habeas/requests/testkit/company"
)

// told is one event of a request and when it happened.
type told struct {
	at   time.Time
	data evidence.Data
}

// tell writes a case of events alone: no request stands behind it.
func tell(c *company.Company, events ...told) uuid.UUID {
	c.Helper()
	id := uuid.Must(uuid.NewV7())
	must(c.TB, pgx.BeginFunc(c.Context(), c.DB, func(tx pgx.Tx) error {
		for i, e := range events {
			if err := evidence.Append(c.Context(), tx, id.String(), e.at, int64(i), evidence.Event{Actor: "worker", Data: e.data}); err != nil {
				return err
			}
		}
		return nil
	}))
	must(c.TB, c.Log.WaitFor(c.Deadline(), id.String()))
	return id
}

func asked(law, set, zone string, at time.Time, due string, rights ...evidence.Code) told {
	return told{at, evidence.RequestFiled{
		Channel: "portal", Country: "DE", Law: evidence.Code(law), Holidays: evidence.Code(set), Zone: evidence.Code(zone),
		ReceivedAt: evidence.At(at), DueOn: evidence.Date(due), Rights: rights, Policy: "strict",
	}}
}

func completed(at time.Time, decisions ...evidence.RightDecided) told {
	return told{at, evidence.RequestCompleted{Decisions: decisions, Result: "done"}}
}

// Figures are counted from events alone: whole, in part and denied, lapsed
// ones as denials without days, duplicates and withdrawals apart; by the due
// date that the clock's own events lead to.
func TestFiguresComeFromTheLogAlone(t *testing.T) {
	t.Parallel()
	c, clk := still(t, noon(2026, 11, 1), requests.Settings{})
	eu := func(at time.Time, due string, rights ...evidence.Code) told {
		return asked("EU", "DE", "Europe/Berlin", at, due, rights...)
	}
	ca := func(at time.Time, due string, rights ...evidence.Code) told {
		return asked("CA", "US", "America/Los_Angeles", at, due, rights...)
	}
	tell(c, eu(noon(2026, 3, 2), "2026-04-02", "access"), completed(noon(2026, 3, 12)))
	tell(c, eu(noon(2026, 3, 3), "2026-04-07", "erasure"), completed(noon(2026, 4, 8), evidence.RightDecided{Decision: "partial", Right: "erasure"}))
	tell(c, eu(noon(2026, 3, 3), "2026-04-07", "erasure"), // extended in time: not late
		told{noon(2026, 3, 20), evidence.ClockExtended{Cite: "GDPR Art. 12(3)", Ground: "complexity", From: "2026-04-07", To: "2026-06-03", On: "2026-03-20"}},
		completed(noon(2026, 5, 2), evidence.RightDecided{Decision: "granted", Right: "erasure"}))
	tell(c, eu(noon(2026, 4, 1), "2026-05-04", "access", "erasure"),
		told{noon(2026, 4, 3), evidence.RequestRefused{Cite: "GDPR Art. 17(3)(b)", Ground: "legal_duty", Right: "erasure"}},
		completed(noon(2026, 4, 11), evidence.RightDecided{Decision: "granted", Right: "access"}, evidence.RightDecided{Decision: "refused", Right: "erasure"}))
	tell(c, ca(noon(2026, 3, 5), "2026-04-19", "erasure"), told{noon(2026, 4, 10), evidence.RequestExpired{Cause: "unverified", SentAt: evidence.At(noon(2026, 3, 10))}})
	tell(c, ca(noon(2026, 3, 6), "2026-03-27", "opt_out"), completed(noon(2026, 3, 8)))
	tell(c, ca(noon(2026, 3, 7), "2026-04-21", "access"), told{noon(2026, 3, 9), evidence.RequestWithdrawn{Cause: "customer"}})
	tell(c, ca(noon(2026, 3, 7), "2026-04-21", "access"), told{noon(2026, 3, 9), evidence.RequestJoined{Into: "0193"}})
	tell(c, ca(noon(2026, 10, 20), "2026-12-04", "access"))                                                          // open
	corrected := tell(c, eu(noon(2026, 9, 1), "2026-10-01", "access"), told{noon(2026, 9, 5), evidence.LawCorrected{ // open, and past its date no longer
		Country: "US", Region: "CA", Law: "CA", Previous: "EU", Holidays: "US", Zone: "America/Los_Angeles", On: "2026-09-05", From: "2026-10-01", To: "2026-10-16",
		Reason: evidence.Digest("aa00000000000000000000000000000000000000000000000000000000000000"),
	}})

	got, err := c.Svc.RequestFigures(c.Context(), requests.FigureFilter{})
	must(t, err)
	share, days := func(v float64) *float64 { return &v }, func(v float64) *float64 { return &v }
	want := []requests.FigureRow{
		{Law: "CA", Right: "access", Received: 4, Withdrawn: 1, Joined: 1, Open: 2, Late: 1, OnTimeShare: share(0)},
		{Law: "CA", Right: "erasure", Received: 1, Denied: 1},
		{Law: "CA", Right: "opt_out", Received: 1, Complied: 1, OnTime: 1, OnTimeShare: share(1), MeanDays: days(2), MedianDays: days(2)},
		{Law: "EU", Right: "access", Received: 2, Complied: 2, OnTime: 2, OnTimeShare: share(1), MeanDays: days(10), MedianDays: days(10)},
		{Law: "EU", Right: "erasure", Received: 3, Complied: 1, Partial: 1, Denied: 1, OnTime: 2, Late: 1, OnTimeShare: share(2.0 / 3), MeanDays: days(98.0 / 3), MedianDays: days(36)},
	}
	if diff := cmp.Diff(want, got.Table, cmp.Comparer(func(a, b float64) bool { return a-b < 1e-9 && b-a < 1e-9 })); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]requests.DenialRow{{Law: "CA", Right: "erasure", Ground: "unverified", Count: 1}, {Law: "EU", Right: "erasure", Ground: "legal_duty", Count: 1}}, got.Denials); diff != "" {
		t.Error(diff)
	}
	if got.Total.Received != 11 || len(got.Months) != 4 || got.Months[0].Month != "2026-03" {
		t.Errorf("total %+v, months %+v", got.Total, got.Months)
	}

	// Whatever became of the tables, the log gives the same again.
	if _, err := c.DB.Exec(t.Context(), `delete from figures`); err != nil {
		t.Fatal(err)
	}
	if _, err := c.DB.Exec(t.Context(), `update figures_cursor set next = 0`); err != nil {
		t.Fatal(err)
	}
	again, err := c.Svc.RequestFigures(c.Context(), requests.FigureFilter{})
	must(t, err)
	if diff := cmp.Diff(text(t, got), text(t, again)); diff != "" {
		t.Error(diff)
	}

	only, err := c.Svc.RequestFigures(c.Context(), requests.FigureFilter{
		From: clock.Date{Year: 2026, Month: 4, Day: 1}, To: clock.Date{Year: 2026, Month: 4, Day: 30}, Law: "EU", Right: "erasure",
	})
	must(t, err)
	if only.Total.Received != 1 || only.Total.Denied != 1 {
		t.Errorf("one right of one month: %+v", only.Total)
	}
	late, _, err := c.Svc.FigureCases(c.Context(), requests.FigureFilter{Law: "CA", Result: "late"}, "")
	must(t, err)
	if len(late) != 1 || late[0].Case != corrected || late[0].Due.Format(time.DateOnly) != "2026-10-16" {
		t.Errorf("late: %+v", late)
	}
	clk.put(noon(2026, 10, 10))
	if late, _, _ = c.Svc.FigureCases(c.Context(), requests.FigureFilter{Law: "CA", Result: "late"}, ""); len(late) != 0 {
		t.Errorf("late before the date: %+v", late)
	}
}

func text(t *testing.T, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	must(t, err)
	return string(raw)
}

// What comes after the last count is taken in by the next, and only that.
func TestFiguresFollowTheLog(t *testing.T) {
	t.Parallel()
	c, _ := still(t, noon(2026, 11, 1), requests.Settings{})
	r := c.File("nobody.figures@people.example", "erasure")
	must(t, c.Log.WaitFor(c.Deadline(), r.ID.String()))
	count := func() requests.FigureRow {
		t.Helper()
		got, err := c.Svc.RequestFigures(c.Context(), requests.FigureFilter{})
		must(t, err)
		return got.Total
	}
	if got := count(); got.Received != 1 || got.Open != 1 {
		t.Fatalf("filed: %+v", got)
	}
	_, err := c.Svc.Refuse(c.Context(), c.DPOs[0], r.ID, requests.Step{Ground: "identity_unproven", Reason: "no proof came"})
	must(t, err)
	must(t, c.Log.WaitFor(c.Deadline(), r.ID.String()))
	if got := count(); got.Received != 1 || got.Denied != 1 || got.Open != 0 {
		t.Errorf("refused: %+v", got)
	}
	page, next, err := c.Svc.FigureCases(c.Context(), requests.FigureFilter{Result: requests.DeniedRight}, "")
	must(t, err)
	if len(page) != 1 || page[0].Reference != r.Reference || page[0].Ground != "identity_unproven" || next != "" {
		t.Errorf("behind it: %+v", page)
	}
}

// A right that was answered late stays late, whatever law the rest of the request
// runs under afterwards.
func TestAnAnsweredRightKeepsItsDate(t *testing.T) {
	t.Parallel()
	c, _ := still(t, noon(2026, 11, 1), requests.Settings{})
	id := tell(c, asked("EU", "DE", "Europe/Berlin", noon(2026, 4, 1), "2026-05-04", "access", "erasure"),
		told{noon(2026, 5, 10), evidence.RequestRefused{Cite: "GDPR Art. 17(3)(b)", Ground: "legal_duty", Right: "erasure"}},
		told{noon(2026, 5, 12), evidence.LawCorrected{
			Country: "US", Region: "CA", Law: "CA", Previous: "EU", Holidays: "US", Zone: "America/Los_Angeles", On: "2026-05-12", From: "2026-05-04", To: "2026-05-16",
			Reason: evidence.Digest("aa00000000000000000000000000000000000000000000000000000000000000"),
		}},
		completed(noon(2026, 5, 14), evidence.RightDecided{Decision: "granted", Right: "access"}, evidence.RightDecided{Decision: "refused", Right: "erasure"}))
	_, err := c.Svc.RequestFigures(c.Context(), requests.FigureFilter{})
	must(t, err)
	late, _, err := c.Svc.FigureCases(t.Context(), requests.FigureFilter{Result: "late"}, "")
	must(t, err)
	if len(late) != 1 || late[0].Case != id || late[0].Due.Format(time.DateOnly) != "2026-05-04" {
		t.Errorf("late: %+v", late)
	}
}
