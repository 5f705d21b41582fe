package requests

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"habeas/requests/connect"
	"habeas/requests/evidence"
)

// ToCorrect is what a person wants corrected beside what could be: the desk
// maps the one to the other.
type ToCorrect struct {
	Asked   []ProposedCorrection
	Message string
	Systems []PersonalSystem
	Decided []Correction // so far; Value and Reason as they stand
}

// Correctable reads what the systems hold of the person and can correct, now.
// The look is an event.
func (s *Service) Correctable(ctx context.Context, by Actor, id uuid.UUID, purpose string) ([]PersonalSystem, error) {
	w, err := s.ToCorrect(ctx, by, id, purpose)
	if err != nil {
		return nil, err
	}
	return w.Systems, nil
}

// ToCorrect is Correctable with what the person asked for and what was decided
// so far. The look is one event.
func (s *Service) ToCorrect(ctx context.Context, by Actor, id uuid.UUID, purpose string) (*ToCorrect, error) {
	if by.Role != DPO && by.Role != Agent {
		return nil, errNotFound()
	}
	if !slices.Contains(ViewPurposes, purpose) {
		return nil, invalid(FieldError{Field: "purpose", Message: "Say why you look: " + strings.Join(ViewPurposes, ", ") + "."})
	}
	c, err := s.load(ctx, s.db, id)
	if err != nil {
		return nil, err
	}
	if c.Status != Review || !c.Asks("rectification") {
		return nil, refuse(Conflict, "not-in-review", "Values are corrected while a request for rectification is in review.")
	}
	key, err := s.CaseKey(ctx, id.String())
	if err != nil {
		return nil, err
	}
	subject, err := openSubject(key, c.sealed)
	if err != nil {
		return nil, fmt.Errorf("open case: %w", err)
	}
	w := &ToCorrect{Asked: subject.Corrections, Message: subject.Message}
	shown := 0
	for _, conn := range s.systems {
		ps, err := s.correctableIn(ctx, c, conn)
		if err != nil {
			return nil, err
		}
		if ps != nil {
			shown += len(ps.Rows)
			w.Systems = append(w.Systems, *ps)
		}
	}
	if w.Decided, err = decidedCorrections(ctx, s.db, key, id); err != nil {
		return nil, err
	}
	return w, s.within(ctx, id, func(ch *change) error {
		ch.record(by, evidence.PersonalDataViewed{Purpose: evidence.Code(purpose), Records: evidence.Count(shown), What: "preview"})
		return nil
	})
}

// decidedCorrections are what was decided about a case's fields so far.
func decidedCorrections(ctx context.Context, q querier, k keyed, id uuid.UUID) ([]Correction, error) {
	rows, err := q.Query(ctx, `select c.system, c.type, c.field, c.decision, c.ground, c.sealed from corrections c
		where c.case_id = $1 order by c.at, c.system, c.type, c.key_digest, c.field`, id)
	if err != nil {
		return nil, fmt.Errorf("read corrections: %w", err)
	}
	out, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (x Correction, err error) {
		var sealed []byte
		if err := row.Scan(&x.System, &x.Type, &x.Field, &x.Decision, &x.Ground, &sealed); err != nil {
			return x, err
		}
		raw, err := k.Open("correction", sealed)
		if err != nil {
			return x, err
		}
		var sc sealedCorrection
		if err := json.Unmarshal(raw, &sc); err != nil {
			return x, err
		}
		x.Key, x.Value, x.Reason = sc.Key, sc.Value, sc.Reason
		return x, nil
	})
	if err != nil {
		return nil, fmt.Errorf("read corrections: %w", err)
	}
	return out, nil
}

func (s *Service) correctableIn(ctx context.Context, c *Case, conn connect.Connector) (*PersonalSystem, error) {
	d := conn.Describe()
	reader, can := conn.(connect.Reader)
	finder, finds := conn.(connect.Finder)
	if !can || !finds {
		return nil, nil
	}
	who, err := s.enteredWith(ctx, c, d.Name)
	if err != nil || who == nil {
		return nil, err
	}
	ps := &PersonalSystem{System: d.Name}
	var targets []connect.Target
	_, err = finder.Find(ctx, who, func(f connect.Found) error {
		if t, ok := s.typeOf(d.Name, f.Type); !ok || !slices.Contains(t.Actions, connect.Correct) || f.Match == connect.Ambiguous {
			return nil
		}
		if len(targets) == personalRows {
			ps.More = true
			return nil
		}
		targets = append(targets, connect.Target{Type: f.Type, Key: f.Key, Owner: f.Owner, Action: connect.Disclose})
		return nil
	})
	if err == nil {
		err = reader.Read(ctx, connect.Stream(targets), func(row connect.Row) error {
			if t, ok := s.typeOf(d.Name, row.Type); ok {
				fixed := keys(t)
				row.Values = slices.DeleteFunc(slices.Clone(row.Values), func(v connect.Value) bool { return slices.Contains(fixed, v.Field) })
			}
			ps.Rows = append(ps.Rows, row)
			return nil
		})
	}
	if err != nil {
		ps.Error = connect.Advice(err).Text
	}
	return ps, nil
}

// enteredWith is with what a system was last searched for the case.
func (s *Service) enteredWith(ctx context.Context, c *Case, system string) ([]connect.Identity, error) {
	var in []byte
	err := s.db.QueryRow(ctx, `select t.sealed_in from tasks t where t.case_id = $1 and t.system = $2 and t.stage = 'discover' and t.status = 'done'
		order by t.round desc limit 1`, c.ID, system).Scan(&in)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read entry identities: %w", err)
	}
	key, err := s.ring.Unwrap(c.wrapped)
	if err != nil {
		return nil, fmt.Errorf("case key: %w", err)
	}
	var who []connect.Identity
	return who, openJSON(key, "task", in, &who)
}
