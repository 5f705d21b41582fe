package requests

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"habeas/requests/connect"
	"habeas/requests/consent"
	"habeas/requests/evidence"
)

// defaultWithin is how long people have for work by hand.
const defaultWithin = 14 * 24 * time.Hour

func (ch *change) addManual(ctx context.Context, system, instructions string, hours int) error {
	return ch.addManualFor(ctx, system, "", instructions, hours)
}

// addManualFor opens a manual task, due within the hours given and never
// after the case.
func (ch *change) addManualFor(ctx context.Context, system, right, instructions string, hours int) error {
	within := time.Duration(hours) * time.Hour
	if within == 0 {
		within = defaultWithin
	}
	due := ch.at.Add(within)
	if ch.c.DueOn.After(ch.at) && due.After(ch.c.DueOn) {
		due = ch.c.DueOn
	}
	var round int
	if err := ch.QueryRow(ctx, `select count(*) + 1 from tasks t where t.case_id = $1 and t.stage = 'manual'`, ch.c.ID).Scan(&round); err != nil {
		return fmt.Errorf("number manual task: %w", err)
	}
	_, err := ch.Exec(ctx, `insert into tasks (id, case_id, system, stage, round, plan_id, status, created_at, due_on, next_attempt_at, due_at, result, sealed_in)
		values ($1, $2, $3, 'manual', $4, $5, 'open', $6, $7, $6, $8, $9, $10)`,
		newID(), ch.c.ID, system, round, ch.c.PlanID, ch.at, ch.c.DueOn, due, right, ch.key.Seal("task", []byte(instructions)))
	if err != nil {
		return fmt.Errorf("insert manual task: %w", err)
	}
	return nil
}

// ManualResult is how a person ends a manual task.
type ManualResult struct {
	Result string `json:"result"` // done, not_found, exception
	Reason string `json:"reason"`
	Proof  []byte `json:"-"` // an uploaded file, sealed with the case
}

const maxProof = 5 << 20

// FinishManual records the result of work by hand. An exception keeps the
// case from completing unseen: it is marked partial.
func (s *Service) FinishManual(ctx context.Context, by Actor, id, task uuid.UUID, r ManualResult) error {
	if !slices.Contains([]string{"done", "not_found", "exception"}, r.Result) {
		return invalid(FieldError{Field: "result", Message: "Use done, not_found or exception."})
	}
	if r.Result != "done" && strings.TrimSpace(r.Reason) == "" {
		return invalid(FieldError{Field: "reason", Message: "Say what was found, or why it could not be done."})
	}
	if len(r.Reason) > maxReason || len(r.Proof) > maxProof {
		return invalid(FieldError{Field: "proof", Message: "A reason has at most 2,000 letters and a proof at most 5 MB."})
	}
	return s.within(ctx, id, func(ch *change) error {
		var system, stage, status string
		err := ch.QueryRow(ctx, `select t.system, t.stage, t.status from tasks t where t.id = $1 and t.case_id = $2`, task, id).Scan(&system, &stage, &status)
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			return errNotFound()
		case err != nil:
			return fmt.Errorf("read task: %w", err)
		case stage != string(ByHand) || status != "open":
			return refuse(Conflict, "task-ended", "This task is not open, or is not one for a person.")
		}
		if _, err := ch.Exec(ctx, `update tasks set status = 'done', finished_at = $2, error_code = $3 where id = $1`, task, ch.at, r.Result); err != nil {
			return fmt.Errorf("end manual task: %w", err)
		}
		done := evidence.TaskFinished{
			Attempt: 1, Result: evidence.Code(r.Result), Stage: "manual", System: evidence.Code(system), Task: evidence.ID(task.String()),
			Reason: ch.reasonDigest(r.Reason),
		}
		if len(r.Proof) > 0 {
			sum := sha256.Sum256(r.Proof)
			done.Proof = evidence.Digest(ch.key.Digest("proof", hex.EncodeToString(sum[:])))
			if _, err := ch.Exec(ctx, `insert into attachments (id, case_id, task_id, kind, sha256, size, at, sealed) values ($1, $2, $3, 'proof', $4, $5, $6, $7)`,
				newID(), id, task, hex.EncodeToString(sum[:]), len(r.Proof), ch.at, ch.key.Seal("attachment", r.Proof)); err != nil {
				return fmt.Errorf("insert proof: %w", err)
			}
		}
		if r.Result == "exception" {
			ch.c.setFlag(Partial, true)
		}
		ch.record(by, done)
		return ch.advance(ctx)
	})
}

// RetryTask starts a failed task again, after a person looked at why. One that
// ended, with its events and receipts, stays as it is: another is made.
func (s *Service) RetryTask(ctx context.Context, by Actor, id, task uuid.UUID) error {
	return s.within(ctx, id, func(ch *change) error {
		tag, err := ch.Exec(ctx, `update tasks set status = 'waiting', next_attempt_at = $3, dispatched_at = null, attempts_failed = 0
			where id = $1 and case_id = $2 and status in ('waiting', 'failed')`, task, id, ch.at)
		if err != nil {
			return fmt.Errorf("retry task: %w", err)
		}
		if tag.RowsAffected() == 0 {
			if err := ch.again(ctx, task); err != nil {
				return err
			}
		}
		ch.c.setFlag(Attention, false)
		ch.woke = true
		return nil
	})
}

// again makes another task like one that ended, while the case is verified.
func (ch *change) again(ctx context.Context, task uuid.UUID) error {
	if ch.c.Status != Verifying {
		return refuse(Conflict, "task-ended", "This task is running or has ended.")
	}
	tag, err := ch.Exec(ctx, `with old as (
			update tasks set status = 'done' where id = $1 and case_id = $2 and plan_id = $3 and stage in ('suppress', 'erase', 'verify') and status in ('done', 'failed')
			returning case_id, system, stage, plan_id)
		insert into tasks (id, case_id, system, stage, round, plan_id, status, created_at, due_on, next_attempt_at)
		select $4, o.case_id, o.system, o.stage, (select max(t.round) + 1 from tasks t where t.case_id = o.case_id and t.system = o.system and t.stage = o.stage),
			o.plan_id, 'waiting', $5, $6, $5 from old o`, task, ch.c.ID, ch.c.PlanID, newID(), ch.at, ch.c.DueOn)
	if err != nil {
		return fmt.Errorf("make task again: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return refuse(Conflict, "task-ended", "This task is running or has ended.")
	}
	return nil
}

// suppress puts identities on the company's own suppression list.
func (ch *change) suppress(ctx context.Context, ids []connect.Identity) error {
	normal := provenOf(ids)
	if len(normal) == 0 {
		return nil
	}
	err := consent.Suppress(ctx, ch.Tx, consent.Suppression{Scope: consent.All, Since: ch.at, Case: ch.c.ID.String()}, consent.Digests(ch.s.ring, normal...))
	if err != nil {
		return fmt.Errorf("suppress: %w", err)
	}
	return nil
}
