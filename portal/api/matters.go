package api

import (
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"habeas/portal/web"
	"habeas/requests"
	"habeas/requests/identity"
)

// appealing is an appeal or complaint about a request.
type appealing struct {
	Kind       string     `json:"kind" enum:"appeal,complaint" doc:"An appeal is against a denial, where the law has it (US states); a complaint is open to everybody."`
	Rights     []string   `json:"rights,omitempty" doc:"Of the request; none means those that were denied, or all."`
	Message    string     `json:"message" doc:"What the person does not agree with. It is sealed."`
	Channel    string     `json:"channel,omitempty" enum:"phone,letter,counter,e-mail" doc:"Staff only."`
	ReceivedAt *time.Time `json:"received_at,omitempty" doc:"Staff only: when it came, if earlier."`
	Reason     string     `json:"reason,omitempty" doc:"Staff only: why it is entered later."`
}

// matterView is an appeal or complaint as it stands.
type matterView struct {
	ID         uuid.UUID       `json:"id"`
	Reference  string          `json:"reference"`
	Kind       string          `json:"kind" enum:"appeal,complaint"`
	Of         uuid.UUID       `json:"of"`
	Status     requests.Status `json:"status"`
	Rights     []string        `json:"rights"`
	ReceivedAt moment          `json:"received_at"`
	DueOn      date            `json:"due_on"`
	Deadlines  []deadline      `json:"deadlines"`
	Result     string          `json:"result" doc:"Empty while it is open; granted, partly or denied."`
	Redo       *uuid.UUID      `json:"redo,omitempty" doc:"The request by which what was granted is done again."`
}

func matterOf(m *requests.Case) matterView {
	return matterView{
		ID: m.ID, Reference: m.Reference, Kind: m.Kind, Of: *m.Of, Status: m.Status, Rights: full(m.Rights), ReceivedAt: moment(m.ReceivedAt),
		DueOn: date(m.DueOn), Deadlines: each(m.Deadlines, deadlineOf), Result: m.Result,
	}
}

func (a *api) appeal(c *fiber.Ctx) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	var in appealing
	if err := decode(c, &in); err != nil {
		return err
	}
	m, err := a.svc.FileMatter(c.UserContext(), web.Actor(c), id, requests.NewMatter{
		Kind: in.Kind, Rights: in.Rights, Message: in.Message, Channel: in.Channel, ReceivedAt: in.ReceivedAt, Reason: in.Reason,
	})
	if err != nil {
		return err
	}
	return answer(c, fiber.StatusCreated, matterOf(m))
}

// answering decides an appeal or complaint.
type answering struct {
	Decision string   `json:"decision" enum:"granted,partly,denied"`
	Rights   []string `json:"rights,omitempty" doc:"What is done again, as a request of its own."`
	Reason   string   `json:"reason" doc:"What the person is told."`
	Ground   string   `json:"ground,omitempty" doc:"The article; left out: the law's own."`
}

func (a *api) decideMatter(c *fiber.Ctx) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	var in answering
	if err := decode(c, &in); err != nil {
		return err
	}
	m, redo, err := a.svc.DecideMatter(c.UserContext(), web.Actor(c), id, requests.MatterDecision{
		Decision: in.Decision, Rights: in.Rights, Reason: in.Reason, Ground: in.Ground,
	})
	if err != nil {
		return err
	}
	v := matterOf(m)
	if redo != nil {
		v.Redo = &redo.ID
	}
	return answer(c, fiber.StatusOK, v)
}

// proving is a proof of identity that a person recorded.
type proving struct {
	Proof  string `json:"proof" enum:"staff_check,document,known_facts,sign_in,declaration,representative_check,representative_document"`
	Reason string `json:"reason" doc:"How it was proved, without copying the proof."`
}

func (a *api) recordProof(c *fiber.Ctx) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	var in proving
	if err := decode(c, &in); err != nil {
		return err
	}
	cs, err := a.svc.RecordProof(c.UserContext(), web.Actor(c), id, identity.Proof(in.Proof), in.Reason)
	if err != nil {
		return err
	}
	return a.answerCase(c, fiber.StatusOK, cs)
}
