package requests

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"habeas/requests/evidence"
	"habeas/requests/mail"
)

// passed is the distance of the alarm in the table of reminders.
const passed = -1

// sweepActor is who acts where time alone does.
var sweepActor = Actor{Role: "system"}

// remind tells the desk of due dates that come near, once for each distance
// from each date. A request whose clock stands is left alone; a date that moved
// is told about anew.
func (s *Service) remind(ctx context.Context) error {
	if len(s.set.Remind) == 0 {
		return nil
	}
	return s.each(ctx, func(ch *change) error {
		left := ch.daysLeft()
		reached := reachedDistance(s.set.Remind, left)
		if left < 0 || reached < 0 || !ch.c.Status.Open() || ch.c.Has(Paused) {
			return nil
		}
		people, err := ch.dpos(ctx)
		if err != nil {
			return err
		}
		first, err := ch.noteReminder(ctx, reached, len(people))
		if err != nil || !first {
			return err
		}
		for _, further := range s.set.Remind { // one mail tells for all that were passed over
			if further > reached {
				if _, err := ch.noteReminder(ctx, further, 0); err != nil {
					return err
				}
			}
		}
		ch.record(sweepActor, evidence.DeadlineNear{Days: evidence.Count(reached), DueOn: evidence.Day(ch.c.DueOn), Told: evidence.Count(len(people))})
		return ch.tellDesk(ctx, mail.DeskReminder, left, people)
	}, `select c.id from cases c where `+openOnly+` and not 'paused' = any(c.flags)
			and c.due_on between ($1::timestamptz at time zone c.zone)::date and ($1::timestamptz at time zone c.zone)::date + $2::int
			and c.due_on <= $1::date + $2::int + 1
			and not exists (select 1 from reminders r where r.case_id = c.id and r.due_on = c.due_on
				and r.days = (select min(d) from unnest($3::int[]) d where d >= c.due_on - ($1::timestamptz at time zone c.zone)::date))
			order by c.due_on, c.id limit 500`, s.now(), slices.Max(s.set.Remind), s.set.Remind)
}

// markOverdue raises the alarm once a due date has passed: the flag, the event
// and a mail.
func (s *Service) markOverdue(ctx context.Context) error {
	return s.each(ctx, func(ch *change) error {
		if !ch.c.Status.Open() {
			return nil
		}
		if !ch.past() {
			return nil
		}
		ch.c.setFlag(Overdue, true)
		people, err := ch.dpos(ctx)
		if err != nil {
			return err
		}
		if first, err := ch.noteReminder(ctx, passed, len(people)); err != nil || !first {
			return err
		}
		ch.record(sweepActor, evidence.DeadlineMissed{DueOn: evidence.Day(ch.c.DueOn), Told: evidence.Count(len(people))})
		return ch.tellDesk(ctx, mail.DeskOverdue, -ch.daysLeft(), people)
	}, `select c.id from cases c where c.due_on < ($1::timestamptz at time zone c.zone)::date and c.due_on <= $1::date + 1
			and not 'overdue' = any(c.flags) and `+openOnly+` order by c.due_on, c.id limit 500`, s.now())
}

// recountPaused moves the due dates of requests whose clock stands: with every
// day that passes they end a day later.
func (s *Service) recountPaused(ctx context.Context) error {
	rows, err := s.db.Query(ctx, `select `+caseColumns+` from cases c where c.flags @> '{paused}' and `+openOnly)
	if err != nil {
		return fmt.Errorf("read paused cases: %w", err)
	}
	paused, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (*Case, error) { return s.scan(row) })
	if err != nil {
		return fmt.Errorf("read paused cases: %w", err)
	}
	for _, c := range paused {
		if _, due, err := c.Clock(s.now(), nil); err != nil || dateTime(due.Due).Equal(c.DueOn) {
			continue
		}
		err := s.within(ctx, c.ID, func(ch *change) error {
			if !ch.c.Has(Paused) || !ch.c.Status.Open() {
				return nil
			}
			return ch.recount(ctx)
		})
		if err != nil && AsError(err).Kind != Conflict {
			return err
		}
	}
	return nil
}

// recount moves the due date of a request whose clock stands, and that of its
// tasks.
func (ch *change) recount(ctx context.Context) error {
	if err := ch.s.setClock(ch.c); err != nil {
		return err
	}
	if _, err := ch.Exec(ctx, `update tasks set due_on = $2 where case_id = $1 and status in ('waiting', 'running', 'open')`, ch.c.ID, ch.c.DueOn); err != nil {
		return fmt.Errorf("move tasks: %w", err)
	}
	return nil
}

// daysLeft is how many days lie before the due date, where the controller is.
func (ch *change) daysLeft() int {
	return int(ch.c.DueOn.Sub(dateTime(ch.today())).Hours() / 24)
}

// reachedDistance is the smallest distance that is not smaller than the days
// left, -1 when none is.
func reachedDistance(distances []int, left int) int {
	reached := -1
	for _, d := range distances {
		if d >= left && (reached < 0 || d < reached) {
			reached = d
		}
	}
	return reached
}

// noteReminder takes the place of one reminder; false when somebody has it.
func (ch *change) noteReminder(ctx context.Context, days, told int) (first bool, err error) {
	tag, err := ch.Exec(ctx, `insert into reminders (case_id, due_on, days, told, at) values ($1, $2, $3, $4, $5) on conflict do nothing`,
		ch.c.ID, ch.c.DueOn, days, told, ch.at)
	if err != nil {
		return false, fmt.Errorf("note reminder: %w", err)
	}
	return tag.RowsAffected() == 1, nil
}

// dpos are the officers who can be told.
func (ch *change) dpos(ctx context.Context) ([]*User, error) {
	rows, err := ch.Query(ctx, `select `+userColumns+` from users u where u.role = 'dpo' and not u.disabled order by u.id`)
	if err != nil {
		return nil, fmt.Errorf("read officers: %w", err)
	}
	defer rows.Close()
	var out []*User
	for rows.Next() {
		u, err := ch.s.scanUser(rows)
		if err != nil {
			return nil, fmt.Errorf("read officers: %w", err)
		}
		out = append(out, u)
	}
	return out, rows.Err()
}

// tellDesk writes to every officer. The mail names the reference and the dates,
// nothing about the person.
func (ch *change) tellDesk(ctx context.Context, kind string, days int, people []*User) error {
	set := ch.s.set
	for _, u := range people {
		l := mail.Letter{ID: newID().String(), Case: mail.SystemCase, Kind: kind, Locale: "en", To: u.Email}
		err := mail.Write(ctx, ch.Tx, ch.s.ring.System(), l, mail.Slots{
			Company: mail.Company{Name: set.Company, Contact: set.Contact, Post: set.Address, DPO: set.Officer, Colour: set.Colour},
			Law:     ch.c.Law, Reference: ch.c.Reference, Received: ch.local(ch.c.ReceivedAt), Rights: ch.c.Rights,
			Due: ch.c.DueOn, At: ch.local(ch.at), Days: days, Open: 1, DeskURL: ch.link("/desk?reference=", ch.c.Reference),
		})
		if err != nil {
			return err
		}
	}
	return nil
}
