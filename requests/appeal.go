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
	"habeas/requests/mail"
)

// What a case is: a request, or an appeal or a complaint about one. An appeal is
// what US states have against a denial; a complaint is open to everybody.
const (
	KindRequest   = "request"
	KindAppeal    = "appeal"
	KindComplaint = "complaint"
)

// Matter says whether the case is an appeal or a complaint.
func (c *Case) Matter() bool { return c.Kind == KindAppeal || c.Kind == KindComplaint }

// may says whether the case's next step exists for what it is: nothing is
// searched or carried out in an appeal or complaint, and a request is never
// decided without a plan.
func (c *Case) may(next Status) bool {
	if !c.Status.CanBecome(next) {
		return false
	}
	decided := c.Status == Verified && next == Review || c.Status == Review && next == Completed
	if c.Matter() {
		return decided || slices.Contains([]Status{Verified, Closed, Withdrawn}, next)
	}
	return !decided
}

// NewMatter is an appeal or complaint as it comes in.
type NewMatter struct {
	Kind    string
	Rights  []string // of the request; none: those that were denied, or all
	Message string   // what the person says; sealed

	// For staff who enter what came another way.
	Channel    string
	ReceivedAt *time.Time
	Reason     string
}

// FileMatter takes in an appeal or a complaint about a request, from its own
// customer or by staff: a case of its own, with its own clock, which somebody
// else decides.
func (s *Service) FileMatter(ctx context.Context, by Actor, id uuid.UUID, n NewMatter) (*Case, error) {
	if by.Role == Customer && by.ID != id.String() || by.Role != Customer && by.Role != DPO && by.Role != Agent {
		return nil, errNotFound()
	}
	var c *Case
	err := s.within(ctx, id, func(ch *change) error {
		if err := ch.mayAppeal(ctx, by, &n); err != nil {
			return err
		}
		var err error
		if c, err = ch.newMatter(by, n); err != nil {
			return err
		}
		subject, err := openSubject(ch.key, ch.c.sealed)
		if err != nil {
			return fmt.Errorf("open case: %w", err)
		}
		subject.Message, subject.Reason = n.Message, n.Reason
		if err := ch.insertLinked(ctx, c, subject); err != nil {
			return err
		}
		ch.record(by, evidence.RecourseOpened{Case: evidence.ID(c.ID.String()), Matter: evidence.Code(c.Kind)})
		return ch.alongside(ctx, c.ID, func(m *change) error {
			c = m.c
			m.record(by, m.matterFiled(n))
			m.c.VerifiedAt = ch.c.VerifiedAt
			if err := m.become(by, Verified); err != nil {
				return err
			}
			if err := m.letterMatter(ctx, ch.c, nil); err != nil {
				return err
			}
			return m.become(by, Review)
		})
	})
	return c, err
}

// mayAppeal holds an appeal or complaint against the request that it is about.
func (ch *change) mayAppeal(ctx context.Context, by Actor, n *NewMatter) error {
	c := ch.c
	switch {
	case c.Matter():
		return refuse(Conflict, "not-a-request", "This is an appeal or complaint itself. What remains is the authority that its decision names.")
	case n.Kind != KindAppeal && n.Kind != KindComplaint:
		return invalid(FieldError{Field: "kind", Message: "Say what this is: appeal or complaint."})
	case strings.TrimSpace(n.Message) == "":
		return invalid(FieldError{Field: "message", Message: "Say what you do not agree with."})
	case len(n.Message) > maxMessage || strings.ContainsRune(n.Message, 0):
		return invalid(FieldError{Field: "message", Message: fmt.Sprintf("A message has at most %d letters.", maxMessage)})
	case c.JoinedInto != nil:
		return refuse(Conflict, "joined", "This request was joined to an earlier one. Turn to that one.")
	}
	if faults := ch.s.checkChannel(by, Filing{Channel: n.Channel, ReceivedAt: n.ReceivedAt, Reason: n.Reason}, nil); len(faults) > 0 {
		return invalid(faults...)
	}
	denied := c.denied()
	if n.Kind == KindAppeal {
		if _, ok := ch.s.appealTerm(c); !ok {
			e := refuse(Unlawful, "no-appeal", "The law of this request has no appeal to the company; file a complaint instead.")
			if law, err := c.LawRow(); err == nil {
				e.Safe = law.Cite + ": " + e.Safe
			}
			return e
		}
		if len(denied) == 0 {
			return refuse(Conflict, "nothing-denied", "Nothing of this request was denied. An appeal is against a denial.")
		}
	}
	for _, r := range n.Rights {
		if !slices.Contains(c.Rights, r) || n.Kind == KindAppeal && !slices.Contains(denied, r) {
			return invalid(FieldError{Field: "rights", Message: "Name rights of the request; for an appeal, those that were denied."})
		}
	}
	if len(n.Rights) == 0 {
		if n.Rights = denied; len(denied) == 0 {
			n.Rights = c.Rights
		}
	}
	n.Rights = slices.Sorted(slices.Values(n.Rights))
	if c.RecourseUntil != nil && c.RecourseUntil.AddDate(0, 0, 1).Before(ch.s.now()) {
		return refuse(Conflict, "recourse-over", "The time for an appeal or a complaint to us is over. The authority that our answer names still hears you.")
	}
	var open bool
	if err := ch.QueryRow(ctx, `select exists (select 1 from cases m where m.of_case = $1 and m.kind = $2
		and m.status not in ('completed', 'closed', 'refused', 'expired', 'withdrawn'))`, c.ID, n.Kind).Scan(&open); err != nil {
		return fmt.Errorf("look for matters: %w", err)
	}
	if open {
		return refuse(Conflict, "matter-open", "There is one about this request already, which is not decided yet.")
	}
	return nil
}

