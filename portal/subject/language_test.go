package subject_test

import (
	"bytes"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"habeas/portal/api"
	"habeas/portal/desk"
	"habeas/portal/desk/desktest"
	"habeas/portal/places"
	"habeas/portal/signin"
	"habeas/portal/subject"
	"habeas/portal/web"
	"habeas/requests"
	"habeas/requests/connect"
	"habeas/requests/mail"
	"habeas/requests/testkit"
	"habeas/requests/testkit/acme"
	"habeas/requests/testkit/company"
	"habeas/templates"
	"habeas/templates/locales"
	"habeas/templates/locales/localestest"
)

// speaking is a bench whose portal offers these languages; none are all.
func speaking(t *testing.T, opt company.Options, languages ...string) *bench {
	t.Helper()
	c := company.New(t, opt)
	client, prefix := testkit.Redis(t)
	routes := slices.Concat(subject.Routes(subject.Deps{Svc: c.Svc}), api.Routes(api.Deps{Svc: c.Svc}), desk.Routes(desk.Deps{Svc: c.Svc}), signin.Routes(signin.Deps{Svc: c.Svc}))
	cfg := web.Config{Redis: client, Prefix: prefix, Digest: c.Ring.Lookup, Limits: web.Limits{FilingsPerMinute: 1000, GuessesPerMinute: 1000}, Languages: languages}
	return &bench{c, desktest.Open(t, c.Svc, cfg, routes)}
}

// pick presses the switch of the page.
func pick(p *desktest.Page, lang string) *desktest.Page {
	return p.Submit("/language", url.Values{"lang": {lang}})
}

func wants(t *testing.T, p *desktest.Page, language string) *desktest.Page {
	t.Helper()
	if got := p.Language(); got != language {
		t.Errorf("%s is in %q, want %q", p.Path, got, language)
	}
	return p
}

func TestTheListsOfLanguagesAgree(t *testing.T) {
	if pages := templates.Languages(); !slices.Equal(slices.Sorted(slices.Values(pages)), slices.Sorted(slices.Values(requests.Languages))) || pages[0] != requests.Languages[0] {
		t.Errorf("pages are in %v, requests in %v", pages, requests.Languages)
	}
	for _, lang := range requests.Languages {
		for _, kind := range []string{mail.Ack, mail.Code, mail.ErasureDone} {
			if lang != "en" && mail.Title(kind, lang) == mail.Title(kind, "en") {
				t.Errorf("letters have no %s", lang)
			}
		}
	}
}

// A browser's preference is heard, its choice is kept, and both end at the
// staff's door.
func TestLanguageIsChosen(t *testing.T) {
	b := speaking(t, company.Options{Workers: -1})
	v := b.site.Anybody().Speaking("de-AT,de;q=0.8,en;q=0.5")
	p := wants(t, v.Get("/help").Is(200), "de ltr").Says("Hilfe", "Der Code kommt nicht an", "Français")
	p = wants(t, pick(p, "fr"), "fr ltr").Says("Le code n’arrive pas")
	if p.Path != "/help" {
		t.Errorf("the switch leads to %s", p.Path)
	}
	wants(t, v.Get("/"), "fr ltr").Says("Vos données chez Acme Outdoor")
	wants(t, pick(v.Get("/find?reference=HB-7K3F-Q2M"), "es"), "es ltr").Says("Buscar su solicitud")
	wants(t, v.Get("/nowhere").Is(404), "es ltr").Says("Aquí no hay nada")
	wants(t, pick(v.Get("/help"), "xx"), "es ltr")
	wants(t, pick(v.Get("/help"), locales.PseudoRTL), "es ltr")
	wants(t, v.Get("/privacy?lang=de").Is(200), "de ltr").Says("Datenschutz auf diesen Seiten")
	wants(t, v.Get("/help"), "de ltr")
	wants(t, v.Get("/help?lang=%22%3E%3Cscript%3E").Is(200), "de ltr")
	for _, back := range []string{"//evil.example", "https://evil.example", "", `/\evil.example`} {
		if p := v.Get("/help").Submit("/language", url.Values{"lang": {"fr"}, "to": {back}}); p.Path != "/" {
			t.Errorf("to %q the switch leads to %s", back, p.Path)
		}
	}
	wants(t, v.Get("/sign-in").Is(200), "en ltr").Says("Sign in")
	staff := b.site.As(b.DPOs[0]).Speaking("fr")
	wants(t, staff.Get("/desk").Is(200), "en ltr").Hides("minutes sans activité", "Langue")
	wants(t, staff.Get("/desk/cases/"+uuid.NewString()).Is(404), "en ltr")
	if p := v.Speaking("de").Get("/api/v1/nothing").Is(404); !bytes.Contains(p.Body, []byte("There is nothing at this address.")) {
		t.Errorf("the API answers %s", p.Body)
	}
}

