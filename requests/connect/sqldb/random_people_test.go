package sqldb_test

import (
	"fmt"
	"slices"
	"strings"

	"pgregory.net/rapid"

	"habeas/requests/connect"
)

// rRow is one row of a table.
type rRow struct {
	t *rTable
	v []cell
}

// rPeople is what stands in the tables, and who asks.
type rPeople struct {
	s    *rSchema
	rows [][]*rRow // by table
	who  []connect.Identity
}

func (p *rPeople) all() []*rRow { return slices.Concat(p.rows...) }

// value renders the n-th value of a domain.
func value(dom string, n int) cell {
	switch dom {
	case domNum:
		return cell(fmt.Sprint(n))
	case domBig:
		return cell(fmt.Sprintf("184467440737095500%02d", n))
	case domUUID:
		return cell(fmt.Sprintf("0a1b2c3d-0000-4000-8000-%012d", n))
	}
	return cell(fmt.Sprintf("w%d", n))
}

var (
	days     = []cell{null, "2001-02-03", "2018-11-20", "2018-12-31", "2023-11-20", "2025-06-30"}
	states   = []cell{"on", "on", "off", "new", null}
	emails   = []string{"ann@x.test", "bob@x.test", "cy@x.test", "dee@x.test", "eve@x.test", "fay@x.test"}
	phones   = []string{"+4930111", "+4930222", "+4930333"}
	networks = []cell{"mastodon", "mastodon", "bluesky"}
)

// drawPeople fills the tables and says who asks.
func drawPeople(t *rapid.T, s *rSchema) *rPeople {
	p := &rPeople{s: s, rows: make([][]*rRow, len(s.tables))}
	for _, x := range s.tables {
		n := rnd(t, 7)
		if x.person {
			n = 1 + rnd(t, 5)
		}
		for i := range n {
			if r := p.row(t, x, i); p.fits(r) {
				p.rows[x.at] = append(p.rows[x.at], r)
			}
		}
	}
	for _, x := range s.tables {
		p.backward(t, x)
	}
	for range 1 + pick(t, 0, 0, 0, 1) {
		p.who = append(p.who, p.identity(t, true))
	}
	if chance(t, 20) {
		p.who = append(p.who, p.identity(t, false))
	}
	return p
}

func (p *rPeople) row(t *rapid.T, x *rTable, n int) *rRow {
	r := &rRow{t: x, v: make([]cell, len(x.cols))}
	for i, c := range x.cols {
		switch {
		case slices.Contains(x.key, i) && len(x.key) > 1:
			r.v[i] = value(c.dom, 1+rnd(t, 3))
		case slices.Contains(x.key, i):
			r.v[i] = value(c.dom, n+1)
		case c.dom == domDay:
			r.v[i] = pick(t, days...)
		case c.dom == domState:
			r.v[i] = pick(t, states...)
		case c.dom == "network":
			r.v[i] = pick(t, networks...)
		case !c.notNull && chance(t, 15):
			r.v[i] = null
		case c.dom == domText:
			r.v[i] = cell(pick(t, "", "x", `it's "q" \ \n`, "Grüße, 你好", "null", "{}", "Erased"))
			if c.unique {
				r.v[i] += cell(fmt.Sprint(n))
			}
		default:
			r.v[i] = value(c.dom, 1+rnd(t, 9))
		}
	}
	for _, e := range x.entries {
		if r.v[e.col] != null || x.cols[e.col].notNull {
			r.v[e.col] = p.spelling(t, e)
		}
	}
	for _, ref := range x.refs {
		if ref.to.at < x.at || (ref.to == x && ref.fk == "") {
			p.point(t, r, ref)
		} else if ref.fk != "" {
			p.nobody(r, ref)
		}
	}
	return r
}

// spelling is an identity as somebody wrote it into this column.
func (p *rPeople) spelling(t *rapid.T, e *rEntry) cell {
	switch e.kind {
	case "email":
		m := pick(t, emails...)
		if p.s.dialect == "postgresql" && chance(t, 25) {
			m = strings.ToUpper(m[:1]) + m[1:]
		}
		if e.match == "normal" && chance(t, 30) {
			m = " " + m
		}
		return cell(m)
	case "phone":
		n := pick(t, phones...)
		return cell(pick(t, n, "0049 "+n[3:5]+"-"+n[5:], " +49 ("+n[3:5]+") "+n[5:]))
	case "customer_id":
		return cell(fmt.Sprint(101 + rnd(t, 6)))
	case "handle":
		return cell(pick(t, "ann", "bob", "cy"))
	}
	return cell(fmt.Sprintf("u%d", rnd(t, 4)))
}

