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
	"habeas/requests/identity"
)

// FactsAsked is what a person may give beside a proved address, so that the law
// lets us answer. It follows from the law, the rights and what the systems are
// described to hold, never from what they hold of somebody: it reads the same for
// a person who is known and for one who is not.
type FactsAsked struct {
	Points   int             // how many have to agree in all, the proved address among them
	Named    bool            // the name counts as one
	Ask      []identity.Fact // those that are typed
	Declares bool            // a declaration under penalty of perjury is asked for besides
	Declared *time.Time      // when it was signed
	Given    *time.Time      // when facts were last given
	Left     int             // how often more may be given
	Cite     string
}

// FactsGiven is what a person types. What is empty is not compared.
type FactsGiven struct {
	Facts map[identity.Fact]string
	// Declared is the name under the declaration, which is as Text says it: the
	// words that the person read. Both are kept (11 CCR 7062(c)).
	Declared, Text string
}

// factsState is a case's row: what waits to be compared, and what came of it.
type factsState struct {
	Round      int // 1 compares the name given when filing
	GivenAt    *time.Time
	Agreed     []identity.Fact
	DeclaredAt *time.Time
}

func factsOf(ctx context.Context, q querier, id uuid.UUID) (factsState, error) {
	var f factsState
	err := q.QueryRow(ctx, `select f.round, f.given_at, f.agreed, f.declared_at from identity_facts f where f.case_id = $1`, id).
		Scan(&f.Round, &f.GivenAt, &f.Agreed, &f.DeclaredAt)
	if errors.Is(err, pgx.ErrNoRows) {
		return factsState{}, nil
	}
	if err != nil {
		return f, fmt.Errorf("read facts: %w", err)
	}
	return f, nil
}

// atMost is the most that a case could need, whatever is found: what the page
// asks for. Points is 0 where a proved address suffices for anything that the
// systems are described to hold.
func (s *Service) atMost(law string, rights []string) identity.Need {
	level := identity.Low
	for _, c := range s.systems {
		for _, t := range c.Describe().Types {
			level = max(level, sensitivityOf(t))
		}
	}
	need := identity.Needed(law, rights, level)
	if pieces := identity.Pieces(law, rights); pieces.Points > 0 {
		need.Points, need.Declared, need.Named = max(need.Points, pieces.Points), true, true
		need.Cite = pieces.Cite
	}
	return need
}

func sensitivityOf(t connect.Type) identity.Sensitivity {
	categories := make([]string, len(t.Fields))
	for i, f := range t.Fields {
		categories[i] = f.Category
	}
	return identity.SensitivityOf(categories)
}

// askable are the facts that some system is described to hold, without the name
// where it was given when filing.
func (s *Service) askable(subject Subject) []identity.Fact {
	var out []identity.Fact
	for _, f := range identity.Typed {
		if f == identity.FactName && strings.TrimSpace(subject.Name) != "" {
			continue
		}
		if slices.ContainsFunc(s.systems, func(c connect.Connector) bool {
			return slices.ContainsFunc(c.Describe().Types, func(t connect.Type) bool { return holdsFact(t, f) })
		}) {
			out = append(out, f)
		}
	}
	return out
}

func holdsFact(t connect.Type, f identity.Fact) bool {
	return slices.ContainsFunc(t.Fields, func(x connect.Field) bool { return !x.FreeText && !x.Others && f.StandsIn(x.Category) })
}

// FactsAsked tells what a person may give; nil while nothing is asked: the law
// wants none, the address is not proved yet, or the request is decided.
func (s *Service) FactsAsked(ctx context.Context, c *Case) (*FactsAsked, error) {
	if c.Kind != KindRequest || !NeedsProof(c.Rights) || c.VerifiedAt == nil || c.wrapped == nil || c.ActedAt != nil ||
		c.Status != Verified && c.Status != Discovering && c.Status != Review {
		return nil, nil
	}
	need := s.atMost(c.Law, c.Rights)
	if need.Points == 0 {
		return nil, nil
	}
	subject, err := s.subject(c)
	if err != nil {
		return nil, err
	}
	if subject.Know == "categories" {
		need.Declared, need.Points = false, identity.Needed(c.Law, c.Rights, identity.Low).Points
	}
	if subject.codeProves() == identity.RepresentativeCode && !subject.OnBehalf.HandedOver {
		need.Declared = false // only the person concerned can declare it
	}
	shown, err := s.shown(ctx, s.db, c, subject)
	if err != nil || shown.Settled() {
		return nil, err
	}
	f, err := factsOf(ctx, s.db, c.ID)
	if err != nil {
		return nil, err
	}
	return &FactsAsked{
		Points: need.Points, Named: need.Named, Ask: s.askable(subject), Declares: need.Declared && f.DeclaredAt == nil, Declared: f.DeclaredAt,
		Given: f.GivenAt, Left: max(0, identity.Comparisons-max(0, f.Round-1)), Cite: need.Cite,
	}, nil
}

