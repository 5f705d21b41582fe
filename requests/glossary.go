package requests

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"habeas/requests/connect"
	"habeas/requests/mail"
)

// Glossary is what a company's own texts are in other languages: by language,
// the text as it is configured and its translation. Titles of systems and
// records, purposes, retention, the words of a ground: whatever is not in it is
// shown as configured.
type Glossary map[string]map[string]string

// In is a text in a language.
func (g Glossary) In(lang, text string) string {
	words := g[lang]
	if t := words[text]; t != "" || text == "" {
		return t
	}
	// A ground's words may begin a sentence of ours.
	if t := words[cased(text, unicode.ToLower)]; t != "" {
		return cased(t, unicode.ToUpper)
	}
	return text
}

func cased(s string, to func(rune) rune) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(to(r)) + s[n:]
}

// each is a copy of a list with every text in a language.
func (g Glossary) each(lang string, list []string) []string {
	out := slices.Clone(list)
	for i := range out {
		out[i] = g.In(lang, out[i])
	}
	return out
}

// description is what a system is called and what its types tell about
// themselves, in a language.
func (g Glossary) description(lang string, d connect.Description) connect.Description {
	if len(g[lang]) == 0 {
		return d
	}
	d.Title, d.Types = g.In(lang, d.Title), slices.Clone(d.Types)
	for i := range d.Types {
		t := &d.Types[i]
		for _, text := range []*string{&t.Title, &t.Purpose, &t.Source, &t.Recipient, &t.Retention} {
			*text = g.In(lang, *text)
		}
		t.Fields = slices.Clone(t.Fields)
		for k := range t.Fields {
			t.Fields[k].Title = g.In(lang, t.Fields[k].Title)
		}
	}
	return d
}

// letter is a letter's slots with the company's texts in a language.
func (g Glossary) letter(lang string, d mail.Slots) mail.Slots {
	if len(g[lang]) == 0 {
		return d
	}
	d.Authority.Name = g.In(lang, d.Authority.Name)
	d.SearchedIn, d.Unsearched = g.each(lang, d.SearchedIn), g.each(lang, d.Unsearched)
	d.Purposes, d.Remaining = g.each(lang, d.Purposes), g.each(lang, d.Remaining)
	d.Recipients, d.Untold = g.each(lang, d.Recipients), slices.Clone(d.Untold)
	for i := range d.Untold {
		d.Untold[i].Name = g.In(lang, d.Untold[i].Name)
	}
	d.Kept, d.Changes, d.Reasons = slices.Clone(d.Kept), slices.Clone(d.Changes), slices.Clone(d.Reasons)
	for i := range d.Kept {
		d.Kept[i].What, d.Kept[i].Text = g.In(lang, d.Kept[i].What), g.In(lang, d.Kept[i].Text)
	}
	for i := range d.Changes {
		d.Changes[i].What, d.Changes[i].Where = g.In(lang, d.Changes[i].What), g.In(lang, d.Changes[i].Where)
	}
	for i := range d.Reasons {
		d.Reasons[i].Text = g.In(lang, d.Reasons[i].Text)
	}
	return d
}

// Texts are the texts of the company that customers read, as configured and
// without repeats: what a glossary translates.
func (s Settings) Texts(systems []connect.Connector) []string {
	var out []string
	add := func(texts ...string) {
		for _, text := range texts {
			if strings.ContainsFunc(text, unicode.IsLetter) && !slices.Contains(out, text) {
				out = append(out, text)
			}
		}
	}
	add(s.Authority, s.Transfers, s.Automated)
	add(s.Unsearched...)
	for _, p := range s.Purposes {
		add(p.Title)
	}
	for _, p := range s.Register {
		add(p.Title, p.Purpose, p.BasisText, p.Source, p.Retention, p.Transfers, p.Automated)
	}
	for _, r := range s.Recipients {
		add(r.Title, r.Safeguards)
	}
	for _, g := range s.Grounds {
		_, words := ownWords(g.Facts)
		add(words)
	}
	for _, conn := range systems {
		d := conn.Describe()
		add(d.Title)
		for _, t := range d.Types {
			add(t.Title, t.Purpose, t.Source, t.Recipient, t.Retention)
			for _, ground := range t.Grounds {
				_, words := ownWords(ground)
				add(words)
			}
			for _, f := range t.Fields {
				add(f.Title)
			}
		}
	}
	return out
}

// Untranslated are the texts that a language lacks.
func (s Settings) Untranslated(lang string, texts []string) []string {
	return slices.DeleteFunc(slices.Clone(texts), func(text string) bool { return s.Glossary[lang][text] != "" })
}

// CheckGlossary names languages that the company does not offer.
func (s Settings) CheckGlossary() error {
	for lang := range s.Glossary {
		if !slices.Contains(s.Offered(), lang) {
			return fmt.Errorf("company.glossary: %q is not among the company's languages", lang)
		}
	}
	return nil
}
