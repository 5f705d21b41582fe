package desk

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"habeas/requests"
	"habeas/templates"
)

func (d figureDrawing) stats() []templates.Stat {
	t := d.got.Total
	if t.Received == 0 {
		return nil
	}
	return []templates.Stat{
		{Label: "Received", Value: strconv.FormatInt(t.Received, 10)},
		{Label: "Answered in time", Value: share(t.OnTimeShare)},
		{Label: "Late", Value: strconv.FormatInt(t.Late, 10), Bad: t.Late > 0},
		{Label: "Median days to answer", Value: daysOf(t.MedianDays)},
		{Label: "Mean days to answer", Value: daysOf(t.MeanDays)},
		{Label: "Still open", Value: strconv.FormatInt(t.Open, 10)},
	}
}

func (d figureDrawing) parts() []templates.FigurePart {
	if d.got.Total.Received == 0 {
		return []templates.FigurePart{{ID: "none", Title: "Nothing to count", Text: "No request was received in this period."}}
	}
	parts := []templates.FigurePart{d.months(), d.punctual(), d.rights()}
	if p, ok := d.ccpa(); ok {
		parts = append(parts, p)
	}
	return append(parts, d.laws(), d.denials())
}

var resultSeries = []templates.ChartSeries{
	{Name: "complied in whole", Colour: "--govuk-success-colour"},
	{Name: "in part", Colour: "--govuk-link-colour"},
	{Name: "denied", Colour: "--govuk-error-colour"},
	{Name: "withdrawn, joined or open", Colour: "--govuk-input-border-colour"},
}

func resultValues(r requests.FigureRow) []float64 {
	return []float64{float64(r.Complied), float64(r.Partial), float64(r.Denied), float64(r.Withdrawn + r.Joined + r.Open)}
}

var countHeads = []string{"Received", "Complied in whole", "In part", "Denied", "Withdrawn", "Joined", "Open", "In time", "Late", "Share in time", "Median days", "Mean days"}

func (d figureDrawing) counts(r requests.FigureRow) []templates.FigureCell {
	who := []string{"law", r.Law, "right", r.Right, "month", r.Month}
	to := func(n int64, result string) templates.FigureCell {
		return d.to(n, result == "late", append(slices.Clone(who), "result", result)...)
	}
	return []templates.FigureCell{
		to(r.Received, ""), to(r.Complied, requests.Complied), to(r.Partial, requests.CompliedBit), to(r.Denied, requests.DeniedRight),
		to(r.Withdrawn, requests.TakenBack), to(r.Joined, requests.JoinedOther), to(r.Open, requests.StillOpen),
		plainCell(strconv.FormatInt(r.OnTime, 10)), to(r.Late, "late"), plainCell(share(r.OnTimeShare)), plainCell(daysOf(r.MedianDays)), plainCell(daysOf(r.MeanDays)),
	}
}

func (d figureDrawing) table(caption, first string, rows []requests.FigureRow, name func(requests.FigureRow) string) templates.FigureTable {
	t := templates.FigureTable{Caption: caption, Heads: append([]string{first}, countHeads...)}
	for _, r := range rows {
		t.Rows = append(t.Rows, append([]templates.FigureCell{plainCell(name(r))}, d.counts(r)...))
	}
	return t
}

func monthName(m string) string {
	if t, err := time.Parse("2006-01", m); err == nil {
		return t.Format("Jan 2006")
	}
	return m
}

// months is what became of the requests of each month.
func (d figureDrawing) months() templates.FigurePart {
	ch := templates.Chart{Title: "Requests received by month, by what became of them", Unit: "requests", Series: resultSeries}
	var most requests.FigureRow
	for _, r := range lastOf(d.got.Months, 24) {
		ch.Bars = append(ch.Bars, templates.ChartBar{Label: shortMonth(r.Month), Values: resultValues(r), Note: strconv.FormatInt(r.Received, 10)})
		if r.Received > most.Received {
			most = r
		}
	}
	ch.Desc = fmt.Sprintf("%d months; most requests, %d, came in %s.", len(ch.Bars), most.Received, monthName(most.Month))
	return templates.FigurePart{
		ID: "months", Title: "By month of receipt", Chart: &ch,
		Tables: []templates.FigureTable{d.table("By month of receipt", "Month", d.got.Months, func(r requests.FigureRow) string { return monthName(r.Month) })},
	}
}

