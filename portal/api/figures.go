package api

import (
	"bytes"
	"encoding/csv"
	"slices"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"habeas/requests"
	"habeas/requests/clock"
)

var figureParams = []param{
	{name: "from", schema: schema{"type": "string", "format": "date"}, doc: "First day of receipt."},
	{name: "to", schema: schema{"type": "string", "format": "date"}, doc: "Last day of receipt."},
	{name: "law", schema: schema{"type": "string"}, doc: "A law's code, such as EU or CA."},
	{name: "right", schema: words(rightNames)},
	{name: "format", schema: schema{"type": "string", "enum": []string{"json", "csv"}, "default": "json"}, doc: "With csv the same figures come as one table (text/csv)."},
}

// figureView is requests.RequestFigures on the wire.
type figureView struct {
	From    *string        `json:"from" doc:"YYYY-MM-DD, null where open."`
	To      *string        `json:"to" doc:"YYYY-MM-DD, null where open."`
	Entries int64          `json:"log_entries" doc:"Entries of the log that are counted."`
	Total   figureRow      `json:"total"`
	Rights  []figureRow    `json:"by_right"`
	Laws    []figureRow    `json:"by_law"`
	Months  []figureRow    `json:"by_month" doc:"Of receipt."`
	Table   []figureRow    `json:"by_law_and_right" doc:"With law CA: the table of 11 CCR 7102(a)."`
	Trend   []figureRow    `json:"by_law_and_month"`
	Denials []figureDenial `json:"denials"`
}

// figureRow is one group of rights of requests.
type figureRow struct {
	Law       string `json:"law,omitempty"`
	Right     string `json:"right,omitempty"`
	Month     string `json:"month,omitempty" doc:"YYYY-MM"`
	Received  int64  `json:"received"`
	Complied  int64  `json:"complied" doc:"In whole."`
	Partial   int64  `json:"partial"`
	Denied    int64  `json:"denied" doc:"Lapsed unverified ones too."`
	Withdrawn int64  `json:"withdrawn"`
	Joined    int64  `json:"joined" doc:"Duplicates, answered in another request."`
	Open      int64  `json:"open"`
	OnTime    int64  `json:"on_time"`
	Late      int64  `json:"late" doc:"Answered after the due date, or open past it."`

	OnTimeShare *ratio `json:"on_time_share" doc:"Of on_time and late, from 0 to 1."`
	MeanDays    *ratio `json:"mean_days" doc:"From receipt to answer."`
	MedianDays  *ratio `json:"median_days"`
}

// ratio is a number that need not be whole.
type ratio float64

// figureDenial counts denials on one ground.
type figureDenial struct {
	Law    string `json:"law"`
	Right  string `json:"right"`
	Ground string `json:"ground" doc:"A code of the law table, or unverified."`
	Count  int64  `json:"count"`
}

func (a *api) figures(c *fiber.Ctx) error {
	q := readQuery(c, names(figureParams)...)
	f := requests.FigureFilter{Right: q.oneOf("right", rightNames), From: q.day("from"), To: q.day("to")}
	format := q.oneOf("format", []string{"json", "csv"})
	f.Law = q.oneOf("law", a.svc.Laws().Codes())
	if err := q.err(); err != nil {
		return err
	}
	got, err := a.svc.RequestFigures(c.UserContext(), f)
	if err != nil {
		return err
	}
	if format == "csv" {
		c.Set(fiber.HeaderContentType, "text/csv; charset=utf-8")
		c.Set(fiber.HeaderContentDisposition, `attachment; filename="figures.csv"`)
		return c.Send(figureCSV(got))
	}
	return answer(c, fiber.StatusOK, figureView{
		From: dayText(got.From), To: dayText(got.To), Entries: got.Entries, Total: rowView(got.Total), Rights: each(got.Rights, rowView),
		Laws: each(got.Laws, rowView), Months: each(got.Months, rowView), Table: each(got.Table, rowView), Trend: each(got.Trend, rowView),
		Denials: each(got.Denials, func(d requests.DenialRow) figureDenial { return figureDenial(d) }),
	})
}

// day reads a day of the calendar; the zero day when none is given.
func (q *query) day(name string) clock.Date {
	v := q.values[name]
	if v == "" {
		return clock.Date{}
	}
	d, err := clock.ParseDate(v)
	if err != nil || !d.Valid() {
		q.bad(name, "Give a day of the calendar as YYYY-MM-DD.")
	}
	return d
}

func dayText(d clock.Date) *string {
	if d.IsZero() {
		return nil
	}
	return new(d.String())
}

func rowView(r requests.FigureRow) figureRow {
	part := func(v *float64) *ratio {
		if v == nil {
			return nil
		}
		return new(ratio(*v))
	}
	return figureRow{
		Law: r.Law, Right: r.Right, Month: r.Month, Received: r.Received, Complied: r.Complied, Partial: r.Partial, Denied: r.Denied,
		Withdrawn: r.Withdrawn, Joined: r.Joined, Open: r.Open, OnTime: r.OnTime, Late: r.Late,
		OnTimeShare: part(r.OnTimeShare), MeanDays: part(r.MeanDays), MedianDays: part(r.MedianDays),
	}
}

var figureColumns = []string{
	"table", "law", "right", "month", "ground", "received", "complied", "partial", "denied", "withdrawn", "joined", "open",
	"on_time", "late", "on_time_share", "mean_days", "median_days",
}

// figureCSV is one table of all groups; its first column says which. A law's
// code, a right's name and a ground's code are words of the program: no cell
// can be taken for a formula.
func figureCSV(f *requests.RequestFigures) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	_ = w.Write(figureColumns) // a buffer takes everything
	number := func(n int64) string { return strconv.FormatInt(n, 10) }
	part := func(v *float64) string {
		if v == nil {
			return ""
		}
		return strconv.FormatFloat(*v, 'f', -1, 64)
	}
	rows := func(table string, list ...requests.FigureRow) {
		for _, r := range list {
			_ = w.Write([]string{
				table, r.Law, r.Right, r.Month, "", number(r.Received), number(r.Complied), number(r.Partial), number(r.Denied), number(r.Withdrawn),
				number(r.Joined), number(r.Open), number(r.OnTime), number(r.Late), part(r.OnTimeShare), part(r.MeanDays), part(r.MedianDays),
			})
		}
	}
	rows("total", f.Total)
	rows("by_right", f.Rights...)
	rows("by_law", f.Laws...)
	rows("by_month", f.Months...)
	rows("by_law_and_right", f.Table...)
	rows("by_law_and_month", f.Trend...)
	for _, d := range f.Denials {
		_ = w.Write(slices.Concat([]string{"denials", d.Law, d.Right, "", d.Ground, "", "", "", number(d.Count)}, make([]string, 8)))
	}
	w.Flush()
	return b.Bytes()
}
