package subject

import (
	"cmp"
	"strings"

	"github.com/gofiber/fiber/v2"

	"habeas/portal/desk/casefile"
	"habeas/requests"
	"habeas/templates"
	"habeas/templates/letters"
)

// reason is why a right was refused or a record stays, in the page's language:
// the sentence of the law table's ground, and what the company wrote beside
// it, as its glossary has it. code is that of the ground, where it is known:
// several grounds may cite one article.
func (h subject) reason(c *fiber.Ctx, cs *requests.Case, right, ground, code string) (why, cite string) {
	lang := templates.Lang(c.UserContext())
	if why, cite, ok := cs.OwnGround(lang, ground); ok {
		return why, letters.Cite(lang, cite)
	}
	say := func(why string) string { return letters.Cite(lang, h.Svc.Settings().Glossary.In(lang, why)) }
	cite, words, found := cs.GroundParts(right, ground)
	if code = cmp.Or(code, found); code == "" {
		if why, cite = casefile.Ground(ground); cite == "" {
			why, cite = "", ground
		}
		return say(why), cite
	}
	if words != "" {
		words = say(casefile.Sentence(words))
	}
	return strings.TrimSpace(letters.Ground(lang, code) + " " + words), cite
}
