package requests

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"habeas/requests/connect"
	"habeas/requests/evidence"
	"habeas/requests/identity"
	"habeas/requests/mail"
)

// Links in letters. A token in one holds letters only, and a reference is no
// identity.
const (
	pathFind  = "/find?reference="
	pathNotMe = "/not-me?token="
	pathUndo  = "/undo?token="
)

func (ch *change) link(path, value string) string {
	return ch.s.set.BaseURL + path + url.QueryEscape(value)
}

// slots are what every letter of the case says.
func (ch *change) slots(subject Subject) mail.Slots {
	set, c := ch.s.set, ch.c
	status := ch.link(pathFind, c.Reference)
	d := mail.Slots{
		Company:   mail.Company{Name: set.Company, Contact: set.Contact, Post: set.Address, DPO: set.Officer, Colour: set.Colour},
		Law:       c.Law,
		Reference: c.Reference, Received: ch.local(c.ReceivedAt), Rights: c.Rights, Name: subject.Name,
		StatusURL: status, EnterURL: status, DownloadURL: status, ProofURL: status,
		Due: c.DueOn, At: ch.local(ch.at), Verified: c.VerifiedAt != nil, Staff: c.FiledBy != nil,
	}
	if c.Law == "EU" {
		d.Authority = mail.Authority{Name: set.Authority, URL: set.AuthorityAt}
	}
	return d
}

func (ch *change) local(t time.Time) time.Time {
	loc, err := time.LoadLocation(ch.c.Zone)
	if err != nil {
		loc = time.UTC
	}
	return t.In(loc)
}

// write renders a letter and queues it, to the case's own sealed address and
// never to one read from a system. A case without an address gets none: the
// desk answers on paper.
func (ch *change) write(ctx context.Context, kind string, fill func(*mail.Slots)) error {
	subject, err := openSubject(ch.key, ch.c.sealed)
	if err != nil {
		return fmt.Errorf("open case: %w", err)
	}
	if subject.Email == "" {
		return nil
	}
	d := ch.slots(subject)
	if fill != nil {
		fill(&d)
	}
	l := mail.Letter{ID: newID().String(), Case: ch.c.ID.String(), Kind: kind, Locale: ch.c.Locale, To: subject.Email}
	return mail.Write(ctx, ch.Tx, ch.key, l, d)
}

// letter queues a letter that needs nothing but the case.
func (ch *change) letter(ctx context.Context, kind string) error {
	return ch.write(ctx, kind, func(d *mail.Slots) {
		d.Until = ch.local(ch.at.Add(identity.ExpiresAfter))
		d.Restored = ch.c.Asks(unverifiedRights...)
	})
}

func (ch *change) letterCode(ctx context.Context, code, notMe string) error {
	return ch.write(ctx, mail.Code, func(d *mail.Slots) {
		d.Code, d.Valid, d.NotMeURL, d.Again = code, identity.CodeValid, ch.link(pathNotMe, notMe), ch.c.VerifiedAt != nil
	})
}

func (ch *change) letterAck(ctx context.Context) error { return ch.write(ctx, mail.Ack, nil) }

// letterUnverified tells the address concerned what was withdrawn in its name,
// with the link that undoes it.
func (ch *change) letterUnverified(ctx context.Context) error {
	undo, err := ch.newToken(ctx, "undo")
	if err != nil {
		return err
	}
	return ch.write(ctx, ch.withdrawalKind(), func(d *mail.Slots) {
		d.UndoURL, d.Purposes = ch.link(pathUndo, undo), ch.purposeTitles()
	})
}

func (ch *change) withdrawalKind() string {
	if ch.c.Asks("consent_withdrawal") {
		return mail.WithdrawalDone
	}
	return mail.OptOutDone
}

func (ch *change) purposeTitles() []string {
	var titles []string
	for _, p := range ch.s.set.Purposes {
		if slices.Contains(ch.c.Purposes, p.Name) {
			titles = append(titles, firstOf(p.Title, p.Name))
		}
	}
	return titles
}

func (ch *change) letterExtension(ctx context.Context, before time.Time, st Step) error {
	return ch.write(ctx, mail.Extension, func(d *mail.Slots) {
		d.Previous, d.Why = before, firstOf(st.Reason, ch.c.groundTitle(st))
	})
}

