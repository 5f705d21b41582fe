package desk

import (
	"bytes"
	"encoding/json"

	"github.com/gofiber/fiber/v2"

	"habeas/portal/desk/casefile"
	"habeas/portal/web"
	"habeas/requests"
	"habeas/requests/connect"
	"habeas/templates"
)

// purposes for which staff look at personal data, as the form names them.
func purposes() []templates.Option {
	words := map[string]templates.Option{
		"identity_check":    {Label: "Check who asks", Hint: "Compare identities with what was given"},
		"plan_review":       {Label: "Review the plan", Hint: "See what would be erased or disclosed"},
		"redaction":         {Label: "Redact", Hint: "Find data of others in free text"},
		"customer_question": {Label: "Answer a question of the customer"},
		"complaint":         {Label: "Handle a complaint"},
		"audit_request":     {Label: "Answer an auditor or authority"},
	}
	var out []templates.Option
	for _, p := range requests.ViewPurposes {
		o := words[p]
		o.Value = p
		if o.Label == "" {
			o.Label = p
		}
		out = append(out, o)
	}
	return out
}

// personalPage asks for the purpose and shows nothing yet.
func (h desk) personalPage(c *fiber.Ctx) error {
	cs, err := h.load(c)
	if err != nil {
		return err
	}
	return h.render(c, fiber.StatusOK, templates.PersonalData(h.asking(c, cs)))
}

func (h desk) asking(c *fiber.Ctx, cs *requests.Case) templates.PersonalPage {
	return templates.PersonalPage{
		Page: h.page(c), Case: h.head(cs), Action: templates.DeskCasePath(cs.ID.String(), "personal-data"),
		Purpose: c.FormValue("purpose"), Purposes: purposes(),
	}
}

// personal shows personal data for the purpose named. It answers the POST
// itself: an address that shows it could be opened again without a purpose.
func (h desk) personal(c *fiber.Ctx) error {
	cs, err := h.load(c)
	if err != nil {
		return err
	}
	v := h.asking(c, cs)
	data, err := h.Svc.PersonalData(c.UserContext(), web.Actor(c), cs.ID, v.Purpose)
	if err != nil {
		faults, status, ok := toSee(err, v.Purpose)
		if !ok {
			return err
		}
		v.Errors = faults
		return h.render(c, status, templates.PersonalData(v))
	}
	v.Shown, v.Message = true, data.Subject.Message
	if data.Subject.Name != "" {
		v.Identities = append(v.Identities, templates.IdentityRow{Kind: "name", Value: data.Subject.Name})
	}
	proofs, err := h.Svc.Proofs(c.UserContext(), cs)
	if err != nil {
		return err
	}
	for _, id := range data.Subject.Identities {
		v.Identities = append(v.Identities, templates.IdentityRow{Kind: id.Kind, Value: id.Value, Proven: data.Subject.Proven(id, proofs)})
	}
	titles := casefile.TitlesOf(h.Svc)
	for _, s := range data.Systems {
		v.Systems = append(v.Systems, h.values(s, titles))
	}
	return h.render(c, fiber.StatusOK, templates.PersonalData(v))
}

func (h desk) values(s requests.PersonalSystem, titles casefile.Titles) templates.PersonalSystem {
	out := templates.PersonalSystem{System: titles.System(s.System), More: s.More, Error: s.Error}
	fields := map[string]connect.Field{}
	if conn, ok := h.Svc.System(s.System); ok {
		for _, t := range conn.Describe().Types {
			for _, f := range t.Fields {
				fields[t.Name+"."+f.Name] = f
			}
		}
	}
	for _, r := range s.Rows {
		rec := templates.PersonalRecord{Type: titles.Type(s.System, r.Type), Key: r.Key}
		for _, val := range r.Values {
			f := fields[r.Type+"."+val.Field]
			name := f.Title
			if name == "" {
				name = val.Field
			}
			rec.Fields = append(rec.Fields, templates.PersonalField{Name: name, Value: text(val.Data), Category: f.Category, Redacted: val.Redacted})
		}
		out.Records = append(out.Records, rec)
	}
	return out
}

// text is a JSON value as people read it.
func text(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	if bytes.Equal(raw, []byte("null")) {
		return "–"
	}
	return string(raw)
}

// toSee is onForm for a look at personal data, which needs a purpose.
func toSee(err error, purpose string) (faults []templates.FieldError, status int, ok bool) {
	if faults, status, ok = onForm(err, nil); ok && purpose == "" {
		faults = []templates.FieldError{{Field: "purpose", Message: "Choose why you need to see it."}}
	}
	return faults, status, ok
}
