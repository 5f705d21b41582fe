package sqldb

import (
	"context"
	"slices"
	"strings"

	"habeas/requests/connect"
	"habeas/requests/connect/sqldb/dataset"
)

// A walk that reaches more rows of people, or remembers more rows that it
// reached only through shared ones, does not narrow to one person.
const (
	maxPeople = 1000
	maxShared = 1_000_000
)

var errTooWide = connect.Permanent("walk-too-wide", "The search reached more than 1000 rows of people, or more than a million rows of others: a same_person reference or an identity of the dataset file joins strangers, or shared_by is missing. Habeas systems check names walks that never narrow.", nil)

// tooWide reports whether the walk reaches everybody.
func (w *walk) tooWide() bool { return len(w.people) > maxPeople || w.beyond > maxShared }

// chunk is how many keys go into one statement of a walk.
const chunk = 20000

// rec is one row found in a table from which the walk may go on.
type rec struct {
	parent *rec
	also   []*rec // other rows that lead here
	via    string
	owner  int // index into walk.people; -1: the parent's
	seeds  []int
	// others counts the other people who use the row; inherited through the
	// row's parent where shared is set by it.
	others  int
	shared  bool
	held    bool   // waits until it is known who else uses it
	rooted  bool   // reached from a given identity, not from learned ones only
	person  bool   // a row of a table of people
	sure    bool   // set by doubt
	doubted bool   // somebody in doubt uses it
	users   string // Found.Owner of a row that several rows of the person use
	foreign string // Found.Owner of a row that refers to somebody else
}

// person is one row of a person table that the walk reached.
type person struct {
	table  *dataset.Table
	key    string
	leader int // union-find over same_person
}

// set holds the rows found in one table.
type set struct {
	t    *dataset.Table
	recs map[string]*rec
	next []string // found, not yet followed
	hold []string // rows that others may use: followed when it is known that none does
}

// seed is one identity at which the walk enters.
type seed struct {
	id        connect.Identity
	normal    string
	spelled   []string // as given or taught, for columns that are compared as they are
	entered   bool
	via       string // how it was learned; empty for the given ones
	from      []*rec // the rows that teach it; none for the given ones
	within    []*rec // those of them in which it stands where it enters
	ambiguous bool
	people    int // different people to whom it leads; set by ambiguities
}

// walk is one walk through the database, in one snapshot.
type walk struct {
	d        *DB
	tx       session
	cat      *catalog
	base     *walk // rows found there are not found again (candidates)
	seeds    []*seed
	sets     map[string]*set
	people   []person
	vias     map[[2]string]string
	learned  []learned
	learning map[string][]string // rows still to learn from, by table
	warnings map[string]string
	// fromPeople walks from people who are known to their rows, whoever else uses
	// these, and to no other people.
	fromPeople bool
	bridges    []bridge                // rows that are the same human being as a person
	skipped    map[[2]string][]skipped // ways to people who were not known, by table and key
	astray     []lead                  // people to whom a learned identity would lead

	beyond         int          // rows reached only through shared ones
	doubtfulPeople map[int]bool // by leader; set by doubt when the walk is over
}

// bridge is a row that a same_person reference joins to a person.
type bridge struct {
	row    *rec
	person int
}

// lead is a row of a person to whom an identity would lead.
type lead struct {
	seed int
	to   *set
	key  string
}

// skipped is a way from a row that is known by learned identities only.
type skipped struct {
	st   *step
	from *rec
	key  string // of from
}

type learned struct {
	id   connect.Identity
	from *rec
}

func (d *DB) newWalk(tx session, cat *catalog, who []connect.Identity) *walk {
	w := &walk{
		d: d, tx: tx, cat: cat,
		sets: map[string]*set{}, vias: map[[2]string]string{}, learning: map[string][]string{}, warnings: map[string]string{},
		skipped: map[[2]string][]skipped{},
	}
	for _, t := range d.data.Tables {
		w.sets[t.Name] = &set{t: t, recs: map[string]*rec{}}
	}
	who = slices.Clone(who)
	slices.SortStableFunc(who, func(a, b connect.Identity) int {
		if c := strings.Compare(a.Kind, b.Kind); c != 0 {
			return c
		}
		return strings.Compare(a.Normal(), b.Normal())
	})
	for _, id := range who {
		w.seed(&seed{id: id})
	}
	return w
}

// seed adds an identity unless it is known.
func (w *walk) seed(s *seed) {
	s.normal = s.id.Normal()
	if s.normal == "" {
		return
	}
	for _, known := range w.seeds {
		if known.id.Kind == s.id.Kind && known.normal == s.normal {
			if len(known.from) > 0 && len(s.from) > 0 && !slices.Contains(known.from, s.from[0]) {
				known.from = append(known.from, s.from[0])
			}
			if sp := strings.TrimSpace(s.id.Value); !slices.Contains(known.spelled, sp) {
				known.spelled, known.entered = append(known.spelled, sp), false
			}
			return
		}
	}
	s.spelled = []string{strings.TrimSpace(s.id.Value)}
	w.seeds = append(w.seeds, s)
}

// run walks until nothing new is found: first over rows that are the person's
// alone, then through those that others use, too.
func (w *walk) run(ctx context.Context) error {
	for {
		if err := w.enter(ctx); err != nil {
			return err
		}
		if err := w.follow(ctx, false); err != nil {
			return err
		}
		freed, err := w.release(ctx)
		if err != nil {
			return err
		}
		if err := w.learn(ctx); err != nil {
			return err
		}
		if !freed && !slices.ContainsFunc(w.seeds, func(s *seed) bool { return !s.entered }) {
			break
		}
	}
	for _, s := range w.sets {
		s.next = append(s.next, s.hold...)
		s.hold = nil
	}
	if err := w.follow(ctx, true); err != nil {
		return err
	}
	return w.settle(ctx)
}