// GiveFacts takes facts from whoever proved the address. They are compared by a
// worker, so that neither the answer nor its time tells anything, and deleted when
// they were (11 CCR 7060(e)); the declaration is kept.
func (s *Service) GiveFacts(ctx context.Context, by Actor, id uuid.UUID, given FactsGiven) error {
	c, err := s.Get(ctx, by, id)
	if err != nil {
		return err
	}
	if by.Role != Customer {
		return errNotFound()
	}
	asked, err := s.FactsAsked(ctx, c)
	if err != nil {
		return err
	}
	if asked == nil {
		return refuse(Conflict, "not-waiting", "The request does not wait for anything more about you.")
	}
	facts, faults := asked.check(given)
	if len(faults) > 0 {
		return invalid(faults...)
	}
	return s.within(ctx, id, func(ch *change) error {
		f, err := factsOf(ctx, ch.Tx, id)
		switch {
		case err != nil:
			return err
		case len(facts) > 0 && f.Round > identity.Comparisons:
			return refuse(TooMany, "too-many-facts", "You have sent details three times. Please write to us: there are other ways to show who you are.")
		case ch.c.Status != Verified && ch.c.Status != Discovering && ch.c.Status != Review:
			return refuse(Conflict, "not-waiting", "The request does not wait for anything more about you.")
		}
		if given.Declared != "" && f.DeclaredAt == nil {
			if err := ch.declare(ctx, by, given); err != nil {
				return err
			}
		}
		if len(facts) > 0 {
			return ch.compare(ctx, facts, &ch.at)
		}
		return ch.weighFacts(ctx)
	})
}

// check says what is wrong with what was typed, and what of it is to be compared.
func (a *FactsAsked) check(given FactsGiven) (map[identity.Fact]string, []FieldError) {
	var faults []FieldError
	facts := map[identity.Fact]string{}
	for f, typed := range given.Facts {
		switch typed = strings.TrimSpace(typed); {
		case !slices.Contains(a.Ask, f):
			faults = append(faults, FieldError{Field: string(f), Message: "This is not asked for."})
		case typed == "":
		case !plainText(typed) || !f.Usable(typed):
			faults = append(faults, FieldError{Field: string(f), Message: factLooks[f]})
		default:
			facts[f] = typed
		}
	}
	if given.Declared != "" && (!a.Declares || len(given.Declared) > maxName || !plainText(given.Declared) || strings.TrimSpace(given.Text) == "") {
		faults = append(faults, FieldError{Field: "declared", Message: "Sign with your full name."})
	}
	if len(facts) == 0 && given.Declared == "" && len(faults) == 0 {
		faults = append(faults, FieldError{Field: "facts", Message: "Give at least one detail."})
	}
	slices.SortFunc(faults, func(a, b FieldError) int { return strings.Compare(a.Field, b.Field) })
	return facts, faults
}

// factLooks say how a fact is written.
var factLooks = map[identity.Fact]string{
	identity.FactName:     "Give the whole name.",
	identity.FactPhone:    "Give the number with its area code.",
	identity.FactPostcode: "Give the postal code alone, with all its digits.",
	identity.FactNumber:   "Give the number of a customer, an order or an invoice, as it stands in a letter of ours.",
}

// declare keeps the declaration under penalty of perjury, sealed, as long as the
// case has its key.
func (ch *change) declare(ctx context.Context, by Actor, given FactsGiven) error {
	raw, err := json.Marshal(declaration{Name: strings.TrimSpace(given.Declared), Text: given.Text})
	if err != nil {
		return fmt.Errorf("encode declaration: %w", err)
	}
	b := &pgx.Batch{}
	b.Queue(`insert into identity_facts (case_id, declared_at, declaration) values ($1, $2, $3)
		on conflict (case_id) do update set declared_at = excluded.declared_at, declaration = excluded.declaration`, ch.c.ID, ch.at, ch.key.Seal("declaration", raw))
	b.Queue(`insert into proofs (case_id, kind, at) values ($1, $2, $3)`, ch.c.ID, identity.Declaration, ch.at)
	if err := ch.SendBatch(ctx, b).Close(); err != nil {
		return fmt.Errorf("keep declaration: %w", err)
	}
	ch.record(by, evidence.IdentityVerified{Proof: evidence.Code(identity.Declaration), Reason: evidence.Digest(ch.key.Digest("declaration", string(raw))), Use: "verification"})
	return nil
}

type declaration struct {
	Name string `json:"name"`
	Text string `json:"text"`
}
