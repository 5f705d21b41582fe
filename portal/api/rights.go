package api

import (
	"encoding/json"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"habeas/portal/web"
	"habeas/requests"
)

// noticeView is a recipient who has to be told (GDPR Art. 19).
type noticeView struct {
	ID        uuid.UUID `json:"id"`
	Recipient string    `json:"recipient"`
	Title     string    `json:"title"`
	Right     string    `json:"right"`
	Way       string    `json:"way" enum:"mail,manual"`
	Status    string    `json:"status" enum:"open,sent,delivered,acknowledged,excused,failed"`
	MadeAt    moment    `json:"made_at"`
	DoneAt    *moment   `json:"done_at,omitempty"`
	Ground    string    `json:"ground,omitempty"`
}

func (a *api) notices(c *fiber.Ctx) error {
	cs, err := a.of(c)
	if err != nil {
		return err
	}
	list, err := a.svc.Notices(c.UserContext(), cs)
	if err != nil {
		return err
	}
	return answer(c, fiber.StatusOK, items[noticeView]{Items: each(list, func(n requests.NoticeView) noticeView {
		return noticeView{
			ID: n.ID, Recipient: n.Recipient, Title: n.Title, Right: n.Right, Way: n.Way, Status: n.Status,
			MadeAt: moment(n.MadeAt), DoneAt: momentOf(n.DoneAt), Ground: n.Ground,
		}
	})})
}

// of is the case of the path, as the actor may see it.
func (a *api) of(c *fiber.Ctx) (*requests.Case, error) {
	id, err := pathID(c, "id")
	if err != nil {
		return nil, err
	}
	return a.svc.Get(c.UserContext(), web.Actor(c), id)
}

// settling is how a recipient was told, or why not.
type settling struct {
	Result string `json:"result" enum:"told,acknowledged,impossible,disproportionate"`
	Reason string `json:"reason"`
}

func (a *api) settleNotice(c *fiber.Ctx) error {
	var in settling
	if err := decode(c, &in); err != nil {
		return err
	}
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	notice, err := pathID(c, "notice")
	if err != nil {
		return err
	}
	if err := a.svc.SettleNotice(c.UserContext(), web.Actor(c), id, notice, requests.NoticeResult{Result: in.Result, Reason: in.Reason}); err != nil {
		return err
	}
	return a.notices(c)
}

// fieldView is one field that can be corrected, as it is now.
type fieldView struct {
	System string         `json:"system"`
	Type   string         `json:"type"`
	Key    string         `json:"key"`
	Field  string         `json:"field"`
	Value  jsontext.Value `json:"value"`
}

func (a *api) correctable(c *fiber.Ctx) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	systems, err := a.svc.Correctable(c.UserContext(), web.Actor(c), id, c.Query("purpose"))
	if err != nil {
		return err
	}
	out := items[fieldView]{Items: []fieldView{}}
	for _, s := range systems {
		for _, row := range s.Rows {
			for _, v := range row.Values {
				value := jsontext.Value(v.Data)
				if len(value) == 0 {
					value = jsontext.Value("null")
				}
				out.Items = append(out.Items, fieldView{System: s.System, Type: row.Type, Key: row.Key, Field: v.Field, Value: value})
			}
		}
	}
	return answer(c, fiber.StatusOK, out)
}

// correcting is what is decided about fields.
type correcting struct {
	Corrections []fieldDecision `json:"corrections"`
}

type fieldDecision struct {
	System   string         `json:"system"`
	Type     string         `json:"type"`
	Key      string         `json:"key"`
	Field    string         `json:"field"`
	Value    jsontext.Value `json:"value,omitempty" doc:"The new value, to correct."`
	Decision string         `json:"decision" enum:"correct,refuse"`
	Ground   string         `json:"ground,omitempty" doc:"To refuse: a ground that the law has."`
	Reason   string         `json:"reason,omitempty" doc:"To refuse: the person reads it."`
}

// planning is where a case stands whose plan is made anew.
type planning struct {
	Status requests.Status `json:"status"`
}

func (a *api) correct(c *fiber.Ctx) error {
	var in correcting
	if err := decode(c, &in); err != nil {
		return err
	}
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	cs, err := a.svc.Correct(c.UserContext(), web.Actor(c), id, each(in.Corrections, func(d fieldDecision) requests.Correction {
		return requests.Correction{
			System: d.System, Type: d.Type, Key: d.Key, Field: d.Field, Value: json.RawMessage(d.Value), Decision: d.Decision, Ground: d.Ground, Reason: d.Reason,
		}
	}))
	if err != nil {
		return err
	}
	return answer(c, fiber.StatusAccepted, planning{cs.Status})
}

// restrictionView is a restriction of processing (GDPR Art. 18).
type restrictionView struct {
	Ground   string  `json:"ground"`
	Since    moment  `json:"since"`
	WarnedAt *moment `json:"warned_at,omitempty"`
	LiftOn   string  `json:"lift_on,omitempty"`
	LiftedAt *moment `json:"lifted_at,omitempty"`
}

func restrictionOf(r *requests.Restriction) restrictionView {
	v := restrictionView{Ground: r.Ground, Since: moment(r.Since), WarnedAt: momentOf(r.WarnedAt), LiftedAt: momentOf(r.LiftedAt)}
	if r.LiftOn != nil {
		v.LiftOn = r.LiftOn.Format(time.DateOnly)
	}
	return v
}

// warning is why a restriction ends.
type warning struct {
	Reason string `json:"reason" doc:"The person reads it."`
}

func (a *api) warnRestriction(c *fiber.Ctx) error {
	var in warning
	if err := decode(c, &in); err != nil {
		return err
	}
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	r, err := a.svc.WarnRestriction(c.UserContext(), web.Actor(c), id, in.Reason)
	if err != nil {
		return err
	}
	return answer(c, fiber.StatusOK, restrictionOf(r))
}

func (a *api) liftRestriction(c *fiber.Ctx) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	r, err := a.svc.LiftRestriction(c.UserContext(), web.Actor(c), id)
	if err != nil {
		return err
	}
	return answer(c, fiber.StatusOK, restrictionOf(r))
}
