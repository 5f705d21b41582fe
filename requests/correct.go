package requests

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"habeas/requests/connect"
	"habeas/requests/evidence"
	"habeas/requests/plan"
)

// ProposedCorrection is what a person wants corrected, in their own words.
type ProposedCorrection struct {
	What  string `json:"what"`  // "my date of birth"
	Wrong string `json:"wrong"` // what stands there now, if they know
	Right string `json:"right"` // what it should be; for data that is missing, what to add
}

const (
	maxCorrections = 20
	maxCorrection  = 500
)

// checkCorrections takes what a filing wants corrected.
func checkCorrections(f Filing, faults []FieldError) ([]ProposedCorrection, []FieldError) {
	asks := slices.Contains(f.Rights, "rectification")
	var out []ProposedCorrection
	for _, c := range f.Corrections {
		c.What, c.Wrong, c.Right = strings.TrimSpace(c.What), strings.TrimSpace(c.Wrong), strings.TrimSpace(c.Right)
		if c == (ProposedCorrection{}) {
			continue
		}
		for _, text := range []string{c.What, c.Wrong, c.Right} {
			if len(text) > maxCorrection || !plainText(strings.NewReplacer("\n", " ", "\r", " ").Replace(text)) {
				return nil, append(faults, FieldError{Field: "corrections", Message: fmt.Sprintf("Each part has at most %d letters.", maxCorrection)})
			}
		}
		if c.What == "" || c.Right == "" {
			return nil, append(faults, FieldError{Field: "corrections", Message: "Say what is wrong and what is right."})
		}
		out = append(out, c)
	}
	switch {
	case len(out) > maxCorrections:
		faults = append(faults, FieldError{Field: "corrections", Message: fmt.Sprintf("Give at most %d corrections.", maxCorrections)})
	case asks && len(out) == 0 && strings.TrimSpace(f.Message) == "":
		faults = append(faults, FieldError{Field: "corrections", Message: "Say what is wrong and what is right."})
	case !asks && len(out) > 0:
		faults = append(faults, FieldError{Field: "corrections", Message: "Corrections go with the right to rectification."})
	}
	return out, faults
}

// Correction is what the desk makes of one field: the value asked for, or why
// it stays as it is.
type Correction struct {
	System   string          `json:"system"`
	Type     string          `json:"type"`
	Key      string          `json:"key"`
	Field    string          `json:"field"`
	Value    json.RawMessage `json:"value,omitempty"`
	Text     string          `json:"-"`        // the new value as typed, where there is no Value: made of the form of what stands there
	Decision string          `json:"decision"` // correct, refuse
	Ground   string          `json:"ground,omitempty"`
	Reason   string          `json:"reason,omitempty"`
}

// sealedCorrection is what a correction's row seals.
type sealedCorrection struct {
	Key    string          `json:"key"`
	Old    json.RawMessage `json:"old"`
	Value  json.RawMessage `json:"value,omitempty"`
	Reason string          `json:"reason,omitempty"`
}

// Correct decides about fields that the person wants corrected: each is
// corrected, or refused on a ground that the law has. The systems are searched
// again and the plan made with what was decided; earlier approvals fall.
func (s *Service) Correct(ctx context.Context, by Actor, id uuid.UUID, list []Correction) (*Case, error) {
	if len(list) == 0 {
		return nil, invalid(FieldError{Field: "corrections", Message: "Decide about at least one field."})
	}
	list = slices.Clone(list)
	old, err := s.valuesNow(ctx, by, id, list)
	if err != nil {
		return nil, err
	}
	var c *Case
	err = s.within(ctx, id, func(ch *change) error {
		c = ch.c
		if ch.c.Status != Review || !ch.c.Asks("rectification") {
			return refuse(Conflict, "not-in-review", "Values are corrected while a request for rectification is in review.")
		}
		if err := ch.heldCorrection(ctx, list); err != nil {
			return err
		}
		for i, x := range list {
			if err := ch.keepCorrection(ctx, by, i, x, old[i]); err != nil {
				return err
			}
		}
		return ch.startDiscovery(ctx, by)
	})
	return c, err
}

// valuesNow reads what stands in the fields now: a correction shows what it
// changed, and only what is the person's is corrected.
func (s *Service) valuesNow(ctx context.Context, by Actor, id uuid.UUID, list []Correction) ([]json.RawMessage, error) {
	systems, err := s.Correctable(ctx, by, id, "plan_review")
	if err != nil {
		return nil, err
	}
	out := make([]json.RawMessage, len(list))
	for i, x := range list {
		bad := func(field, message string) error {
			return invalid(FieldError{Field: fmt.Sprintf("corrections[%d].%s", i, field), Message: message})
		}
		found := false
		for _, ps := range systems {
			for _, row := range ps.Rows {
				if ps.System != x.System || row.Type != x.Type || row.Key != x.Key {
					continue
				}
				for _, v := range row.Values {
					if v.Field == x.Field {
						out[i], found = v.Data, true
					}
				}
			}
		}
		switch {
		case !found:
			return nil, bad("key", "The person has no such record or field that could be corrected.")
		case x.Decision != "correct" && x.Decision != "refuse":
			return nil, bad("decision", "Use correct or refuse.")
		case len(x.Value) > maxMessage || len(x.Text) > maxMessage || len(x.Reason) > maxReason:
			return nil, bad("value", "This is too long.")
		case x.Decision == "refuse":
		case x.Text != "":
			if list[i].Value, err = typed(out[i], x.Text); err != nil {
				return nil, bad("value", err.Error())
			}
		case !json.Valid(x.Value):
			return nil, bad("value", "Give the new value as JSON.")
		default:
			if err := fits(out[i], x.Value); err != nil {
				return nil, bad("value", err.Error())
			}
		}
	}
	return out, nil
}

