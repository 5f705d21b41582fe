package sqldb

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"iter"
	"slices"
	"strings"

	"habeas/requests/connect"
	"habeas/requests/connect/sqldb/dataset"
)

// group is what a job does to rows of one table in one way.
type group struct {
	t      *dataset.Table
	action connect.Action
	fields []string
	owned  bool // targets name an owner, which is checked
	keys   keyList
	owners []string         // for Detach of shared rows: JSON arrays
	values []connect.Target // for Correct
	absent map[string]bool  // found gone already
	state  connect.State    // of all others, when the job is done
}

// job is one Apply.
type job struct {
	d      *DB
	tx     session
	cat    *catalog
	groups []*group
	order  []run
	people owners
	secret string // for digests of values; thrown away with the job
	ways   *walk  // from the people to rows of winding tables; made when needed
}

// run is how many targets in a row went to a group.
type run struct {
	group *group
	n     int
}

// Apply implements connect.Applier: one transaction, children first. The job's
// id is not stored in the customer's database; what is already in its target
// state counts as done, which makes a repeated job harmless.
func (d *DB) Apply(ctx context.Context, _ string, targets iter.Seq2[connect.Target, error], done func(connect.Result) error) error {
	j := &job{d: d, secret: newSecret()}
	if err := j.collect(targets); err != nil {
		return d.advise(ctx, err)
	}
	if len(j.order) == 0 {
		return nil
	}
	if err := j.attempt(ctx); err != nil {
		return d.advise(ctx, err)
	}
	return j.report(done)
}

// conflicts is how often a job starts again at once when the database ended its
// transaction for another's sake: a program that locks in an order of its own.
const conflicts = 3

// attempt runs the job in a transaction of its own, again where it was undone
// by a conflict.
func (j *job) attempt(ctx context.Context) error {
	for try := 1; ; try++ {
		err := j.d.engine.write(ctx, func(tx session) error { return j.run(ctx, tx) })
		if err == nil || try == conflicts {
			return err
		}
		if r, ok := j.d.engine.explain(err); !ok || r.class != refusedConflict {
			return err
		}
	}
}

// report hands out the states of the targets in the order in which they came.
func (j *job) report(done func(connect.Result) error) error {
	next := map[*group]int{}
	for _, p := range j.order {
		g := p.group
		for range p.n {
			r := connect.Result{Type: g.t.Name, Key: g.keys.at(next[g]), State: g.state}
			next[g]++
			if g.absent[r.Key] {
				r.State = connect.Absent
			}
			if err := done(r); err != nil {
				return err
			}
		}
	}
	return nil
}

// newSecret is 256 bits of chance in hex.
func newSecret() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails since Go 1.24
	return hex.EncodeToString(b[:])
}

// collect reads the plan: keys only, so that a million rows fit.
func (j *job) collect(targets iter.Seq2[connect.Target, error]) error {
	names := map[string]bool{}
	var last *group
	for x, err := range targets {
		if err != nil {
			return emitError{err}
		}
		g := last
		if g == nil || !g.takes(x) {
			if g, err = j.groupFor(x); err != nil {
				return err
			}
			last = g
		}
		if x.Owner != "" && !names[x.Owner] {
			names[strings.Clone(x.Owner)] = true
		}
		if n := len(j.order); n > 0 && j.order[n-1].group == g {
			j.order[n-1].n++
		} else {
			j.order = append(j.order, run{g, 1})
		}
		g.keys.add(x.Key)
		if g.action == connect.Correct {
			g.values = append(g.values, x)
		}
		if g.action == connect.Detach && len(g.fields) == 0 {
			parts, err := splitOwner(x.Owner)
			if err != nil || len(parts) == 0 {
				return connect.Permanent("no-owner", "A shared record is planned to be detached, but from nobody.", nil)
			}
			if x.Owner[0] != '[' {
				x.Owner = oneOwner(x.Owner)
			}
			g.owners = append(g.owners, x.Owner)
		}
	}
	var err error
	if j.people, err = j.d.ownersOf(names); err != nil {
		return connect.Permanent("bad-owner", "A record's owner is not a person of this system.", nil)
	}
	return nil
}

func (g *group) takes(x connect.Target) bool {
	return g.t.Name == x.Type && g.action == x.Action && g.owned == (x.Owner != "") && slices.Equal(g.fields, x.Fields)
}

func (j *job) groupFor(x connect.Target) (*group, error) {
	for _, g := range j.groups {
		if g.takes(x) {
			return g, nil
		}
	}
	t := j.d.data.Table(x.Type)
	if t == nil {
		return nil, connect.Permanent(errType, "The dataset file has no such record type.", nil)
	}
	g := &group{t: t, action: x.Action, fields: slices.Clone(x.Fields), owned: x.Owner != "", state: stateOf(x.Action)}
	if err := g.allowed(); err != nil {
		return nil, err
	}
	j.groups = append(j.groups, g)
	return g, nil
}

