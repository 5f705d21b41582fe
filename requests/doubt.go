package requests

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"habeas/requests/clock"
	"habeas/requests/connect"
	"habeas/requests/evidence"
	"habeas/requests/identity"
)

// Doubt is why the proof at hand does not say who is asking (GDPR Art. 12(6);
// 11 CCR 7060): what was proved is an address, and a system says of it that
// several people use it, or that it was put there days before the request, as
// whoever takes over an account does.
type Doubt struct {
	Reason   string     `json:"-"` // identity.SeveralPeople or identity.RecentlyMoved
	System   string     `json:"-"`
	People   int        `json:"people"`
	On       *time.Time `json:"on,omitempty"` // day of the change
	Before   int        `json:"before"`       // how many days before the request that was
	NotedAt  time.Time  `json:"-"`
	Settled  *time.Time `json:"-"`
	SettleBy *uuid.UUID `json:"-"`
}

// doubts notes what the searches tell against the proofs of a case. A new search
// looks anew; what somebody has settled stays settled.
func (ch *change) doubts(ctx context.Context, walks []discovery) error {
	if !NeedsProof(ch.c.Rights) {
		return nil
	}
	proofs, err := proofsOf(ctx, ch.Tx, ch.c.ID)
	if err != nil {
		return err
	}
	before, err := doubtsOf(ctx, ch.Tx, ch.c.ID)
	if err != nil {
		return err
	}
	found, err := ch.weighProofs(ctx, walks, kindsOf(proofs))
	if err != nil {
		return err
	}
	if _, err := ch.Exec(ctx, `delete from identity_doubts d where d.case_id = $1 and d.reason <> $2 and d.settled_at is null`, ch.c.ID, identity.FactsShort); err != nil {
		return fmt.Errorf("drop doubts: %w", err)
	}
	for _, d := range found {
		raw, err := json.Marshal(d)
		if err != nil {
			return fmt.Errorf("encode doubt: %w", err)
		}
		if _, err := ch.Exec(ctx, `insert into identity_doubts (case_id, reason, system, noted_at, sealed) values ($1, $2, $3, $4, $5)
			on conflict (case_id, reason, system) do update set noted_at = excluded.noted_at, settled_at = null, settled_by = null, sealed = excluded.sealed`,
			ch.c.ID, d.Reason, d.System, ch.at, ch.key.Seal("doubt", raw)); err != nil {
			return fmt.Errorf("note doubt: %w", err)
		}
		if !slices.ContainsFunc(before, func(b Doubt) bool { return b.Settled == nil && b.Reason == d.Reason && b.System == d.System }) {
			ch.record(workerActor, evidence.IdentityFailed{Proof: doubted(kindsOf(proofs)), Reason: doubtCodes[d.Reason], System: evidence.Code(d.System)})
		}
	}
	if len(found) > 0 {
		ch.c.setFlag(Attention, true)
	}
	return nil
}

// doubtCodes are the reasons as events name them.
var doubtCodes = map[string]evidence.Code{identity.SeveralPeople: "ambiguous", identity.RecentlyMoved: "changed_recently"}

// doubted is the proof that does not suffice.
func doubted(have []identity.Proof) evidence.Code {
	if slices.Contains(have, identity.Confirmation) && !slices.Contains(have, identity.EmailCode) {
		return evidence.Code(identity.Confirmation)
	}
	return evidence.Code(identity.EmailCode)
}

// weighProofs holds what the searches tell of the request's own identities
// against the proofs. What was learned on the way is not what was proved.
func (ch *change) weighProofs(ctx context.Context, walks []discovery, have []identity.Proof) ([]Doubt, error) {
	subject, err := openSubject(ch.key, ch.c.sealed)
	if err != nil {
		return nil, fmt.Errorf("open case: %w", err)
	}
	own, err := ch.entry(ctx, subject)
	if err != nil {
		return nil, err
	}
	own = slices.DeleteFunc(own, func(id connect.Identity) bool { return !id.Proven })
	var out []Doubt
	for _, w := range walks {
		f := identity.Finding{ChangedFor: -1}
		d := Doubt{System: w.system}
		for _, e := range w.learned.Entered {
			if !slices.ContainsFunc(own, e.Identity.Same) {
				continue
			}
			f.People = max(f.People, e.People)
			if e.ChangedOn != nil && (d.On == nil || d.On.Before(*e.ChangedOn)) {
				d.On, f.ChangedFor = e.ChangedOn, ch.c.changedFor(*e.ChangedOn)
			}
		}
		d.People, d.Before = f.People, f.ChangedFor
		for _, reason := range identity.DeskDecides(f, have) {
			d.Reason = reason
			out = append(out, d)
		}
	}
	return out, nil
}

// changedFor is how many days before the request an identity changed. What
// changed since counts as changed that day, and waiting does not make it older.
func (c *Case) changedFor(on time.Time) int {
	received := dateTime(clock.DateIn(c.ReceivedAt, zone(c.Zone)))
	return max(0, int(received.Sub(on).Hours()/24))
}

