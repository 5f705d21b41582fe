package sqldb_test

import (
	"maps"
	"slices"
	"strings"
)

// groups joins the rows that are one human being's.
func (o *rTruth) groups() {
	for r := range o.own {
		if r.t.person {
			o.group[r] = r
		}
	}
	join := func(a, b *rRow) bool {
		ga, gb := o.group[a], o.group[b]
		switch {
		case ga == gb:
			return false
		case ga == nil:
			o.group[a] = gb
		case gb == nil:
			o.group[b] = ga
		default:
			for r, g := range o.group {
				if g == gb {
					o.group[r] = ga
				}
			}
		}
		return true
	}
	for again := true; again; {
		again = false
		for r := range o.own {
			to, same := o.leads(r)
			for i, x := range to {
				if !same[i] || !x.t.person || !o.alone(r) || !o.own[x] || len(r.t.shared) > 0 {
					continue
				}
				again = join(r, x) || again
				// A row is the record of its owners, and the same human being as this
				// person: so they are, too.
				for g := range o.owners[r] {
					again = join(g, x) || again
				}
			}
		}
		o.belong()
	}
}

// belong says to whom of the people found every row belongs.
func (o *rTruth) belong() {
	clear(o.owners)
	for again := true; again; {
		again = false
		for r := range o.own {
			if o.owners[r] == nil {
				o.owners[r] = map[*rRow]bool{}
			}
			before := len(o.owners[r])
			if g := o.group[r]; g != nil {
				o.owners[r][g] = true
			}
			if o.alone(r) {
				to, _ := o.leads(r)
				for _, x := range to {
					if o.own[x] && !x.t.person {
						if o.owners[x] == nil {
							o.owners[x] = map[*rRow]bool{}
						}
						n := len(o.owners[x])
						maps.Copy(o.owners[x], o.owners[r])
						again = again || len(o.owners[x]) != n
					}
				}
			}
			again = again || len(o.owners[r]) != before
		}
	}
}

// doubts finds the identities that lead to two people.
func (o *rTruth) doubts() {
	for _, id := range o.ids {
		people, taught := map[*rRow]bool{}, map[*rRow]bool{}
		for _, r := range id.teachers {
			for g := range o.owners[r] {
				taught[g] = true
			}
		}
		for _, r := range id.matches {
			if r.t.person && !o.own[r] {
				id.doubtful = true
			}
			if g := o.group[r]; g != nil {
				people[g] = true
			}
		}
		for _, r := range slices.Concat(id.matches, id.teachers) {
			if o.own[r] && !o.rooted[r] {
				to, same := o.leads(r)
				for i, x := range to {
					id.doubtful = id.doubtful || (same[i] && !o.own[x])
				}
			}
		}
		if len(taught) == 0 && len(people) > 1 {
			id.doubtful = true
		}
		for g := range people { // a learned identity is that of those who teach it
			id.doubtful = id.doubtful || (len(taught) > 0 && !taught[g])
		}
		if id.doubtful && id.given {
			o.doubt = true
			for g := range people {
				o.doubtful = append(o.doubtful, g)
			}
		}
	}
}

// inDoubt reports whether a person may be somebody else.
func (o *rTruth) inDoubt(r *rRow) bool { return slices.Contains(o.doubtful, o.group[r]) }

// settle finds the rows to which some way leads that is beyond doubt.
func (o *rTruth) settle() bool {
	changed := false
	mark := func(r *rRow) {
		if !o.sure[r] && !o.withheld(r) {
			o.sure[r], changed = true, true
		}
	}
	for r, ids := range o.entered {
		for _, id := range ids {
			if !id.doubtful && (id.given || slices.ContainsFunc(id.teachers, func(t *rRow) bool { return o.sure[t] })) {
				mark(r)
			}
		}
	}
	for r := range o.sure {
		to, same := o.leads(r)
		for i, x := range to {
			switch {
			case o.own[r] && o.alone(r):
				if o.own[x] && (!same[i] || !x.t.person || o.rooted[r]) {
					mark(x)
				}
			case !same[i] && o.shared(x):
				mark(x)
			}
		}
	}
	return changed
}

// withheld says that a row is a doubtful person's, that one uses it, or that an
// identity stands in it while it refers to other people only.
func (o *rTruth) withheld(r *rRow) bool {
	if r.t.person {
		return o.inDoubt(r)
	}
	users := o.users(r, true)
	mine := false
	for u := range users {
		if o.own[u] && o.inDoubt(u) {
			return true
		}
		mine = mine || o.own[u]
	}
	return len(o.entered[r]) > 0 && len(users) > 0 && !mine
}

// teach lists the identities that the person's rows teach. What is in doubt
// proves nothing.
func (o *rTruth) teach() {
	for r := range o.own {
		if !o.alone(r) {
			continue
		}
		for _, e := range r.t.entries {
			k, v, ok := identityOf(e, r)
			if e.learn == "" || !ok || normal(k, v) == "" {
				continue
			}
			if slices.ContainsFunc(o.ids, func(id *rIdentity) bool { return id.given && id.kind == k && id.normal == normal(k, v) }) {
				continue
			}
			at := [2]string{k, normal(k, v)}
			o.spellings[at] = append(o.spellings[at], strings.TrimSpace(v))
			o.learned[at] = o.learned[at] || (provenBy(e, r) && o.sure[r])
		}
	}
}

// unproven says whether an unproven identity leads to rows that are not found.
func (o *rTruth) unproven() {
	type key = [2]string
	ids := map[key][]string{}
	for _, id := range o.p.who {
		if !id.Proven {
			at := key{id.Kind, normal(id.Kind, id.Value)}
			ids[at] = append(ids[at], strings.TrimSpace(id.Value))
		}
	}
	for at, proven := range o.learned {
		if !proven {
			ids[at] = append(ids[at], o.spellings[at]...)
		}
	}
	for at, spelled := range ids {
		if slices.ContainsFunc(o.ids, func(id *rIdentity) bool { return id.kind == at[0] && id.normal == at[1] }) {
			continue
		}
		for _, r := range o.matchesOf(at[0], at[1], spelled) {
			if !o.own[r] && !o.beyond[r] {
				o.candidates = true
			}
		}
	}
}
