package sqldb

import (
	"slices"
	"strings"
	"time"

	"habeas/requests/connect"
	"habeas/requests/connect/sqldb/dataset"
)

// proposer turns rows of one table into what a plan proposes for them.
type proposer struct {
	t     *dataset.Table
	exprs []string // selected for each row, all texts
	// Positions in exprs; -1 where the table has none.
	guard, rowUntil, purpose int
	users                    []int // lists of people to whom the row refers
	colUntil                 map[int]*dataset.Column
	points                   map[int]string // system
	read, readShared         *connect.Proposal
	detachAll, sharedKeep    *connect.Proposal
	erase, never, detach     *connect.Proposal
	nothing                  *connect.Proposal // a row to detach that leads to nobody
	masked                   []string
	grounds                  []string
}

func (d *DB) proposer(cat *catalog, t *dataset.Table, usersIf string) *proposer {
	p := &proposer{t: t, guard: -1, rowUntil: -1, purpose: -1, colUntil: map[int]*dataset.Column{}, points: map[int]string{}}
	add := func(expr string) int {
		p.exprs = append(p.exprs, expr)
		return len(p.exprs) - 1
	}
	if t.Erase.Do != dataset.DeleteRow || d.links[t.Name].mayShare {
		p.guard = add(guardSQL(cat, t, "t"))
	}
	day := func(u *dataset.Until) string { return cat.day(col("t", u.Column)) }
	if u := t.Erase.Until; u != nil {
		p.rowUntil = add(day(u))
	}
	for _, c := range t.Columns {
		if c.PointsTo != "" {
			p.points[add(textOf(cat, t, "t", c.Name))] = c.PointsTo
		}
		switch c.Mask {
		case dataset.SetNull, dataset.SetText, dataset.SetRandom, dataset.SetHash, dataset.SetYear:
			p.masked = append(p.masked, c.Name)
		case dataset.KeepValue:
			if c.Until != nil {
				p.colUntil[add(day(c.Until))] = c
			} else if c.Ground != "" {
				p.grounds = append(p.grounds, c.Ground)
			}
		}
	}
	slices.Sort(p.masked)
	if s := t.Suppress; s != nil && s.PurposeColumn != "" {
		p.purpose = add(textOf(cat, t, "t", s.PurposeColumn))
	}
	for _, ref := range personRefs(d.data, t) {
		if usersIf != "" {
			p.users = append(p.users, add("case when "+usersIf+" then "+refersSQL(cat, d.data, t, ref)+" end"))
		}
	}
	p.fixed()
	return p
}

// fixed prepares the proposals that are the same for every row.
func (p *proposer) fixed() {
	t := p.t
	var hide, personal []string
	for _, c := range t.Columns {
		if c.FreeText || c.Others {
			hide = append(hide, c.Name)
		}
		if c.Category != "" {
			personal = append(personal, c.Name)
		}
	}
	slices.Sort(hide)
	slices.Sort(personal)
	p.read = &connect.Proposal{Action: connect.Disclose}
	if len(hide) > 0 {
		p.read = &connect.Proposal{Action: connect.Redact, Fields: hide}
	}
	p.readShared = p.read
	if len(hide) == 0 && len(t.SharedBy) == 0 && len(personal) > 0 {
		// A row of somebody else, reached through what is shared.
		p.readShared = &connect.Proposal{Action: connect.Redact, Fields: personal}
	}
	p.erase = &connect.Proposal{Action: connect.Erase}
	p.detachAll = &connect.Proposal{Action: connect.Detach, Ground: connect.GroundShared}
	p.sharedKeep = &connect.Proposal{Action: connect.Keep, Ground: connect.GroundShared}
	p.never = &connect.Proposal{Action: connect.Keep, Ground: t.Never}
	p.nothing = &connect.Proposal{Action: connect.Keep, Ground: connect.GroundDetached}
	p.detach = &connect.Proposal{Action: connect.Detach, Fields: detachFields(t)}
}

