package requests

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"habeas/requests/clock"
	"habeas/requests/connect"
	"habeas/requests/consent"
	"habeas/requests/evidence"
	"habeas/requests/mail"
)

// Objection is one use of personal data that a person objects to (GDPR Art. 21).
type Objection struct {
	Use       string // name in the register
	Title     string // as the person reads it
	Basis     string // legal basis, in words
	Marketing bool   // direct marketing: stops in any case (Art. 21(3))
	Ground    string // on which it was refused, a code; "" stops the use
	Cite      string // of the ground
	Reason    string // of the refusal, as the person reads it
	At        time.Time
}

// Refused reports whether the use goes on.
func (o Objection) Refused() bool { return o.Ground != "" }

// Objectable are the entries of the register that people may object to.
func (s Settings) Objectable() []Processing {
	return slices.DeleteFunc(slices.Clone(s.Register), func(p Processing) bool { return !p.objectable() })
}

// checkObjections takes what an objection is to: what is named; all direct
// marketing, where that is said; everything that can be objected to, where
// nothing is.
func (s *Service) checkObjections(f Filing, faults []FieldError) ([]string, []FieldError) {
	asks := slices.Contains(f.Rights, "objection")
	if len(f.Objections) > 0 && !asks {
		return nil, append(faults, FieldError{Field: "objections", Message: "These go with the right to object."})
	}
	if !asks {
		return nil, faults
	}
	var out, known []string
	for _, p := range s.set.Objectable() {
		known = append(known, p.Name)
		if slices.Contains(f.Objections, p.Name) || f.Marketing && p.Marketing || !f.Marketing && len(f.Objections) == 0 {
			out = append(out, p.Name)
		}
	}
	if slices.ContainsFunc(f.Objections, func(name string) bool { return !slices.Contains(known, name) }) {
		return nil, append(faults, FieldError{Field: "objections", Message: "One of these is nothing that can be objected to here. Use " + strings.Join(known, ", ") + "."})
	}
	return out, faults
}

// noteObjections keeps what an objection is to.
func (ch *change) noteObjections(ctx context.Context, names []string) error {
	for _, p := range ch.s.set.Register {
		if !slices.Contains(names, p.Name) {
			continue
		}
		if _, err := ch.Exec(ctx, `insert into objections (case_id, use, marketing, at) values ($1, $2, $3, $4)`, ch.c.ID, p.Name, p.Marketing, ch.at); err != nil {
			return fmt.Errorf("insert objection: %w", err)
		}
	}
	return nil
}

// Objections lists what a case objects to, as the register has it, in a
// language.
func (s *Service) Objections(ctx context.Context, c *Case, lang string) ([]Objection, error) {
	if c.wrapped == nil { // destroyed: the reasons are gone
		return s.objections(ctx, s.db, nil, c, lang)
	}
	key, err := s.ring.Unwrap(c.wrapped)
	if err != nil {
		return nil, fmt.Errorf("case key: %w", err)
	}
	return s.objections(ctx, s.db, key, c, lang)
}

type opener interface {
	Open(label string, sealed []byte) ([]byte, error)
}

func (s *Service) objections(ctx context.Context, q querier, key opener, c *Case, lang string) ([]Objection, error) {
	rows, err := q.Query(ctx, `select o.use, o.marketing, o.ground, o.at, o.sealed from objections o where o.case_id = $1 order by o.use`, c.ID)
	if err != nil {
		return nil, fmt.Errorf("read objections: %w", err)
	}
	law, err := c.LawRow()
	if err != nil {
		rows.Close()
		return nil, err
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Objection, error) {
		var o Objection
		var sealed []byte
		if err := row.Scan(&o.Use, &o.Marketing, &o.Ground, &o.At, &sealed); err != nil {
			return o, err
		}
		o.Title = o.Use
		if p, ok := s.set.entry(o.Use); ok {
			o.Title, o.Basis = s.set.Glossary.In(lang, p.In(lang)), s.set.basis(lang, c.Law, p)
		}
		if g, ok := law.Ground("objection", o.Ground); ok {
			o.Cite = g.Cite
		}
		if key != nil && len(sealed) > 0 {
			raw, err := key.Open("objection", sealed)
			if err != nil {
				return o, err
			}
			o.Reason = string(raw)
		}
		return o, nil
	})
	if err != nil {
		return nil, fmt.Errorf("read objections: %w", err)
	}
	return list, nil
}

