package requests

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"habeas/requests/evidence"
	"habeas/requests/mail"
)

// Preview is a letter as a verb would send it now, and its English reading
// where it is in another language.
type Preview struct {
	Kind   string `json:"kind"`
	Locale string `json:"locale"`
	To     bool   `json:"to"` // an address is known; else it goes on paper
	// Recipient is who gets it where that is not the customer: somebody who has
	// the data from us (Art. 19).
	Recipient string   `json:"recipient,omitempty"`
	Subject   string   `json:"subject"`
	Text      string   `json:"text"`
	HTML      string   `json:"html"`
	English   *Preview `json:"english,omitempty"`
}

type rehearsalKey struct{}

// rehearsal collects the letters of a transaction that will be undone.
type rehearsal struct{ letters []Preview }

var errRehearsed = errors.New("rehearsed")

func rehearsalOf(ctx context.Context) *rehearsal {
	r, _ := ctx.Value(rehearsalKey{}).(*rehearsal)
	return r
}

func (r *rehearsal) note(l mail.Letter, d mail.Slots) error { return r.noteTo(l, d, "") }

func (r *rehearsal) noteTo(l mail.Letter, d mail.Slots, recipient string) error {
	p := Preview{Kind: l.Kind, Locale: l.Locale, To: l.To != "", Recipient: recipient, Subject: l.Subject, Text: l.Text, HTML: l.HTML}
	if l.Locale != "en" {
		l.Locale = "en"
		e, err := mail.Compose(l, d)
		if err != nil {
			return err
		}
		p.English = &Preview{Kind: e.Kind, Locale: "en", Subject: e.Subject, Text: e.Text, HTML: e.HTML}
	}
	r.letters = append(r.letters, p)
	return nil
}

// Rehearse runs a verb to its end and undoes it: what is returned is what its
// letters would be, in every detail, and its refusals are the verb's own.
// Nothing is changed, and nothing outside the database is touched.
func (s *Service) Rehearse(ctx context.Context, verb func(context.Context) error) ([]Preview, error) {
	r := &rehearsal{}
	switch err := verb(context.WithValue(ctx, rehearsalKey{}, r)); {
	case errors.Is(err, errRehearsed):
		return r.letters, nil
	case err != nil:
		return nil, err
	}
	return nil, errors.New("requests: a verb ended outside of its rehearsal")
}

// RehearseAnswer is what the answers will look like once the plan is carried
// out as it stands.
func (s *Service) RehearseAnswer(ctx context.Context, id uuid.UUID) ([]Preview, error) {
	return s.Rehearse(ctx, func(ctx context.Context) error {
		return s.within(ctx, id, func(ch *change) error {
			if ch.c.PlanID == nil || !slices.Contains([]Status{Review, Executing, Verifying}, ch.c.Status) {
				return refuse(Conflict, "no-plan", "There is no answer to show before there is a plan.")
			}
			p, err := ch.plan(ctx)
			if err != nil {
				return err
			}
			planned, err := ch.planned(ctx)
			if err != nil {
				return err
			}
			look := rehearsalOf(ctx)
			if err := ch.tellRecipients(ctx); err != nil {
				return err
			}
			notices := look.letters // the answer stands before them
			look.letters = nil
			if err := ch.letterDone(ctx, p, planned); err != nil {
				return err
			}
			look.letters = append(look.letters, notices...)
			return nil
		})
	})
}

// planned counts the outcomes that the plan leads to when all goes well.
func (ch *change) planned(ctx context.Context) ([]outcomeCount, error) {
	rows, err := ch.Query(ctx, `select case r.action when 'erase' then 'verified_absent' when 'mask' then 'verified_masked'
			when 'detach' then 'verified_detached' when 'suppress' then 'verified_suppressed' when 'correct' then 'verified_corrected'
			when 'disclose' then 'disclosed' when 'redact' then 'redacted' else 'kept' end as outcome, count(*)
		from plan_records r where r.plan_id = $1 group by 1 order by 1`, ch.c.PlanID)
	if err != nil {
		return nil, fmt.Errorf("count actions: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[outcomeCount])
}

// LetterDraft is a decision with its letters as a person looked at them.
type LetterDraft struct {
	ID      uuid.UUID      `json:"-"`
	Do      string         `json:"do"` // refuse, extend, ask, preview, …
	Step    Step           `json:"step"`
	Ask     Ask            `json:"ask"`
	Matter  MatterDecision `json:"matter,omitzero"`
	Words   Words          `json:"words"`
	Letters []Preview      `json:"letters"`
}

// draftLives is how long a draft waits.
const draftLives = 24 * time.Hour

// KeepLetterDraft seals a draft for the person who made it; it names the customer,
// so looking at it is an event.
func (s *Service) KeepLetterDraft(ctx context.Context, by Actor, id uuid.UUID, d LetterDraft) (uuid.UUID, error) {
	if by.Role != DPO && by.Role != Agent {
		return uuid.Nil, errNotFound()
	}
	if d.ID == uuid.Nil {
		d.ID = newID()
	}
	return d.ID, s.within(ctx, id, func(ch *change) error {
		if err := s.checkWords(d.Words, d.Step.Reason); err != nil {
			return err
		}
		plain, err := json.Marshal(d)
		if err != nil {
			return fmt.Errorf("encode draft: %w", err)
		}
		if _, err := ch.Exec(ctx, `delete from letter_drafts where made_at < $1`, ch.at.Add(-draftLives)); err != nil {
			return fmt.Errorf("clean drafts: %w", err)
		}
		_, err = ch.Exec(ctx, `insert into letter_drafts (id, case_id, by_user, made_at, sealed) values ($1, $2, $3, $4, $5)
			on conflict (id) do update set sealed = excluded.sealed, made_at = excluded.made_at
			where letter_drafts.case_id = excluded.case_id and letter_drafts.by_user = excluded.by_user`,
			d.ID, ch.c.ID, by.ID, ch.at, ch.key.Seal("draft "+d.ID.String(), plain))
		if err != nil {
			return fmt.Errorf("insert draft: %w", err)
		}
		ch.record(by, evidence.PersonalDataViewed{Purpose: "letter_preview", Records: evidence.Count(len(d.Letters)), What: "letter"})
		return nil
	})
}

// ReadLetterDraft opens the draft that this person made.
func (s *Service) ReadLetterDraft(ctx context.Context, by Actor, id, draft uuid.UUID) (*LetterDraft, error) {
	var sealed []byte
	err := s.db.QueryRow(ctx, `select d.sealed from letter_drafts d where d.id = $1 and d.case_id = $2 and d.by_user = $3 and d.made_at > $4`,
		draft, id, by.ID, s.now().Add(-draftLives)).Scan(&sealed)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, errNotFound()
	}
	if err != nil {
		return nil, fmt.Errorf("read draft: %w", err)
	}
	key, err := s.CaseKey(ctx, id.String())
	if err != nil {
		return nil, err
	}
	d := &LetterDraft{}
	if err := openJSON(key, "draft "+draft.String(), sealed, d); err != nil {
		return nil, err
	}
	d.ID = draft
	return d, nil
}

// DropLetterDraft forgets a draft that was sent.
func (s *Service) DropLetterDraft(ctx context.Context, by Actor, id, draft uuid.UUID) error {
	if _, err := s.db.Exec(ctx, `delete from letter_drafts where id = $1 and case_id = $2 and by_user = $3`, draft, id, by.ID); err != nil {
		return fmt.Errorf("drop draft: %w", err)
	}
	return nil
}