// denied are the rights that were refused or answered in part only, or never
// proved in time.
func (c *Case) denied() []string {
	var out []string
	for _, r := range c.Rights {
		if d := c.decision(r); c.Status == Expired || d != nil && (d.Decision == "refused" || d.Decision == "partial") {
			out = append(out, r)
		}
	}
	return out
}

// Denied are the rights against whose denial an appeal can be filed.
func (c *Case) Denied() []string { return c.denied() }

// Recourse is what a person can file about a request: an appeal where the law
// has one and something was denied, else a complaint. "" while nothing can be.
func (s *Service) Recourse(c *Case) string {
	switch {
	case c.Matter() || c.JoinedInto != nil || c.RecourseUntil != nil && c.RecourseUntil.AddDate(0, 0, 1).Before(s.now()):
		return ""
	case len(c.denied()) > 0:
		if _, ok := s.appealTerm(c); ok {
			return KindAppeal
		}
	}
	return KindComplaint
}

// appealTerm is the law's time for an appeal, counted from a day on which one
// comes in: "within 60 days of receipt of an appeal" (Va. Code 59.1-577(C)).
func (s *Service) appealTerm(c *Case) (clock.Deadline, bool) {
	res, err := c.legal().of("access", s.now())
	if err != nil {
		return clock.Deadline{}, false
	}
	return res.Get("appeal")
}

// newMatter is the case of an appeal or complaint, with its clock.
func (ch *change) newMatter(by Actor, n NewMatter) (*Case, error) {
	first := ch.c
	c := &Case{
		ID: newID(), Reference: newReference(), Status: Filed, Rights: n.Rights, Purposes: first.Purposes, Country: first.Country, Region: first.Region,
		Law: first.Law, HolidaySet: first.HolidaySet, Zone: first.Zone, PausePolicy: first.PausePolicy, Locale: first.Locale, laws: first.laws,
		Channel: firstOf(n.Channel, "portal"), ReceivedAt: ch.s.now(), FiledAt: ch.s.now(), Kind: n.Kind, Of: new(first.ID), Holidays: first.Holidays,
	}
	if n.ReceivedAt != nil {
		c.ReceivedAt = *n.ReceivedAt
	}
	if by.Staff() {
		if id, err := uuid.Parse(by.ID); err == nil {
			c.FiledBy = &id
		}
	}
	return c, ch.s.setMatterClock(c)
}

// setMatterClock sets by when an appeal or complaint is answered.
func (s *Service) setMatterClock(c *Case) (err error) {
	if c.Deadlines, err = matterDeadlines(c.legal(), c.Kind, s.now()); err != nil {
		return err
	}
	for _, d := range c.Deadlines {
		c.DueOn = dateTime(d.Due)
	}
	if len(c.Deadlines) == 0 {
		return refuse(Unlawful, "no-appeal", "The law of this request sets no time for this.")
	}
	return nil
}

