package requests_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"habeas/requests"
	"habeas/requests/clock"
	"habeas/requests/connect"
)

// TestTheClockFollowsFromTheLogAlone: whatever is done to a request, wherever
// its person lives, and whenever, its deadlines with their derivations follow
// from its events alone.
func TestTheClockFollowsFromTheLogAlone(t *testing.T) {
	t.Parallel()
	start := noon(2026, 3, 20)
	c, clk := still(t, start, requests.Settings{PausePolicy: clock.Suspend})
	type home struct{ country, region string }
	homes := []home{{"DE", ""}, {"FR", ""}, {"GB", ""}, {"GB", "SCT"}, {"US", "CA"}, {"US", "VA"}, {"US", "OR"}, {"CH", ""}, {"BR", ""}, {"CA", ""}, {"CA", "QC"}, {"JP", ""}}
	kinds := [][]string{{"access"}, {"erasure"}, {"opt_out"}, {"consent_withdrawal"}, {"access", "erasure"}, {"erasure", "opt_out"}}
	rapid.Check(t, func(rt *rapid.T) {
		now := start
		clk.put(now)
		at := rapid.SampledFrom(homes).Draw(rt, "home")
		rights := rapid.SampledFrom(kinds).Draw(rt, "rights")
		f := requests.Filing{Rights: rights, Country: at.country, Region: at.region, Locale: "en", Identities: []connect.Identity{{Kind: "email", Value: "log@people.example"}}}
		if back := rapid.IntRange(0, 20*24*60).Draw(rt, "minutes in the post"); back > 0 {
			received := now.Add(-time.Duration(back) * time.Minute)
			f.ReceivedAt, f.Channel, f.Reason = &received, "letter", "postmark"
		}
		r, err := c.Svc.File(t.Context(), c.Agent, f)
		if err != nil {
			rt.Fatal(err)
		}
		moved := 0
		for range rapid.IntRange(0, 7).Draw(rt, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 30*24*60).Draw(rt, "minutes later")) * time.Minute)
			clk.put(now)
			st := requests.Step{Right: rapid.SampledFrom(append([]string{""}, rights...)).Draw(rt, "right"), Reason: "as the file says"}
			switch rapid.SampledFrom([]string{"pause", "resume", "extend", "law"}).Draw(rt, "step") {
			case "pause":
				st.Ground = rapid.SampledFrom([]string{"identity", "clarification", "fee"}).Draw(rt, "ground")
				_, err = c.Svc.Pause(t.Context(), c.DPOs[0], r.ID, st)
			case "resume":
				_, err = c.Svc.Resume(t.Context(), c.DPOs[0], r.ID, requests.Step{})
			case "extend":
				st.Ground = "complexity"
				if days := rapid.IntRange(0, 90).Draw(rt, "announced"); days > 0 {
					st.Until = clock.DateIn(now.AddDate(0, 0, days), time.UTC)
				}
				_, err = c.Svc.Extend(t.Context(), c.DPOs[0], r.ID, st)
			case "law":
				to := rapid.SampledFrom(homes).Draw(rt, "new home")
				_, err = c.Svc.CorrectLaw(t.Context(), c.Agent, r.ID, requests.LawChange{Country: to.country, Region: to.region, Reason: "moved house"})
			}
			if err == nil {
				moved++
			} else if e := requests.AsError(err); !slices.Contains([]requests.Kind{requests.Invalid, requests.Conflict, requests.Unlawful}, e.Kind) {
				rt.Fatal(err)
			}
			k, err := c.Svc.Get(t.Context(), c.Auditor, r.ID)
			if err != nil {
				rt.Fatal(err)
			}
			lines, err := c.Svc.Events(t.Context(), k)
			if err != nil {
				rt.Fatal(err)
			}
			again, err := c.Svc.ClockAt(lines, now)
			if err != nil {
				rt.Fatal(err)
			}
			all, due, err := k.Clock(now, nil)
			if err != nil {
				rt.Fatal(err)
			}
			if a, b := fmt.Sprint(again), fmt.Sprint(all); a != b {
				rt.Fatalf("after %d steps the log says\n%s\nthe case\n%s", moved, a, b)
			}
			if !k.Has(requests.Paused) && k.DueOn.Format(time.DateOnly) != due.Due.String() {
				rt.Fatalf("the row is due on %s, its clock on %s", k.DueOn.Format(time.DateOnly), due.Due)
			}
		}
	})
}