// allowed refuses what the dataset rules out, whatever a plan says.
func (g *group) allowed() error {
	t := g.t
	for _, f := range g.fields {
		if t.Column(f) == nil {
			return connect.Permanent("unknown-field", "The dataset file has no such field in "+t.Name+".", nil)
		}
		if slices.Contains(t.Key, f) && g.action != connect.Disclose && g.action != connect.Redact && g.action != connect.Keep {
			return connect.Permanent("key-field", "A key of "+t.Name+" cannot be changed.", nil)
		}
	}
	changes := g.action == connect.Erase || g.action == connect.Mask || g.action == connect.Detach
	switch {
	case (changes || g.action == connect.Correct) && t.Lookup:
		return connect.Permanent("lookup", "The dataset file says that "+t.Name+" holds nothing personal.", nil)
	case changes && t.Never != "":
		return connect.Permanent("never-erase", "The dataset file says never to erase from "+t.Name+".", nil)
	case g.action == connect.Suppress && len(assignments(t, g.fields)) == 0:
		return connect.Permanent("no-suppress", "The dataset file does not say how to suppress in "+t.Name+".", nil)
	case g.action == connect.Detach && len(g.fields) == 0 && len(t.SharedBy) == 0:
		g.fields = detachFields(t)
		if len(g.fields) == 0 {
			return connect.Permanent("no-detach", "The dataset file does not say how to detach in "+t.Name+".", nil)
		}
	}
	return nil
}

// run does the job in a transaction.
func (j *job) run(ctx context.Context, tx session) (err error) {
	// Never from memory: a constraint added since would cascade unseen.
	if j.cat, err = j.d.engine.load(ctx, tx, j.d.data); err != nil {
		return err
	}
	if err := j.cat.complete(j.d.data); err != nil {
		return err
	}
	j.tx, j.ways = tx, nil
	for _, g := range j.groups {
		g.absent = nil
	}
	if err := j.lock(ctx); err != nil {
		return err
	}
	return j.act(ctx)
}

// act does everything inside the transaction.
func (j *job) act(ctx context.Context) error {
	ord := childrenFirst(j.d.data, j.cat)
	if ord.deferred {
		if _, err := j.tx.exec(ctx, "set constraints all deferred", nil); err != nil {
			return err
		}
	}
	looked := map[*group]bool{}
	for _, t := range ord.tables {
		for _, g := range j.groups {
			if g.t != t || (!j.looksFirst(g, ord) && !(g.action == connect.Erase && j.together(t) != nil)) {
				continue
			}
			if err := j.look(ctx, g); err != nil {
				return err
			}
			looked[g] = true
		}
	}
	early := map[*group]bool{}
	for _, t := range ord.tables {
		for _, f := range ord.cut[t] {
			if err := j.cut(ctx, f); err != nil {
				return err
			}
			for _, g := range j.groups {
				if !early[g] && g.lets(f) {
					if err := j.change(ctx, g, true); err != nil { // tables in a circle were looked at
						return err
					}
					early[g] = true
				}
			}
		}
		all := j.together(t)
		for _, action := range []connect.Action{connect.Suppress, connect.Correct, connect.Detach, connect.Mask, connect.Erase} {
			if action == connect.Erase && all != nil {
				if err := j.change(ctx, all, true); err != nil {
					return err
				}
				continue
			}
			for _, g := range j.groups {
				if g.t != t || g.action != action || early[g] {
					continue
				}
				if err := j.change(ctx, g, looked[g]); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// together are the rows of a table that refers to itself which the job erases,
// where they came in several groups (some with an owner, some without): they may
// refer to each other, so they go as one. It is nil where there is one group.
func (j *job) together(t *dataset.Table) *group {
	if len(j.ownKeys(t)) == 0 {
		return nil
	}
	all, n := &group{t: t, action: connect.Erase, state: stateOf(connect.Erase)}, 0
	for _, g := range j.groups {
		if g.t != t || g.action != connect.Erase {
			continue
		}
		n++
		for i := range g.keys.len() {
			all.keys.add(g.keys.at(i))
		}
	}
	if n < 2 {
		return nil
	}
	return all
}

// lets reports whether masking or detaching the group lets go of a constraint's
// columns in rows that stay.
func (g *group) lets(f foreignKey) bool {
	if g.t.Schema != f.child[0] || g.t.Rel != f.child[1] {
		return false
	}
	fields := g.fields
	switch {
	case g.action == connect.Mask:
		fields = maskFields(g.t, fields)
	case g.action != connect.Detach:
		return false
	}
	return slices.ContainsFunc(f.columns, func(c string) bool { return slices.Contains(fields, c) })
}
