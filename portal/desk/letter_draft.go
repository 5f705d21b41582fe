package desk

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"habeas/portal/web"
	"habeas/requests"
	"habeas/requests/clock"
	"habeas/requests/mail"
	"habeas/templates"
)

// What a draft does once it is sent, by the name of its page.
const (
	doRefuse = "refuse"
	doExtend = "extend"
	doAsk    = "ask"
	doAnswer = "preview" // words for letters that go out by themselves
	doMatter = "answer"  // an appeal or complaint
	doFree   = "restriction"
)

// reasoned are the drafts whose reason the officer can change beside the letter.
var reasoned = []string{doRefuse, doExtend, doMatter, doFree}

// carry does what the draft is for. In a rehearsal nothing of it stays.
func (h desk) carry(ctx context.Context, by requests.Actor, cs *requests.Case, d *requests.LetterDraft) error {
	var err error
	switch d.Do {
	case doRefuse:
		_, err = h.Svc.Refuse(ctx, by, cs.ID, d.Step)
	case doExtend:
		_, err = h.Svc.Extend(ctx, by, cs.ID, d.Step)
	case doAsk:
		_, err = h.Svc.AskCustomer(ctx, by, cs.ID, d.Ask)
	case doMatter:
		_, _, err = h.Svc.DecideMatter(ctx, by, cs.ID, d.Matter)
	case doFree:
		_, err = h.Svc.WarnRestriction(ctx, by, cs.ID, d.Step.Reason)
	default:
		return noSuchCase
	}
	return err
}

// look rehearses the draft: its letters are those that would go out now, and
// what the law does not allow is refused as it will be.
func (h desk) look(c *fiber.Ctx, cs *requests.Case, d *requests.LetterDraft) ([]requests.Preview, error) {
	by := web.Actor(c)
	ctx, err := h.Svc.WithWords(c.UserContext(), by, d.Words)
	if err != nil {
		return nil, err
	}
	if d.Do == doAnswer {
		return h.Svc.RehearseAnswer(ctx, cs.ID)
	}
	all, err := h.Svc.Rehearse(ctx, func(ctx context.Context) error { return h.carry(ctx, by, cs, d) })
	// What is granted begins a new request, which is acknowledged under a
	// reference that there is not yet.
	return slices.DeleteFunc(all, func(p requests.Preview) bool {
		return d.Do == doMatter && p.Kind != mail.AppealDecision && p.Kind != mail.ComplaintAnswer
	}), err
}

// draft shows the letters of a decision before it is made: the form leads here.
func (h desk) draft(c *fiber.Ctx, cs *requests.Case, d requests.LetterDraft) error {
	var err error
	if d.Letters, err = h.look(c, cs, &d); err != nil {
		return err
	}
	id, err := h.Svc.KeepLetterDraft(c.UserContext(), web.Actor(c), cs.ID, d)
	if err != nil {
		return err
	}
	return web.Redirect(c, templates.DeskCasePath(cs.ID.String(), "drafts/"+id.String()))
}

func (h desk) drafted(c *fiber.Ctx) (*requests.Case, *requests.LetterDraft, error) {
	cs, err := h.load(c)
	if err != nil {
		return nil, nil, err
	}
	id, err := param(c, "draft")
	if err != nil {
		return nil, nil, err
	}
	d, err := h.Svc.ReadLetterDraft(c.UserContext(), web.Actor(c), cs.ID, id)
	return cs, d, err
}

func (h desk) draftPage(c *fiber.Ctx) error {
	cs, d, err := h.drafted(c)
	if err != nil {
		return err
	}
	return h.renderDraft(c, fiber.StatusOK, h.draftView(c, cs, d))
}

// renderDraft lets the page frame the letters, which come from here as well.
func (h desk) renderDraft(c *fiber.Ctx, status int, v templates.DraftPage) error {
	c.Set(fiber.HeaderContentSecurityPolicy, string(c.Response().Header.Peek(fiber.HeaderContentSecurityPolicy))+"; frame-src 'self'")
	return h.render(c, status, templates.Draft(v))
}