// The question with its answer, the page with its fault and the page behind a
// link in a letter: the switch leads back to each.
func TestSwitchLeadsBack(t *testing.T) {
	b := speaking(t, company.Options{})
	email := acme.Subjects()[14].Email
	v := b.site.Anybody()
	p := v.Get("/request/what").Submit("/request/what", nil).Is(422)
	if p = pick(p, "de").Is(200); p.Path != "/request/what" {
		t.Errorf("from a fault the switch leads to %s", p.Path)
	}
	p = fill(v, email, []string{"consent_withdrawal"}, nil).Is(200).Says("Prüfen Sie Ihre Angaben", "Widerruf meiner Einwilligung", "Deutschland")
	p = pick(p, "fr").Is(200).Says("Vérifiez vos réponses", "Retrait de mon consentement", "Allemagne", email)
	p.Submit("/request/check", nil).Is(200).Says("Nous avons reçu votre demande")
	m, err := b.Mail.Wait(b.Deadline(), func(m mail.Captured) bool { return slices.Contains(m.To, email) })
	if err != nil || !strings.Contains(m.HTML, `<html lang="fr"`) {
		t.Errorf("the letter is not in French: %v %.200s", err, m.HTML)
	}
	link := b.linkIn(email, "/undo")
	p = pick(b.site.Anybody().Get(link).Is(200).Says("Take back the withdrawal?"), "es").Is(200).Says("¿Deshacer la retirada?")
	if p.Path != link {
		t.Errorf("from a letter's page the switch leads to %s", p.Path)
	}
}