func (ch *change) matterFiled(n NewMatter) evidence.MatterFiled {
	c := ch.c
	e := evidence.MatterFiled{
		Channel: evidence.Code(c.Channel), DueOn: evidence.Day(c.DueOn), Holidays: evidence.Code(c.HolidaySet), Law: evidence.Code(c.Law),
		Locale: evidence.Code(c.Locale), Matter: evidence.Code(c.Kind), Of: evidence.ID(c.Of.String()), ReceivedAt: evidence.At(c.ReceivedAt),
		Rights: codes(c.Rights), Zone: evidence.Code(c.Zone), Reason: ch.reasonDigest(n.Reason), OwnDays: ownDates(c.Holidays),
		Words: evidence.Digest(ch.key.Digest("words", n.Message)),
	}
	return e
}

// insertLinked writes a case that another one leads to, in the same
// transaction, with what is known of the person sealed under its own key.
func (ch *change) insertLinked(ctx context.Context, c *Case, subject Subject) error {
	key, wrapped, err := ch.s.ring.NewKey()
	if err != nil {
		return fmt.Errorf("case key: %w", err)
	}
	raw, err := json.Marshal(subject)
	if err != nil {
		return fmt.Errorf("encode subject: %w", err)
	}
	c.wrapped, c.sealed = wrapped, key.Seal("case", raw)
	return ch.s.insertCase(ctx, ch.Tx, c, subject.Identities, subject.Email)
}

// alongside changes another case in the transaction of this one, which is
// locked first.
func (ch *change) alongside(ctx context.Context, id uuid.UUID, fn func(*change) error) error {
	o := &change{Tx: ch.Tx, s: ch.s}
	var err error
	if o.c, err = ch.s.scan(ch.QueryRow(ctx, lockCase, id), &o.at); err != nil {
		return err
	}
	o.was = *o.c
	if o.c.wrapped != nil {
		if o.key, err = ch.s.ring.Unwrap(o.c.wrapped); err != nil {
			return fmt.Errorf("case key: %w", err)
		}
	}
	if err := fn(o); err != nil {
		return err
	}
	ch.woke = ch.woke || o.woke
	after := o.c.eventSeq
	o.c.eventSeq += int64(len(o.events))
	b := &pgx.Batch{}
	if err := o.queueCase(b); err != nil {
		return err
	}
	if err := evidence.Queue(b, o.c.ID.String(), o.at, after, o.events...); err != nil {
		return fmt.Errorf("write events: %w", err)
	}
	res := ch.SendBatch(ctx, b)
	tag, err := res.Exec()
	if cerr := res.Close(); err == nil {
		err = cerr
	}
	if err == nil && tag.RowsAffected() == 0 {
		err = errMoved()
	}
	if err != nil {
		return fmt.Errorf("write linked case: %w", err)
	}
	return nil
}

// MatterDecision is how an appeal or complaint ends.
type MatterDecision struct {
	Decision string   // granted, partly, denied
	Rights   []string // what is done again
	Reason   string   // what the person is told
	Ground   string   // the article it rests on; "" is the law's own
}

// DecideMatter decides an appeal or complaint. Who decided, changed or refused
// anything in the request may not. What is granted is done again as a request of
// its own, linked to this one: the first one's answer, evidence and end stay as
// they were given.
func (s *Service) DecideMatter(ctx context.Context, by Actor, id uuid.UUID, d MatterDecision) (matter, redo *Case, err error) {
	user, err := officer(by)
	if err != nil {
		return nil, nil, err
	}
	err = s.within(ctx, id, func(ch *change) error {
		matter = ch.c
		if !ch.c.Matter() {
			return refuse(Conflict, "not-a-matter", "This is a request. It is decided by its plan.")
		}
		if ch.c.Status != Review {
			return refuse(Conflict, "not-in-review", "This was decided already.")
		}
		first, err := s.load(ctx, ch.Tx, *ch.c.Of)
		if err != nil {
			return err
		}
		if err := ch.checkMatter(d, first); err != nil {
			return err
		}
		if err := ch.mayDecide(ctx, user, first); err != nil {
			return err
		}
		if len(d.Rights) > 0 {
			if redo, err = ch.redo(ctx, by, first, d.Rights); err != nil {
				return err
			}
		}
		return ch.decideMatter(ctx, by, first, redo, d)
	})
	return matter, redo, err
}

