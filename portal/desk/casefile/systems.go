package casefile

import (
	"cmp"

	"habeas/requests"
)

// Titles are the names of systems and record types as people know them.
type Titles struct {
	svc  *requests.Service
	lang string // "" as configured
}

// TitlesOf reads the configured systems' names.
func TitlesOf(svc *requests.Service) Titles { return Titles{svc: svc} }

// In are the names in a language, as far as the company's glossary has them.
func (t Titles) In(lang string) Titles { return Titles{t.svc, lang} }

func (t Titles) say(text string) string { return t.svc.Settings().Glossary.In(t.lang, text) }

// System names a system.
func (t Titles) System(name string) string {
	if name == requests.OwnSystem {
		return "Habeas"
	}
	if c, ok := t.svc.System(name); ok {
		return t.say(cmp.Or(c.Describe().Title, name))
	}
	return name
}

// Type names a type of record.
func (t Titles) Type(system, typ string) string {
	if c, ok := t.svc.System(system); ok {
		for _, d := range c.Describe().Types {
			if d.Name == typ {
				return t.say(cmp.Or(d.Title, typ))
			}
		}
	}
	return typ
}
