package desk

import (
	"strings"

	"github.com/gofiber/fiber/v2"

	"habeas/portal/web"
	"habeas/requests"
	"habeas/templates"
)

// users lists the staff for the administrator, who sees no cases.
func (h desk) users(c *fiber.Ctx) error {
	v, err := h.usersPage(c)
	if err != nil {
		return err
	}
	return h.render(c, fiber.StatusOK, templates.Users(v))
}

func (h desk) usersPage(c *fiber.Ctx) (templates.UsersPage, error) {
	v := templates.UsersPage{Page: h.page(c)}
	list, err := h.Svc.Users(c.UserContext())
	if err != nil {
		return v, err
	}
	me := web.Actor(c).ID
	for _, u := range list {
		v.Users = append(v.Users, templates.UserRow{
			ID: u.ID.String(), Name: u.Name, Email: u.Email, Role: string(u.Role), Since: u.CreatedAt,
			Locked: u.Locked, Disabled: u.Disabled, You: u.ID.String() == me,
		})
	}
	return v, nil
}

// addUser makes an account. The password is not shown again and not logged.
func (h desk) addUser(c *fiber.Ctx) error {
	name, email, role := strings.TrimSpace(c.FormValue("name")), strings.TrimSpace(c.FormValue("email")), c.FormValue("role")
	_, err := h.Svc.AddUser(c.UserContext(), web.Actor(c), requests.Role(role), name, email, c.FormValue("password"))
	if err == nil {
		return seeOther(c, "/admin/users", "user-added")
	}
	faults, status, ok := onForm(err, nil)
	if !ok {
		return err
	}
	v, perr := h.usersPage(c)
	if perr != nil {
		return perr
	}
	v.Errors, v.Name, v.Email, v.Role = faults, name, email, role
	return h.render(c, status, templates.Users(v))
}

func (h desk) disableUser(c *fiber.Ctx) error { return h.setDisabled(c, true, "user-off") }
func (h desk) enableUser(c *fiber.Ctx) error  { return h.setDisabled(c, false, "user-on") }

func (h desk) setDisabled(c *fiber.Ctx, disabled bool, notice string) error {
	id, err := param(c, "user")
	if err != nil {
		return err
	}
	if err := h.Svc.DisableUser(c.UserContext(), web.Actor(c), id, disabled); err != nil {
		return err
	}
	return seeOther(c, "/admin/users", notice)
}

// userToken makes an API token that acts as a user. It is shown in the answer
// to this POST and nowhere else.
func (h desk) userToken(c *fiber.Ctx) error {
	id, err := param(c, "user")
	if err != nil {
		return err
	}
	u, err := h.Svc.User(c.UserContext(), id)
	if err != nil {
		return err
	}
	if u.Role == requests.DPO {
		return &requests.Error{Kind: requests.Forbidden, Code: "officer-token", Safe: "A token that acts as a data protection officer could approve in their place. It is made on the command line, by whoever runs Habeas."}
	}
	token, err := h.Svc.NewToken(c.UserContext(), web.Actor(c), &id, "")
	if err != nil {
		return err
	}
	v, err := h.usersPage(c)
	if err != nil {
		return err
	}
	v.Link = token
	return h.render(c, fiber.StatusOK, templates.Users(v))
}