func (ch *change) letterRefusal(ctx context.Context, st Step) error {
	return ch.write(ctx, mail.Refusal, func(d *mail.Slots) {
		d.Rights = nil
		for _, dec := range ch.c.Decisions {
			if dec.Decision == "refused" && (st.Right == "" || dec.Right == st.Right) {
				d.Rights = append(d.Rights, dec.Right)
				d.Reasons = append(d.Reasons, mail.Reason{Right: dec.Right, Ground: dec.Ground, Text: firstOf(st.Reason, ch.c.groundTitle(st))})
			}
		}
	})
}

// letterDone says what was done, from what was seen: one letter per right
// asked for.
func (ch *change) letterDone(ctx context.Context, p *storedPlan, outcomes []outcomeCount) error {
	if !NeedsProof(ch.c.Rights) {
		return nil // the address was told when it was filed
	}
	if p.Records == 0 {
		return ch.write(ctx, mail.NotFound, func(d *mail.Slots) {
			d.SearchedFor, d.SearchedIn = ch.searched(p)
		})
	}
	for _, right := range ch.c.Rights {
		if dec := ch.c.decision(right); dec != nil && dec.Decision == "refused" {
			continue
		}
		if err := ch.letterRight(ctx, right, outcomes); err != nil {
			return err
		}
	}
	return nil
}

func (ch *change) letterRight(ctx context.Context, right string, outcomes []outcomeCount) error {
	switch right {
	case "access", "portability":
		return ch.write(ctx, mail.AccessReady, func(d *mail.Slots) {
			d.Rights = []string{right}
			if ch.c.PackageUntil != nil {
				d.Until = ch.local(*ch.c.PackageUntil)
			}
		})
	case "erasure":
		kept, err := ch.keptFor(ctx, right)
		if err != nil {
			return err
		}
		var until *time.Time
		if err := ch.QueryRow(ctx, `select max(r.until) from plan_records r where r.plan_id = $1 and r.outcome = 'purge_pending'`, ch.c.PlanID).Scan(&until); err != nil {
			return fmt.Errorf("read purge date: %w", err)
		}
		return ch.write(ctx, mail.ErasureDone, func(d *mail.Slots) {
			d.Rights, d.Kept, d.Counts = []string{right}, kept, countsOf(outcomes)
			d.Counts.Kept = 0
			for _, k := range kept {
				d.Counts.Kept += k.Count
			}
			d.Listed = true
			if until != nil {
				d.Until = ch.local(*until)
			}
			if rescans := ch.s.set.Rescans; len(rescans) > 0 {
				d.Next = ch.local(ch.at.Add(rescans[0]))
			}
		})
	default:
		return ch.write(ctx, ch.withdrawalKind(), func(d *mail.Slots) {
			d.Rights, d.Purposes = []string{right}, ch.purposeTitles()
		})
	}
}

func countsOf(outcomes []outcomeCount) mail.Counts {
	var n mail.Counts
	for _, o := range outcomes {
		switch o.Outcome {
		case "verified_absent":
			n.Erased += int(o.Count)
		case "verified_masked":
			n.Masked += int(o.Count)
		case "verified_detached":
			n.Detached += int(o.Count)
		case "verified_suppressed":
			n.Suppressed += int(o.Count)
		case "verified_corrected":
			n.Corrected += int(o.Count)
		case "accepted":
			n.Accepted += int(o.Count)
		case "purge_pending":
			n.Purging += int(o.Count)
		}
	}
	return n
}

// keptFor groups what is kept under a right, for the letter.
func (ch *change) keptFor(ctx context.Context, right string) ([]mail.Kept, error) {
	var out []mail.Kept
	for r, err := range recordsOf(ctx, ch.Tx, ch.key, *ch.c.PlanID, "", []connect.Action{connect.Keep}) {
		if err != nil {
			return nil, err
		}
		if r.Record.Right != right {
			continue
		}
		k := mail.Kept{What: ch.s.typeTitle(r.Record.System, r.Record.Type), Count: 1, Text: r.Record.Ground, Ground: r.Record.Ground}
		if cite, text, ok := strings.Cut(r.Record.Ground, ": "); ok {
			k.Ground, k.Text = cite, text
		}
		k.Until, _ = time.Parse(time.DateOnly, r.Note.Until)
		i := slices.IndexFunc(out, func(have mail.Kept) bool {
			return have.What == k.What && have.Ground == k.Ground && have.Text == k.Text && have.Until.Equal(k.Until)
		})
		if i >= 0 {
			out[i].Count++
			continue
		}
		out = append(out, k)
	}
	return out, nil
}