// entry is the register's entry of a name.
func (s Settings) entry(name string) (Processing, bool) {
	i := slices.IndexFunc(s.Register, func(p Processing) bool { return p.Name == name })
	if i < 0 {
		return Processing{}, false
	}
	return s.Register[i], true
}

// stopping are the uses of a case that an objection stops; chosen is false
// where the register names none that could be chosen.
func (s *Service) stopping(ctx context.Context, q querier, c *Case) (uses []Processing, chosen bool, err error) {
	if !c.Asks("objection") {
		return nil, false, nil
	}
	rows, err := q.Query(ctx, `select o.use, o.ground from objections o where o.case_id = $1 order by o.use`, c.ID)
	if err != nil {
		return nil, false, fmt.Errorf("read objections: %w", err)
	}
	var use, ground string
	_, err = pgx.ForEachRow(rows, []any{&use, &ground}, func() error {
		chosen = true
		if p, ok := s.set.entry(use); ok && ground == "" {
			uses = append(uses, p)
		}
		return nil
	})
	if err != nil {
		return nil, false, fmt.Errorf("read objections: %w", err)
	}
	return uses, chosen, nil
}

// stops are, for a plan, the purposes whose use an objection stops. Empty
// means that no system has anything to change for it; nil that everything is.
func stops(uses []Processing, chosen bool) map[string][]string {
	if !chosen {
		return nil
	}
	out := []string{}
	for _, p := range uses {
		out = append(out, p.asksFor()...)
	}
	return map[string][]string{"objection": out}
}

// object carries an objection out: what it is to is refused from now on, at the
// time of use, for everything that leads to the person (Art. 21(3)).
func (ch *change) object(ctx context.Context) error {
	if !ch.c.Asks("objection") || !ch.grants("objection") {
		return nil
	}
	uses, chosen, err := ch.s.stopping(ctx, ch.Tx, ch.c)
	if err != nil {
		return err
	}
	var scopes []string
	for _, p := range uses {
		scopes = append(scopes, p.asksFor()...)
	}
	if !chosen {
		if scopes = ch.c.Purposes; len(scopes) == 0 {
			scopes = []string{consent.All}
		}
	}
	if err := ch.refuseUse(ctx, scopes...); err != nil {
		return fmt.Errorf("object: %w", err)
	}
	return nil
}

// ofMarketing are grounds on which even an objection to direct marketing is
// refused: they are about the request, not about the use.
var ofMarketing = []string{"unfounded", "excessive", "identity_unproven"}

// refusableObjection refuses to refuse an objection to direct marketing:
// against that nothing is weighed (Art. 21(3)).
func (ch *change) refusableObjection(ctx context.Context, st Step) error {
	if !ch.c.Asks("objection") || st.Right != "" && st.Right != "objection" {
		return nil
	}
	subject, err := openSubject(ch.key, ch.c.sealed)
	if err != nil {
		return fmt.Errorf("open case: %w", err)
	}
	uses, _, err := ch.s.stopping(ctx, ch.Tx, ch.c)
	if err != nil {
		return err
	}
	marketing := subject.Marketing || slices.ContainsFunc(uses, func(p Processing) bool { return p.Marketing })
	if !marketing || slices.Contains(ofMarketing, ch.c.groundCode("objection", st.Ground)) {
		return nil
	}
	return refuse(Unlawful, "not-lawful", "GDPR Art. 21(3): the person objects to direct marketing. It stops, and nothing is weighed against it.")
}

