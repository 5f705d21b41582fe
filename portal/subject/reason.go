package subject

import (
	"strings"

	"github.com/gofiber/fiber/v2"

	"habeas/portal/desk/casefile"
	"habeas/requests"
	"habeas/templates"
	"habeas/templates/letters"
)

// reason is why a right was refused or a record stays, in the page's language:
// the sentence of the law table's ground, and what the company wrote beside
// it, as it is.
func reason(c *fiber.Ctx, cs *requests.Case, right, ground string) (why, cite string) {
	why, cite = casefile.Ground(ground)
	if cite == "" {
		why, cite = "", ground
	}
	lang := templates.Lang(c.UserContext())
	law, err := cs.LawRow()
	if err != nil {
		return letters.Cite(lang, why), cite
	}
	g, known := law.Ground(right, ground)
	if !known {
		return letters.Cite(lang, why), cite
	}
	if strings.EqualFold(why, g.Text) {
		why = "" // the table's own words: the sentence says it better
	}
	return strings.TrimSpace(letters.Ground(lang, g.Code) + " " + letters.Cite(lang, why)), cite
}
