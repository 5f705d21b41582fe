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
	"habeas/requests/seal"
)

// toCompare is what a task of the stage match compares in its system.
type toCompare struct {
	Who   []connect.Identity       `json:"who"` // proved
	Facts map[identity.Fact]string `json:"facts"`
}

// compareName compares the name given when filing, in every request in which
// facts count, so that its tasks do not tell for whom they do.
func (ch *change) compareName(ctx context.Context, subject Subject) error {
	if ch.c.Kind != KindRequest || !NeedsProof(ch.c.Rights) || ch.s.atMost(ch.c.Law, ch.c.Rights).Points == 0 {
		return nil
	}
	f, err := factsOf(ctx, ch.Tx, ch.c.ID)
	if err != nil || f.Round > 0 {
		return err
	}
	facts := map[identity.Fact]string{}
	if identity.FactName.Usable(subject.Name) {
		facts[identity.FactName] = strings.TrimSpace(subject.Name)
	}
	return ch.compare(ctx, facts, nil)
}

// compare makes a task in every system that can be searched and read. at is when
// the person gave the facts; nil for the name of the filing.
func (ch *change) compare(ctx context.Context, facts map[identity.Fact]string, at *time.Time) error {
	subject, err := openSubject(ch.key, ch.c.sealed)
	if err != nil {
		return fmt.Errorf("open case: %w", err)
	}
	all, err := ch.entry(ctx, subject)
	if err != nil {
		return err
	}
	in := toCompare{Facts: undisputed(subject, facts)}
	for _, id := range all {
		if id.Proven {
			in.Who = append(in.Who, id)
		}
	}
	raw, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("encode facts: %w", err)
	}
	var round int
	if err := ch.QueryRow(ctx, `insert into identity_facts as f (case_id, round, given_at) values ($1, 1, $2)
		on conflict (case_id) do update set round = f.round + 1, given_at = coalesce(excluded.given_at, f.given_at) returning f.round`, ch.c.ID, at).Scan(&round); err != nil {
		return fmt.Errorf("note facts: %w", err)
	}
	for _, conn := range ch.s.systems {
		if _, finds := conn.(connect.Finder); !finds {
			continue
		}
		if _, reads := conn.(connect.Reader); !reads {
			continue
		}
		if _, err := ch.Exec(ctx, `insert into tasks (id, case_id, system, stage, round, status, created_at, due_on, next_attempt_at, sealed_in)
			values ($1, $2, $3, $4, $5, 'waiting', $6, $7, $6, $8)`,
			newID(), ch.c.ID, conn.Describe().Name, Match, round, ch.at, ch.c.DueOn, ch.key.Seal("match", raw)); err != nil {
			return fmt.Errorf("insert task: %w", err)
		}
		ch.woke = true
	}
	return nil
}

// undisputed leaves out what the person says is wrong: nobody is verified by a
// field in dispute (11 CCR 7060(h)).
func undisputed(subject Subject, facts map[identity.Fact]string) map[identity.Fact]string {
	out := map[identity.Fact]string{}
	for f, typed := range facts {
		if !slices.ContainsFunc(subject.Corrections, func(p ProposedCorrection) bool {
			return f.Agrees(typed, []string{p.Wrong}) || f.Agrees(typed, []string{p.Right})
		}) {
			out[f] = typed
		}
	}
	return out
}

// Matching compares facts with the records of one person in one system, as they
// are read. It keeps no value.
type Matching struct {
	Who    []connect.Identity
	facts  map[identity.Fact]string
	types  map[string]map[string]string // by type: the category of each field in which a fact can stand
	agreed []identity.Fact
}

// matchRows is how many records of a system are compared at most: who has more is
// asked about the first.
const matchRows = 20_000

// Matching opens what a claim compares.
func (cl *Claim) Matching(d connect.Description) (*Matching, error) {
	var in toCompare
	if err := openJSON(cl.Key, "match", cl.sealedIn, &in); err != nil {
		return nil, fmt.Errorf("open task: %w", err)
	}
	m := &Matching{Who: in.Who, facts: in.Facts, types: map[string]map[string]string{}}
	for _, t := range d.Types {
		for _, x := range t.Fields {
			for f := range in.Facts {
				if x.FreeText || x.Others || !f.StandsIn(x.Category) {
					continue
				}
				if m.types[t.Name] == nil {
					m.types[t.Name] = map[string]string{}
				}
				m.types[t.Name][x.Name] = x.Category
			}
		}
	}
	return m, nil
}

