package requests

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"habeas/requests/blob"
	"habeas/requests/connect"
	"habeas/requests/evidence"
	"habeas/requests/export"
	"habeas/requests/seal"
)

// Personal is the personal data of a case, shown for a purpose.
type Personal struct {
	Subject Subject
	Systems []PersonalSystem
}

// PersonalSystem is what one system holds about the person.
type PersonalSystem struct {
	System string
	Rows   []connect.Row
	More   bool
	Error  string
}

// Purposes for which staff may look at personal data.
var ViewPurposes = []string{"identity_check", "plan_review", "redaction", "customer_question", "complaint", "audit_request"}

const personalRows = 200

// PersonalData shows identities and values to staff who name a purpose. Every
// look is an event. What an access case staged is shown as staged; what an
// erasure would remove is read live.
func (s *Service) PersonalData(ctx context.Context, by Actor, id uuid.UUID, purpose string) (*Personal, error) {
	if by.Role != DPO && by.Role != Agent {
		return nil, errNotFound()
	}
	ok := false
	for _, p := range ViewPurposes {
		ok = ok || p == purpose
	}
	if !ok {
		return nil, invalid(FieldError{Field: "purpose", Message: "Say why you look: identity_check, plan_review, redaction, customer_question, complaint or audit_request."})
	}
	out := &Personal{}
	c, err := s.load(ctx, s.db, id)
	if err != nil {
		return nil, err
	}
	key, err := s.CaseKey(ctx, id.String())
	if err != nil {
		return nil, err
	}
	if out.Subject, err = openSubject(key, c.sealed); err != nil {
		return nil, fmt.Errorf("open case: %w", err)
	}
	shown := 0
	if c.PlanID != nil {
		for _, conn := range s.systems {
			ps, err := s.preview(ctx, c, key, conn)
			if err != nil {
				return nil, err
			}
			if ps != nil {
				shown += len(ps.Rows)
				out.Systems = append(out.Systems, *ps)
			}
		}
	}
	return out, s.within(ctx, id, func(ch *change) error {
		ch.record(by, evidence.PersonalDataViewed{Purpose: evidence.Code(purpose), Records: evidence.Count(shown), What: "preview"})
		return nil
	})
}

// preview reads the first records of one system: staged ones where the case
// staged them, else live.
func (s *Service) preview(ctx context.Context, c *Case, key seal.Key, conn connect.Connector) (*PersonalSystem, error) {
	name := conn.Describe().Name
	ps := &PersonalSystem{System: name}
	staged, err := s.staged(ctx, c, key, name)
	if err != nil {
		return nil, err
	}
	if staged != nil {
		defer staged.Close()
		for row, err := range staged.All() {
			if err != nil {
				return nil, err
			}
			if len(ps.Rows) == personalRows {
				ps.More = true
				break
			}
			ps.Rows = append(ps.Rows, row)
		}
		return ps, nil
	}
	reader, ok := conn.(connect.Reader)
	if !ok {
		return nil, nil
	}
	batch, err := recordBatch(ctx, s.db, key, *c.PlanID, name, nil, -1, personalRows+1)
	if err != nil || len(batch) == 0 {
		return nil, err
	}
	if len(batch) > personalRows {
		batch, ps.More = batch[:personalRows], true
	}
	targets := func(yield func(connect.Target, error) bool) {
		last := ""
		for _, r := range batch {
			t := connect.Target{Type: r.Record.Type, Key: r.Record.Key, Owner: r.Record.Owner, Action: connect.Disclose}
			if id := t.Type + "\x00" + t.Key; id != last && !yield(t, nil) {
				return
			} else {
				last = id
			}
		}
	}
	err = reader.Read(ctx, targets, func(row connect.Row) error { ps.Rows = append(ps.Rows, row); return nil })
	if err != nil {
		ps.Error = connect.Advice(err).Text
	}
	return ps, nil
}

// stagedRows is an open stage.
type stagedRows struct {
	*export.StageReader
	close func() error
}

// Close ends the reading.
func (r *stagedRows) Close() error { return r.close() }

// staged opens what a system's collection stored; nil when there is none.
func (s *Service) staged(ctx context.Context, c *Case, key seal.Key, system string) (*stagedRows, error) {
	var task uuid.UUID
	var attempt int
	err := s.db.QueryRow(ctx, `select t.id, t.attempt from tasks t where t.case_id = $1 and t.plan_id = $2 and t.system = $3 and t.stage = 'collect' and t.status = 'done' and t.error_code = ''
		order by t.id desc limit 1`, c.ID, c.PlanID, system).Scan(&task, &attempt)
	if errors.Is(err, pgx.ErrNoRows) || c.PackageName != "" {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("find staged data: %w", err)
	}
	r, _, err := s.blobs.Open(ctx, stageName(c.ID, task, attempt))
	if errors.Is(err, blob.ErrNotFound) && !c.Status.Open() {
		return nil, nil // deleted when the case ended
	}
	if err != nil {
		return nil, fmt.Errorf("open staged data: %w", err)
	}
	plain, err := key.Reader(r)
	if err != nil {
		r.Close()
		return nil, fmt.Errorf("open staged data: %w", err)
	}
	st, err := export.OpenStage(plain)
	if err != nil {
		r.Close()
		return nil, err
	}
	return &stagedRows{StageReader: st, close: r.Close}, nil
}
