package requests

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"habeas/requests/connect"
	"habeas/requests/evidence"
	"habeas/requests/mail"
)

// toldRights are those of which recipients are told once they were carried out:
// GDPR Art. 19 for Art. 16, 17(1) and 18; Cal. Civ. Code 1798.105(c), .106.
var toldRights = []string{"erasure", "rectification", "restriction"}

// noticeWithin is how long a recipient has to confirm.
const noticeWithin = 30 * 24 * time.Hour

// NoticeView is one recipient who has to be told, as people see it.
type NoticeView struct {
	ID        uuid.UUID
	Recipient string // name
	Title     string
	Right     string
	Way       string // mail, manual
	Status    string // open, sent, delivered, acknowledged, excused, failed
	MadeAt    time.Time
	DoneAt    *time.Time
	Ground    string // impossible, disproportionate
	Detail    string // what was recorded about it
}

// Settled reports whether there is proof of delivery or a reason.
func (n NoticeView) Settled() bool {
	return slices.Contains([]string{"delivered", "acknowledged", "excused"}, n.Status)
}

// tellRecipients makes a notice for each recipient of what was changed, once
// per case and right: a letter where the register has an address, else one that
// people give.
func (ch *change) tellRecipients(ctx context.Context) error {
	rows, err := ch.Query(ctx, `select distinct r.system, r.type, r."right" from plan_records r
		where r.plan_id = $1 and r."right" = any($2) and r.action not in ('keep', 'disclose', 'redact')
			and ($3 or r.outcome in ('verified_absent', 'verified_masked', 'verified_detached', 'verified_suppressed', 'verified_corrected', 'accepted', 'purge_pending'))
		order by r."right", r.system, r.type`, ch.c.PlanID, toldRights, rehearsalOf(ctx) != nil) // a rehearsal takes the plan as carried out
	if err != nil {
		return fmt.Errorf("read what recipients got: %w", err)
	}
	type changed struct{ System, Type, Right string }
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[changed])
	if err != nil {
		return fmt.Errorf("read what recipients got: %w", err)
	}
	if ch.c.Asks("restriction") && ch.grants("restriction") {
		more, err := ch.heldTypes(ctx)
		if err != nil {
			return err
		}
		for _, t := range more {
			all = append(all, changed{t[0], t[1], "restriction"})
		}
	}
	done := map[[2]string]bool{}
	for _, c := range all {
		t, ok := ch.s.typeOf(c.System, c.Type)
		if !ok {
			continue
		}
		for _, r := range ch.s.set.RecipientsOf(c.System, t) {
			if key := [2]string{r.Name, c.Right}; !done[key] {
				done[key] = true
				if err := ch.tell(ctx, r, c.Right); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// heldTypes are the record types that the search found, whatever the plan in
// force does to them.
func (ch *change) heldTypes(ctx context.Context) ([][2]string, error) {
	p, err := ch.plan(ctx)
	if err != nil {
		return nil, err
	}
	var way foundOnTheWay
	if err := openJSON(ch.key, "plan", p.sealed, &way); err != nil {
		return nil, err
	}
	var out [][2]string
	for _, system := range slices.Sorted(maps.Keys(way.Types)) {
		for _, typ := range way.Types[system] {
			out = append(out, [2]string{system, typ})
		}
	}
	return out, nil
}

// grants reports whether a right was not refused.
func (ch *change) grants(right string) bool {
	d := ch.c.decision(right)
	return d == nil || d.Decision != "refused"
}

// tell makes one notice.
func (ch *change) tell(ctx context.Context, r Recipient, right string) error {
	id, way, status := newID(), "manual", "open"
	known, err := ch.knownBy(ctx, r)
	if err != nil {
		return err
	}
	var letter *uuid.UUID
	if r.Contact != "" && len(known) > 0 {
		way, status, letter = "mail", "sent", new(newID())
	}
	tag, err := ch.Exec(ctx, `insert into notices (id, case_id, recipient, "right", way, status, outbox_id, made_at, sealed) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		on conflict (case_id, recipient, "right") do nothing`,
		id, ch.c.ID, r.Name, right, way, status, letter, ch.at, ch.key.Seal("notice", []byte("{}")))
	if err != nil {
		return fmt.Errorf("insert notice: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return nil // told after an earlier plan
	}
	ch.record(workerActor, evidence.RecipientDue{
		Notice: evidence.ID(id.String()), Recipient: evidence.Code(r.Name), Right: evidence.Code(right), Way: evidence.Code(way),
	})
	if letter == nil {
		return nil
	}
	d := ch.slots(Subject{})
	d.Rights, d.Recipient, d.Identifiers, d.Name = []string{right}, r.Title, known, ""
	d.Until = ch.local(ch.at.Add(noticeWithin))
	l := mail.Letter{ID: letter.String(), Case: ch.c.ID.String(), Kind: mail.RecipientNotice, Locale: firstOf(r.Locale, "en"), To: r.Contact}
	if l, err = mail.Compose(l, d); err != nil {
		return err
	}
	if look := rehearsalOf(ctx); look != nil {
		return look.noteTo(l, d, firstOf(r.Title, r.Name))
	}
	return mail.Enqueue(ctx, ch.Tx, ch.key, l)
}

// knownBy is by what a recipient finds the person: proven identities of the
// kinds that it knows, and nothing else about them.
func (ch *change) knownBy(ctx context.Context, r Recipient) ([]string, error) {
	p, err := ch.plan(ctx)
	if err != nil {
		return nil, err
	}
	var way foundOnTheWay
	if err := openJSON(ch.key, "plan", p.sealed, &way); err != nil {
		return nil, err
	}
	kinds := r.KnownBy
	if len(kinds) == 0 {
		kinds = []string{"email"}
	}
	var out []string
	for _, id := range way.Identities {
		if id.Proven && slices.Contains(kinds, id.Kind) {
			out = append(out, id.Value)
		}
	}
	return out, nil
}

// untold counts the recipients of a case without proof of delivery and without
// a reason, and how many of them wait for people: a letter on its way does not.
func (ch *change) untold(ctx context.Context) (n, byHand int, err error) {
	err = ch.QueryRow(ctx, `select count(*), count(*) filter (where n.status <> 'sent') from notices n
		where n.case_id = $1 and n.status in ('open', 'sent', 'failed')`, ch.c.ID).Scan(&n, &byHand)
	if err != nil {
		return 0, 0, fmt.Errorf("count notices: %w", err)
	}
	return n, byHand, nil
}

// noticeSent notes that a recipient's mail server took a notice, with the proof
// of it, and closes the case if that was all that it waited for: nobody has to
// look again.
func (s *Service) noticeSent(ctx context.Context, tx pgx.Tx, l mail.Sent, sent evidence.Data) error {
	id, err := uuid.Parse(l.Case)
	if err != nil {
		return fmt.Errorf("case of notice: %w", err)
	}
	return s.inside(ctx, tx, id, func(ch *change) error {
		var notice uuid.UUID
		var recipient, right string
		err := ch.QueryRow(ctx, `update notices set status = 'delivered', done_at = $2 where outbox_id = $1 and status in ('sent', 'failed')
			returning id, recipient, "right"`, l.ID, ch.at).Scan(&notice, &recipient, &right)
		if err == nil {
			ch.record(workerActor, evidence.RecipientTold{
				Notice: evidence.ID(notice.String()), Recipient: evidence.Code(recipient), Right: evidence.Code(right), Status: "delivered",
			})
		} else if !errors.Is(err, pgx.ErrNoRows) { // settled by hand meanwhile
			return fmt.Errorf("note notice: %w", err)
		}
		ch.record(workerActor, sent)
		if ch.c.Status != Completed {
			return nil
		}
		return ch.advance(ctx)
	})
}

// noticeFailed notes that a notice came back.
func noticeFailed(ctx context.Context, tx pgx.Tx, l mail.Sent) error {
	if _, err := tx.Exec(ctx, `update notices set status = 'failed' where outbox_id = $1 and status = 'sent'`, l.ID); err != nil {
		return fmt.Errorf("note notice: %w", err)
	}
	return nil
}

// NoticeResult is what people record about a notice.
type NoticeResult struct {
	Result string `json:"result"` // told, acknowledged, impossible, disproportionate
	Reason string `json:"reason"` // how it was told or confirmed, or why it cannot be
}

// SettleNotice records that a recipient was told by hand or confirmed it, or
// why telling it is impossible or takes disproportionate effort.
func (s *Service) SettleNotice(ctx context.Context, by Actor, id, notice uuid.UUID, r NoticeResult) error {
	status := map[string]string{"told": "delivered", "acknowledged": "acknowledged", "impossible": "excused", "disproportionate": "excused"}[r.Result]
	switch {
	case status == "":
		return invalid(FieldError{Field: "result", Message: "Use told, acknowledged, impossible or disproportionate."})
	case strings.TrimSpace(r.Reason) == "":
		return invalid(FieldError{Field: "reason", Message: "Say how the recipient was told or confirmed it, or why it cannot be told."})
	case len(r.Reason) > maxReason:
		return invalid(FieldError{Field: "reason", Message: fmt.Sprintf("A reason has at most %d letters.", maxReason)})
	case status == "excused" && by.Role != DPO:
		return refuse(Forbidden, "dpo-only", "Only a data protection officer decides that a recipient is not told.")
	}
	return s.within(ctx, id, func(ch *change) error {
		var recipient, right, was string
		err := ch.QueryRow(ctx, `select n.recipient, n."right", n.status from notices n where n.id = $1 and n.case_id = $2 for update`, notice, id).Scan(&recipient, &right, &was)
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			return errNotFound()
		case err != nil:
			return fmt.Errorf("read notice: %w", err)
		case was == "acknowledged" || was == "excused" || was == "delivered" && status != "acknowledged":
			return refuse(Conflict, "notice-settled", "This recipient was told already, or there is a reason why not.")
		}
		ground := ""
		if status == "excused" {
			ground = r.Result
		}
		_, err = ch.Exec(ctx, `update notices set status = $2, done_at = $3, ground = $4, by_user = $5, sealed = $6 where id = $1`,
			notice, status, ch.at, ground, userOf(by), ch.key.Seal("notice", []byte(r.Reason)))
		if err != nil {
			return fmt.Errorf("settle notice: %w", err)
		}
		if status == "excused" {
			ch.record(by, evidence.RecipientExcused{
				Cite: evidence.Cite(ch.noticeCite()), Ground: evidence.Code(ground), Notice: evidence.ID(notice.String()),
				Reason: ch.reasonDigest(r.Reason), Recipient: evidence.Code(recipient), Right: evidence.Code(right),
			})
		} else {
			ch.record(by, evidence.RecipientTold{
				Notice: evidence.ID(notice.String()), Proof: ch.reasonDigest(r.Reason), Recipient: evidence.Code(recipient), Right: evidence.Code(right), Status: evidence.Code(status),
			})
		}
		return ch.advance(ctx)
	})
}

func userOf(by Actor) *uuid.UUID {
	id, err := uuid.Parse(by.ID)
	if err != nil {
		return nil
	}
	return &id
}

// noticeCite is the article by which recipients are told.
func (ch *change) noticeCite() string {
	switch ch.c.Law {
	case "CA":
		return "11 CCR 7022(b), (c)"
	case "UK":
		return "UK GDPR Art. 19"
	}
	return "GDPR Art. 19"
}

// Notices lists the recipients whom a case has to tell, oldest first.
func (s *Service) Notices(ctx context.Context, c *Case) ([]NoticeView, error) {
	key, keyErr := s.ring.Unwrap(c.wrapped)
	rows, err := s.db.Query(ctx, `select n.id, n.recipient, n."right", n.way, n.status, n.made_at, n.done_at, n.ground, n.sealed
		from notices n where n.case_id = $1 order by n.made_at, n.recipient, n."right"`, c.ID)
	if err != nil {
		return nil, fmt.Errorf("read notices: %w", err)
	}
	titles := s.recipientTitles()
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (NoticeView, error) {
		var n NoticeView
		var sealed []byte
		if err := row.Scan(&n.ID, &n.Recipient, &n.Right, &n.Way, &n.Status, &n.MadeAt, &n.DoneAt, &n.Ground, &sealed); err != nil {
			return n, err
		}
		n.Title = firstOf(titles[n.Recipient], n.Recipient)
		if keyErr == nil {
			if raw, err := key.Open("notice", sealed); err == nil && string(raw) != "{}" {
				n.Detail = string(raw)
			}
		}
		return n, nil
	})
}

// recipientTitles are the names of recipients as people read them.
func (s *Service) recipientTitles() map[string]string {
	out := map[string]string{}
	for _, c := range s.systems {
		d := c.Describe()
		for _, t := range d.Types {
			for _, r := range s.set.RecipientsOf(d.Name, t) {
				out[r.Name] = r.Title
			}
		}
	}
	return out
}

// RecipientsHeld names the recipients of everything that the plan in force
// found: on request, a person is told who they are (Art. 19).
func (s *Service) RecipientsHeld(ctx context.Context, c *Case) ([]Recipient, error) {
	if c.PlanID == nil {
		return nil, nil
	}
	rows, err := s.db.Query(ctx, `select distinct r.system, r.type from plan_records r where r.plan_id = $1 order by 1, 2`, c.PlanID)
	if err != nil {
		return nil, fmt.Errorf("read types: %w", err)
	}
	types, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (t [2]string, err error) { return t, row.Scan(&t[0], &t[1]) })
	if err != nil {
		return nil, fmt.Errorf("read types: %w", err)
	}
	var out []Recipient
	for _, t := range types {
		typ, ok := s.typeOf(t[0], t[1])
		if !ok {
			typ = connect.Type{Name: t[1]}
		}
		for _, r := range s.set.RecipientsOf(t[0], typ) {
			if !slices.ContainsFunc(out, func(have Recipient) bool { return have.Name == r.Name }) {
				out = append(out, r)
			}
		}
	}
	return out, nil
}

// toldFor are, for the letter, the recipients who are told with it or were, and
// those who are not, with the reason.
func (ch *change) toldFor(ctx context.Context, right string) (told []string, untold []mail.Untold, err error) {
	rows, err := ch.Query(ctx, `select n.recipient, n.status, n.sealed from notices n
		where n.case_id = $1 and n."right" = $2 and n.status in ('sent', 'delivered', 'acknowledged', 'excused') order by 1`, ch.c.ID, right)
	if err != nil {
		return nil, nil, fmt.Errorf("read notices: %w", err)
	}
	titles := ch.s.recipientTitles()
	var name, status string
	var sealed []byte
	_, err = pgx.ForEachRow(rows, []any{&name, &status, &sealed}, func() error {
		title := firstOf(titles[name], name)
		if status != "excused" {
			told = append(told, title)
			return nil
		}
		reason, err := ch.key.Open("notice", sealed)
		untold = append(untold, mail.Untold{Name: title, Text: string(reason)})
		return err
	})
	if err != nil {
		return nil, nil, fmt.Errorf("read notices: %w", err)
	}
	return told, untold, nil
}