// Wants takes a finding, and says whether its values are to be read. A record
// that may be another person's tells nothing.
func (m *Matching) Wants(f connect.Found) bool {
	if f.Match == connect.Ambiguous {
		return false
	}
	if f.Match == connect.Exact {
		m.agree(identity.FactEmail) // the proved address stands in it, or what is proved by it
	}
	return m.types[f.Type] != nil
}

// Limit is how many records are read at most.
func (m *Matching) Limit() int { return matchRows }

// See compares the values of one record.
func (m *Matching) See(row connect.Row) {
	for f, typed := range m.facts {
		if slices.Contains(m.agreed, f) {
			continue
		}
		var held []string
		for _, v := range row.Values {
			if f.StandsIn(m.types[row.Type][v.Field]) && !v.Redacted {
				held = append(held, textOf(v.Data))
			}
		}
		if f.Agrees(typed, held) {
			m.agree(f)
		}
	}
}

func (m *Matching) agree(f identity.Fact) {
	if !slices.Contains(m.agreed, f) {
		m.agreed = append(m.agreed, f)
	}
}

// textOf is a value as people write it.
func textOf(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	if string(raw) == "null" {
		return ""
	}
	return string(raw)
}

// Matched ends a comparison. What was typed is deleted with the last one: only
// which facts agreed is kept. m is nil where a system could not be read, which
// agrees with nothing.
func (s *Service) Matched(ctx context.Context, cl *Claim, m *Matching) error {
	return s.finish(ctx, cl, 0, func(ch *change) error {
		agreed := []identity.Fact{}
		if m != nil {
			agreed = append(agreed, m.agreed...)
		}
		b := &pgx.Batch{}
		b.Queue(`update tasks set sealed_in = null where id = $1`, cl.ID)
		b.Queue(`update identity_facts f set agreed = array(select distinct a from unnest(f.agreed || $2::text[]) a order by a) where f.case_id = $1`, ch.c.ID, agreed)
		if err := ch.SendBatch(ctx, b).Close(); err != nil {
			return fmt.Errorf("note what agreed: %w", err)
		}
		open, err := comparing(ctx, ch.Tx, ch.c.ID)
		if err != nil || open {
			return err
		}
		f, err := factsOf(ctx, ch.Tx, ch.c.ID)
		if err != nil {
			return err
		}
		var list []evidence.Code
		for _, a := range f.Agreed {
			list = append(list, evidence.Code(a))
		}
		ch.record(workerActor, evidence.IdentityCompared{Agreed: list, Round: evidence.Count(f.Round)})
		return ch.weighFacts(ctx)
	})
}

// comparing says that facts are still being compared.
func comparing(ctx context.Context, q querier, id uuid.UUID) (bool, error) {
	var open bool
	if err := q.QueryRow(ctx, `select exists (select 1 from tasks t where t.case_id = $1 and t.stage = 'match' and t.status in ('waiting', 'running'))`, id).Scan(&open); err != nil {
		return false, fmt.Errorf("count comparisons: %w", err)
	}
	return open, nil
}

// shown is everything that speaks for whoever asks.
func (s *Service) shown(ctx context.Context, q querier, c *Case, subject Subject) (identity.Shown, error) {
	proofs, err := proofsOf(ctx, q, c.ID)
	if err != nil {
		return identity.Shown{}, err
	}
	f, err := factsOf(ctx, q, c.ID)
	if err != nil {
		return identity.Shown{}, err
	}
	out := identity.Shown{Proofs: kindsOf(proofs), Agreed: f.Agreed}
	if b := subject.OnBehalf; b != nil && b.Kind != identity.ForAgent {
		out.Vouched = slices.Contains(out.Proofs, identity.AgentPermission)
	}
	return out, nil
}

// needed is what the law asks for before a case is approved, by what the search
// found. Specific pieces of information need more, and fall back to categories.
func (s *Service) needed(ctx context.Context, q querier, key seal.Key, c *Case) (identity.Need, error) {
	level := identity.Low
	if c.PlanID != nil {
		p, err := readPlan(ctx, q, *c.PlanID)
		if err != nil {
			return identity.Need{}, err
		}
		var way foundOnTheWay
		if err := openJSON(key, "plan", p.sealed, &way); err != nil {
			return identity.Need{}, err
		}
		for system, types := range way.Types {
			for _, typ := range types {
				if t, ok := s.typeOf(system, typ); ok {
					level = max(level, sensitivityOf(t))
				}
			}
		}
	}
	return identity.Needed(c.Law, c.Rights, level), nil
}

