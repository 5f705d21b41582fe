package requests

import (
	"slices"
	"testing"

	"habeas/requests/connect"
	"habeas/requests/mail"
)

func TestGlossary(t *testing.T) {
	g := Glossary{"de": {"Your invoices": "Ihre Rechnungen", "invoices, 8 years": "rechnungen, 8 Jahre", "empty": ""}}
	for _, tc := range []struct{ lang, text, want string }{
		{"de", "Your invoices", "Ihre Rechnungen"},
		{"de", "Invoices, 8 years", "Rechnungen, 8 Jahre"}, // as the beginning of a sentence
		{"de", "Orders", "Orders"},
		{"de", "empty", "empty"},
		{"de", "", ""},
		{"fr", "Your invoices", "Your invoices"},
		{"", "Your invoices", "Your invoices"},
	} {
		if got := g.In(tc.lang, tc.text); got != tc.want {
			t.Errorf("%q in %q is %q, want %q", tc.text, tc.lang, got, tc.want)
		}
	}
}

// A letter in another language leaves the slots as they were: the officer's
// English reading is made of them.
func TestGlossaryLeavesTheSlotsAlone(t *testing.T) {
	g := Glossary{"de": {"Your invoices": "Ihre Rechnungen", "CRM": "Kundendatenbank", "The Authority": "Die Behörde", "8 years": "8 Jahre"}}
	slots := mail.Slots{
		Authority: mail.Authority{Name: "The Authority"}, SearchedIn: []string{"CRM"}, Kept: []mail.Kept{{What: "Your invoices", Text: "8 years"}},
		Changes: []mail.Change{{What: "E-mail", Where: "CRM"}}, Reasons: []mail.Reason{{Text: "8 years"}}, Recipients: []string{"CRM"}, Untold: []mail.Untold{{Name: "CRM"}},
	}
	in := g.letter("de", slots)
	if in.Authority.Name != "Die Behörde" || in.SearchedIn[0] != "Kundendatenbank" || in.Kept[0].What != "Ihre Rechnungen" || in.Kept[0].Text != "8 Jahre" || in.Changes[0].Where != "Kundendatenbank" || in.Reasons[0].Text != "8 Jahre" || in.Recipients[0] != "Kundendatenbank" || in.Untold[0].Name != "Kundendatenbank" {
		t.Errorf("the letter says %+v", in)
	}
	if slots.Authority.Name != "The Authority" || slots.SearchedIn[0] != "CRM" || slots.Kept[0].What != "Your invoices" || slots.Changes[0].Where != "CRM" || slots.Reasons[0].Text != "8 years" || slots.Recipients[0] != "CRM" || slots.Untold[0].Name != "CRM" {
		t.Errorf("the slots became %+v", slots)
	}
}

// What the register says of a type is told in the language, beside what the
// type's own file says.
func TestExplainedInALanguage(t *testing.T) {
	s := &Service{set: Settings{
		Glossary: Glossary{"de": {
			"Orders": "Bestellungen", "To deliver": "Um zu liefern", "your order": "Ihre Bestellung", "Eight years": "Acht Jahre", "Shop": "Laden", "DHL, carrier": "DHL, Paketdienst",
			"contract clauses": "Vertragsklauseln", "No.": "Nein.", "Number": "Nummer",
		}},
		Recipients: []Recipient{{Name: "dhl", Title: "DHL, carrier", Country: "US", Safeguards: "contract clauses"}},
		Register: []Processing{{
			Name: "shop", Purpose: "To deliver", Basis: "contract", BasisText: "your order", Covers: []string{"crm.orders"}, Recipients: []string{"dhl"},
			Retention: "Eight years", Automated: "No.",
		}},
	}}
	about := connect.Description{Name: "crm", Title: "CRM", Types: []connect.Type{{Name: "orders", Title: "Orders", Source: "Shop", Fields: []connect.Field{{Name: "id", Title: "Number"}}}}}
	got := s.explained("de", "EU", about).Types[0]
	for _, x := range []struct{ what, got, want string }{
		{"title", got.Title, "Bestellungen"},
		{"purpose", got.Purpose, "Um zu liefern"},
		{"basis", got.Basis, "Ihre Bestellung (Art. 6 Abs. 1 Buchst. b DSGVO)"},
		{"source", got.Source, "Laden"},
		{"retention", got.Retention, "Acht Jahre"},
		{"recipient", got.Recipient, "DHL, Paketdienst (US)"},
		{"transfers", got.Transfers, "DHL, Paketdienst: Vertragsklauseln"},
		{"automated", got.Automated, "Nein."},
		{"field", got.Fields[0].Title, "Nummer"},
	} {
		if x.got != x.want {
			t.Errorf("%s is %q, want %q", x.what, x.got, x.want)
		}
	}
	if about.Types[0].Title != "Orders" || about.Types[0].Fields[0].Title != "Number" {
		t.Error("the description itself was translated")
	}
}

// Every text that a system or the register shows is listed once, so that none
// is forgotten.
func TestTextsToTranslate(t *testing.T) {
	set := Settings{Authority: "The Authority", Transfers: "None.", Purposes: []Purpose{{Title: "News"}}, Register: []Processing{{Title: "Shop", Purpose: "To deliver", Retention: "None."}}}
	got := set.Texts(nil)
	if want := []string{"The Authority", "None.", "News", "Shop", "To deliver"}; !slices.Equal(got, want) {
		t.Errorf("texts are %q, want %q", got, want)
	}
	set.Glossary = Glossary{"de": {"News": "Neues", "Shop": ""}}
	if got, want := set.Untranslated("de", set.Texts(nil)), []string{"The Authority", "None.", "Shop", "To deliver"}; !slices.Equal(got, want) {
		t.Errorf("untranslated are %q, want %q", got, want)
	}
	if err := (Settings{Languages: []string{"en", "de"}, Glossary: Glossary{"fr": nil}}).CheckGlossary(); err == nil {
		t.Error("a glossary of a language that nobody is offered is taken")
	}
}