func (ch *change) checkMatter(d MatterDecision, first *Case) error {
	var faults []FieldError
	bad := func(field, message string) { faults = append(faults, FieldError{Field: field, Message: message}) }
	if !slices.Contains([]string{mail.Granted, mail.PartlyGranted, mail.Denied}, d.Decision) {
		bad("decision", "Decide: granted, partly or denied.")
	}
	if strings.TrimSpace(d.Reason) == "" || len(d.Reason) > maxReason {
		bad("reason", "Give the reasons: the person is told, in writing.")
	}
	if len(d.Ground) > maxCite || !plainText(d.Ground) {
		bad("ground", fmt.Sprintf("An article has at most %d letters.", maxCite))
	}
	for _, r := range d.Rights {
		if !slices.Contains(first.Rights, r) {
			bad("rights", "What is done again are rights of the request.")
			break
		}
	}
	switch {
	case d.Decision == mail.Denied && len(d.Rights) > 0:
		bad("rights", "Nothing is done again where this is denied.")
	case ch.c.Kind == KindAppeal && (d.Decision == mail.Granted || d.Decision == mail.PartlyGranted) && len(d.Rights) == 0:
		bad("rights", "Say which rights are done again.")
	}
	if len(faults) > 0 {
		return invalid(faults...)
	}
	return nil
}

// mayDecide refuses everybody who had a part in how the request was decided, as
// the log has it, and whoever this is about.
func (ch *change) mayDecide(ctx context.Context, user uuid.UUID, first *Case) error {
	var part bool
	err := ch.QueryRow(ctx, `select exists (select 1 from events e where e.case_id = $1
		and e.kind in ('plan.approved', 'plan.changed', 'request.refused', 'clock.extended', 'package.released')
		and split_part(e.line::json->>'actor', ':', 2) = $2)`, first.ID, user.String()).Scan(&part)
	switch {
	case err != nil:
		return fmt.Errorf("read who decided: %w", err)
	case part:
		return refuse(Forbidden, "own-decision", "You had a part in deciding the request, so somebody else decides about it now.")
	}
	return ch.mayApprove(ctx, user)
}

// decideMatter writes the decision down, here and in the request, and answers.
func (ch *change) decideMatter(ctx context.Context, by Actor, first, redo *Case, d MatterDecision) error {
	ended := evidence.RecourseEnded{Case: evidence.ID(ch.c.ID.String()), Decision: evidence.Code(d.Decision)}
	decided := evidence.MatterDecided{
		Decision: evidence.Code(d.Decision), Of: evidence.ID(first.ID.String()), Reason: ch.reasonDigest(d.Reason), Rights: codes(d.Rights),
	}
	if redo != nil {
		decided.Redo, ended.Redo = evidence.ID(redo.ID.String()), evidence.ID(redo.ID.String())
	}
	for _, r := range ch.c.Rights {
		said := "granted"
		if !slices.Contains(d.Rights, r) && d.Decision != mail.Granted {
			said = "refused"
		}
		ch.c.Decisions = append(ch.c.Decisions, RightDecision{Right: r, Decision: said})
	}
	ch.c.Result = d.Decision
	ch.c.setFlag(Attention, false)
	ch.record(by, decided)
	if err := ch.become(by, Completed); err != nil {
		return err
	}
	if err := ch.letterMatter(ctx, first, &d); err != nil {
		return err
	}
	if err := ch.close(by); err != nil {
		return err
	}
	return ch.alongside(ctx, first.ID, func(f *change) error {
		f.record(by, ended)
		return nil
	})
}

// redo files the request once more for the rights that were granted, on the
// proofs that there are.
func (ch *change) redo(ctx context.Context, by Actor, first *Case, rights []string) (*Case, error) {
	key, err := ch.s.ring.Unwrap(first.wrapped)
	if err != nil {
		return nil, fmt.Errorf("case key: %w", err)
	}
	subject, err := openSubject(key, first.sealed)
	if err != nil {
		return nil, fmt.Errorf("open case: %w", err)
	}
	now := ch.s.now()
	c := &Case{
		ID: newID(), Reference: newReference(), Status: Filed, Rights: slices.Sorted(slices.Values(rights)), Purposes: first.Purposes,
		Country: first.Country, Region: first.Region, Law: first.Law, HolidaySet: first.HolidaySet, Zone: first.Zone, PausePolicy: first.PausePolicy,
		Locale: first.Locale, laws: first.laws, Channel: ch.c.Kind, ReceivedAt: now, FiledAt: now, Kind: KindRequest, Of: new(ch.c.ID),
	}
	c.Holidays = ch.s.ownDays(c.Law, clock.DateIn(c.ReceivedAt, zone(c.Zone)))
	if err := ch.s.setClock(c); err != nil {
		return nil, err
	}
	if err := ch.insertLinked(ctx, c, subject); err != nil {
		return nil, err
	}
	err = ch.alongside(ctx, c.ID, func(r *change) error {
		c = r.c
		r.record(by, r.filed(Filing{OnBehalf: subject.OnBehalf}))
		return r.restart(ctx, by, first, subject.Identities)
	})
	return c, err
}

