package sqldb

import "slices"

// ambiguities finds identities that lead to two people.
func (w *walk) ambiguities() {
	w.crossBridges()
	reached := make([]map[int]bool, len(w.seeds))
	for i := range reached {
		reached[i] = map[int]bool{}
	}
	linked := map[*rec]bool{}
	for _, b := range w.bridges {
		linked[b.row] = true
	}
	for _, s := range w.sets {
		for _, r := range s.recs {
			if !s.t.Person && !linked[r] {
				continue
			}
			for _, i := range r.seeds {
				if p := w.ownerOf(r); p >= 0 {
					reached[i][w.leader(p)] = true
				}
			}
		}
	}
	w.doubtfulPeople = map[int]bool{}
	for i, people := range reached {
		s := w.seeds[i]
		s.people = len(people)
		s.ambiguous = s.ambiguous || w.strays(s, people)
		if !s.ambiguous {
			continue
		}
		w.warn("ambiguous", "An identity leads to more than one person; their records are withheld until somebody decides whose they are.")
		if len(s.from) > 0 {
			continue // a learned identity casts no doubt on the person who taught it
		}
		for p := range people {
			w.doubtfulPeople[p] = true
		}
	}
}

// crossBridges joins the people to whom a row belongs with the person whom it
// is joined to: the row is the record of the ones and the same human being as
// the other.
func (w *walk) crossBridges() {
	if len(w.people) < 2 {
		return
	}
	for _, b := range w.bridges {
		for p := range w.ownersOf(b.row) {
			w.join(p, b.person)
		}
	}
}

// ownersOf are the people to whom a row belongs, by any way.
func (w *walk) ownersOf(r *rec) map[int]bool {
	owners, seen := map[int]bool{}, map[*rec]bool{}
	for next := []*rec{r}; len(next) > 0; {
		r := next[len(next)-1]
		next = next[:len(next)-1]
		if r == nil || seen[r] {
			continue
		}
		seen[r] = true
		if r.owner >= 0 {
			owners[r.owner] = true
		}
		if !r.person {
			next = append(append(next, r.parent), r.also...)
		}
	}
	return owners
}

// strays reports whether an identity leads to two people: a learned one, to
// somebody other than those who teach it.
func (w *walk) strays(s *seed, people map[int]bool) bool {
	taught := map[int]bool{}
	for _, f := range s.from {
		for p := range w.ownersOf(f) {
			taught[w.leader(p)] = true
		}
	}
	if len(taught) == 0 {
		return len(people) > 1
	}
	for p := range people {
		if !taught[p] {
			return true
		}
	}
	return false
}

// doubt settles which rows are the person's beyond doubt: those to which some
// way leads that is.
func (w *walk) doubt() {
	next := make([]*rec, 0, 16)
	children := map[*rec][]*rec{} // rows to which a row leads, or in which stands what it teaches
	for _, s := range w.sets {
		for _, r := range s.recs {
			if r.parent != nil {
				children[r.parent] = append(children[r.parent], r)
			}
			for _, p := range r.also {
				children[p] = append(children[p], r)
			}
			for _, i := range r.seeds {
				sd := w.seeds[i]
				switch {
				case sd.ambiguous:
				case len(sd.from) > 0:
					for _, f := range sd.from {
						children[f] = append(children[f], r)
					}
				case !r.sure && !w.withheld(r):
					r.sure = true
					next = append(next, r)
				}
			}
		}
	}
	for len(next) > 0 {
		r := next[len(next)-1]
		next = next[:len(next)-1]
		for _, c := range children[r] {
			if c.sure || w.withheld(c) {
				continue
			}
			c.sure = true
			if c.parent != nil && (c.parent == r || slices.Contains(c.also, r)) {
				c.parent = r // the way that counts; what r merely teaches is none
			}
			next = append(next, c)
		}
	}
}

// withheld reports whether a row might be another person's, whatever leads
// there: only other people use it, or it is a person in doubt, or one uses it.
func (w *walk) withheld(r *rec) bool {
	return r.foreign != "" || r.doubted || (r.person && w.doubtfulPeople[w.leader(r.owner)])
}

// clean reports whether a seed leads to rows beyond doubt.
func (w *walk) clean(i int) bool {
	s := w.seeds[i]
	if s.ambiguous {
		return false
	}
	for _, f := range s.from {
		if f.sure {
			return true
		}
	}
	return len(s.from) == 0
}