// detachFields are the references to null and the columns that the file says
// to mask with them.
func detachFields(t *dataset.Table) []string {
	var out []string
	for _, ref := range t.Refs {
		if ref.Down {
			out = append(out, ref.Columns...)
		}
	}
	for _, c := range t.Columns {
		if c.Explicit && c.Mask.Changes() {
			out = append(out, c.Name)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// guardSQL is the canonical text of the fields that stay in a row: those kept
// or masked, without references (a change of owner is seen in Owner) and
// without what suppression sets.
func guardSQL(cat *catalog, t *dataset.Table, alias string) string {
	skip := map[string]bool{}
	for _, ref := range t.Refs {
		for _, c := range ref.Columns {
			skip[c] = true
		}
	}
	if t.Suppress != nil {
		for _, a := range t.Suppress.Set {
			skip[a.Column] = true
		}
	}
	var cols []string
	for _, c := range t.Columns {
		if !skip[c.Name] && (t.Erase.Do != dataset.MaskRow || c.Mask != dataset.Leave) {
			cols = append(cols, c.Name)
		}
	}
	if len(cols) == 0 {
		return literal(cat, "")
	}
	return cat.guard(cat, t, alias, cols)
}

// refersSQL lists the people to whom a row refers by ref: a JSON array of their
// names, or null.
func refersSQL(cat *catalog, d *dataset.Dataset, t *dataset.Table, ref *dataset.Ref) string {
	to := d.Table(ref.To)
	return "(select " + cat.list(literal(cat, to.Name+"/")+" || "+keyText(cat, to, "p")) + " from " + relName(to) + " p where " +
		joinOn(cat, to, "p", ref.ToColumns, t, "t", ref.Columns) + ")"
}

// row is what the walk knows about a row.
type row struct {
	key, via, owner string
	match           connect.Match
	others          int
	shared          bool
	used            bool // by people found, whom shared_by names
}

// found makes a Found of a row and its selected texts (nil for null).
func (p *proposer) found(r row, vals [][]byte, now time.Time) connect.Found {
	f := connect.Found{
		Type: p.t.Name, Key: r.key, Owner: r.owner, Via: r.via, Match: r.match, Shared: r.others, Access: p.read,
	}
	if r.shared {
		f.Access = p.readShared
	}
	f.Erasure = p.erasure(r, vals, now)
	if s := p.t.Suppress; s != nil && !r.shared {
		f.Withdraw = &connect.Proposal{Action: connect.Suppress, Purposes: s.Purposes}
		for _, a := range s.Set {
			f.Withdraw.Fields = append(f.Withdraw.Fields, a.Column)
		}
		if p.purpose >= 0 && vals[p.purpose] != nil {
			f.Withdraw.Purposes = []string{string(vals[p.purpose])}
		}
	}
	if p.guard >= 0 && f.Erasure != nil && f.Erasure.Action != connect.Erase {
		f.Guard = slices.Clone(vals[p.guard])
	}
	return f
}

func (p *proposer) erasure(r row, vals [][]byte, now time.Time) *connect.Proposal {
	t := p.t
	if t.Lookup {
		return nil // nothing of the person stands in it
	}
	if t.Never != "" {
		return p.never
	}
	do := t.Erase.Do
	if do == dataset.KeepRow {
		until, ended := p.end(t.Erase.Until, p.rowUntil, vals, now)
		if !ended {
			return &connect.Proposal{Action: connect.Keep, Ground: t.Erase.Ground, Until: until}
		}
		do = t.Erase.Then
	}
	if r.shared {
		switch t.SharedErase {
		case dataset.DetachRow:
			if r.used {
				return p.detachAll
			}
			return p.sharedKeep // nobody to be taken out of it
		case dataset.KeepRow:
			return p.sharedKeep
		}
		do = dataset.MaskRow
	}
	switch do {
	case dataset.MaskRow:
		return p.mask(vals, now)
	case dataset.DetachRow:
		if len(p.detach.Fields) == 0 && !r.used {
			return p.nothing
		}
		return p.detach
	}
	return p.erase
}

// mask proposes the masked columns; the grounds are those of the columns that
// stay.
func (p *proposer) mask(vals [][]byte, now time.Time) *connect.Proposal {
	out := &connect.Proposal{Action: connect.Mask, Fields: p.masked}
	grounds := p.grounds
	for i, c := range p.colUntil {
		until, ended := p.end(c.Until, i, vals, now)
		if ended {
			out.Fields = append(slices.Clip(out.Fields), c.Name)
			continue
		}
		if c.Ground != "" {
			grounds = append(slices.Clip(grounds), c.Ground)
		}
		if until != nil && (out.Until == nil || out.Until.Before(*until)) {
			out.Until = until
		}
	}
	if len(out.Fields) != len(p.masked) {
		slices.Sort(out.Fields)
	}
	grounds = slices.Clone(grounds)
	slices.Sort(grounds)
	out.Ground = strings.Join(slices.Compact(grounds), "; ")
	return out
}

// end computes when a reason ends: the day itself still counts.
func (p *proposer) end(u *dataset.Until, at int, vals [][]byte, now time.Time) (until *time.Time, ended bool) {
	if u == nil || at < 0 || vals[at] == nil {
		return nil, false
	}
	day, err := time.Parse(time.DateOnly, string(vals[at]))
	if err != nil {
		return nil, false // infinity, or before year 1: no end that could be computed
	}
	if u.EndOfYear {
		day = time.Date(day.Year(), time.December, 31, 0, 0, 0, 0, time.UTC)
	}
	day = day.AddDate(u.Years, u.Months, u.Days)
	return &day, !now.Before(day.AddDate(0, 0, 1))
}
