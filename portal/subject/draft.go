package subject

import (
	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"habeas/portal/web"
	"habeas/requests"
	"habeas/templates"
)

// draft is what a browser that is not signed in has said so far. It lies
// sealed in PostgreSQL for an hour, under an id that only the browser knows.
type draft struct {
	Answers templates.Answers `json:"answers"`
	Filed   *filed            `json:"filed,omitempty"` // what became of the answers
	Find    *find             `json:"find,omitempty"`  // the request being looked for
}

// filed is a request that this browser sent and has not proved yet.
type filed struct {
	ID    uuid.UUID `json:"id"`
	Email string    `json:"email"`
	Proof bool      `json:"proof"` // a code was mailed
}

// find is the request that somebody looks for; ID is the nil UUID when there
// is none, and nobody is told.
type find struct {
	ID uuid.UUID `json:"id"`
}

func (h subject) draft(c *fiber.Ctx) (draft, bool, error) {
	var d draft
	ok, err := h.Svc.Draft(c.UserContext(), web.Visit(c), &d)
	return d, ok, err
}

func (h subject) save(c *fiber.Ctx, d draft) error {
	return h.Svc.SaveDraft(c.UserContext(), web.Visit(c), d)
}

// reader is who may look at a request that this browser sent: its customer,
// as far as the clock and the reference go.
func reader(id uuid.UUID) requests.Actor {
	return requests.Actor{Role: requests.Customer, ID: id.String()}
}
