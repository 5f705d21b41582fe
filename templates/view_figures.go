package templates

import (
	"fmt"
	"strconv"
)

// FiguresPage is what the log says about all requests of a period.
type FiguresPage struct {
	Page
	From, To string // YYYY-MM-DD, "" where open
	Law      string
	Right    string
	Laws     []Option
	Rights   []Option
	CSV      string // the same as files
	JSON     string
	Entries  int64  // of the log that are counted
	Stats    []Stat // the few figures that matter most
	Parts    []FigurePart
}

// Stat is one figure in large type. Bad colours it.
type Stat struct {
	Value string
	Label string
	Bad   bool
}

// FigurePart is a section: a chart with the table beneath it that says the
// same.
type FigurePart struct {
	ID     string
	Title  string
	Text   string
	Chart  *Chart
	Tables []FigureTable
}

// FigureTable is a table of figures. The first cell of a row is its heading.
type FigureTable struct {
	Caption string
	Heads   []string
	Words   int // columns of words after the first; the rest are numbers
	Rows    [][]FigureCell
}

// FigureCell is one cell; Href leads to the requests behind it.
type FigureCell struct {
	Text string
	Href string
	Bad  bool
}

// FigureCasesPage lists the requests behind a figure.
type FigureCasesPage struct {
	Page
	What string // the figure in words
	Rows []FigureCaseRow
	Next string
	Back string
}

// FigureCaseRow is one right of one request.
type FigureCaseRow struct {
	Reference string
	Href      string
	Right     string
	Law       string
	Received  string
	Due       string
	Answered  string
	Result    string
	Ground    string
	Late      bool
}

// Chart is a bar chart. Each bar is a stack of its series' values.
type Chart struct {
	Title  string
	Desc   string // the chart in a sentence, for who cannot see it
	Series []ChartSeries
	Bars   []ChartBar
	Unit   string // of the axis: "requests", "days"
}

// ChartSeries is one kind of value with its colour: a --govuk custom property.
type ChartSeries struct {
	Name   string
	Colour string
}

// ChartBar is one bar.
type ChartBar struct {
	Label  string
	Values []float64 // one per series
	Note   string    // what stands above it
}

// The chart's measures, in units of its own; it scales with the page.
const (
	chartW, chartH                  = 440.0, 220.0
	chartLeft, chartTop             = 40.0, 18.0
	chartRight, chartBottom         = 6.0, 34.0
	chartPlotW                      = chartW - chartLeft - chartRight
	chartPlotH                      = chartH - chartTop - chartBottom
	chartLabelEvery         float64 = 44 // room for one label beneath a bar
)

func (c Chart) top() float64 {
	top := 0.0
	for _, b := range c.Bars {
		sum := 0.0
		for _, v := range b.Values {
			sum += v
		}
		top = max(top, sum)
	}
	return nice(top)
}

// nice rounds an axis up to 1, 2, 4, 5 or 10 times a power of ten.
func nice(v float64) float64 {
	step := 1.0
	for step*10 < v {
		step *= 10
	}
	for _, m := range []float64{1, 2, 4, 5, 10} {
		if m*step >= v {
			return m * step
		}
	}
	return 10 * step
}

type chartRect struct{ x, y, w, h, colour, title string }

type chartText struct{ x, y, text string }

func at(v float64) string { return strconv.FormatFloat(v, 'f', 1, 64) }

func (c Chart) step() float64 { return chartPlotW / float64(max(len(c.Bars), 1)) }

// rects are the pieces of all bars.
func (c Chart) rects() []chartRect {
	top, step := c.top(), c.step()
	width := min(step*0.7, 44)
	var out []chartRect
	for i, b := range c.Bars {
		y := chartTop + chartPlotH
		for j, v := range b.Values {
			if v <= 0 {
				continue
			}
			h := v / top * chartPlotH
			y -= h
			out = append(out, chartRect{
				x: at(chartLeft + step*float64(i) + (step-width)/2), y: at(y), w: at(width), h: at(h), colour: "var(" + c.Series[j].Colour + ")",
				title: fmt.Sprintf("%s, %s: %s", b.Label, c.Series[j].Name, trimmed(v)),
			})
		}
	}
	return out
}

func trimmed(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// ticks are the lines of the axis with their figures: bottom, middle, top.
func (c Chart) ticks() []chartText {
	top := c.top()
	var out []chartText
	for _, part := range []float64{0, 0.5, 1} {
		if part == 0.5 && top == 1 && c.Unit == "requests" {
			continue
		}
		out = append(out, chartText{x: at(chartLeft - 6), y: at(chartTop + chartPlotH*(1-part)), text: trimmed(top * part)})
	}
	return out
}

// labels stand beneath the bars, as many as there is room for.
func (c Chart) labels() []chartText {
	step := c.step()
	every := 1
	for step*float64(every) < chartLabelEvery {
		every++
	}
	var out []chartText
	for i, b := range c.Bars {
		if (len(c.Bars)-1-i)%every == 0 {
			out = append(out, chartText{x: at(chartLeft + step*(float64(i)+0.5)), y: at(chartTop + chartPlotH + 16), text: b.Label})
		}
	}
	return out
}

// notes stand above the bars.
func (c Chart) notes() []chartText {
	top, step := c.top(), c.step()
	if step < 34 {
		return nil
	}
	var out []chartText
	for i, b := range c.Bars {
		sum := 0.0
		for _, v := range b.Values {
			sum += v
		}
		if b.Note != "" {
			out = append(out, chartText{x: at(chartLeft + step*(float64(i)+0.5)), y: at(chartTop + chartPlotH*(1-sum/top) - 5), text: b.Note})
		}
	}
	return out
}
