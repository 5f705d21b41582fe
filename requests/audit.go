package requests

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Gap is something that an auditor should ask about, with how many there are
// of it in the case.
type Gap struct {
	Code  string // late, overdue, unproven, failed, unapproved, unlogged, missing
	Count int    // days for late and overdue, else records, tasks, approvals, events
}

// AuditFilter narrows the auditor's list. Empty fields do not.
type AuditFilter struct {
	Right    string
	From, To time.Time // days of receipt, both included
	OnlyGaps bool
	Cursor   string
	Limit    int // default 50, at most 200
}

// AuditedCase is one case with its gaps. It holds no personal data.
type AuditedCase struct {
	Case     *Case
	Answered *time.Time
	Events   int
	Gaps     []Gap
}

// AuditPage is one page of cases, those with gaps first, then the newest.
type AuditPage struct {
	Cases []AuditedCase
	Next  string
}

// gapColumns count the gaps of case c. $1 approvals of an erasure, $2 of a
// release, $3 now. What is filed or written within the last minute may wait
// for the integrator without being a gap.
const gapColumns = `
	case when a.answered is null then 0 else greatest(0, (a.answered at time zone c.zone)::date - c.due_on) end as late,
	case when ` + openOnly + ` then greatest(0, ($3::timestamptz at time zone c.zone)::date - c.due_on) else 0 end as overdue,
	case when c.status in ('completed', 'closed') then (select count(*) from plan_records r where r.plan_id = c.plan_id
		and r.outcome in ('accepted', 'purge_pending', 'failed', 'reappeared', '')) else 0 end as unproven,
	(select count(*) from tasks t where t.case_id = c.id and t.status = 'failed') as failed,
	case when c.status in ('executing', 'verifying', 'completed', 'closed') and not c.rights <@ array['consent_withdrawal', 'opt_out', 'limit']
		then greatest(0, (case when 'erasure' = any(c.rights) and not c.decisions @> '[{"right": "erasure", "decision": "refused"}]'
				and exists (select 1 from plans p where p.id = c.plan_id and (p.records > 0 or p.manual <> '[]')) then $1::int else $2::int end)
			- (select count(*) from approvals v where v.plan_id = c.plan_id)) else 0 end as unapproved,
	(select count(*) from events_pending q join events e on e.id = q.event_id where e.case_id = c.id and e.at < $3 - interval '1 minute') as unlogged,
	abs(c.event_seq - n.events) as missing`

const auditFrom = `cases c
	cross join lateral (select coalesce(c.completed_at, case when c.status in ('refused', 'expired') then c.closed_at end) as answered) a
	cross join lateral (select count(*) as events from events e where e.case_id = c.id) n`

const auditWhere = `($4 = '' or $4 = any(c.rights)) and ($5::timestamptz is null or c.received_at >= $5) and ($6::timestamptz is null or c.received_at < $6)`

// Audit lists cases with what is missing in them, those with gaps first.
func (s *Service) Audit(ctx context.Context, f AuditFilter) (*AuditPage, error) {
	if f.Limit <= 0 || f.Limit > 200 {
		f.Limit = 50
	}
	after, err := readAuditCursor(f.Cursor)
	if err != nil {
		return nil, err
	}
	rows, err := s.db.Query(ctx, `with g as (
			select c.id, c.received_at, a.answered, n.events, `+gapColumns+` from `+auditFrom+` where `+auditWhere+`),
		h as (select g.*, g.late + g.overdue + g.unproven + g.failed + g.unapproved + g.unlogged + g.missing = 0 as clean from g)
		select `+caseColumns+`, h.answered, h.events, h.late, h.overdue, h.unproven, h.failed, h.unapproved, h.unlogged, h.missing
		from h join cases c on c.id = h.id
		where (not $7 or not h.clean) and ($8 = '' or (h.clean::int, -extract(epoch from h.received_at), h.id) > ($9::int, $10::numeric, $11::uuid))
		order by h.clean, h.received_at desc, h.id limit $12`,
		s.set.ApprovalsErasure, s.set.ApprovalsRelease, s.now(), f.Right, day(f.From, 0), day(f.To, 1),
		f.OnlyGaps, f.Cursor, after.clean, after.received, after.id, f.Limit+1)
	if err != nil {
		return nil, fmt.Errorf("audit cases: %w", err)
	}
	list, err := pgx.CollectRows(rows, s.scanAudited)
	if err != nil {
		return nil, fmt.Errorf("audit cases: %w", err)
	}
	p := &AuditPage{Cases: list}
	if len(list) > f.Limit {
		p.Cases = list[:f.Limit]
		p.Next = writeAuditCursor(p.Cases[f.Limit-1])
	}
	return p, nil
}

