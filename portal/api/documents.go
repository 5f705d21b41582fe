package api

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"habeas/portal/web"
	"habeas/requests"
)

// documentForm is a document that proves that somebody may ask for another.
type documentForm struct {
	File []byte `json:"file" doc:"PDF, PNG or JPEG of at most 10 MB; its first bytes count. Its name is not kept."`
}

// documentBody is the same as JSON.
type documentBody struct {
	File []byte `json:"file" doc:"PDF, PNG or JPEG of at most 10 MB, as base64."`
}

type documentTaken struct {
	ID   uuid.UUID `json:"id"`
	Size int       `json:"size"`
}

const (
	maxDocumentForm = requests.MaxDocument*4/3 + 64<<10 // as base64
	// maxFiling is small, because anybody may file: a larger permission is sent
	// as a document once the address is proved.
	maxFiling = 4 << 20
)

// addDocument takes a document from whoever asks for somebody else, once the
// address is proved, or from staff. Nothing hands it out again.
func (a *api) addDocument(c *fiber.Ctx) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	file, err := readDocument(c)
	if err != nil {
		return err
	}
	document, err := a.svc.AddDocument(c.UserContext(), web.Actor(c), id, file)
	if err != nil {
		return err
	}
	return answer(c, fiber.StatusCreated, documentTaken{ID: document, Size: len(file)})
}

func readDocument(c *fiber.Ctx) ([]byte, error) {
	kind, params, err := mime.ParseMediaType(c.Get(fiber.HeaderContentType))
	if err != nil || kind != fiber.MIMEMultipartForm {
		var in documentBody
		err := decode(c, &in)
		return in.File, err
	}
	body, err := rawBody(c)
	if err != nil {
		return nil, err
	}
	form := multipart.NewReader(bytes.NewReader(body), params["boundary"])
	var file []byte
	for {
		part, err := form.NextRawPart()
		if errors.Is(err, io.EOF) {
			return file, nil
		}
		if err != nil {
			return nil, wrong("body", "This is not a complete form.")
		}
		switch {
		case part.FormName() != "file":
			return nil, wrong(shorten(part.FormName()), "There is no such field here.")
		case file != nil:
			return nil, wrong("file", "This field stands here twice.")
		}
		if file, err = io.ReadAll(io.LimitReader(part, requests.MaxDocument+1)); err != nil {
			return nil, wrong("body", "This is not a complete form.")
		}
	}
}

// permitting is what the desk found of a permission.
type permitting struct {
	Decision string `json:"decision" enum:"accepted,refused"`
	Receives bool   `json:"receives,omitempty" doc:"The permission covers receiving the data; otherwise the person concerned gets the answer."`
	Ground   string `json:"ground,omitempty" enum:"unsigned,names,scope,unreadable,outdated,doubtful,insufficient" doc:"Of a refusal: why it does not suffice, as the letter says it. Left out: insufficient."`
	Reason   string `json:"reason" doc:"What was looked at, without copying it."`
}

func (a *api) decidePermission(c *fiber.Ctx) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	var in permitting
	if err := decode(c, &in); err != nil {
		return err
	}
	if in.Decision != "accepted" && in.Decision != "refused" {
		return wrong("decision", "Use accepted or refused.")
	}
	cs, err := a.svc.DecidePermission(c.UserContext(), web.Actor(c), id, requests.PermissionDecision{Accepted: in.Decision == "accepted", Receives: in.Receives, Ground: in.Ground, Reason: in.Reason})
	if err != nil {
		return err
	}
	return a.answerCase(c, fiber.StatusOK, cs)
}
