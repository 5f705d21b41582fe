package desk

import (
	"strings"

	"github.com/gofiber/fiber/v2"

	"habeas/portal/desk/casefile"
	"habeas/portal/web"
	"habeas/requests"
	"habeas/requests/identity"
	"habeas/templates"
)

// standingLabel is in which capacity somebody asks, in the desk's words.
var standingLabel = map[string]string{
	"agent": "Authorised agent with a signed permission", "parent": "Parent or guardian of a child",
	"attorney": "With a power of attorney", "guardian": "Legal guardian of an adult",
}

// permissionGrounds are why a permission does not suffice. The letter says it in
// the customer's language.
var permissionGrounds = []templates.Option{
	{Value: "unsigned", Label: "It is not signed"},
	{Value: "names", Label: "It does not name both people, or names others"},
	{Value: "scope", Label: "It does not cover what is asked"},
	{Value: "unreadable", Label: "It cannot be read, or a part is missing"},
	{Value: "outdated", Label: "It is no longer valid"},
	{Value: "doubtful", Label: "There is reason to doubt that it is genuine"},
	{Value: identity.Insufficient, Label: "Something else: it does not show what is needed"},
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
		CanDecide: r.Awaits, Receives: cs.Asks("access", "portability"), AtOnce: !r.Needed, Grounds: permissionGrounds,
		CanWrite: web.Actor(c).Role == requests.DPO, Decision: c.FormValue("decision"), Ground: c.FormValue("ground"), Note: c.FormValue("note"),
		Covers: c.FormValue("covers") != "", Reason: c.FormValue("reason"), Next: behalfNext(cs, r, web.Actor(c)),
	}
	names, err := h.staff(c.UserContext())
	if err != nil {
		return nil, templates.BehalfPage{}, err
	}
	v.Facts = behalfFacts(r, names)
	for _, d := range r.Documents {
		v.Documents = append(v.Documents, templates.DocumentRow{At: d.At, Size: d.Size, Look: templates.DeskCasePath(id, "documents/"+d.ID.String())})
	}
	return cs, v, nil
}

// behalfFacts say how far it is proved, without names.
func behalfFacts(r *requests.Representation, names casefile.Names) []templates.Option {
	capacity := standingLabel[r.Kind]
	if r.Age != "" {
		capacity += ", " + ageLabel[r.Age]
	}
	facts := []templates.Option{{Value: "In which capacity", Label: capacity}}
	if !r.Needed {
		facts = append(facts, templates.Option{Value: "Proof", Label: "None is needed: nobody is verified for an opt-out or withdrawal, which took effect at once. A signed permission may be asked for (11 CCR 7026(j))."})
		switch {
		case r.Permission:
			facts = append(facts, templates.Option{Value: "Permission", Label: "Accepted"})
		case r.Refused:
			facts = append(facts, templates.Option{Value: "Permission", Label: "Refused and deleted: " + strings.ToLower(groundLabel(r.Ground)) + ". The person concerned can take the request back."})
		}
		return facts
	}
	open := "Not accepted yet"
	if r.Refused {
		open = "The last one was refused and deleted: " + strings.ToLower(groundLabel(r.Ground))
	}
	facts = append(facts,
		templates.Option{Value: "Who asks", Label: provedBy(r.Asker, names, "Not proved yet")},
		templates.Option{Value: "Permission", Label: provedBy(r.Accepted, names, open)})
	word := "Is not asked to confirm (11 CCR 7063(b), 7070)"
	if r.Confirms {
		word = provedBy(r.Word, names, "Not given yet")
	}
	facts = append(facts, templates.Option{Value: "The person’s own word", Label: word})
	if r.Told {
		facts = append(facts, templates.Option{Value: "Person concerned", Label: "Was told by e-mail"})
	} else {
		facts = append(facts, templates.Option{Value: "Person concerned", Label: "Has no e-mail address. The letter to them waits among the letters: print it, post it and record that"})
	}
	if r.HandedOver {
		facts = append(facts, templates.Option{Value: "Answer goes to", Label: "The person concerned: the permission does not cover receiving the data"})
	}
	return facts
}

// proofWords are proofs in a request for somebody else, as the desk reads them.
var proofWords = map[identity.Proof]string{
	identity.RepresentativeCode: "By the code mailed to whoever asks", identity.EmailCode: "By the code mailed to the address that both share",
	identity.RepresentativeCheck: "By staff who know or asked whoever asks", identity.RepresentativeDocument: "By a document of whoever asks",
	identity.AgentPermission: "Accepted", identity.Confirmation: "By the mailed link", identity.StaffCheck: "To staff, who know or asked the person",
	identity.Document: "With a document of the person", identity.SignIn: "Signed in to the company’s own account",
}

// provedBy says how something was proved, when and by whom it was recorded.
func provedBy(p *requests.ProofView, names casefile.Names, open string) string {
	if p == nil {
		return open
	}
	out := proofWords[identity.Proof(p.Kind)] + ", " + p.At.UTC().Format("2 January 2006")
	if p.ByUser != nil {
		out += ", recorded by " + names[p.ByUser.String()]
	}
	return out
}