// point makes a row refer to a row of ref.to, to none, or to one that is not
// there.
func (p *rPeople) point(t *rapid.T, r *rRow, ref *rRef) {
	rows := p.rows[ref.to.at]
	optional := true
	for _, c := range ref.cols {
		optional = optional && !r.t.cols[c].notNull
	}
	switch {
	case optional && (len(rows) == 0 || chance(t, 20)):
		p.nobody(r, ref)
	case len(rows) == 0 || (ref.fk == "" && chance(t, 8)):
		for i, c := range ref.cols {
			r.v[c] = value(ref.to.cols[ref.toCols[i]].dom, 77)
		}
	default:
		to := pick(t, rows...)
		for i, c := range ref.cols {
			r.v[c] = to.v[ref.toCols[i]]
			if ref.fk == "" && chance(t, 10) {
				to = pick(t, rows...) // the columns belong together only by chance
			}
		}
	}
}

func (p *rPeople) nobody(r *rRow, ref *rRef) {
	for _, c := range ref.cols {
		if !r.t.cols[c].notNull {
			r.v[c] = null
		}
	}
}

// fits reports whether the database would take the row.
func (p *rPeople) fits(r *rRow) bool {
	for _, o := range p.rows[r.t.at] {
		if o.key() == r.key() {
			return false
		}
		for i, c := range r.t.cols {
			if c.unique && r.v[i] != null && r.v[i] == o.v[i] {
				return false
			}
		}
	}
	for i, c := range r.t.cols {
		if c.notNull && r.v[i] == null {
			return false
		}
	}
	for _, ref := range r.t.refs {
		if ref.fk != "" && !p.keeps(r, ref) {
			return false
		}
	}
	return true
}

// keeps reports whether the row keeps a foreign key.
func (p *rPeople) keeps(r *rRow, ref *rRef) bool {
	for _, c := range ref.cols {
		if r.v[c] == null {
			return true
		}
	}
	return slices.ContainsFunc(p.rows[ref.to.at], func(to *rRow) bool { return refers(r, ref, to) })
}

// refers reports whether r refers to a row by ref.
func refers(r *rRow, ref *rRef, to *rRow) bool {
	if to.t != ref.to || r.t != ref.holder {
		return false
	}
	for i, c := range ref.cols {
		if r.v[c] == null || r.v[c] != to.v[ref.toCols[i]] {
			return false
		}
	}
	return true
}

// backward fills references to rows that came later.
func (p *rPeople) backward(t *rapid.T, x *rTable) {
	for _, ref := range x.refs {
		if ref.to.at < x.at || slices.ContainsFunc(ref.cols, func(c int) bool { return slices.Contains(x.key, c) }) {
			continue
		}
		for _, r := range p.rows[x.at] {
			was := slices.Clone(r.v)
			p.point(t, r, ref)
			for i, c := range x.cols {
				if c.notNull && r.v[i] == null {
					r.v = was
					break
				}
			}
			for _, other := range x.refs {
				if other.fk != "" && !p.keeps(r, other) {
					r.v = was
				}
			}
		}
	}
}

// identity draws somebody who stands in the tables, or nobody.
func (p *rPeople) identity(t *rapid.T, proven bool) connect.Identity {
	id := connect.Identity{Kind: "email", Value: pick(t, emails...), Proven: proven}
	var from []*rRow
	for _, r := range p.all() {
		if len(r.t.entries) > 0 && (r.t.person || chance(t, 30)) {
			from = append(from, r)
		}
	}
	if len(from) == 0 || chance(t, 5) {
		return id
	}
	r := pick(t, from...)
	e := pick(t, r.t.entries...)
	if k, v, ok := identityOf(e, r); ok {
		id.Kind, id.Value = k, v
	}
	return id
}

// identityOf reads the identity that stands in a row.
func identityOf(e *rEntry, r *rRow) (kind, value string, ok bool) {
	v := r.v[e.col]
	if v == null || v == "" {
		return "", "", false
	}
	if !e.composed() {
		return e.kind, string(v), true
	}
	net := cell(e.text)
	if e.network >= 0 {
		net = r.v[e.network]
	}
	if net == null {
		return "", "", false
	}
	if e.kind == "handle" {
		return e.kind, string(v + "@" + net), true
	}
	return e.kind, string(net + ":" + v), true
}

// key is the row's key as Habeas writes it.
func (r *rRow) key() string { return keyOf(r.t, r.v) }

func keyOf(t *rTable, v []cell) string {
	if len(t.key) == 1 {
		return string(v[t.key[0]])
	}
	parts := make([]string, len(t.key))
	for i, k := range t.key {
		parts[i] = fmt.Sprintf("%q", string(v[k]))
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

func (r *rRow) name() string { return r.t.name + "/" + r.key() }
