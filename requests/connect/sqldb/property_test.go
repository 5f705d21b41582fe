package sqldb_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"habeas/requests/connect"
	"habeas/requests/connect/connecttest"
	"habeas/requests/connect/sqldb"
)

// drawCompany makes a random company.
func drawCompany(t *rapid.T) company {
	address := rapid.SampledFrom([]string{"a@x.test", "b@x.test", "c@x.test", "d@x.test"})
	var c company
	for i := range rapid.IntRange(1, 6).Draw(t, "contacts") {
		c.contacts = append(c.contacts, contact{
			email:     address.Draw(t, "email"),
			household: rapid.IntRange(0, households).Draw(t, "household"),
			merged:    rapid.SampledFrom([]int{0, 0, rapid.IntRange(0, i).Draw(t, "merged")}).Draw(t, "is merged"),
			deleted:   rapid.IntRange(0, 7).Draw(t, "deleted") == 0,
		})
	}
	who := rapid.IntRange(1, len(c.contacts))
	whoOrNobody := rapid.IntRange(0, len(c.contacts))
	some := rapid.IntRange(0, 4)
	seen := map[string]bool{}
	for range some.Draw(t, "emails") {
		x := altEmail{address.Draw(t, "alt"), who.Draw(t, "of"), rapid.Bool().Draw(t, "confirmed")}
		if k := fmt.Sprint(x.email, x.contact); !seen[k] {
			seen[k] = true
			c.emails = append(c.emails, x)
		}
	}
	for range some.Draw(t, "orders") {
		c.orders = append(c.orders, whoOrNobody.Draw(t, "buyer"))
	}
	if len(c.orders) > 0 {
		for range some.Draw(t, "lines") {
			c.lines = append(c.lines, rapid.IntRange(1, len(c.orders)).Draw(t, "order"))
		}
	}
	for range some.Draw(t, "subscriptions") {
		c.subs = append(c.subs, sub{address.Draw(t, "subscriber"), whoOrNobody.Draw(t, "contact")})
	}
	for range some.Draw(t, "comments") {
		c.comments = append(c.comments, whoOrNobody.Draw(t, "author"))
	}
	for range some.Draw(t, "profiles") {
		c.profiles = append(c.profiles, whoOrNobody.Draw(t, "account of"))
	}
	for range rapid.IntRange(0, 6).Draw(t, "participants") {
		if len(c.profiles) == 0 {
			break
		}
		x := [2]int{rapid.IntRange(1, threads).Draw(t, "thread"), rapid.IntRange(1, len(c.profiles)).Draw(t, "participant")}
		if !slices.Contains(c.joined, x) {
			c.joined = append(c.joined, x)
		}
	}
	for range some.Draw(t, "messages") {
		c.messages = append(c.messages, [2]int{rapid.IntRange(1, threads).Draw(t, "in"), rapid.IntRange(0, len(c.profiles)).Draw(t, "sender")})
	}
	return c
}

// Random companies, against an oracle that walks row by row: export is the
// oracle's rows, and an erasure leaves every row of others as it was and
// nothing of the person to be found.
func TestAgainstOracle(t *testing.T) {
	t.Parallel()
	for run := range 3 { // of 100 companies each, unless -rapid.checks says more
		t.Run(fmt.Sprint(run), func(t *testing.T) {
			t.Parallel()
			s := world(t)
			againstOracle(t, companyDB{
				s.DB, func(c company) { exec(t, s.pool, c.sql()) },
				func() map[string]string { return snapshot(t, s.pool, worldKeys) },
			})
		})
	}
}

func TestAgainstOracleMariaDB(t *testing.T) {
	t.Parallel()
	s := myWorld(t)
	againstOracle(t, companyDB{
		s.DB, func(c company) { myExec(t, s.pool, c.mysql()) },
		func() map[string]string { return mySnapshot(t, s.pool) },
	})
}

// companyDB is a database that takes one company after another.
type companyDB struct {
	*sqldb.DB
	fill     func(company)
	snapshot func() map[string]string
}

func againstOracle(t *testing.T, s companyDB) {
	rapid.Check(t, func(rt *rapid.T) {
		c := drawCompany(rt)
		s.fill(c)
		who := []connect.Identity{proven("email", c.contacts[0].email)}
		want := c.ask(c.contacts[0].email)

		found, _ := connecttest.Find(t, s.DB, who)
		got := map[string]bool{}
		for _, f := range found {
			key := f.Type + "/" + f.Key
			shared, there := want.records[key]
			switch {
			case !there:
				rt.Fatalf("%s is not the person's (via %s)", key, f.Via)
			case shared != (f.Shared > 0):
				rt.Fatalf("%s: shared %v, found %d", key, shared, f.Shared)
			case want.others[key] > 0 && want.others[key] != f.Shared:
				rt.Fatalf("%s: %d others, found %d", key, want.others[key], f.Shared)
			case want.ambiguous != (f.Match == connect.Ambiguous) && !want.unsure[key]:
				rt.Fatalf("%s: ambiguous %v, match %s (via %s)", key, want.ambiguous, f.Match, f.Via)
			case want.unsure[key] && f.Match != connect.Ambiguous:
				rt.Fatalf("%s may be somebody else's, match %s (via %s)", key, f.Match, f.Via)
			}
			got[key] = true
		}
		for key := range want.records {
			if !got[key] {
				rt.Fatalf("%s is the person's and was not found", key)
			}
		}
		if want.ambiguous {
			return // withheld until somebody decides
		}
		eraseAgainst(rt, t, s, found, want, who)
	})
}

func eraseAgainst(rt *rapid.T, t *testing.T, s companyDB, found []connect.Found, want answer, who []connect.Identity) {
	found = slices.DeleteFunc(slices.Clone(found), func(f connect.Found) bool { return f.Match == connect.Ambiguous })
	targets := connecttest.Erasure(found)
	before := s.snapshot()
	for range 2 {
		if _, err := connecttest.Apply(context.Background(), s.DB, "job", targets); err != nil {
			if connect.Advice(err).Code == "foreign-key" || connect.Advice(err).Code == "more-rows" {
				// A row that is withheld, or whose contact is out of sight (deleted
				// duplicates), still refers to the person: refused, nothing changed.
				if d := cmp.Diff(before, s.snapshot()); d != "" {
					rt.Fatalf("a refused erasure changed something:\n%s", d)
				}
				return
			}
			rt.Fatalf("apply: %v", err)
		}
	}
	after := s.snapshot()
	action := map[string]connect.Action{}
	for _, x := range targets {
		action[x.Type+"/"+x.Key] = x.Action
	}
	for key, row := range before {
		now, there := after[key]
		switch action[key] {
		case connect.Erase:
			if there {
				rt.Fatalf("%s is still there", key)
			}
		case connect.Mask:
			if now == row {
				rt.Fatalf("%s is not masked", key)
			}
		default:
			if now != row {
				rt.Fatalf("%s changed: %s to %s", key, row, now)
			}
		}
	}
	left, _ := connecttest.Find(t, s.DB, who)
	for _, f := range left {
		if key := f.Type + "/" + f.Key; !want.unsure[key] {
			rt.Fatalf("%s is still found (via %s)", key, f.Via)
		}
	}
}
