package requests

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"habeas/requests/consent"
	"habeas/requests/evidence"
)

// Withdraw stops what has not begun, as the customer asks.
func (s *Service) Withdraw(ctx context.Context, by Actor, id uuid.UUID) (*Case, error) {
	if by.Role == Customer && by.ID != id.String() {
		return nil, errNotFound()
	}
	var c *Case
	err := s.within(ctx, id, func(ch *change) error {
		c = ch.c
		return ch.stop(ctx, by, "customer")
	})
	if err == nil {
		err = s.dropStage(ctx, id)
	}
	return c, err
}

// Cancel stops an approved erasure that waits, by the link in the letter that
// says until when.
func (s *Service) Cancel(ctx context.Context, token string) (*Case, error) {
	c, err := s.TokenCase(ctx, token, "cancel")
	if err != nil {
		return nil, err
	}
	if c.Status == Withdrawn {
		return c, nil
	}
	return s.Withdraw(ctx, Actor{Role: Customer, ID: c.ID.String()}, c.ID)
}

// stop ends a case before its first irreversible act.
func (ch *change) stop(ctx context.Context, by Actor, cause evidence.Code) error {
	if ch.c.ActedAt != nil || !ch.c.Status.CanBecome(Withdrawn) {
		return refuse(Conflict, "already-begun", "It is too late to stop this request: the work has begun. You can see on the status page what was done.")
	}
	if err := ch.cancelTasks(ctx); err != nil {
		return err
	}
	ch.record(by, evidence.RequestWithdrawn{Cause: cause})
	if err := ch.become(by, Withdrawn); err != nil {
		return err
	}
	if err := ch.recourseWithdrawn(ctx, by); err != nil {
		return err
	}
	if err := ch.restrictionTakenBack(ctx, by); err != nil {
		return err
	}
	switch cause {
	case "not_me":
		if err := ch.undoWithdrawal(ctx, by); err != nil {
			return err
		}
		return ch.letter(ctx, "stopped_not_me")
	case "not_permitted": // said by the person for whom somebody else had asked
		if err := ch.undoWithdrawal(ctx, by); err != nil {
			return err
		}
		return ch.letterNotPermitted(ctx)
	}
	return ch.letter(ctx, "withdrawn")
}

// Undo takes back a consent withdrawal or opt-out that was filed without
// proof of identity, by the link sent to the address concerned.
func (s *Service) Undo(ctx context.Context, token string) (*Case, error) {
	c, err := s.TokenCase(ctx, token, "undo")
	if err != nil {
		return nil, err
	}
	err = s.within(ctx, c.ID, func(ch *change) error {
		c = ch.c
		by := Actor{Role: Customer}
		if !NeedsProof(ch.c.Rights) && ch.c.Status.CanBecome(Withdrawn) {
			if err := ch.stop(ctx, by, "customer"); err != nil { // what was not suppressed yet stays as it was
				return err
			}
		}
		return ch.undoWithdrawal(ctx, by)
	})
	return c, err
}

// undoWithdrawal restores the ledger to what it was before this case.
func (ch *change) undoWithdrawal(ctx context.Context, by Actor) error {
	if !ch.c.Asks(unverifiedRights...) {
		return nil
	}
	n, err := consent.Restore(ctx, ch.Tx, ch.c.ID.String(), ch.at)
	if err != nil {
		return fmt.Errorf("restore consent: %w", err)
	}
	if n == 0 {
		return nil // undone before
	}
	subject, err := openSubject(ch.key, ch.c.sealed)
	if err != nil {
		return fmt.Errorf("open case: %w", err)
	}
	for _, p := range ch.c.Purposes {
		for _, id := range subject.Identities {
			ch.record(by, evidence.ConsentChanged{
				Allowed: true, Purpose: evidence.Code(p), Source: "undo",
				Subject: evidence.Digest(ch.key.Digest("identity", id.Kind, id.Normal())),
			})
		}
	}
	return nil
}

// cancelTasks ends every task of the case that has not ended. One that acts at
// this moment comes to its own end, because what it did has to be recorded;
// should it fail, it is not tried again.
func (ch *change) cancelTasks(ctx context.Context) error {
	_, err := ch.Exec(ctx, `update tasks set status = 'cancelled', finished_at = $2, lease_until = null
		where case_id = $1 and (status in ('waiting', 'open') or status = 'running' and stage not in ('suppress', 'erase'))`, ch.c.ID, ch.at)
	if err != nil {
		return fmt.Errorf("cancel tasks: %w", err)
	}
	if _, err := ch.Exec(ctx, `update slots s set task_id = null, lease_until = null from tasks t
		where s.system = t.system and s.n = t.slot and s.task_id = t.id and t.case_id = $1 and t.status = 'cancelled'`, ch.c.ID); err != nil {
		return fmt.Errorf("free slots: %w", err)
	}
	return nil
}
