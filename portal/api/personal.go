package api

import (
	"github.com/gofiber/fiber/v2"

	"github.com/go-json-experiment/json/jsontext"

	"habeas/portal/web"
	"habeas/requests"
	"habeas/requests/connect"
)

var purposeParam = param{name: "purpose", required: true, schema: words(requests.ViewPurposes), doc: "Why you look. It stands in the log."}

// personalView is the personal data of a case.
type personalView struct {
	Name       string           `json:"name"`
	Email      string           `json:"email"`
	Message    string           `json:"message"`
	Identities []person         `json:"identities"`
	OnBehalf   *asking          `json:"on_behalf,omitempty"`
	Systems    []personalSystem `json:"systems"`
}

// asking is who asks for somebody else.
type asking struct {
	Kind       string `json:"kind"`
	Name       string `json:"name"`
	Email      string `json:"email"`
	Age        string `json:"age,omitempty"`
	Receives   bool   `json:"receives" doc:"The permission covers receiving the data."`
	HandedOver bool   `json:"handed_over" doc:"It does not: letters, codes and the package go to the person concerned."`
}

func askingOf(b *requests.Behalf) *asking {
	if b == nil {
		return nil
	}
	return &asking{Kind: b.Kind, Name: b.Name, Email: b.Email, Age: b.Age, Receives: b.Receives, HandedOver: b.HandedOver}
}

type personalSystem struct {
	System  string        `json:"system"`
	Records []personalRow `json:"records"`
	More    bool          `json:"more" doc:"There are more records than are shown."`
	Error   string        `json:"error,omitempty" doc:"Why a system could not be read."`
}

type personalRow struct {
	Type   string          `json:"type"`
	Key    string          `json:"key"`
	Values []personalValue `json:"values"`
}

type personalValue struct {
	Field    string         `json:"field"`
	Data     jsontext.Value `json:"data,omitempty"`
	Redacted bool           `json:"redacted,omitempty"`
}

func (a *api) personalData(c *fiber.Ctx) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	q := readQuery(c, purposeParam.name)
	if err := q.err(); err != nil {
		return err
	}
	p, err := a.svc.PersonalData(c.UserContext(), web.Actor(c), id, q.text("purpose"))
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	return answer(c, fiber.StatusOK, personalView{
		Name: p.Subject.Name, Email: p.Subject.Email, Message: p.Subject.Message, OnBehalf: askingOf(p.Subject.OnBehalf),
		Identities: each(p.Subject.Identities, func(id connect.Identity) person { return person{Kind: id.Kind, Value: id.Value} }),
		Systems:    each(p.Systems, personalSystemOf),
	})
}

func personalSystemOf(s requests.PersonalSystem) personalSystem {
	return personalSystem{System: s.System, More: s.More, Error: s.Error, Records: each(s.Rows, func(r connect.Row) personalRow {
		return personalRow{Type: r.Type, Key: r.Key, Values: each(r.Values, func(v connect.Value) personalValue {
			return personalValue{Field: v.Field, Data: jsontext.Value(v.Data), Redacted: v.Redacted}
		})}
	})}
}
