package desk

import (
	"github.com/gofiber/fiber/v2"

	"habeas/portal/web"
	"habeas/requests"
	"habeas/templates"
)

// standingLabel is in which capacity somebody asks, in the desk's words.
var standingLabel = map[string]string{
	"agent": "Authorised agent with a signed permission", "parent": "Parent or guardian of a child",
	"attorney": "With a power of attorney", "guardian": "Legal guardian of an adult",
}

var ageLabel = map[string]string{"under_13": "under 13", "13_to_15": "13 to 15", "16_or_more": "16 or 17"}

func (h desk) behalfView(c *fiber.Ctx) (*requests.Case, templates.BehalfPage, error) {
	cs, err := h.load(c)
	if err != nil {
		return nil, templates.BehalfPage{}, err
	}
	r, err := h.Svc.Representation(c.UserContext(), cs)
	if err == nil && r == nil {
		err = noSuchCase
	}
	if err != nil {
		return nil, templates.BehalfPage{}, err
	}
	id := cs.ID.String()
	v := templates.BehalfPage{
		Page: h.page(c), Case: h.head(cs), Action: templates.DeskCasePath(id, "behalf"), Purposes: purposes(), Purpose: c.FormValue("purpose"),
		CanDecide: !r.Permission && cs.Status.Open() && cs.ActedAt == nil, Receives: cs.Asks("access", "portability"),
		Decision: c.FormValue("decision"), Covers: c.FormValue("covers") != "", Reason: c.FormValue("reason"),
	}
	v.Facts = behalfFacts(r)
	for _, d := range r.Documents {
		v.Documents = append(v.Documents, templates.DocumentRow{At: d.At, Size: d.Size, Look: templates.DeskCasePath(id, "documents/"+d.ID.String())})
	}
	return cs, v, nil
}

// behalfFacts say how far it is proved, without names.
func behalfFacts(r *requests.Representation) []templates.Option {
	capacity := standingLabel[r.Kind]
	if r.Age != "" {
		capacity += ", " + ageLabel[r.Age]
	}
	facts := []templates.Option{{Value: "In which capacity", Label: capacity}}
	state := func(yes bool, done, open string) string {
		if yes {
			return done
		}
		return open
	}
	if !r.Needed {
		return append(facts, templates.Option{Value: "Proof", Label: "None is needed: nobody is verified for an opt-out or withdrawal. A signed permission may be asked for (11 CCR 7026(j))."})
	}
	open := "Not accepted yet"
	if r.Refused {
		open = "The last one was refused and deleted"
	}
	facts = append(facts, templates.Option{Value: "Permission", Label: state(r.Permission, "Accepted", open)})
	if r.Confirms {
		facts = append(facts, templates.Option{Value: "Person concerned", Label: state(r.Confirmed, "Confirmed by the mailed link", "Was told, and has not confirmed yet")})
	} else {
		facts = append(facts, templates.Option{Value: "Person concerned", Label: "Was told; is not asked to confirm (11 CCR 7063(b), 7070)"})
	}
	if r.HandedOver {
		facts = append(facts, templates.Option{Value: "Answer goes to", Label: "The person concerned: the permission does not cover receiving the data"})
	}
	return facts
}

func (h desk) behalfPage(c *fiber.Ctx) error {
	_, v, err := h.behalfView(c)
	if err != nil {
		return err
	}
	return h.render(c, fiber.StatusOK, templates.BehalfProof(v))
}

// decideBehalf accepts or refuses the permission.
func (h desk) decideBehalf(c *fiber.Ctx) error {
	cs, v, err := h.behalfView(c)
	if err != nil {
		return err
	}
	if v.Decision != "accepted" && v.Decision != "refused" {
		v.Errors = []templates.FieldError{{Field: "decision", Message: "Say whether it suffices"}}
		return h.render(c, fiber.StatusBadRequest, templates.BehalfProof(v))
	}
	_, err = h.Svc.DecidePermission(c.UserContext(), web.Actor(c), cs.ID, requests.PermissionDecision{
		Accepted: v.Decision == "accepted", Receives: v.Covers, Reason: v.Reason,
	})
	if err != nil {
		faults, status, ok := onForm(err, nil)
		if !ok {
			return err
		}
		v.Errors = faults
		return h.render(c, status, templates.BehalfProof(v))
	}
	return done(c, cs, "permission")
}

// document hands a document to somebody who named a purpose: as a file to save,
// of a type that is ours, under a name that is ours.
func (h desk) document(c *fiber.Ctx) error {
	cs, v, err := h.behalfView(c)
	if err != nil {
		return err
	}
	document, err := param(c, "document")
	if err != nil {
		return err
	}
	d, err := h.Svc.OpenDocument(c.UserContext(), web.Actor(c), cs.ID, document, v.Purpose)
	if err != nil {
		faults, status, ok := onForm(err, nil)
		if !ok {
			return err
		}
		v.Errors = faults
		return h.render(c, status, templates.BehalfProof(v))
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Set(fiber.HeaderContentType, "application/octet-stream")
	c.Set(fiber.HeaderXContentTypeOptions, "nosniff")
	c.Set(fiber.HeaderContentDisposition, `attachment; filename="`+d.Name+`"`)
	c.Set(fiber.HeaderContentSecurityPolicy, "default-src 'none'; sandbox")
	return c.Send(d.Body)
}

// behalfPart says on the case's page that somebody asks for another person, and
// what that waits for.
func (h desk) behalfPart(c *fiber.Ctx, cs *requests.Case, v *templates.CasePage) error {
	r, err := h.Svc.Representation(c.UserContext(), cs)
	if err != nil || r == nil {
		return err
	}
	look := templates.Action{Label: "Who asks for whom", Href: templates.DeskCasePath(cs.ID.String(), "behalf"), Kind: "secondary"}
	switch {
	case cs.Status == requests.Filed && len(r.Documents) > 0:
		look.Label, look.Kind = "Look at the permission", ""
		v.Primary = &look
		v.Waiting = "Somebody asks for another person and sent a document. Say whether it suffices."
		return nil
	case cs.Status == requests.Filed && !r.Proven:
		v.Waiting = "Somebody asks for another person. The permission or the person’s word is missing."
	}
	v.Actions = append([]templates.Action{look}, v.Actions...)
	return nil
}
