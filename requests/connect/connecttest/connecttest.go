// Package connecttest is the one suite that every connector has to pass. A
// connector's own test builds a small world in its system and calls Run.
package connecttest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"habeas/requests/connect"
)

// World is a system with a few people in it, and what is true about them.
type World struct {
	System connect.Connector
	// Person leads to one person; Records are all of that person's records as
	// "type/key", in any order. Among them there should be rows to erase, to
	// mask, to keep and to suppress, and one that others use too (Shared).
	Person  []connect.Identity
	Records []string
	Shared  []string
	// Ambiguous leads to two people. Unproven is not proven and leads to
	// candidates. Nobody leads to nothing. Each may be left out.
	Ambiguous, Unproven, Nobody []connect.Identity
	// Changed are records, besides those that the plan changes, which an erasure
	// may change: rows of the person from which a reference to a shared row goes.
	Changed []string
	// Snapshot returns every row of the system, "type/key" to its content.
	Snapshot func(t *testing.T) map[string]string
	// Steal makes one of Records belong to somebody else, so that applying the
	// plan is drift. It may be nil.
	Steal func(t *testing.T)
	// Correct is a correction of one of Records; it may be left out.
	Correct connect.Target
	// Secrets are values that no error may hold.
	Secrets []string
	// BadKey is a target whose key the system cannot even parse, made of a
	// secret; it may be left out.
	BadKey connect.Target
}

// Suite makes a new world for every test.
type Suite struct {
	New func(t *testing.T) World
}

// Run holds a connector against the contract of package connect.
func Run(t *testing.T, s Suite) {
	tests := []struct {
		name string
		run  func(t *testing.T, w World)
	}{
		{"Describe", describe},
		{"Check", check},
		{"FindEverythingOnce", findEverything},
		{"FindIsReadOnly", findReadOnly},
		{"FindNobody", findNobody},
		{"FindAmbiguous", findAmbiguous},
		{"FindUnproven", findUnproven},
		{"ReadInOrder", readInOrder},
		{"ReadRedacts", readRedacts},
		{"EraseAndLook", eraseAndLook},
		{"EraseTwice", eraseTwice},
		{"Suppress", suppress},
		{"Correct", correct},
		{"Drift", drift},
		{"BrokenStream", brokenStream},
		{"Cancelled", cancelled},
		{"EmitErrors", emitErrors},
		{"ErrorsHoldNoIdentities", quietErrors},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.run(t, s.New(t))
		})
	}
}

// Find collects what a connector finds.
func Find(t testing.TB, c connect.Connector, who []connect.Identity) ([]connect.Found, connect.Findings) {
	t.Helper()
	var out []connect.Found
	f, err := c.(connect.Finder).Find(context.Background(), who, func(f connect.Found) error {
		out = append(out, f)
		return nil
	})
	if err != nil {
		t.Fatalf("find: %v", err)
	}
	return out, f
}

// Look collects the states of targets.
func Look(t testing.TB, c connect.Connector, targets []connect.Target) []connect.Result {
	t.Helper()
	var out []connect.Result
	err := c.(connect.Looker).Look(context.Background(), Stream(targets), func(r connect.Result) error {
		out = append(out, r)
		return nil
	})
	if err != nil {
		t.Fatalf("look: %v", err)
	}
	return out
}

// Apply applies targets and collects the results.
func Apply(ctx context.Context, c connect.Connector, job string, targets []connect.Target) ([]connect.Result, error) {
	var out []connect.Result
	err := c.(connect.Applier).Apply(ctx, job, Stream(targets), func(r connect.Result) error {
		out = append(out, r)
		return nil
	})
	return out, err
}

// Stream is a slice as the stream that the contract wants.
func Stream(targets []connect.Target) iter.Seq2[connect.Target, error] {
	return connect.Stream(targets)
}

// Erasure is the plan that the connector's own proposals make.
func Erasure(found []connect.Found) []connect.Target {
	return plan(found, func(f connect.Found) *connect.Proposal { return f.Erasure })
}

// Withdrawal is the plan of a consent withdrawal for all purposes.
func Withdrawal(found []connect.Found) []connect.Target {
	return plan(found, func(f connect.Found) *connect.Proposal { return f.Withdraw })
}

// Access is the plan of an access request.
func Access(found []connect.Found) []connect.Target {
	return plan(found, func(f connect.Found) *connect.Proposal { return f.Access })
}

func plan(found []connect.Found, of func(connect.Found) *connect.Proposal) []connect.Target {
	var out []connect.Target
	for _, f := range found {
		if p := of(f); p != nil {
			out = append(out, connect.Target{Type: f.Type, Key: f.Key, Owner: f.Owner, Action: p.Action, Fields: p.Fields})
		}
	}
	return out
}

// State is the target state of an action.
func State(a connect.Action) connect.State {
	return map[connect.Action]connect.State{
		connect.Erase: connect.Absent, connect.Mask: connect.Masked, connect.Detach: connect.Detached,
		connect.Suppress: connect.Suppressed, connect.Correct: connect.Corrected,
	}[a]
}

func name(typ, key string) string { return typ + "/" + key }

func names(found []connect.Found) []string {
	out := make([]string, len(found))
	for i, f := range found {
		out[i] = name(f.Type, f.Key)
	}
	return out
}

// othersUnchanged compares all rows that the plan does not name.
func othersUnchanged(t *testing.T, w World, before map[string]string, targets []connect.Target) {
	t.Helper()
	after := w.Snapshot(t)
	mine := map[string]bool{}
	for _, x := range targets {
		mine[name(x.Type, x.Key)] = x.Action != connect.Keep && (x.Action != connect.Detach || len(x.Fields) > 0)
	}
	for _, n := range w.Changed {
		mine[n] = true
	}
	drop := func(n, _ string) bool { return mine[n] }
	before = maps.Clone(before)
	maps.DeleteFunc(before, drop)
	maps.DeleteFunc(after, drop)
	if d := cmp.Diff(before, after); d != "" {
		t.Fatalf("rows that the plan does not change are not as before (-before +after):\n%s", d)
	}
}

// silent fails when an error holds a secret, however it is printed.
func silent(t *testing.T, w World, err error) {
	t.Helper()
	if err == nil {
		return
	}
	a := connect.Advice(err)
	printed := fmt.Sprintf("%v|%+v|%s|%s", err, err, a.Code, a.Text)
	for cause := error(a); cause != nil; cause = errors.Unwrap(cause) {
		printed += "|" + cause.Error()
	}
	for _, s := range w.Secrets {
		if strings.Contains(strings.ToLower(printed), strings.ToLower(s)) {
			t.Errorf("an error holds personal data")
		}
	}
}

func sorted(found []connect.Found) bool {
	return slices.IsSortedFunc(found, func(a, b connect.Found) int {
		if c := strings.Compare(a.Type, b.Type); c != 0 {
			return c
		}
		return strings.Compare(a.Key, b.Key)
	})
}

func validJSON(b json.RawMessage) bool { return json.Valid(b) }