// restart proves and starts a request that is done again.
func (ch *change) restart(ctx context.Context, by Actor, first *Case, ids []connect.Identity) error {
	tag, err := ch.Exec(ctx, `insert into proofs (case_id, kind, by_user, at) select $1, p.kind, p.by_user, $3 from proofs p where p.case_id = $2`, ch.c.ID, first.ID, ch.at)
	if err != nil {
		return fmt.Errorf("carry proofs: %w", err)
	}
	if err := ch.withdrawAtOnce(ctx, by, ids); err != nil {
		return err
	}
	switch {
	case !NeedsProof(ch.c.Rights):
		return ch.startDiscovery(ctx, by)
	case tag.RowsAffected() == 0: // nobody had proved who asks
		_, err := ch.sendCode(ctx)
		return err
	}
	ch.c.VerifiedAt = new(ch.at)
	ch.record(by, evidence.IdentityVerified{ByHand: true, Proof: "carried", Use: "verification"})
	if err := ch.become(by, Verified); err != nil {
		return err
	}
	if err := ch.letterAck(ctx); err != nil {
		return err
	}
	return ch.startDiscovery(ctx, by)
}

// letterMatter acknowledges an appeal or complaint, or answers it.
func (ch *change) letterMatter(ctx context.Context, first *Case, d *MatterDecision) error {
	kinds := map[string][2]string{
		KindAppeal:    {mail.AppealReceived, mail.AppealDecision},
		KindComplaint: {mail.ComplaintReceived, mail.ComplaintAnswer},
	}[ch.c.Kind]
	if d == nil {
		return ch.write(ctx, kinds[0], func(s *mail.Slots) { s.Joined = first.Reference })
	}
	law, err := ch.c.LawRow()
	if err != nil {
		return unlawful(err)
	}
	return ch.write(ctx, kinds[1], func(s *mail.Slots) {
		s.Joined, s.Decision = first.Reference, d.Decision
		s.Reasons = []mail.Reason{{Text: d.Reason, Ground: firstOf(d.Ground, law.Cite)}}
	})
}

// Matters are the appeals and complaints about a request, oldest first.
func (s *Service) Matters(ctx context.Context, c *Case) ([]*Case, error) {
	rows, err := s.db.Query(ctx, `select `+caseColumns+` from cases c where c.of_case = $1 order by c.filed_at, c.id`, c.ID)
	if err != nil {
		return nil, fmt.Errorf("read matters: %w", err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (*Case, error) { return s.scan(row) })
	if err != nil {
		return nil, fmt.Errorf("read matters: %w", err)
	}
	return list, nil
}

// notForMatter refuses steps that only requests have.
func (ch *change) notForMatter() error {
	if ch.c.Matter() {
		return refuse(Conflict, "not-a-request", "This is an appeal or complaint: it is decided with reasons, and has no plan and no pauses.")
	}
	return nil
}

// recourseWithdrawn notes in the request that an appeal or complaint was taken
// back.
func (ch *change) recourseWithdrawn(ctx context.Context, by Actor) error {
	if !ch.c.Matter() {
		return nil
	}
	return ch.alongside(ctx, *ch.c.Of, func(f *change) error {
		f.record(by, evidence.RecourseEnded{Case: evidence.ID(ch.c.ID.String()), Decision: "withdrawn"})
		return nil
	})
}

// First is the request that an appeal or complaint is about.
func (s *Service) First(ctx context.Context, matter *Case) (*Case, error) {
	if !matter.Matter() || matter.Of == nil {
		return nil, errNotFound()
	}
	return s.load(ctx, s.db, *matter.Of)
}

// MayDecideMatter says why a person may not decide an appeal or complaint; nil
// when they may.
func (s *Service) MayDecideMatter(ctx context.Context, by Actor, matter *Case) error {
	user, err := officer(by)
	if err != nil {
		return err
	}
	first, err := s.First(ctx, matter)
	if err != nil {
		return err
	}
	return pgx.BeginFunc(ctx, s.db, func(tx pgx.Tx) error {
		ch := &change{Tx: tx, s: s, c: matter}
		if ch.key, err = s.ring.Unwrap(matter.wrapped); err != nil {
			return fmt.Errorf("case key: %w", err)
		}
		return ch.mayDecide(ctx, user, first)
	})
}
