package desk_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"habeas/requests/evidence"
	"habeas/requests/testkit/acme"
	"habeas/requests/testkit/browser"
	"habeas/requests/testkit/company"
)

// tellYear writes a year of requests as events alone.
func tellYear(t *testing.T, c *company.Company) {
	t.Helper()
	type place struct{ law, set, zone, country string }
	places := []place{
		{"EU", "DE", "Europe/Berlin", "DE"},
		{"EU", "FR", "Europe/Paris", "FR"},
		{"UK", "EW", "Europe/London", "GB"},
		{"CA", "US", "America/Los_Angeles", "US"},
		{"BR", "none", "America/Sao_Paulo", "BR"},
	}
	rights := []evidence.Code{"access", "erasure", "erasure", "opt_out", "consent_withdrawal"}
	var last string
	for i := range 160 {
		p, right := places[i*7%len(places)], rights[i*3%len(rights)]
		at := time.Date(2025, 12, 3, 9, 0, 0, 0, time.UTC).AddDate(0, 0, i*340/160)
		filed := evidence.RequestFiled{
			Channel: "portal", Country: evidence.Code(p.country), Law: evidence.Code(p.law), Holidays: evidence.Code(p.set), Zone: evidence.Code(p.zone),
			ReceivedAt: evidence.At(at), DueOn: evidence.Day(at.AddDate(0, 1, 0)), Rights: []evidence.Code{right}, Policy: "strict",
		}
		events := []evidence.Event{{Actor: "public", Data: filed}}
		answered := at.AddDate(0, 0, 4+i*11%34)
		switch i % 9 {
		case 0:
			if right == "access" || right == "erasure" {
				events = append(events, evidence.Event{Actor: "system", Data: evidence.RequestExpired{Cause: "unverified", SentAt: evidence.At(at)}})
			}
		case 1:
			if right == "erasure" {
				events = append(events, evidence.Event{Actor: "worker", Data: evidence.RequestRefused{Cite: "GDPR Art. 12(5)", Ground: "excessive", Right: right}})
				break
			}
			fallthrough
		case 2:
			events = append(events, evidence.Event{Actor: "worker", Data: evidence.RequestCompleted{Result: "done", Decisions: []evidence.RightDecided{{Decision: "partial", Right: right}}}})
		default:
			events = append(events, evidence.Event{Actor: "worker", Data: evidence.RequestCompleted{Result: "done"}})
		}
		last = uuid.Must(uuid.NewV7()).String()
		err := pgx.BeginFunc(t.Context(), c.DB, func(tx pgx.Tx) error {
			for j, e := range events {
				when := at
				if j > 0 {
					when = answered
				}
				if err := evidence.Append(t.Context(), tx, last, when, int64(j), e); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Log.WaitFor(c.Deadline(), last); err != nil {
		t.Fatal(err)
	}
}

// The figures' page says what the log says, leads to the requests behind each
// figure, and is for officers and auditors alone.
func TestFiguresPage(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{})
	site := open(t, c)
	r := inReview(c, acme.Subjects()[3].Email, "erasure")
	if err := c.Log.WaitFor(c.Deadline(), r.ID.String()); err != nil {
		t.Fatal(err)
	}
	tellYear(t, c)
	dana, yuki := site.As(c.DPOs[0]), site.As(c.Auditor)
	page := dana.Get("/desk/figures").Is(200).Says("161", "Answered in time", "11 CCR 7102", "Denials by ground", "Nobody proved who asked", "Erasure", "General Data Protection Regulation")
	page.Hides(acme.Subjects()[3].Email)
	dana.Get("/desk/figures/cases?law=EU&right=erasure&result=open").Is(200).Says(r.Reference, "Open")
	yuki.Get("/desk/figures/cases?result=denied&ground=unverified").Is(200).Says("Nobody proved who asked")
	dana.Get("/desk/figures?from=2026-02-30").Is(400).Says("Give a day of the calendar")
	dana.Get("/desk/figures?from=2026-03-01&to=2026-02-01").Is(400).Says("The last day lies before the first")
	dana.Get("/desk/figures?from=2020-01-01&to=2020-02-01").Is(200).Says("No request was received in this period")
	site.As(c.Agent).Get("/desk/figures").Is(403)
	site.As(c.Admin).Get("/desk/figures").Is(403)

	tab := browser.New(t)
	browser.Open(t, tab, site.URL("/enter/"+c.DPOs[0].ID))
	for i, to := range []string{"/desk/figures", "/desk/figures/cases?result=denied", path(r.ID, "law"), path(r.ID, "")} {
		if status := browser.Open(t, tab, site.URL(to)); status != 200 {
			t.Fatalf("%s answers %d", to, status)
		}
		browser.Axe(t, tab)
		for _, w := range []int{1280, 390} {
			browser.Screenshot(t, tab, fmt.Sprintf("figures-%d", i), w)
		}
	}
}
