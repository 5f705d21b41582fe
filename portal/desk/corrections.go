package desk

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/gofiber/fiber/v2"

	"habeas/portal/desk/casefile"
	"habeas/portal/web"
	"habeas/requests"
	"habeas/templates"
)

// moreFields is how many fields one page takes beyond those asked about: a name
// that stands in several systems is one wish and several fields.
const moreFields = 2

// correctPage asks for the purpose and shows nothing yet.
func (h desk) correctPage(c *fiber.Ctx) error {
	_, v, err := h.correcting(c)
	if err != nil {
		return err
	}
	return h.render(c, fiber.StatusOK, templates.Correct(v))
}

func (h desk) correcting(c *fiber.Ctx) (*requests.Case, templates.CorrectPage, error) {
	cs, err := h.load(c)
	if err != nil {
		return nil, templates.CorrectPage{}, err
	}
	return cs, templates.CorrectPage{
		Page: h.page(c), Case: h.head(cs), Action: templates.DeskCasePath(cs.ID.String(), "corrections"),
		Purpose: c.FormValue("purpose"), Grounds: recordGrounds(cs),
	}, nil
}

// correct shows, for a purpose, what is asked for beside what stands in the
// systems; and takes what is decided.
func (h desk) correct(c *fiber.Ctx) error {
	cs, v, err := h.correcting(c)
	if err != nil {
		return err
	}
	status := fiber.StatusOK
	if c.FormValue("step") == "decide" {
		list, at, wrong := correctionsOf(c)
		if wrong == nil {
			_, wrong = h.Svc.Correct(c.UserContext(), web.Actor(c), cs.ID, list)
		}
		if wrong == nil {
			return done(c, cs, "corrections")
		}
		var ok bool
		if v.Errors, status, ok = onForm(wrong, at); !ok {
			return wrong
		}
	}
	w, err := h.Svc.ToCorrect(c.UserContext(), web.Actor(c), cs.ID, v.Purpose)
	if err != nil {
		faults, status, ok := toSee(err, v.Purpose)
		if !ok {
			return err
		}
		v.Errors = faults
		return h.render(c, status, templates.Correct(v))
	}
	h.fillCorrections(c, &v, w)
	return h.render(c, status, templates.Correct(v))
}

// fillCorrections puts what was read onto the page, and back onto the form what
// was typed.
func (h desk) fillCorrections(c *fiber.Ctx, v *templates.CorrectPage, w *requests.ToCorrect) {
	v.Shown, v.Message = true, w.Message
	titles := casefile.TitlesOf(h.Svc)
	where := func(system, typ, key, field string) string {
		return strings.Join([]string{titles.System(system), titles.Type(system, typ) + " " + key, h.fieldTitle(system, typ, field)}, " · ")
	}
	for _, s := range w.Systems {
		if s.Error != "" {
			v.Faults = append(v.Faults, titles.System(s.System)+": "+s.Error)
		}
		for _, r := range s.Rows {
			for _, x := range r.Values {
				v.Fields = append(v.Fields, templates.Option{
					Value: fieldRef(s.System, r.Type, r.Key, x.Field), Label: where(s.System, r.Type, r.Key, x.Field) + ": " + clip(text(x.Data)),
				})
			}
		}
	}
	for _, d := range w.Decided {
		_, why, _ := strings.Cut(d.Ground, ": ")
		v.Decided = append(v.Decided, templates.DecidedField{
			Where: where(d.System, d.Type, d.Key, d.Field), Decision: d.Decision, Value: text(d.Value), Why: strings.Trim(why+". "+d.Reason, ". "),
		})
	}
	typed := c.FormValue("step") == "decide"
	for i := range len(w.Asked) + moreFields {
		row := templates.CorrectRow{Decision: "correct"}
		if i < len(w.Asked) {
			a := w.Asked[i]
			row.What, row.Wrong, row.Right, row.Value = a.What, a.Wrong, a.Right, a.Right
		}
		if typed {
			in := func(part string) string { return c.FormValue(fmt.Sprintf("%s-%d", part, i)) }
			row.Field, row.Decision, row.Value, row.Ground, row.Reason = in("field"), in("decision"), in("value"), in("ground"), in("reason")
		}
		v.Rows = append(v.Rows, row)
	}
}

func (h desk) fieldTitle(system, typ, field string) string {
	if conn, ok := h.Svc.System(system); ok {
		for _, t := range conn.Describe().Types {
			for _, f := range t.Fields {
				if t.Name == typ && f.Name == field && f.Title != "" {
					return f.Title
				}
			}
		}
	}
	return field
}

func clip(s string) string {
	r := []rune(s)
	if len(r) <= 60 {
		return s
	}
	return string(r[:59]) + "…"
}

// fieldRef names a field in a form.
func fieldRef(parts ...string) string {
	for i, p := range parts {
		parts[i] = url.QueryEscape(p)
	}
	return strings.Join(parts, "/")
}

func fieldOf(ref string) (p [4]string, ok bool) {
	parts := strings.Split(ref, "/")
	if len(parts) != len(p) {
		return p, false
	}
	for i, s := range parts {
		var err error
		if p[i], err = url.QueryUnescape(s); err != nil {
			return p, false
		}
	}
	return p, true
}

// maxCorrectRows bounds what a form can hold: twenty wishes and more fields.
const maxCorrectRows = 20 + moreFields

// correctionsOf reads the form. at says by which control a fault of the service
// is shown. Rows without a field are left for another time.
func correctionsOf(c *fiber.Ctx) (list []requests.Correction, at map[string]string, err error) {
	at = map[string]string{"corrections": "field-0"}
	for i := range maxCorrectRows {
		in := func(part string) string { return strings.TrimSpace(c.FormValue(fmt.Sprintf("%s-%d", part, i))) }
		ref := in("field")
		if ref == "" {
			continue
		}
		p, ok := fieldOf(ref)
		if !ok {
			return nil, at, misfilled(fmt.Sprintf("field-%d", i), "Choose the field from the list.")
		}
		x := requests.Correction{System: p[0], Type: p[1], Key: p[2], Field: p[3], Decision: in("decision")}
		switch x.Decision {
		case "correct":
			if in("value") == "" {
				return nil, at, misfilled(fmt.Sprintf("value-%d", i), "Give the new value.")
			}
			x.Text = in("value")
		case "refuse":
			if in("ground") == "" {
				return nil, at, misfilled(fmt.Sprintf("ground-%d", i), "Choose the ground on which it stays.")
			}
			x.Ground, x.Reason = in("ground"), in("reason")
		}
		for part, control := range map[string]string{"key": "field", "decision": "decision", "value": "value", "reason": "reason", "ground": "ground"} {
			at[fmt.Sprintf("corrections[%d].%s", len(list), part)] = fmt.Sprintf("%s-%d", control, i)
		}
		list = append(list, x)
	}
	if len(list) == 0 {
		return nil, at, misfilled("field-0", "Choose a field, and decide about it.")
	}
	return list, at, nil
}
