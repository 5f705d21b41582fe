package api

import (
	"encoding/base64"

	"github.com/gofiber/fiber/v2"

	"habeas/portal/web"
	"habeas/requests"
)

// receiptView is what customers keep.
type receiptView struct {
	Reference  string         `json:"reference"`
	Log        string         `json:"log" doc:"The log's origin."`
	Key        string         `json:"key" doc:"The log's public key, as C2SP signed notes write it."`
	Checkpoint string         `json:"checkpoint" doc:"The log's signed head."`
	Events     []receiptEvent `json:"events"`
	Witnessed  bool           `json:"witnessed"`
	Note       string         `json:"note"`
}

type receiptEvent struct {
	Index int64    `json:"index"`
	Line  string   `json:"line" doc:"The leaf, exactly."`
	Path  []string `json:"path" doc:"Base64 of the hashes, from the leaf upwards."`
}

func (a *api) receipt(c *fiber.Ctx) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	r, err := a.svc.CustomerReceipt(c.UserContext(), web.Actor(c), id)
	if err != nil {
		return err
	}
	return answer(c, fiber.StatusOK, receiptView{
		Reference: r.Reference, Log: r.Origin, Key: r.Key, Checkpoint: r.Checkpoint, Witnessed: r.Witnessed, Note: r.Note,
		Events: each(r.Events, func(e requests.ReceiptEvent) receiptEvent {
			return receiptEvent{Index: e.Index, Line: e.Line, Path: each(e.Path, base64.StdEncoding.EncodeToString)}
		}),
	})
}