func shortMonth(m string) string {
	if t, err := time.Parse("2006-01", m); err == nil {
		return t.Format("Jan 06")
	}
	return m
}

func lastOf(rows []requests.FigureRow, n int) []requests.FigureRow {
	return rows[max(len(rows)-n, 0):]
}

// punctual is how the company keeps to GDPR Art. 12(3) and its British twin.
func (d figureDrawing) punctual() templates.FigurePart {
	p := templates.FigurePart{ID: "punctual", Title: "In time under the GDPR", Text: "Requests under the GDPR and the UK GDPR by month of receipt: answered by their due date, pauses and extensions counted as the law counts them (Art. 12(3))."}
	ch := templates.Chart{Title: "Requests under the GDPR answered in time and late, by month of receipt", Unit: "requests", Series: []templates.ChartSeries{
		{Name: "in time", Colour: "--govuk-success-colour"}, {Name: "late", Colour: "--govuk-error-colour"},
	}}
	var rows []requests.FigureRow
	var onTime, late int64
	for _, r := range d.got.Trend {
		if r.Law != "EU" && r.Law != "UK" {
			continue
		}
		rows = append(rows, r)
		onTime, late = onTime+r.OnTime, late+r.Late
		if i := len(ch.Bars) - 1; i >= 0 {
			if j := slices.IndexFunc(ch.Bars, func(b templates.ChartBar) bool { return b.Label == shortMonth(r.Month) }); j >= 0 {
				ch.Bars[j].Values[0] += float64(r.OnTime)
				ch.Bars[j].Values[1] += float64(r.Late)
				continue
			}
		}
		ch.Bars = append(ch.Bars, templates.ChartBar{Label: shortMonth(r.Month), Values: []float64{float64(r.OnTime), float64(r.Late)}})
	}
	if len(rows) == 0 {
		p.Text = "No request under the GDPR or the UK GDPR was received in this period."
		return p
	}
	slices.SortStableFunc(ch.Bars, func(a, b templates.ChartBar) int { return monthOf(a.Label).Compare(monthOf(b.Label)) })
	ch.Bars = ch.Bars[max(len(ch.Bars)-24, 0):]
	for i, b := range ch.Bars {
		if all := b.Values[0] + b.Values[1]; all > 0 {
			ch.Bars[i].Note = strconv.FormatFloat(b.Values[0]/all*100, 'f', 0, 64) + " %"
		}
	}
	ch.Desc = fmt.Sprintf("Of %d requests answered or past their date, %d were answered in time and %d were late.", onTime+late, onTime, late)
	if onTime+late > 0 {
		p.Chart = &ch
	}
	p.Tables = []templates.FigureTable{d.table("GDPR and UK GDPR by month of receipt", "Month", rows, func(r requests.FigureRow) string { return r.Law + ", " + monthName(r.Month) })}
	return p
}

func monthOf(label string) time.Time {
	t, _ := time.Parse("Jan 06", label)
	return t
}

// rights is how long each right takes.
func (d figureDrawing) rights() templates.FigurePart {
	ch := templates.Chart{Title: "Median days from receipt to answer, by right", Unit: "days", Series: []templates.ChartSeries{{Name: "median days", Colour: "--govuk-brand-colour"}}}
	var said []string
	for _, r := range d.got.Rights {
		if r.MedianDays != nil {
			label := templates.RightLabel(r.Right)
			ch.Bars = append(ch.Bars, templates.ChartBar{Label: shortRight(label), Values: []float64{*r.MedianDays}, Note: daysOf(r.MedianDays)})
			said = append(said, label+" "+daysOf(r.MedianDays))
		}
	}
	p := templates.FigurePart{
		ID: "rights", Title: "By right",
		Tables: []templates.FigureTable{d.table("By right", "Right", d.got.Rights, func(r requests.FigureRow) string { return templates.RightLabel(r.Right) })},
	}
	if len(ch.Bars) > 0 {
		ch.Desc = "Median days: " + strings.Join(said, ", ") + "."
		p.Chart = &ch
	}
	return p
}

