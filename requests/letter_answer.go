package requests

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"habeas/requests/connect"
	"habeas/requests/mail"
)

// letterDone says what was done, from what was seen: one letter per right
// asked for.
func (ch *change) letterDone(ctx context.Context, p *storedPlan, outcomes []outcomeCount) error {
	if !NeedsProof(ch.c.Rights) {
		return nil // the address was told when it was filed
	}
	if p.Records == 0 && !ch.found(p) {
		return ch.write(ctx, mail.NotFound, func(d *mail.Slots) {
			d.SearchedFor, d.SearchedIn = ch.searched(p)
		})
	}
	for _, right := range ch.c.Rights {
		if dec := ch.c.decision(right); dec != nil && dec.Decision == "refused" {
			continue
		}
		if err := ch.letterRight(ctx, right, outcomes); err != nil {
			return err
		}
	}
	return nil
}

// letterRight answers one right.
func (ch *change) letterRight(ctx context.Context, right string, outcomes []outcomeCount) error {
	kept, err := ch.keptFor(ctx, right)
	if err != nil {
		return err
	}
	until, err := ch.purgedBy(ctx)
	if err != nil {
		return err
	}
	told, untold, err := ch.toldFor(ctx, right)
	if err != nil {
		return err
	}
	n := countsOf(outcomes)
	n.Kept = 0
	for _, k := range kept {
		n.Kept += k.Count
	}
	answer := func(kind string, more func(*mail.Slots)) error {
		return ch.write(ctx, kind, func(d *mail.Slots) {
			d.Rights, d.Kept, d.Counts, d.Recipients, d.Untold = []string{right}, kept, n, told, untold
			if until != nil {
				d.Until = ch.local(*until)
			}
			if more != nil {
				more(d)
			}
		})
	}
	var withheld []string
	if right == "access" {
		if withheld, err = ch.neverPutOut(ctx); err != nil {
			return err
		}
	}
	switch right {
	case "access", "portability":
		kind := mail.AccessReady
		if right == "portability" {
			kind = mail.PortabilityReady
		}
		return answer(kind, func(d *mail.Slots) {
			d.Until = ch.local(ch.at.Add(ch.s.set.PackageFor))
			if ch.c.PackageUntil != nil {
				d.Until = ch.local(*ch.c.PackageUntil)
			}
			d.Withheld, d.Unsearched = withheld, ch.s.set.Unsearched
		})
	case "erasure":
		return answer(ch.erasureKind(n), func(d *mail.Slots) {
			d.Listed, d.OptOutURL = true, ch.optOutURL()
			if rescans := ch.s.set.Rescans; len(rescans) > 0 {
				d.Next = ch.local(ch.at.Add(rescans[0]))
			}
			if after := ch.s.set.SystemBackups; after > 0 {
				d.Backups = ch.local(ch.at.Add(after))
			}
		})
	case "rectification":
		if n.Corrected == 0 && n.Kept > 0 {
			health, err := ch.refusedHealth(ctx)
			if err != nil {
				return err
			}
			return answer(ch.deniedKind(right, ""), func(d *mail.Slots) {
				d.Reasons, d.Kept, d.Counts, d.Health = reasonsOf(right, kept), nil, mail.Counts{}, health
			})
		}
		return answer(mail.RectificationDone, func(d *mail.Slots) { d.Changes = ch.changes(ctx) })
	case "restriction":
		return answer(mail.RestrictionDone, nil)
	case "objection":
		var more mail.Slots
		if err := ch.objectionSlots(ctx, &more); err != nil {
			return err
		}
		return answer(mail.ObjectionDone, func(d *mail.Slots) {
			d.Purposes, d.Advertising, d.Refused = more.Purposes, more.Advertising, more.Refused
		})
	default:
		return answer(ch.withdrawalKind(), func(d *mail.Slots) { d.Purposes = ch.purposeTitles() })
	}
}

// reasonsOf are the grounds of what was kept, as reasons of a denial.
func reasonsOf(right string, kept []mail.Kept) []mail.Reason {
	out := make([]mail.Reason, 0, len(kept))
	for _, k := range kept {
		out = append(out, mail.Reason{Right: right, Text: k.Text, Ground: k.Ground, Code: k.Code})
	}
	return out
}

