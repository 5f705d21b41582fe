package clock

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// Bounds of a file of holidays.
const (
	maxHolidayFile = 1 << 20
	maxHolidays    = 5000
	maxHolidayName = 200
	lastImported   = 2099 // the last year to which a yearly holiday is written out
)

// LineError is what is wrong with one line of a file of holidays: which line,
// which rule it breaks, and what to write instead.
type LineError struct {
	File string
	Line int // from 1
	Rule string
	Text string
}

func (e *LineError) Error() string {
	return fmt.Sprintf("%s, line %d: %s (%s)", e.File, e.Line, e.Text, e.Rule)
}

// ReadHolidays reads a company's or a region's own holidays: iCalendar
// (RFC 5545) for a name that ends in .ics, else YAML. The days come sorted,
// each once, yearly ones written out to 2099. All faults of the file are told
// at once, each a *LineError, and with any fault there are no days.
func ReadHolidays(name string, r io.Reader) ([]Holiday, error) {
	raw, err := io.ReadAll(io.LimitReader(r, maxHolidayFile+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", filepath.Base(name), err)
	}
	in := &holidayFile{name: filepath.Base(name)}
	switch {
	case len(raw) > maxHolidayFile:
		in.bad(1, "a file of holidays has at most 1 MiB", "the file is too long")
	case strings.EqualFold(filepath.Ext(name), ".ics"):
		in.ics(raw)
	default:
		in.yaml(raw)
	}
	if len(in.faults) == 0 && len(in.days) == 0 {
		in.bad(1, "a file of holidays names at least one day", "there is no holiday in it")
	}
	if len(in.faults) > 0 {
		return nil, errors.Join(in.faults...)
	}
	slices.SortStableFunc(in.days, func(a, b Holiday) int { return a.Date.Compare(b.Date) })
	return slices.CompactFunc(in.days, func(a, b Holiday) bool { return a.Date == b.Date }), nil
}

// holidayFile is one file as it is read.
type holidayFile struct {
	name   string
	days   []Holiday
	faults []error
}

func (f *holidayFile) bad(line int, rule, format string, args ...any) {
	f.faults = append(f.faults, &LineError{File: f.name, Line: line, Rule: rule, Text: fmt.Sprintf(format, args...)})
}

// add takes one day, and its namesakes of later years where it is yearly. An
// anniversary that a year does not have (29 February) is left out, as RFC 5545
// 3.3.10 says.
func (f *holidayFile) add(line int, first Date, name string, yearly bool, keep func(Date, int) bool) {
	if !first.Valid() {
		f.bad(line, "a holiday lies in the years 2000 to 2199", "%s cannot be used", first)
		return
	}
	name = strings.TrimSpace(strings.Map(printable, name))
	if len(name) > maxHolidayName {
		name = strings.ToValidUTF8(name[:maxHolidayName], "")
	}
	years := 0
	if yearly {
		years = max(lastImported-first.Year, 0)
	}
	n := 0
	for y := first.Year; y <= first.Year+years; y++ {
		d := Date{y, first.Month, first.Day}
		if !d.Valid() {
			continue
		}
		if n++; keep != nil && !keep(d, n) {
			continue
		}
		if len(f.days) == maxHolidays {
			f.bad(line, fmt.Sprintf("a file of holidays has at most %d days", maxHolidays), "there are too many")
			return
		}
		f.days = append(f.days, Holiday{Date: d, Name: name})
	}
}

func printable(r rune) rune {
	if r < ' ' || r == 0x7f || r == '\uFFFD' {
		return ' '
	}
	return r
}

const yamlRule = "each entry is {date: YYYY-MM-DD, name: …, yearly: true or false}"

// yaml reads a list of entries. It walks the syntax tree, since only that
// knows the lines.
func (f *holidayFile) yaml(raw []byte) {
	body, err := yamlTree(raw)
	if err != nil {
		f.bad(max(yamlLine(err), 1), yamlRule, "this is not YAML that can be read")
		return
	}
	if body == nil {
		return
	}
	list, ok := body.(*ast.SequenceNode)
	if !ok {
		f.bad(body.GetToken().Position.Line, yamlRule, "the file is no list")
		return
	}
	for _, item := range list.Values {
		f.entry(item)
	}
}

func (f *holidayFile) entry(item ast.Node) {
	line := item.GetToken().Position.Line
	var pairs []*ast.MappingValueNode
	switch n := item.(type) {
	case *ast.MappingNode:
		pairs = n.Values
	case *ast.MappingValueNode:
		pairs = []*ast.MappingValueNode{n}
	default:
		f.bad(line, yamlRule, "an entry is no mapping")
		return
	}
	if len(pairs) > 0 {
		line = pairs[0].Key.GetToken().Position.Line
	}
	var d Date
	var name string
	var yearly bool
	before := len(f.faults)
	for _, p := range pairs {
		at := p.Key.GetToken().Position.Line
		key, value := p.Key.GetToken().Value, ""
		if s, ok := p.Value.(ast.ScalarNode); ok && s.GetValue() != nil {
			value = fmt.Sprint(s.GetValue())
		}
		switch key {
		case "date":
			line = at
			var err error
			if d, err = ParseDate(value); err != nil {
				f.bad(at, yamlRule, "%s", err)
			}
		case "name":
			name = value
		case "yearly":
			if value != "true" && value != "false" {
				f.bad(at, yamlRule, "yearly is true or false, not %q", clip(value))
			}
			yearly = value == "true"
		default:
			f.bad(at, yamlRule, "there is no %q", clip(key))
		}
	}
	if len(f.faults) > before {
		return
	}
	if d.IsZero() {
		f.bad(line, yamlRule, "the entry has no date")
		return
	}
	f.add(line, d, name, yearly, nil)
}

// yamlTree parses, and turns the library's panics on some malformed files into
// errors.
func yamlTree(raw []byte) (node ast.Node, err error) {
	defer func() {
		if p := recover(); p != nil {
			node, err = nil, errors.New("not YAML")
		}
	}()
	file, err := parser.ParseBytes(bytes.TrimPrefix(raw, []byte("\uFEFF")), 0)
	if err != nil {
		return nil, err
	}
	for _, doc := range file.Docs {
		if doc.Body != nil && node != nil {
			return nil, errors.New("more than one document")
		}
		if doc.Body != nil {
			node = doc.Body
		}
	}
	if _, empty := node.(*ast.CommentGroupNode); empty {
		return nil, nil
	}
	return node, nil
}

// yamlLine is the line that the parser names, 0 when it names none.
func yamlLine(err error) int {
	var se *yaml.SyntaxError
	if errors.As(err, &se) && se.Token != nil && se.Token.Position != nil {
		return se.Token.Position.Line
	}
	return 0
}
