package desk

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"habeas/portal/web"
	"habeas/requests"
	"habeas/requests/clock"
	"habeas/templates"
)

// figures shows what the log says about all requests of a period. Its links
// lead to the requests behind each figure.
func (h desk) figures(c *fiber.Ctx) error {
	v := templates.FiguresPage{
		Page: h.page(c), From: c.Query("from"), To: c.Query("to"), Law: c.Query("law"), Right: c.Query("right"),
	}
	for _, code := range h.Svc.Laws().Codes() {
		v.Laws = append(v.Laws, templates.Option{Value: code, Label: lawLabel(h.Svc, code)})
	}
	slices.SortFunc(v.Laws, func(a, b templates.Option) int { return strings.Compare(a.Label, b.Label) })
	for _, r := range clock.Rights {
		v.Rights = append(v.Rights, templates.Option{Value: r, Label: templates.RightLabel(r)})
	}
	f, faults := figureFilter(c)
	if len(faults) > 0 {
		v.Errors = faults
		return h.render(c, fiber.StatusBadRequest, templates.RequestFigures(v))
	}
	got, err := h.Svc.RequestFigures(c.UserContext(), f)
	if err != nil {
		faults, status, ok := onForm(err, nil)
		if !ok {
			return err
		}
		v.Errors = faults
		return h.render(c, status, templates.RequestFigures(v))
	}
	q := queryOf(c, "from", "to", "law", "right")
	d := figureDrawing{svc: h.Svc, got: got, q: q}
	v.Entries, v.Stats, v.Parts = got.Entries, d.stats(), d.parts()
	v.JSON = withQuery("/api/v1/figures", q)
	q.Set("format", "csv")
	v.CSV = withQuery("/api/v1/figures", q)
	return h.render(c, fiber.StatusOK, templates.RequestFigures(v))
}

func queryOf(c *fiber.Ctx, names ...string) url.Values {
	q := url.Values{}
	for _, name := range names {
		if v := c.Query(name); v != "" {
			q.Set(name, v)
		}
	}
	return q
}

func figureFilter(c *fiber.Ctx) (requests.FigureFilter, []templates.FieldError) {
	f := requests.FigureFilter{Law: c.Query("law"), Right: c.Query("right"), Month: c.Query("month"), Result: c.Query("result"), Ground: c.Query("ground")}
	var faults []templates.FieldError
	day := func(name string, into *clock.Date) {
		if typed := strings.TrimSpace(c.Query(name)); typed != "" {
			d, err := clock.ParseDate(typed)
			if err != nil {
				faults = append(faults, templates.FieldError{Field: name, Message: "Give a day of the calendar, such as 2026-11-21."})
			}
			*into = d
		}
	}
	day("from", &f.From)
	day("to", &f.To)
	return f, faults
}

func lawLabel(svc *requests.Service, code string) string {
	if row, err := svc.Law(code); err == nil {
		return row.Name
	}
	return code
}

// figureDrawing turns figures into tables and charts.
type figureDrawing struct {
	svc *requests.Service
	got *requests.RequestFigures
	q   url.Values
}

// to leads to the requests behind a figure; nothing stands behind a zero.
func (d figureDrawing) to(n int64, bad bool, pairs ...string) templates.FigureCell {
	cell := templates.FigureCell{Text: strconv.FormatInt(n, 10)}
	if n == 0 {
		return cell
	}
	q := url.Values{}
	for k, v := range d.q {
		q[k] = v
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	cell.Href, cell.Bad = withQuery("/desk/figures/cases", q), bad
	return cell
}

func plainCell(text string) templates.FigureCell { return templates.FigureCell{Text: text} }

func share(v *float64) string {
	if v == nil {
		return "–"
	}
	return strconv.FormatFloat(*v*100, 'f', 1, 64) + " %"
}

func daysOf(v *float64) string {
	if v == nil {
		return "–"
	}
	return strconv.FormatFloat(*v, 'f', 1, 64)
}

// figureCases lists the requests behind a figure.
func (h desk) figureCases(c *fiber.Ctx) error {
	f, faults := figureFilter(c)
	if len(faults) > 0 {
		return &requests.Error{Kind: requests.Invalid, Code: "invalid-input", Safe: "The address of this page is not as it should be."}
	}
	rows, next, err := h.Svc.FigureCases(c.UserContext(), f, c.Query("cursor"))
	if err != nil {
		return err
	}
	all := []string{"from", "to", "law", "right", "month", "result", "ground"}
	v := templates.FigureCasesPage{Page: h.page(c), Back: withQuery("/desk/figures", queryOf(c, "from", "to")), What: h.figureText(f)}
	if next != "" {
		q := queryOf(c, all...)
		q.Set("cursor", next)
		v.Next = withQuery("/desk/figures/cases", q)
	}
	auditor := web.Actor(c).Role == requests.Auditor
	for _, r := range rows {
		row := templates.FigureCaseRow{
			Reference: r.Reference, Right: templates.RightLabel(r.Right), Law: r.Law, Received: r.Received.Format("2 Jan 2006"), Due: r.Due.Format("2 Jan 2006"),
			Result: resultWords[r.Result], Href: templates.DeskCasePath(r.Case.String(), ""),
		}
		switch {
		case r.Reference == "":
			row.Reference, row.Href = "no longer kept", ""
		case auditor:
			row.Href = templates.AuditCasePath(r.Case.String())
		}
		if r.Answered != nil {
			row.Answered = r.Answered.Format("2 Jan 2006")
			row.Late = r.Answered.After(r.Due) && r.Ground != "unverified" && r.Result != requests.TakenBack && r.Result != requests.JoinedOther
		} else {
			row.Late = r.Due.Before(time.Date(h.Now().Year(), h.Now().Month(), h.Now().Day(), 0, 0, 0, 0, time.UTC))
		}
		if r.Ground != "" {
			row.Ground, _ = groundWords(h.Svc, requests.DenialRow{Law: r.Law, Right: r.Right, Ground: r.Ground})
		}
		v.Rows = append(v.Rows, row)
	}
	return h.render(c, fiber.StatusOK, templates.FigureCases(v))
}

var resultWords = map[string]string{
	requests.Complied: "Complied in whole", requests.CompliedBit: "In part", requests.DeniedRight: "Denied",
	requests.TakenBack: "Withdrawn", requests.JoinedOther: "Joined to another", requests.StillOpen: "Open", "late": "Late",
}

// figureText names a figure: "Erasure, GDPR, received in March 2026, denied".
func (h desk) figureText(f requests.FigureFilter) string {
	parts := []string{"All rights"}
	if f.Right != "" {
		parts[0] = templates.RightLabel(f.Right)
	}
	if f.Law != "" {
		parts = append(parts, lawLabel(h.Svc, f.Law))
	}
	if f.Month != "" {
		parts = append(parts, "received in "+monthName(f.Month))
	}
	if !f.From.IsZero() {
		parts = append(parts, "from "+f.From.Long())
	}
	if !f.To.IsZero() {
		parts = append(parts, "to "+f.To.Long())
	}
	if f.Result != "" {
		parts = append(parts, strings.ToLower(resultWords[f.Result]))
	}
	if f.Ground != "" {
		text, _ := groundWords(h.Svc, requests.DenialRow{Law: f.Law, Right: f.Right, Ground: f.Ground})
		parts = append(parts, strings.ToLower(text))
	}
	return strings.Join(parts, ", ") + "."
}
