package casefile

import (
	"cmp"

	"habeas/requests"
)

// Titles are the names of systems and record types as people know them.
type Titles struct{ svc *requests.Service }

// TitlesOf reads the configured systems' names.
func TitlesOf(svc *requests.Service) Titles { return Titles{svc} }

// System names a system.
func (t Titles) System(name string) string {
	if name == requests.OwnSystem {
		return "Habeas"
	}
	if c, ok := t.svc.System(name); ok {
		return cmp.Or(c.Describe().Title, name)
	}
	return name
}

// Type names a type of record.
func (t Titles) Type(system, typ string) string {
	if c, ok := t.svc.System(system); ok {
		for _, d := range c.Describe().Types {
			if d.Name == typ {
				return cmp.Or(d.Title, typ)
			}
		}
	}
	return typ
}
