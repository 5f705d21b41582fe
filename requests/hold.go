package requests

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"habeas/requests/connect"
	"habeas/requests/evidence"
)

// Hold says that something must not be destroyed for now: a person's data, all
// of a system's, or single records.
type Hold struct {
	ID       uuid.UUID
	Scope    string // person, system, records
	System   string // of a system or of records
	Ground   string // litigation, retention_duty, person_at_risk
	Cite     string // the article, where one was named; else the law's own
	Owner    uuid.UUID
	ReviewOn time.Time // date
	SetBy    uuid.UUID
	SetAt    time.Time
	LiftedBy *uuid.UUID
	LiftedAt *time.Time
	Things   int // how many identities or records it names
	Cases    int // how many cases keep something back because of it
	sealed   []byte
}

// NewHold is what somebody sets.
type NewHold struct {
	Scope      string
	System     string
	Identities []connect.Identity // of a person; kept as keyed digests only
	Records    []HeldRecord
	Ground     string
	Cite       string
	Owner      uuid.UUID // uuid.Nil: who sets it
	ReviewOn   time.Time // date
	Reason     string    // sealed; the log has a keyed digest
}

// HeldRecord is one record of a system.
type HeldRecord struct{ Type, Key string }

// HoldScopes and HoldGrounds are what a hold can be about, and why.
var (
	HoldScopes  = []string{"person", "system", "records"}
	HoldGrounds = []string{"litigation", "retention_duty", "person_at_risk"}
)

const (
	maxHeld     = 1000
	maxCite     = 200
	maxReview   = 2 * 365 * 24 * time.Hour // nobody answers for a hold longer without looking at it
	heldRecord  = "held-record"
	holdReason  = "hold"
	recordParts = "\x00"
)

// holdCode is the ground of the law's table on which a held record is kept. A
// person at risk has none of its own: whoever sets such a hold names the article.
var holdCode = map[string][]string{
	"litigation":     {"legal_claims", "legal_compliance", "legal_duty"},
	"retention_duty": {"legal_duty", "legal_compliance"},
}

