package requests

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"habeas/requests/blob"
	"habeas/requests/evidence"
	"habeas/requests/identity"
	"habeas/requests/seal"
)

// Limits of the documents that prove that somebody may ask for another.
const (
	MaxDocument  = 10 << 20
	maxDocuments = 5 // in one case at a time
)

// DocumentView is a document that waits for the desk, without what it says.
type DocumentView struct {
	ID   uuid.UUID
	At   time.Time
	Size int64
}

// Document is an open one.
type Document struct {
	Name string // ours: what its sender called it is never kept
	Type string // by its first bytes
	Body []byte
}

// checkDocument says what is wrong with a file. Only its first bytes count, not
// what anybody says it is; it is never unpacked nor rendered.
func checkDocument(file []byte) *FieldError {
	if len(file) > MaxDocument || typeOfFile(file) == "" {
		return &FieldError{Field: "permission", Message: "Use a PDF, JPEG or PNG of at most 10 MB."}
	}
	return nil
}

// documentWhat is what a document is to prove, as the log calls it.
var documentWhat = map[string]evidence.Code{
	identity.ForAgent: "permission", identity.ForParent: "parenthood", identity.ForAttorney: "authority", identity.ForGuardian: "authority",
}

func documentName(c, id uuid.UUID) string { return "document/" + c.String() + "/" + id.String() }

// storeDocument seals a file under the case's key. It counts once its row is
// committed; a file without one is deleted with the case.
func (s *Service) storeDocument(ctx context.Context, key seal.Key, c, id uuid.UUID, file []byte) error {
	w, err := s.blobs.Create(ctx, documentName(c, id))
	if err != nil {
		return fmt.Errorf("store document: %w", err)
	}
	sealed, err := key.Writer(w)
	if err != nil {
		return errors.Join(err, w.Abort())
	}
	if _, err := sealed.Write(file); err != nil {
		return errors.Join(fmt.Errorf("store document: %w", err), w.Abort())
	}
	if err := sealed.Close(); err != nil {
		return errors.Join(fmt.Errorf("store document: %w", err), w.Abort())
	}
	return w.Commit()
}

// noteDocument makes a stored file a document of the case.
func (ch *change) noteDocument(ctx context.Context, by Actor, id uuid.UUID, file []byte, standing string) error {
	sum := sha256.Sum256(file)
	digest := ch.key.Digest("document", id.String(), hex.EncodeToString(sum[:]))
	if _, err := ch.Exec(ctx, `insert into attachments (id, case_id, kind, sha256, size, at, sealed) values ($1, $2, 'document', $3, $4, $5, $6)`,
		id, ch.c.ID, digest, len(file), ch.at, ch.key.Seal("document "+id.String(), []byte(typeOfFile(file)))); err != nil {
		return fmt.Errorf("insert document: %w", err)
	}
	ch.c.setFlag(Attention, true) // somebody has to look at it
	ch.record(by, evidence.DocumentReceived{Document: evidence.ID(id.String()), SHA256: evidence.Digest(digest), Size: evidence.Count(len(file)), What: documentWhat[standing]})
	return nil
}

// AddDocument takes a document that proves that somebody may ask for another
// person: from whoever asks, once the address is proved, or from staff.
func (s *Service) AddDocument(ctx context.Context, by Actor, id uuid.UUID, file []byte) (uuid.UUID, error) {
	own := by.Role == Customer && by.ID == id.String()
	if !own && by.Role != DPO && by.Role != Agent {
		return uuid.Nil, errNotFound()
	}
	if fault := checkDocument(file); fault != nil {
		fault.Field = "file"
		return uuid.Nil, invalid(*fault)
	}
	key, err := s.CaseKey(ctx, id.String())
	if errors.Is(err, pgx.ErrNoRows) {
		return uuid.Nil, errNotFound()
	}
	if err != nil {
		return uuid.Nil, err
	}
	document := newID()
	if err := s.within(ctx, id, func(ch *change) error { return ch.takesDocument(ctx) }); err != nil {
		return uuid.Nil, err // before anything is stored
	}
	if err := s.storeDocument(ctx, key, id, document, file); err != nil {
		return uuid.Nil, err
	}
	err = s.within(ctx, id, func(ch *change) error {
		if err := ch.takesDocument(ctx); err != nil {
			return err
		}
		subject, err := openSubject(ch.key, ch.c.sealed)
		if err != nil {
			return fmt.Errorf("open case: %w", err)
		}
		subject.OnBehalf.Refused, subject.OnBehalf.Ground = false, ""
		if err := ch.seal(subject); err != nil {
			return err
		}
		return ch.noteDocument(ctx, by, document, file, subject.OnBehalf.Kind)
	})
	if e := (*Error)(nil); errors.As(err, &e) { // refused; any other error may hide a commit that took place
		return uuid.Nil, errors.Join(err, s.blobs.Delete(context.WithoutCancel(ctx), documentName(id, document)))
	}
	return document, err
}