// What a filing calls its language is the nearest of ours; who follows a
// request may change it, for that request only.
func TestLanguageOfARequest(t *testing.T) {
	b := speaking(t, company.Options{})
	file := func(locale string) *requests.Receipt {
		r, err := b.Svc.File(t.Context(), requests.Actor{Role: requests.Public}, filing(acme.Subjects()[15].Email, locale))
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	has := func(id uuid.UUID, want string) {
		t.Helper()
		cs, err := b.Svc.Get(t.Context(), b.DPOs[0], id)
		if err != nil || cs.Locale != want {
			t.Errorf("the request is in %s, want %s: %v", cs.Locale, want, err)
		}
	}
	for locale, want := range map[string]string{"de-CH": "de", "fr_CA": "fr", "es-419": "es", "": "en", "tlh": "en", "\x00": "en"} {
		has(file(locale).ID, want)
	}
	email := acme.Subjects()[16].Email
	v := b.site.Anybody().Speaking("de")
	p := fill(v, email, []string{"access"}, nil).Submit("/request/check", nil).Is(200).Says("Geben Sie den Code aus unserer E-Mail ein")
	ref := reference.FindString(p.Text)
	p.Submit("/request/code", url.Values{"code": {b.Code(email, ref)}}).Is(200).Says("Ihr Antrag ist bei uns", "Wir antworten spätestens am")
	list, err := b.Svc.Search(t.Context(), ref, nil)
	if err != nil || len(list.Cases) != 1 {
		t.Fatal(list, err)
	}
	mine, other := list.Cases[0].ID, file("fr").ID
	has(mine, "de")
	p = v.Get("/status").Is(200).Says("Ihr Antrag ist am", "zählt nicht mit", "Ein Monat danach", "Art. 12 Abs. 3 DSGVO")
	pick(p, "es").Is(200).Says("Recibimos su solicitud el", "Un mes después es el", "artículo 12.3 del RGPD")
	has(mine, "es")
	has(other, "fr")
	before, err := b.Svc.Letters(t.Context(), list.Cases[0])
	if err != nil {
		t.Fatal(err)
	}
	v.Get("/status/stop").Says("¿Retirar su solicitud?").Submit("/status/stop", nil).Is(200).Says("Su solicitud está retirada")
	after, err := b.Svc.Letters(t.Context(), list.Cases[0])
	if err != nil || len(after) <= len(before) {
		t.Fatal(len(after), err)
	}
	for _, l := range after {
		if want := map[bool]string{true: "de", false: "es"}[slices.ContainsFunc(before, func(o requests.LetterView) bool { return o.ID == l.ID })]; l.Locale != want {
			t.Errorf("%s is in %s, want %s", l.Kind, l.Locale, want)
		}
	}
	// An old letter says in which language it is.
	if _, err := b.Mail.Wait(b.Deadline(), func(m mail.Captured) bool {
		return slices.Contains(m.To, email) && strings.Contains(m.Text, mail.Title(mail.Withdrawn, "es")) || strings.Contains(m.Subject, ref) && strings.Contains(m.HTML, `lang="es"`)
	}); err != nil {
		t.Error(err)
	}
	p = v.Get("/status").Is(200)
	if link := p.Link(mail.Title(mail.Ack, "es")); link == "" {
		t.Errorf("the status page does not name its letters in Spanish: %s", p.Text)
	} else if p = v.Get(link).Is(200); !bytes.Contains(p.Body, []byte(`lang="de"`)) {
		t.Error("a German letter on a Spanish page does not say that it is German")
	}
}

// Every fault of every form in every language, and nothing of it in English.
func TestFaultsInEveryLanguage(t *testing.T) {
	b := speaking(t, company.Options{Workers: -1}, "en", "de", "fr", "es", locales.PseudoLTR)
	long := strings.Repeat("x", 300)
	contact := func(with url.Values) url.Values {
		out := url.Values{"email": {"mara@mail.example"}, "name": {""}, "phone": {""}, "customer_id": {""}, "network": {""}, "handle": {""}, "message": {""}}
		for k, v := range with {
			out[k] = v
		}
		return out
	}
	for _, tc := range []struct {
		path  string
		with  url.Values
		fault string
	}{
		{"/request/what", nil, "rights"},
		{"/request/who", nil, "who"},
		{"/request/where", url.Values{"country": {"XX"}}, "country"},
		{"/request/where", url.Values{"country": {"US"}}, "region"},
		{"/request/contact", contact(url.Values{"email": {""}}), "email_needed"},
		{"/request/contact", contact(url.Values{"email": {"mara"}}), "email"},
		{"/request/contact", contact(url.Values{"name": {long}}), "too_long"},
		{"/request/contact", contact(url.Values{"phone": {"call me"}}), "phone"},
		{"/request/contact", contact(url.Values{"handle": {"@mara"}}), "network"},
		{"/request/contact", contact(url.Values{"network": {"bluesky"}}), "handle"},
		{"/request/contact", contact(url.Values{"message": {strings.Repeat("x", 4001)}}), "message_long"},
		{"/request/purposes", nil, "purposes"},
		{"/request/consequences", nil, "download"},
		{"/find", url.Values{"reference": {"x"}}, "reference"},
	} {
		for _, lang := range []string{"en", "de", "fr", "es", locales.PseudoLTR} {
			p := b.site.Anybody().Get(tc.path+"?lang="+lang).Is(200).Submit(tc.path, tc.with).Is(422)
			p.Says(templates.Text(lang, "error.title"), strings.Join(strings.Fields(templates.Text(lang, "error."+tc.fault, "Max", 200)), " "))
			if lang == locales.PseudoLTR {
				b.saysNothing(p, long, "call me", "mara", "mara@mail.example", "@mara", strings.Repeat("x", 4001))
			}
		}
	}
}

// The whole way of a request in a pseudo-locale: what is not in brackets is
// data of the company, of its law and of the person.
func TestPagesSayNothingByThemselves(t *testing.T) {
	b := speaking(t, company.Options{}, "en", "de", "fr", "es", locales.PseudoLTR)
	email := acme.Subjects()[17].Email
	v := b.site.Anybody()
	v.Get("/?lang=" + locales.PseudoLTR)
	for _, path := range []string{"/", "/help", "/privacy", "/accessibility", "/find", "/request/behalf", "/session-ended", "/nowhere", "/undo?token=made-up"} {
		b.saysNothing(wants(t, v.Get(path), "en-XA ltr"))
	}
	for _, path := range []string{"/request/what", "/request/who", "/request/where", "/request/contact", "/request/purposes", "/request/consequences"} {
		b.saysNothing(v.Get(path).Is(200))
	}
	p := fill(v, email, []string{"erasure", "consent_withdrawal"}, url.Values{"name": {"Zoë"}, "network": {"bluesky"}, "handle": {"@zoe"}}).Is(200)
	b.saysNothing(p, email, "Zoë", "@zoe (Bluesky")
	p = p.Submit("/request/check", nil).Is(200)
	ref := reference.FindString(p.Text)
	b.saysNothing(p, email, ref)
	right := b.Code(email, ref)
	b.saysNothing(p.Submit("/request/code", url.Values{"code": {other(right)}}).Is(422), email, ref)
	p = p.Submit("/request/code", url.Values{"code": {right}}).Is(200)
	b.saysNothing(p, email, ref)
	list, err := b.Svc.Search(t.Context(), ref, nil)
	if err != nil || len(list.Cases) != 1 {
		t.Fatal(list, err)
	}
	id := list.Cases[0].ID
	b.saysNothing(v.Get("/status").Is(200), email, ref)
	b.Await(id, requests.Review)
	b.saysNothing(v.Get("/status").Is(200), email, ref)
	b.saysNothing(v.Get("/status/stop").Is(200), ref)
	b.saysNothing(v.Get("/download").Is(200), ref)
	b.Approve(id)
	b.Await(id, requests.Completed)
	b.saysNothing(v.Get("/status").Is(200), email, ref)
}

// saysNothing fails the test for every word of a page in a pseudo-locale that
// stands outside of brackets and is no data.
func (b *bench) saysNothing(p *desktest.Page, data ...string) {
	b.Helper()
	set := b.Svc.Settings()
	data = append(data, "Acme Outdoor", set.Contact, locales.PseudoLTR, "English", "Deutsch", "Français", "Español")
	for _, list := range [][]templates.Option{places.Countries(locales.PseudoLTR), places.States(), places.Networks()} {
		for _, o := range list {
			data = append(data, o.Label)
		}
	}
	for _, purpose := range set.Purposes {
		data = append(data, purpose.Title)
	}
	for _, name := range []string{"crm", "social", acme.Archive} {
		system, ok := b.Svc.System(name)
		if !ok {
			b.Fatal(name)
		}
		d := system.Describe()
		data = append(data, d.Title)
		for _, typ := range d.Types {
			data = append(data, d.Title+" · "+typ.Title)
		}
	}
	for _, kind := range mail.KindsOf("EU") {
		data = append(data, mail.Title(kind, "en"))
	}
	law := []string{"GDPR Art.", "Reg. 1182/71 Art.", "HGB §", "Vouchers, 8 years", "Invoices, 8 years", "The law obliges us to keep the data."}
	for _, text := range localestest.Outside(b.TB, bytes.NewReader(p.Body)) {
		isLaw := slices.ContainsFunc(law, func(start string) bool { return strings.HasPrefix(text, start) })
		if !isLaw && !slices.Contains(data, text) && !slices.ContainsFunc(data, func(d string) bool { return strings.Trim(d, ")") == text }) && !requestID.MatchString(text) {
			b.Errorf("%s (%d) says by itself: %s", p.Path, p.Status, text)
		}
	}
}

// requestID is the number on a page that says what went wrong.
var requestID = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f-]{27}$`)

func filing(email, locale string) requests.Filing {
	return requests.Filing{
		Rights: []string{"access"}, Country: "DE", Locale: locale, Identities: []connect.Identity{{Kind: "email", Value: email}},
	}
}
