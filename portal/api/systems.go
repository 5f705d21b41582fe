package api

import (
	"net/url"

	"github.com/gofiber/fiber/v2"

	"habeas/portal/web"
	"habeas/requests"
	"habeas/requests/connect"
)

type systemList struct {
	Items     []systemView `json:"items"`
	AllPaused bool         `json:"all_paused" doc:"The kill switch is on."`
}

type systemView struct {
	Name      string      `json:"name"`
	Title     string      `json:"title"`
	Kind      string      `json:"kind"`
	Can       []string    `json:"can"`
	Unchecked []string    `json:"unchecked" doc:"What cannot be looked at afterwards."`
	Paused    bool        `json:"paused"`
	PausedAt  *moment     `json:"paused_at,omitempty"`
	Healthy   *bool       `json:"healthy" doc:"null: not checked yet."`
	CheckedAt *moment     `json:"checked_at,omitempty"`
	Faults    []faultView `json:"faults"`
	Waiting   int         `json:"waiting"`
	Running   int         `json:"running"`
	Failed    int         `json:"failed"`
}

type faultView struct {
	Where  string `json:"where"`
	Text   string `json:"text"`
	Advice bool   `json:"advice,omitempty" doc:"Nothing stands in the way, but somebody should look."`
}

func faultOf(f connect.Fault) faultView {
	return faultView{Where: f.Where, Text: f.Text, Advice: f.Advice}
}

func (a *api) systems(c *fiber.Ctx) error {
	list, all, err := a.svc.Systems(c.UserContext())
	if err != nil {
		return err
	}
	return answer(c, fiber.StatusOK, systemList{AllPaused: all, Items: each(list, func(s requests.SystemView) systemView {
		return systemView{
			Name: s.Name, Title: s.Title, Kind: s.Kind, Can: full(s.Can), Unchecked: full(s.Unchecked), Paused: s.Paused, PausedAt: momentOf(s.PausedAt),
			Healthy: s.Healthy, CheckedAt: momentOf(s.CheckedAt), Faults: each(s.Faults, faultOf),
			Waiting: s.Waiting, Running: s.Running, Failed: s.Failed,
		}
	})})
}

type systemState struct {
	Name   string `json:"name"`
	Paused bool   `json:"paused"`
}

func (a *api) pauseSystem(pause bool) fiber.Handler {
	return func(c *fiber.Ctx) error {
		name, err := systemName(c)
		if err != nil {
			return err
		}
		if err := decode(c, &empty{}); err != nil {
			return err
		}
		if err := a.svc.PauseSystem(c.UserContext(), web.Actor(c), name, pause); err != nil {
			return err
		}
		return answer(c, fiber.StatusOK, systemState{Name: name, Paused: pause})
	}
}

type systemHealth struct {
	Name    string      `json:"name"`
	Healthy bool        `json:"healthy"`
	Faults  []faultView `json:"faults"`
}

func (a *api) checkSystem(c *fiber.Ctx) error {
	name, err := systemName(c)
	if err != nil {
		return err
	}
	if err := decode(c, &empty{}); err != nil {
		return err
	}
	faults, err := a.svc.CheckSystem(c.UserContext(), name)
	if err != nil {
		return err
	}
	return answer(c, fiber.StatusOK, systemHealth{Name: name, Healthy: len(connect.Standing(faults)) == 0, Faults: each(faults, faultOf)})
}

func systemName(c *fiber.Ctx) (string, error) {
	name, err := url.PathUnescape(c.Params("name"))
	if err != nil {
		return "", &requests.Error{Kind: requests.NotFound, Code: "no-such-system", Safe: "There is no such system."}
	}
	return name, nil
}
