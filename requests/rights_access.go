package requests

import (
	"fmt"
	"slices"
	"strings"

	"habeas/requests/connect"
	"habeas/requests/mail"
)

// explained is a system's description in a language, with what the register of
// processing says about each of its types: GDPR Art. 15(1)(a) to (h) and 15(2).
func (s *Service) explained(lang, law string, d connect.Description) connect.Description {
	out := s.set.Glossary.description(lang, d)
	out.Types = slices.Clone(out.Types)
	for i, t := range d.Types {
		out.Types[i] = s.set.explain(lang, law, d.Name, t, out.Types[i])
	}
	return out
}

// explain joins what the register says with what the type itself does: its own
// words about purpose, source and retention are the closer ones. The result is
// in a language, as told is: the type t in it.
func (s Settings) explain(lang, law, system string, t, told connect.Type) connect.Type {
	var purposes, bases, sources, retention, transfers, automated []string
	add := func(list *[]string, v string) {
		if v = s.Glossary.In(lang, strings.TrimSpace(v)); v != "" && !slices.Contains(*list, v) {
			*list = append(*list, v)
		}
	}
	entries := s.processing(system, t.Name)
	for _, p := range entries {
		add(&purposes, p.Purpose)
		add(&bases, s.basis(lang, law, p))
		add(&sources, p.Source)
		add(&retention, p.Retention)
		add(&transfers, p.Transfers)
		add(&automated, p.Automated)
	}
	own := func(v *string, list []string) {
		if *v == "" {
			*v = strings.Join(list, "; ")
		}
	}
	own(&told.Purpose, purposes)
	own(&told.Source, sources)
	own(&told.Retention, retention)
	told.Basis, told.Automated = strings.Join(bases, "; "), strings.Join(automated, "; ")
	if len(entries) == 0 {
		return told
	}
	var names []string
	for _, r := range s.RecipientsOf(system, t) {
		name := s.Glossary.In(lang, r.Title)
		if r.Country != "" {
			name += " (" + r.Country + ")"
		}
		add(&names, name)
		if r.Safeguards != "" {
			add(&transfers, s.Glossary.In(lang, r.Title)+": "+s.Glossary.In(lang, r.Safeguards))
		}
	}
	if len(names) > 0 {
		told.Recipient = strings.Join(names, "; ")
	}
	told.Transfers = strings.Join(transfers, "; ")
	return told
}

// basis is the legal basis in the words of the law, with what it is. Laws other
// than the GDPR and the United Kingdom's ask for none, so only the words are
// told there.
func (s Settings) basis(lang, law string, p Processing) string {
	words := s.Glossary.In(lang, p.BasisText)
	letter := bases[p.Basis]
	name := map[string]string{"EU": "GDPR", "UK": "UK GDPR"}[law]
	if letter == "" || name == "" {
		return words
	}
	cite := mail.Cite(lang, fmt.Sprintf("%s Art. 6(1)(%s)", name, letter))
	if words == "" {
		return cite
	}
	return words + " (" + cite + ")"
}
