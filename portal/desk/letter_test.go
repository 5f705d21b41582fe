package desk_test

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"habeas/portal/desk/desktest"
	"habeas/requests"
	"habeas/requests/connect"
	"habeas/requests/mail"
	"habeas/requests/testkit/acme"
	"habeas/requests/testkit/browser"
	"habeas/requests/testkit/company"
)

// sendLetter sends the letter that a page shows.
func sendLetter(p *desktest.Page) *desktest.Page {
	return p.Submit(formPath(p), one("action", "send"))
}

// formPath is where the page's own form goes: the address without what was
// added to it.
func formPath(p *desktest.Page) string {
	at, _, _ := strings.Cut(p.Path, "?")
	return at
}

// inGerman files an erasure whose letters are German.
func inGerman(c *company.Company, who acme.Subject, rights ...string) *requests.Receipt {
	c.Helper()
	r := inReview(c, who.Email, rights...)
	if _, err := c.DB.Exec(c.Context(), `update cases set locale = 'de' where id = $1`, r.ID); err != nil {
		c.Fatal(err)
	}
	return r
}

func eventsOf(t *testing.T, c *company.Company, r *requests.Receipt, kind string) []string {
	t.Helper()
	cs, err := c.Svc.Get(t.Context(), c.DPOs[0], r.ID)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := c.Svc.Events(t.Context(), cs)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, l := range lines {
		if strings.Contains(string(l.Raw), `"kind":"`+kind+`"`) {
			out = append(out, string(l.Raw))
		}
	}
	return out
}

// A refusal is read before it is sent, in the customer's language with an
// English reading beside it. What the officer writes goes out; the law's text
// stays; the log holds a digest.
func TestRefusalIsReadBeforeItIsSent(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{})
	site := open(t, c)
	who := acme.Subjects()[1]
	r := inGerman(c, who, "erasure")
	dana := site.As(c.DPOs[0])

	p := dana.Get(path(r.ID, "refuse")).Submit(path(r.ID, "refuse"), url.Values{"ground": {"legal_claims"}, "reason": {"Wir streiten über Rechnung 20261121."}}).Is(200).
		Says("Nothing is decided yet", "German", "English reading, not sent", "Guten Tag!", "vor Gericht", "go to court",
			"um Rechtsansprüche geltend zu machen", "Art. 17 Abs. 3 Buchst. e DSGVO", "2026 1121")
	c.Await(r.ID, requests.Review)
	at := formPath(p)

	for _, bad := range []struct{ field, value, says string }{
		{"note", "Siehe https://evil.test/x", "addresses of other sites"},
		{"note", "<b>fett</b>", "markup"},
		{"reason", strings.Repeat("x", 2001), "2000"},
		{"person", "zwei\nZeilen", "one line"},
	} {
		p.Submit(at, url.Values{bad.field: {bad.value}, "action": {"send"}}).Is(400).Says(bad.says, "nothing is sent")
	}
	c.Await(r.ID, requests.Review)

	// Words that nobody looked at do not go out: the page shows them first.
	words := url.Values{"note": {"Rufen Sie uns gern an."}, "person": {"Dana Okafor, Durchwahl 12"}, "reason": {"Wir streiten noch."}, "action": {"send"}}
	p = p.Submit(at, words).Is(200).Says("Please read it again", "Rufen Sie uns gern an.", "Ansprechperson zu diesem Brief: Dana Okafor, Durchwahl 12")
	if got := eventsOf(t, c, r, "request.refused"); len(got) != 0 {
		t.Fatalf("refused before it was read: %v", got)
	}

	frame := dana.Get(at + "/0").Is(200)
	policy := frame.Header.Get("Content-Security-Policy")
	if !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "sandbox") || !strings.Contains(string(frame.Body), `<html lang="de" dir="ltr">`) {
		t.Errorf("%s\n%s", policy, frame.Body)
	}
	if english := dana.Get(at + "/0/en").Is(200); !strings.Contains(string(english.Body), `<html lang="en"`) {
		t.Error("no English reading")
	}
	dana.Get(at + "/1").Is(404)
	site.As(c.DPOs[1]).Get(at).Is(404) // each officer's own
	site.As(c.Agent).Get(at).Is(http.StatusForbidden)

	sendLetter(p).Is(200).Says("Refused")
	c.Await(r.ID, requests.Refused)
	m, err := c.Mail.Wait(c.Deadline(), func(m mail.Captured) bool {
		return slices.Contains(m.To, who.Email) && strings.Contains(m.Subject, "Unsere Antwort")
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Wir streiten noch", "Rufen Sie uns gern an.", "Durchwahl 12", "vor Gericht", "Aufsichtsbehörde"} {
		if !strings.Contains(m.Text, want) {
			t.Errorf("no %q in\n%s", want, m.Text)
		}
	}
	edited := eventsOf(t, c, r, "letter.edited")
	if len(edited) != 1 || strings.Contains(edited[0], "Dana") || !strings.Contains(edited[0], `"slots":["note","person"]`) {
		t.Errorf("events %v", edited)
	}
	dana.Get(at).Is(404) // sent, and gone
}

