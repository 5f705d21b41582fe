package requests

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"habeas/requests/connect"
)

// Filter narrows the list of cases. Empty fields do not.
type Filter struct {
	Status    Status
	Right     string
	DueBefore time.Time
	System    string
	Flag      Flag
	Group     string // overdue, week, waiting, attention, ready: the desk's counts
	Ended     bool   // list ended cases too (implied by Status)
	Cursor    string
	Limit     int // default 50, at most 200
}

// Page is one page of cases, soonest due first.
type Page struct {
	Cases []*Case
	Next  string // cursor of the next page, "" at the end
}

// groupWhere are the desk's groups as conditions. $9 is today.
var groupWhere = map[string]string{
	"":          "true",
	"overdue":   "c.due_on < $9 and c.status not in ('completed', 'closed', 'refused', 'expired', 'withdrawn')",
	"week":      "c.due_on between $9 and $9::date + 7 and c.status not in ('completed', 'closed', 'refused', 'expired', 'withdrawn')",
	"waiting":   "c.status = 'filed'",
	"attention": "c.flags @> '{attention}' and c.status not in ('closed', 'refused', 'expired', 'withdrawn')",
	"ready":     "c.status = 'review'",
}

const openOnly = "c.status not in ('completed', 'closed', 'refused', 'expired', 'withdrawn')"

// List returns cases by due date, a page at a time: the cost of a page does
// not grow with the number of cases.
func (s *Service) List(ctx context.Context, f Filter) (*Page, error) {
	where, ok := groupWhere[f.Group]
	if !ok {
		return nil, invalid(FieldError{Field: "group", Message: "There is no such group."})
	}
	if f.Status != "" && !known(f.Status) {
		return nil, invalid(FieldError{Field: "status", Message: "There is no such status."})
	}
	if f.Limit <= 0 || f.Limit > 200 {
		f.Limit = 50
	}
	if !f.Ended && f.Status == "" && f.Group == "" {
		where = openOnly
	}
	afterDue, afterID, err := readCursor(f.Cursor)
	if err != nil {
		return nil, err
	}
	var dueBefore *time.Time
	if !f.DueBefore.IsZero() {
		dueBefore = &f.DueBefore
	}
	conds := []string{where, "(c.due_on, c.id) > ($1::date, $2::uuid)", "$9::date is not null", "$3::text is not null", "$4::text is not null", "$6::text is not null", "$7::text is not null"}
	if f.Status != "" {
		conds = append(conds, "c.status = $3")
	}
	if f.Right != "" {
		conds = append(conds, "$4 = any(c.rights)")
	}
	if dueBefore != nil {
		conds = append(conds, "c.due_on < $5")
	}
	if f.System != "" {
		conds = append(conds, "exists (select 1 from tasks t where t.case_id = c.id and t.system = $6)")
	}
	if f.Flag != "" {
		conds = append(conds, "c.flags @> array[$7]")
	}
	rows, err := s.db.Query(ctx, `select `+caseColumns+` from cases c where `+strings.Join(conds, " and ")+` and ($5::timestamptz is null or true)
		order by c.due_on, c.id limit $8`, afterDue, afterID, f.Status, f.Right, dueBefore, f.System, f.Flag, f.Limit+1, s.now())
	if err != nil {
		return nil, fmt.Errorf("list cases: %w", err)
	}
	cases, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (*Case, error) { return s.scan(row) })
	if err != nil {
		return nil, fmt.Errorf("list cases: %w", err)
	}
	p := &Page{Cases: cases}
	if len(cases) > f.Limit {
		p.Cases = cases[:f.Limit]
		last := p.Cases[f.Limit-1]
		p.Next = writeCursor(last.DueOn, last.ID)
	}
	return p, nil
}

func known(st Status) bool {
	for _, k := range Statuses {
		if k == st {
			return true
		}
	}
	return false
}

func writeCursor(due time.Time, id uuid.UUID) string {
	return base64.RawURLEncoding.EncodeToString([]byte(due.Format(time.DateOnly) + id.String()))
}

func readCursor(cursor string) (time.Time, uuid.UUID, error) {
	if cursor == "" {
		return time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), uuid.Nil, nil
	}
	bad := invalid(FieldError{Field: "cursor", Message: "This cursor is not one of ours. Start from the first page."})
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || len(raw) < 10 {
		return time.Time{}, uuid.Nil, bad
	}
	due, err := time.Parse(time.DateOnly, string(raw[:10]))
	if err != nil {
		return time.Time{}, uuid.Nil, bad
	}
	id, err := uuid.ParseBytes(raw[10:])
	if err != nil {
		return time.Time{}, uuid.Nil, bad
	}
	return due, id, nil
}

// countCap bounds how far a group is counted: beyond it the desk reads "1000+".
const countCap = 1000

// Counts are how many cases each of the desk's groups holds, up to 1,000.
func (s *Service) Counts(ctx context.Context) (map[string]int, error) {
	out := map[string]int{}
	for group, where := range groupWhere {
		if group == "" {
			where = openOnly
		}
		where = strings.ReplaceAll(where, "$9", "$1")
		var n int
		if err := s.db.QueryRow(ctx, `select count(*) from (select 1 from cases c where `+where+` and $1::date is not null limit $2) x`, s.now(), countCap).Scan(&n); err != nil {
			return nil, fmt.Errorf("count cases: %w", err)
		}
		out[group] = n
	}
	return out, nil
}

// Search finds cases by their reference or by an identity that their filer
// gave. An identity is compared by keyed digest; it is never stored or logged.
func (s *Service) Search(ctx context.Context, reference string, id *connect.Identity) (*Page, error) {
	var lookups [][]byte
	if id != nil {
		lookups = s.ring.Lookups(id.Kind, id.Normal())
	}
	rows, err := s.db.Query(ctx, `select `+caseColumns+` from cases c where c.reference = $1 or c.subject_lookup && $2
		order by c.filed_at desc, c.id limit 100`, strings.ToUpper(strings.TrimSpace(reference)), orEmpty(lookups))
	if err != nil {
		return nil, fmt.Errorf("search cases: %w", err)
	}
	cases, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (*Case, error) { return s.scan(row) })
	if err != nil {
		return nil, fmt.Errorf("search cases: %w", err)
	}
	return &Page{Cases: cases}, nil
}

// ByReference finds one case for its customer.
func (s *Service) ByReference(ctx context.Context, reference string) (*Case, error) {
	return s.scan(s.db.QueryRow(ctx, `select `+caseColumns+` from cases c where c.reference = $1`, strings.ToUpper(strings.TrimSpace(reference))))
}
