package sqldb_test

import (
	"slices"
	"strings"
)

// The oracle knows what docs/datasets.md says, and the rows. It goes row by
// row, again and again until nothing changes, and shares no code with sqldb.

// rIdentity is an identity that leads to rows.
type rIdentity struct {
	kind, normal string
	spelled      []string
	given        bool
	teachers     []*rRow // of a learned one
	matches      []*rRow
	doubtful     bool
}

// rTruth is what is true about the person who asks.
type rTruth struct {
	p   *rPeople
	ids []*rIdentity // proven: given, then learned
	// own rows were reached over rows that are the person's alone; beyond are
	// those reached only through rows that others use, too.
	own, beyond map[*rRow]bool
	// rooted rows were reached from a given identity, not from learned ones only.
	rooted     map[*rRow]bool
	entered    map[*rRow][]*rIdentity
	others     map[*rRow]int          // how many other people use an own row
	counts     map[*rRow]map[int]bool // of rows beyond: the counts of those that led there
	group      map[*rRow]*rRow        // people who are one human being, by one of their rows
	owners     map[*rRow]map[*rRow]bool
	sure       map[*rRow]bool
	learned    map[[2]string]bool // kind and normal form → proven
	spellings  map[[2]string][]string
	doubtful   []*rRow // groups
	doubt      bool    // some given identity leads to two people
	candidates bool
}

// ask finds out everything about the person.
func ask(p *rPeople) *rTruth {
	o := &rTruth{
		p: p, own: map[*rRow]bool{}, rooted: map[*rRow]bool{}, beyond: map[*rRow]bool{}, entered: map[*rRow][]*rIdentity{},
		others: map[*rRow]int{}, counts: map[*rRow]map[int]bool{}, group: map[*rRow]*rRow{}, owners: map[*rRow]map[*rRow]bool{},
		sure: map[*rRow]bool{}, learned: map[[2]string]bool{}, spellings: map[[2]string][]string{},
	}
	for _, id := range p.who {
		if id.Proven {
			o.identity(id.Kind, id.Value, nil)
		}
	}
	for o.enter() || o.follow() || o.learn() {
	}
	for o.followShared() {
	}
	o.groups()
	o.doubts()
	for o.settle() {
	}
	o.teach()
	o.unproven()
	return o
}

// normal is the form in which identities are compared.
func normal(kind, v string) string {
	v = strings.TrimSpace(v)
	switch kind {
	case "email":
		return strings.ToLower(v)
	case "handle":
		return strings.ToLower(strings.TrimPrefix(v, "@"))
	case "phone":
		plus := strings.HasPrefix(v, "+")
		v = strings.Map(func(r rune) rune {
			if r < '0' || r > '9' {
				return -1
			}
			return r
		}, v)
		if plus {
			return "+" + v
		}
		if strings.HasPrefix(v, "00") {
			return "+" + v[2:]
		}
	}
	return v
}

// identity adds an identity that leads to rows.
func (o *rTruth) identity(kind, value string, teacher *rRow) bool {
	for _, id := range o.ids {
		if id.kind == kind && id.normal == normal(kind, value) {
			changed := false
			if !slices.Contains(id.spelled, strings.TrimSpace(value)) {
				id.spelled, changed = append(id.spelled, strings.TrimSpace(value)), true
			}
			if !id.given && teacher != nil && !slices.Contains(id.teachers, teacher) {
				id.teachers, changed = append(id.teachers, teacher), true
			}
			return changed
		}
	}
	id := &rIdentity{kind: kind, normal: normal(kind, value), spelled: []string{strings.TrimSpace(value)}, given: teacher == nil}
	if teacher != nil {
		id.teachers = []*rRow{teacher}
	}
	o.ids = append(o.ids, id)
	return true
}

// live reports whether the dataset lets a row exist.
func live(r *rRow) bool {
	for _, c := range r.t.where {
		is := slices.Contains(c.vals, r.v[c.col])
		if is == c.not {
			return false
		}
	}
	return true
}

// holds reports whether the identity stands in the row, as the entry compares.
func holds(r *rRow, e *rEntry, kind, norm string, spelled []string) bool {
	if e.kind != kind || r.v[e.col] == null {
		return false
	}
	v := string(r.v[e.col])
	if !e.composed() {
		switch e.match {
		case "fold":
			return strings.EqualFold(v, norm)
		case "normal":
			return normal(kind, v) == norm
		}
		return v == norm || slices.Contains(spelled, v)
	}
	k, full, ok := identityOf(e, r)
	if !ok || k != kind {
		return false
	}
	if e.match == "fold" {
		return strings.EqualFold(full, norm)
	}
	return full == norm || slices.Contains(spelled, full)
}

// stale reports whether a handle's row has another platform id than the one
// that is proved.
func (o *rTruth) stale(r *rRow, e *rEntry) bool {
	if !e.confirm {
		return false
	}
	i := slices.IndexFunc(r.t.entries, func(x *rEntry) bool { return x.kind == "social_id" })
	_, id, ok := identityOf(r.t.entries[i], r)
	if !ok {
		return false
	}
	network, _, _ := strings.Cut(id, ":")
	known := false
	for _, x := range o.ids {
		if x.kind == "social_id" && strings.HasPrefix(x.normal, network+":") {
			if x.normal == id {
				return false
			}
			known = true
		}
	}
	return known
}

// matchesOf lists the live rows in which an identity stands.
func (o *rTruth) matchesOf(kind, norm string, spelled []string) []*rRow {
	var out []*rRow
	for _, r := range o.p.all() {
		for _, e := range r.t.entries {
			if e.enter && live(r) && holds(r, e, kind, norm, spelled) && !o.stale(r, e) {
				out = append(out, r)
				break
			}
		}
	}
	return out
}

