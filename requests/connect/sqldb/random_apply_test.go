package sqldb_test

import (
	"context"
	"slices"
	"strings"

	"habeas/requests/connect"
	"habeas/requests/connect/connecttest"
)

// erase applies the plan of what is sure, twice, and compares every row.
func (c *rCase) erase(found []connect.Found) {
	c.n.ambiguous.Add(int64(len(found)))
	found = slices.DeleteFunc(slices.Clone(found), func(f connect.Found) bool { return f.Match == connect.Ambiguous })
	c.n.ambiguous.Add(-int64(len(found)))
	targets := connecttest.Erasure(found)
	if len(targets) == 0 {
		return
	}
	want, codes := c.truth.erased()
	got, err := connecttest.Apply(context.Background(), c.db, "job", targets)
	switch {
	case err != nil && codes[connect.Advice(err).Code]:
		c.n.refused.Add(1)
		c.same(c.p, "after a refusal")
		return
	case err != nil:
		c.fail("apply: %v (%v); expected %v", err, connect.Advice(err).Cause, codes)
	case len(codes) > 0:
		c.fail("apply went through, but the rows break %v", codes)
	}
	c.n.erased.Add(1)
	c.states(targets, got, want)
	after := c.same(want, "after the erasure")
	got, err = connecttest.Apply(context.Background(), c.db, "job", targets)
	if err != nil {
		c.fail("a second apply: %v (%v)", err, connect.Advice(err).Cause)
	}
	c.states(targets, got, want)
	c.same(after, "after the second apply")
	var looked []connect.Result
	err = c.db.(connect.Looker).Look(context.Background(), connecttest.Stream(targets), func(r connect.Result) error {
		looked = append(looked, r)
		return nil
	})
	if err != nil {
		c.fail("look: %v", err)
	}
	c.states(targets, looked, want)
	// What is still found is what stays, and no more.
	left, f := c.find(after)
	c.compare(ask(after), left, f)
}

// states compares the results with what is planned.
func (c *rCase) states(targets []connect.Target, got []connect.Result, want *rPeople) {
	if len(got) != len(targets) {
		c.fail("%d results of %d targets", len(got), len(targets))
	}
	there := byName(want)
	for i, r := range got {
		x := targets[i]
		state := connecttest.State(x.Action)
		switch {
		case there[x.Type+"/"+x.Key] == nil:
			state = connect.Absent
		case state == "":
			state = connect.Present
		}
		if r.Type != x.Type || r.Key != x.Key || r.State != state {
			c.fail("%s %s/%s: %s, want %s", x.Action, x.Type, x.Key, r.State, state)
		}
	}
}

// same compares every row of the database, byte for byte.
func (c *rCase) same(want *rPeople, when string) *rPeople {
	got, err := c.s.read(c.x)
	if err != nil {
		c.fail("%s: %v", when, err)
	}
	got.who = c.p.who
	rows := byName(got)
	for _, r := range want.all() {
		now := rows[r.name()]
		if now == nil {
			c.fail("%s: %s is gone", when, r.name())
		}
		for i, v := range r.v {
			if v == random {
				if !strings.HasPrefix(string(now.v[i]), "erased-") {
					c.fail("%s: %s.%s is %q, want a random value", when, r.name(), r.t.cols[i].name, now.v[i])
				}
			} else if v != now.v[i] {
				c.fail("%s: %s.%s is %q, want %q", when, r.name(), r.t.cols[i].name, now.v[i], v)
			}
		}
		delete(rows, r.name())
	}
	for name := range rows {
		c.fail("%s: %s is still there", when, name)
	}
	return got
}