// weighFacts notes, or no longer notes, that fewer facts agree than the law asks
// for: a Doubt, which holds the approval and keeps the customer's page quiet.
func (ch *change) weighFacts(ctx context.Context) error {
	if ch.c.PlanID == nil || !NeedsProof(ch.c.Rights) {
		return nil
	}
	subject, err := openSubject(ch.key, ch.c.sealed)
	if err != nil {
		return fmt.Errorf("open case: %w", err)
	}
	shown, err := ch.s.shown(ctx, ch.Tx, ch.c, subject)
	if err != nil {
		return err
	}
	need, err := ch.s.needed(ctx, ch.Tx, ch.key, ch.c)
	if err != nil {
		return err
	}
	was, err := doubting(ctx, ch.Tx, ch.c.ID)
	if err != nil {
		return err
	}
	if need.Short(shown) == 0 {
		if _, err := ch.Exec(ctx, `delete from identity_doubts d where d.case_id = $1 and d.reason = $2 and d.settled_at is null`, ch.c.ID, identity.FactsShort); err != nil {
			return fmt.Errorf("drop doubt: %w", err)
		}
		if was {
			return ch.calmPlan(ctx)
		}
		return nil
	}
	raw, err := json.Marshal(Doubt{})
	if err != nil {
		return fmt.Errorf("encode doubt: %w", err)
	}
	if _, err := ch.Exec(ctx, `insert into identity_doubts (case_id, reason, system, noted_at, sealed) values ($1, $2, $3, $4, $5) on conflict do nothing`,
		ch.c.ID, identity.FactsShort, OwnSystem, ch.at, ch.key.Seal("doubt", raw)); err != nil {
		return fmt.Errorf("note doubt: %w", err)
	}
	ch.c.setFlag(Attention, true)
	return nil
}

// FactsView is how far facts speak for whoever asks, as the desk sees it: which
// agreed, never their values.
type FactsView struct {
	Points, Counted int // of those needed for what is approved
	Cite            string
	Agreed          []identity.Fact
	Given           *time.Time // when the person last gave some
	Comparing       bool
	// Pieces says that specific pieces are asked for, Reached that what is shown
	// suffices for them (11 CCR 7062(c)).
	Pieces, Reached bool
	Declared        *time.Time
	SignedAlike     bool       // the declaration is signed with the name that the request gives
	Settled         bool       // somebody has checked who asks: facts do not matter
	Asked           *time.Time // when the letter with other ways to prove went out
}

// Facts tells the desk; nil where the law counts none in this case.
func (s *Service) Facts(ctx context.Context, c *Case) (*FactsView, error) {
	if c.Kind != KindRequest || !NeedsProof(c.Rights) || c.wrapped == nil || s.atMost(c.Law, c.Rights).Points == 0 {
		return nil, nil
	}
	key, subject, err := s.opened(c)
	if err != nil {
		return nil, err
	}
	shown, err := s.shown(ctx, s.db, c, subject)
	if err != nil {
		return nil, err
	}
	f, err := factsOf(ctx, s.db, c.ID)
	if err != nil {
		return nil, err
	}
	need, err := s.needed(ctx, s.db, key, c)
	if err != nil {
		return nil, err
	}
	v := &FactsView{
		Points: need.Points, Counted: need.Counted(shown), Cite: need.Cite, Agreed: f.Agreed, Given: f.GivenAt, Declared: f.DeclaredAt, Settled: shown.Settled(), Asked: c.Unverified,
		Pieces: identity.Pieces(c.Law, c.Rights).Points > 0 && subject.Know != "categories", Reached: !identity.CategoriesOnly(c.Law, c.Rights, shown),
	}
	if v.Comparing, err = comparing(ctx, s.db, c.ID); err != nil {
		return nil, err
	}
	if f.DeclaredAt == nil {
		return v, nil
	}
	var sealed []byte
	err = s.db.QueryRow(ctx, `select f.declaration from identity_facts f where f.case_id = $1`, c.ID).Scan(&sealed)
	if errors.Is(err, pgx.ErrNoRows) {
		return v, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read declaration: %w", err)
	}
	var d declaration
	if err := openJSON(key, "declaration", sealed, &d); err != nil {
		return nil, err
	}
	v.SignedAlike = identity.FactName.Agrees(d.Name, []string{subject.Name})
	return v, nil
}
