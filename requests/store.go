package requests

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"habeas/requests/evidence"
	"habeas/requests/seal"
)

const caseColumns = `c.id, c.reference, c.status, c.flags, c.rights, c.purposes, c.country, c.region, c.law, c.holiday_set, c.zone,
	c.pause_policy, c.locale, c.channel, c.result, c.decisions, c.clock_events, c.deadlines, c.received_at, c.filed_at, c.due_on,
	c.verified_at, c.acted_at, c.wait_until, c.completed_at, c.closed_at, c.unverified_at,
	c.package_name, c.package_size, c.package_sha, c.package_until, c.plan_id, c.filed_by, c.event_seq, c.event_at,
	c.email_lookup, c.key_wrapped, c.sealed, c.holidays, c.kind, c.of_case, c.joined_into, c.recourse_until, c.retain_until`

// scan reads a case, which knows the law table in force.
func (s *Service) scan(row pgx.Row, more ...any) (*Case, error) {
	c, err := scanCase(row, more...)
	if c != nil {
		c.laws = s.set.Laws
	}
	return c, err
}

func scanCase(row pgx.Row, more ...any) (*Case, error) {
	var c Case
	err := row.Scan(append([]any{
		&c.ID, &c.Reference, &c.Status, &c.Flags, &c.Rights, &c.Purposes, &c.Country, &c.Region, &c.Law, &c.HolidaySet, &c.Zone,
		&c.PausePolicy, &c.Locale, &c.Channel, &c.Result, &c.Decisions, &c.ClockEvents, &c.Deadlines, &c.ReceivedAt, &c.FiledAt, &c.DueOn,
		&c.VerifiedAt, &c.ActedAt, &c.WaitUntil, &c.CompletedAt, &c.ClosedAt, &c.Unverified,
		&c.PackageName, &c.PackageSize, &c.PackageSHA, &c.PackageUntil, &c.PlanID, &c.FiledBy, &c.eventSeq,
		infinite{&c.eventAt},
		&c.email, &c.wrapped, &c.sealed, &c.Holidays, &c.Kind, &c.Of, &c.JoinedInto, &c.RecourseUntil, &c.RetainUntil,
	}, more...)...)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil, errNotFound()
	case err != nil:
		return nil, fmt.Errorf("read case: %w", err)
	}
	return &c, nil
}

// load reads a case without locking it.
func (s *Service) load(ctx context.Context, q querier, id uuid.UUID) (*Case, error) {
	return s.scan(q.QueryRow(ctx, `select `+caseColumns+` from cases c where c.id = $1`, id))
}

// change is a transaction that holds a case's row lock. What it did to the
// case is written once, at its end, together with its events.
type change struct {
	pgx.Tx
	s      *Service
	c      *Case
	key    seal.Key
	was    Case      // as read
	at     time.Time // the database's clock, never before the case's last event
	events []evidence.Event
	woke   bool
}

// within runs fn in a transaction that holds the case's lock, then writes the
// case and its events and commits. Every change of a case goes through here.
func (s *Service) within(ctx context.Context, id uuid.UUID, fn func(*change) error) error {
	return s.transact(ctx, id, nil, fn)
}

const lockCase = `select ` + caseColumns + `, greatest(clock_timestamp(), c.event_at) from cases c where c.id = $1 for update`

// transact is within, after first ran in the same transaction.
func (s *Service) transact(ctx context.Context, id uuid.UUID, first func(pgx.Tx) error, fn func(*change) error) error {
	b := &pgx.Batch{}
	if first == nil {
		b.Queue(lockCase, id)
	}
	p, res, err := s.begin(ctx, b)
	if err != nil {
		return err
	}
	tx := pipedTx{p}
	defer tx.Rollback(context.WithoutCancel(ctx))
	ch := &change{Tx: tx, s: s}
	if first == nil {
		ch.c, err = s.scan(res.QueryRow(), &ch.at)
	}
	if cerr := res.Close(); err == nil {
		err = cerr
	}
	if err == nil && first != nil {
		if err = first(tx); err == nil {
			ch.c, err = s.scan(tx.QueryRow(ctx, lockCase, id), &ch.at)
		}
	}
	if err != nil {
		return err
	}
	return ch.commit(ctx, fn)
}

// inside runs fn on a case in somebody else's transaction, which commits what
// is written here with its own.
func (s *Service) inside(ctx context.Context, tx pgx.Tx, id uuid.UUID, fn func(*change) error) error {
	ch := &change{Tx: tx, s: s}
	var err error
	if ch.c, err = s.scan(tx.QueryRow(ctx, lockCase, id), &ch.at); err != nil {
		return err
	}
	if err := ch.apply(fn); err != nil {
		return err
	}
	return ch.flush(ctx, false)
}

// apply runs fn on the case as read.
func (ch *change) apply(fn func(*change) error) error {
	ch.was = *ch.c
	if ch.c.wrapped != nil {
		var err error
		if ch.key, err = ch.s.ring.Unwrap(ch.c.wrapped); err != nil {
			return fmt.Errorf("case key: %w", err)
		}
	}
	return fn(ch)
}