func (h desk) draftView(c *fiber.Ctx, cs *requests.Case, d *requests.LetterDraft) templates.DraftPage {
	at := templates.DeskCasePath(cs.ID.String(), "drafts/"+d.ID.String())
	v := templates.DraftPage{
		Page: h.page(c), Case: h.head(cs), Do: d.Do, Action: at, Back: templates.DeskCasePath(cs.ID.String(), ""),
		Reason: d.Step.Reason, Reasons: slices.Contains(reasoned, d.Do), Note: d.Words.Note, Person: d.Words.Person, Changed: c.Query("changed") != "",
	}
	switch d.Do {
	case doFree:
		v.Back = templates.DeskCasePath(cs.ID.String(), "restriction")
	case doMatter:
		v.Reason = d.Matter.Reason
	case doRefuse, doExtend:
		back := url.Values{"ground": {d.Step.Ground}, "right": {d.Step.Right}}
		if !d.Step.Until.IsZero() {
			back.Set("until", d.Step.Until.String())
		}
		v.Back = templates.DeskCasePath(cs.ID.String(), d.Do) + "?" + back.Encode()
	case doAsk:
		v.Back, v.Reason, v.Reasons = templates.DeskCasePath(cs.ID.String(), "ask/"+d.Ask.Kind), d.Ask.Why, true
	}
	for i, l := range d.Letters {
		x := templates.DraftLetter{
			Kind: l.Kind, Locale: l.Locale, Language: languageName(l.Locale), Recipient: l.Recipient, Paper: !l.To, Subject: l.Subject, Text: l.Text, Src: at + "/" + strconv.Itoa(i),
		}
		if l.English != nil {
			x.English, x.Subject2, x.Text2 = x.Src+"/en", l.English.Subject, l.English.Text
		}
		v.Letters = append(v.Letters, x)
	}
	return v
}

func languageName(locale string) string {
	return display.English.Languages().Name(language.Make(locale))
}

// letterPolicy lets a letter use its own styles and nothing else: no script,
// no picture, no form, and nobody but our own page frames it.
const letterPolicy = "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; frame-ancestors 'self'; sandbox"

// draftHTML is one letter of the draft as the mail program will show it.
func (h desk) draftHTML(c *fiber.Ctx) error {
	_, d, err := h.drafted(c)
	if err != nil {
		return err
	}
	i, err := strconv.Atoi(c.Params("n"))
	if err != nil || i < 0 || i >= len(d.Letters) {
		return noSuchCase
	}
	l := &d.Letters[i]
	if c.Params("lang") == "en" {
		if l = l.English; l == nil {
			return noSuchCase
		}
	}
	return letterHTML(c, l.HTML)
}

