package requests

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"habeas/requests/clock"
	"habeas/requests/evidence"
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

// Recourses are what a person can file about a request now, and what was filed
// and is not decided yet: there is one of each kind at a time.
func (s *Service) Recourses(ctx context.Context, c *Case) (kinds []string, open []*Case, err error) {
	best := s.Recourse(c)
	if best == "" {
		return nil, nil, nil
	}
	list, err := s.Matters(ctx, c)
	if err != nil {
		return nil, nil, err
	}
	open = slices.DeleteFunc(list, func(m *Case) bool { return m.Status != Review && m.Status != Verified })
	for _, kind := range []string{KindAppeal, KindComplaint} {
		if (kind == KindComplaint || best == kind) && !slices.ContainsFunc(open, func(m *Case) bool { return m.Kind == kind }) {
			kinds = append(kinds, kind)
		}
	}
	return kinds, open, nil
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
