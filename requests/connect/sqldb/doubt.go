package sqldb

// ambiguities finds identities that lead to two people.
func (w *walk) ambiguities() {
	reached := make([]map[int]bool, len(w.seeds))
	for i := range reached {
		reached[i] = map[int]bool{}
		if f := w.seeds[i].from; f != nil {
			if p := w.ownerOf(f); p >= 0 {
				reached[i][w.leader(p)] = true
			}
		}
	}
	for _, s := range w.sets {
		for _, r := range s.recs {
			if !s.t.Person && !r.linked {
				continue
			}
			for _, i := range r.seeds {
				if p := w.ownerOf(r); p >= 0 {
					reached[i][w.leader(p)] = true
				}
			}
		}
	}
	for i, people := range reached {
		if len(people) > 1 {
			w.seeds[i].ambiguous = true
		}
		if w.seeds[i].ambiguous {
			w.warn("ambiguous", "An identity leads to more than one person; their records are withheld until somebody decides whose they are.")
		}
	}
	w.doubt()
}

// doubt settles, once the walk is over, which identities and people are in
// doubt. A given identity that leads to two people casts doubt on both; a
// learned one never on the person who taught it.
func (w *walk) doubt() {
	w.doubtful = make([]bool, len(w.seeds))
	w.doubtfulPeople = map[int]bool{}
	for _, s := range w.sets {
		for _, r := range s.recs {
			p := w.ownerOf(r)
			if p < 0 || (!s.t.Person && !r.linked) {
				continue
			}
			for _, i := range r.seeds {
				if w.seeds[i].ambiguous && w.seeds[i].from == nil {
					w.doubtfulPeople[w.leader(p)] = true
				}
			}
		}
	}
	// Learned identities come after those that led to them.
	for i, s := range w.seeds {
		w.doubtful[i] = s.ambiguous
		for r := s.from; r != nil && !w.doubtful[i]; r = r.parent {
			for _, j := range r.seeds {
				w.doubtful[i] = w.doubtful[i] || (j < i && w.doubtful[j])
			}
		}
		if s.from != nil {
			if p := w.ownerOf(s.from); p >= 0 && w.doubtfulPeople[w.leader(p)] {
				w.doubtful[i] = true
			}
		}
	}
}

// ambiguous reports whether a row might be another person's: it refers to
// somebody else, its identity or its person is in doubt.
func (w *walk) ambiguous(r *rec) bool {
	if r == nil {
		return false
	}
	if r.foreign != "" {
		return true
	}
	p := w.ownerOf(r)
	if p >= 0 && w.doubtfulPeople[w.leader(p)] {
		return true
	}
	for x := r; x != nil; x = x.parent {
		for _, i := range x.seeds {
			if w.casts(i, p) {
				return true
			}
		}
	}
	return false
}

// casts reports whether seed i puts rows of person p (-1: of nobody known) in
// doubt.
func (w *walk) casts(i, p int) bool {
	if !w.doubtful[i] {
		return false
	}
	f := w.seeds[i].from
	if f == nil || p < 0 {
		return true
	}
	q := w.ownerOf(f)
	return q < 0 || w.leader(p) != w.leader(q)
}