// commit runs fn, then writes the case with its events and commits.
func (ch *change) commit(ctx context.Context, fn func(*change) error) error {
	if err := ch.apply(fn); err != nil {
		return err
	}
	if rehearsalOf(ctx) != nil {
		return errRehearsed // the caller rolls back
	}
	if err := ch.save(ctx); err != nil {
		return err
	}
	if ch.woke {
		ch.s.wake(ctx)
	}
	return nil
}

// become takes the case to its next status. It is the only way to change one.
func (ch *change) become(by Actor, next Status) error {
	if !ch.c.may(next) {
		return errMoved()
	}
	ch.record(by, evidence.StatusChanged{From: evidence.Code(ch.c.Status), To: evidence.Code(next)})
	ch.c.Status = next
	switch next {
	case Completed:
		ch.c.CompletedAt = new(ch.at)
	case Closed, Refused, Expired, Withdrawn:
		ch.c.ClosedAt = new(ch.at)
	}
	ch.keepFor(next)
	return nil
}

// record notes an event, written with the case at the end of the transaction.
func (ch *change) record(by Actor, data evidence.Data) {
	ch.events = append(ch.events, evidence.Event{Actor: by.String(), Data: data})
}

// save writes what changed and commits. The case's row is locked since it was
// read, so its status is what it was; where the status changes, that is asked
// once more before the commit.
func (ch *change) save(ctx context.Context) error {
	moved := ch.c.Status != ch.was.Status
	if err := ch.flush(ctx, !moved); err != nil || !moved {
		return err
	}
	if err := ch.Commit(ctx); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// flush sends the case and its events, together with the commit where nothing
// is to be asked before it.
func (ch *change) flush(ctx context.Context, commit bool) error {
	c := ch.c
	after := c.eventSeq
	c.eventSeq += int64(len(ch.events))
	b := &pgx.Batch{}
	if err := ch.queueCase(b); err != nil {
		return err
	}
	if err := evidence.Queue(b, c.ID.String(), ch.at, after, ch.events...); err != nil {
		return fmt.Errorf("write events: %w", err)
	}
	if commit {
		b.Queue("commit")
	}
	res := ch.SendBatch(ctx, b)
	tag, err := res.Exec()
	if cerr := res.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return fmt.Errorf("write case: %w", err)
	}
	if !commit && tag.RowsAffected() == 0 {
		return errMoved()
	}
	return nil
}

// queueCase writes the case: most steps of a task change nothing but the
// number of its last event.
func (ch *change) queueCase(b *pgx.Batch) error {
	c := ch.c
	numbered := ch.was
	numbered.eventSeq = c.eventSeq
	if reflect.DeepEqual(*c, numbered) {
		b.Queue(`update cases set event_seq = $2, event_at = $3 where id = $1 and status = $4`, c.ID, c.eventSeq, ch.at, c.Status)
		return nil
	}
	decisions, err := json.Marshal(c.Decisions)
	if err != nil {
		return fmt.Errorf("encode decisions: %w", err)
	}
	b.Queue(`update cases set status = $2, flags = $3, result = $4, decisions = $5, clock_events = $6, deadlines = $7,
		due_on = $8, verified_at = $9, acted_at = $10, wait_until = $11, completed_at = $12, closed_at = $13, unverified_at = $14,
		package_name = $15, package_size = $16, package_sha = $17, package_until = $18, plan_id = $19, event_seq = $20, event_at = $21,
		law = $22, holiday_set = $23, zone = $24, key_wrapped = $25, sealed = $26, country = $28, region = $29, holidays = $30,
		joined_into = $31, recourse_until = $32, retain_until = $33
		where id = $1 and status = $27`,
		c.ID, c.Status, flagsOf(c), c.Result, decisions, orEmpty(c.ClockEvents), orEmpty(c.Deadlines),
		c.DueOn, c.VerifiedAt, c.ActedAt, c.WaitUntil, c.CompletedAt, c.ClosedAt, c.Unverified,
		c.PackageName, c.PackageSize, c.PackageSHA, c.PackageUntil, c.PlanID, c.eventSeq, ch.at,
		c.Law, c.HolidaySet, c.Zone, c.wrapped, c.sealed, ch.was.Status, c.Country, c.Region, orEmpty(c.Holidays),
		c.JoinedInto, c.RecourseUntil, c.RetainUntil)
	return nil
}

func flagsOf(c *Case) []Flag {
	if c.Flags == nil {
		return []Flag{}
	}
	return c.Flags
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// infinite scans a timestamp that may be -infinity as the zero time.
type infinite struct{ t *time.Time }

// ScanTimestamptz implements pgtype.TimestamptzScanner.
func (i infinite) ScanTimestamptz(v pgtype.Timestamptz) error {
	*i.t = v.Time
	return nil
}