// What goes out by itself can carry words too: they wait for the letter.
func TestWordsWaitForTheAnswer(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{Settings: requests.Settings{ApprovalsErasure: 1}})
	site := open(t, c)
	who := acme.Subjects()[2]
	r := inGerman(c, who, "erasure")
	dana := site.As(c.DPOs[0])

	p := dana.Get(path(r.ID, "preview")).Is(200).Submit(path(r.ID, "preview"), nil).Is(200).
		Says("Wir konnten Ihrem Antrag teilweise entsprechen", "We could do a part of what you asked for", "Datensätze gelöscht")
	p = p.Submit(formPath(p), url.Values{"note": {"Alles Gute für Sie."}, "action": {"look"}}).Is(200).Says("Alles Gute für Sie.")
	sendLetter(p).Is(200).Says("Kept")
	c.Approve(r.ID)
	m, err := c.Mail.Wait(c.Deadline(), func(m mail.Captured) bool {
		return slices.Contains(m.To, who.Email) && strings.Contains(m.Text, "Wir konnten Ihrem Antrag teilweise entsprechen")
	})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(m.Text, "Alles Gute für Sie.") || !strings.Contains(m.Text, "DSGVO") {
		t.Errorf("%s", m.Text)
	}
}

// A question to the customer: refused without its doubt or with a day that is
// past, read first, and honest about the clock.
func TestQuestionToTheCustomer(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{})
	site := open(t, c)
	who := acme.Subjects()[3]
	r := inGerman(c, who, "access")
	dana := site.As(c.DPOs[0])

	ask := dana.Get(path(r.ID, "ask/id_request")).Is(200).Says("The clock runs on", "Art.")
	full := url.Values{"reason": {"Die Anschrift passt nicht zu unserer."}, "proof": {"document", "facts"}, "items": {"Ihre Kundennummer"}, "until": {"2027-03-01"}}
	without := func(field, value string) url.Values {
		v := url.Values{}
		for k, x := range full {
			v[k] = x
		}
		v.Set(field, value)
		return v
	}
	ask.Submit(path(r.ID, "ask/id_request"), without("reason", "")).Is(400).Says("what makes you doubt", "Art. 12(6)")
	ask.Submit(path(r.ID, "ask/id_request"), without("until", "2020-01-01")).Is(400).Says("still to come")
	ask.Submit(path(r.ID, "ask/id_request"), without("until", "tomorrow")).Is(400).Says("until which you wait")
	p := ask.Submit(path(r.ID, "ask/id_request"), full).Is(200).
		Says("Die Anschrift passt nicht", "ein Dokument, das Ihren Namen", "Ihre Kundennummer", "löschen wir ihn", "Die Frist für unsere Antwort bleibt", "1. März 2027")
	if got := eventsOf(t, c, r, "letter.edited"); len(got) != 0 {
		t.Errorf("looking sent something: %v", got)
	}
	sendLetter(p).Is(200).Says("Asked")
	if _, err := c.Mail.Wait(c.Deadline(), func(m mail.Captured) bool { return strings.Contains(m.Subject, "Bitte zeigen Sie uns") }); err != nil {
		t.Fatal(err)
	}
	if got := eventsOf(t, c, r, "letter.edited"); len(got) != 1 || strings.Contains(got[0], "Anschrift") {
		t.Errorf("events %v", got)
	}
	dana.Get(path(r.ID, "ask/other")).Is(404)
}