// Doubts are why it is not settled who is asking, and those that somebody has
// settled, in a fixed order. How many people and on which day is told while the
// case has its key.
func (s *Service) Doubts(ctx context.Context, c *Case) ([]Doubt, error) {
	rows, err := s.db.Query(ctx, `select d.reason, d.system, d.noted_at, d.settled_at, d.settled_by, d.sealed from identity_doubts d where d.case_id = $1
		order by d.settled_at is not null, d.reason, d.system`, c.ID)
	if err != nil {
		return nil, fmt.Errorf("read doubts: %w", err)
	}
	key, keyErr := s.ring.Unwrap(c.wrapped)
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (Doubt, error) {
		var d Doubt
		var sealed []byte
		if err := row.Scan(&d.Reason, &d.System, &d.NotedAt, &d.Settled, &d.SettleBy, &sealed); err != nil || c.wrapped == nil || keyErr != nil {
			return d, err
		}
		return d, openJSON(key, "doubt", sealed, &d)
	})
}

func doubtsOf(ctx context.Context, q querier, id uuid.UUID) ([]Doubt, error) {
	rows, err := q.Query(ctx, `select d.reason, d.system, d.noted_at, d.settled_at, d.settled_by from identity_doubts d where d.case_id = $1`, id)
	if err != nil {
		return nil, fmt.Errorf("read doubts: %w", err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (d Doubt, err error) {
		return d, row.Scan(&d.Reason, &d.System, &d.NotedAt, &d.Settled, &d.SettleBy)
	})
}

// certain refuses a step while it is not settled who is asking.
func (ch *change) certain(ctx context.Context) error {
	all, err := doubtsOf(ctx, ch.Tx, ch.c.ID)
	if err != nil {
		return err
	}
	var why []string
	for _, d := range all {
		if text := doubtTexts[d.Reason]; d.Settled == nil && !slices.Contains(why, text) {
			why = append(why, text)
		}
	}
	if len(why) == 0 {
		return nil
	}
	return refuse(Conflict, "identity-open", "A mailed code does not say who is asking here: "+strings.Join(why, ", and ")+
		". Somebody has to record another proof, with a reason, before this is approved ("+ch.c.DoubtCite(ch.c.Rights[0])+").")
}

var doubtTexts = map[string]string{
	identity.SeveralPeople: "the address leads to more than one person",
	identity.FactsShort:    "fewer details than the law asks for agree with what the systems hold (11 CCR 7062)",
	identity.RecentlyMoved: fmt.Sprintf("the address was changed less than %d days before the request", identity.RecentDays),
}

// doubting says that it is open who is asking: a proof recorded by hand would
// settle it.
func doubting(ctx context.Context, q querier, id uuid.UUID) (bool, error) {
	var open bool
	if err := q.QueryRow(ctx, `select exists (select 1 from identity_doubts d where d.case_id = $1 and d.settled_at is null)`, id).Scan(&open); err != nil {
		return false, fmt.Errorf("read doubts: %w", err)
	}
	return open, nil
}

// Quiet says that the customer is not told what systems hold: while they are
// searched, and while it is open who is asking. Whoever took an address over
// learns nothing by it. Where facts are compared, nothing is told before the
// decision: that more is told would say that they agreed.
func (s *Service) Quiet(ctx context.Context, c *Case) (bool, error) {
	return s.quiet(ctx, c.ID, c.Status, c.Law, c.Rights)
}

func (s *Service) quiet(ctx context.Context, id uuid.UUID, st Status, law string, rights []string) (bool, error) {
	if searching(st) || st == Review && NeedsProof(rights) && s.atMost(law, rights).Points > 0 {
		return true, nil
	}
	return doubting(ctx, s.db, id)
}

func searching(st Status) bool { return st == Filed || st == Verified || st == Discovering }

// calm takes the flag off a case that somebody has looked at, unless it is open
// who is asking.
func (ch *change) calm(ctx context.Context) error {
	open, err := doubting(ctx, ch.Tx, ch.c.ID)
	if err == nil && !open {
		ch.c.setFlag(Attention, false)
	}
	return err
}

// settleDoubts ends the doubts once somebody has recorded a proof that settles
// who is asking.
func (ch *change) settleDoubts(ctx context.Context, user uuid.UUID) error {
	if _, err := ch.Exec(ctx, `update identity_doubts d set settled_at = $2, settled_by = $3 where d.case_id = $1 and d.settled_at is null`, ch.c.ID, ch.at, user); err != nil {
		return fmt.Errorf("settle doubts: %w", err)
	}
	if ch.c.PlanID == nil {
		return nil
	}
	return ch.calmPlan(ctx)
}

// calmPlan takes the flag off a case whose plan leaves nothing open, unless it is
// open who is asking.
func (ch *change) calmPlan(ctx context.Context) error {
	open, err := doubting(ctx, ch.Tx, ch.c.ID)
	if err != nil || open {
		return err
	}
	p, err := ch.plan(ctx)
	if err != nil {
		return err
	}
	if p.Undecided == 0 && !slices.ContainsFunc(p.Warnings, func(w connect.Warning) bool { return w.Code == openCorrections }) {
		ch.c.setFlag(Attention, false)
	}
	return nil
}
