package desk

import (
	"cmp"

	"github.com/gofiber/fiber/v2"

	"habeas/portal/web"
	"habeas/requests"
	"habeas/requests/evidence"
	"habeas/templates"
)

// systems shows every connected system with its switch, and the one for all.
func (h desk) systems(c *fiber.Ctx) error {
	list, all, err := h.Svc.Systems(c.UserContext())
	if err != nil {
		return err
	}
	role := web.Actor(c).Role
	v := templates.SystemsPage{Page: h.page(c), AllPaused: all, CanSwitch: role == requests.DPO || role == requests.Admin}
	paused := all
	for _, s := range list {
		row := templates.SystemRow{
			Name: s.Name, Label: cmp.Or(s.Title, s.Name), Kind: s.Kind, Health: health(s), Paused: s.Paused,
			Waiting: s.Waiting, Running: s.Running, Failed: s.Failed, Slots: cmp.Or(s.Slots, 4), Can: s.Can, Cannot: s.Unchecked,
		}
		if s.CheckedAt != nil {
			row.CheckedAt = *s.CheckedAt
		}
		if s.PausedAt != nil {
			row.Since = *s.PausedAt
		}
		for _, t := range s.Types {
			row.Types = append(row.Types, cmp.Or(t.Title, t.Name))
		}
		for _, f := range s.Faults {
			text := f.Where + ": " + f.Text
			if f.Advice {
				text = "Advice, " + text
			}
			row.Faults = append(row.Faults, text)
		}
		paused = paused || s.Paused
		v.Systems = append(v.Systems, row)
	}
	if paused {
		if err := h.whoPaused(c, &v); err != nil {
			return err
		}
	}
	return h.render(c, fiber.StatusOK, templates.Systems(v))
}

func health(s requests.SystemView) string {
	switch {
	case s.Healthy == nil:
		return "unknown"
	case *s.Healthy:
		return "ok"
	}
	return "fault"
}

// whoPaused reads in the log who stopped what, and since when.
func (h desk) whoPaused(c *fiber.Ctx, v *templates.SystemsPage) error {
	lines, err := h.Svc.Log().CaseLines(c.UserContext(), evidence.SystemCase)
	if err != nil {
		return err
	}
	names, err := h.staff(c.UserContext())
	if err != nil {
		return err
	}
	for _, l := range lines {
		if l.Kind != (evidence.SystemPaused{}).Kind() {
			continue
		}
		d, err := l.Payload()
		if err != nil {
			return err
		}
		name, who := string(d.(evidence.SystemPaused).System), names.Actor(l.Actor)
		if name == "all" {
			v.PausedBy, v.Since = who, l.At
		}
		for i := range v.Systems {
			if v.Systems[i].Name == name {
				v.Systems[i].PausedBy = who
			}
		}
	}
	return nil
}

// switched names the system of a switch; "all" is the kill switch.
func switched(c *fiber.Ctx) string {
	if name := c.Params("name"); name != "all" {
		return name
	}
	return requests.AllSystems
}

func (h desk) pauseSystem(c *fiber.Ctx) error {
	if err := h.Svc.PauseSystem(c.UserContext(), web.Actor(c), switched(c), true); err != nil {
		return err
	}
	return seeOther(c, "/desk/systems", "system-pause")
}

func (h desk) resumeSystem(c *fiber.Ctx) error {
	if err := h.Svc.PauseSystem(c.UserContext(), web.Actor(c), switched(c), false); err != nil {
		return err
	}
	return seeOther(c, "/desk/systems", "system-go")
}

// checkSystem asks a system whether it is as described.
func (h desk) checkSystem(c *fiber.Ctx) error {
	if _, err := h.Svc.CheckSystem(c.UserContext(), switched(c)); err != nil {
		return err
	}
	return seeOther(c, "/desk/systems", "checked")
}