// The letter before it is sent, and the questions, in a real browser.
func TestLetterPagesInABrowser(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{})
	site := open(t, c)
	r := inGerman(c, acme.Subjects()[6], "erasure")
	dana := site.As(c.DPOs[0])
	p := dana.Get(path(r.ID, "refuse")).Submit(path(r.ID, "refuse"), url.Values{"ground": {"legal_claims"}, "reason": {"Wir streiten über die Rechnung vom Mai."}}).Is(200)
	tab := browser.New(t)
	browser.Open(t, tab, site.URL("/enter/"+c.DPOs[0].ID))
	for name, to := range map[string]string{"desk-draft": formPath(p), "desk-ask": path(r.ID, "ask/id_request"), "desk-replies": path(r.ID, "replies")} {
		if status := browser.Open(t, tab, site.URL(to)); status != 200 {
			t.Fatalf("%s answers %d", to, status)
		}
		browser.Axe(t, tab)
		browser.Screenshot(t, tab, name, 1280)
		browser.Screenshot(t, tab, name, 390)
	}
}

// A fee is quoted before anything is owed: the letter names it, the reasons and
// the remedies, and the request stays open (GDPR Art. 12(5)).
func TestAFeeIsQuotedFirst(t *testing.T) {
	t.Parallel()
	c, dana, _, id := frozen(t, "GB", "access")
	at := path(id, "ask/excessive")
	if !dana.Get(path(id, "refuse")).Is(200).Leads(at) {
		t.Error("the refusal does not lead to the fee")
	}
	form := dana.Get(at).Is(200).Says("Quote a fee", "GDPR Art. 12(5)", "Stop the clock")
	whole := url.Values{"reason": {"The seventh request this month about the same."}, "fee": {"25.00 GBP"}, "until": {"2026-06-20"}, "pause": {"yes"}}
	with := func(name, value string) func() *desktest.Page {
		return func() *desktest.Page {
			v := maps.Clone(whole)
			v[name] = []string{value}
			return form.Submit(at, v)
		}
	}
	refused(t, c, id, 400, with("fee", ""), "with its currency")
	refused(t, c, id, 400, with("fee", "a lot"), "with its currency")
	refused(t, c, id, 400, with("fee", "25.00 EUR <b>"), "with its currency")
	refused(t, c, id, 400, with("reason", ""), "volume alone is not enough")
	refused(t, c, id, 400, with("until", "2026-05-20"), "still to come")
	letter := with("fee", "25.00 GBP")().Is(200).Says("The fee is 25.00 GBP.", "The seventh request this month", "It is for us to show this", "You owe nothing unless you agree", "20 June 2026",
		"begins when the fee is paid", "Information Commissioner", "go to court")
	sendLetter(letter).Is(200)
	cs, err := c.Svc.Get(t.Context(), c.DPOs[0], id)
	if err != nil || cs.Status != requests.Filed || !cs.Has(requests.Paused) || len(cs.Decisions) != 0 {
		t.Errorf("%s %v %v, %v", cs.Status, cs.Flags, cs.Decisions, err)
	}
	m, err := c.Mail.Wait(c.Deadline(), func(m mail.Captured) bool { return strings.Contains(m.Text, "25.00 GBP") })
	if err != nil || strings.TrimSpace(m.HTML) == "" || !strings.Contains(m.HTML, "25.00 GBP") {
		t.Errorf("the fee is not in the mail: %v", err)
	}
	// Where the law has no such ground there is no fee: consent is taken back for nothing.
	c, dana, _, id = frozen(t, "DE", "consent_withdrawal")
	form = dana.Get(path(id, "ask/excessive")).Is(200)
	refused(t, c, id, 422, func() *desktest.Page { return form.Submit(path(id, "ask/excessive"), whole) }, "GDPR Art. 7(3)")
}

