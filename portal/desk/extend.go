package desk

import (
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"

	"habeas/portal/desk/casefile"
	"habeas/requests"
	"habeas/requests/clock"
	"habeas/templates"
)

// extendPage shows the date that an extension would lead to.
func (h desk) extendPage(c *fiber.Ctx) error {
	_, v, err := h.extension(c)
	if err != nil {
		return err
	}
	return h.render(c, fiber.StatusOK, templates.Decision(v))
}

func (h desk) extension(c *fiber.Ctx) (*requests.Case, templates.DecisionPage, error) {
	cs, v, err := h.decision(c, "extend")
	if err != nil {
		return nil, v, err
	}
	v.Rights = rightOptions(cs)
	if law, err := cs.LawRow(); err == nil && law.Extension != nil {
		for _, g := range law.Extension.Grounds {
			v.Grounds = append(v.Grounds, templates.Option{Value: g, Label: sentence(extensionWords[g], g), Hint: law.Extension.Cite})
		}
	}
	if cs.Matter() {
		v.Rights, v.NewDue = nil, cs.AppealExtended(h.Now())
		return cs, v, nil
	}
	v.Announced, v.Until = cs.Announces(), strings.TrimSpace(c.FormValue("until"))
	if !cs.Has(requests.Extended) && !v.Announced {
		v.NewDue = h.dueAfter(cs, append(slices.Clone(cs.ClockEvents), clock.Event{Kind: clock.Extended, From: casefile.Today(cs, h.Now()), Right: v.Right}))
	}
	return cs, v, nil
}

var extensionWords = map[string]string{"complexity": "the request is complex", "number": "the number of requests", "necessary": "it is reasonably necessary"}

// sentence writes the first of the texts that there is with a capital.
func sentence(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			r, n := utf8.DecodeRuneInString(t)
			return string(unicode.ToUpper(r)) + strings.ReplaceAll(t[n:], "_", " ")
		}
	}
	return ""
}

// dueAfter is when the case would be due with these clock events; zero where
// the law does not allow them.
func (h desk) dueAfter(cs *requests.Case, events []clock.Event) time.Time {
	_, due, err := cs.Clock(h.Now(), events)
	if err != nil {
		return time.Time{}
	}
	return time.Date(due.Due.Year, due.Due.Month, due.Due.Day, 0, 0, 0, 0, time.UTC)
}

// extend leads to the letter that tells of the law's one extension.
func (h desk) extend(c *fiber.Ctx) error {
	cs, v, err := h.extension(c)
	if err != nil {
		return err
	}
	st := step(c)
	if err := needReason(st, "Give the reason: the customer is told."); err != nil {
		return h.again(c, v, err)
	}
	if v.Until != "" {
		if st.Until, err = clock.ParseDate(v.Until); err != nil {
			return h.again(c, v, &requests.Error{
				Kind: requests.Invalid, Code: "invalid-input", Safe: "Give a day of the calendar as YYYY-MM-DD.",
				Fields: []requests.FieldError{{Field: "until", Message: "Give a day of the calendar as YYYY-MM-DD."}},
			})
		}
	}
	if err := h.draft(c, cs, requests.LetterDraft{Do: doExtend, Step: st}); err != nil {
		return h.again(c, v, err)
	}
	return nil
}
