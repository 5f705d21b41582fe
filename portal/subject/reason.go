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
	why, cite = casefile.Ground(ground)
	if cite == "" {
		why, cite = "", ground
	}
	law, err := cs.LawRow()
	say := func(why string) string { return letters.Cite(lang, h.Svc.Settings().Glossary.In(lang, why)) }
	if err != nil {
		return say(why), cite
	}
	g, known := law.Ground(right, cmp.Or(code, ground))
	if !known {
		return say(why), cite
	}
	if strings.EqualFold(why, g.Text) {
		why = "" // the table's own words: the sentence says it better
	}
	return strings.TrimSpace(letters.Ground(lang, g.Code) + " " + say(why)), cite
}
