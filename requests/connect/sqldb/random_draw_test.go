package sqldb_test

import (
	"slices"

	"pgregory.net/rapid"
)

// drawSchema draws a database and its dataset file.
func drawSchema(t *rapid.T, dialect, schema string) *rSchema {
	s := &rSchema{dialect: dialect, schema: schema}
	var homes []*rTable
	if chance(t, 40) {
		h := s.table(t, "households")
		h.simpleKey(t)
		h.data(t)
		if chance(t, 15) {
			h.entry(t, "phone")
		}
		homes = append(homes, h)
	}
	var people []*rTable
	for i := range 1 + rnd(t, 2) {
		p := s.people(t, i, homes)
		if i > 0 && chance(t, 75) {
			s.ref(t, p, people[0]).direct(t)
		}
		people = append(people, p)
	}
	if chance(t, 35) {
		s.thread(t, people)
	}
	for range rnd(t, 4) {
		s.thing(t)
	}
	s.backward(t)
	s.confirms()
	for _, x := range s.tables {
		s.fates(t, x)
	}
	for _, x := range s.tables {
		for _, r := range x.refs {
			s.constrain(t, r)
		}
	}
	return s
}

// confirms lets no platform id be learned where one confirms a handle: what is
// already proved then would depend on what is read first.
func (s *rSchema) confirms() {
	confirm := false
	for _, x := range s.tables {
		confirm = confirm || slices.ContainsFunc(x.entries, func(e *rEntry) bool { return e.confirm })
	}
	for _, x := range s.tables {
		for _, e := range x.entries {
			if confirm && e.kind == "social_id" {
				e.learn, e.enter = "", true
			}
		}
	}
}

// people makes a table of people.
func (s *rSchema) people(t *rapid.T, i int, homes []*rTable) *rTable {
	p := s.table(t, []string{"people", "profiles"}[i])
	p.person = true
	if chance(t, 20) {
		p.compositeKey(t)
	} else {
		p.simpleKey(t)
	}
	if i == 0 || chance(t, 40) {
		p.entry(t, "email")
	}
	if chance(t, 25) {
		p.entry(t, "phone")
	}
	if chance(t, 40) {
		p.entry(t, "customer_id")
	}
	if chance(t, 25) {
		p.entry(t, "handle")
		if chance(t, 60) {
			p.entry(t, "social_id")
			h, id := p.entries[len(p.entries)-2], p.entries[len(p.entries)-1]
			if h.confirm = chance(t, 50); h.confirm {
				h.learn, id.learn, id.enter, h.enter = "", "", true, true
			}
		}
	}
	p.data(t)
	for _, h := range homes {
		r := s.refTo(t, p, h, h.key)
		r.way("to")
		h.shared = append(h.shared, rShare{by: p, col: r.cols[0], person: -1})
	}
	if chance(t, 40) {
		s.ref(t, p, p).direct(t)
	}
	return p
}

// thread makes a row that several people use, the table that joins them, and
// often what they say in it.
func (s *rSchema) thread(t *rapid.T, people []*rTable) {
	var single []*rTable
	for _, p := range people {
		if len(p.key) == 1 {
			single = append(single, p)
		}
	}
	if len(single) == 0 {
		return
	}
	p := pick(t, single...)
	h := s.table(t, "threads")
	h.simpleKey(t)
	h.data(t)
	j := s.table(t, "participants")
	j.join = true
	up, who := s.refTo(t, j, h, h.key), s.ref(t, j, p)
	up.way(pick(t, "to", "to", "both"))
	who.way("from")
	j.key = []int{up.cols[0], who.cols[0]}
	for _, k := range j.key {
		j.cols[k].notNull = true
	}
	h.shared = []rShare{{by: j, col: up.cols[0], person: who.cols[0]}}
	if chance(t, 60) {
		m := s.table(t, "messages")
		m.simpleKey(t)
		m.data(t)
		s.ref(t, m, h).way("from")
		s.ref(t, m, p).way(pick(t, "from", "from", "from", "none"))
	}
}

// thing makes any other table, which refers to those before it.
func (s *rSchema) thing(t *rapid.T) {
	x := s.table(t, pick(t, "orders", "lines", "notes", "addresses"))
	if chance(t, 30) {
		x.compositeKey(t)
	} else {
		x.simpleKey(t)
	}
	x.data(t)
	before := s.tables[:x.at]
	for range 1 + rnd(t, 3) {
		to := pick(t, before...)
		if chance(t, 50) {
			to = s.tables[slices.IndexFunc(s.tables, func(o *rTable) bool { return o.person })]
		}
		r := s.ref(t, x, to)
		r.direct(t)
		// A line's order is a part of its key.
		if len(r.cols) == 2 && len(x.key) == 1 && chance(t, 50) {
			x.key = append(slices.Clone(r.cols), x.key[0])
			for _, k := range x.key {
				x.cols[k].notNull = true
			}
		}
	}
	if chance(t, 20) {
		s.ref(t, x, x).direct(t)
	}
	if chance(t, 35) {
		x.entry(t, pick(t, "email", "email", "customer_id", "phone"))
	}
}