// RefuseUses refuses an objection to some of the uses that it is to, on a ground
// of the law; the others stop. The systems are searched again and the plan made
// with what was decided; earlier approvals fall.
func (s *Service) RefuseUses(ctx context.Context, by Actor, id uuid.UUID, uses []string, st Step) (*Case, error) {
	st.Right = "objection"
	var c *Case
	err := s.within(ctx, id, func(ch *change) error {
		c = ch.c
		if ch.c.Status != Review || !ch.c.Asks("objection") || !ch.grants("objection") {
			return refuse(Conflict, "not-in-review", "An objection is weighed while its request is in review.")
		}
		if err := ch.allowed(clock.Refuse, st); err != nil {
			return err
		}
		list, err := s.objections(ctx, ch.Tx, nil, ch.c, ch.c.Locale)
		if err != nil {
			return err
		}
		left := 0
		for _, o := range list {
			switch named := slices.Contains(uses, o.Use); {
			case !named && !o.Refused():
				left++
			case named && o.Marketing:
				return refuse(Unlawful, "not-lawful", "GDPR Art. 21(3): the person objects to direct marketing. It stops, and nothing is weighed against it.")
			}
		}
		known := func(use string) bool {
			return slices.ContainsFunc(list, func(o Objection) bool { return o.Use == use })
		}
		switch {
		case len(uses) == 0 || slices.ContainsFunc(uses, func(u string) bool { return !known(u) }):
			return invalid(FieldError{Field: "uses", Message: "Choose uses that the person objects to."})
		case left == 0:
			return refuse(Conflict, "nothing-left", "Nothing of the objection would be left. Refuse the whole right instead: the person gets the letter for it.")
		}
		return ch.refuseUses(ctx, by, uses, st)
	})
	return c, err
}

func (ch *change) refuseUses(ctx context.Context, by Actor, uses []string, st Step) error {
	code := ch.c.groundCode("objection", st.Ground)
	_, err := ch.Exec(ctx, `update objections set ground = $3, by_user = $4, at = $5, sealed = $6 where case_id = $1 and use = any($2)`,
		ch.c.ID, uses, code, userOf(by), ch.at, ch.key.Seal("objection", []byte(st.Reason)))
	if err != nil {
		return fmt.Errorf("refuse objection: %w", err)
	}
	ch.c.setFlag(Partial, true)
	ch.record(by, evidence.ObjectionRefused{
		Cite: evidence.Cite(ch.cite(st)), Ground: evidence.Code(code), Reason: ch.reasonDigest(st.Reason), Uses: codes(slices.Sorted(slices.Values(uses))),
	})
	return ch.startDiscovery(ctx, by)
}

// objectionSlots are what the letter says of each use.
func (ch *change) objectionSlots(ctx context.Context, d *mail.Slots) error {
	list, err := ch.s.objections(ctx, ch.Tx, ch.key, ch.c, ch.c.Locale)
	if err != nil {
		return err
	}
	if len(list) == 0 { // no register to choose from
		subject, err := openSubject(ch.key, ch.c.sealed)
		if err != nil {
			return fmt.Errorf("open case: %w", err)
		}
		d.Purposes, d.Advertising = ch.purposeTitles(), subject.Marketing
		return nil
	}
	for _, o := range list {
		if o.Refused() {
			d.Refused = append(d.Refused, mail.Refused{Use: o.Title, Text: o.Reason, Ground: o.Cite, Code: o.Ground})
			continue
		}
		d.Purposes = append(d.Purposes, o.Title)
		d.Advertising = d.Advertising || o.Marketing
	}
	return nil
}

// checkUse tells whether what a person's identity leads to may be put to a use of
// the register that rests on no consent: it may until the person objects.
func (s *Service) checkUse(ctx context.Context, id connect.Identity, use string) (ConsentState, error) {
	st, err := consent.Check(ctx, s.db, s.ring, consent.Identity{Kind: id.Kind, Normal: id.Normal()}, use)
	if err == nil && !st.Allowed && st.Since.IsZero() {
		st.Allowed = true
	}
	return st, err
}
