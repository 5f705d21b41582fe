package subject

import (
	"errors"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"habeas/portal/web"
	"habeas/requests"
	"habeas/templates"
)

// coded is a page that asks for a code: for which request, where the answer
// goes, and where a right one leads.
type coded struct {
	id        uuid.UUID // the nil UUID: there is no such request, and nobody is told
	reference string
	email     string
	why       string // file, find or download
	action    string
	resend    string
	next      string
	done      func() error // after a right code
}

func (h subject) codePage(c *fiber.Ctx, k coded, faults ...templates.FieldError) error {
	v := templates.CodePage{Page: web.PageOf(c), Reference: k.reference, Email: k.email, Action: k.action, Resend: k.resend, Why: k.why}
	v.Errors, v.Here = faults, k.action
	if len(faults) > 0 {
		c.Status(fiber.StatusUnprocessableEntity)
	} else if c.Query("sent") != "" {
		v.Notice = &templates.Notice{Kind: "success", Title: say(c, "notice.code_sent")}
	}
	return web.Render(c, templates.Code(v))
}

// codeFaults are the catalogue's words for what is wrong with a code.
var codeFaults = map[string]string{
	"wrong-code": "code_wrong", "code-expired": "code_expired", "code-dead": "code_dead",
	"too-many-tries": "code_again", "too-many-codes": "code_again", "no-address": "code_again",
}

// proveCode takes a code, opens the request in this browser and leads on.
func (h subject) proveCode(c *fiber.Ctx, k coded) error {
	code := digits(c.FormValue("code"))
	wrong := func(key string) error {
		return h.codePage(c, k, templates.FieldError{Field: "code", Message: say(c, "error."+key)})
	}
	if len(code) != 6 {
		return wrong("code")
	}
	if k.id == uuid.Nil {
		return wrong("code_wrong")
	}
	proved, err := h.Svc.Verify(c.UserContext(), k.id, code)
	if err != nil {
		if key, ok := codeFaults[codeOf(err)]; ok {
			return wrong(key)
		}
		return err
	}
	if err := web.SignInCustomer(c, k.id, proved.Grant, h.Now().Add(requests.FreshFor)); err != nil {
		return err
	}
	h.link(c, reader(k.id))
	if k.done != nil {
		if err := k.done(); err != nil {
			return err
		}
	}
	return web.Redirect(c, k.next)
}

// newCode mails another code. Whether there is a request to mail one for is
// not told; that there were too many today is, to who holds it.
func (h subject) newCode(c *fiber.Ctx, k coded, tell bool) error {
	if k.id != uuid.Nil {
		if _, err := h.Svc.SendCode(c.UserContext(), k.id); err != nil {
			key, known := codeFaults[codeOf(err)]
			switch {
			case !known:
				return err
			case tell:
				return h.codePage(c, k, templates.FieldError{Field: "code", Message: say(c, "error."+key)})
			}
		}
	}
	return web.Redirect(c, k.action+"?sent=1")
}

func codeOf(err error) string {
	var e *requests.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// digits lets people type a code with spaces or dashes.
func digits(s string) string {
	out := make([]byte, 0, 6)
	for i := range len(s) {
		switch b := s[i]; {
		case b >= '0' && b <= '9':
			out = append(out, b)
		case b != ' ' && b != '-':
			return ""
		}
		if len(out) > 6 {
			return ""
		}
	}
	return string(out)
}

// filedCoded asks for the code of the request that this browser just filed.
func (h subject) filedCoded(c *fiber.Ctx) (coded, bool, error) {
	d, _, err := h.draft(c)
	if err != nil || d.Filed == nil || !d.Filed.Proof {
		return coded{}, false, err
	}
	cs, err := h.Svc.Get(c.UserContext(), reader(d.Filed.ID), d.Filed.ID)
	if err != nil {
		return coded{}, false, err
	}
	k := coded{
		id: cs.ID, reference: cs.Reference, email: d.Filed.Email, why: "file",
		action: "/request/code", resend: "/request/code/new", next: "/request/confirmation",
	}
	return k, true, nil
}

func (h subject) filedCodePage(c *fiber.Ctx) error {
	k, ok, err := h.filedCoded(c)
	if err != nil {
		return err
	}
	if !ok {
		return web.Redirect(c, "/find")
	}
	return h.codePage(c, k)
}

func (h subject) filedCode(c *fiber.Ctx) error {
	k, ok, err := h.filedCoded(c)
	if err != nil {
		return err
	}
	if !ok {
		return web.Redirect(c, "/find")
	}
	return h.proveCode(c, k)
}

func (h subject) filedNewCode(c *fiber.Ctx) error {
	k, ok, err := h.filedCoded(c)
	if err != nil {
		return err
	}
	if !ok {
		return web.Redirect(c, "/find")
	}
	return h.newCode(c, k, true)
}