// SetHold keeps what it names from being erased, in plans to come and in those
// approved already. It is for data protection officers.
func (s *Service) SetHold(ctx context.Context, by Actor, n NewHold) (*Hold, error) {
	user, err := officer(by)
	if err != nil {
		return nil, err
	}
	if n.Owner == uuid.Nil {
		n.Owner = user
	}
	if err := s.checkHold(ctx, &n); err != nil {
		return nil, err
	}
	h := &Hold{
		ID: newID(), Scope: n.Scope, System: n.System, Ground: n.Ground, Cite: n.Cite, Owner: n.Owner, ReviewOn: n.ReviewOn,
		SetBy: user, SetAt: s.now(), Things: max(len(n.Identities), len(n.Records)),
	}
	lookups := [][]byte{}
	for _, id := range n.Identities {
		lookups = append(lookups, s.ring.Lookup(id.Kind, id.Normal()))
	}
	for _, r := range n.Records {
		lookups = append(lookups, s.ring.Lookup(heldRecord, recordName(n.System, r.Type, r.Key)))
	}
	key := s.ring.System()
	raw, err := json.Marshal(n.Reason)
	if err != nil {
		return nil, fmt.Errorf("encode reason: %w", err)
	}
	h.sealed = key.Seal(holdReason, raw)
	ground, cite, basis := h.logged(key)
	err = pgx.BeginFunc(ctx, s.db, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `insert into holds (id, scope, system, ground, cite, owner, review_on, set_by, set_at, lookups, sealed)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
			h.ID, h.Scope, h.System, h.Ground, h.Cite, h.Owner, h.ReviewOn, h.SetBy, h.SetAt, lookups, h.sealed)
		if err != nil {
			return fmt.Errorf("insert hold: %w", err)
		}
		return evidence.AppendSystem(ctx, tx, evidence.Event{Actor: by.String(), Data: evidence.HoldSet{
			Basis: evidence.Digest(basis), Cite: evidence.Cite(cite), Ground: evidence.Code(ground), Hold: evidence.ID(h.ID.String()), Owner: evidence.ID(h.Owner.String()),
			Reason: evidence.Digest(key.Digest("reason", n.Reason)), Records: evidence.Count(len(n.Records)), ReviewOn: evidence.Day(h.ReviewOn),
			Scope: evidence.Code(h.Scope), System: evidence.Code(h.System),
		}})
	})
	if err != nil {
		return nil, err
	}
	return h, nil
}

// recordName is how a record is told from every other, whatever the case.
func recordName(system, typ, key string) string {
	return system + recordParts + typ + recordParts + key
}

// officer is the data protection officer who acts.
func officer(by Actor) (uuid.UUID, error) {
	user, err := uuid.Parse(by.ID)
	if by.Role != DPO || err != nil {
		return user, refuse(Forbidden, "dpo-only", "Only a data protection officer decides this.")
	}
	return user, nil
}

func (s *Service) checkHold(ctx context.Context, n *NewHold) error {
	var faults []FieldError
	bad := func(field, message string) { faults = append(faults, FieldError{Field: field, Message: message}) }
	switch n.Scope {
	case "person":
		if n.System != "" || len(n.Records) > 0 {
			bad("scope", "A hold on a person names identities and nothing else.")
		}
		n.Identities, faults = checkIdentities(n.Identities, Actor{Role: DPO}, faults)
	case "system":
		if len(n.Identities)+len(n.Records) > 0 {
			bad("scope", "A hold on a system names the system and nothing else.")
		}
	case "records":
		if len(n.Identities) > 0 {
			bad("scope", "A hold on records names the records and nothing else.")
		}
		if len(n.Records) == 0 || len(n.Records) > maxHeld {
			bad("records", fmt.Sprintf("Name between 1 and %d records.", maxHeld))
		}
	default:
		bad("scope", "Say what is held: "+strings.Join(HoldScopes, ", ")+".")
	}
	if n.Scope == "system" || n.Scope == "records" {
		if _, ok := s.System(n.System); !ok {
			bad("system", "There is no such system. Use one of "+strings.Join(s.SystemNames(), ", ")+".")
		}
	}
	for _, r := range n.Records {
		if _, ok := s.typeOf(n.System, r.Type); !ok || strings.TrimSpace(r.Key) == "" || len(r.Key) > maxIdentity || !plainText(r.Key) {
			bad("records", "Each record has a type that the system has, and its key.")
			break
		}
	}
	if !slices.Contains(HoldGrounds, n.Ground) {
		bad("ground", "Say why: "+strings.Join(HoldGrounds, ", ")+".")
	}
	n.Cite = strings.TrimSpace(n.Cite)
	switch {
	case n.Ground == "person_at_risk" && n.Cite == "":
		bad("cite", "No law has one article for this: name the one that this hold rests on.")
	case len(n.Cite) > maxCite || !plainText(n.Cite):
		bad("cite", fmt.Sprintf("An article has at most %d letters.", maxCite))
	case n.Cite != "" && (strings.Contains(n.Cite, "@") || !strings.ContainsAny(n.Cite, "0123456789")):
		bad("cite", "Name the article, such as GDPR Art. 17(3)(e): it stands in the log. Whom this is about goes into the reason, which is sealed.")
	}
	if strings.TrimSpace(n.Reason) == "" || len(n.Reason) > maxReason {
		bad("reason", fmt.Sprintf("Say what this is about, in up to %d letters. It is sealed.", maxReason))
	}
	today := s.now().Truncate(24 * time.Hour)
	if n.ReviewOn.Before(today) || n.ReviewOn.After(today.Add(maxReview)) {
		bad("review_on", "Give the day on which the hold is reviewed: today or later, within two years.")
	}
	if u, err := s.User(ctx, n.Owner); err != nil || u.Disabled {
		bad("owner", "The owner is a member of staff with an account.")
	}
	if len(faults) > 0 {
		return invalid(faults...)
	}
	return nil
}

// LiftHold ends a hold, with its reason. Open cases that keep something back
// because of it ask for attention: a new search plans it anew.
func (s *Service) LiftHold(ctx context.Context, by Actor, id uuid.UUID, reason string) (*Hold, error) {
	user, err := officer(by)
	if err != nil {
		return nil, err
	}
	if strings.TrimSpace(reason) == "" || len(reason) > maxReason {
		return nil, invalid(FieldError{Field: "reason", Message: "Say why the hold ends. It is sealed in the log as a keyed digest."})
	}
	key := s.ring.System()
	lifted := evidence.HoldLifted{Hold: evidence.ID(id.String()), Reason: evidence.Digest(key.Digest("reason", reason))}
	var cases []uuid.UUID
	err = pgx.BeginFunc(ctx, s.db, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `update holds set lifted_by = $2, lifted_at = $3 where id = $1 and lifted_at is null`, id, user, s.now())
		if err != nil {
			return fmt.Errorf("lift hold: %w", err)
		}
		if tag.RowsAffected() == 0 {
			if _, err := s.hold(ctx, tx, id); err != nil {
				return err
			}
			return refuse(Conflict, "hold-lifted", "This hold was lifted already.")
		}
		rows, err := tx.Query(ctx, `select hc.case_id from hold_cases hc join cases c on c.id = hc.case_id
			where hc.hold_id = $1 and `+openOnly+` order by hc.case_id`, id)
		if err != nil {
			return fmt.Errorf("read cases of hold: %w", err)
		}
		if cases, err = pgx.CollectRows(rows, pgx.RowTo[uuid.UUID]); err != nil {
			return fmt.Errorf("read cases of hold: %w", err)
		}
		return evidence.AppendSystem(ctx, tx, evidence.Event{Actor: by.String(), Data: lifted})
	})
	if err != nil {
		return nil, err
	}
	for _, c := range cases {
		err := s.within(ctx, c, func(ch *change) error {
			ch.c.setFlag(Attention, true)
			ch.record(by, evidence.HoldLifted{Hold: lifted.Hold})
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return s.hold(ctx, s.db, id)
}

const holdColumns = `h.id, h.scope, h.system, h.ground, h.cite, h.owner, h.review_on, h.set_by, h.set_at, h.lifted_by, h.lifted_at,
	cardinality(h.lookups), (select count(*) from hold_cases hc where hc.hold_id = h.id), h.sealed`

func scanHold(row pgx.Row) (*Hold, error) {
	var h Hold
	err := row.Scan(&h.ID, &h.Scope, &h.System, &h.Ground, &h.Cite, &h.Owner, &h.ReviewOn, &h.SetBy, &h.SetAt, &h.LiftedBy, &h.LiftedAt,
		&h.Things, &h.Cases, &h.sealed)
	return &h, err
}

func (s *Service) hold(ctx context.Context, q querier, id uuid.UUID) (*Hold, error) {
	h, err := scanHold(q.QueryRow(ctx, `select `+holdColumns+` from holds h where h.id = $1`, id))
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, refuse(NotFound, "no-such-hold", "There is no such hold.")
	}
	if err != nil {
		return nil, fmt.Errorf("read hold: %w", err)
	}
	return h, nil
}

// Hold returns one hold, as whoever asks may know it.
func (s *Service) Hold(ctx context.Context, by Actor, id uuid.UUID) (*Hold, error) {
	h, err := s.hold(ctx, s.db, id)
	if err != nil {
		return nil, err
	}
	return h.seenBy(by), nil
}

// Holds lists holds by the day of their review, those in force first; lifted
// ones only where asked for. Each is as whoever asks may know it.
func (s *Service) Holds(ctx context.Context, by Actor, lifted bool) ([]*Hold, error) {
	rows, err := s.db.Query(ctx, `select `+holdColumns+` from holds h where h.lifted_at is null or $1
		order by h.lifted_at is not null, h.review_on, h.id limit 1000`, lifted)
	if err != nil {
		return nil, fmt.Errorf("list holds: %w", err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (*Hold, error) {
		h, err := scanHold(row)
		return h.seenBy(by), err
	})
	if err != nil {
		return nil, fmt.Errorf("list holds: %w", err)
	}
	return list, nil
}

// HoldReason opens why a hold was set: for data protection officers, for it may
// name people.
func (s *Service) HoldReason(by Actor, h *Hold) (string, error) {
	if _, err := officer(by); err != nil {
		return "", err
	}
	var reason string
	return reason, openJSON(s.ring.System(), holdReason, h.sealed, &reason)
}

// HoldCases are the references of the cases that keep something back because of
// a hold, newest first, at most 100.
func (s *Service) HoldCases(ctx context.Context, id uuid.UUID) ([]*Case, error) {
	rows, err := s.db.Query(ctx, `select `+caseColumns+` from cases c join hold_cases hc on hc.case_id = c.id where hc.hold_id = $1
		order by hc.at desc, c.id limit 100`, id)
	if err != nil {
		return nil, fmt.Errorf("read cases of hold: %w", err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (*Case, error) { return s.scan(row) })
	if err != nil {
		return nil, fmt.Errorf("read cases of hold: %w", err)
	}
	return list, nil
}