func groundLabel(code string) string {
	for _, g := range permissionGrounds {
		if g.Value == code {
			return g.Label
		}
	}
	return "It did not suffice"
}

// behalfNext is what else leads on while it is not proved that somebody may ask.
func behalfNext(cs *requests.Case, r *requests.Representation, by requests.Actor) []templates.Action {
	if cs.Status != requests.Filed || r.Proven {
		return nil
	}
	id := cs.ID.String()
	act := func(label, verb, kind string) templates.Action {
		return templates.Action{Label: label, Href: templates.DeskCasePath(id, verb), Kind: kind}
	}
	var out []templates.Action
	decides := by.Role == requests.DPO
	if decides && !r.Permission {
		out = append(out, act("Ask for the permission by letter", "ask/id_request?proof=permission", "secondary"))
	}
	if r.Asker == nil {
		out = append(out, act("Record who asks", "prove?of=asker", "secondary"))
	}
	if r.Confirms && !r.Confirmed {
		out = append(out, act("Record that the person agreed", "prove?of=person", "secondary"))
	}
	if decides {
		out = append(out, act("Refuse the request", "refuse?ground=identity_unproven", "link"))
	}
	return out
}

func (h desk) behalfPage(c *fiber.Ctx) error {
	_, v, err := h.behalfView(c)
	if err != nil {
		return err
	}
	return h.render(c, fiber.StatusOK, templates.BehalfProof(v))
}

// behalfAgain shows the page with what is wrong, or hands the error on.
func (h desk) behalfAgain(c *fiber.Ctx, v templates.BehalfPage, err error) error {
	faults, status, ok := onForm(err, nil)
	if !ok {
		return err
	}
	v.Errors = faults
	return h.render(c, status, templates.BehalfProof(v))
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
	d := requests.PermissionDecision{Accepted: v.Decision == "accepted", Receives: v.Covers, Reason: v.Reason}
	ctx := c.UserContext()
	if !d.Accepted {
		if d.Ground = v.Ground; d.Ground == "" {
			v.Errors = []templates.FieldError{{Field: "ground", Message: "Say why it does not suffice: whoever asks reads it"}}
			return h.render(c, fiber.StatusBadRequest, templates.BehalfProof(v))
		}
		if v.CanWrite && strings.TrimSpace(v.Note) != "" {
			ctx, err = h.Svc.WithWords(ctx, web.Actor(c), requests.Words{Note: strings.TrimSpace(v.Note)})
		}
	}
	if err == nil {
		_, err = h.Svc.DecidePermission(ctx, web.Actor(c), cs.ID, d)
	}
	if err != nil {
		return h.behalfAgain(c, v, err)
	}
	if !d.Accepted {
		return done(c, cs, "permission_refused")
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
		return h.behalfAgain(c, v, err)
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
	case r.Awaits && len(r.Documents) > 0 && (cs.Status == requests.Filed || v.Primary == nil):
		look.Label, look.Kind = "Look at the permission", ""
		v.Primary = &look
		v.Waiting = "Somebody asks for another person and sent a document. Say whether it suffices."
		return nil
	case cs.Status == requests.Filed && !r.Proven:
		h.behalfWaits(cs, r, web.Actor(c), &look, v)
		if look.Kind == "" {
			return nil
		}
	}
	v.Actions = append([]templates.Action{look}, v.Actions...)
	return nil
}

// behalfWaits says what is missing before the search, and offers first what
// leads on.
func (h desk) behalfWaits(cs *requests.Case, r *requests.Representation, by requests.Actor, look *templates.Action, v *templates.CasePage) {
	var missing []string
	if r.Asker == nil {
		missing = append(missing, "a proof of who asks")
	}
	if !r.Permission {
		missing = append(missing, "the permission")
	}
	if r.Confirms && !r.Confirmed {
		missing = append(missing, "the person’s own word")
	}
	v.Waiting = "Somebody asks for another person. Missing: " + strings.Join(missing, ", ") + "."
	if r.Refused {
		v.Waiting += " The last document was refused; whoever asks was told why and can send another one."
	}
	paper := cs.Channel != "portal" && cs.Channel != "api"
	var next []templates.Action
	for _, a := range behalfNext(cs, r, by) {
		if a.Kind == "secondary" {
			next = append(next, a)
		}
	}
	v.Actions = append(next, v.Actions...)
	switch {
	case !r.Permission && paper:
		look.Label, look.Kind = "Look at the permission", ""
		v.Primary = look
	case r.Asker == nil && paper:
		v.Primary = &templates.Action{Label: "Record who asks", Href: templates.DeskCasePath(cs.ID.String(), "prove?of=asker")}
	case paper:
		v.Primary = &templates.Action{Label: "Record that the person agreed", Href: templates.DeskCasePath(cs.ID.String(), "prove?of=person")}
	}
}
