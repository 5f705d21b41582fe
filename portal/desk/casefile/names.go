package casefile

import (
	"context"
	"strings"

	"habeas/requests"
)

// Names are the staff by their ids, as pages name them.
type Names map[string]string

var titles = map[requests.Role]string{
	requests.DPO: "DPO", requests.Agent: "agent", requests.Auditor: "auditor", requests.Admin: "admin",
}

// StaffNames reads who works here.
func StaffNames(ctx context.Context, svc *requests.Service) (Names, error) {
	users, err := svc.Users(ctx)
	if err != nil {
		return nil, err
	}
	names := Names{}
	for _, u := range users {
		names[u.ID.String()] = u.Name + ", " + titles[u.Role]
	}
	return names, nil
}

// Of names a user.
func (n Names) Of(id string) string {
	if name, ok := n[id]; ok {
		return name
	}
	return "somebody who no longer works here"
}

// Actor names an event's actor: "dpo:0193…" is a person, "customer:…" is the
// customer, and the program is Habeas.
func (n Names) Actor(actor string) string {
	role, id, _ := strings.Cut(actor, ":")
	switch requests.Role(role) {
	case requests.DPO, requests.Agent, requests.Auditor, requests.Admin:
		return n.Of(id)
	case requests.Customer, requests.Public:
		return "the customer"
	case requests.ServiceRole:
		return "the service " + id
	}
	return "Habeas"
}