func (ch *change) keepCorrection(ctx context.Context, by Actor, i int, x Correction, old json.RawMessage) error {
	e := evidence.CorrectionDecided{
		Decision: evidence.Code(x.Decision), Field: evidence.Code(x.Field), System: evidence.Code(x.System), Type: evidence.Code(x.Type),
		Record: evidence.Digest(ch.key.Digest("record", x.System, x.Type, x.Key)),
	}
	ground := ""
	if x.Decision == "refuse" {
		if strings.TrimSpace(x.Reason) == "" {
			return invalid(FieldError{Field: fmt.Sprintf("corrections[%d].reason", i), Message: "Say why the value stays: the person reads it."})
		}
		law, err := ch.c.LawRow()
		if err != nil {
			return err
		}
		d := Decision{Action: connect.Keep, Ground: x.Ground}
		if err := ch.s.set.keptOn(law, "rectification", &d); err != nil {
			return err
		}
		g, _ := law.Ground("rectification", d.Ground) // keptOn wrote it
		ground = d.Ground
		e.Cite, e.Ground = evidence.Cite(g.Cite), evidence.Code(g.Code)
	}
	e.Reason = ch.reasonDigest(x.Reason)
	raw, err := json.Marshal(sealedCorrection{Key: x.Key, Old: old, Value: x.Value, Reason: x.Reason})
	if err != nil {
		return fmt.Errorf("encode correction: %w", err)
	}
	_, err = ch.Exec(ctx, `insert into corrections (id, case_id, system, type, key_digest, field, decision, ground, by_user, at, sealed)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
		on conflict (case_id, system, type, key_digest, field) do update
			set decision = excluded.decision, ground = excluded.ground, by_user = excluded.by_user, at = excluded.at, sealed = excluded.sealed`,
		newID(), ch.c.ID, x.System, x.Type, keyDigest(ch.key, x.System, x.Type, x.Key), x.Field, x.Decision, ground, userOf(by), ch.at, ch.key.Seal("correction", raw))
	if err != nil {
		return fmt.Errorf("insert correction: %w", err)
	}
	ch.record(by, e)
	return nil
}

// corrections are what was decided about one system's fields, by record.
func corrections(ctx context.Context, q querier, k keyed, caseID uuid.UUID, system string) (map[[2]string]plan.Correction, error) {
	rows, err := q.Query(ctx, `select c.type, c.field, c.decision, c.ground, c.sealed from corrections c
		where c.case_id = $1 and c.system = $2 order by c.type, c.key_digest, c.field`, caseID, system)
	if err != nil {
		return nil, fmt.Errorf("read corrections: %w", err)
	}
	out := map[[2]string]plan.Correction{}
	var typ, field, decision, ground string
	var sealed []byte
	_, err = pgx.ForEachRow(rows, []any{&typ, &field, &decision, &ground, &sealed}, func() error {
		raw, err := k.Open("correction", sealed)
		if err != nil {
			return err
		}
		var sc sealedCorrection
		if err := json.Unmarshal(raw, &sc); err != nil {
			return err
		}
		at := [2]string{typ, sc.Key}
		c := out[at]
		if decision == "correct" {
			if c.Values == nil {
				c.Values = map[string]json.RawMessage{}
			}
			c.Values[field] = sc.Value
		} else {
			c.Refused = append(c.Refused, field)
			c.Ground = ground
			if sc.Reason != "" {
				c.Ground += ". " + sc.Reason
			}
		}
		out[at] = c
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read corrections: %w", err)
	}
	for at, c := range out {
		var parts []string
		for _, f := range slices.Sorted(maps.Keys(c.Values)) {
			parts = append(parts, f, string(c.Values[f]))
		}
		c.Fingerprint = k.Digest("correct", parts...)
		out[at] = c
	}
	return out, nil
}

// keyed opens and digests under a case's key.
type keyed interface {
	Open(label string, sealed []byte) ([]byte, error)
	Digest(label string, parts ...string) string
}

// refusedFields counts the fields that stay as they are.
func (ch *change) refusedFields(ctx context.Context) (n int, err error) {
	err = ch.QueryRow(ctx, `select count(*) from corrections c where c.case_id = $1 and c.decision = 'refuse'`, ch.c.ID).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count corrections: %w", err)
	}
	return n, nil
}

// openCorrections is the code of the warning that nobody has said yet what is
// to be corrected.
const openCorrections = "corrections-open"

// WaitsForCorrections reports whether nobody has said yet, in this plan, what
// is to be corrected.
func (p *PlanView) WaitsForCorrections() bool {
	return slices.ContainsFunc(p.Warnings, func(w connect.Warning) bool { return w.Code == openCorrections })
}
