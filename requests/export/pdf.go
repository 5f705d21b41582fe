package export

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/johnfercher/maroto/v2"
	"github.com/johnfercher/maroto/v2/pkg/components/col"
	"github.com/johnfercher/maroto/v2/pkg/components/line"
	"github.com/johnfercher/maroto/v2/pkg/components/row"
	"github.com/johnfercher/maroto/v2/pkg/components/text"
	"github.com/johnfercher/maroto/v2/pkg/config"
	"github.com/johnfercher/maroto/v2/pkg/consts/align"
	"github.com/johnfercher/maroto/v2/pkg/consts/fontstyle"
	"github.com/johnfercher/maroto/v2/pkg/core"
	"github.com/johnfercher/maroto/v2/pkg/props"
	"github.com/johnfercher/maroto/v2/pkg/repository"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"

	"habeas/templates/report"
)

// fontFamily is the Go font (BSD licence): Latin, Greek and Cyrillic, which is
// more than ids, codes and articles need.
const fontFamily = "go"

var (
	ink   = &props.Color{Red: 11, Green: 12, Blue: 12}
	quiet = &props.Color{Red: 80, Green: 90, Blue: 95}
	brand = &props.Color{Red: 29, Green: 79, Blue: 74}
	rule  = &props.Color{Red: 177, Green: 180, Blue: 182}
	amber = &props.Color{Red: 253, Green: 246, Blue: 234}
	green = &props.Color{Red: 238, Green: 247, Blue: 242}
)

// reportPDF sets the evidence report on paper (A4).
func reportPDF(p report.EvidencePage) ([]byte, error) {
	fonts, err := repository.New().
		AddUTF8FontFromBytes(fontFamily, fontstyle.Normal, goregular.TTF).
		AddUTF8FontFromBytes(fontFamily, fontstyle.Bold, gobold.TTF).
		Load()
	if err != nil {
		return nil, fmt.Errorf("export: report.pdf: fonts: %w", err)
	}
	cfg := config.NewBuilder().
		WithCustomFonts(fonts).
		WithDefaultFont(&props.Font{Family: fontFamily, Size: 9, Color: ink}).
		WithLeftMargin(15).WithRightMargin(15).WithTopMargin(15).WithBottomMargin(15).
		WithPageNumber(props.PageNumber{Pattern: "{current} / {total}", Place: props.RightBottom, Family: fontFamily, Size: 8, Color: quiet}).
		WithTitle("Evidence report, case "+p.Case, true).WithCreator("Habeas", true).
		WithCreationDate(lastEvent(p)).
		Build()
	d := paper{maroto.New(cfg)}
	d.add(text.NewAutoRow("Evidence report", props.Text{Size: 9, Style: fontstyle.Bold, Color: brand}))
	d.add(text.NewAutoRow("How this request was handled", props.Text{Size: 18, Style: fontstyle.Bold, Bottom: 2}))
	d.facts(append([]report.Fact{{Name: "Case", Value: p.Case}}, p.Facts...))

	d.heading("Gaps")
	if len(p.Gaps) == 0 {
		d.box(report.NoGaps, green)
	}
	for _, g := range p.Gaps {
		d.box(g, amber)
	}
	if len(p.Notes) > 0 {
		d.subheading("Worth knowing")
		for _, n := range p.Notes {
			d.paragraph(n)
		}
	}
	d.heading("Clocks")
	d.table(p.ClockTable())
	d.heading("Plans and approvals")
	if len(p.Plans) == 0 {
		d.paragraph("No plan was made.")
	}
	for _, plan := range p.Plans {
		d.subheading(plan.What + ", " + plan.At)
		d.paragraph("Hash " + plan.Hash)
		if len(plan.Counts) > 0 {
			d.table(plan.Table())
		}
	}
	if len(p.Signed) > 0 {
		d.table(p.ApprovalTable())
	}
	d.heading("What became of the records")
	if len(p.Done)+len(p.Seen) == 0 {
		d.paragraph("No record was touched.")
	}
	for _, t := range []report.Table{p.DoneTable(), p.SeenTable()} {
		if len(t.Rows) > 0 {
			d.table(t)
		}
	}
	d.heading("The life of the case")
	d.table(p.EventTable())
	d.heading("The log")
	d.facts(p.Log)
	d.paragraph(report.CheckIt)
	d.paragraph(report.Unwitnessed)
	d.paragraph(report.NoPersonalData)

	doc, err := d.Generate()
	if err != nil {
		return nil, fmt.Errorf("export: report.pdf: %w", err)
	}
	return doc.GetBytes(), nil
}

