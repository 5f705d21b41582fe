package export

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"habeas/requests/connect"
	"habeas/templates/report"
)

// held is what one system holds of one type.
type held struct {
	typ      string
	meta     connect.Type
	count    int64
	withheld bool
	fields   []string // of all rows, in the order of appearance
	index    map[string]int
	mixed    bool // rows differ in their fields
	first    [][]report.IndexCell
	jsonName string
	csvName  string
	aligned  []connect.Value

	never     map[string]string // fields whose values the law forbids to put out, with their kind
	neverHeld []string          // kinds of these that are held
}

// cellRunes is how much of a value stands in index.html.
const cellRunes = 600

// survey reads a stage once: how many records of which type, and the first of
// each.
func survey(ctx context.Context, s Source, info PackageInfo, names *namer) ([]*held, error) {
	if s.Open == nil {
		return nil, nil
	}
	in, err := s.Open(ctx)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	stage, err := OpenStage(in)
	if err != nil {
		return nil, err
	}
	limit := info.FirstRows
	if limit <= 0 {
		limit = 20
	}
	var types []*held
	var h *held
	for {
		row, err := stage.next()
		if errors.Is(err, io.EOF) {
			return types, nil
		}
		if err != nil {
			return nil, err
		}
		if h == nil || h.typ != row.Type {
			if err := ctx.Err(); err != nil {
				return nil, fmt.Errorf("export: %w", err)
			}
			h = newHeld(s.System, row, info.Law)
			name := names.name(s.Folder, s.System.Name, row.Type)
			h.jsonName, h.csvName = name+".json", name+".csv"
			types = append(types, h)
		}
		if err := h.see(row, limit, info.CategoriesOnly); err != nil {
			return nil, err
		}
	}
}

func newHeld(d connect.Description, row connect.Row, law string) *held {
	h := &held{typ: row.Type, meta: connect.Type{Name: row.Type, Title: row.Type}, index: map[string]int{}}
	for _, t := range d.Types {
		if t.Name == row.Type {
			h.meta = t
		}
	}
	h.never = neverOf(law, h.meta)
	return h
}

func (h *held) see(row connect.Row, limit int, categoriesOnly bool) error {
	h.count++
	same := len(row.Values) == len(h.fields)
	for i, v := range row.Values {
		h.withheld = h.withheld || v.Redacted
		if err := h.checkNever(v); err != nil {
			return err
		}
		if same && h.fields[i] == v.Field {
			continue
		}
		same = false
		if _, ok := h.index[v.Field]; !ok {
			h.index[v.Field] = len(h.fields)
			h.fields = append(h.fields, v.Field)
		}
	}
	h.mixed = h.mixed || !same && h.count > 1
	if categoriesOnly || len(h.first) >= limit {
		return nil
	}
	cells := make([]report.IndexCell, len(h.fields))
	for _, v := range row.Values {
		cells[h.index[v.Field]] = cell(v)
	}
	h.first = append(h.first, cells)
	return nil
}

// align brings a row's values into the order of the file's columns.
func (h *held) align(row connect.Row) connect.Row {
	if !h.mixed {
		return row
	}
	h.aligned = slices.Grow(h.aligned[:0], len(h.fields))[:len(h.fields)]
	clear(h.aligned)
	for _, v := range row.Values {
		h.aligned[h.index[v.Field]] = v
	}
	row.Values = h.aligned
	return row
}

// cell shows one value to people.
func cell(v connect.Value) report.IndexCell {
	if v.Redacted {
		return report.IndexCell{Withheld: true}
	}
	text := string(v.Data)
	switch {
	case text == "null":
		text = ""
	case strings.HasPrefix(text, `"`):
		var s string
		if json.Unmarshal(v.Data, &s) == nil {
			text = s
		}
	}
	if len(text) <= cellRunes {
		return report.IndexCell{Text: text}
	}
	cut := cellRunes
	for !utf8.RuneStart(text[cut]) {
		cut--
	}
	return report.IndexCell{Text: strings.Clone(text[:cut]), Cut: true}
}

// indexView is index.html's content: by system and, in it, by purpose.
func indexView(info PackageInfo, sources []Source, seen [][]*held) report.IndexPage {
	zone := info.Zone
	if zone == nil {
		zone = time.UTC
	}
	lang := report.Language(info.Lang)
	c := info.Company
	p := report.IndexPage{
		Lang: lang, Law: info.Law, Portability: info.Portability, CategoriesOnly: info.CategoriesOnly, CategoriesAsked: info.CategoriesAsked, Period: info.Period, Reference: info.Reference, Name: info.Name,
		ReceivedOn: report.Day(lang, info.ReceivedAt.In(zone)), MadeOn: report.Day(lang, info.MadeAt.In(zone)),
		Company: report.IndexCompany{
			Name: c.Name, Address: c.Address, Email: c.Email, Officer: c.Officer, Authority: c.Authority,
			AuthorityURL: c.AuthorityURL, Transfers: c.Transfers, Automated: c.Automated,
		},
	}
	for i, s := range sources {
		if s.Folder != "" {
			p.Apart = p.Apart || len(seen[i]) > 0
			continue
		}
		if len(seen[i]) == 0 {
			continue
		}
		system := report.IndexSystem{ID: fmt.Sprintf("s%d", i+1), Title: s.System.Title}
		if system.Title == "" {
			system.Title = s.System.Name
		}
		for k, h := range seen[i] {
			p.Records += h.count
			p.Withheld = p.Withheld || h.withheld && !info.CategoriesOnly
			t := indexType(h, lang)
			t.ID = fmt.Sprintf("s%dt%d", i+1, k+1)
			g := slices.IndexFunc(system.Purposes, func(g report.IndexPurpose) bool { return g.Purpose == h.meta.Purpose })
			if g < 0 {
				g = len(system.Purposes)
				system.Purposes = append(system.Purposes, report.IndexPurpose{Purpose: h.meta.Purpose})
			}
			system.Purposes[g].Types = append(system.Purposes[g].Types, t)
		}
		p.Systems = append(p.Systems, system)
	}
	return p
}

func indexType(h *held, lang string) report.IndexType {
	t := report.IndexType{
		Title: h.meta.Title, Source: h.meta.Source, Recipient: h.meta.Recipient, Retention: h.meta.Retention,
		Basis: h.meta.Basis, Transfers: h.meta.Transfers, Automated: h.meta.Automated,
		Social: h.meta.Social, Count: h.count, JSON: h.jsonName, CSV: h.csvName,
	}
	if t.Title == "" {
		t.Title = h.typ
	}
	titles := map[string]string{}
	for _, f := range h.meta.Fields {
		titles[f.Name] = f.Title
		if _, held := h.index[f.Name]; !held || f.Category == "" {
			continue
		}
		if name := report.Category(lang, f.Category); !slices.Contains(t.Categories, name) {
			t.Categories = append(t.Categories, name)
		}
	}
	for _, kind := range h.neverHeld {
		t.Never = append(t.Never, report.Never(lang, kind))
	}
	for _, f := range h.fields {
		if titles[f] != "" {
			t.Columns = append(t.Columns, titles[f])
		} else {
			t.Columns = append(t.Columns, f)
		}
	}
	for _, cells := range h.first {
		// A field that a later record brought is empty in the earlier ones.
		t.Rows = append(t.Rows, append(cells, make([]report.IndexCell, len(h.fields)-len(cells))...))
	}
	return t
}
