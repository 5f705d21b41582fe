package subject_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"habeas/requests"
	"habeas/requests/clock"
	"habeas/requests/testkit"
	"habeas/requests/testkit/acme"
	"habeas/requests/testkit/company"
	"habeas/templates"
)

// Before anything is sent, the page says which law applies, until when we
// answer and how that day is counted; the request then has that law and day.
func TestTheLawIsToldBeforeFiling(t *testing.T) {
	now := testkit.NewClock(time.Date(2026, 7, 15, 9, 0, 0, 0, time.UTC))
	b := speaking(t, company.Options{Workers: -1, Now: now.Now})
	due := time.Date(2026, 8, 17, 0, 0, 0, 0, time.UTC) // 15 August is a Saturday
	for i, tc := range []struct{ lang, law, counted, cite string }{
		{"en", "the General Data Protection Regulation (GDPR)", "One month later is Saturday 15 August 2026.", "GDPR Art. 12(3)"},
		{"de", "Datenschutz-Grundverordnung (DSGVO)", "Ein Monat danach: Samstag, 15. August 2026.", "Art. 12 Abs. 3 DSGVO"},
		{"fr", "règlement général sur la protection des données (RGPD)", "Un mois plus tard, c’est le samedi 15 août 2026.", "article 12.3 du RGPD"},
		{"es", "Reglamento General de Protección de Datos (RGPD)", "Un mes después es el sábado 15 de agosto de 2026.", "artículo 12.3 del RGPD"},
	} {
		say := func(key string, args ...any) string {
			return strings.Join(strings.Fields(templates.Text(tc.lang, key, args...)), " ") // as a page is read
		}
		ctx := templates.WithLocale(t.Context(), templates.Locale{Lang: tc.lang, Zone: time.UTC, Now: now.Now()})
		v := b.site.Anybody().Speaking(tc.lang)
		email := acme.Subjects()[i].Email
		p := fill(v, email, []string{"access"}, nil).Is(200)
		p.Says(say("check.law_own", "Law", tc.law), say("check.law_due", "Date", templates.DateFull(ctx, due)), say("check.law_longer"), tc.counted, tc.cite)
		p.Submit("/request/check", nil).Is(200)
		v.Get("/request/confirmation").Is(200).Says(say("due.law", "Law", tc.law), templates.DateFull(ctx, due), tc.counted)
		var id uuid.UUID
		var law string
		var stored time.Time
		if err := b.DB.QueryRow(t.Context(), `select c.id, c.law, c.due_on from cases c order by c.filed_at desc, c.id desc limit 1`).Scan(&id, &law, &stored); err != nil || law != "EU" || !stored.Equal(due) {
			t.Fatalf("%s: filed under %s, due %s: %v", tc.lang, law, stored, err)
		}
	}
	// Rights with different times are told apart, a law without a name in the language by its own.
	v := b.site.Anybody()
	p := v.Get("/request/what").Submit("/request/what", url.Values{"rights": {"erasure", "opt_out"}})
	p = p.Submit("/request/who", url.Values{"who": {"self"}}).Submit("/request/where", url.Values{"country": {"US"}, "region": {"CA"}})
	p = p.Submit("/request/contact", url.Values{"email": {acme.Subjects()[5].Email}}).Submit("/request/consequences", url.Values{"download": {"no"}})
	p.Is(200).Says("the California Consumer Privacy Act (CCPA)", "Wednesday 5 August 2026", "Saturday 29 August 2026", "15 working days later", "11 CCR 7026(f)")
	p = v.Get("/request/where?change=1").Submit("/request/where", url.Values{"country": {"US"}, "region": {"VA"}})
	p.Is(200).Says("this law applies: Virginia Consumer Data Protection Act", "Saturday 29 August 2026").Hides("California Consumer")
}

// The desk corrects which law applies, and the person sees the new one.
func TestACorrectedLawIsShown(t *testing.T) {
	now := testkit.NewClock(time.Date(2026, 7, 15, 9, 0, 0, 0, time.UTC))
	b := speaking(t, company.Options{Workers: -1, Now: now.Now})
	email := acme.Subjects()[6].Email
	v := b.site.Anybody().Speaking("de")
	p := fill(v, email, []string{"access"}, nil).Submit("/request/check", nil)
	var id uuid.UUID
	if err := b.DB.QueryRow(t.Context(), `select c.id from cases c`).Scan(&id); err != nil {
		t.Fatal(err)
	}
	p.Submit("/request/code", url.Values{"code": {b.Code(email, reference.FindString(p.Text))}}).Is(200)
	v.Get("/status").Is(200).Says("Es gilt: Datenschutz-Grundverordnung (DSGVO).", "Montag, 17. August 2026")
	if _, err := b.Svc.CorrectLaw(t.Context(), b.DPOs[0], id, requests.LawChange{Country: "CH", Reason: "The person lives in Basel."}); err != nil {
		t.Fatal(err)
	}
	ch, err := clock.Compute(clock.Input{Law: "CH", Received: clock.At(now.Now()), Zone: "Europe/Zurich"})
	if err != nil {
		t.Fatal(err)
	}
	if ch.Due().Due.String() != "2026-08-14" {
		t.Fatal(ch.Due())
	}
	v.Get("/status").Is(200).Says("Es gilt: Schweizer Bundesgesetz über den Datenschutz (DSG).", "Freitag, 14. August 2026", "30 Tage danach: Freitag, 14. August 2026.").Hides("Montag, 17. August")
}
