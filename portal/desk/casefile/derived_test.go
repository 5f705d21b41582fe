package casefile

import (
	"bytes"
	"testing"
	"time"

	"habeas/requests/clock"
	"habeas/templates"
	"habeas/templates/locales"
	"habeas/templates/locales/localestest"
)

// TestDerivationsAreInThePagesLanguage: whatever law, right and event, no step
// of a customer's date is told as the law table has it, in English.
func TestDerivationsAreInThePagesLanguage(t *testing.T) {
	t.Parallel()
	ctx := templates.WithLocale(t.Context(), templates.Locale{Lang: locales.PseudoLTR, Zone: time.UTC, Offered: []string{locales.PseudoLTR}})
	received := clock.Date{Year: 2026, Month: 7, Day: 15}
	on := func(days int) clock.Date { return received.AddDays(days) }
	steps := map[string]int{}
	for _, code := range clock.Builtin().Codes() {
		for _, right := range []string{"access", "erasure", "opt_out", "limit", "consent_withdrawal"} {
			for _, events := range [][]clock.Event{
				nil,
				{{Kind: clock.Identity, From: on(2), To: on(5)}},
				{{Kind: clock.Clarify, From: on(2), To: on(5)}},
				{{Kind: clock.Fee, From: on(2), To: on(5)}},
				{{Kind: clock.Identity, From: on(2)}},
				{{Kind: clock.Clarify, From: on(100), To: on(101)}},
				{{Kind: clock.Extended, From: on(3)}},
				{{Kind: clock.Extended, From: on(3), To: on(70)}},
			} {
				for _, policy := range []string{clock.Strict, clock.Suspend} {
					in := clock.Input{Law: code, Right: right, Received: clock.On(received), Events: events, PausePolicy: policy, Now: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)}
					res, err := clock.Compute(in)
					if err != nil {
						continue // the law has no such step
					}
					rules := Rules(res.Due())
					for i := range rules {
						steps[rules[i].Code]++
						rules[i].Cite = "" // citations follow the language by other rules
					}
					var page bytes.Buffer
					v := templates.ConfirmationPage{Clock: templates.Clock{Due: civil(res.Due().Due), Rules: rules, LawCode: code, LawName: "A law"}}
					if err := templates.Confirmation(v).Render(ctx, &page); err != nil {
						t.Fatal(err)
					}
					if left := localestest.Outside(t, &page); len(left) > 0 {
						t.Fatalf("%s %s %+v says by itself: %q", code, right, events, left)
					}
				}
			}
		}
	}
	for _, code := range []string{"received", "restarted", "ends", "paused", "late_pause", "no_pause", "rolled", "announced"} {
		if steps[code] == 0 {
			t.Errorf("no derivation had the step %s", code)
		}
	}
}