// enter finds the rows in which identities stand. A learned one does not lead
// to another person's row.
func (o *rTruth) enter() bool {
	changed := false
	for _, id := range o.ids {
		id.matches = o.matchesOf(id.kind, id.normal, id.spelled)
		for _, r := range id.matches {
			alone := !slices.ContainsFunc(id.teachers, func(t *rRow) bool { return t != r })
			if !id.given && (alone || (r.t.person && !o.own[r])) {
				continue
			}
			if !slices.Contains(o.entered[r], id) {
				o.entered[r] = append(o.entered[r], id)
				changed = true
			}
			if !o.own[r] || (id.given && !o.rooted[r]) {
				o.own[r], changed = true, true
				o.rooted[r] = o.rooted[r] || id.given
			}
		}
	}
	return changed
}

// leads lists the rows to which a reference of the file leads from r.
func (o *rTruth) leads(r *rRow) (out []*rRow, same []bool) {
	for _, x := range o.p.s.tables {
		for _, ref := range x.refs {
			for _, to := range o.p.all() {
				if live(to) && ((ref.down && refers(to, ref, r)) || (ref.up && refers(r, ref, to))) {
					out, same = append(out, to), append(same, ref.same)
				}
			}
		}
	}
	return out, same
}

// users are the people who use a row: those to whom it refers, and those whom
// shared_by names. A reference over which the walk goes up to the same person
// leads to the user; it does not make a stranger of them. People whom `where`
// leaves out use rows, too.
func (o *rTruth) users(r *rRow, upToo bool) map[*rRow]bool {
	out := o.named(r)
	for _, ref := range r.t.refs {
		// A row that is the same human being as the person on whom it hangs is no
		// sign of somebody else.
		if r.t.person || !ref.to.person || (!ref.down && !ref.same) || (ref.same && (!ref.up || !upToo)) {
			continue
		}
		for _, to := range o.p.rows[ref.to.at] {
			if refers(r, ref, to) {
				out[to] = true
			}
		}
	}
	return out
}

// named are the people who use a row by shared_by.
func (o *rTruth) named(r *rRow) map[*rRow]bool {
	out := map[*rRow]bool{}
	for _, s := range r.t.shared {
		for _, by := range o.p.rows[s.by.at] {
			if by.v[s.col] == r.v[r.t.key[0]] {
				for _, who := range o.usersBy(s, by) {
					out[who] = true
				}
			}
		}
	}
	return out
}

// usersBy are the people whom one row of shared_by names.
func (o *rTruth) usersBy(s rShare, by *rRow) (out []*rRow) {
	if s.person < 0 {
		return []*rRow{by}
	}
	for _, ref := range s.by.refs {
		for _, who := range o.p.rows[ref.to.at] {
			if len(ref.cols) == 1 && ref.cols[0] == s.person && ref.to.person && refers(by, ref, who) {
				out = append(out, who)
			}
		}
	}
	return out
}

// alone reports whether nobody but the people found uses a row.
func (o *rTruth) alone(r *rRow) bool {
	o.others[r] = 0
	for u := range o.users(r, false) {
		if !o.own[u] {
			o.others[r]++
		}
	}
	return o.others[r] == 0
}

// follow walks on from the rows that are the person's alone. What is known by
// learned identities only does not lead to people.
func (o *rTruth) follow() bool {
	changed := false
	for r := range o.own {
		if !o.alone(r) {
			continue
		}
		to, same := o.leads(r)
		for i, x := range to {
			if !o.rooted[r] && same[i] && x.t.person && o.own[x] {
				o.rooted[r], changed = true, true
			}
			if !o.rooted[r] && same[i] && !o.own[x] {
				continue
			}
			if !o.own[x] || (o.rooted[r] && !o.rooted[x]) {
				o.own[x], changed = true, true
				o.rooted[x] = o.rooted[x] || o.rooted[r]
			}
		}
	}
	return changed
}

// learn adds the proven identities that the person's rows teach.
func (o *rTruth) learn() bool {
	changed := false
	for r := range o.own {
		if !o.alone(r) {
			continue
		}
		for _, e := range r.t.entries {
			if k, v, ok := identityOf(e, r); ok && provenBy(e, r) && normal(k, v) != "" && o.identity(k, v, r) {
				changed = true
			}
		}
	}
	return changed
}

func provenBy(e *rEntry, r *rRow) bool {
	return e.learn == "always" || (e.learn == "cond" && r.v[e.state] == "on")
}

// followShared walks on through rows that others use: what is found only there
// is shared with as many.
func (o *rTruth) followShared() bool {
	changed := false
	visit := func(r *rRow, counts map[int]bool) {
		to, same := o.leads(r)
		for i, x := range to {
			if o.own[x] || same[i] {
				continue
			}
			if o.counts[x] == nil {
				o.beyond[x], o.counts[x], changed = true, map[int]bool{}, true
			}
			for n := range counts {
				if !o.counts[x][n] {
					o.counts[x][n], changed = true, true
				}
			}
		}
	}
	for r := range o.own {
		if !o.alone(r) {
			visit(r, map[int]bool{o.others[r]: true})
		}
	}
	for r := range o.beyond {
		visit(r, o.counts[r])
	}
	return changed
}

// shared reports whether others use the row, too.
func (o *rTruth) shared(r *rRow) bool { return o.beyond[r] || (o.own[r] && !o.alone(r)) }
