package requests

import (
	"slices"
	"strings"

	"habeas/requests/connect"
)

// portableBases are the legal bases of data that a person can take along:
// GDPR Art. 20(1)(a).
var portableBases = []string{"consent", "contract"}

// portable tells which fields of a system's types are left out of what a person
// takes along, and whether anything is left: only what the person gave, or what
// was observed of them, on consent or a contract (GDPR Art. 20(1); WP 242).
func (s *Service) portable(system, law string) func(typ string) (leaveOut []string, any bool) {
	conn, ok := s.System(system)
	if !ok {
		return nil
	}
	type portion struct {
		out []string
		any bool
	}
	all := map[string]portion{}
	for _, t := range conn.Describe().Types {
		p := portion{}
		entries := s.set.processing(system, t.Name)
		based := law != "EU" && law != "UK" || len(entries) == 0 ||
			slices.ContainsFunc(entries, func(e Processing) bool { return slices.Contains(portableBases, e.Basis) })
		for _, f := range t.Fields {
			switch {
			case !based, derived(t, f):
				p.out = append(p.out, f.Name)
			case f.Category != "":
				p.any = true
			}
		}
		all[t.Name] = p
	}
	return func(typ string) ([]string, bool) { p := all[typ]; return p.out, p.any }
}

// derived says that a field was not given by the person: the description says
// so, or it is about others, a guess, or what staff wrote.
func derived(t connect.Type, f connect.Field) bool {
	switch firstOf(f.Provided, t.Provided) {
	case "subject", "observed":
		return f.Others
	case "derived":
		return true
	}
	group, detail, _ := strings.Cut(f.Category, ".")
	return f.Others || group == "profiling" || group == "staff" || group == "content" && detail == "note"
}
