package requests

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"habeas/requests/clock"
)

// FigureFilter chooses requests by when they were received, where the
// controller is; both days belong to it. Empty fields choose nothing out.
type FigureFilter struct {
	From, To clock.Date
	Law      string
	Right    string
	Month    string // YYYY-MM
	Result   string // of Results, or "late"
	Ground   string
}

// FigureRow counts the rights of requests in one group. A request for two
// rights counts once for each.
type FigureRow struct {
	Law   string `json:"law,omitempty"`
	Right string `json:"right,omitempty"`
	Month string `json:"month,omitempty"` // YYYY-MM of receipt

	Received  int64 `json:"received"`
	Complied  int64 `json:"complied"` // in whole
	Partial   int64 `json:"partial"`  // in part
	Denied    int64 `json:"denied"`
	Withdrawn int64 `json:"withdrawn"`
	Joined    int64 `json:"joined"` // duplicates, answered in another request
	Open      int64 `json:"open"`
	OnTime    int64 `json:"on_time"` // answered by the due date
	Late      int64 `json:"late"`    // answered after it, or open past it

	OnTimeShare *float64 `json:"on_time_share"` // of OnTime and Late; null when there is neither
	MeanDays    *float64 `json:"mean_days"`     // from receipt to answer; requests that lapsed unverified have none
	MedianDays  *float64 `json:"median_days"`
}

// DenialRow counts denials on one ground.
type DenialRow struct {
	Law    string `json:"law"`
	Right  string `json:"right"`
	Ground string `json:"ground"` // a code of the law table, or unverified
	Count  int64  `json:"count"`
}

// RequestFigures are the figures that 11 CCR 7102 asks for and those that show
// how a company keeps to GDPR Art. 12(3), from the log alone.
type RequestFigures struct {
	From    clock.Date  `json:"from,omitzero"`
	To      clock.Date  `json:"to,omitzero"`
	Entries int64       `json:"log_entries"` // of the log that are counted
	Total   FigureRow   `json:"total"`
	Rights  []FigureRow `json:"by_right"`
	Laws    []FigureRow `json:"by_law"`
	Months  []FigureRow `json:"by_month"`
	Table   []FigureRow `json:"by_law_and_right"`
	Trend   []FigureRow `json:"by_law_and_month"`
	Denials []DenialRow `json:"denials"`
}

const figureWhere = ` where ($1::date is null or f.received_on >= $1) and ($2::date is null or f.received_on <= $2)
	and ($3 = '' or f.law = $3) and ($4 = '' or f."right" = $4)`

// lateFigure is a right answered after its due date, or open past it.
const lateFigure = `(f.result in ('complied', 'partial', 'denied') and f.ground <> 'unverified' and f.answered_on > f.due_on or f.result = 'open' and f.due_on < $5::date)`

// answeredFigure is a right that the company itself gave an answer to.
const answeredFigure = `f.result in ('complied', 'partial', 'denied') and f.ground <> 'unverified'`

// RequestFigures counts what the log says, up to its newest entry.
func (s *Service) RequestFigures(ctx context.Context, f FigureFilter) (*RequestFigures, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	if err := s.CountFigures(ctx); err != nil {
		return nil, err
	}
	out := &RequestFigures{From: f.From, To: f.To}
	args := []any{dayOrNil(f.From), dayOrNil(f.To), f.Law, f.Right}
	if err := s.tallies(ctx, out, args); err != nil {
		return nil, err
	}
	if err := s.denials(ctx, out, args); err != nil {
		return nil, err
	}
	if err := s.db.QueryRow(ctx, `select f.next from figures_cursor f`).Scan(&out.Entries); err != nil {
		return nil, fmt.Errorf("request figures: %w", err)
	}
	out.sort()
	return out, nil
}

