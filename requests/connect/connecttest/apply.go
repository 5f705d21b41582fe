package connecttest

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"habeas/requests/connect"
)

// states compares results with the targets' own states, in order.
func states(t *testing.T, targets []connect.Target, got []connect.Result) {
	t.Helper()
	if len(got) != len(targets) {
		t.Fatalf("%d results of %d targets", len(got), len(targets))
	}
	for i, r := range got {
		x := targets[i]
		if r.Type != x.Type || r.Key != x.Key {
			t.Fatalf("result %d is %s/%s, want %s/%s", i, r.Type, r.Key, x.Type, x.Key)
		}
		want := State(x.Action)
		if want == "" {
			want = connect.Present
		}
		if r.State != want {
			t.Errorf("%s/%s: %s is %q, want %q", x.Type, x.Key, x.Action, r.State, want)
		}
	}
}

func apply(t *testing.T, w World, job string, targets []connect.Target) []connect.Result {
	t.Helper()
	got, err := Apply(context.Background(), w.System, job, targets)
	if err != nil {
		t.Fatalf("apply: %v", err)
	}
	return got
}

func eraseAndLook(t *testing.T, w World) {
	found, learned := Find(t, w.System, w.Person)
	targets := Erasure(found)
	for i, r := range Look(t, w.System, targets) {
		if r.State != connect.Present {
			t.Errorf("before: %s/%s is %q", r.Type, r.Key, r.State)
		}
		if string(r.Guard) != string(found[i].Guard) && len(found[i].Guard) > 0 {
			t.Errorf("%s/%s: the guard of Look is not that of Find", r.Type, r.Key)
		}
	}
	before := w.Snapshot(t)
	states(t, targets, apply(t, w, "job-1", targets))
	states(t, targets, Look(t, w.System, targets))
	othersUnchanged(t, w, before, targets)

	after := w.Snapshot(t)
	for _, x := range targets {
		_, there := after[name(x.Type, x.Key)]
		if there == (x.Action == connect.Erase) {
			t.Errorf("%s/%s: %s, there %v", x.Type, x.Key, x.Action, there)
		}
	}
	// Nothing that was to go is reached again, by any identity.
	who := append(slices.Clone(w.Person), learned.Learned...)
	err := w.System.(connect.Looker).Search(context.Background(), who, func(f connect.Found) error {
		for _, x := range targets {
			if x.Type == f.Type && x.Key == f.Key && (x.Action == connect.Erase || x.Action == connect.Mask) {
				t.Errorf("%s/%s was to %s and is still found", x.Type, x.Key, x.Action)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatalf("search: %v", err)
	}
}

func eraseTwice(t *testing.T, w World) {
	found, _ := Find(t, w.System, w.Person)
	targets := Erasure(found)
	apply(t, w, "job-1", targets)
	before := w.Snapshot(t)
	states(t, targets, apply(t, w, "job-1", targets))
	if d := cmp.Diff(before, w.Snapshot(t)); d != "" {
		t.Errorf("the second attempt changed something:\n%s", d)
	}
}

func suppress(t *testing.T, w World) {
	found, _ := Find(t, w.System, w.Person)
	targets := Withdrawal(found)
	if len(targets) == 0 {
		t.Fatal("the world of this suite should have something to suppress")
	}
	before := w.Snapshot(t)
	for range 2 {
		states(t, targets, apply(t, w, "job-1", targets))
		states(t, targets, Look(t, w.System, targets))
	}
	othersUnchanged(t, w, before, targets)
	again, _ := Find(t, w.System, w.Person)
	if d := cmp.Diff(names(found), names(again)); d != "" {
		t.Errorf("suppressing erased:\n%s", d)
	}
	for i := range again {
		if string(again[i].Guard) != string(found[i].Guard) {
			t.Errorf("%s: our own suppression looks like drift", again[i].Type)
		}
	}
}

func correct(t *testing.T, w World) {
	if w.Correct.Type == "" {
		return
	}
	targets := []connect.Target{w.Correct}
	if got := Look(t, w.System, targets); got[0].State != connect.Present {
		t.Errorf("before: %q", got[0].State)
	}
	before := w.Snapshot(t)
	for range 2 {
		states(t, targets, apply(t, w, "job-1", targets))
		states(t, targets, Look(t, w.System, targets))
	}
	othersUnchanged(t, w, before, targets)
}

// drift: a record of the plan now belongs to somebody else; nothing at all may
// change.
func drift(t *testing.T, w World) {
	if w.Steal == nil {
		return
	}
	found, _ := Find(t, w.System, w.Person)
	targets := Erasure(found)
	w.Steal(t)
	before := w.Snapshot(t)
	got, err := Apply(context.Background(), w.System, "job-1", targets)
	if !connect.IsDrift(err) {
		t.Errorf("error %v, want a drift", err)
	}
	silent(t, w, err)
	if len(got) > 0 {
		t.Errorf("results of a job that did nothing: %v", got)
	}
	if d := cmp.Diff(before, w.Snapshot(t)); d != "" {
		t.Errorf("a drifted job changed something:\n%s", d)
	}
}

// brokenStream: the plan cannot be read to its end.
func brokenStream(t *testing.T, w World) {
	found, _ := Find(t, w.System, w.Person)
	targets := Erasure(found)
	broken := errors.New("the plan broke off")
	stream := func(yield func(connect.Target, error) bool) {
		for _, x := range targets[:len(targets)-1] {
			if !yield(x, nil) {
				return
			}
		}
		yield(connect.Target{}, broken)
	}
	before := w.Snapshot(t)
	err := w.System.(connect.Applier).Apply(context.Background(), "job-1", stream, func(connect.Result) error { return nil })
	if !errors.Is(err, broken) {
		t.Errorf("apply: error %v", err)
	}
	err = w.System.(connect.Reader).Read(context.Background(), stream, func(connect.Row) error { return nil })
	if !errors.Is(err, broken) {
		t.Errorf("read: error %v", err)
	}
	if d := cmp.Diff(before, w.Snapshot(t)); d != "" {
		t.Errorf("half a plan was applied:\n%s", d)
	}
}

func cancelled(t *testing.T, w World) {
	found, _ := Find(t, w.System, w.Person)
	targets := Erasure(found)
	before := w.Snapshot(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Apply(ctx, w.System, "job-1", targets); !errors.Is(err, context.Canceled) {
		t.Errorf("apply: error %v", err)
	}
	// Stopped in the middle of a walk.
	ctx, cancel = context.WithCancel(context.Background())
	_, err := w.System.(connect.Finder).Find(ctx, w.Person, func(connect.Found) error { cancel(); return ctx.Err() })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("find: error %v", err)
	}
	err = w.System.(connect.Reader).Read(ctx, Stream(targets), func(connect.Row) error { return nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("read: error %v", err)
	}
	if d := cmp.Diff(before, w.Snapshot(t)); d != "" {
		t.Errorf("a cancelled job changed something:\n%s", d)
	}
}

// emitErrors: the caller's own errors come back as they are.
func emitErrors(t *testing.T, w World) {
	own := errors.New("the caller is full")
	ctx := context.Background()
	found, _ := Find(t, w.System, w.Person)
	targets := Erasure(found)
	calls := map[string]func() error{
		"find": func() error {
			_, err := w.System.(connect.Finder).Find(ctx, w.Person, func(connect.Found) error { return own })
			return err
		},
		"read": func() error {
			return w.System.(connect.Reader).Read(ctx, Stream(targets), func(connect.Row) error { return own })
		},
		"look": func() error {
			return w.System.(connect.Looker).Look(ctx, Stream(targets), func(connect.Result) error { return own })
		},
		"search": func() error {
			return w.System.(connect.Looker).Search(ctx, w.Person, func(connect.Found) error { return own })
		},
	}
	for what, call := range calls {
		if err := call(); !errors.Is(err, own) {
			t.Errorf("%s: error %v", what, err)
		}
	}
}

func quietErrors(t *testing.T, w World) {
	if w.BadKey.Type == "" {
		return
	}
	ctx := context.Background()
	targets := []connect.Target{w.BadKey}
	before := w.Snapshot(t)
	_, err := Apply(ctx, w.System, "job-1", targets)
	errs := []error{
		err,
		w.System.(connect.Reader).Read(ctx, Stream(targets), func(connect.Row) error { return nil }),
		w.System.(connect.Looker).Look(ctx, Stream(targets), func(connect.Result) error { return nil }),
	}
	for i, err := range errs {
		if err == nil {
			t.Errorf("call %d took a key that is none", i)
		}
		if connect.Advice(err).Next != connect.Stop {
			t.Errorf("call %d: %s; trying again will not help", i, connect.Advice(err).Next)
		}
		silent(t, w, err)
	}
	if d := cmp.Diff(before, w.Snapshot(t)); d != "" {
		t.Errorf("a refused job changed something:\n%s", d)
	}
}