// AuditCase is one case with its gaps.
func (s *Service) AuditCase(ctx context.Context, c *Case) (*AuditedCase, error) {
	rows, err := s.db.Query(ctx, `with g as (select c.id, a.answered, n.events, `+gapColumns+` from `+auditFrom+` where c.id = $4)
		select `+caseColumns+`, g.answered, g.events, g.late, g.overdue, g.unproven, g.failed, g.unapproved, g.unlogged, g.missing
		from g join cases c on c.id = g.id`, s.set.ApprovalsErasure, s.set.ApprovalsRelease, s.now(), c.ID)
	if err != nil {
		return nil, fmt.Errorf("audit case: %w", err)
	}
	a, err := pgx.CollectExactlyOneRow(rows, s.scanAudited)
	if err != nil {
		return nil, fmt.Errorf("audit case: %w", err)
	}
	return &a, nil
}

func (s *Service) scanAudited(row pgx.CollectableRow) (AuditedCase, error) {
	var a AuditedCase
	counts := make([]int, len(gapCodes))
	more := []any{&a.Answered, &a.Events}
	for i := range counts {
		more = append(more, &counts[i])
	}
	var err error
	if a.Case, err = s.scan(row, more...); err != nil {
		return a, err
	}
	for i, code := range gapCodes {
		if counts[i] > 0 {
			a.Gaps = append(a.Gaps, Gap{Code: code, Count: counts[i]})
		}
	}
	return a, nil
}

// gapCodes in the order of the columns.
var gapCodes = []string{"late", "overdue", "unproven", "failed", "unapproved", "unlogged", "missing"}

// AuditFigures are counts over the cases that a filter lets through.
type AuditFigures struct {
	Received, Answered, OnTime, Late, Refused, Open int
	MedianDays                                      float64 // from receipt to answer
}

// AuditFigures counts the cases received in a period.
func (s *Service) AuditFigures(ctx context.Context, f AuditFilter) (AuditFigures, error) {
	var n AuditFigures
	err := s.db.QueryRow(ctx, `select count(*), count(a.answered),
			count(*) filter (where (a.answered at time zone c.zone)::date <= c.due_on),
			count(*) filter (where (a.answered at time zone c.zone)::date > c.due_on),
			count(*) filter (where c.status = 'refused'), count(*) filter (where `+openOnly+`),
			coalesce(percentile_cont(0.5) within group (order by extract(epoch from a.answered - c.received_at) / 86400), 0)
		from cases c cross join lateral (select coalesce(c.completed_at, case when c.status in ('refused', 'expired') then c.closed_at end) as answered) a
		where ($1 = '' or $1 = any(c.rights)) and ($2::timestamptz is null or c.received_at >= $2) and ($3::timestamptz is null or c.received_at < $3)`,
		f.Right, day(f.From, 0), day(f.To, 1)).
		Scan(&n.Received, &n.Answered, &n.OnTime, &n.Late, &n.Refused, &n.Open, &n.MedianDays)
	if err != nil {
		return n, fmt.Errorf("count audited cases: %w", err)
	}
	return n, nil
}

// RandomCase draws one case of those that a filter lets through, each equally
// likely.
func (s *Service) RandomCase(ctx context.Context, f AuditFilter) (uuid.UUID, error) {
	rows, err := s.db.Query(ctx, `select c.id from cases c
		where ($1 = '' or $1 = any(c.rights)) and ($2::timestamptz is null or c.received_at >= $2) and ($3::timestamptz is null or c.received_at < $3)
		order by random() limit 1`, f.Right, day(f.From, 0), day(f.To, 1))
	if err != nil {
		return uuid.Nil, fmt.Errorf("draw case: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return uuid.Nil, fmt.Errorf("draw case: %w", err)
	}
	if len(ids) == 0 {
		return uuid.Nil, refuse(NotFound, "no-cases", "No case was received in this period.")
	}
	return ids[0], nil
}

// day is the start of a day, or of the one plus days after; nil where none is
// given.
func day(d time.Time, plus int) *time.Time {
	if d.IsZero() {
		return nil
	}
	return new(d.AddDate(0, 0, plus))
}

type auditCursor struct {
	clean    int
	received string // minus the seconds since 1970
	id       uuid.UUID
}

func writeAuditCursor(last AuditedCase) string {
	clean := 0
	if len(last.Gaps) == 0 {
		clean = 1
	}
	at := last.Case.ReceivedAt.UnixMicro()
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d %d.%06d %s", clean, -(at / 1e6), at%1e6, last.Case.ID))
}

func readAuditCursor(cursor string) (auditCursor, error) {
	c := auditCursor{received: "0"}
	if cursor == "" {
		return c, nil
	}
	bad := invalid(FieldError{Field: "cursor", Message: "This cursor is not one of ours. Start from the first page."})
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return c, bad
	}
	var seconds, micros int64
	var id string
	if n, err := fmt.Sscanf(strings.Replace(string(raw), ".", " ", 1), "%d %d %d %s", &c.clean, &seconds, &micros, &id); err != nil || n != 4 {
		return c, bad
	}
	if c.id, err = uuid.Parse(id); err != nil {
		return c, bad
	}
	c.received = fmt.Sprintf("%d.%06d", seconds, micros)
	return c, nil
}
