package requests

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"habeas/requests/connect"
	"habeas/requests/evidence"
)

// Approval says how far the approval of a plan is.
type Approval struct {
	Given, Needed int
	Status        Status
}

// Approve signs the plan's hash. The last approval needed starts the work,
// before it answers. Two people approve an erasure; the subject, and whoever
// recorded a proof of identity by hand, do not count.
func (s *Service) Approve(ctx context.Context, by Actor, id uuid.UUID, planHash string) (*Approval, error) {
	user, err := uuid.Parse(by.ID)
	if by.Role != DPO || err != nil {
		return nil, refuse(Forbidden, "dpo-only", "Only a data protection officer approves.")
	}
	if err := s.weighToApprove(ctx, id); err != nil {
		return nil, err
	}
	var out *Approval
	err = s.within(ctx, id, func(ch *change) error {
		if ch.c.Status != Review {
			if ch.c.Status == Discovering || ch.c.Status == Executing {
				return refuse(Conflict, "plan-changed", "This plan is no longer the one in force. Open the request again and look at the new one.")
			}
			return refuse(Conflict, "not-in-review", "The request is not waiting for approval.")
		}
		p, err := ch.plan(ctx)
		if err != nil {
			return err
		}
		if p.Hash != planHash || p.Stale {
			return refuse(Conflict, "plan-changed", "The plan has changed since you looked at it. Open it again before you approve.")
		}
		if p.Undecided > 0 {
			return refuse(Conflict, "undecided-records", "Some records may belong to somebody else. Decide about each before you approve.")
		}
		if slices.ContainsFunc(p.Warnings, func(w connect.Warning) bool { return w.Code == openCorrections }) {
			return refuse(Conflict, "corrections-open", "Say first what is corrected and what stays, or refuse the right with its ground.")
		}
		if err := ch.mayAct(ctx); err != nil {
			return err
		}
		if err := ch.certain(ctx); err != nil {
			return err
		}
		if err := ch.mayApprove(ctx, user); err != nil {
			return err
		}
		needed := p.needed(ch.s.set, ch.c)
		if _, err := ch.Exec(ctx, `insert into approvals (plan_id, user_id, plan_hash, at) values ($1, $2, $3, $4)`, p.ID, user, p.Hash, ch.at); err != nil {
			if isUnique(err) {
				return refuse(Conflict, "second-person-needed", "You have approved this plan already. A second person has to approve it.")
			}
			return fmt.Errorf("insert approval: %w", err)
		}
		var given int
		if err := ch.QueryRow(ctx, `select count(*) from approvals a join users u on u.id = a.user_id where a.plan_id = $1 and not u.disabled`, p.ID).Scan(&given); err != nil {
			return fmt.Errorf("count approvals: %w", err)
		}
		ch.record(by, evidence.PlanApproved{
			Approval: evidence.Count(given), Needed: evidence.Count(needed), Counts: p.rightCounts(), PlanHash: evidence.Digest(p.Hash),
		})
		if given >= needed {
			if err := ch.execute(ctx, by, p); err != nil {
				return err
			}
		}
		out = &Approval{Given: given, Needed: needed, Status: ch.c.Status}
		return nil
	})
	return out, err
}

func approvalsNeeded(set Settings, c *Case) int {
	if c.Asks("erasure") {
		if d := c.decision("erasure"); d == nil || d.Decision != "refused" {
			return set.ApprovalsErasure
		}
	}
	return set.ApprovalsRelease
}

// mayApprove refuses whoever stands on both sides.
func (ch *change) mayApprove(ctx context.Context, user uuid.UUID) error {
	var proved bool
	var lookup []byte
	err := ch.QueryRow(ctx, `select exists (select 1 from proofs p where p.case_id = $1 and p.by_user = $2), u.email_lookup from users u where u.id = $2`,
		ch.c.ID, user).Scan(&proved, &lookup)
	switch {
	case err != nil:
		return fmt.Errorf("read approver: %w", err)
	case proved:
		return refuse(Forbidden, "own-proof", "You recorded the proof of identity in this request, so somebody else has to approve it.")
	}
	subject, err := openSubject(ch.key, ch.c.sealed)
	if err != nil {
		return fmt.Errorf("open case: %w", err)
	}
	about := subject.Identities
	if b := subject.OnBehalf; b != nil { // who asks for somebody decides nothing about it either
		about = append(slices.Clone(about), connect.Identity{Kind: "email", Value: b.Email})
	}
	for _, id := range about {
		if id.Kind == "email" && slices.ContainsFunc(ch.s.ring.Lookups("user", id.Normal()), func(l []byte) bool { return bytes.Equal(l, lookup) }) {
			return refuse(Forbidden, "own-request", "This request is about you, so somebody else has to approve it.")
		}
	}
	return nil
}

// execute starts the approved plan: people's work and systems' work alike.
func (ch *change) execute(ctx context.Context, by Actor, p *storedPlan) error {
	if err := ch.become(by, Executing); err != nil {
		return err
	}
	if by.Staff() {
		ch.c.setFlag(Attention, false) // somebody looked, and decided
	}
	wait := ch.at.Add(ch.s.set.ErasureWait)
	// an hour before the last day ends where the law counts: the act takes time, too
	y, m, d := ch.c.DueOn.Date()
	if end := time.Date(y, m, d+1, 0, 0, 0, 0, zone(ch.c.Zone)).Add(-time.Hour); wait.After(end) {
		wait = end
	}
	if ch.s.set.ErasureWait > 0 && p.concerns("erasure") { // what goes by rule erases nothing
		ch.c.WaitUntil = &wait
		if wait.After(ch.at) && len(p.systems(connect.Erase, connect.Mask, connect.Detach)) > 0 {
			if err := ch.letterWaits(ctx, wait); err != nil {
				return err
			}
		}
	}
	for _, m := range p.Manual {
		if err := ch.addManualFor(ctx, m.System, m.Right, m.Instructions, m.Within); err != nil {
			return err
		}
	}
	return ch.advance(ctx)
}