// tallies counts every group in one pass over the table: the database adds up
// what is alike to the day, and the groups, with their medians, are made of that.
// So the time grows with the rows and no faster, as sorting them once for each
// group did not.
func (s *Service) tallies(ctx context.Context, out *RequestFigures, args []any) error {
	rows, err := s.db.Query(ctx, `select f.law, f."right", date_trunc('month', f.received_on::timestamp)::date, f.result,
			coalesce(`+answeredFigure+`, false), coalesce(`+lateFigure+`, false), coalesce(f.answered_on - f.received_on, 0), count(*)
		from figures f`+figureWhere+` group by 1, 2, 3, 4, 5, 6, 7`, append(args, s.now())...)
	if err != nil {
		return fmt.Errorf("request figures: %w", err)
	}
	groups := map[FigureRow]*tally{}
	in := func(key FigureRow) *tally {
		if groups[key] == nil {
			groups[key] = &tally{days: map[int]int64{}}
		}
		return groups[key]
	}
	in(FigureRow{}) // the total is there, if of nothing
	var law, right, result string
	var received time.Time
	var answered, late bool
	var days int
	var n int64
	_, err = pgx.ForEachRow(rows, []any{&law, &right, &received, &result, &answered, &late, &days, &n}, func() error {
		month := received.Format("2006-01")
		for _, key := range []FigureRow{{}, {Law: law}, {Right: right}, {Month: month}, {Law: law, Right: right}, {Law: law, Month: month}} {
			in(key).add(result, answered, late, days, n)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("request figures: %w", err)
	}
	for key, t := range groups {
		row := t.row(key)
		switch [3]bool{key.Law != "", key.Right != "", key.Month != ""} {
		case [3]bool{true, true, false}:
			out.Table = append(out.Table, row)
		case [3]bool{true, false, true}:
			out.Trend = append(out.Trend, row)
		case [3]bool{true, false, false}:
			out.Laws = append(out.Laws, row)
		case [3]bool{false, true, false}:
			out.Rights = append(out.Rights, row)
		case [3]bool{false, false, true}:
			out.Months = append(out.Months, row)
		default:
			out.Total = row
		}
	}
	return nil
}

// tally adds up one group.
type tally struct {
	count    FigureRow
	days     map[int]int64 // rights answered after so many days
	answered int64
	sum      int64 // of those days
}

func (t *tally) add(result string, answered, late bool, days int, n int64) {
	t.count.Received += n
	switch result {
	case Complied:
		t.count.Complied += n
	case CompliedBit:
		t.count.Partial += n
	case DeniedRight:
		t.count.Denied += n
	case TakenBack:
		t.count.Withdrawn += n
	case JoinedOther:
		t.count.Joined += n
	case StillOpen:
		t.count.Open += n
	}
	if answered {
		t.days[days] += n
		t.answered += n
		t.sum += int64(days) * n
	}
	switch {
	case late:
		t.count.Late += n
	case answered:
		t.count.OnTime += n
	}
}

// row is the group's row under its key.
func (t *tally) row(key FigureRow) FigureRow {
	r := t.count
	r.Law, r.Right, r.Month = key.Law, key.Right, key.Month
	if n := r.OnTime + r.Late; n > 0 {
		r.OnTimeShare = new(float64(r.OnTime) / float64(n))
	}
	if t.answered > 0 {
		r.MeanDays = new(float64(t.sum) / float64(t.answered))
		r.MedianDays = new(t.median())
	}
	return r
}

// median is the day in the middle; of an even number, what lies between the two.
func (t *tally) median() float64 {
	low, high := (t.answered-1)/2, t.answered/2
	var before int64
	var sum float64
	for _, d := range slices.Sorted(maps.Keys(t.days)) {
		n := t.days[d]
		for _, at := range []int64{low, high} {
			if before <= at && at < before+n {
				sum += float64(d)
			}
		}
		before += n
	}
	return sum / 2
}

func (s *Service) denials(ctx context.Context, out *RequestFigures, args []any) error {
	rows, err := s.db.Query(ctx, `select f.law, f."right", f.ground, count(*) from figures f`+figureWhere+` and f.result = 'denied'
		group by 1, 2, 3 order by 1, 2, 4 desc, 3`, args...)
	if err != nil {
		return fmt.Errorf("request figures: %w", err)
	}
	out.Denials, err = pgx.CollectRows(rows, pgx.RowToStructByPos[DenialRow])
	if err != nil {
		return fmt.Errorf("request figures: %w", err)
	}
	return nil
}

// sort puts laws and months in their order and rights in their usual one.
func (f *RequestFigures) sort() {
	place := func(r FigureRow) int { return slices.Index(clock.Rights, r.Right) }
	for _, list := range []*[]FigureRow{&f.Rights, &f.Laws, &f.Months, &f.Table, &f.Trend} {
		slices.SortFunc(*list, func(a, b FigureRow) int {
			return cmp.Or(strings.Compare(a.Law, b.Law), place(a)-place(b), strings.Compare(a.Month, b.Month))
		})
		*list = orEmpty(*list)
	}
	f.Denials = orEmpty(f.Denials)
}

func (f FigureFilter) check() error {
	var faults []FieldError
	bad := func(field, message string) { faults = append(faults, FieldError{Field: field, Message: message}) }
	if !f.From.IsZero() && !f.From.Valid() {
		bad("from", "Give a day of the calendar as YYYY-MM-DD.")
	}
	if !f.To.IsZero() && !f.To.Valid() {
		bad("to", "Give a day of the calendar as YYYY-MM-DD.")
	}
	if len(faults) == 0 && !f.From.IsZero() && !f.To.IsZero() && f.To.Before(f.From) {
		bad("to", "The last day lies before the first.")
	}
	if f.Right != "" && !slices.Contains(clock.Rights, f.Right) {
		bad("right", "There is no such right.")
	}
	if f.Month != "" {
		if _, err := time.Parse("2006-01", f.Month); err != nil {
			bad("month", "Give a month as YYYY-MM.")
		}
	}
	if f.Result != "" && f.Result != "late" && !slices.Contains(Results, f.Result) {
		bad("result", "There is no such result.")
	}
	if len(faults) > 0 {
		return invalid(faults...)
	}
	return nil
}

// FigureCase is one request behind a figure.
type FigureCase struct {
	Case     uuid.UUID
	Right    string
	Law      string
	Received time.Time
	Due      time.Time
	Answered *time.Time
	Result   string
	Ground   string
	// Reference is "" once the case itself is gone.
	Reference string
}

// FigureCases lists the requests behind a figure, by the day of receipt, a page
// of at most 100 at a time; next is the cursor of the page after, "" at the end.
func (s *Service) FigureCases(ctx context.Context, f FigureFilter, cursor string) (page []FigureCase, next string, err error) {
	if err := f.check(); err != nil {
		return nil, "", err
	}
	after, id, err := readCursor(cursor)
	if err != nil {
		return nil, "", err
	}
	const limit = 100
	// A cursor names a case; all of its rights stand on one page.
	rows, err := s.db.Query(ctx, `select f.case_id, f."right", f.law, f.received_on, f.due_on, f.answered_on, f.result, f.ground, coalesce(c.reference, '')
		from figures f left join cases c on c.id = f.case_id`+figureWhere+`
			and ($6 = '' or to_char(f.received_on, 'YYYY-MM') = $6) and ($7 = '' or f.result = $7 or $7 = 'late' and `+lateFigure+`)
			and ($8 = '' or f.ground = $8) and (f.received_on, f.case_id) > ($9::date, $10::uuid)
		order by f.received_on, f.case_id, f."right" limit $11`,
		dayOrNil(f.From), dayOrNil(f.To), f.Law, f.Right, s.now(), f.Month, f.Result, f.Ground, after, id, limit+len(clock.Rights))
	if err != nil {
		return nil, "", fmt.Errorf("cases of a figure: %w", err)
	}
	page, err = pgx.CollectRows(rows, pgx.RowToStructByPos[FigureCase])
	if err != nil {
		return nil, "", fmt.Errorf("cases of a figure: %w", err)
	}
	if len(page) > limit {
		cut := limit
		for cut > 0 && page[cut].Case == page[cut-1].Case {
			cut--
		}
		page = page[:cut]
		last := page[cut-1]
		next = writeCursor(last.Received, last.Case)
	}
	return page, next, nil
}