// Somebody without an e-mail address is answered on paper: the letter waits on
// the case's page, is printed and posted, and only then the log has it as sent.
func TestALetterOnPaper(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{Workers: -1})
	site := open(t, c)
	dana := site.As(c.DPOs[0])
	r, err := c.Svc.File(t.Context(), c.Agent, requests.Filing{
		Rights: []string{"access"}, Country: "DE", Locale: "de", Channel: "letter", Name: "Änne Grünwald",
		Identities: []connect.Identity{{Kind: "customer_id", Value: acme.Subjects()[9].CustomerID}},
	})
	if err != nil {
		t.Fatal(err)
	}
	letter := dana.Get(path(r.ID, "refuse")).Submit(path(r.ID, "refuse"), url.Values{"ground": {"excessive"}, "reason": {"Die siebte Anfrage in diesem Monat."}}).Is(200)
	letter.Says("no e-mail address here", "Die siebte Anfrage")
	page := sendLetter(letter).Is(200).Says("to be printed and posted")
	if got := sent(c, r.ID); got["excessive"] != "" {
		t.Errorf("the log has it as sent before it was posted: %v", got)
	}
	cs, err := c.Svc.Get(t.Context(), c.DPOs[0], r.ID)
	if err != nil {
		t.Fatal(err)
	}
	list, err := c.Svc.Letters(t.Context(), cs)
	i := slices.IndexFunc(list, func(l requests.LetterView) bool { return l.Kind == "excessive" })
	if err != nil || i < 0 {
		t.Fatal(list, err)
	}
	at := path(r.ID, "letters/"+list[i].ID)
	if !page.Leads(at) {
		t.Errorf("the case does not lead to %s", at)
	}
	dana.Get(at).Is(200).Hides("Die siebte Anfrage").Submit(at, nil).Is(400)
	read := dana.Get(at).Submit(at, one("purpose", "customer_question"))
	read.Is(200).Says("Die siebte Anfrage in diesem Monat", "Print the letter, post it")
	read.Submit(at+"/posted", nil).Is(200).Says("Posted").Hides("to be printed and posted")
	if got := sent(c, r.ID); got["excessive"] != "post" {
		t.Errorf("sent %v", got)
	}
	dana.Post(at+"/posted", read.Form(at+"/posted")).Is(404) // once
	for _, m := range c.Mail.Messages() {
		if strings.Contains(m.Text, "siebte Anfrage") {
			t.Errorf("it was mailed to %v as well", m.To)
		}
	}
}

// sent are the ways of the letters that the log has as sent, by kind.
func sent(c *company.Company, id uuid.UUID) map[string]string {
	c.Helper()
	rows, err := c.DB.Query(c.Context(), `select e.line::jsonb->'data'->>'kind', coalesce(e.line::jsonb->'data'->>'way', 'mail') from events e where e.case_id = $1 and e.kind = 'letter.sent'`, id)
	if err != nil {
		c.Fatal(err)
	}
	out := map[string]string{}
	var kind, way string
	if _, err := pgx.ForEachRow(rows, []any{&kind, &way}, func() error { out[kind] = way; return nil }); err != nil {
		c.Fatal(err)
	}
	return out
}
