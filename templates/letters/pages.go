package letters

import "github.com/nicksnyder/go-i18n/v2/i18n"

// Cite writes a citation of our tables as a language does, for pages: "GDPR Art. 17(3)(b)" is "Art. 17
// Abs. 3 Buchst. b DSGVO". What it does not know stays as it is.
func Cite(lang, citation string) string { return citedIn(lang, citation) }

// Ground is the sentence for a ground of the law table, "" for a code that has none.
func Ground(lang, code string) string {
	text, err := i18n.NewLocalizer(catalogues().bundle, Match(lang)).Localize(&i18n.LocalizeConfig{MessageID: "ground." + code})
	if err != nil {
		return ""
	}
	return text
}