// changes names what was corrected, by field and system and without values.
func (ch *change) changes(ctx context.Context) []mail.Change {
	var out []mail.Change
	for r, err := range recordsOf(ctx, ch.Tx, ch.key, *ch.c.PlanID, "", []connect.Action{connect.Correct}) {
		if err != nil {
			return nil // the counts say it
		}
		for _, field := range r.Record.Fields {
			c := mail.Change{What: ch.s.fieldTitle(r.Record.System, r.Record.Type, field), Where: ch.s.systemTitle(r.Record.System)}
			if !slices.Contains(out, c) {
				out = append(out, c)
			}
		}
	}
	return out
}

// purgedBy is when the last system that removes records later has done so.
func (ch *change) purgedBy(ctx context.Context) (*time.Time, error) {
	var until *time.Time
	if err := ch.QueryRow(ctx, `select max(r.until) from plan_records r where r.plan_id = $1 and r.outcome = 'purge_pending'`, ch.c.PlanID).Scan(&until); err != nil {
		return nil, fmt.Errorf("read purge date: %w", err)
	}
	return until, nil
}

func countsOf(outcomes []outcomeCount) mail.Counts {
	var n mail.Counts
	for _, o := range outcomes {
		switch o.Outcome {
		case "verified_absent":
			n.Erased += int(o.Count)
		case "verified_masked":
			n.Masked += int(o.Count)
		case "verified_detached":
			n.Detached += int(o.Count)
		case "verified_suppressed":
			n.Suppressed += int(o.Count)
		case "verified_corrected":
			n.Corrected += int(o.Count)
		case "accepted":
			n.Accepted += int(o.Count)
		case "purge_pending":
			n.Purging += int(o.Count)
		}
	}
	return n
}

// keptFor groups what is kept under a right, or left out of a package, for the
// letter.
func (ch *change) keptFor(ctx context.Context, right string) ([]mail.Kept, error) {
	actions := []connect.Action{connect.Keep}
	if right == "access" || right == "portability" {
		actions = append(actions, connect.Redact)
	}
	var out []mail.Kept
	for r, err := range recordsOf(ctx, ch.Tx, ch.key, *ch.c.PlanID, "", actions) {
		if err != nil {
			return nil, err
		}
		if r.Record.Right != right {
			continue
		}
		k := mail.Kept{What: ch.s.typeTitle(r.Record.System, r.Record.Type), Count: 1}
		k.Ground, k.Text, k.Code = ch.c.GroundParts(right, r.Record.Ground)
		k.Until, _ = time.Parse(time.DateOnly, r.Note.Until)
		out = addKept(out, k)
	}
	return out, nil
}

// addKept counts a record among those of the same kind that are kept for the
// same reason.
func addKept(list []mail.Kept, k mail.Kept) []mail.Kept {
	i := slices.IndexFunc(list, func(have mail.Kept) bool {
		return have.What == k.What && have.Ground == k.Ground && have.Text == k.Text && have.Until.Equal(k.Until)
	})
	if i < 0 {
		return append(list, k)
	}
	list[i].Count++
	return list
}

// typeTitle is what people call a record type.
func (s *Service) typeTitle(system, typ string) string {
	if t, ok := s.typeOf(system, typ); ok && t.Title != "" {
		return t.Title
	}
	return typ
}

func (s *Service) typeOf(system, typ string) (connect.Type, bool) {
	if c, ok := s.System(system); ok {
		for _, t := range c.Describe().Types {
			if t.Name == typ {
				return t, true
			}
		}
	}
	return connect.Type{}, false
}

func (s *Service) systemTitle(system string) string {
	if c, ok := s.System(system); ok {
		return firstOf(c.Describe().Title, system)
	}
	return system
}

func (s *Service) fieldTitle(system, typ, field string) string {
	if t, ok := s.typeOf(system, typ); ok {
		for _, f := range t.Fields {
			if f.Name == field {
				return strings.ReplaceAll(firstOf(f.Title, f.Name), "_", " ")
			}
		}
	}
	return strings.ReplaceAll(field, "_", " ")
}

// searched says with what kinds of identity and in which systems a person was
// looked for.
func (ch *change) searched(p *storedPlan) (kinds, systems []string) {
	var way foundOnTheWay
	if err := openJSON(ch.key, "plan", p.sealed, &way); err == nil {
		for _, id := range way.Identities {
			if !slices.Contains(kinds, id.Kind) {
				kinds = append(kinds, id.Kind)
			}
		}
	}
	for _, c := range ch.s.systems {
		if _, ok := c.(connect.Finder); ok {
			systems = append(systems, firstOf(c.Describe().Title, c.Describe().Name))
		}
	}
	return kinds, systems
}
