package consent_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"habeas/requests/consent"
)

// said is one thing that happened, as a naive ledger keeps it.
type said struct {
	ids      []int
	purposes []string // "*" covers all
	allowed  bool
	at       time.Time
	caseID   string // "" when no request asked for it
	undone   bool
}

// oracle is the ledger as one would write it on paper.
type oracle struct {
	said       []*said
	restricted map[string]*said // by case, those in force
}

func (o *oracle) state(id int, purpose string) (allowed bool, since time.Time) {
	for _, r := range o.restricted {
		if slices.Contains(r.ids, id) && r.at.After(since) {
			since = r.at
		}
	}
	if !since.IsZero() {
		return false, since
	}
	for _, s := range o.said {
		if s.undone || !slices.Contains(s.ids, id) || !slices.Contains(s.purposes, purpose) && !slices.Contains(s.purposes, consent.All) {
			continue
		}
		if s.at.After(since) || s.at.Equal(since) && !s.allowed {
			allowed, since = s.allowed, s.at
		}
	}
	return allowed, since
}

// uses are those that the oracle allows.
func (o *oracle) uses(ids []consent.Identity, of []int, purposes []string) []consent.Use {
	var out []consent.Use
	for _, i := range of {
		for _, p := range purposes {
			if ok, _ := o.state(i, p); ok {
				out = append(out, consent.Use{Identity: ids[i], Purpose: p})
			}
		}
	}
	return out
}

