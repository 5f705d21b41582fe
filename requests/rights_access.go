package requests

import (
	"fmt"
	"slices"
	"strings"

	"habeas/requests/connect"
)

// explained is a system's description with what the register of processing
// says about each of its types: GDPR Art. 15(1)(a) to (h) and 15(2).
func (s *Service) explained(d connect.Description) connect.Description {
	d.Types = slices.Clone(d.Types)
	for i, t := range d.Types {
		d.Types[i] = s.set.explain(d.Name, t)
	}
	return d
}

// explain joins what the register says with what the type itself does: its own
// words about purpose, source and retention are the closer ones.
func (s Settings) explain(system string, t connect.Type) connect.Type {
	var purposes, bases, sources, retention, transfers, automated []string
	add := func(list *[]string, v string) {
		if v = strings.TrimSpace(v); v != "" && !slices.Contains(*list, v) {
			*list = append(*list, v)
		}
	}
	entries := s.processing(system, t.Name)
	for _, p := range entries {
		add(&purposes, p.Purpose)
		add(&bases, p.basis())
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
	own(&t.Purpose, purposes)
	own(&t.Source, sources)
	own(&t.Retention, retention)
	t.Basis, t.Automated = strings.Join(bases, "; "), strings.Join(automated, "; ")
	if len(entries) == 0 {
		return t
	}
	var names []string
	for _, r := range s.RecipientsOf(system, t) {
		name := r.Title
		if r.Country != "" {
			name += " (" + r.Country + ")"
		}
		add(&names, name)
		if r.Safeguards != "" {
			add(&transfers, r.Title+": "+r.Safeguards)
		}
	}
	if len(names) > 0 {
		t.Recipient = strings.Join(names, "; ")
	}
	t.Transfers = strings.Join(transfers, "; ")
	return t
}

// basis is the legal basis in the words of the law, with what it is.
func (p Processing) basis() string {
	letter := bases[p.Basis]
	if letter == "" {
		return p.BasisText
	}
	cite := fmt.Sprintf("Art. 6(1)(%s) GDPR", letter)
	if p.BasisText == "" {
		return cite
	}
	return p.BasisText + " (" + cite + ")"
}