// takesDocument refuses a document that nobody waits for.
func (ch *change) takesDocument(ctx context.Context) error {
	subject, err := openSubject(ch.key, ch.c.sealed)
	if err != nil {
		return fmt.Errorf("open case: %w", err)
	}
	accepted, err := ch.hasProof(ctx, identity.AgentPermission)
	if err != nil {
		return err
	}
	var have int
	if err := ch.QueryRow(ctx, `select count(*) from attachments a where a.case_id = $1 and a.kind = 'document'`, ch.c.ID).Scan(&have); err != nil {
		return fmt.Errorf("count documents: %w", err)
	}
	switch {
	case accepted || !ch.c.awaitsPermission(subject):
		return refuse(Conflict, "not-waiting", "The request does not wait for a document.")
	case have >= maxDocuments:
		return refuse(TooMany, "too-many-documents", "Enough documents were sent. We look at them first.")
	}
	return nil
}

func (s *Service) documents(ctx context.Context, c *Case) ([]DocumentView, error) {
	rows, err := s.db.Query(ctx, `select a.id, a.at, a.size from attachments a where a.case_id = $1 and a.kind = 'document' order by a.id`, c.ID)
	if err != nil {
		return nil, fmt.Errorf("read documents: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[DocumentView])
}

// OpenDocument shows a document to staff who name a purpose; each look is an
// event, written before the document is shown.
func (s *Service) OpenDocument(ctx context.Context, by Actor, id, document uuid.UUID, purpose string) (*Document, error) {
	if by.Role != DPO && by.Role != Agent {
		return nil, errNotFound()
	}
	if !slices.Contains(ViewPurposes, purpose) {
		return nil, invalid(FieldError{Field: "purpose", Message: "Say why you look."})
	}
	var key seal.Key
	err := s.within(ctx, id, func(ch *change) error {
		key = ch.key
		var there bool
		if err := ch.QueryRow(ctx, `select exists (select 1 from attachments a where a.id = $1 and a.case_id = $2 and a.kind = 'document')`, document, id).Scan(&there); err != nil {
			return fmt.Errorf("find document: %w", err)
		}
		if !there {
			return errNotFound()
		}
		ch.record(by, evidence.PersonalDataViewed{Purpose: evidence.Code(purpose), Records: 1, What: "document"})
		return nil
	})
	if err != nil {
		return nil, err
	}
	r, _, err := s.blobs.Open(ctx, documentName(id, document))
	if errors.Is(err, blob.ErrNotFound) {
		return nil, errNotFound() // deleted meanwhile
	}
	if err != nil {
		return nil, fmt.Errorf("open document: %w", err)
	}
	defer r.Close()
	plain, err := key.Reader(r)
	if err != nil {
		return nil, fmt.Errorf("open document: %w", err)
	}
	body, err := io.ReadAll(io.LimitReader(plain, MaxDocument+1))
	if err != nil {
		return nil, fmt.Errorf("open document: %w", err)
	}
	out := &Document{Type: typeOfFile(body), Body: body}
	ending := map[string]string{"application/pdf": ".pdf", "image/jpeg": ".jpg", "image/png": ".png"}
	out.Name = "document-" + document.String()[24:] + ending[out.Type]
	return out, nil
}

// dropDocuments deletes a case's documents: what proves something is used once
// (11 CCR 7060(d), 7070).
func (ch *change) dropDocuments(ctx context.Context, by Actor, cause evidence.Code) error {
	if err := ch.s.blobs.DeletePrefix(ctx, "document/"+ch.c.ID.String()); err != nil {
		return fmt.Errorf("delete documents: %w", err)
	}
	rows, err := ch.Query(ctx, `delete from attachments where case_id = $1 and kind = 'document' returning id::text`, ch.c.ID)
	if err != nil {
		return fmt.Errorf("delete documents: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return fmt.Errorf("delete documents: %w", err)
	}
	for _, id := range ids {
		ch.record(by, evidence.DocumentDeleted{Cause: cause, Document: evidence.ID(id)})
	}
	return nil
}

// dropEndedDocuments deletes what is left when a case ends undecided. That of an
// opt-out, which is done before anybody has looked, waits until it closes.
func (s *Service) dropEndedDocuments(ctx context.Context) error {
	return s.each(ctx, func(ch *change) error { return ch.dropDocuments(ctx, sweepActor, "ended") },
		`select distinct c.id from cases c join attachments a on a.case_id = c.id and a.kind = 'document'
		where c.status in ('closed', 'refused', 'expired', 'withdrawn') or c.status = 'completed' and not c.rights <@ $1 limit 100`, unverifiedRights)
}