// lastEvent is when the story ends, so that the same case gives the same file.
func lastEvent(p report.EvidencePage) time.Time {
	if len(p.Events) > 0 {
		if at, err := time.Parse(time.DateTime, p.Events[len(p.Events)-1].At); err == nil {
			return at
		}
	}
	return time.Unix(0, 0).UTC()
}

// paper is a document under construction.
type paper struct{ core.Maroto }

func (d paper) add(rows ...core.Row) { d.AddRows(rows...) }

func (d paper) heading(s string) {
	d.add(line.NewRow(8, props.Line{Color: rule, OffsetPercent: 60, SizePercent: 100}),
		text.NewAutoRow(s, props.Text{Size: 13, Style: fontstyle.Bold, Bottom: 2}))
}

func (d paper) subheading(s string) {
	d.add(text.NewAutoRow(s, props.Text{Size: 10, Style: fontstyle.Bold, Top: 3, Bottom: 1}))
}

func (d paper) paragraph(s string) {
	d.add(text.NewAutoRow(breakable(s, 80), props.Text{Bottom: 1.5}))
}

func (d paper) box(s string, background *props.Color) {
	d.add(row.New().Add(text.NewCol(12, breakable(s, 80), props.Text{Top: 1.5, Bottom: 1.5, Left: 3, Right: 3})).
		WithStyle(&props.Cell{BackgroundColor: background}), row.New(1.5).Add(col.New(12)))
}

func (d paper) facts(facts []report.Fact) {
	for _, f := range facts {
		d.add(row.New().Add(
			text.NewCol(3, f.Name, props.Text{Color: quiet, Bottom: 1}),
			text.NewCol(9, breakable(f.Value, 64), props.Text{Bottom: 1}),
		))
	}
}

func (d paper) table(t report.Table) {
	d.add(text.NewAutoRow(t.Caption, props.Text{Size: 8, Color: quiet, Top: 1, Bottom: 1}))
	cells := func(values []string, style fontstyle.Type) core.Row {
		r := row.New()
		for i, v := range values {
			p := props.Text{Size: 8, Style: style, Bottom: 0.8, Right: 1.5}
			if t.Number(i) {
				p.Align = align.Right
			}
			r.Add(text.NewCol(t.Widths[i], breakable(v, 8*t.Widths[i]), p))
		}
		return r
	}
	d.add(cells(t.Head, fontstyle.Bold), line.NewRow(1, props.Line{Color: rule, SizePercent: 100}))
	for _, values := range t.Rows {
		d.add(cells(values, fontstyle.Normal))
	}
}

// breakable puts blanks into words longer than a column takes, such as ids and
// hashes; behind a hyphen where there is one.
func breakable(s string, longest int) string {
	words := strings.Split(s, " ")
	for i, w := range words {
		var parts []string
		for len(w) > longest {
			cut := strings.LastIndexByte(w[:longest], '-') + 1
			if cut < longest/2 {
				cut = longest
			}
			for cut > 1 && !utf8.RuneStart(w[cut]) {
				cut--
			}
			parts, w = append(parts, w[:cut]), w[cut:]
		}
		words[i] = strings.Join(append(parts, w), " ")
	}
	return strings.Join(words, " ")
}