// follow goes on from every row that has not been followed.
func (w *walk) follow(ctx context.Context, shared bool) error {
	for busy := true; busy; {
		busy = false
		for _, t := range w.d.data.Tables {
			s := w.sets[t.Name]
			if len(s.next) == 0 {
				continue
			}
			from := s.next
			s.next = nil
			slices.Sort(from)
			busy = true
			steps := w.d.links[t.Name].out
			if w.fromPeople {
				steps = slices.Concat(steps, w.d.links[t.Name].back)
			}
			for _, st := range steps {
				if w.d.links[st.to.Name].leaf && !w.fromPeople {
					continue
				}
				if err := w.step(ctx, st, from, shared); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (w *walk) step(ctx context.Context, st *step, from []string, shared bool) error {
	s := w.sets[st.from.Name]
	if st.ref.SamePerson { // what others use, too, makes no two people one, but casts doubt on what led there
		from = slices.DeleteFunc(slices.Clone(from), func(k string) bool { return s.recs[k].shared && s.recs[k].rooted })
	}
	q := selectStep(w.cat, st, keyText(w.cat, st.to, "t")+", k.ord", 1) + " order by k.ord, " + w.cat.bytewise(keyText(w.cat, st.to, "t"))
	for part := range slices.Chunk(from, chunk) {
		args, err := keyArgs(w.cat, st.from, part)
		if err != nil {
			return err
		}
		err = w.tx.each(ctx, q, args, func(row [][]byte) error {
			ord, err := number(row[1])
			if err != nil {
				return err
			}
			if w.reach(st, string(row[0]), part[ord-1], shared); w.tooWide() {
				return errTooWide
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// reach notes that a step led from a row to the row with this key.
func (w *walk) reach(st *step, key, fromKey string, shared bool) {
	s, from := w.sets[st.to.Name], w.sets[st.from.Name]
	parent := from.recs[fromKey]
	if r := s.recs[key]; r != nil {
		w.again(st, s, r, key, from, parent, fromKey)
		return
	}
	if w.base != nil && w.base.sets[st.to.Name].recs[key] != nil {
		return
	}
	if w.fromPeople && st.to.Person {
		return
	}
	if st.ref.SamePerson && !parent.rooted {
		at := [2]string{s.t.Name, key}
		w.skipped[at] = append(w.skipped[at], skipped{st, parent, fromKey})
		return
	}
	r := &rec{parent: parent, owner: -1, via: w.via(parent.via, st.label), shared: shared, others: parent.others, rooted: parent.rooted, person: st.to.Person}
	s.recs[key] = r
	if st.to.Person {
		r.owner = w.newPerson(st.to, key)
		if len(from.t.SharedBy) == 0 {
			w.same(parent, r.owner, w.ownerOf(parent))
		}
	}
	if shared {
		w.beyond++
	}
	w.found(s, key, w.d.links[st.to.Name].asks(w.d.data, st))
	w.resume(s, key)
}

// resume goes the ways to a row that were skipped while it was not known.
func (w *walk) resume(s *set, key string) {
	at := [2]string{s.t.Name, key}
	ways := w.skipped[at]
	delete(w.skipped, at)
	for _, way := range ways {
		w.again(way.st, s, s.recs[key], key, w.sets[way.st.from.Name], way.from, way.key)
	}
}

// again notes that one more row led to a row that is known.
func (w *walk) again(st *step, s *set, r *rec, key string, from *set, parent *rec, fromKey string) {
	if r == parent || (parent.shared && !r.shared) {
		return
	}
	if r.parent != parent && !slices.Contains(r.also, parent) {
		r.also = append(r.also, parent)
	}
	if parent.shared {
		return
	}
	if s.t.Person {
		if len(from.t.SharedBy) == 0 { // one address makes no two people one
			w.same(parent, r.owner, w.ownerOf(parent))
		}
		if !parent.rooted {
			w.root(from, parent, fromKey)
		}
	}
	if parent.rooted && !r.rooted {
		w.root(s, r, key)
	}
	if r.parent == nil && w.ownerOf(r) < 0 {
		r.owner = w.ownerOf(parent)
	}
}

// found queues a row: to be followed, or to wait until it is known who else
// uses it.
func (w *walk) found(s *set, key string, wait bool) {
	r := s.recs[key]
	if (wait || len(s.t.SharedBy) > 0) && !r.shared && !w.fromPeople {
		r.held = true
		s.hold = append(s.hold, key)
		return
	}
	w.free(s, key)
}

// free goes on from a row, and learns from it when it is the person's alone.
func (w *walk) free(s *set, key string) {
	r := s.recs[key]
	r.held = false
	s.next = append(s.next, key)
	for _, e := range s.t.Entries {
		if e.Learn && !r.shared {
			w.learning[s.t.Name] = append(w.learning[s.t.Name], key)
			return
		}
	}
}

func (w *walk) via(prefix, label string) string {
	k := [2]string{prefix, label}
	v, ok := w.vias[k]
	if !ok {
		v = label
		if prefix != "" {
			v = prefix + " > " + label
		}
		w.vias[k] = v
	}
	return v
}

func (w *walk) warn(code, text string) { w.warnings[code] = text }