func letterHTML(c *fiber.Ctx, page string) error {
	c.Set(fiber.HeaderContentSecurityPolicy, letterPolicy)
	c.Set(fiber.HeaderXFrameOptions, "SAMEORIGIN")
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Set(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
	return c.SendString(page)
}

// sendDraft looks again with the words as they are now, or sends: only what
// was looked at goes out.
func (h desk) sendDraft(c *fiber.Ctx) error {
	cs, d, err := h.drafted(c)
	if err != nil {
		return err
	}
	d.Words = requests.Words{Note: strings.TrimSpace(c.FormValue("note")), Person: strings.TrimSpace(c.FormValue("person"))}
	switch reason := strings.TrimSpace(c.FormValue("reason")); d.Do {
	case doMatter:
		d.Matter.Reason = reason
	case doRefuse, doExtend, doFree:
		d.Step.Reason = reason
	case doAsk:
		d.Ask.Why = reason
	}
	seen := d.Letters
	if d.Letters, err = h.look(c, cs, d); err != nil {
		faults, status, ok := onForm(err, nil)
		if !ok {
			return err
		}
		d.Letters = seen
		v := h.draftView(c, cs, d)
		v.Errors = faults
		return h.renderDraft(c, status, v)
	}
	if c.FormValue("action") == "send" && samePreviews(seen, d.Letters) {
		return h.sendNow(c, cs, d)
	}
	if _, err := h.Svc.KeepLetterDraft(c.UserContext(), web.Actor(c), cs.ID, *d); err != nil {
		return err
	}
	at := templates.DeskCasePath(cs.ID.String(), "drafts/"+d.ID.String())
	if c.FormValue("action") == "send" {
		at += "?changed=1"
	}
	return web.Redirect(c, at)
}

// samePreviews tells whether two looks saw the same letters.
func samePreviews(a, b []requests.Preview) bool {
	return slices.EqualFunc(a, b, func(x, y requests.Preview) bool {
		return x.Kind == y.Kind && x.Locale == y.Locale && x.To == y.To && x.Subject == y.Subject && x.Text == y.Text && x.HTML == y.HTML
	})
}

func (h desk) sendNow(c *fiber.Ctx, cs *requests.Case, d *requests.LetterDraft) error {
	by := web.Actor(c)
	ctx, err := h.Svc.WithWords(c.UserContext(), by, d.Words)
	if err != nil {
		return err
	}
	if d.Do == doAnswer {
		var kinds []string
		for _, l := range d.Letters {
			if l.Recipient == "" && !slices.Contains(kinds, l.Kind) {
				kinds = append(kinds, l.Kind)
			}
		}
		err = h.Svc.PrepareWords(ctx, by, cs.ID, kinds, d.Words)
	} else {
		err = h.carry(ctx, by, cs, d)
	}
	if err != nil {
		faults, status, ok := onForm(err, nil)
		if !ok {
			return err
		}
		v := h.draftView(c, cs, d)
		v.Errors = faults
		return h.renderDraft(c, status, v)
	}
	if err := h.Svc.DropLetterDraft(c.UserContext(), by, cs.ID, d.ID); err != nil {
		return err
	}
	return done(c, cs, map[string]string{doRefuse: "refused", doExtend: "extended", doAsk: "asked", doAnswer: "words", doMatter: "answered", doFree: "warned"}[d.Do])
}

// previewPage leads to the letters that the plan leads to.
func (h desk) previewPage(c *fiber.Ctx) error {
	_, v, err := h.decision(c, doAnswer)
	if err != nil {
		return err
	}
	return h.render(c, fiber.StatusOK, templates.Decision(v))
}

// preview shows the letters that the plan leads to, with room for words.
func (h desk) preview(c *fiber.Ctx) error {
	cs, err := h.load(c)
	if err != nil {
		return err
	}
	err = h.draft(c, cs, requests.LetterDraft{Do: doAnswer})
	if err != nil && requests.AsError(err).Kind != requests.Internal {
		_, v, verr := h.decision(c, doAnswer)
		if verr != nil {
			return verr
		}
		return h.again(c, v, err)
	}
	return err
}

// posted notes that a letter on paper is in the post.
func (h desk) posted(c *fiber.Ctx) error {
	cs, err := h.load(c)
	if err != nil {
		return err
	}
	if err := h.Svc.Posted(c.UserContext(), web.Actor(c), cs.ID, c.Params("letter")); err != nil {
		return err
	}
	return done(c, cs, "posted")
}

// proofs are what an identity request can ask for.
func proofs() []templates.Option {
	return []templates.Option{
		{Value: "code", Label: "the code that we mail"},
		{Value: "sign_in", Label: "signing in to their account"},
		{Value: "facts", Label: "answers about something only they and we know"},
		{Value: "document", Label: "a document with name and address, the rest made unreadable"},
		{Value: "visit", Label: "a visit or a call"},
		{Value: "permission", Label: "the signed permission of the person they ask for"},
	}
}

func (h desk) askView(c *fiber.Ctx) (*requests.Case, templates.AskPage, error) {
	cs, err := h.load(c)
	if err != nil {
		return nil, templates.AskPage{}, err
	}
	kind := c.Params("kind")
	if !slices.Contains([]string{mail.IDRequest, mail.Clarify, mail.CorrectionProof, mail.Excessive}, kind) {
		return nil, templates.AskPage{}, noSuchCase
	}
	v := templates.AskPage{
		Page: h.page(c), Case: h.head(cs), Kind: kind, Action: templates.DeskCasePath(cs.ID.String(), "ask/"+kind),
		Why: strings.TrimSpace(c.FormValue("reason")), Items: c.FormValue("items"), Until: strings.TrimSpace(c.FormValue("until")), Pause: c.FormValue("pause") == "yes",
		Fee: strings.TrimSpace(c.FormValue("fee")),
	}
	if kind == mail.IDRequest {
		v.Proofs = proofs()
	}
	for _, p := range append(c.Context().PostArgs().PeekMulti("proof"), c.Context().QueryArgs().PeekMulti("proof")...) {
		v.Chosen = append(v.Chosen, string(p))
	}
	if err := h.Svc.MayPause(c.UserContext(), cs.ID, kind); err != nil {
		if v.Law = requests.AsError(err).Safe; requests.AsError(err).Kind == requests.Internal {
			return nil, v, err
		}
	}
	return cs, v, nil
}

func (h desk) askPage(c *fiber.Ctx) error {
	_, v, err := h.askView(c)
	if err != nil {
		return err
	}
	return h.render(c, fiber.StatusOK, templates.AskCustomer(v))
}

func (h desk) ask(c *fiber.Ctx) error {
	cs, v, err := h.askView(c)
	if err != nil {
		return err
	}
	q := requests.Ask{Kind: v.Kind, Why: v.Why, Fee: v.Fee, Pause: v.Pause && v.Law == ""}
	for _, p := range proofs() {
		if slices.Contains(v.Chosen, p.Value) {
			q.Items = append(q.Items, p.Value)
		}
	}
	for line := range strings.Lines(v.Items) {
		if line = strings.TrimSpace(line); line != "" {
			q.Items = append(q.Items, line)
		}
	}
	q.Until, _ = clock.ParseDate(v.Until) // the verb says what is wrong with it
	err = h.draft(c, cs, requests.LetterDraft{Do: doAsk, Ask: q})
	if faults, status, ok := onForm(err, nil); err != nil && ok {
		v.Errors = faults
		return h.render(c, status, templates.AskCustomer(v))
	}
	return err
}
