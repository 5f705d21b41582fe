package requests

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"habeas/requests/evidence"
	"habeas/requests/mail"
)

// Words are what a person writes into the free slots of a letter, in the
// customer's language. The legal text is none of them.
type Words struct {
	Note   string `json:"note,omitempty"`   // a personal note, one or more paragraphs
	Person string `json:"person,omitempty"` // who answers questions about the letter
}

func (w Words) slots() (slots []evidence.Code) {
	if w.Note != "" {
		slots = append(slots, "note")
	}
	if w.Person != "" {
		slots = append(slots, "person")
	}
	return slots
}

// checkWords refuses what does not belong into a letter: too much, markup,
// addresses of other sites.
func (s *Service) checkWords(w Words, reason string) error {
	var faults []FieldError
	hosts := mail.HostsOf(s.set.BaseURL, s.set.Contact)
	for _, x := range []struct{ slot, text string }{{"reason", reason}, {"note", w.Note}, {"person", w.Person}} {
		if err := mail.CheckWords(x.slot, x.text, hosts); err != nil {
			text := err.Error()
			faults = append(faults, FieldError{Field: x.slot, Message: strings.ToUpper(text[:1]) + text[1:] + "."})
		}
	}
	if len(faults) > 0 {
		return invalid(faults...)
	}
	return nil
}

type wordsKey struct{}

// spoken are the words that travel with one call of a verb: whichever letters
// it sends take them, and no verb need know of them.
type spoken struct {
	by    Actor
	words Words
}

// WithWords lets the letters of the verbs called under the returned context
// carry a person's words.
func (s *Service) WithWords(ctx context.Context, by Actor, w Words) (context.Context, error) {
	if err := s.checkWords(w, ""); err != nil {
		return nil, err
	}
	return context.WithValue(ctx, wordsKey{}, spoken{by, w}), nil
}

// taken are words that a letter is about to carry.
type taken struct {
	spoken
	id uuid.UUID // of the row that waited for the letter; zero where the words came with the call
}

// takeWords puts a person's words into a letter that has slots for them: those
// that came with the call, or those prepared for its kind.
func (ch *change) takeWords(ctx context.Context, l mail.Letter, d *mail.Slots) (taken, error) {
	free := mail.Free(l.Kind)
	if len(free) == 0 {
		return taken{}, nil
	}
	var t taken
	if said, ok := ctx.Value(wordsKey{}).(spoken); ok {
		t.spoken = said
	} else {
		var err error
		if t, err = ch.prepared(ctx, l.Kind); err != nil {
			return taken{}, err
		}
	}
	if slices.Contains(free, mail.SlotNote) {
		d.Note = t.words.Note
	}
	if slices.Contains(free, mail.SlotPerson) {
		d.Person = t.words.Person
	}
	return t, nil
}

// prepared are the words that wait for a kind of letter.
func (ch *change) prepared(ctx context.Context, kind string) (taken, error) {
	var t taken
	var sealed []byte
	kinds := []string{kind}
	if slices.Contains(erasureAnswers, kind) {
		kinds = erasureAnswers // what is seen at the end decides which of them it is
	}
	err := ch.QueryRow(ctx, `select w.id, w.sealed from letter_words w
		where w.case_id = $1 and w.kind = any($2) and w.letter_id is null order by w.kind <> $3, w.at desc, w.id desc limit 1`, ch.c.ID, kinds, kind).Scan(&t.id, &sealed)
	if errors.Is(err, pgx.ErrNoRows) {
		return taken{}, nil
	}
	if err != nil {
		return taken{}, fmt.Errorf("read words: %w", err)
	}
	if err := openJSON(ch.key, "words "+t.id.String(), sealed, &t.words); err != nil {
		return taken{}, err
	}
	return t, nil
}

// wordsSent notes which letter carries the words.
func (ch *change) wordsSent(ctx context.Context, l mail.Letter, t taken) error {
	if t.id != uuid.Nil {
		if _, err := ch.Exec(ctx, `update letter_words w set letter_id = $2 from letter_words n where n.id = $1 and w.case_id = n.case_id and w.kind = n.kind and w.letter_id is null`, t.id, l.ID); err != nil {
			return fmt.Errorf("note words: %w", err)
		}
		return nil
	}
	if len(t.words.slots()) == 0 {
		return nil
	}
	return ch.keepWords(ctx, t.by, l.Kind, l.ID, t.words)
}

// keepWords seals a person's words; letter is empty where they wait for one.
func (ch *change) keepWords(ctx context.Context, by Actor, kind, letter string, w Words) error {
	id := newID()
	plain, err := json.Marshal(w)
	if err != nil {
		return fmt.Errorf("encode words: %w", err)
	}
	digest := ch.key.Digest("words", id.String(), w.Note, w.Person)
	_, err = ch.Exec(ctx, `insert into letter_words (id, case_id, kind, digest, by_user, at, letter_id, sealed) values ($1, $2, $3, $4, $5, $6, nullif($7, '')::uuid, $8)`,
		id, ch.c.ID, kind, digest, by.ID, ch.at, letter, ch.key.Seal("words "+id.String(), plain))
	if err != nil {
		return fmt.Errorf("insert words: %w", err)
	}
	ch.record(by, evidence.LetterEdited{Digest: evidence.Digest(digest), Template: evidence.Code(kind), Letter: evidence.ID(letter), Slots: w.slots()})
	return nil
}

// PrepareWords seals words for letters that will go out by themselves; earlier
// ones for the same kinds fall. Empty words take them back.
func (s *Service) PrepareWords(ctx context.Context, by Actor, id uuid.UUID, kinds []string, w Words) error {
	if by.Role != DPO {
		return refuse(Forbidden, "officer-only", "Only a data protection officer writes in letters.")
	}
	if err := s.checkWords(w, ""); err != nil {
		return err
	}
	return s.within(ctx, id, func(ch *change) error {
		if !ch.c.Status.Open() {
			return refuse(Conflict, "case-ended", "The request has ended; its letters are sent.")
		}
		for _, kind := range kinds {
			if !slices.Contains(mail.Free(kind), mail.SlotNote) {
				return invalid(FieldError{Field: "kind", Message: "This letter has no place for words of your own."})
			}
			if _, err := ch.Exec(ctx, `delete from letter_words where case_id = $1 and kind = $2 and letter_id is null`, ch.c.ID, kind); err != nil {
				return fmt.Errorf("drop words: %w", err)
			}
			if err := ch.keepWords(ctx, by, kind, "", w); err != nil {
				return err
			}
		}
		return nil
	})
}
