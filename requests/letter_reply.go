package requests

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"habeas/requests/evidence"
)

// Limits of what a customer sends over the portal.
const (
	MaxReplyFile = 5 << 20
	maxReplyText = 4000 // letters
	maxReplies   = 20   // in one case
)

// Reply is what a customer sends over the portal: an answer, a proof.
type Reply struct {
	ID   uuid.UUID `json:"-"`
	At   time.Time `json:"-"`
	Text string    `json:"text,omitempty"`
	File []byte    `json:"file,omitempty"`
	Type string    `json:"type,omitempty"` // application/pdf image/jpeg image/png, by its first bytes
}

// fileTypes are what a proof can be, by their first bytes: what a browser or a
// name says of a file is not asked.
var fileTypes = []struct{ magic, name string }{{"%PDF-", "application/pdf"}, {"\xff\xd8\xff", "image/jpeg"}, {"\x89PNG\r\n\x1a\n", "image/png"}}

func typeOfFile(file []byte) string {
	for _, t := range fileTypes {
		if bytes.HasPrefix(file, []byte(t.magic)) {
			return t.name
		}
	}
	return ""
}

// SendReply takes a customer's reply in their own case.
func (s *Service) SendReply(ctx context.Context, by Actor, id uuid.UUID, r Reply) error {
	if by.Role != Customer || by.ID != id.String() {
		return errNotFound()
	}
	r.Text, r.Type = strings.TrimSpace(r.Text), typeOfFile(r.File)
	switch {
	case r.Text == "" && len(r.File) == 0:
		return invalid(FieldError{Field: "text", Message: "Write a reply or choose a file."})
	case utf8.RuneCountInString(r.Text) > maxReplyText || !utf8.ValidString(r.Text) || strings.ContainsRune(r.Text, 0):
		return invalid(FieldError{Field: "text", Message: fmt.Sprintf("A reply has at most %d letters.", maxReplyText)})
	case len(r.File) > MaxReplyFile || len(r.File) > 0 && r.Type == "":
		return invalid(FieldError{Field: "file", Message: "Use a PDF, JPEG or PNG of at most 5 MB."})
	}
	return s.within(ctx, id, func(ch *change) error {
		if !ch.c.Status.Open() {
			return refuse(Conflict, "case-ended", "The request has ended.")
		}
		var have int
		if err := ch.QueryRow(ctx, `select count(*) from attachments a where a.case_id = $1 and a.kind = 'reply'`, id).Scan(&have); err != nil {
			return fmt.Errorf("count replies: %w", err)
		}
		if have >= maxReplies {
			return refuse(TooMany, "too-many-replies", "Many replies were sent already.")
		}
		r.ID = newID()
		plain, err := json.Marshal(r)
		if err != nil {
			return fmt.Errorf("encode reply: %w", err)
		}
		digest := ch.key.Digest("reply", r.ID.String(), r.Text, string(r.File))
		if _, err := ch.Exec(ctx, `insert into attachments (id, case_id, kind, sha256, size, at, sealed) values ($1, $2, 'reply', $3, $4, $5, $6)`,
			r.ID, id, digest, len(r.Text)+len(r.File), ch.at, ch.key.Seal("reply "+r.ID.String(), plain)); err != nil {
			return fmt.Errorf("insert reply: %w", err)
		}
		ch.c.setFlag(Attention, true) // somebody has to read it
		ch.record(by, evidence.ReplyReceived{Digest: evidence.Digest(digest), File: len(r.File) > 0, Reply: evidence.ID(r.ID.String()), Size: evidence.Count(len(r.Text) + len(r.File))})
		return nil
	})
}

// CountReplies says how many replies wait to be read.
func (s *Service) CountReplies(ctx context.Context, c *Case) (n int, err error) {
	if err := s.db.QueryRow(ctx, `select count(*) from attachments a where a.case_id = $1 and a.kind = 'reply'`, c.ID).Scan(&n); err != nil {
		return 0, fmt.Errorf("count replies: %w", err)
	}
	return n, nil
}

// Replies opens a case's replies for staff who name a purpose; each look is an
// event.
func (s *Service) Replies(ctx context.Context, by Actor, id uuid.UUID, purpose string) (out []Reply, err error) {
	if by.Role != DPO && by.Role != Agent {
		return nil, errNotFound()
	}
	if !slices.Contains(ViewPurposes, purpose) {
		return nil, invalid(FieldError{Field: "purpose", Message: "Say why you look."})
	}
	err = s.within(ctx, id, func(ch *change) error {
		rows, err := ch.Query(ctx, `select a.id, a.at, a.sealed from attachments a where a.case_id = $1 and a.kind = 'reply' order by a.id`, id)
		if err != nil {
			return fmt.Errorf("read replies: %w", err)
		}
		out, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (Reply, error) {
			var r Reply
			var sealed []byte
			if err := row.Scan(&r.ID, &r.At, &sealed); err != nil {
				return r, err
			}
			return r, openJSON(ch.key, "reply "+r.ID.String(), sealed, &r)
		})
		if err != nil {
			return fmt.Errorf("open replies: %w", err)
		}
		ch.record(by, evidence.PersonalDataViewed{Purpose: evidence.Code(purpose), Records: evidence.Count(len(out)), What: "reply"})
		return nil
	})
	return out, err
}

// DropReply deletes a reply that was checked, as the letter that asked for it
// promised (11 CCR 7060: used for the check alone, then deleted).
func (s *Service) DropReply(ctx context.Context, by Actor, id, reply uuid.UUID) error {
	return s.within(ctx, id, func(ch *change) error {
		tag, err := ch.Exec(ctx, `delete from attachments where id = $1 and case_id = $2 and kind = 'reply'`, reply, id)
		if err != nil {
			return fmt.Errorf("delete reply: %w", err)
		}
		if tag.RowsAffected() == 0 {
			return errNotFound()
		}
		var left bool
		if err := ch.QueryRow(ctx, `select exists (select 1 from attachments a where a.case_id = $1 and a.kind = 'reply')
			or exists (select 1 from tasks t where t.case_id = $1 and t.status = 'failed') or exists (select 1 from plans p where p.id = $2 and p.undecided > 0)`, id, ch.c.PlanID).Scan(&left); err != nil {
			return fmt.Errorf("look for replies: %w", err)
		}
		if !left {
			ch.c.setFlag(Attention, false)
		}
		ch.record(by, evidence.ReplyDeleted{Cause: "checked", Reply: evidence.ID(reply.String())})
		return nil
	})
}

// dropReplies deletes what is left when a case ends.
func (s *Service) dropReplies(ctx context.Context) error {
	return s.each(ctx, func(ch *change) error {
		rows, err := ch.Query(ctx, `delete from attachments where case_id = $1 and kind = 'reply' returning id::text`, ch.c.ID)
		if err != nil {
			return fmt.Errorf("delete replies: %w", err)
		}
		ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return fmt.Errorf("delete replies: %w", err)
		}
		for _, reply := range ids {
			ch.record(sweepActor, evidence.ReplyDeleted{Cause: "closed", Reply: evidence.ID(reply)})
		}
		return nil
	}, `select distinct c.id from cases c join attachments a on a.case_id = c.id and a.kind = 'reply'
		where c.status in ('completed', 'closed', 'refused', 'expired', 'withdrawn') limit 100`)
}