// shortRight is the first word of a right: what fits beneath a bar.
func shortRight(label string) string {
	first, _, _ := strings.Cut(label, " ")
	return first
}

// ccpa is the table of 11 CCR 7102(a): per type of request how many were
// received, complied with in whole or in part, and denied, and in how many
// days.
func (d figureDrawing) ccpa() (templates.FigurePart, bool) {
	t := templates.FigureTable{Caption: "11 CCR 7102(a)", Heads: []string{"Request", "Received", "Complied in whole", "In part", "Denied", "Median days", "Mean days"}}
	for _, r := range d.got.Table {
		if r.Law != "CA" {
			continue
		}
		cells := d.counts(r)
		t.Rows = append(t.Rows, []templates.FigureCell{plainCell(ccpaNames[r.Right]), cells[0], cells[1], cells[2], cells[3], cells[10], cells[11]})
	}
	return templates.FigurePart{
		ID: "ccpa", Title: "Requests under the CCPA", Tables: []templates.FigureTable{t},
		Text: "Who handles the data of ten million consumers or more in a calendar year publishes these for the year before, by 1 July (11 CCR 7102). A request that nobody proved counts as denied, and has no days.",
	}, len(t.Rows) > 0
}

var ccpaNames = map[string]string{
	"access": "To know", "portability": "To know, portable", "rectification": "To correct", "erasure": "To delete", "opt_out": "To opt out of sale or sharing",
	"limit": "To limit", "consent_withdrawal": "To withdraw consent", "restriction": "To restrict", "objection": "To object",
}

// laws is every law with every right.
func (d figureDrawing) laws() templates.FigurePart {
	name := func(r requests.FigureRow) string {
		if r.Right == "" {
			return lawLabel(d.svc, r.Law)
		}
		return lawLabel(d.svc, r.Law) + ", " + strings.ToLower(templates.RightLabel(r.Right))
	}
	return templates.FigurePart{ID: "laws", Title: "By law", Tables: []templates.FigureTable{
		d.table("By law", "Law", d.got.Laws, name), d.table("By law and right", "Law and right", d.got.Table, name),
	}}
}

// denials are the grounds on which rights were denied.
func (d figureDrawing) denials() templates.FigurePart {
	p := templates.FigurePart{ID: "denials", Title: "Denials by ground"}
	if len(d.got.Denials) == 0 {
		p.Text = "Nothing was denied in this period."
		return p
	}
	t := templates.FigureTable{Caption: "Denials by ground", Heads: []string{"Law and right", "Ground", "Article", "Denied"}, Words: 2}
	for _, r := range d.got.Denials {
		text, cite := groundWords(d.svc, r)
		t.Rows = append(t.Rows, []templates.FigureCell{
			plainCell(lawLabel(d.svc, r.Law) + ", " + strings.ToLower(templates.RightLabel(r.Right))), plainCell(text), plainCell(cite),
			d.to(r.Count, false, "law", r.Law, "right", r.Right, "result", requests.DeniedRight, "ground", r.Ground),
		})
	}
	p.Tables = []templates.FigureTable{t}
	return p
}

func groundWords(svc *requests.Service, r requests.DenialRow) (text, cite string) {
	if r.Ground == "unverified" {
		return "Nobody proved who asked", "lapsed 30 days after the letter"
	}
	if law, err := svc.Law(r.Law); err == nil {
		if g, ok := law.Ground(r.Right, r.Ground); ok {
			return sentence(g.Text), g.Cite
		}
	}
	return sentence(r.Ground), ""
}
