package requests

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"habeas/requests/connect"
	"habeas/requests/plan"
)

// marks are the record types that a search found, by system, each with the
// rights for which the system itself marks its records.
type marks map[string]map[string][]string

func (m *marks) see(system, typ string, proposed []plan.Entry) {
	if *m == nil {
		*m = marks{}
	}
	if (*m)[system] == nil {
		(*m)[system] = map[string][]string{}
	}
	rights := (*m)[system][typ]
	for _, e := range proposed {
		if e.Record.Action == connect.Suppress && !slices.Contains(rights, e.Record.Right) {
			rights = append(rights, e.Record.Right)
		}
	}
	(*m)[system][typ] = rights
}

// types are the types found, by system.
func (m marks) types() map[string][]string {
	out := map[string][]string{}
	for system, types := range m {
		out[system] = slices.Sorted(maps.Keys(types))
	}
	return out
}

// unmarked are the types of a system that covered takes and that the system does
// not mark itself for a right, as people call them.
func (s *Service) unmarked(m marks, system, right string, covered func(typ string) bool) []string {
	var out []string
	for _, typ := range slices.Sorted(maps.Keys(m[system])) {
		if covered(typ) && !slices.Contains(m[system][typ], right) {
			out = append(out, s.typeTitle(system, typ))
		}
	}
	return out
}

// markByHand plans as work of people what no system does by itself: to mark
// records as stored only (GDPR Art. 18(2); recital 67), and to stop a use to
// which the person objects (Art. 21).
func (ch *change) markByHand(ctx context.Context, w *planWriter) error {
	add := func(system, right, instructions string) {
		w.p.Manual = append(w.p.Manual, plan.Manual{System: system, Right: right, Instructions: instructions, Within: int(defaultWithin.Hours())})
	}
	uses, _, err := ch.s.stopping(ctx, ch.Tx, ch.c)
	if err != nil {
		return err
	}
	for _, system := range slices.Sorted(maps.Keys(w.marks)) {
		if ch.c.Asks("objection") && ch.grants("objection") {
			for _, p := range uses {
				list := ch.s.unmarked(w.marks, system, "objection", func(typ string) bool { return p.covers(system, typ) })
				if len(list) > 0 {
					add(system, "objection", fmt.Sprintf("The person objects to “%s”. Stop that use of: %s. Leave the records as they are.", firstOf(p.Title, p.Purpose), strings.Join(list, "; ")))
				}
			}
		}
		if ch.c.Asks("restriction") && ch.grants("restriction") {
			if list := ch.s.unmarked(w.marks, system, "restriction", func(string) bool { return true }); len(list) > 0 {
				add(system, "restriction", "Mark as stored only, so that nobody uses them while the restriction lasts: "+strings.Join(list, "; ")+". Change nothing else in the records.")
			}
		}
	}
	return nil
}
