package sqldb

import (
	"habeas/requests/connect/sqldb/dataset"
)

// root notes that a row known by learned identities only is reached from a
// given one, too, and goes on from it once more: now it may lead to people.
func (w *walk) root(s *set, r *rec, key string) {
	r.rooted = true
	if !r.held && !r.shared {
		s.next = append(s.next, key)
	}
}

// same notes that a row is the same human being as the person (a) to whom it
// leads over same_person, and as its own (b, if known).
func (w *walk) same(parent *rec, a, b int) {
	switch {
	case b >= 0:
		w.join(a, b)
	case parent.parent == nil:
		parent.owner = a
	}
	if !parent.person {
		w.bridges = append(w.bridges, bridge{parent, a})
	}
}

// ownerOf returns the person to whom a row belongs, or -1.
func (w *walk) ownerOf(r *rec) int {
	for ; r != nil; r = r.parent {
		if r.owner >= 0 {
			return r.owner
		}
	}
	return -1
}

func (w *walk) newPerson(t *dataset.Table, key string) int {
	w.people = append(w.people, person{table: t, key: key, leader: len(w.people)})
	return len(w.people) - 1
}

func (w *walk) leader(p int) int {
	for w.people[p].leader != p {
		p = w.people[p].leader
	}
	return p
}

func (w *walk) join(a, b int) {
	a, b = w.leader(a), w.leader(b)
	w.people[max(a, b)].leader = min(a, b)
}
