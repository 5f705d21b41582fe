package requests

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"habeas/requests/seal"
)

// PickedRecord is a record of a plan with the name under which pages speak of
// it: a keyed digest and the right, since a key may itself be an address.
type PickedRecord struct {
	PlanRecord
	Ref string
}

// RecordRef names a record of a case's plan: hex digest of system, type and
// key, a dot, the right.
func RecordRef(key seal.Key, system, typ, recordKey, right string) string {
	return key.Digest("record", system, typ, recordKey) + "." + right
}

// Pick returns records of the plan in force, in plan order: those with one of
// the refs, or where none is named the first limit that nobody decided yet.
func (s *Service) Pick(ctx context.Context, c *Case, refs []string, limit int) ([]PickedRecord, error) {
	if c.PlanID == nil {
		return nil, refuse(NotFound, "no-plan", "There is no plan yet: the systems are still being searched.")
	}
	key, err := s.ring.Unwrap(c.wrapped)
	if err != nil {
		return nil, fmt.Errorf("case key: %w", err)
	}
	digests, wanted := make([][]byte, 0, len(refs)), map[string]bool{}
	for _, ref := range refs {
		digest, _, _ := strings.Cut(ref, ".")
		raw, err := hex.DecodeString(digest)
		if err != nil {
			return nil, invalid(FieldError{Field: "record", Message: "The plan has no such record."})
		}
		digests, wanted[ref] = append(digests, raw), true
	}
	rows, err := s.db.Query(ctx, `select r.decided, r.outcome, r.until, r.sealed from plan_records r
		where r.plan_id = $1 and (r.key_digest = any($2) or cardinality($2::bytea[]) = 0 and not r.decided)
		order by r.ord limit $3`, *c.PlanID, digests, limit)
	if err != nil {
		return nil, fmt.Errorf("pick plan records: %w", err)
	}
	var out []PickedRecord
	var p PickedRecord
	var sealed []byte
	_, err = pgx.ForEachRow(rows, []any{&p.Decided, &p.Outcome, &p.Until, &sealed}, func() error {
		var sr sealedRecord
		if err := openJSON(key, "record", sealed, &sr); err != nil {
			return err
		}
		p.Record, p.Note = sr.Line, sr.Note
		p.Ref = RecordRef(key, p.Record.System, p.Record.Type, p.Record.Key, p.Record.Right)
		if len(refs) == 0 || wanted[p.Ref] {
			out = append(out, p)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("pick plan records: %w", err)
	}
	return out, nil
}
