package api

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"habeas/portal/web"
	"habeas/requests"
)

// manualResult is how a person ends a task.
type manualResult struct {
	Result string `json:"result" enum:"done,not_found,exception"`
	Reason string `json:"reason,omitempty" doc:"Needed unless the result is done."`
}

// manualForm is the same with a proof.
type manualForm struct {
	Result string `json:"result" enum:"done,not_found,exception"`
	Reason string `json:"reason,omitempty"`
	Proof  []byte `json:"proof,omitempty" doc:"A file of at most 5 MB."`
}

type taskEnded struct {
	Task   uuid.UUID       `json:"task"`
	Result string          `json:"result"`
	Status requests.Status `json:"status" doc:"Of the request."`
}

const (
	maxProof = 5 << 20
	maxForm  = maxProof + 64<<10
	maxField = 16 << 10
)

func (a *api) finishTask(c *fiber.Ctx) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	task, err := pathID(c, "task")
	if err != nil {
		return err
	}
	r, err := readResult(c)
	if err != nil {
		return err
	}
	by := web.Actor(c)
	if err := a.svc.FinishManual(c.UserContext(), by, id, task, r); err != nil {
		return err
	}
	cs, err := a.svc.Get(c.UserContext(), by, id)
	if err != nil {
		return err
	}
	return answer(c, fiber.StatusOK, taskEnded{Task: task, Result: r.Result, Status: cs.Status})
}

// readResult reads a result as JSON, or as a form with a proof.
func readResult(c *fiber.Ctx) (requests.ManualResult, error) {
	kind, params, err := mime.ParseMediaType(c.Get(fiber.HeaderContentType))
	if err != nil || kind != fiber.MIMEMultipartForm {
		var in manualResult
		err := decode(c, &in)
		return requests.ManualResult{Result: in.Result, Reason: in.Reason}, err
	}
	body, err := rawBody(c)
	if err != nil {
		return requests.ManualResult{}, err
	}
	return readForm(multipart.NewReader(bytes.NewReader(body), params["boundary"]))
}

func readForm(form *multipart.Reader) (requests.ManualResult, error) {
	var r requests.ManualResult
	seen := map[string]bool{}
	for {
		part, err := form.NextRawPart()
		if errors.Is(err, io.EOF) {
			return r, nil
		}
		if err != nil {
			return r, wrong("body", "This is not a complete form.")
		}
		name := part.FormName()
		if name == "" {
			return r, wrong("body", "A part of this form has no name.")
		}
		if seen[name] {
			return r, wrong(shorten(name), "This field stands here twice.")
		}
		seen[name] = true
		limit := maxField
		if name == "proof" {
			limit = maxProof
		}
		raw, err := io.ReadAll(io.LimitReader(part, int64(limit)+1))
		switch {
		case err != nil:
			return r, wrong("body", "This is not a complete form.")
		case len(raw) > limit && name == "proof":
			return r, wrong(name, "A proof has at most 5 MB.")
		case len(raw) > limit:
			return r, wrong(shorten(name), "This field is too long.")
		case name != "proof" && !utf8.Valid(raw):
			return r, wrong(shorten(name), "This is not valid UTF-8.")
		}
		switch name {
		case "result":
			r.Result = string(raw)
		case "reason":
			r.Reason = string(raw)
		case "proof":
			r.Proof = raw
		default:
			return r, wrong(shorten(name), "There is no such field here. Use result, reason and proof.")
		}
	}
}
