package portal

import (
	"slices"

	"habeas/portal/api"
	"habeas/portal/audit"
	"habeas/portal/demo"
	"habeas/portal/desk"
	"habeas/portal/signin"
	"habeas/portal/subject"
	"habeas/portal/web"
)

// Routes is the route table: everything that is served, with who may have it.
func Routes(d Deps) []web.Route {
	tables := [][]web.Route{
		web.Assets(d.Colours, d.Logo),
		subject.Routes(subject.Deps{Svc: d.Svc}),
		signin.Routes(signin.Deps{Svc: d.Svc, Hints: d.Hints}),
		desk.Routes(desk.Deps{Svc: d.Svc}),
		audit.Routes(audit.Deps{Svc: d.Svc}),
		api.Routes(api.Deps{Svc: d.Svc, Done: d.Done}),
	}
	if d.Mails != nil {
		tables = append(tables, demo.Routes(d.Mails))
	}
	return slices.Concat(tables...)
}