// backward adds references from earlier to later tables: cycles.
func (s *rSchema) backward(t *rapid.T) {
	if len(s.tables) < 2 || !chance(t, 25) {
		return
	}
	from := s.tables[rnd(t, len(s.tables)-1)]
	to := s.tables[from.at+1+rnd(t, len(s.tables)-from.at-1)]
	s.ref(t, from, to).direct(t)
}

// fates says what erasure does to a table's rows and columns.
func (s *rSchema) fates(t *rapid.T, x *rTable) {
	switch n := rnd(t, 20); {
	case x.join:
	case n < 12:
	case n < 15:
		x.erase = "mask"
	case n < 17 && !x.person:
		x.erase = "detach"
		can := false
		for _, r := range x.refs {
			can = can || r.down
			for _, c := range r.cols {
				if r.down && slices.Contains(x.key, c) {
					x.erase = "delete"
				}
			}
		}
		if !can && len(x.shared) == 0 {
			x.erase = "delete"
		}
	case n < 19:
		x.erase, x.then, x.years = "keep", pick(t, "", "delete", "mask"), pick(t, 8, 3, 0)
		if chance(t, 70) {
			x.until, x.endOfYear = x.column(t, "issued", domDay), chance(t, 50)
			x.cols[x.until].name = "issued" // the file's arithmetic takes plain names
		}
	case n < 20:
		x.erase = "never"
	}
	if len(x.shared) > 0 {
		x.sharedErase = pick(t, "", "", "detach", "mask", "keep")
	} else if chance(t, 20) {
		x.sharedErase = pick(t, "mask", "keep")
	}
	if !x.join && chance(t, 20) {
		if chance(t, 50) {
			x.where = []rCond{{col: x.column(t, "deleted", domDay), vals: []cell{null}}}
		} else {
			x.where = []rCond{{col: x.stateColumn(t), not: chance(t, 50), vals: pick(t, []cell{"off"}, []cell{"on", "new"}, []cell{"off", null})}}
		}
	}
	for i, c := range x.cols {
		s.columnFate(t, x, i, c)
	}
}

func (s *rSchema) columnFate(t *rapid.T, x *rTable, i int, c *rColumn) {
	if slices.Contains(x.key, i) || c.dom == domState || c.dom == "network" || c.dom == domDay {
		return
	}
	refers := slices.ContainsFunc(x.refs, func(r *rRef) bool { return slices.Contains(r.cols, i) })
	switch {
	case refers:
		c.notNull = c.notNull || chance(t, 15)
		if !c.notNull && chance(t, 30) {
			c.mask = "null"
		}
	case c.unique && c.category == "":
	case chance(t, 40):
		c.mask = pick(t, "null", "keep")
		if c.typ == "text" {
			c.mask = pick(t, "text", "random", "null", "keep", "keep")
		}
		if c.mask == "keep" && x.until >= 0 && chance(t, 50) {
			c.mask, c.until = "until", x.until
		}
	}
	masked := c.mask == "null" || c.mask == "until" || (c.mask == "" && c.category != "")
	if masked && !chance(t, 3) {
		c.notNull = false
	}
	if c.unique && c.mask == "text" && !chance(t, 10) {
		c.mask = "random"
	}
}

// constrain drops most of the foreign keys that could never be kept.
func (s *rSchema) constrain(t *rapid.T, r *rRef) {
	if r.fk == "" {
		return
	}
	null := true
	for _, c := range r.cols {
		null = null && !r.holder.cols[c].notNull
	}
	backward := r.to.at >= r.holder.at
	if r.fk == "set null" && !null {
		r.fk = "no action"
	}
	if backward && !null && !r.deferrable {
		r.fk = ""
		return
	}
	if len(r.holder.shared) > 0 && r.holder.shared[0].by == r.to {
		r.fk = "" // a row that needs one of those that join people to it
		return
	}
	goes := r.to.erase == "delete" || r.to.then != ""
	stays := r.holder.erase != "delete" || !r.down || len(r.holder.where) > 0
	if goes && stays && !chance(t, 15) {
		r.fk = ""
	}
}