// typeTitle is what people call a record type.
func (s *Service) typeTitle(system, typ string) string {
	if c, ok := s.System(system); ok {
		for _, t := range c.Describe().Types {
			if t.Name == typ && t.Title != "" {
				return t.Title
			}
		}
	}
	return typ
}

// searched says with what kinds of identity and in which systems a person was
// looked for.
func (ch *change) searched(p *storedPlan) (kinds, systems []string) {
	var way foundOnTheWay
	if err := openJSON(ch.key, "plan", p.sealed, &way); err == nil {
		for _, id := range way.Identities {
			if k := kindTitle(id.Kind); !slices.Contains(kinds, k) {
				kinds = append(kinds, k)
			}
		}
	}
	for _, c := range ch.s.systems {
		if _, ok := c.(connect.Finder); ok {
			systems = append(systems, firstOf(c.Describe().Title, c.Describe().Name))
		}
	}
	return kinds, systems
}

func kindTitle(kind string) string {
	switch kind {
	case "email":
		return "e-mail address"
	case "phone":
		return "telephone number"
	case "customer_id":
		return "customer number"
	case "handle", "social_id":
		return "social network account"
	}
	return kind
}

// LetterSent notes, in the transaction that marks a letter sent, that it was.
func (s *Service) LetterSent(ctx context.Context, tx pgx.Tx, l mail.Sent) error {
	return s.noteLetter(ctx, tx, l.Case, evidence.LetterSent{
		Digest: evidence.Digest(l.Digest), Template: evidence.Code(l.Kind), Language: evidence.Code(l.Locale), Letter: evidence.ID(l.ID), Version: evidence.Code(l.Version),
	})
}

// LetterFailed notes that a letter was given up. The desk has to answer
// another way.
func (s *Service) LetterFailed(ctx context.Context, tx pgx.Tx, l mail.Sent, code int) error {
	if _, err := tx.Exec(ctx, `update cases set flags = array(select distinct f from unnest(flags || '{attention}') f order by f) where id = $1`, l.Case); err != nil {
		return fmt.Errorf("flag case: %w", err)
	}
	return s.noteLetter(ctx, tx, l.Case, evidence.LetterFailed{
		Code: evidence.Code(fmt.Sprintf("smtp-%d", code)), Template: evidence.Code(l.Kind), Letter: evidence.ID(l.ID),
	})
}

func (s *Service) noteLetter(ctx context.Context, tx pgx.Tx, caseID string, data evidence.Data) error {
	if caseID == mail.SystemCase {
		return evidence.AppendSystem(ctx, tx, evidence.Event{Actor: workerActor.String(), Data: data})
	}
	var seq int64
	var at time.Time
	err := tx.QueryRow(ctx, `update cases set event_seq = event_seq + 1, event_at = greatest(clock_timestamp(), event_at)
		where id = $1 returning event_seq, event_at`, caseID).Scan(&seq, &at)
	if err != nil {
		return fmt.Errorf("number event: %w", err)
	}
	return evidence.Append(ctx, tx, caseID, at, seq-1, evidence.Event{Actor: workerActor.String(), Data: data})
}

// LetterText is a letter as it was sent.
type LetterText struct{ Subject, Text, HTML string }

// Letter opens one letter of a case.
func (s *Service) Letter(ctx context.Context, c *Case, id string) (LetterText, error) {
	if err := uuid.Validate(id); err != nil {
		return LetterText{}, errNotFound()
	}
	key, err := s.CaseKey(ctx, c.ID.String())
	if err != nil {
		return LetterText{}, err
	}
	l, err := mail.Read(ctx, s.db, key, id)
	if err != nil || l.Case != c.ID.String() {
		return LetterText{}, errNotFound()
	}
	return LetterText{Subject: l.Subject, Text: l.Text, HTML: l.HTML}, nil
}
