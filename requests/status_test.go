package requests

import (
	"os"
	"regexp"
	"slices"
	"testing"
)

// row matches one line of the README's table: from, to.
var row = regexp.MustCompile(`(?m)^\| (\w+) \| (\w+) \| .* \| .* \| .* ?\|$`)

func TestReadmeShowsTheTransitions(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	shown := map[Status][]Status{}
	for _, m := range row.FindAllStringSubmatch(string(text), -1) {
		if m[1] == "from" {
			continue
		}
		from, to := Status(m[1]), Status(m[2])
		if slices.Contains(shown[from], to) {
			t.Errorf("README shows %s → %s twice", from, to)
		}
		shown[from] = append(shown[from], to)
		if !from.CanBecome(to) {
			t.Errorf("README shows %s → %s, which the code refuses", from, to)
		}
	}
	for from, all := range transitions {
		for _, to := range all {
			if !slices.Contains(shown[from], to) {
				t.Errorf("README does not show %s → %s", from, to)
			}
		}
	}
}

// The table of DESIGN.md, typed once more: an accidental change of either
// copy fails here.
func TestEveryPairOfStatuses(t *testing.T) {
	t.Parallel()
	want := map[string]bool{}
	for _, p := range []string{
		"filed>verified", "filed>refused", "filed>expired", "filed>discovering", "filed>withdrawn",
		"verified>discovering", "verified>review", "verified>withdrawn",
		"discovering>review", "discovering>executing", "discovering>withdrawn",
		"review>discovering", "review>executing", "review>refused", "review>completed", "review>withdrawn",
		"executing>verifying", "executing>review", "executing>withdrawn",
		"verifying>completed", "verifying>review", "completed>closed", "completed>review",
	} {
		want[p] = true
	}
	if len(Statuses) != 11 {
		t.Fatalf("%d statuses", len(Statuses))
	}
	for _, from := range Statuses {
		for _, to := range Statuses {
			if got := from.CanBecome(to); got != want[string(from)+">"+string(to)] {
				t.Errorf("%s → %s: %v", from, to, got)
			}
			kind := KindRequest
			if from == Verified && to == Review || from == Review && to == Completed {
				kind = KindAppeal // the two steps that only these have
				if other := (&Case{Status: from, Kind: KindRequest}); other.may(to) {
					t.Errorf("a request goes %s → %s", from, to)
				}
			}
			ch := change{c: &Case{Status: from, Kind: kind}, s: &Service{}}
			err := ch.become(workerActor, to)
			switch allowed := want[string(from)+">"+string(to)]; {
			case allowed && (err != nil || ch.c.Status != to || len(ch.events) != 1):
				t.Errorf("%s → %s: status %s, %d events, %v", from, to, ch.c.Status, len(ch.events), err)
			case !allowed && (AsError(err).Code != "case-moved" || ch.c.Status != from || len(ch.events) != 0):
				t.Errorf("%s → %s was not refused cleanly: status %s, %d events, %v", from, to, ch.c.Status, len(ch.events), err)
			}
		}
	}
	for _, s := range Statuses {
		ended := slices.Contains([]Status{Completed, Closed, Refused, Expired, Withdrawn}, s)
		if s.Open() == ended {
			t.Errorf("%s: open %v", s, s.Open())
		}
	}
}

func TestRightsThatNeedProof(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rights []string
		want   bool
	}{
		{[]string{"consent_withdrawal"}, false},
		{[]string{"consent_withdrawal", "limit", "opt_out"}, false},
		{[]string{"access"}, true},
		{[]string{"consent_withdrawal", "erasure"}, true},
	} {
		if got := NeedsProof(c.rights); got != c.want {
			t.Errorf("%v: %v", c.rights, got)
		}
	}
}

func TestBackoffGrowsAndEnds(t *testing.T) {
	t.Parallel()
	last := Backoff(1)
	if last <= 0 {
		t.Fatal(last)
	}
	for n := 2; n < 100; n++ {
		next := Backoff(n)
		if next < last || next > 15*60e9 {
			t.Fatalf("after %d failures: %s, before %s", n, next, last)
		}
		last = next
	}
}