// TestLedgerAgainstAnOracle: in whatever order consents are given, withdrawn, taken back, suppressed and
// restricted, the ledger says what a list of all that says; a restriction stops exactly what was
// allowed, and lifting it gives back exactly what nobody withdrew since.
func TestLedgerAgainstAnOracle(t *testing.T) {
	b := setup(t)
	purposes := []string{"newsletter", "profiling"}
	run, restored, withheld := 0, 0, 0
	rapid.Check(t, func(t *rapid.T) {
		run++
		var ids []consent.Identity
		for i := range 2 {
			ids = append(ids, consent.Identity{Kind: "email", Normal: fmt.Sprintf("p%d-%d@mail.example", run, i)})
		}
		some := rapid.SampledFrom([][]int{{0}, {1}, {0, 1}})
		pick := func(of []int) (out []consent.Identity) {
			for _, i := range of {
				out = append(out, ids[i])
			}
			return out
		}
		tx := func(f func(pgx.Tx) error) {
			if err := pgx.BeginFunc(t.Context(), b.pool, f); err != nil {
				t.Fatal(err)
			}
		}
		o := oracle{restricted: map[string]*said{}}
		now := noon
		for range rapid.IntRange(1, 14).Draw(t, "steps") {
			now = now.Add(time.Minute)
			of := some.Draw(t, "of")
			switch rapid.SampledFrom([]string{"say", "say", "withdraw", "undo", "suppress", "restrict", "restrict", "lift", "lift"}).Draw(t, "what") {
			case "say": // now, or reported late
				s := &said{ids: of, purposes: []string{rapid.SampledFrom(purposes).Draw(t, "purpose")}, allowed: rapid.IntRange(0, 3).Draw(t, "yes") > 0, at: now}
				s.at = s.at.Add(-time.Duration(rapid.IntRange(0, 3).Draw(t, "late")) * time.Minute)
				_, err := consent.Record(t.Context(), b.pool, b.ring, consent.Entry{Identities: pick(of), Purpose: s.purposes[0], Allowed: s.allowed, Since: s.at, Source: "service:shop"})
				if err != nil {
					t.Fatal(err)
				}
				o.said = append(o.said, s)
			case "withdraw":
				s := &said{ids: of, purposes: rapid.SampledFrom([][]string{{"newsletter"}, {"profiling"}, {consent.All}}).Draw(t, "purposes"), at: now, caseID: uuid.NewString()}
				tx(func(tx pgx.Tx) error {
					_, err := consent.Withdraw(t.Context(), tx, b.ring, consent.Withdrawal{Case: s.caseID, Identities: pick(of), Purposes: s.purposes, At: now})
					return err
				})
				o.said = append(o.said, s)
			case "undo":
				var open []*said
				for _, s := range o.said {
					if s.caseID != "" && !s.undone && o.restricted[s.caseID] == nil {
						open = append(open, s)
					}
				}
				if len(open) == 0 {
					continue
				}
				s := rapid.SampledFrom(open).Draw(t, "undone")
				tx(func(tx pgx.Tx) error {
					_, err := consent.Restore(t.Context(), tx, s.caseID, now)
					return err
				})
				s.undone = true
			case "suppress":
				s := &said{ids: of, purposes: rapid.SampledFrom([][]string{{"newsletter"}, {consent.All}}).Draw(t, "scope"), at: now, caseID: uuid.NewString()}
				tx(func(tx pgx.Tx) error {
					return consent.Suppress(t.Context(), tx, consent.Suppression{Scope: s.purposes[0], Since: now, Case: s.caseID}, consent.Digests(b.ring, pick(of)...))
				})
				o.said = append(o.said, s)
			case "restrict":
				s := &said{ids: of, at: now, caseID: uuid.NewString()}
				want := o.uses(ids, of, purposes)
				var got []consent.Use
				tx(func(tx pgx.Tx) (err error) {
					got, err = consent.Restrict(t.Context(), tx, b.ring, consent.Restriction{Case: s.caseID, Identities: pick(of), Purposes: purposes, At: now})
					return err
				})
				if !slices.Equal(got, want) {
					t.Fatalf("stopped %v, want %v", got, want)
				}
				o.restricted[s.caseID] = s
				if rapid.Bool().Draw(t, "objects too") { // what else a request stops outlasts its restriction
					tx(func(tx pgx.Tx) error {
						return consent.Suppress(t.Context(), tx, consent.Suppression{Scope: "newsletter", Since: now, Case: s.caseID}, consent.Digests(b.ring, pick(of)...))
					})
					o.said = append(o.said, &said{ids: of, purposes: []string{"newsletter"}, at: now, caseID: s.caseID, undone: false})
				}
			case "lift":
				if len(o.restricted) == 0 {
					continue
				}
				var cases []string
				for c := range o.restricted {
					cases = append(cases, c)
				}
				slices.SortFunc(cases, func(a, b string) int { return o.restricted[a].at.Compare(o.restricted[b].at) })
				s := o.restricted[rapid.SampledFrom(cases).Draw(t, "lifted")]
				delete(o.restricted, s.caseID)
				want := o.uses(ids, s.ids, purposes)
				for _, again := range []bool{false, true} {
					var got []consent.Use
					tx(func(tx pgx.Tx) (err error) {
						got, err = consent.Lift(t.Context(), tx, b.ring, consent.Restriction{Case: s.caseID, Identities: pick(s.ids), Purposes: purposes, At: now})
						return err
					})
					if again {
						want = nil
					}
					if !slices.Equal(got, want) {
						t.Fatalf("given back %v, want %v (again %v)", got, want, again)
					}
				}
				restored += len(o.uses(ids, s.ids, purposes))
				withheld += len(s.ids)*len(purposes) - len(o.uses(ids, s.ids, purposes))
			}
			for i := range ids {
				for _, p := range purposes {
					got, err := consent.Check(t.Context(), b.pool, b.ring, ids[i], p)
					if err != nil {
						t.Fatal(err)
					}
					if allowed, since := o.state(i, p); got.Allowed != allowed || !got.Since.Equal(since) {
						t.Fatalf("person %d, %s: allowed %v since %v, want %v since %v", i, p, got.Allowed, got.Since, allowed, since)
					}
				}
			}
		}
	})
	if restored == 0 || withheld == 0 {
		t.Errorf("%d uses given back and %d withheld: the orders drawn show nothing", restored, withheld)
	}
}
